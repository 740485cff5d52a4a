package geo

import (
	"cmp"
	"math"
	"slices"
)

// Index finds the fences that hold a point. It is immutable: Apply returns another one that shares what did not change, so that any
// number of readers use one while the next is made. The zero value and nil are empty.
type Index struct {
	chunks  []*[shardsPerChunk]*shard // by the high bits of a mixed square; nil: empty
	entries Table[entry]
	count   int               // fences
	levels  [maxLevel + 1]int // postings by level
	discs   forest            // round the fences
}

// Item is a fence with the handle that lookups give back.
type Item struct {
	Handle uint32
	Fence  *Fence // not nil
	// Covering is the fence's own, as Cover gives it, where the caller kept it; nil: computed by Apply.
	Covering *Covering
}

// entry is a fence in the index.
type entry struct {
	fence *Fence
	stamp uint64 // of its disc
}

// The number of shards is fixed: a directory of a thousand chunks is copied with every change, and at ten million fences a shard holds some hundred squares.
const (
	shardsPerChunk = 256
	chunkCount     = 1024
)

// shard is the postings of some squares. It is immutable.
type shard struct {
	slots    []slot // ascending by square
	postings []posting
	clips    []clip
	edges    []clipEdge
}

// slot is a square and where its postings end; they begin where those of the slot before end.
type slot struct {
	square Square
	end    uint32
	below  uint32 // of a square of guideLevel: a bit for each level at which it has held postings within itself; others: 0
}

// guideLevel is the level whose squares, of some forty kilometres, know which finer levels are worth a probe there. A bit is never taken back: a probe in vain does no harm.
const guideLevel = 8

// posting is a fence at a square, with what a lookup has to know of it: most points are settled by their chord to the middle of the fence's disc.
type posting struct {
	x, y, z float32 // that middle from the square's, in earth radii
	outer   float32 // square of the chord beyond which a point is outside
	inner   float32 // and up to which it is inside; between them the fence is asked
	handle  uint32
	clip    uint32 // 1 more than the index of what is near of its line; 0: none
}

// Apply returns an index without the removed handles and with the added items; an added handle that is there already takes its place, and of two items
// with one handle the last counts. It costs the coverings of the fences that go and come, the shards that their squares lie in, a kilobyte for each
// chunk of those, and a pointer for each chunk and each 256 handles there are.
func (x *Index) Apply(removed []uint32, added []Item) *Index {
	next := new(Index)
	if x != nil {
		*next = *x
	}
	u := update{index: next, entries: make(map[uint32]entry, len(removed)+len(added))}
	for _, handle := range removed {
		u.drop(handle)
	}
	last := make(map[uint32]int, len(added))
	for i, item := range added {
		u.drop(item.Handle)
		last[item.Handle] = i
	}
	stamp := next.discs.stamp + 1
	discs := make([]ball, 0, len(added))
	for i, item := range added {
		if last[item.Handle] != i {
			continue
		}
		u.entries[item.Handle] = entry{item.Fence, stamp}
		next.count++
		discs = append(discs, newBall(item.Handle, stamp, item.Fence.shape.disc()))
		u.add(item)
	}
	next.entries = next.entries.With(u.entries)
	next.discs = next.discs.with(discs, next.count, func(b *ball) bool { return next.entries.At(b.handle).stamp == b.stamp })
	u.write()
	return next
}

// update is what a call of Apply changes.
type update struct {
	index   *Index
	entries map[uint32]entry
	changes []change
	clips   []clip // of the changes' postings, with their edges
	edges   []clipEdge
}

// change puts a posting at a square, or takes those of its handle away, or marks levels below it.
type change struct {
	shard  uint32
	what   action
	square Square
	below  uint32 // of a mark
	posting
}

// action is what a change does, in the order in which those of one square are done.
type action uint8

const (
	takeAway action = iota
	mark
	put
)

// drop takes a fence out, once. Its covering is made again: it is the same one.
func (u *update) drop(handle uint32) {
	old := u.index.entries.At(handle)
	if _, again := u.entries[handle]; again || old.fence == nil {
		return
	}
	u.entries[handle] = entry{}
	u.index.count--
	covering := Cover(old.fence)
	covering.each(func(s Square, _ bool) {
		u.changes = append(u.changes, change{shard: shardOf(s), what: takeAway, square: s, posting: posting{handle: handle}})
		u.index.levels[s.Level()]--
	})
}

// each calls fn for every square and says whether the fence holds the whole of it.
func (c *Covering) each(fn func(s Square, whole bool)) {
	for _, s := range c.Interior {
		fn(s, true)
	}
	for _, s := range c.Boundary {
		fn(s, false)
	}
}

