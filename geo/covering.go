package geo

import (
	"math"
	"slices"
)

// Covering is what an index keeps of a fence: squares of its grid, none within another, that together hold the fence, and of each how the fence lies in it. It is
// immutable; the zero value is that of no fence.
type Covering struct {
	anew  bool     // whoever needs it computes it, which is cheaper than keeping it
	words []uint32 // postings, ascending by kind and then square; see each
}

// kind is how a fence lies in a square, in the order in which postings are kept.
type kind uint8

const (
	whole   kind = iota // the square is wholly in the fence
	asked               // the fence itself is to be asked
	round               // a circle's line crosses the square: a disc
	clipped             // a polygon's line does: a clip
	marked              // a cell of the fence touches the square: a bit for each resolution
	kinds
)

// Of a posting in a covering, the words of its head: the square, the higher half first, and the kind with the number of the words that follow.
const postingHead = 3

func (c *Covering) append(s square, k kind, data ...uint32) {
	c.words = append(c.words, uint32(s>>32), uint32(s), uint32(k)|uint32(len(data))<<8)
	c.words = append(c.words, data...)
}

// each calls fn for every posting with its own words.
func (c *Covering) each(fn func(s square, k kind, data []uint32)) {
	for rest := c.words; len(rest) > 0; {
		size := rest[2] >> 8
		fn(square(rest[0])<<32|square(rest[1]), kind(rest[2]), rest[postingHead:postingHead+size])
		rest = rest[postingHead+size:]
	}
}

// class is how a region lies with regard to a fence.
type class int

const (
	apart class = iota
	crossed
	interior
)

// fineness is how fine a covering is: the side of the finest squares is at least that many radii of the fence's disc, and less than four times as many. A coarse square holds
// more fences than it need, each looked at; a fine one means more postings. A circle's is twelve bytes and looked at in some two nanoseconds; of a polygon, squares that its
// line does not cross cost four bytes and nothing to look at. BenchmarkFineness has what others cost.
type fineness struct{ circle, polygon float64 }

var usual = fineness{circle: 0.7, polygon: 0.2}

// coverMargin widens a square's disc beyond the rounding of its corners.
const coverMargin Meters = 0.01

// Cover returns the covering of f, the same each time: some six squares for a circle, more for what is long or crooked, and for a set of cells those in which a lookup has to ask
// for cells. Cost: a microsecond for a circle, and for a polygon a walk to the few edges near each square; for a set of cells half a microsecond a cell.
func Cover(f *Fence) Covering { return usual.cover(f) }

func (n fineness) cover(f *Fence) (c Covering) {
	switch s := f.shape.(type) {
	case circle:
		c.coverCircle(s, n.circle)
	case polygons:
		c.coverPolygons(s, n.polygon)
	case cellSet:
		c.coverCells(s)
	}
	return c
}

// levelFor returns the finest level kept at which a mean side is at least a share of an angle.
func levelFor(share, angle float64) int {
	finest := int(math.Floor(math.Log2(meanEdge / (share * max(angle, 1e-7)))))
	return min(max(finest, 0), maxLevel) / levelStep * levelStep
}

// tiles is the squares that a fence touches.
type tiles struct {
	whole   []square // wholly in the fence
	crossed []square // perhaps partly outside, or untouched by less than their own size
}

func (t *tiles) sort() {
	slices.Sort(t.whole)
	slices.Sort(t.crossed)
}

func (c *Covering) coverCircle(s circle, fine float64) {
	around := capOf(s.disc())
	level := levelFor(fine, around.angle)
	var room [32]square
	near := tiles{room[:0:8], room[8:8]}
	if !around.touch(&near, level) {
		near = descend(around, level, nil)
	}
	near.sort()
	c.words = make([]uint32, 0, postingHead*len(near.whole)+(postingHead+discWords-1)*len(near.crossed))
	for _, at := range near.whole {
		c.append(at, whole)
	}
	radius := radiusIn(around.angle, level)
	var discs [32]uint32
	centers := discs[:0] // of the squares that discs can be kept of, which are moved to the front
	for _, at := range near.crossed {
		if center, ok := discAt(at, around, radius); ok {
			near.crossed[len(centers)] = at
			centers = append(centers, center)
		} else {
			c.append(at, asked)
		}
	}
	for i, center := range centers {
		at := near.crossed[i]
		c.words = append(c.words, uint32(at>>32), uint32(at), uint32(round)|(discWords-1)<<8, center, uint32(radius))
	}
}

func (c *Covering) coverPolygons(s polygons, fine float64) {
	around := capOf(s.disc())
	near := descend(around, levelFor(fine, around.angle), s.classify)
	w := clipping{shape: s, whole: near.whole}
	for _, at := range near.crossed {
		w.add(at, refinements)
	}
	w.appendTo(c)
}

// classify treats a square as the box of latitudes and longitudes round it.
func (s polygons) classify(at square, center [3]float64) class {
	var b box
	if span, ok := at.span(); ok {
		b = span.box()
	} else {
		b = disc{position(center), Meters(at.radius(center))*EarthRadius*(1+1e-9) + coverMargin}.box()
	}
	result := apart
	for i := range s {
		result = max(result, s[i].classify(b))
	}
	return result
}

func (g *polygon) classify(b box) class {
	for n := -1; n < len(g.holes); n++ {
		if g.ring(n).meets(b) {
			return crossed
		}
	}
	if g.contains(LatLng{Lat: b.y, Lng: b.x}) {
		return interior
	}
	return apart
}
