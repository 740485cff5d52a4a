package geo

import "math"

// A clip is what of a polygon's line lies near one square, in whole units of the square's span: the line cut to a box a little larger than that, and rounded.
// A point of the span is inside when the way to it from the far west crosses the line an odd number of times, or an even one, which is a bit of the clip
// (Shimrat, Algorithm 112, CACM 5(8), 1962).
//
// It is exact but for what it leaves open. Every point of the line is moved by rounding by at most 0.71 units, and so is the point asked about. A closed line that is
// moved without touching a point goes round it as often as before; so what is farther than 1.42 units from the rounded line is on the side that integers tell, and
// what is nearer than clipBand is left to the fence. What the line does beyond the box is replaced by its nearest point of the box's border, which touches no point within. Of the
// border only its western side is met on the way from the west: an end of the line there is led to the corner in the north, and how often the line runs along
// the whole of that side does not depend on the point and is in the bit.
//
// Its words: a head, and then the vertices. A vertex has the latitude in the high half and the longitude, doubled, in the low; the bit that this leaves says that it begins a
// piece, which is not joined to the vertex before.
//
// Head: bits 0–7 vertices · 8 inside · 9–15 the western end of the line, in 128ths of the box, 16–23 and 24–31 the southern and the northern, in 256ths.
type clip []uint32

// maxClip is the number of vertices above which the fence itself, with its bounds over runs of edges, is the faster one to ask.
const maxClip = 96

// clipBand is the units from a line within which a point is left open: see clip.
const clipBand = 2

// headShiftX and headShiftY bring a coordinate, counted from -16384, to the parts of the head.
const (
	headShiftX = 8
	headShiftY = 7
)

func clipVertex(x, y float64, begins bool) uint32 {
	v := uint32(int32(math.Round(y)))<<16 | uint32(uint16(int16(math.Round(x))<<1))
	if begins {
		v |= 1
	}
	return v
}

func vertexAt(v uint32) (x, y int32) { return int32(int16(v)) >> 1, int32(v) >> 16 }

// clipHead sums up vertices.
func clipHead(vertices []uint32, inside bool) uint32 {
	west, south, north := int32(clipEdge), int32(clipEdge), int32(-clipEdge)
	for _, v := range vertices {
		x, y := vertexAt(v)
		west, south, north = min(west, x), min(south, y), max(north, y)
	}
	// one part farther out than they are, which is more than the band
	part := func(c int32, shift, most int32) uint32 { return uint32(min(max((c+1<<14)>>shift, 0), most)) }
	head := uint32(len(vertices)) | part(west-clipBand-1, headShiftX, 127)<<9 | part(south-clipBand-1, headShiftY, 255)<<16 | part(north+clipBand+1, headShiftY, 255)<<24
	if inside {
		head |= 1 << 8
	}
	return head
}

// crossed is 1 for a point inside and 0 outside; sure is false for one near the line. Most points are off the part of the box in which the line is met from the west.
func (c clip) crossed(x, y int32) (odd uint32, sure bool) {
	head := c[0]
	east, above := (x+1<<14)>>headShiftX-int32(head>>9&127), (y+1<<14)>>headShiftY
	if (east | (above - int32(head>>16&255)) | (int32(head>>24) - above)) < 0 {
		return head >> 8 & 1, true
	}
	return crossings(c[1:], x, y, head>>8&1)
}

// crossings adds the number of edges that are met on the way from the west; sure is false near an edge.
func crossings(vertices []uint32, x, y int32, odd uint32) (sum uint32, sure bool) {
	last := vertices[0]
	y0 := int32(last)>>16 - y
	for _, v := range vertices[1:] {
		from := last
		last = v
		y1 := int32(v)>>16 - y
		// both ends to the north, or both to the south, or no edge
		if ((clipBand-y0)&(clipBand-y1) | (clipBand+y0)&(clipBand+y1) | -int32(v&1)) < 0 {
			y0 = y1
			continue
		}
		x0, x1 := int32(int16(from))>>1-x, int32(int16(v))>>1-x
		straddles := uint32(y0^y1) >> 31
		switch {
		case min(x0, x1) > clipBand:
		case max(x0, x1) < -clipBand:
			odd ^= straddles
		default:
			dx, dy := int64(x1-x0), int64(y1-y0)
			cross := int64(x0)*dy - int64(y0)*dx
			if wide := clipBand * (abs(dx) + abs(dy)); cross <= wide && cross >= -wide {
				return odd, false
			}
			// the edge is west of the point where it meets the parallel when the signs of cross and dy differ
			odd ^= straddles & uint32(uint64(cross^dy)>>63)
		}
		y0 = y1
	}
	return odd, true
}

func abs(n int64) int64 { return max(n, -n) }

