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
}

// newRing unwraps vertices, which hold no closing repetition of the first. winds is false for a ring that goes round the globe more than once.
func newRing(vertices []LatLng) (r ring, winds bool) {
	n := len(vertices)
	r = ring{x: make([]float64, n, n+3), y: make([]float64, n, n+3)}
	var sumLat float64
	for i, v := range vertices {
		r.x[i], r.y[i] = v.Lng, v.Lat
		if i > 0 {
			r.x[i] = r.x[i-1] + shorter(v.Lng-vertices[i-1].Lng)
		}
		sumLat += v.Lat
	}
	end := r.x[n-1] + shorter(vertices[0].Lng-vertices[n-1].Lng)
	turn := math.Round((end - r.x[0]) / 360)
	if turn != 0 {
		r.pole = math.Copysign(90, sumLat)
		r.x = append(r.x, r.x[0]+360*turn, r.x[0]+360*turn, r.x[0])
		r.y = append(r.y, r.y[0], r.pole, r.pole)
	}
	r.minX, r.maxX = slices.Min(r.x), slices.Max(r.x)
	r.minY, r.maxY = slices.Min(r.y), slices.Max(r.y)
	return r, math.Abs(turn) <= 1 && r.maxX-r.minX <= 720
}

// shorter brings a difference of longitudes into [-180, 180].
func shorter(d float64) float64 {
	switch {
	case d > 180:
		return d - 360
	case d < -180:
		return d + 360
	}
	return d
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
func (r *ring) locatePlane(x, y float64) side {
	odd := false
	for i := range r.edges() {
		x0, y0, x1, y1 := r.edge(i)
		if (y0 > y && y1 > y) || (y0 < y && y1 < y) || (x0 < x && x1 < x) {
			continue
		}
		if y0 == y && y1 == y {
			if min(x0, x1) <= x && x <= max(x0, x1) {
				return onEdge
			}
			continue
		}
		cross := (x1-x0)*(y-y0) - (y1-y0)*(x-x0)
		if cross == 0 && min(x0, x1) <= x && x <= max(x0, x1) {
			return onEdge
		}
		if (y0 > y) != (y1 > y) && (cross > 0) == (y1 > y0) {
			odd = !odd
		}
	}
	if odd {
		return within
	}
	return outside
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

// distance returns the distance from p to the nearest point of the ring's line, or bound when that is nearer.
func (r *ring) distance(p LatLng, bound Meters) Meters {
	n := r.edges()
	if r.pole != 0 {
		n -= 3
	}
	for i := range n {
		x0, y0, x1, y1 := r.edge(i)
		bound = edgeDistance(p, x0, y0, x1, y1, bound)
	}
	return bound
}

// maxPiece is the longest piece of an edge, in degrees, over which the distance from a point is taken to have one minimum.
const maxPiece = 0.5

// edgeDistance returns the distance from p to a straight line in longitude and latitude, or bound when that is nearer. It cuts the
// line into pieces, passes over those that cannot come nearer than bound, and narrows the rest by golden section to under a millimetre.
func edgeDistance(p LatLng, x0, y0, x1, y1 float64, bound Meters) Meters {
	pieces := max(1, int(math.Ceil(max(math.Abs(x1-x0), math.Abs(y1-y0))/maxPiece)))
	at := func(t float64) Meters { return p.Distance(LatLng{y0 + t*(y1-y0), x0 + t*(x1-x0)}) }
	cos := math.Cos(radians(min(math.Abs(y0), math.Abs(y1))))
	if y0*y1 < 0 {
		cos = 1
	}
	step := 1 / float64(pieces)
	length := EarthRadius * Meters(radians(math.Hypot(y1-y0, (x1-x0)*cos))*step) // at least the piece's length
	before := at(0)
	bound = min(bound, before)
	for i := range pieces {
		lo, hi := float64(i)*step, float64(i+1)*step
		after := at(hi)
		bound = min(bound, after)
		if (before+after-length)/2 < bound {
			bound = min(bound, narrow(at, lo, hi, float64(length)))
		}
		before = after
	}
	return bound
}

// narrow finds the least value of f, which has one minimum between lo and hi, by golden section until the span is under half a millimetre of length.
func narrow(f func(float64) Meters, lo, hi, length float64) Meters {
	ratio := (math.Sqrt(5) - 1) / 2
	span := hi - lo
	a, b := hi-ratio*(hi-lo), lo+ratio*(hi-lo)
	fa, fb := f(a), f(b)
	for length*(hi-lo) > 0.0005*span && hi-lo > 1e-15 {
		if fa < fb {
			hi, b, fb = b, a, fa
			a = hi - ratio*(hi-lo)
			fa = f(a)
		} else {
			lo, a, fa = a, b, fb
			b = lo + ratio*(hi-lo)
			fb = f(b)
		}
	}
	return min(fa, fb)
}
