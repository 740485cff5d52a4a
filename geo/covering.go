package geo

import (
	"math"
	"slices"

	"github.com/uber/h3-go/v4"
)

// Covering is the cells of the H3 grid that a fence touches, ascending: of one resolution, but for a fence that is a set of cells.
type Covering struct {
	Interior []Cell // wholly in the fence
	Boundary []Cell // perhaps partly outside, or untouched by less than their own size
}

// class is how a cell lies with regard to a fence.
type class int

const (
	apart class = iota
	crossed
	interior
)

// level is a resolution at which fences are covered, with the mean area of its cells (h3geo.org, tables of cell statistics).
type level struct {
	resolution int
	area       float64 // square metres
}

// coverLevels are the resolutions in use, finest first. Every second one: each costs every lookup a cell, and a step of two changes the number of cells 49 times.
var coverLevels = [...]level{{9, 105_333}, {7, 5_161_293}, {5, 252_903_858}, {3, 12_393_434_655}, {1, 609_788_441_794}}

// coverTarget is the number of cells above which a coarser level is taken.
const coverTarget = 160

// Cover returns the covering of f at the finest level that needs at most some 160 cells. Cost: about 3 µs
// a cell, and for a polygon a walk to the few edges near it; for a set of cells nothing.
func Cover(f *Fence) Covering { return f.shape.cover() }

func (s cellSet) cover() Covering { return Covering{Interior: s.cells} }

func (c circle) cover() Covering {
	return coverAtBestLevel(math.Pi*float64(c.radius)*float64(c.radius), []LatLng{c.center}, func(h hull) class {
		d := c.center.Distance(h.center)
		switch {
		case d > c.radius+h.radius:
			return apart
		case d < c.radius-h.radius:
			return interior
		}
		return crossed
	})
}

func (s polygons) cover() Covering {
	var seeds []LatLng
	var area float64
	for i := range s {
		seeds = append(seeds, s[i].outer.vertices()...)
		for j := range s[i].holes {
			seeds = append(seeds, s[i].holes[j].vertices()...)
		}
		area = max(area, s[i].outer.groundArea())
	}
	return coverAtBestLevel(area, seeds, s.classify)
}

// vertices returns the ring's vertices on the globe.
func (r *ring) vertices() []LatLng {
	at := make([]LatLng, len(r.x))
	for i := range r.x {
		at[i] = LatLng{Lat: r.y[i], Lng: math.Remainder(r.x[i], 360)}
	}
	return at
}

// groundArea is a rough area in square metres.
func (r *ring) groundArea() float64 {
	perDegree := radians(float64(EarthRadius))
	return math.Abs(r.area()) / 2 * perDegree * perDegree * math.Cos(radians((r.minY+r.maxY)/2))
}

// classify treats a cell as the box of latitudes and longitudes round its disc.
func (s polygons) classify(h hull) class {
	b := h.box()
	found := apart
	for i := range s {
		found = max(found, s[i].classify(h.center, b))
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

// box returns the box round the cell's disc. A disc of angular radius ρ at latitude φ spans asin(sin ρ / cos φ) of longitude to
// each side (Bronshtein, Handbook of Mathematics, 3.4.1.3), and every longitude when it holds a pole.
func (h hull) box() box {
	rho := float64(h.radius / EarthRadius)
	b := box{x: h.center.Lng, y: h.center.Lat, halfY: rho * 180 / math.Pi}
	sine := math.Sin(min(rho, math.Pi/2)) / math.Cos(radians(h.center.Lat))
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

// coverAtBestLevel spreads from the cells of the seeds at the finest level that suffices. Each connected part of the fence holds a seed.
func coverAtBestLevel(area float64, seeds []LatLng, classify func(hull) class) Covering {
	for _, l := range coverLevels {
		last := l == coverLevels[len(coverLevels)-1]
		limit := coverTarget
		if last {
			limit = math.MaxInt
		}
		if !last && area > l.area*coverTarget {
			continue
		}
		if c, ok := spread(l.resolution, limit, seeds, classify); ok {
			return c
		}
	}
	return Covering{}
}

// spread visits the cells that the fence touches, from neighbour to neighbour. ok is false when there are more than limit. The cells that a connected
// region touches are connected, since three cells at most meet in a point and each two of them share an edge.
func spread(resolution, limit int, seeds []LatLng, classify func(hull) class) (c Covering, ok bool) {
	seen := make(map[Cell]bool)
	var queue []Cell
	push := func(cell Cell) {
		if cell != 0 && !seen[cell] {
			seen[cell] = true
			queue = append(queue, cell)
		}
	}
	for _, seed := range seeds {
		if cell, err := cellAt(seed, resolution); err == nil {
			push(cell)
		}
	}
	for len(queue) > 0 {
		cell := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		h, err := hullOf(cell)
		if err != nil {
			continue // never for a cell that the library gave
		}
		switch classify(h) {
		case apart:
			continue
		case interior:
			c.Interior = append(c.Interior, cell)
		case crossed:
			c.Boundary = append(c.Boundary, cell)
		}
		if len(c.Interior)+len(c.Boundary) > limit {
			return Covering{}, false
		}
		neighbours, err := h3.GridDisk(cell, 1)
		if err != nil {
			continue
		}
		for _, neighbour := range neighbours {
			push(neighbour)
		}
	}
	slices.Sort(c.Interior)
	slices.Sort(c.Boundary)
	return c, true
}
