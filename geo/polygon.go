package geo

import (
	"fmt"
	"math"
	"slices"
)

// MaxVertices is the greatest number of vertices of a fence.
const MaxVertices = 100_000

// polygon is an outer ring and its holes. It is closed: its edges, those of the holes too, belong to it.
type polygon struct {
	outer ring
	holes []ring
}

// polygons is the union of some polygons.
type polygons []polygon

// NewPolygon returns the polygon of an outer ring and its holes. A ring is its vertices in order, of either orientation; the
// last may repeat the first. Edges are straight lines in longitude and latitude (RFC 7946, section 3.1.1), the shorter way round
// the globe, so that a ring may cross the antimeridian. A ring that winds round a pole holds the pole that is on its side of the
// equator by its mean latitude. An edge belongs to the polygon, and a point within a millimetre of one may be told to be on either side.
// The error is Faults, with paths such as "[0][3]" for a vertex.
func NewPolygon(rings [][]LatLng) (*Fence, error) {
	var faults Faults
	p := newPolygon(&faults, "", rings)
	if len(faults) > 0 {
		return nil, faults
	}
	return &Fence{shape: polygons{p}}, nil
}

// NewMultiPolygon returns the union of polygons, each as in NewPolygon; paths begin with the polygon's index.
func NewMultiPolygon(parts [][][]LatLng) (*Fence, error) {
	var faults Faults
	s := make(polygons, len(parts))
	for i, rings := range parts {
		s[i] = newPolygon(&faults, fmt.Sprintf("[%d]", i), rings)
	}
	if len(parts) == 0 {
		faults.add("", "required", "a multipolygon needs at least one polygon")
	}
	if n := s.vertices(); n > MaxVertices {
		faults.add("", "too_many", "%d vertices, at most %d are allowed", n, MaxVertices)
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return &Fence{shape: s}, nil
}

func newPolygon(faults *Faults, path string, rings [][]LatLng) (p polygon) {
	if len(rings) == 0 {
		faults.add(path, "required", "a polygon needs an outer ring")
	}
	total := 0
	for i, vertices := range rings {
		total += len(vertices)
		r, ok := checkRing(faults, fmt.Sprintf("%s[%d]", path, i), vertices)
		switch {
		case !ok:
		case i == 0:
			p.outer = r
		default:
			p.holes = append(p.holes, r)
		}
	}
	if total > MaxVertices {
		faults.add(path, "too_many", "%d vertices, at most %d are allowed", total, MaxVertices)
	}
	return p
}

func checkRing(faults *Faults, path string, vertices []LatLng) (ring, bool) {
	valid := true
	for i, v := range vertices {
		if err := v.Validate(); err != nil {
			faults.add(fmt.Sprintf("%s[%d]", path, i), "out_of_range", "%v", err)
			valid = false
		}
	}
	if !valid {
		return ring{}, false
	}
	vertices = slices.Compact(slices.Clone(vertices))
	if n := len(vertices); n > 1 && vertices[0] == vertices[n-1] {
		vertices = vertices[:n-1]
	}
	if len(vertices) < 3 {
		faults.add(path, "invalid", "a ring needs at least 3 different vertices, this one has %d", len(vertices))
		return ring{}, false
	}
	r, ok := newRing(vertices)
	if !ok {
		faults.add(path, "invalid", "a ring may go round the globe once at most")
		return ring{}, false
	}
	if r.area() == 0 {
		faults.add(path, "invalid", "a ring must enclose an area")
		return ring{}, false
	}
	return r, true
}

func (s polygons) vertices() (n int) {
	for i := range s {
		n += s[i].outer.edges()
		for j := range s[i].holes {
			n += s[i].holes[j].edges()
		}
	}
	return n
}

// ring returns a hole, or for -1 the outer ring.
func (g *polygon) ring(n int) *ring {
	if n < 0 {
		return &g.outer
	}
	return &g.holes[n]
}

func (s polygons) contains(p LatLng) bool {
	for i := range s {
		if s[i].contains(p) {
			return true
		}
	}
	return false
}

func (g *polygon) contains(p LatLng) bool {
	if g.outer.locate(p) == outside {
		return false
	}
	for i := range g.holes {
		if g.holes[i].locate(p) == within {
			return false
		}
	}
	return true
}

func (s polygons) distance(p LatLng) Meters {
	if s.contains(p) {
		return 0
	}
	return s.edgeDistance(p)
}

func (s polygons) reaches(p LatLng, radius Meters) bool {
	for i := range s {
		if s[i].outer.reaches(p, radius) || slices.ContainsFunc(s[i].holes, func(hole ring) bool { return hole.reaches(p, radius) }) {
			return true
		}
	}
	return false
}

// edgeDistance is the distance to the nearest edge.
func (s polygons) edgeDistance(p LatLng) Meters {
	best := Meters(math.Inf(1))
	for i := range s {
		best = s[i].outer.distance(p, best)
		for j := range s[i].holes {
			best = s[i].holes[j].distance(p, best)
		}
	}
	return best
}
