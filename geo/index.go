package geo

import (
	"cmp"
	"slices"
	"sort"
)

// Index finds the fences that hold a point. It is immutable: Apply returns another one that shares what did not change, so that any
// number of readers use one while the next is made. The zero value and nil are empty.
type Index struct {
	shards  []*shard // by the high bits of a mixed cell index; nil: empty
	shift   uint     // 64 - log2(len(shards))
	cells   int      // slots in all shards
	entries Table[entry]
	count   int     // fences
	levels  [16]int // postings by resolution
	discs   forest  // round the fences
}

// Item is a fence with the handle that lookups give back.
type Item struct {
	Handle uint32
	Fence  *Fence // not nil
	// Covering is the fence's own, as Cover gives it, where the caller kept it; nil: computed by Apply.
	Covering *Covering
}

// Hit is a fence near a point.
type Hit struct {
	Handle uint32
	Inside bool // the fence holds the point; otherwise one of its cells does
}

// entry is a fence in the index.
type entry struct {
	fence    *Fence
	covering *Covering
	stamp    uint64 // of its disc
}

// posting is a fence at a cell; a nil fence stands for one that holds the whole cell.
type posting struct {
	handle uint32
	fence  *Fence
}

// slot is the postings of a cell, ascending by handle.
type slot struct {
	cell     Cell
	postings []posting
}

// shard is some slots, ascending by cell. It is immutable.
type shard struct{ slots []slot }

// slotsPerShard is the mean number of slots to which shards are allowed to grow.
const slotsPerShard = 32

// Apply returns an index without the removed handles and with the added items; an added handle that is there already takes its place, and of two items
// with one handle the last counts. It
// costs the coverings of the added fences, a shard for each cell touched, and a pointer for each shard and each 256 handles there are.
func (x *Index) Apply(removed []uint32, added []Item) *Index {
	next := &Index{shift: 64}
	if x != nil {
		*next = *x
	}
	stamp := next.discs.stamp + 1
	discs := make([]ball, 0, len(added))
	entries := make(map[uint32]entry, len(removed)+len(added))
	gone := make(map[Cell][]uint32)
	fresh := make(map[Cell][]posting)
	drop := func(handle uint32) {
		old := next.entries.At(handle)
		if _, again := entries[handle]; again || old.fence == nil {
			return
		}
		entries[handle] = entry{}
		next.count--
		old.covering.each(func(cell Cell, _ bool) {
			gone[cell] = append(gone[cell], handle)
			next.levels[cell.Resolution()]--
		})
	}
	for _, handle := range removed {
		drop(handle)
	}
	last := make(map[uint32]int, len(added))
	for i, item := range added {
		drop(item.Handle)
		last[item.Handle] = i
	}
	for i, item := range added {
		if last[item.Handle] != i {
			continue
		}
		covering := item.Covering
		if covering == nil {
			c := Cover(item.Fence)
			covering = &c
		}
		entries[item.Handle] = entry{item.Fence, covering, stamp}
		next.count++
		discs = append(discs, newBall(item.Handle, stamp, item.Fence.shape.disc()))
		covering.each(func(cell Cell, whole bool) {
			p := posting{handle: item.Handle, fence: item.Fence}
			if whole {
				p.fence = nil
			}
			fresh[cell] = append(fresh[cell], p)
			next.levels[cell.Resolution()]++
		})
	}
	next.entries = next.entries.With(entries)
	next.discs = next.discs.with(discs, next.count, func(b *ball) bool { return next.entries.At(b.handle).stamp == b.stamp })
	next.rewrite(gone, fresh)
	return next
}

// each calls fn for every cell and says whether the fence holds the whole of it.
func (c *Covering) each(fn func(cell Cell, whole bool)) {
	for _, cell := range c.Interior {
		fn(cell, true)
	}
	for _, cell := range c.Boundary {
		fn(cell, false)
	}
}

// rewrite replaces the shards that the cells touch.
func (x *Index) rewrite(gone map[Cell][]uint32, fresh map[Cell][]posting) {
	x.grow(x.cells + len(fresh))
	touched := make(map[int][]Cell)
	for cell := range gone {
		touched[x.shardOf(cell)] = append(touched[x.shardOf(cell)], cell)
	}
	for cell := range fresh {
		if _, both := gone[cell]; !both {
			touched[x.shardOf(cell)] = append(touched[x.shardOf(cell)], cell)
		}
	}
	if len(touched) > 0 {
		x.shards = slices.Clone(x.shards)
	}
	for number, cells := range touched {
		slices.Sort(cells)
		old := x.shards[number]
		made := old.rewritten(cells, gone, fresh)
		x.cells += len(made.slots) - old.len()
		x.shards[number] = made
	}
}

