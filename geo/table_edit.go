package geo

// TableEdit makes the next version of a table, entry by entry. It belongs to one goroutine. The zero value edits an empty table.
type TableEdit[T any] struct {
	pages []*tablePage[T]
	fresh []*[pageChunks / 64]uint64 // by page: a bit for each chunk that is the edit's own; nil: neither is the page
}

// Edit begins another version of t, which stays as it is. Cost: a pointer for each 16,384 handles there are.
func (t Table[T]) Edit() *TableEdit[T] {
	return &TableEdit[T]{pages: append([]*tablePage[T](nil), t.pages...), fresh: make([]*[pageChunks / 64]uint64, len(t.pages))}
}

// At returns the entry of a handle as it is now; the zero T beyond the end.
func (e *TableEdit[T]) At(handle uint32) T { return Table[T]{e.pages}.At(handle) }

// Set gives a handle an entry. Cost: the first time in each 128 handles a copy of theirs, and in each 16,384 a pointer for each 128.
func (e *TableEdit[T]) Set(handle uint32, entry T) {
	p, c := int(handle/tablePaged), handle/tableChunk%pageChunks
	for p >= len(e.pages) {
		e.pages, e.fresh = append(e.pages, nil), append(e.fresh, nil)
	}
	if e.fresh[p] == nil {
		page := new(tablePage[T])
		if e.pages[p] != nil {
			*page = *e.pages[p]
		}
		e.pages[p], e.fresh[p] = page, new([pageChunks / 64]uint64)
	}
	page, fresh := e.pages[p], &e.fresh[p][c/64]
	if bit := uint64(1) << (c % 64); *fresh&bit == 0 {
		*fresh |= bit
		chunk := new([tableChunk]T)
		if page[c] != nil {
			*chunk = *page[c]
		}
		page[c] = chunk
	}
	page[c][handle%tableChunk] = entry
}

// Table returns the version as it is now; the edit is not used again.
func (e *TableEdit[T]) Table() Table[T] { return Table[T]{e.pages} }