func (u *update) add(item Item) {
	covering := item.Covering
	if covering == nil {
		c := Cover(item.Fence)
		covering = &c
	}
	around := item.Fence.shape.disc()
	axis := around.center.vector()
	outer, inner := bounds2(item.Fence.shape, around)
	line, _ := item.Fence.shape.(clipper)
	guide := change{what: mark}
	covering.each(func(s Square, whole bool) {
		middle := s.center()
		p := posting{
			x: float32(axis[0] - middle[0]), y: float32(axis[1] - middle[1]), z: float32(axis[2] - middle[2]),
			outer: outer, inner: inner, handle: item.Handle,
		}
		switch {
		case whole:
			p.outer, p.inner = math.MaxFloat32, math.MaxFloat32
		case line != nil:
			p.clip = u.clip(line, s, middle)
		}
		u.changes = append(u.changes, change{shard: shardOf(s), what: put, square: s, posting: p})
		u.index.levels[s.Level()]++
		if s.Level() > guideLevel {
			u.guide(&guide, s)
		}
	})
	if guide.below != 0 {
		u.changes = append(u.changes, guide)
	}
}

// guide notes the level of a square in the mark of the square of guideLevel that holds it; marks of neighbours are joined.
func (u *update) guide(m *change, s Square) {
	if above := s.ancestor(guideLevel); above != m.square || m.below == 0 {
		if m.below != 0 {
			u.changes = append(u.changes, *m)
		}
		m.shard, m.square, m.below = shardOf(above), above, 0
	}
	m.below |= 1 << s.Level()
}

// clip keeps what of a line is near a square and returns 1 more than its index; 0 where it cannot be told so.
func (u *update) clip(line clipper, s Square, middle [3]float64) uint32 {
	begin := len(u.edges)
	edges, inside, ok := line.clip(u.edges, disc{position(middle), Meters(s.radius(middle))*EarthRadius*(1+1e-9) + coverMargin})
	if !ok {
		return 0
	}
	u.edges = edges
	u.clips = append(u.clips, clip{uint32(begin), uint32(len(edges)), inside})
	return uint32(len(u.clips))
}

// chordBand is the share of a chord's square by which single precision may be wrong, many times over: coordinates within a square and its fence are
// exact to 2^-24 of some four radii of the fence.
const (
	chordBand  = 2e-5
	chordFloor = 1e-13 // a few metres' worth of rounding, squared: what is smaller is always asked
)

// bounds2 returns the squares of the chords beyond which and up to which a point is known to be outside and inside.
func bounds2(s shape, around disc) (outer, inner float32) {
	r2 := chordOf(float64(around.radius / EarthRadius))
	r2 *= r2
	outer = math.Nextafter32(float32(r2*(1+chordBand)+chordFloor), math.MaxFloat32)
	if _, round := s.(circle); round {
		return outer, float32(r2*(1-chordBand) - chordFloor)
	}
	return outer, -1
}

// write makes the changed shards anew. Of two changes of one square and handle, the departure comes first.
func (u *update) write() {
	slices.SortFunc(u.changes, func(a, b change) int {
		return cmp.Or(cmp.Compare(a.shard, b.shard), cmp.Compare(a.square, b.square), cmp.Compare(a.what, b.what), cmp.Compare(a.handle, b.handle))
	})
	x := u.index
	if x.chunks == nil {
		x.chunks = make([]*[shardsPerChunk]*shard, chunkCount)
	} else if len(u.changes) > 0 {
		x.chunks = slices.Clone(x.chunks)
	}
	fresh := -1
	for rest := u.changes; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].shard == rest[0].shard {
			n++
		}
		chunk, at := int(rest[0].shard/shardsPerChunk), rest[0].shard%shardsPerChunk
		if chunk != fresh {
			fresh = chunk
			copied := new([shardsPerChunk]*shard)
			if x.chunks[chunk] != nil {
				*copied = *x.chunks[chunk]
			}
			x.chunks[chunk] = copied
		}
		x.chunks[chunk][at] = x.chunks[chunk][at].with(u, rest[:n])
		rest = rest[n:]
	}
}

// with merges the shard with changes, sorted by square with departures first.
func (s *shard) with(u *update, changes []change) *shard {
	if s == nil {
		s = new(shard)
	}
	made := &shard{slots: make([]slot, 0, len(s.slots)+len(changes)), postings: make([]posting, 0, len(s.postings)+len(changes))}
	begin := uint32(0)
	for i := 0; i < len(s.slots) || len(changes) > 0; {
		var to slot
		switch {
		case i == len(s.slots):
			to.square = changes[0].square
		case len(changes) == 0:
			to.square = s.slots[i].square
		default:
			to.square = min(s.slots[i].square, changes[0].square)
		}
		n := 0
		for n < len(changes) && changes[n].square == to.square {
			n++
		}
		var kept []posting
		if i < len(s.slots) && s.slots[i].square == to.square {
			kept, to.below = s.postings[begin:s.slots[i].end], s.slots[i].below
			begin = s.slots[i].end
			i++
		}
		before := len(made.postings)
		to.below |= made.merge(s, kept, u, changes[:n])
		changes = changes[n:]
		if to.end = uint32(len(made.postings)); int(to.end) > before || to.below != 0 {
			made.slots = append(made.slots, to)
		}
	}
	if len(made.slots) == 0 {
		return nil
	}
	return made
}

