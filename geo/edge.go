package geo

import "math"

// distance returns the distance from p to the nearest point of the ring's line, or bound when that is nearer. The edges that close a ring at a pole do not count.
func (r *ring) distance(p LatLng, bound Meters) Meters {
	if r.chain[len(r.chain)-1][0].gap(p) >= bound {
		return bound
	}
	given := r.edges()
	if r.pole != 0 {
		given -= 3
	}
	measure := func(i int) {
		if i < given {
			x0, y0, x1, y1 := r.edge(i)
			bound = edgeDistance(p, x0, y0, x1, y1, bound)
		}
	}
	measure(r.nearestRun(p)) // a first bound, by which most runs are passed over
	r.walk(func(b *bounds, _, _ int) bool { return b.gap(p) >= bound }, measure)
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
