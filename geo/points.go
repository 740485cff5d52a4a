package geo

import (
	"cmp"
	"slices"
)

// Points finds positions near a place. It is immutable: Apply returns another one that shares what did not change, so that any number of readers
// use one while the next is made. The zero value and nil are empty.
type Points struct {
	few    []place // by handle, of a set that NewPoints made; nil: places has them
	places Table[place]
	discs  forest
	count  int
}

// Point is a valid position with the handle that lookups give back.
type Point struct {
	Handle uint32
	At     LatLng
}

// place is a point in the set; one whose stamp is 0 is not.
type place struct {
	at    LatLng
	stamp uint64
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
// with one handle the last counts. Cost: over many changes, the square of a logarithm for each point; a change now and then touches every point.
func (s *Points) Apply(removed []uint32, added []Point) *Points {
	next := &Points{}
	if s != nil {
		*next = *s
	}
	if next.few != nil {
		all := make(map[uint32]place, len(next.few))
		for i, p := range next.few {
			all[uint32(i)] = p
		}
		next.few, next.places = nil, next.places.With(all)
	}
	stamp := next.discs.stamp + 1
	changed := make(map[uint32]place, len(removed)+len(added))
	for _, handle := range removed {
		changed[handle] = place{}
	}
	for _, point := range added {
		changed[point.Handle] = place{point.At, stamp}
	}
	for handle, to := range changed {
		if next.places.At(handle).stamp != 0 {
			next.count--
		}
		if to.stamp != 0 {
			next.count++
		}
	}
	next.places = next.places.With(changed)
	fresh := make([]ball, 0, len(added))
	for _, point := range added {
		if to, first := changed[point.Handle]; first {
			delete(changed, point.Handle)
			fresh = append(fresh, newBall(point.Handle, stamp, disc{center: to.at}))
		}
	}
	next.discs = next.discs.with(fresh, next.count, next.alive)
	return next
}

// NewPoints returns the set of some points whose handles are their indexes. It takes the room that these need, which that of Apply does only for many.
func NewPoints(at []LatLng) *Points {
	s := &Points{few: make([]place, len(at)), count: len(at)}
	balls := make([]ball, len(at))
	for i, p := range at {
		s.few[i] = place{p, 1}
		balls[i] = newBall(uint32(i), 1, disc{center: p})
	}
	if len(balls) > 0 {
		s.discs = forest{trees: []*kdTree{newKdTree(balls)}, stamp: 1}
	}
	return s
}

// at returns the place of a handle.
func (s *Points) at(handle uint32) place {
	if s.few != nil {
		return s.few[handle]
	}
	return s.places.At(handle)
}

// Len returns the number of points.
func (s *Points) Len() int {
	if s == nil {
		return 0
	}
	return s.count
}

func (s *Points) alive(b *ball) bool { return s.at(b.handle).stamp == b.stamp }

// Within appends the points at most radius from p, nearest first, then by handle. Cost: a walk to the points that are near, and a sort of these.
func (s *Points) Within(dst []Near, p LatLng, radius Meters) []Near {
	if s == nil || !(radius >= 0) {
		return dst
	}
	start := len(dst)
	s.discs.search(&search{at: p.vector(), reach: float64(radius / EarthRadius), found: func(b *ball) {
		if to := s.at(b.handle); to.stamp == b.stamp {
			if d := p.Distance(to.at); d <= radius {
				dst = append(dst, Near{b.handle, d})
			}
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
	best := make(farthest, 0, k)
	q := &search{at: p.vector(), reach: float64(maxRadius / EarthRadius)}
	q.found = func(b *ball) {
		to := s.at(b.handle)
		if to.stamp != b.stamp {
			return
		}
		if d := p.Distance(to.at); d <= maxRadius {
			best = best.offer(Near{b.handle, d})
		}
		if len(best) == k {
			q.reach = float64(best[0].Distance / EarthRadius)
		}
	}
	s.discs.search(q)
	slices.SortFunc(best, compareNear)
	return append(dst, best...)
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