// merge appends the postings of a square that stay, which are those of an old shard, and those that come, and returns the marks.
func (s *shard) merge(old *shard, kept []posting, u *update, changes []change) (below uint32) {
	gone := 0
	for gone < len(changes) && changes[gone].what == takeAway {
		gone++
	}
	for _, p := range kept {
		out := gone > 0 && slices.ContainsFunc(changes[:gone], func(c change) bool { return c.handle == p.handle })
		if !out {
			s.append(p, old.clips, old.edges)
		}
	}
	for _, c := range changes[gone:] {
		if below |= c.below; c.what == put {
			s.append(c.posting, u.clips, u.edges)
		}
	}
	return below
}

// append takes a posting with its clip from where that lies.
func (s *shard) append(p posting, clips []clip, edges []clipEdge) {
	if p.clip > 0 {
		c := clips[p.clip-1]
		begin := uint32(len(s.edges))
		s.edges = append(s.edges, edges[c.begin:c.end]...)
		s.clips = append(s.clips, clip{begin, uint32(len(s.edges)), c.inside})
		p.clip = uint32(len(s.clips))
	}
	s.postings = append(s.postings, p)
}

// shardOf mixes the square's bits by Fibonacci hashing (Knuth, The Art of Computer Programming 3, 6.4).
func shardOf(s Square) uint32 {
	return uint32(uint64(s) * 0x9e3779b97f4a7c15 >> (64 - 18))
}

// Lookup appends the handles of the fences that hold p, in no particular order, each once. Cost: a probe for each level in use, a chord for each fence at the
// square of p, and the exact test for the few that this leaves open.
func (x *Index) Lookup(dst []uint32, p LatLng) []uint32 {
	if x == nil || x.count == 0 {
		return dst
	}
	q := query{index: x, at: p, vector: p.vector()}
	q.grid = gridAt(q.vector)
	below := ^uint32(0)
	for level := 0; level <= maxLevel; level += levelStep {
		if level > guideLevel && below == 0 {
			break
		}
		if x.levels[level] == 0 && level != guideLevel || below&(1<<level) == 0 {
			continue
		}
		square := q.grid.at(level)
		s := x.shardAt(square)
		i, found := s.find(square)
		if found {
			dst = q.settle(dst, s, i)
		}
		if level == guideLevel {
			below = 0
			if found {
				below = s.slots[i].below
			}
		}
	}
	return dst
}

func (x *Index) shardAt(s Square) *shard {
	number := shardOf(s)
	if chunk := x.chunks[number/shardsPerChunk]; chunk != nil {
		return chunk[number%shardsPerChunk]
	}
	return nil
}

func (s *shard) find(square Square) (int, bool) {
	if s == nil {
		return 0, false
	}
	return slices.BinarySearchFunc(s.slots, square, func(e slot, square Square) int { return cmp.Compare(e.square, square) })
}

// query is one lookup.
type query struct {
	index  *Index
	at     LatLng
	vector [3]float64
	grid   grid
	cells  cellsOf
}

// settle appends the handles of the postings of a slot that hold the point.
func (q *query) settle(dst []uint32, s *shard, slot int) []uint32 {
	begin := uint32(0)
	if slot > 0 {
		begin = s.slots[slot-1].end
	}
	postings := s.postings[begin:s.slots[slot].end]
	if len(postings) == 0 {
		return dst
	}
	middle := s.slots[slot].square.center()
	px, py, pz := float32(q.vector[0]-middle[0]), float32(q.vector[1]-middle[1]), float32(q.vector[2]-middle[2])
	var lng, lat float64 // from the middle; computed for the first clip
	known := false
	for i := range postings {
		f := &postings[i]
		dx, dy, dz := px-f.x, py-f.y, pz-f.z
		d := dx*dx + dy*dy + dz*dz
		if d > f.outer {
			continue
		}
		if d <= f.inner {
			dst = append(dst, f.handle)
			continue
		}
		told := unsure
		if f.clip > 0 {
			if !known {
				at := position(middle)
				lng, lat, known = q.at.Lng-at.Lng, q.at.Lat-at.Lat, true
				lng += wrap(lng)
			}
			c := s.clips[f.clip-1]
			told = c.settle(s.edges[c.begin:c.end], lng, lat)
		}
		if told == isInside || told == unsure && q.ask(f.handle) {
			dst = append(dst, f.handle)
		}
	}
	return dst
}

// ask asks the fence itself. Sets of cells share the point's cell of each resolution, which is the dear part of their test.
func (q *query) ask(handle uint32) bool {
	switch s := q.index.entries.At(handle).fence.shape.(type) {
	case cellSet:
		return s.holds(&q.cells, q.at)
	default:
		return s.contains(q.at)
	}
}
