package geo

import "math"

// clip is what of a polygon's line lies near one square: the few edges that meet its box, and whether its middle is inside. A point of the square is inside when the
// way to it from the middle crosses an odd number of them (Sutherland, Sproull and Schumacker, A characterization of ten hidden-surface algorithms,
// 1974, on parity). Edges are in single precision; what is too close to tell is left to the fence.
type clip struct {
	begin, end uint32 // of its edges in the shard
	inside     bool   // the middle
}

// clipEdge is an edge in degrees of longitude and latitude from the square's middle.
type clipEdge struct{ x0, y0, x1, y1 float32 }

// maxClip is the number of edges above which the fence itself, with its bounds over runs of edges, is the faster one to ask.
const maxClip = 64

// clipper is a shape that may be clipped to a square.
type clipper interface {
	// clip appends the edges near a square; ok is false where the shape cannot be told by one line near it.
	clip(dst []clipEdge, d disc) (edges []clipEdge, inside, ok bool)
}

// clip takes one ring's edges: where a square meets several rings, or a ring in several repetitions, it is left to the fence.
func (s polygons) clip(dst []clipEdge, d disc) (edges []clipEdge, inside, ok bool) {
	b := d.box()
	if b.everyLongitude {
		return dst, false, false
	}
	var near *ring
	var of *polygon
	for i := range s {
		for n := -1; n < len(s[i].holes); n++ {
			r := &s[i].outer
			if n >= 0 {
				r = &s[i].holes[n]
			}
			if !r.meets(b) {
				continue
			}
			if near != nil {
				return dst, false, false
			}
			near, of = r, &s[i]
		}
	}
	if near == nil || near.pole != 0 {
		return dst, false, false
	}
	// every other ring is on one side of the whole box, so that crossing this one changes the answer, unless another one decides it alone
	if near == &of.outer {
		for i := range of.holes {
			if of.holes[i].locate(d.center) != outside {
				return dst, false, false
			}
		}
		inside = near.locate(d.center) != outside
	} else {
		if of.outer.locate(d.center) != within {
			return dst, false, false
		}
		inside = near.locate(d.center) == outside
	}
	edges, ok = near.clip(dst, b)
	return edges, inside, ok
}

// clip appends the edges of r that meet the box; ok is false for too many of them, or for a second repetition.
func (r *ring) clip(dst []clipEdge, b box) (edges []clipEdge, ok bool) {
	frames := 0
	first := math.Ceil((r.minX - b.halfX - b.x) / 360)
	for x := b.x + 360*first; x-b.halfX <= r.maxX; x += 360 {
		frames++
		before := len(dst)
		r.walk(func(run *bounds, _, _ int) bool {
			return run.minX > x+b.halfX || run.maxX < x-b.halfX || run.minY > b.y+b.halfY || run.maxY < b.y-b.halfY
		}, func(i int) {
			x0, y0, x1, y1 := r.edge(i)
			if len(dst)-before <= maxClip && segmentMeets(x0-x, y0-b.y, x1-x, y1-b.y, b.halfX, b.halfY) {
				dst = append(dst, clipEdge{float32(x0 - x), float32(y0 - b.y), float32(x1 - x), float32(y1 - b.y)})
			}
		})
		if frames > 1 || len(dst)-before > maxClip {
			return dst, false
		}
	}
	return dst, frames == 1
}

// verdict is what a clip says of a point.
type verdict int

const (
	unsure verdict = iota
	isOutside
	isInside
)

// clipBand is many times the share by which a product of two coordinates in single precision may be wrong.
const clipBand = 1e-6

// settle walks from the middle to a point, in degrees from it.
func (c clip) settle(edges []clipEdge, x, y float64) verdict {
	in := c.inside
	for i := range edges {
		e := &edges[i]
		x0, y0, x1, y1 := float64(e.x0), float64(e.y0), float64(e.x1), float64(e.y1)
		// on which side of the way the edge's ends lie, and on which side of the edge the ends of the way
		s0, s1 := x*y0-y*x0, x*y1-y*x1
		m0, m1 := clipBand*(math.Abs(x*y0)+math.Abs(y*x0)), clipBand*(math.Abs(x*y1)+math.Abs(y*x1))
		if s0 > m0 && s1 > m1 || s0 < -m0 && s1 < -m1 {
			continue
		}
		dx, dy := x1-x0, y1-y0
		t0 := dy*x0 - dx*y0
		t1 := t0 + dx*y - dy*x
		wide, high := math.Abs(x0)+math.Abs(x1), math.Abs(y0)+math.Abs(y1)
		n0 := clipBand * (high*math.Abs(x0) + wide*math.Abs(y0))
		n1 := n0 + clipBand*(wide*math.Abs(y)+high*math.Abs(x))
		if t0 > n0 && t1 > n1 || t0 < -n0 && t1 < -n1 {
			continue
		}
		if math.Abs(s0) <= m0 || math.Abs(s1) <= m1 || math.Abs(t0) <= n0 || math.Abs(t1) <= n1 {
			return unsure
		}
		in = !in
	}
	if in {
		return isInside
	}
	return isOutside
}
