package geo

// Table is an immutable array by handle in chunks, so that a copy with some entries changed shares the rest. The zero value is empty.
type Table[T any] struct {
	chunks []*[tableChunk]T
}

const tableChunk = 256

// At returns the entry of a handle; the zero T beyond the end.
func (t Table[T]) At(handle uint32) T {
	if c := int(handle / tableChunk); c < len(t.chunks) && t.chunks[c] != nil {
		return t.chunks[c][handle%tableChunk]
	}
	var zero T
	return zero
}

// Len returns a number above every handle that has an entry.
func (t Table[T]) Len() int { return len(t.chunks) * tableChunk }

// With returns a table in which the given handles have new entries. It costs a chunk for each 256 handles touched, and one pointer for each chunk there is.
func (t Table[T]) With(entries map[uint32]T) Table[T] {
	next := append([]*[tableChunk]T(nil), t.chunks...)
	fresh := make(map[int]bool)
	for handle, entry := range entries {
		c := int(handle / tableChunk)
		for c >= len(next) {
			next = append(next, nil)
		}
		if !fresh[c] {
			fresh[c] = true
			chunk := new([tableChunk]T)
			if next[c] != nil {
				*chunk = *next[c]
			}
			next[c] = chunk
		}
		next[c][handle%tableChunk] = entry
	}
	return Table[T]{chunks: next}
}
