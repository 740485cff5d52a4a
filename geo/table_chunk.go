package geo

// ChunkLen is the number of handles whose entries lie together in a Table: those of n × ChunkLen to (n+1) × ChunkLen - 1 are chunk n.
const ChunkLen = tableChunk

// Chunk returns the entries of a chunk, which nobody changes; nil: there are none. As long as two tables give the same array, none of its entries
// differs between them: what was found out about the entries of one holds for the other.
func (t Table[T]) Chunk(n int) *[ChunkLen]T {
	if p := n / pageChunks; p < len(t.pages) && t.pages[p] != nil {
		return t.pages[p][n%pageChunks]
	}
	return nil
}