// clip takes one ring's edges: where a square meets several rings, or a ring in several repetitions, it is left to the fence.
func (s polygons) clip(dst []uint32, b *span) (clip []uint32, ok bool) {
	near, alone := s.near(b.box())
	if !alone {
		return dst, false
	}
	head := len(dst)
	dst, ok = near.clip(append(dst, 0), b)
	vertices := dst[head+1:]
	if !ok || len(vertices) == 0 || len(vertices) > maxClip {
		return dst[:head], false
	}
	for n := range 25 { // the bit is found at a place that is far enough from the line: the middle is the first
		n = (n + 12) % 25
		x, y := int32(n%5-2)*(clipUnits/3), int32(n/5-2)*(clipUnits/3)
		if odd, sure := crossings(vertices, x, y, 0); sure {
			m := b.middle()
			at := LatLng{Lat: m.Lat + float64(y)/float64(b.scaleY), Lng: math.Remainder(m.Lng+float64(x)/float64(b.scaleX), 360)}
			dst[head] = clipHead(vertices, s.contains(at) != (odd == 1))
			return dst, true
		}
	}
	return dst[:head], false
}

// near returns the one ring that meets a box; alone is false where there are several or none, or where crossing it does not change the answer. Every other ring is on one side of
// the whole box.
func (s polygons) near(b box) (near *ring, alone bool) {
	var of *polygon
	for i := range s {
		for n := -1; n < len(s[i].holes); n++ {
			r := s[i].ring(n)
			switch {
			case !r.meets(b):
			case near != nil:
				return nil, false
			default:
				near, of = r, &s[i]
			}
		}
	}
	if near == nil || near.pole != 0 {
		return nil, false
	}
	middle := LatLng{Lat: b.y, Lng: b.x}
	for i := range s {
		if &s[i] != of && s[i].contains(middle) {
			return nil, false
		}
	}
	for n := -1; n < len(of.holes); n++ {
		r := of.ring(n)
		if r != near && (r.locate(middle) == outside) == (n < 0) {
			return nil, false // outside of the outer ring, or within another hole
		}
	}
	return near, true
}

// clip appends the vertices of r cut to the box; ok is false for too many of them, or for a second repetition.
func (r *ring) clip(dst []uint32, b *span) (vertices []uint32, ok bool) {
	around := b.box()
	x := around.x + 360*math.Ceil((r.minX-around.halfX-around.x)/360)
	if x-around.halfX > r.maxX || x+360-around.halfX <= r.maxX {
		return dst, false
	}
	c := cutter{vertices: dst, most: len(dst) + maxClip + 4, next: -1}
	scaleX, scaleY := float64(b.scaleX), float64(b.scaleY)
	r.walk(func(run bounds, _, _ int) bool {
		return run.minX > x+around.halfX || run.maxX < x-around.halfX || run.minY > around.y+around.halfY || run.maxY < around.y-around.halfY
	}, func(i int) {
		x0, y0, x1, y1 := r.edge(i)
		c.add(i, (x0-x)*scaleX, (y0-around.y)*scaleY, (x1-x)*scaleX, (y1-around.y)*scaleY)
	})
	return c.vertices, len(c.vertices) <= c.most
}

// cutter cuts the edges of a line, given in order, to the box of clipEdge.
type cutter struct {
	vertices []uint32
	most     int // vertices, where it ends
	next     int // the edge that goes on where the last vertex is; -1: none
}

// northWest is the corner of the box to which ends on its western side are led.
var northWest = clipVertex(-clipEdge, clipEdge, false)

// add cuts edge i (Liang and Barsky, A New Concept and Method for Line Clipping, ACM TOG 3(1), 1984). Whether an end is cut off is told by that end alone, so that
// the edges that share it agree.
func (c *cutter) add(i int, x0, y0, x1, y1 float64) {
	if len(c.vertices) > c.most {
		return
	}
	dx, dy := x1-x0, y1-y0
	from, to := 0.0, 1.0
	westFrom, westTo := x0 < -clipEdge, x1 < -clipEdge // the side where the edge is cut is the western one
	for side, of := range [4][2]float64{{-dx, x0 + clipEdge}, {dx, clipEdge - x0}, {-dy, y0 + clipEdge}, {dy, clipEdge - y0}} {
		if of[0] == 0 {
			if of[1] < 0 {
				return
			}
			continue
		}
		if t := of[1] / of[0]; of[0] < 0 && t > from {
			from, westFrom = t, side == 0
		} else if of[0] > 0 && t < to {
			to, westTo = t, side == 0
		}
	}
	starts, ends := isCut(x0, y0), isCut(x1, y1)
	if !starts {
		from = 0
	}
	if !ends {
		to = 1
	}
	if from > to {
		return
	}
	if starts || i != c.next {
		begins := true
		if starts && westFrom {
			c.vertices, begins = append(c.vertices, northWest|1), false
		}
		c.vertices = append(c.vertices, clipVertex(bounded(x0+from*dx), bounded(y0+from*dy), begins))
	}
	c.vertices = append(c.vertices, clipVertex(bounded(x0+to*dx), bounded(y0+to*dy), false))
	c.next = i + 1
	if ends {
		c.next = -1
		if westTo {
			c.vertices = append(c.vertices, northWest)
		}
	}
}

// isCut reports whether a vertex is beyond the box.
func isCut(x, y float64) bool { return max(math.Abs(x), math.Abs(y)) > clipEdge }

// bounded takes the rounding of a cut back to the box.
func bounded(c float64) float64 { return max(-clipEdge, min(clipEdge, c)) }
