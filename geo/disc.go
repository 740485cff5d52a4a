package geo

import (
	"math"
	"slices"
)

// disc holds a region: no point of that is farther from center than radius.
type disc struct {
	center LatLng
	radius Meters
}

func (c circle) disc() disc { return disc(c) }

func (s polygons) disc() disc {
	parts := make([]disc, len(s))
	for i := range s {
		parts[i] = s[i].outer.disc()
	}
	return discOf(parts)
}

func (s cellSet) disc() disc { return s.around }

// disc goes round the ring's box: from its middle along the parallel and then along a meridian to any of its points; or from a pole, where that is
// smaller.
func (r *ring) disc() disc {
	middle := LatLng{Lat: (r.minY + r.maxY) / 2, Lng: math.Remainder((r.minX+r.maxX)/2, 360)}
	halfX, halfY := (r.maxX-r.minX)/2, (r.maxY-r.minY)/2
	best := disc{middle, EarthRadius * Meters(radians(halfX)*math.Cos(radians(middle.Lat))+radians(halfY))}
	if d := EarthRadius * Meters(radians(90-r.minY)); d < best.radius {
		best = disc{LatLng{Lat: 90}, d}
	}
	if d := EarthRadius * Meters(radians(90+r.maxY)); d < best.radius {
		best = disc{LatLng{Lat: -90}, d}
	}
	return best
}

// discOf goes round some discs, from the mean of their centres.
func discOf(parts []disc) disc {
	if len(parts) == 1 {
		return parts[0]
	}
	var sum [3]float64
	for _, d := range parts {
		for k, c := range d.center.vector() {
			sum[k] += c
		}
	}
	all := disc{center: position(sum)}
	for _, d := range parts {
		all.radius = max(all.radius, all.center.Distance(d.center)+d.radius)
	}
	all.radius = min(all.radius, maxRadius)
	return all
}

// Within appends the handles of the fences at most radius from p, ascending. A fence that holds p is at distance 0. Cost: a lookup, a walk to the fences whose disc is that
// near, and for each of them that does not hold p a look at its line, up to the first edge that is near enough.
func (x *Index) Within(dst []uint32, p LatLng, radius Meters) []uint32 {
	if x == nil || !(radius >= 0) {
		return dst
	}
	start := len(dst)
	dst = x.Lookup(dst, p)
	holding := dst[start:len(dst):len(dst)]
	slices.Sort(holding)
	x.discs.search(&search{at: p.vector(), reach: float64(radius / EarthRadius), found: func(b *ball) {
		if _, holds := slices.BinarySearch(holding, b.handle); holds {
			return
		}
		if x.fences.At(b.handle).shape.reaches(p, radius) {
			dst = append(dst, b.handle)
		}
	}})
	slices.Sort(dst[start:])
	return dst
}
