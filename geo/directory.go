package geo

import "slices"

// directory is the shards of an index by the first bits of a mixed key. It is immutable; the zero value is empty.
type directory struct {
	chunks []*[shardsPerChunk]shard // nil: empty
}

// The number of shards is fixed: at a million fences a shard is some two kilobytes, and a change copies the shards it touches, one and a half kilobytes of chunk
// for each of them, and the sixteen of the directory.
const (
	shardBits      = 17
	chunkShift     = 6
	shardsPerChunk = 1 << chunkShift
	chunkCount     = 1 << (shardBits - chunkShift)
)

// mixed spreads keys evenly (the finalizer of MurmurHash3, Appleby; steps of it may be undone: see unmixed).
func mixed(key uint64) uint64 {
	key ^= key >> 33
	key *= 0xff51afd7ed558ccd
	key ^= key >> 33
	key *= 0xc4ceb9fe1a85ec53
	return key ^ key>>33
}

// unmixed returns the key of a mixed one. The factors are the inverses of those of mixed, modulo 2^64.
func unmixed(key uint64) uint64 {
	key ^= key >> 33
	key *= 0x9cb4b2f8129337db
	key ^= key >> 33
	key *= 0x4f74430c22a54005
	return key ^ key>>33
}

// shard returns that of a mixed key.
func (d *directory) shard(key uint64) shard {
	number := key >> (64 - shardBits)
	if c := number >> chunkShift; c < uint64(len(d.chunks)) && d.chunks[c] != nil {
		return d.chunks[c][number%shardsPerChunk]
	}
	return nil
}

// with returns a directory with changes, sorted by key, of which words hold the data.
func (d directory) with(changes []change, words []uint32) directory {
	if len(changes) == 0 {
		return d
	}
	next := directory{chunks: slices.Clone(d.chunks)}
	if next.chunks == nil {
		next.chunks = make([]*[shardsPerChunk]shard, chunkCount)
	}
	var m merger
	fresh := -1
	for len(changes) > 0 {
		number := changes[0].key >> (64 - shardBits)
		n := 1
		for n < len(changes) && changes[n].key>>(64-shardBits) == number {
			n++
		}
		chunk, at := int(number>>chunkShift), number%shardsPerChunk
		if chunk != fresh {
			fresh = chunk
			copied := new([shardsPerChunk]shard)
			if next.chunks[chunk] != nil {
				*copied = *next.chunks[chunk]
			}
			next.chunks[chunk] = copied
		}
		next.chunks[chunk][at] = m.merge(next.chunks[chunk][at], changes[:n], words)
		changes = changes[n:]
	}
	return next
}
