package geo

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// directory is the shards of an index by the first bits of a mixed key. It is immutable; the zero value is empty.
type directory struct {
	chunks []*[shardsPerChunk]shard // nil: empty
}

// The number of shards is fixed: at a million fences a shard is some two kilobytes, and a change copies the shards it touches, three quarters of a kilobyte of
// chunk for each of them, and the thirty-two of the directory.
const (
	shardBits      = 17
	chunkShift     = 5
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

// with returns a directory with changes, of which words hold the data; it puts them in another order. Cost: the shards that they touch; where they are many they are
// made on all processors.
func (d directory) with(changes []change, words []uint32) directory {
	if len(changes) == 0 {
		return d
	}
	next := directory{chunks: slices.Clone(d.chunks)}
	if next.chunks == nil {
		next.chunks = make([]*[shardsPerChunk]shard, chunkCount)
	}
	if len(changes) >= manyChanges {
		next.rebuild(changes, words)
		return next
	}
	slices.SortFunc(changes, compareChanges)
	var m merger
	for len(changes) > 0 {
		n := 1
		for n < len(changes) && chunkOf(changes[n].key) == chunkOf(changes[0].key) {
			n++
		}
		at := &next.chunks[chunkOf(changes[0].key)]
		*at = m.chunk(*at, changes[:n], words)
		changes = changes[n:]
	}
	return next
}

// manyChanges is from when on the changes of each chunk are put in order by themselves.
const manyChanges = 1 << 14

// fewChanges of a chunk are put in order without a count of those of each shard.
const fewChanges = shardsPerChunk / 2

func chunkOf(key uint64) uint64 { return key >> (64 - shardBits + chunkShift) }

// rebuild makes many chunks anew, in place of those that are shared.
func (d *directory) rebuild(changes []change, words []uint32) {
	var ends [chunkCount]int
	for i := range changes {
		ends[chunkOf(changes[i].key)]++
	}
	sum := 0
	for i, n := range ends {
		ends[i], sum = sum, sum+n
	}
	sorted := make([]change, len(changes))
	for i := range changes {
		end := &ends[chunkOf(changes[i].key)]
		sorted[*end] = changes[i]
		*end++
	}
	var next atomic.Int64
	var working sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		working.Go(func() {
			var m merger
			for i := next.Add(1) - 1; i < chunkCount; i = next.Add(1) - 1 {
				begin := 0
				if i > 0 {
					begin = ends[i-1]
				}
				if own := sorted[begin:ends[i]]; len(own) > 0 {
					d.chunks[i] = m.chunk(d.chunks[i], own, words)
				}
			}
		})
	}
	working.Wait()
}

// chunk returns a chunk, nil for an empty one, with changes that are in any order.
func (m *merger) chunk(old *[shardsPerChunk]shard, changes []change, words []uint32) *[shardsPerChunk]shard {
	made := new([shardsPerChunk]shard)
	if old != nil {
		*made = *old
	}
	if len(changes) < fewChanges {
		slices.SortFunc(changes, compareChanges)
		for len(changes) > 0 {
			n, shard := 1, changes[0].key>>(64-shardBits)
			for n < len(changes) && changes[n].key>>(64-shardBits) == shard {
				n++
			}
			at := &made[shard%shardsPerChunk]
			*at = m.merge(*at, changes[:n], words)
			changes = changes[n:]
		}
		return made
	}
	var ends [shardsPerChunk + 1]int
	at := func(c *change) uint64 { return c.key >> (64 - shardBits) % shardsPerChunk }
	for i := range changes {
		ends[at(&changes[i])+1]++
	}
	for i := range made {
		ends[i+1] += ends[i]
	}
	m.sorted = slices.Grow(m.sorted[:0], len(changes))[:len(changes)]
	for i := range changes {
		end := &ends[at(&changes[i])]
		m.sorted[*end] = changes[i]
		*end++
	}
	begin := 0
	for i := range made {
		if own := m.sorted[begin:ends[i]]; len(own) > 0 {
			slices.SortFunc(own, compareChanges)
			made[i] = m.merge(made[i], own, words)
		}
		begin = ends[i]
	}
	return made
}
