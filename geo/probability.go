package geo

import (
	"math"
	"slices"
)

// sigmasPerR68 is the radius that holds 68 % of a two-dimensional normal distribution of unit deviation: 1 - exp(-r²/2) = 0.68 (Rayleigh).
const sigmasPerR68 = 1.5095921854516636

// reach is the number of deviations beyond which the distribution counts nothing: exp(-8²/2) is 1e-14.
const reach = 8

// piece is the longest part of a line, in deviations, that is summed by one rule: at it the sum errs by less than 1e-9.
const piece = 3

// InsideProbability returns the chance, in [0, 1], that a traveller whose phone says p is in f. accuracy is the radius of 68 % confidence
// of the fix; the error is taken as normal and the same in all directions. An accuracy of zero or less gives 0 or 1 as Contains.
//
// The chance is the integral of the density over the fence, turned by Green's theorem into one along its line: with ρ and φ
// the polar coordinates round p, P = 1/2π ∮ (1 - exp(-ρ²/2σ²)) dφ. Near p it is summed by Gauss and Legendre's rule of eight nodes on pieces of at most
// three deviations (one for a circle of less than two), beyond 8 deviations it is an angle, so that the sum itself is accurate to 1e-9. It is taken in a plane of longitudes and latitudes
// scaled at p, where the edges of polygons are straight; for a fix of 1 km at 60 degrees of latitude the plane errs by less than 1e-3.
// Of a ring that crosses itself, the parts that run the other way round are taken from the rest, and parts that lie over one another count twice, up to 1.
// Cost: some pieces for each edge within reach, and a walk to these. A set of some hundred cells is drawn when it is first asked for, and costs as
// a polygon of all sides that no two of them share; a larger one a step for each cell, and the drawing of those within reach.
func (f *Fence) InsideProbability(p LatLng, accuracy Meters) float64 {
	if accuracy <= 0 {
		if f.Contains(p) {
			return 1
		}
		return 0
	}
	return min(1, max(0, f.shape.probability(p, float64(accuracy)/sigmasPerR68)))
}

// radial is (1 - exp(-ρ²/2σ²)) / ρ² as a function of ρ².
func radial(rho2, sigma float64) float64 {
	u := rho2 / (2 * sigma * sigma)
	switch {
	case u < 1e-9:
		return 1 / (2 * sigma * sigma)
	case u < 0.05: // where 1 - exp(-u) would lose digits
		return -math.Expm1(-u) / rho2
	}
	return (1 - math.Exp(-u)) / rho2
}

var legendreNodes = [4]float64{0.1834346424956498, 0.5255324099163290, 0.7966664774136267, 0.9602898564975363}
var legendreWeights = [4]float64{0.3626837833783620, 0.3137066458778873, 0.2223810344533745, 0.1012285362903763}

// integrate sums f from a to b on pieces no longer than step.
func integrate(f func(float64) float64, a, b, step float64) float64 {
	n := max(1, int(math.Ceil((b-a)/step)))
	half := (b - a) / float64(2*n)
	var sum float64
	for i := range n {
		mid := a + float64(2*i+1)*half
		for k, node := range legendreNodes {
			sum += legendreWeights[k] * (f(mid-half*node) + f(mid+half*node))
		}
	}
	return sum * half
}

func (c circle) probability(p LatLng, sigma float64) float64 {
	d, r := float64(c.center.Distance(p)), float64(c.radius)
	near := reach * sigma
	if d <= r-near {
		return 1
	}
	if d >= r+near {
		return 0
	}
	// The circle as seen from p: (d + r cos θ, r sin θ), twice its upper half. From θ = 0 to from it is further than near.
	from := 0.0
	if d+r > near {
		from = math.Acos(max(-1, min(1, (near*near-d*d-r*r)/(2*d*r))))
	}
	angle := math.Atan2(r*math.Sin(from), d+r*math.Cos(from))
	step := piece * sigma
	if r < 2*sigma {
		step = sigma
	}
	sum := integrate(func(theta float64) float64 {
		cos := math.Cos(theta)
		return radial(max(0, d*d+r*r+2*d*r*cos), sigma) * r * (r + d*cos)
	}, from, math.Pi, step/r)
	return (angle + sum) / math.Pi
}

