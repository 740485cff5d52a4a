package geo

import "math"

// distance returns the distance from p to the nearest point of the ring's line, or bound when that is nearer. The edges that close a ring at a pole do not count.
func (r *ring) distance(p LatLng, bound Meters) Meters {
	if r.bounds().gap(p) >= bound {
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
	r.walk(func(b bounds, _, _ int) bool { return b.gap(p) >= bound }, measure)
	return bound
}

// reaches reports whether the ring's line comes at least as near to p as a radius. It ends at the first edge that does.
func (r *ring) reaches(p LatLng, radius Meters) (found bool) {
	beyond := Meters(math.Nextafter(float64(radius), math.Inf(1)))
	if r.bounds().gap(p) >= beyond {
		return false
	}
	given := r.edges()
	if r.pole != 0 {
		given -= 3
	}
	measure := func(i int) {
		if i < given && !found {
			x0, y0, x1, y1 := r.edge(i)
			found = edgeDistance(p, x0, y0, x1, y1, beyond) <= radius
		}
	}
	measure(r.nearestRun(p))
	if !found {
		r.walk(func(b bounds, _, _ int) bool { return found || b.gap(p) >= beyond }, measure)
	}
	return found
}

// maxPiece is the longest piece of an edge, in degrees, over which the distance from a point is taken to have one minimum.
const maxPiece = 0.5

// edgeDistance returns the distance from p to a straight line in longitude and latitude, or bound when that is nearer. It cuts the
// line into pieces, passes over those that cannot come nearer than bound, and finds the nearest point of the rest to under a millimetre.
func edgeDistance(p LatLng, x0, y0, x1, y1 float64, bound Meters) Meters {
	pieces := max(1, int(math.Ceil(max(math.Abs(x1-x0), math.Abs(y1-y0))/maxPiece)))
	at := func(t float64) LatLng { return LatLng{y0 + t*(y1-y0), x0 + t*(x1-x0)} }
	cos := math.Cos(radians(min(math.Abs(y0), math.Abs(y1))))
	if y0*y1 < 0 {
		cos = 1
	}
	step := 1 / float64(pieces)
	length := EarthRadius * Meters(radians(math.Hypot(y1-y0, (x1-x0)*cos))*step) // at least the piece's length
	before := p.Distance(at(0))
	bound = min(bound, before)
	for i := range pieces {
		lo, hi := float64(i)*step, float64(i+1)*step
		after := p.Distance(at(hi))
		bound = min(bound, after)
		if (before+after-length)/2 < bound {
			nearest := nearestShare(p, at(lo), at(hi), float64(length))
			bound = min(bound, p.Distance(at(lo+nearest*step)))
		}
		before = after
	}
	return bound
}

// nearestShare is the share of the way from a to b, a piece some metres long, at which it comes nearest to p. The cosine of the distance, sin φp sin φ + cos φp cos φ cos Δλ, is greatest there: its slope
// along the way is brought to zero by false position, in the Illinois variant (Dowell and Jarratt, BIT 11, 1971).
func nearestShare(p, a, b LatLng, length float64) float64 {
	sinP, cosP := math.Sincos(radians(p.Lat))
	dLat, dLng := b.Lat-a.Lat, b.Lng-a.Lng
	slope := func(t float64) float64 {
		sinLat, cosLat := math.Sincos(radians(a.Lat + t*dLat))
		sinLng, cosLng := math.Sincos(radians(a.Lng + t*dLng - p.Lng))
		return dLat*(sinP*cosLat-cosP*sinLat*cosLng) - dLng*cosP*cosLat*sinLng
	}
	lo, hi := 0.0, 1.0
	up, down := slope(lo), slope(hi)
	if up <= 0 {
		return lo
	}
	if down >= 0 {
		return hi
	}
	side := 0
	for range maxSteps {
		t := lo + (hi-lo)*up/(up-down)
		moved := hi - t
		s := slope(t)
		switch {
		case s > 0:
			moved = t - lo
			lo, up = t, s
			if side > 0 {
				down /= 2
			}
			side = 1
		case s < 0:
			hi, down = t, s
			if side < 0 {
				up /= 2
			}
			side = -1
		default:
			return t
		}
		if length*moved < tolerance || length*(hi-lo) < tolerance {
			return t
		}
	}
	return (lo + hi) / 2
}

// tolerance is the metres of way at which the search for a nearest point ends, and maxSteps the number of steps, of which some ten are usual.
const (
	tolerance = 1e-4
	maxSteps  = 60
)
