package geo

import (
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
	cells       []Cell // ascending
	resolutions []int  // in use, ascending
	hulls       []disc // round each cell
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
	s := cellSet{cells: make([]Cell, 0, len(indexes))}
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
	s.hulls = make([]disc, len(s.cells))
	for i, cell := range s.cells {
		h, err := hullOf(cell)
		if err != nil {
			faults.add("", "invalid", "cell %s has no outline: %v", cell, err)
			return nil, faults
		}
		s.hulls[i] = disc{h.center, h.radius}
	}
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
	for i, around := range s.hulls {
		if p.Distance(around.center)-around.radius > best {
			continue
		}
		if outline, ok := s.outline(i); ok {
			best = outline.distance(p, best)
		}
	}
	return best
}

// outline draws a cell, which asks the library: only for the few whose disc matters.
func (s cellSet) outline(i int) (ring, bool) {
	h, err := hullOf(s.cells[i])
	if err != nil {
		return ring{}, false
	}
	return h.outline()
}

// cellAt returns the true cell of a position at a resolution; an error only for a position that is not valid.
func cellAt(p LatLng, resolution int) (Cell, error) {
	return h3.LatLngToCell(h3.LatLng{Lat: p.Lat, Lng: p.Lng}, resolution)
}

// hull is a cell's outline and a disc that holds it.
type hull struct {
	center   LatLng
	radius   Meters
	boundary []LatLng
}

// hullMargin widens a cell's disc beyond the rounding of H3's own arithmetic, which is under a millimetre.
const hullMargin Meters = 0.01

func hullOf(cell Cell) (hull, error) {
	center, err := cell.LatLng()
	if err != nil {
		return hull{}, fmt.Errorf("centre of cell %s: %w", cell, err)
	}
	boundary, err := cell.Boundary()
	if err != nil {
		return hull{}, fmt.Errorf("boundary of cell %s: %w", cell, err)
	}
	h := hull{center: LatLng{center.Lat, center.Lng}, boundary: make([]LatLng, len(boundary))}
	for i, v := range boundary {
		h.boundary[i] = LatLng{v.Lat, v.Lng}
		h.radius = max(h.radius, h.center.Distance(h.boundary[i]))
	}
	h.radius = h.radius*(1+1e-9) + hullMargin
	return h, nil
}

// outline is the cell as a ring of straight lines in longitude and latitude; a cell's true edges are great circles, which differ by at most
// edge²·tan(lat)/(8·EarthRadius): a centimetre for a cell of resolution 8 at 45 degrees.
func (h hull) outline() (ring, bool) { return newRing(h.boundary) }