func (s polygons) probability(p LatLng, sigma float64) (sum float64) {
	for i := range s {
		sum += s[i].outer.probability(p, sigma)
		for j := range s[i].holes {
			sum -= s[i].holes[j].probability(p, sigma)
		}
	}
	return sum
}

func (s cellSet) probability(p LatLng, sigma float64) (sum float64) {
	if chance, ok := s.outlined(p, sigma); ok {
		return chance
	}
	near := Meters(reach * sigma)
	if s.coversDisc(p, near) {
		return 1
	}
	at := p.vector()
	for i, cell := range s.cells {
		if s.gap(i, at) > near {
			continue
		}
		if outline, ok := outlineOf(cell); ok {
			sum += outline.probability(p, sigma)
		}
	}
	return sum
}

// gap is at most how far a point, whose unit vector is given, is from a cell: by the chord, which is no longer than the arc, to the cell's middle.
func (s cellSet) gap(i int, at [3]float64) Meters {
	m := &s.middles[i]
	chord := math.Sqrt(chord2(at, [3]float64{float64(m[0]), float64(m[1]), float64(m[2])}))
	return Meters(chord-slack)*EarthRadius - reachOf(s.cells[i].Resolution())
}

// maxDiscCells bounds the cells that are looked at to see whether they cover a disc.
const maxDiscCells = 64

// coversDisc reports whether every cell that a disc round p may touch, at the resolution of the one that holds p, is in the set; false also where these are many. It goes from that
// cell to its neighbours as long as they may touch the disc: cells that meet a disc hang together.
func (s cellSet) coversDisc(p LatLng, radius Meters) bool {
	if len(s.resolutions) != 1 {
		return false
	}
	first, err := cellAt(p, s.resolutions[0])
	if err != nil || !s.has(first) {
		return false
	}
	at := p.vector()
	var room [maxDiscCells]Cell
	touched := append(room[:0], first)
	for n := 0; n < len(touched); n++ {
		around, err := touched[n].GridDisk(1)
		if err != nil {
			return false
		}
		for _, cell := range around {
			if slices.Contains(touched, cell) {
				continue
			}
			i, in := slices.BinarySearch(s.cells, cell)
			switch {
			case in && s.gap(i, at) > radius:
			case in && len(touched) < maxDiscCells:
				touched = append(touched, cell)
			case in:
				return false
			default:
				if hull, ok := hullDisc(cell); !ok || p.Distance(hull.center)-hull.radius <= radius {
					return false
				}
			}
		}
	}
	return true
}

func (s cellSet) has(cell Cell) bool {
	_, in := slices.BinarySearch(s.cells, cell)
	return in
}

// probability is the share of the distribution round p within the ring, over its repetitions round the globe.
func (r *ring) probability(p LatLng, sigma float64) (sum float64) {
	perLat := radians(float64(EarthRadius))
	perLng := perLat * max(1e-9, math.Cos(radians(p.Lat)))
	margin := reach * sigma / perLng
	if (p.Lat-r.maxY)*perLat > reach*sigma || (r.minY-p.Lat)*perLat > reach*sigma {
		return 0
	}
	first := math.Ceil((r.minX - margin - p.Lng) / 360)
	last := math.Floor((r.maxX + margin - p.Lng) / 360)
	if last-first > 4 { // within some metres of a pole, where the plane has no meaning
		if r.locate(p) != outside {
			return 1
		}
		return 0
	}
	for k := first; k <= last; k++ {
		sum += math.Abs(r.turn(p.Lng+360*k, p.Lat, perLng, perLat, sigma)) / (2 * math.Pi)
	}
	return min(1, sum)
}

