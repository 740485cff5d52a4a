package geo

// Table is an immutable array by handle in chunks and pages of chunks, so that a copy with some entries changed shares the rest. The zero value is empty.
type Table[T any] struct {
	pages []*tablePage[T]
}

type tablePage[T any] [pageChunks]*[tableChunk]T

const (
	tableChunk = 128
	pageChunks = 128
	tablePaged = tableChunk * pageChunks // handles of a page
)

// At returns the entry of a handle; the zero T beyond the end.
func (t Table[T]) At(handle uint32) T {
	if p := int(handle / tablePaged); p < len(t.pages) && t.pages[p] != nil {
		if chunk := t.pages[p][handle/tableChunk%pageChunks]; chunk != nil {
			return chunk[handle%tableChunk]
		}
	}
	var zero T
	return zero
}

// Len returns a number above every handle that has an entry.
func (t Table[T]) Len() int {
	if len(t.pages) == 0 {
		return 0
	}
	last := t.pages[len(t.pages)-1] // there, since pages come with an entry
	for c := pageChunks; c > 0; c-- {
		if last != nil && last[c-1] != nil {
			return (len(t.pages)-1)*tablePaged + c*tableChunk
		}
	}
	return (len(t.pages) - 1) * tablePaged
}

// With returns a table in which the given handles have new entries. Cost: as of Edit and Set.
func (t Table[T]) With(entries map[uint32]T) Table[T] {
	e := t.Edit()
	for handle, entry := range entries {
		e.Set(handle, entry)
	}
	return e.Table()
}
