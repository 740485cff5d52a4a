package geo

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/uber/h3-go/v4"
)

// MaxCells is the greatest number of cells of a fence.
const MaxCells = 100_000

// maxResolution is the finest of H3.
const maxResolution = 15

// Cell is a cell of the H3 grid, its 64-bit index.
type Cell = h3.Cell

// cellSet is a set of H3 cells. A point is in it when the cell that H3 gives for the point, at the resolution of one of the listed
// cells, is that cell.
type cellSet struct {
	cells       []Cell       // ascending
	middles     [][3]float32 // unit vectors to the middle of each, which the library takes long to tell
	resolutions []int        // in use, ascending
	around      disc         // of all
	line        *contour     // of all
}

// NewCellSet returns the union of H3 cells, of one or several resolutions, given by their indexes in hexadecimal. Doubles count once. A point
// belongs to the cell that H3 gives for it: the cells of a resolution share no point and leave none out. The error is Faults, with paths such as "[2]".
func NewCellSet(indexes []string) (*Fence, error) {
	var faults Faults
	if len(indexes) == 0 {
		faults.add("", "required", "a set of cells needs at least one cell")
	}
	if len(indexes) > MaxCells {
		faults.add("", "too_many", "%d cells, at most %d are allowed", len(indexes), MaxCells)
		return nil, faults
	}
	s := cellSet{cells: make([]Cell, 0, len(indexes)), line: new(contour)}
	for i, index := range indexes {
		cell := h3.CellFromString(index)
		if len(index) > 16 || !cell.IsValid() || cell.String() != index {
			faults.add(fmt.Sprintf("[%d]", i), "invalid", "%.20q is not an H3 cell index in lower-case hexadecimal", index)
			continue
		}
		s.cells = append(s.cells, cell)
	}
	if len(faults) > 0 {
		return nil, faults
	}
	slices.Sort(s.cells)
	s.cells = slices.Compact(s.cells)
	for _, cell := range s.cells {
		if r := cell.Resolution(); !slices.Contains(s.resolutions, r) {
			s.resolutions = append(s.resolutions, r)
		}
	}
	slices.Sort(s.resolutions)
	hulls := make([]disc, len(s.cells))
	s.middles = make([][3]float32, len(s.cells))
	for i, cell := range s.cells {
		around, ok := hullDisc(cell)
		if !ok {
			faults.add("", "invalid", "cell %s has no outline", cell)
			return nil, faults
		}
		hulls[i] = around
		for k, c := range around.center.vector() {
			s.middles[i][k] = float32(c)
		}
	}
	s.around = discOf(hulls)
	return &Fence{shape: s}, nil
}

func (s cellSet) contains(p LatLng) bool {
	var cells cellsOf
	return s.holds(&cells, p)
}

// cellsOf is the cells of one point that were asked for so far.
type cellsOf struct {
	known uint32
	cells [maxResolution + 1]Cell
}

// at returns the true cell of p at a resolution; 0 for a position that is not valid.
func (c *cellsOf) at(p LatLng, resolution int) Cell {
	if c.known&(1<<resolution) == 0 {
		c.known |= 1 << resolution
		c.cells[resolution], _ = cellAt(p, resolution)
	}
	return c.cells[resolution]
}

// holds is contains with the cells of p, which are its own.
func (s cellSet) holds(cells *cellsOf, p LatLng) bool {
	for _, resolution := range s.resolutions {
		if _, ok := slices.BinarySearch(s.cells, cells.at(p, resolution)); ok {
			return true
		}
	}
	return false
}

func (s cellSet) distance(p LatLng) Meters {
	if s.contains(p) {
		return 0
	}
	best := Meters(math.Inf(1))
	for _, cell := range s.cells {
		around, ok := hullDisc(cell)
		if !ok || p.Distance(around.center)-around.radius > best {
			continue
		}
		if outline, ok := outlineOf(cell); ok {
			best = outline.distance(p, best)
		}
	}
	return best
}