// turn is ∮ (1 - exp(-ρ²/2σ²)) dφ along the ring, seen from lng, lat in a plane scaled by metres per degree. A run of edges whose box is out of
// reach is seen under the angle between its ends, since what lies in a box is on one side of a point outside it; and so is one whose edges all are beyond the same straight line.
func (r *ring) turn(lng, lat, perLng, perLat, sigma float64) float64 {
	plane := func(x, y float64) (float64, float64) { return (x - lng) * perLng, (y - lat) * perLat }
	t := turning{near: reach * sigma}
	r.walk(func(b bounds, lo, hi int) bool {
		x := max(0, b.minX-lng, lng-b.maxX) * perLng
		y := max(0, b.minY-lat, lat-b.maxY) * perLat
		if x*x+y*y < t.near*t.near {
			return false
		}
		t.end()
		x0, y0 := plane(r.end(lo))
		x1, y1 := plane(r.end(hi))
		t.sum += angleBetween(x0, y0, x1, y1)
		return true
	}, func(i int) {
		x0, y0 := plane(r.end(i))
		x1, y1 := plane(r.end(i + 1))
		if t.far(x0, y0, x1, y1) {
			return
		}
		t.end()
		t.sum += edgeTurn(x0, y0, x1, y1, sigma)
	})
	t.end()
	return t.sum
}

// turning adds up the angles under which the edges of a line are seen from the origin, those out of reach run by run.
type turning struct {
	near, sum      float64
	beyond         beyond // which line the run under way lies beyond
	x0, y0, x1, y1 float64
}

// beyond is a side of the square round the origin that just holds what is within reach.
type beyond int

const (
	withinReach beyond = iota
	east
	west
	north
	south
)

// far takes an edge that begins where the last one ended, and reports whether it is out of reach.
func (t *turning) far(x0, y0, x1, y1 float64) bool {
	var where beyond
	switch {
	case x0 > t.near && x1 > t.near:
		where = east
	case x0 < -t.near && x1 < -t.near:
		where = west
	case y0 > t.near && y1 > t.near:
		where = north
	case y0 < -t.near && y1 < -t.near:
		where = south
	default:
		return false
	}
	if where != t.beyond {
		t.end()
		t.beyond, t.x0, t.y0 = where, x0, y0
	}
	t.x1, t.y1 = x1, y1
	return true
}

// end adds the run under way.
func (t *turning) end() {
	if t.beyond != withinReach {
		t.sum += angleBetween(t.x0, t.y0, t.x1, t.y1)
		t.beyond = withinReach
	}
}

// angleBetween is the angle from one point to another, seen from the origin.
func angleBetween(x0, y0, x1, y1 float64) float64 {
	return math.Atan2(x0*y1-y0*x1, x0*x1+y0*y1)
}

// edgeTurn is ∫ (1 - exp(-ρ²/2σ²)) dφ along a segment, seen from the origin.
func edgeTurn(x0, y0, x1, y1, sigma float64) float64 {
	length := math.Hypot(x1-x0, y1-y0)
	if length == 0 {
		return 0
	}
	ux, uy := (x1-x0)/length, (y1-y0)/length
	d := x0*uy - y0*ux // signed distance of the line from the origin: the origin lies to its left when positive
	s0, s1 := x0*ux+y0*uy, x1*ux+y1*uy
	near := reach * sigma
	if math.Abs(d) >= near || s0 >= near || s1 <= -near {
		return angleAlong(d, s0, s1)
	}
	a, b := max(s0, -near), min(s1, near)
	middle := d * integrate(func(s float64) float64 { return radial(d*d+s*s, sigma) }, a, b, piece*sigma)
	return angleAlong(d, s0, a) + middle + angleAlong(d, b, s1)
}

// angleAlong is the angle under which the part from s0 to s1 of a line at distance d is seen.
func angleAlong(d, s0, s1 float64) float64 {
	if d == 0 || s0 >= s1 {
		return 0
	}
	return math.Atan2(d*(s1-s0), d*d+s0*s1)
}
