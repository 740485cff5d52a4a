package geo

// TableEdit makes the next version of a table, entry by entry. It belongs to one goroutine. The zero value edits an empty table.
type TableEdit[T any] struct {
	chunks []*[tableChunk]T
	fresh  []uint64 // a bit for each chunk that is the edit's own
}

// Edit begins another version of t, which stays as it is. Cost: a pointer for each chunk there is.
func (t Table[T]) Edit() *TableEdit[T] {
	return &TableEdit[T]{chunks: append([]*[tableChunk]T(nil), t.chunks...)}
}

// Set gives a handle an entry. Cost: the first time in each 256 handles a copy of theirs.
func (e *TableEdit[T]) Set(handle uint32, entry T) {
	c := int(handle / tableChunk)
	for c >= len(e.chunks) {
		e.chunks = append(e.chunks, nil)
	}
	for c/64 >= len(e.fresh) {
		e.fresh = append(e.fresh, 0)
	}
	if bit := uint64(1) << (c % 64); e.fresh[c/64]&bit == 0 {
		e.fresh[c/64] |= bit
		chunk := new([tableChunk]T)
		if e.chunks[c] != nil {
			*chunk = *e.chunks[c]
		}
		e.chunks[c] = chunk
	}
	e.chunks[c][handle%tableChunk] = entry
}

// Table returns the version as it is now; the edit is not used again.
func (e *TableEdit[T]) Table() Table[T] { return Table[T]{chunks: e.chunks} }
