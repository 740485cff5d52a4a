package geo

import (
	"cmp"
	"maps"
	"slices"
)

// Points finds positions near a place. It is immutable: Apply returns another one. The zero value and nil are empty.
type Points struct{ at map[uint32]LatLng }

// Point is a position with the handle that lookups give back.
type Point struct {
	Handle uint32
	At     LatLng
}

// Near is a point and how far it is.
type Near struct {
	Handle   uint32
	Distance Meters
}

// Apply returns a set without the removed handles and with the added points.
func (s *Points) Apply(removed []uint32, added []Point) *Points {
	next := &Points{at: make(map[uint32]LatLng)}
	if s != nil {
		maps.Copy(next.at, s.at)
	}
	for _, handle := range removed {
		delete(next.at, handle)
	}
	for _, point := range added {
		next.at[point.Handle] = point.At
	}
	return next
}

// Within appends the points at most radius from p, nearest first, then by handle.
func (s *Points) Within(dst []Near, p LatLng, radius Meters) []Near {
	if s == nil {
		return dst
	}
	start := len(dst)
	for handle, at := range s.at {
		if d := p.Distance(at); d <= radius {
			dst = append(dst, Near{handle, d})
		}
	}
	slices.SortFunc(dst[start:], func(a, b Near) int {
		return cmp.Or(cmp.Compare(a.Distance, b.Distance), cmp.Compare(a.Handle, b.Handle))
	})
	return dst
}

// Nearest appends the k points nearest to p, nearest first, then by handle.
func (s *Points) Nearest(dst []Near, p LatLng, k int) []Near {
	near := s.Within(nil, p, maxRadius)
	return append(dst, near[:min(k, len(near))]...)
}