// reaches looks at the cells' middles first: on the way to one the line is crossed.
func (s cellSet) reaches(p LatLng, radius Meters) bool {
	var open []Cell // whose line may be near enough
	at := p.vector()
	for i, cell := range s.cells {
		if s.gap(i, at) > radius {
			continue
		}
		hull, ok := hullDisc(cell)
		if !ok {
			continue
		}
		away := p.Distance(hull.center)
		if away <= radius {
			return true
		}
		if away-hull.radius <= radius {
			open = append(open, cell)
		}
	}
	return slices.ContainsFunc(open, func(cell Cell) bool {
		outline, ok := outlineOf(cell)
		return ok && outline.reaches(p, radius)
	})
}

// first reports whether p is in the set by a cell of a resolution and by none of a coarser one.
func (s cellSet) first(cells *cellsOf, p LatLng, resolution int) bool {
	for _, r := range s.resolutions {
		if r > resolution {
			break
		}
		if _, ok := slices.BinarySearch(s.cells, cells.at(p, r)); ok {
			return r == resolution
		}
	}
	return false
}

// outlineOf draws a cell, which asks the library: only for the few whose disc matters.
func outlineOf(cell Cell) (ring, bool) {
	boundary, err := cell.Boundary()
	if err != nil {
		return ring{}, false
	}
	vertices := make([]LatLng, len(boundary))
	for i, v := range boundary {
		vertices[i] = LatLng{v.Lat, v.Lng}
	}
	// straight lines in longitude and latitude: a cell's true edges are great circles, which differ by at most edge²·tan(lat)/(8·EarthRadius): a centimetre
	// for a cell of resolution 8 at 45 degrees
	return newRing(vertices)
}

// cellAt returns the true cell of a position at a resolution; an error only for a position that is not valid.
func cellAt(p LatLng, resolution int) (Cell, error) {
	return h3.LatLngToCell(h3.LatLng{Lat: p.Lat, Lng: p.Lng}, resolution)
}

// cellReach is the length that, divided by √7 for each resolution, no corner of a cell is away from its middle: 1,404,987 m are met at every resolution
// from 4 to 15, and less at the coarser ones.
const cellReach Meters = 1_450_000

// hullDisc returns a disc that holds a cell; ok is false only for what is no cell.
func hullDisc(cell Cell) (d disc, ok bool) {
	center, err := cell.LatLng()
	return disc{LatLng{center.Lat, center.Lng}, reachOf(cell.Resolution())}, err == nil
}

func reachOf(resolution int) Meters { return cellReach * Meters(math.Pow(7, -float64(resolution)/2)) }

// markShare is the side of the squares that are marked, in reaches of a cell: most cells touch one or two, and a square is not much larger than the
// few cells that are asked for in it.
const markShare = 8

// coverCells marks, in squares some times as large as each cell, that cells of its resolution are worth asking for there. The cells themselves are in the index under their
// own numbers.
func (c *Covering) coverCells(s cellSet) {
	var marks []mark
	var room [16]square
	for _, cell := range s.cells {
		hull, ok := hullDisc(cell)
		if !ok {
			continue
		}
		resolution := cell.Resolution()
		around, level := capOf(hull), levelFor(markShare, float64(reachOf(resolution)/EarthRadius))
		near := tiles{room[:0:4], room[4:4]}
		if !around.touch(&near, level) {
			near = descend(around, level, nil)
		}
		for _, at := range append(near.whole, near.crossed...) {
			if m := (mark{at, 1 << resolution}); len(marks) == 0 || m != marks[len(marks)-1] {
				marks = append(marks, m)
			}
		}
	}
	slices.SortFunc(marks, func(a, b mark) int { return cmp.Compare(a.square, b.square) })
	for i := 0; i < len(marks); {
		at, resolutions := marks[i].square, uint32(0)
		for ; i < len(marks) && marks[i].square == at; i++ {
			resolutions |= marks[i].resolutions
		}
		c.append(at, marked, resolutions)
	}
	c.words = slices.Clip(c.words)
}

// mark is a square and the resolutions, a bit each, that are worth asking for there.
type mark struct {
	square      square
	resolutions uint32
}
