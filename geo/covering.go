package geo

import (
	"math"
	"slices"
)

// Covering is the squares of the index's grid that a fence touches, ascending, none within another.
type Covering struct {
	Interior []Square // wholly in the fence
	Boundary []Square // perhaps partly outside, or untouched by less than their own size
}

// class is how a region lies with regard to a fence.
type class int

const (
	apart class = iota
	crossed
	interior
)

// How fine a covering is: sides of the finest squares, in radii of the fence's disc. A coarse square holds more fences than it need, each tested by a chord; a fine one
// means more postings. Circles are tested at once; of other shapes the exact test is dear, and finer squares save it.
const (
	circleFineness = 0.7
	shapeFineness  = 0.2
)

// coverMargin widens a square's disc beyond the rounding of its corners.
const coverMargin Meters = 0.01

// Cover returns the covering of f: some four to twenty squares for a circle, more for what is long or crooked. Cost: a few microseconds for a circle, and for a polygon a walk to the
// few edges near each square.
func Cover(f *Fence) Covering {
	around := f.shape.disc()
	w := coverer{axis: around.center.vector()}
	fineness := circleFineness
	if line, ok := f.shape.(classifier); ok {
		w.line, fineness = line, shapeFineness
	}
	finest := int(math.Floor(math.Log2(meanEdge / (fineness * max(float64(around.radius/EarthRadius), 1e-7)))))
	w.finest = min(max(finest, 0), maxLevel) / levelStep * levelStep
	w.chord = chordOf(float64(around.radius / EarthRadius))
	reach := float64((around.radius + coverMargin) / EarthRadius)
	for level := range w.finest + 1 {
		// half a diagonal is no bound where a square is askew: 0.6 of the longest is
		beyond := chordOf(reach + 0.6*maxDiagonal/float64(uint64(1)<<level))
		w.beyond[level] = beyond * beyond * (1 + 1e-12)
	}
	for face := range uint64(facesCount) {
		w.visit(squareOf(face, 0, 0, 0), 0)
	}
	slices.Sort(w.covering.Interior)
	slices.Sort(w.covering.Boundary)
	return w.covering
}

// coverer descends from the faces to the squares that a fence touches.
type coverer struct {
	line     classifier            // nil: the shape is its disc
	axis     [3]float64            // of the fence's disc
	chord    float64               // of its radius
	beyond   [maxLevel + 1]float64 // square of the chord from the axis to the middle of a square beyond which that does not meet the disc, by level
	finest   int
	covering Covering
}

// classifier is a shape that is not its disc.
type classifier interface {
	classify(d disc) class // of a region that lies within d; apart and interior are sure
}

// classifyFrom is how many levels above the finest squares are asked about; above that they are only held against the fence's disc.
const classifyFrom = 4

func (w *coverer) visit(s Square, level int) {
	center := s.center()
	away := chord2(center, w.axis)
	if away > w.beyond[level] {
		return
	}
	found := crossed
	if level >= w.finest-classifyFrom {
		found = w.classify(s, center, math.Sqrt(away))
	}
	switch {
	case found == apart:
	case found == interior && level%levelStep == 0:
		w.covering.Interior = append(w.covering.Interior, s)
	case level == w.finest:
		w.covering.Boundary = append(w.covering.Boundary, s)
	default:
		for n := range uint64(4) {
			w.visit(s.child(n), level+1)
		}
	}
}

// classify asks a round shape by chords: that of a sum of angles is at most the sum of their chords.
func (w *coverer) classify(s Square, center [3]float64, away float64) class {
	if w.line != nil {
		return w.line.classify(disc{position(center), Meters(s.radius(center))*EarthRadius*(1+1e-9) + coverMargin})
	}
	const margin = float64(coverMargin / EarthRadius)
	radius := math.Sqrt(s.radius2(center)) + margin
	switch {
	case away > w.chord+radius:
		return apart
	case away+radius < w.chord:
		return interior
	}
	return crossed
}

// classify asks for cells whose disc meets that of the region; none is known to hold it.
func (s cellSet) classify(d disc) class {
	for _, hull := range s.hulls {
		if hull.center.Distance(d.center) <= hull.radius+d.radius {
			return crossed
		}
	}
	return apart
}

// classify treats a region as the box of latitudes and longitudes round its disc.
func (s polygons) classify(d disc) class {
	b := d.box()
	found := apart
	for i := range s {
		found = max(found, s[i].classify(d.center, b))
	}
	return found
}

func (g *polygon) classify(center LatLng, b box) class {
	if g.outer.meets(b) {
		return crossed
	}
	for i := range g.holes {
		if g.holes[i].meets(b) {
			return crossed
		}
	}
	if g.contains(center) {
		return interior
	}
	return apart
}

// box is a box in the plane of longitudes and latitudes.
type box struct {
	x, y           float64 // centre
	halfX, halfY   float64
	everyLongitude bool
}

// box returns the box round the disc. A disc of angular radius ρ at latitude φ spans asin(sin ρ / cos φ) of longitude to
// each side (Bronshtein, Handbook of Mathematics, 3.4.1.3), and every longitude when it holds a pole.
func (d disc) box() box {
	rho := float64(d.radius / EarthRadius)
	b := box{x: d.center.Lng, y: d.center.Lat, halfY: rho * 180 / math.Pi}
	sine := math.Sin(min(rho, math.Pi/2)) / math.Cos(radians(d.center.Lat))
	if math.Abs(b.y)+b.halfY >= 90 || sine >= 1 {
		b.everyLongitude = true
		return b
	}
	b.halfX = math.Asin(sine)*180/math.Pi + 1e-9
	return b
}

// meets reports whether an edge of r, in any of its repetitions, meets the box.
func (r *ring) meets(b box) bool {
	if r.minY > b.y+b.halfY || r.maxY < b.y-b.halfY {
		return false
	}
	if b.everyLongitude {
		return r.meetsBox(r.x[0], math.Inf(1), b)
	}
	first := math.Ceil((r.minX - b.halfX - b.x) / 360)
	for x := b.x + 360*first; x-b.halfX <= r.maxX; x += 360 {
		if r.meetsBox(x, b.halfX, b) {
			return true
		}
	}
	return false
}

// meetsBox is meets in the plane, with the box at longitude x and halfX of it to each side.
func (r *ring) meetsBox(x, halfX float64, b box) (met bool) {
	r.walk(func(run *bounds, _, _ int) bool {
		return met || run.minX > x+halfX || run.maxX < x-halfX || run.minY > b.y+b.halfY || run.maxY < b.y-b.halfY
	}, func(i int) {
		x0, y0, x1, y1 := r.edge(i)
		if b.everyLongitude {
			met = met || min(y0, y1) <= b.y+b.halfY && max(y0, y1) >= b.y-b.halfY
			return
		}
		met = met || segmentMeets(x0-x, y0-b.y, x1-x, y1-b.y, halfX, b.halfY)
	})
	return met
}

// segmentMeets tests a segment against a box round the origin by separating axes (Ericson, Real-Time Collision Detection, 5.3.3).
func segmentMeets(x0, y0, x1, y1, halfX, halfY float64) bool {
	if min(x0, x1) > halfX || max(x0, x1) < -halfX || min(y0, y1) > halfY || max(y0, y1) < -halfY {
		return false
	}
	dx, dy := x1-x0, y1-y0
	return math.Abs(x0*dy-y0*dx) <= halfX*math.Abs(dy)+halfY*math.Abs(dx)
}
