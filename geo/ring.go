package geo

import (
	"math"
	"slices"
)

// ring is a closed line in the plane of longitude and latitude, unwrapped: x is a longitude that may leave
// [-180, 180] so that no edge jumps, and each edge takes the shorter way round the globe. The last vertex is joined to
// the first. A ring that winds round a pole is closed along the pole's line, so that it bounds a region of the plane; the
// region of the globe is that of the plane repeated every 360 degrees.
type ring struct {
	x, y                   []float64
	minX, maxX, minY, maxY float64
	pole                   float64 // 90 or -90 for a ring that winds round that pole; 0 for any other
	chain                  chain
}

// newRing unwraps vertices, which hold no closing repetition of the first. winds is false for a ring that goes round the globe more than once.
func newRing(vertices []LatLng) (r ring, winds bool) {
	n := len(vertices)
	both := make([]float64, 2*n)
	r = ring{x: both[:n:n], y: both[n:]}
	var sumLat, turn float64 // turn is in degrees, a multiple of 360: what is not wrapped keeps its longitude to the last bit
	for i, v := range vertices {
		if i > 0 {
			turn += wrap(v.Lng - vertices[i-1].Lng)
		}
		r.x[i], r.y[i] = v.Lng+turn, v.Lat
		sumLat += v.Lat
	}
	turn += wrap(vertices[0].Lng - vertices[n-1].Lng)
	if turn != 0 {
		r.pole = math.Copysign(90, sumLat)
		r.x = append(r.x, r.x[0]+turn, r.x[0]+turn, r.x[0])
		r.y = append(r.y, r.y[0], r.pole, r.pole)
	}
	r.bound()
	return r, math.Abs(turn) <= 360 && r.maxX-r.minX <= 720
}

// bound sets the bounds of all vertices, and of the runs of them.
func (r *ring) bound() {
	r.minX, r.maxX = slices.Min(r.x), slices.Max(r.x)
	r.minY, r.maxY = slices.Min(r.y), slices.Max(r.y)
	r.chain = newChain(r.x, r.y)
}

// wrap is what brings a difference of longitudes into [-180, 180]: 360, 0 or -360.
func wrap(d float64) float64 {
	switch {
	case d > 180:
		return -360
	case d < -180:
		return 360
	}
	return 0
}

// edges is the number of edges.
func (r *ring) edges() int { return len(r.x) }

// edge returns the ends of edge i.
func (r *ring) edge(i int) (x0, y0, x1, y1 float64) {
	j := i + 1
	if j == len(r.x) {
		j = 0
	}
	return r.x[i], r.y[i], r.x[j], r.y[j]
}

// area is twice the signed area in square degrees, positive for a counterclockwise ring.
func (r *ring) area() float64 {
	var sum float64
	for i := range r.edges() {
		x0, y0, x1, y1 := r.edge(i)
		sum += (x0-r.minX)*(y1-r.minY) - (x1-r.minX)*(y0-r.minY)
	}
	return sum
}

// side is where a point lies with regard to a ring.
type side int

const (
	outside side = iota
	onEdge
	within
)

// locate says where p lies, on the globe: in any of the repetitions of the ring. At a pole, where all longitudes meet, the ring is met when it reaches the pole.
func (r *ring) locate(p LatLng) side {
	if p.Lat < r.minY || p.Lat > r.maxY {
		return outside
	}
	if math.Abs(p.Lat) == 90 {
		if r.pole == p.Lat {
			return within
		}
		return onEdge // minY or maxY is the pole itself
	}
	best := outside
	for x := p.Lng + 360*math.Ceil((r.minX-p.Lng)/360); x <= r.maxX && best != within; x += 360 {
		best = max(best, r.locatePlane(x, p.Lat))
	}
	if best == onEdge && r.pole != 0 && !r.onOwnEdge(p) {
		return within // on the seam that closes a ring round a pole
	}
	return best
}

// locatePlane is the crossing test of a ray to the east (Shimrat, Algorithm 112, CACM 5(8), 1962) with edges half-open in latitude, and points on an edge told apart.
// A run of edges that is wholly east of the point crosses the ray an odd number of times when its ends lie on different sides.
func (r *ring) locatePlane(x, y float64) side {
	odd, on := false, false
	r.walk(func(b bounds, lo, hi int) bool {
		switch {
		case y < b.minY || y > b.maxY || x > b.maxX:
			return true
		case x < b.minX:
			_, y0 := r.end(lo)
			_, y1 := r.end(hi)
			odd = odd != ((y0 > y) != (y1 > y))
			return true
		}
		return on
	}, func(i int) {
		x0, y0, x1, y1 := r.edge(i)
		crossed, touched := rayMeets(x, y, x0, y0, x1, y1)
		odd = odd != crossed
		on = on || touched
	})
	switch {
	case on:
		return onEdge
	case odd:
		return within
	}
	return outside
}

// rayMeets reports whether a ray to the east from x, y crosses a segment, and whether the segment touches x, y itself.
func rayMeets(x, y, x0, y0, x1, y1 float64) (crossed, touched bool) {
	if (y0 > y && y1 > y) || (y0 < y && y1 < y) || (x0 < x && x1 < x) {
		return false, false
	}
	inX := min(x0, x1) <= x && x <= max(x0, x1)
	if y0 == y && y1 == y {
		return false, inX
	}
	cross := (x1-x0)*(y-y0) - (y1-y0)*(x-x0)
	if cross == 0 && inX {
		return false, true
	}
	return (y0 > y) != (y1 > y) && (cross > 0) == (y1 > y0), false
}

// onOwnEdge reports whether p is on an edge that was given, not on one that closes the ring at a pole.
func (r *ring) onOwnEdge(p LatLng) bool {
	for i := range r.edges() - 3 {
		x0, y0, x1, y1 := r.edge(i)
		for x := p.Lng + 360*math.Ceil((min(x0, x1)-p.Lng)/360); x <= max(x0, x1); x += 360 {
			if (x1-x0)*(p.Lat-y0) == (y1-y0)*(x-x0) && min(y0, y1) <= p.Lat && p.Lat <= max(y0, y1) {
				return true
			}
		}
	}
	return false
}
