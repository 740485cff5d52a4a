package geo

import (
	"cmp"
	"slices"
)

// Points finds positions near a place. It is immutable: Apply returns another one that shares what did not change, so that any number of readers
// use one while the next is made. The zero value and nil are empty.
type Points struct {
	few    []spot // by handle, of a set that NewPoints made; nil: places has them
	places Table[place]
	discs  ballTree
	count  int
}

// Point is a valid position with the handle that lookups give back.
type Point struct {
	Handle uint32
	At     LatLng
}

// place is a point in the set.
type place struct {
	at    LatLng
	there bool
}

// spot is a point of a small set.
type spot struct {
	at   LatLng
	axis [3]float64 // its unit vector
}

// Near is a point and how far it is.
type Near struct {
	Handle   uint32
	Distance Meters
}

func compareNear(a, b Near) int {
	return cmp.Or(cmp.Compare(a.Distance, b.Distance), cmp.Compare(a.Handle, b.Handle))
}

// Apply returns a set without the removed handles and with the added points; an added handle that is there already takes its place, and of two points
// with one handle the last counts. Cost: for each point a walk down a tree, and what Table.Edit says.
func (s *Points) Apply(removed []uint32, added []Point) *Points {
	next := &Points{}
	if s != nil {
		*next = *s
	}
	places := next.places.Edit()
	for i := range next.few {
		places.Set(uint32(i), place{next.few[i].at, true})
	}
	if next.few != nil && next.discs.root == nil {
		next.discs = next.discs.with(nil, next.balls())
	}
	next.few = nil
	var gone []ball
	drop := func(handle uint32) {
		if old := places.At(handle); old.there {
			places.Set(handle, place{})
			gone = append(gone, newBall(handle, disc{center: old.at}))
		}
	}
	for _, handle := range removed {
		drop(handle)
	}
	var last TableEdit[uint32] // which point of a handle counts, from 1
	for i, point := range added {
		drop(point.Handle)
		last.Set(point.Handle, uint32(i)+1)
	}
	fresh := make([]ball, 0, len(added))
	for i, point := range added {
		if last.At(point.Handle) == uint32(i)+1 {
			places.Set(point.Handle, place{point.At, true})
			fresh = append(fresh, newBall(point.Handle, disc{center: point.At}))
		}
	}
	next.count += len(fresh) - len(gone)
	next.places, next.discs = places.Table(), next.discs.with(gone, fresh)
	return next
}

// fewPoints is the number up to which a set that NewPoints made looks at all of its points.
const fewPoints = 64

// NewPoints returns the set of some points whose handles are their indexes. It takes the room that these need, which that of Apply does only for many.
func NewPoints(at []LatLng) *Points {
	s := &Points{few: make([]spot, len(at)), count: len(at)}
	for i, p := range at {
		s.few[i] = spot{p, p.vector()}
	}
	if len(at) > fewPoints {
		s.discs = s.discs.with(nil, s.balls())
	}
	return s
}

// balls are those of a set that NewPoints made.
func (s *Points) balls() []ball {
	balls := make([]ball, len(s.few))
	for i := range s.few {
		balls[i] = newBall(uint32(i), disc{center: s.few[i].at})
	}
	return balls
}

// search asks for the points that are near.
func (s *Points) search(q *search) {
	if s.few == nil || len(s.few) > fewPoints {
		s.discs.search(q)
		return
	}
	var b ball
	for i := range s.few {
		b.handle = uint32(i)
		q.found(&b)
	}
}

// at returns the position of a handle.
func (s *Points) at(handle uint32) LatLng {
	if s.few != nil {
		return s.few[handle].at
	}
	return s.places.At(handle).at
}

// Len returns the number of points.
func (s *Points) Len() int {
	if s == nil {
		return 0
	}
	return s.count
}

// Within appends the points at most radius from p, nearest first, then by handle. Cost: a walk to the points that are near, and a sort of these.
func (s *Points) Within(dst []Near, p LatLng, radius Meters) []Near {
	if s == nil || !(radius >= 0) {
		return dst
	}
	start := len(dst)
	s.search(&search{at: p.vector(), reach: float64(radius / EarthRadius), found: func(b *ball) {
		if d := p.Distance(s.at(b.handle)); d <= radius {
			dst = append(dst, Near{b.handle, d})
		}
	}})
	slices.SortFunc(dst[start:], compareNear)
	return dst
}

// Nearest appends the k points nearest to p, nearest first, then by handle; all of them where there are fewer. Cost: a walk to some more than k points.
func (s *Points) Nearest(dst []Near, p LatLng, k int) []Near {
	k = min(k, s.Len())
	if k <= 0 {
		return dst
	}
	if s.few != nil && len(s.few) <= fewPoints {
		return s.nearestFew(dst, p, k)
	}
	best := make(farthest, 0, k)
	q := &search{at: p.vector(), reach: float64(maxRadius / EarthRadius)}
	q.found = func(b *ball) {
		if d := p.Distance(s.at(b.handle)); d <= maxRadius {
			best = best.offer(Near{b.handle, d})
		}
		if len(best) == k {
			q.reach = float64(best[0].Distance / EarthRadius)
		}
	}
	s.search(q)
	slices.SortFunc(best, compareNear)
	return append(dst, best...)
}

// nearestFew sifts a small set by the squares of its chords, and measures only what is among the nearest: as far as that can tell, which is to under a micrometre for what is not
// at the antipode. Ties by chord go by handle, as those by distance do.
func (s *Points) nearestFew(dst []Near, p LatLng, k int) []Near {
	at := p.vector()
	var room [fewPoints]Near
	all := room[:len(s.few)]
	for i := range s.few {
		all[i] = Near{uint32(i), Meters(chord2(at, s.few[i].axis))}
	}
	slices.SortFunc(all, compareNear)
	start := len(dst)
	for _, n := range all[:k] {
		dst = append(dst, Near{n.Handle, p.Distance(s.few[n.Handle].at)})
	}
	slices.SortFunc(dst[start:], compareNear)
	return dst
}

// farthest is a heap of the best points so far, as many as its capacity, the farthest first.
type farthest []Near

func (h farthest) offer(n Near) farthest {
	if len(h) < cap(h) {
		h = append(h, n)
		for i := len(h) - 1; i > 0 && compareNear(h[i], h[(i-1)/2]) > 0; i = (i - 1) / 2 {
			h[i], h[(i-1)/2] = h[(i-1)/2], h[i]
		}
		return h
	}
	if compareNear(n, h[0]) >= 0 {
		return h
	}
	h[0] = n
	for i := 0; ; {
		child := 2*i + 1
		if child >= len(h) {
			return h
		}
		if child+1 < len(h) && compareNear(h[child+1], h[child]) > 0 {
			child++
		}
		if compareNear(h[i], h[child]) >= 0 {
			return h
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
}
