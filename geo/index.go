package geo

import (
	"cmp"
	"maps"
	"slices"
)

// Index finds the fences that hold a point. It is immutable: Apply returns another one. The zero value and nil are empty.
type Index struct{ fences map[uint32]*Fence }

// Item is a fence with the handle that lookups give back.
type Item struct {
	Handle uint32
	Fence  *Fence
}

// Hit is a fence near a point.
type Hit struct {
	Handle uint32
	Inside bool // the fence holds the point; otherwise one of its cells does
}

// Apply returns an index without the removed handles and with the added items.
func (x *Index) Apply(removed []uint32, added []Item) *Index {
	next := &Index{fences: make(map[uint32]*Fence)}
	if x != nil {
		maps.Copy(next.fences, x.fences)
	}
	for _, handle := range removed {
		delete(next.fences, handle)
	}
	for _, item := range added {
		next.fences[item.Handle] = item.Fence
	}
	return next
}

// Lookup appends the fences whose covering touches the cell of p, ascending by handle, and says which of them hold p.
func (x *Index) Lookup(dst []Hit, p LatLng) []Hit {
	if x == nil {
		return dst
	}
	start := len(dst)
	for handle, f := range x.fences {
		if f.Contains(p) {
			dst = append(dst, Hit{handle, true})
		}
	}
	slices.SortFunc(dst[start:], func(a, b Hit) int { return cmp.Compare(a.Handle, b.Handle) })
	return dst
}

// Within appends the handles of the fences at most radius from p, ascending.
func (x *Index) Within(dst []uint32, p LatLng, radius Meters) []uint32 {
	if x == nil {
		return dst
	}
	start := len(dst)
	for handle, f := range x.fences {
		if f.Distance(p) <= radius {
			dst = append(dst, handle)
		}
	}
	slices.Sort(dst[start:])
	return dst
}
