package geo

import (
	"math"
	"sync"
)

// maxDrawn bounds the cells of a set whose outline is drawn: of a larger one the cells near a place are asked for one by one.
const maxDrawn = 512

// contour is the line round a set of cells, without the sides that two of them share: drawn when it is first asked for, since the library takes long to draw a cell. It is safe
// for concurrent use.
type contour struct {
	once       sync.Once
	sides      []drawnSide // nil: it cannot be drawn in one plane, or would be long
	minX, maxX float64
}

// drawnSide is one side of a cell, in degrees, with the cell to its left.
type drawnSide struct{ x0, y0, x1, y1 float64 }

// of returns the sides and their westernmost and easternmost longitudes; none: the set is not drawn.
func (o *contour) of(cells []Cell) (sides []drawnSide, minX, maxX float64) {
	o.once.Do(func() { o.draw(cells) })
	return o.sides, o.minX, o.maxX
}

func (o *contour) draw(cells []Cell) {
	if len(cells) > maxDrawn {
		return
	}
	var sides []drawnSide
	open := make(map[[4]int64]int) // sides that no neighbour has met, by their ends the other way round, from 1
	o.minX, o.maxX = math.Inf(1), math.Inf(-1)
	for _, cell := range cells {
		r, ok := outlineOf(cell)
		if !ok || r.pole != 0 || r.minX < -180 || r.maxX > 180 {
			return
		}
		o.minX, o.maxX = min(o.minX, r.minX), max(o.maxX, r.maxX)
		for i := range r.edges() {
			var e drawnSide
			e.x0, e.y0, e.x1, e.y1 = r.edge(i)
			if met := open[e.key()]; met > 0 {
				delete(open, e.key())
				sides[met-1] = drawnSide{} // of no length
				continue
			}
			sides = append(sides, e)
			open[drawnSide{e.x1, e.y1, e.x0, e.y0}.key()] = len(sides)
		}
	}
	o.sides = make([]drawnSide, 0, len(open))
	for _, e := range sides {
		if e != (drawnSide{}) {
			o.sides = append(o.sides, e)
		}
	}
}

// key is the ends of a side to a tenth of a millimetre, by which neighbours agree. Sides that are not known again are drawn there and back, which sums to nothing.
func (e drawnSide) key() [4]int64 {
	const perDegree = 1e9
	return [4]int64{
		int64(math.Round(e.x0 * perDegree)), int64(math.Round(e.y0 * perDegree)),
		int64(math.Round(e.x1 * perDegree)), int64(math.Round(e.y1 * perDegree)),
	}
}

// outlined is the chance of being in a set whose outline is drawn; ok is false where it is not, or may lie round the globe from p.
func (s cellSet) outlined(p LatLng, sigma float64) (chance float64, ok bool) {
	sides, minX, maxX := s.line.of(s.cells)
	if len(sides) == 0 || minX-p.Lng < -90 || maxX-p.Lng > 90 {
		return 0, false
	}
	perLat := radians(float64(EarthRadius))
	perLng := perLat * max(1e-9, math.Cos(radians(p.Lat)))
	near := reach * sigma
	met, sum := false, 0.0
	for i := range sides {
		x0, y0 := (sides[i].x0-p.Lng)*perLng, (sides[i].y0-p.Lat)*perLat
		x1, y1 := (sides[i].x1-p.Lng)*perLng, (sides[i].y1-p.Lat)*perLat
		if min(x0, x1) > near || max(x0, x1) < -near || min(y0, y1) > near || max(y0, y1) < -near {
			sum += angleBetween(x0, y0, x1, y1)
			continue
		}
		met = true
		sum += edgeTurn(x0, y0, x1, y1, sigma)
	}
	if met {
		return sum / (2 * math.Pi), true
	}
	if s.contains(p) {
		return 1, true
	}
	return 0, true
}