func (s *shard) len() int {
	if s == nil {
		return 0
	}
	return len(s.slots)
}

// rewritten merges the slots of s with the changes of cells, both ascending.
func (s *shard) rewritten(cells []Cell, gone map[Cell][]uint32, fresh map[Cell][]posting) *shard {
	made := &shard{slots: make([]slot, 0, s.len()+len(cells))}
	i := 0
	for _, cell := range cells {
		for ; i < s.len() && s.slots[i].cell < cell; i++ {
			made.slots = append(made.slots, s.slots[i])
		}
		var kept []posting
		if i < s.len() && s.slots[i].cell == cell {
			kept = s.slots[i].postings
			i++
		}
		if merged := mergePostings(kept, gone[cell], fresh[cell]); len(merged) > 0 {
			made.slots = append(made.slots, slot{cell, merged})
		}
	}
	if i < s.len() {
		made.slots = append(made.slots, s.slots[i:]...)
	}
	return made
}

func mergePostings(kept []posting, gone []uint32, fresh []posting) []posting {
	slices.Sort(gone)
	merged := make([]posting, 0, len(kept)+len(fresh))
	for _, p := range kept {
		if _, out := slices.BinarySearch(gone, p.handle); !out {
			merged = append(merged, p)
		}
	}
	merged = append(merged, fresh...)
	slices.SortFunc(merged, func(a, b posting) int { return cmp.Compare(a.handle, b.handle) })
	return merged
}

// grow doubles the number of shards until cells fit.
func (x *Index) grow(cells int) {
	count := max(1, len(x.shards))
	for count*slotsPerShard < cells {
		count *= 2
	}
	if count == len(x.shards) {
		return
	}
	old := x.shards
	x.shards = make([]*shard, count)
	x.shift = 64
	for n := count; n > 1; n /= 2 {
		x.shift--
	}
	for _, s := range old {
		for i := range s.len() {
			number := x.shardOf(s.slots[i].cell)
			if x.shards[number] == nil {
				x.shards[number] = new(shard)
			}
			x.shards[number].slots = append(x.shards[number].slots, s.slots[i])
		}
	}
}

// shardOf mixes the cell's bits by Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4).
func (x *Index) shardOf(cell Cell) int {
	return int(uint64(cell) * 0x9e3779b97f4a7c15 >> x.shift)
}

// Lookup appends the fences whose covering touches the cell of p, ascending by handle, and says which of them hold p. Cost: one cell of the grid
// for each resolution in use, and an exact test for each fence of which that cell is no interior one.
func (x *Index) Lookup(dst []Hit, p LatLng) []Hit {
	if x == nil || len(x.shards) == 0 {
		return dst
	}
	start := len(dst)
	for resolution, postings := range x.levels {
		if postings == 0 {
			continue
		}
		cell, err := cellAt(p, resolution)
		if err != nil {
			return dst[:start]
		}
		for _, found := range x.at(cell) {
			dst = append(dst, Hit{found.handle, found.fence == nil || found.fence.Contains(p)})
		}
	}
	slices.SortFunc(dst[start:], func(a, b Hit) int {
		return cmp.Or(cmp.Compare(a.Handle, b.Handle), cmp.Compare(rank(a), rank(b)))
	})
	kept := slices.CompactFunc(dst[start:], func(a, b Hit) bool { return a.Handle == b.Handle })
	return dst[:start+len(kept)]
}

// rank puts a hit that holds the point before one that does not: a set of cells may be met at two resolutions.
func rank(h Hit) int {
	if h.Inside {
		return 0
	}
	return 1
}

// at returns the postings of a cell.
func (x *Index) at(cell Cell) []posting {
	s := x.shards[x.shardOf(cell)]
	n := s.len()
	if i := sort.Search(n, func(i int) bool { return s.slots[i].cell >= cell }); i < n && s.slots[i].cell == cell {
		return s.slots[i].postings
	}
	return nil
}
