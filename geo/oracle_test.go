package geo_test

import (
	"math"
	"math/big"
	"slices"
	"testing"

	"github.com/uber/h3-go/v4"

	"github.com/sihai-network/sihai/geo"
)

// figure is a fence as a test means it: one of a circle, the rings of some polygons, and cells.
type figure struct {
	name   string
	center geo.LatLng // of a circle
	radius float64    // metres; 0: no circle
	parts  [][][]geo.LatLng
	cells  []string
}

func (f figure) fence(t testing.TB) *geo.Fence {
	t.Helper()
	var made *geo.Fence
	var err error
	switch {
	case f.radius > 0:
		made, err = geo.NewCircle(f.center, geo.Meters(f.radius))
	case len(f.cells) > 0:
		made, err = geo.NewCellSet(f.cells)
	case len(f.parts) == 1:
		made, err = geo.NewPolygon(f.parts[0])
	default:
		made, err = geo.NewMultiPolygon(f.parts)
	}
	if err != nil {
		t.Fatalf("%s: %v", f.name, err)
	}
	return made
}

// verdict is what the oracle says of a point and a fence.
type verdict int8

const (
	isOut verdict = iota
	isIn
	isClose // within band of the line: either answer is right
)

// band is the distance from a fence's line, in metres, within which answers may differ.
const band = 0.001

// oracle decides by other means than package geo. A polygon: the edges that the meridian north of the point crosses are counted, by exact arithmetic where
// floating point is not sure; no ring is unwrapped, and no bound of a ring is used. A circle: the angle between unit vectors. A set of cells: the library's cell.
type oracle struct {
	figures []figure
	rings   []oracleRing
	byRing  [][]int // numbers of a figure's rings
	polar   []int   // figures with a ring round the north pole, in which a point is that no edge is north of
	columns float64 // of edges, to a degree of longitude
	edges   map[int][]oracleEdge
	centers map[int][3]float64 // of the circles
	cells   map[int]map[h3.Cell]bool
	levels  []int // resolutions of cells in use
	// Of the point at hand:
	parity, close []bool
	verdicts      []verdict
}

// oracleRing is a ring of a figure.
type oracleRing struct {
	figure      int
	hole, north bool // north: it winds round the north pole
}

type oracleEdge struct {
	ring int
	a, b geo.LatLng
}

func newOracle(figures []figure) *oracle {
	o := &oracle{figures: figures, byRing: make([][]int, len(figures)), cells: map[int]map[h3.Cell]bool{}, centers: map[int][3]float64{}, edges: map[int][]oracleEdge{}, columns: columnsFor(figures)}
	for i, f := range figures {
		for _, rings := range f.parts {
			for k, vertices := range rings {
				o.addRing(oracleRing{figure: i, hole: k > 0}, vertices)
			}
		}
		if f.radius > 0 {
			o.centers[i] = unit(f.center)
		}
		if len(f.cells) > 0 {
			o.cells[i] = map[h3.Cell]bool{}
		}
		for _, index := range f.cells {
			cell := h3.CellFromString(index)
			o.cells[i][cell] = true
			if r := cell.Resolution(); !slices.Contains(o.levels, r) {
				o.levels = append(o.levels, r)
			}
		}
	}
	o.parity, o.close = make([]bool, len(o.rings)), make([]bool, len(o.rings))
	o.verdicts = make([]verdict, len(figures))
	for number, r := range o.rings {
		o.parity[number] = r.north
	}
	return o
}

// columnsFor sorts edges more finely where there are many and short ones.
func columnsFor(figures []figure) float64 {
	edges, width := 1, 0.0
	for _, f := range figures {
		for _, ring := range slices.Concat(f.parts...) {
			for i, v := range ring {
				edges++
				width += math.Abs(eastward(ring[(i+1)%len(ring)].Lng - v.Lng))
			}
		}
	}
	switch {
	case edges < 1_000:
		return 1
	case width/float64(edges) < 0.02:
		return 512
	}
	return 16
}

// column is that of a longitude, which may be beyond the antimeridian.
func (o *oracle) column(lng float64) int { return int(math.Floor(lng * o.columns)) }

func (o *oracle) addRing(r oracleRing, vertices []geo.LatLng) {
	number := len(o.rings)
	var turned, sumLat float64
	for i, a := range vertices {
		b := vertices[(i+1)%len(vertices)]
		if a == b {
			continue
		}
		d := eastward(b.Lng - a.Lng)
		turned += d
		sumLat += a.Lat
		pad := min(180, 2e-8/max(1e-12, math.Cos(max(math.Abs(a.Lat), math.Abs(b.Lat))*math.Pi/180)))
		from, to := o.column(a.Lng+min(0, d)-pad), o.column(a.Lng+max(0, d)+pad)
		all := int(360 * o.columns)
		for c := from; c <= min(to, from+all-1); c++ {
			k := ((c+all/2)%all+all)%all - all/2
			o.edges[k] = append(o.edges[k], oracleEdge{number, a, b})
		}
	}
	r.north = math.Abs(turned) > 180 && sumLat > 0
	if r.north {
		o.polar = append(o.polar, r.figure)
	}
	o.rings = append(o.rings, r)
	o.byRing[r.figure] = append(o.byRing[r.figure], number)
}

// eastward brings a difference of longitudes to the shorter way.
func eastward(d float64) float64 {
	if d > 180 {
		return d - 360
	}
	if d < -180 {
		return d + 360
	}
	return d
}

// at says where p lies with regard to each figure, until it is asked again.
func (o *oracle) at(p geo.LatLng) []verdict {
	clear(o.verdicts)
	edges := o.edges[o.column(math.Mod(p.Lng+180, 360)-180)]
	for i := range edges {
		e := &edges[i]
		if isNear(p, e.a, e.b) {
			o.close[e.ring] = true
		}
		if crossesNorth(p, e.a, e.b) {
			o.parity[e.ring] = !o.parity[e.ring]
		}
	}
	for _, figure := range o.polar {
		o.verdicts[figure] = o.inParts(figure)
	}
	last := -1
	for i := range edges {
		if figure := o.rings[edges[i].ring].figure; figure != last {
			o.verdicts[figure] = o.inParts(figure)
			last = figure
		}
	}
	for i := range edges {
		number := edges[i].ring
		o.parity[number], o.close[number] = o.rings[number].north, false
	}
	here := unit(p)
	for i, center := range o.centers {
		o.verdicts[i] = inCircle(angle(here, center), o.figures[i].radius)
	}
	for _, resolution := range o.levels {
		cell, err := h3.LatLngToCell(h3.LatLng{Lat: p.Lat, Lng: p.Lng}, resolution)
		for i, cells := range o.cells {
			if err == nil && cells[cell] {
				o.verdicts[i] = isIn
			}
		}
	}
	return o.verdicts
}

func (o *oracle) inParts(figure int) verdict {
	var inOuter, inHole verdict // 1 where the point is in the outer ring, or in a hole, of the part at hand
	found := isOut
	for _, number := range o.byRing[figure] {
		r := &o.rings[number]
		if o.close[number] {
			return isClose
		}
		if !r.hole {
			found = max(found, inOuter&^inHole)
			inOuter, inHole = 0, 0
		}
		if o.parity[number] && r.hole {
			inHole = 1
		} else if o.parity[number] {
			inOuter = 1
		}
	}
	return max(found, inOuter&^inHole)
}

func inCircle(distance, radius float64) verdict {
	switch d := distance - radius; {
	case d < -band:
		return isIn
	case d > band:
		return isOut
	}
	return isClose
}

// arc is the great-circle distance in metres.
func arc(p, q geo.LatLng) float64 { return angle(unit(p), unit(q)) }

// angle is that between unit vectors, in metres on the globe.
func angle(a, b [3]float64) float64 {
	x, y, z := a[1]*b[2]-a[2]*b[1], a[2]*b[0]-a[0]*b[2], a[0]*b[1]-a[1]*b[0]
	return 6_371_007.180918475 * math.Atan2(math.Sqrt(x*x+y*y+z*z), a[0]*b[0]+a[1]*b[1]+a[2]*b[2])
}

func unit(p geo.LatLng) [3]float64 {
	lat, lng := p.Lat*math.Pi/180, p.Lng*math.Pi/180
	return [3]float64{math.Cos(lat) * math.Cos(lng), math.Cos(lat) * math.Sin(lng), math.Sin(lat)}
}

// isNear reports whether the edge comes within band of p, in a plane scaled at p.
func isNear(p, a, b geo.LatLng) bool {
	const meters = 111_194.9
	if p.Lat < min(a.Lat, b.Lat)-1e-7 || p.Lat > max(a.Lat, b.Lat)+1e-7 {
		return false
	}
	scale := meters * math.Cos(p.Lat*math.Pi/180)
	west := eastward(a.Lng - p.Lng)
	for _, turn := range []float64{-360, 0, 360} {
		x0, y0 := (west+turn)*scale, (a.Lat-p.Lat)*meters
		dx, dy := eastward(b.Lng-a.Lng)*scale, (b.Lat-a.Lat)*meters
		t := 0.0
		if l := dx*dx + dy*dy; l > 0 {
			t = max(0, min(1, -(x0*dx+y0*dy)/l))
		}
		if math.Hypot(x0+t*dx, y0+t*dy) <= band {
			return true
		}
	}
	return false
}

// crossesNorth reports whether the edge crosses the meridian from p to the north pole. A vertex on the meridian counts as west of it.
func crossesNorth(p, a, b geo.LatLng) bool {
	if a.Lat <= p.Lat && b.Lat <= p.Lat {
		return false
	}
	ax := eastward(a.Lng - p.Lng)
	b0 := eastward(b.Lng - p.Lng)
	bx := b0 + 360*math.Round((ax+eastward(b.Lng-a.Lng)-b0)/360)
	line := 360 * math.Min(math.Ceil(ax/360), math.Ceil(bx/360))
	if math.Ceil(ax/360) == math.Ceil(bx/360) {
		return false
	}
	if a.Lat > p.Lat && b.Lat > p.Lat {
		return true
	}
	// The latitude at the meridian less that of p, times the edge's length in longitude.
	det := (a.Lat-p.Lat)*(bx-ax) + (line-ax)*(b.Lat-a.Lat)
	if math.Abs(det) > 1e-9*(math.Abs(bx-ax)+math.Abs(b.Lat-a.Lat)) {
		return (det > 0) == (bx > ax)
	}
	turns := func(x float64, v geo.LatLng) *big.Rat { // v's longitude from p, exactly
		exact := new(big.Rat).Sub(rat(v.Lng), rat(p.Lng))
		return exact.Add(exact, rat(360*math.Round((x-(v.Lng-p.Lng))/360)))
	}
	x0, x1 := turns(ax, a), turns(bx, b)
	width := new(big.Rat).Sub(x1, x0)
	rise := new(big.Rat).Sub(rat(b.Lat), rat(a.Lat))
	rise.Mul(rise, new(big.Rat).Sub(rat(line), x0))
	exact := new(big.Rat).Sub(rat(a.Lat), rat(p.Lat))
	exact.Mul(exact, width).Add(exact, rise)
	return exact.Sign() != 0 && (exact.Sign() > 0) == (width.Sign() > 0)
}

func rat(x float64) *big.Rat { return new(big.Rat).SetFloat64(x) }

// The oracle itself is right about points anybody can place.
func TestOracleKnowsPlainCases(t *testing.T) {
	square := [][]geo.LatLng{{{Lat: 10, Lng: 170}, {Lat: 10, Lng: -170}, {Lat: 20, Lng: -170}, {Lat: 20, Lng: 170}}, {{Lat: 14, Lng: 178}, {Lat: 16, Lng: 178}, {Lat: 16, Lng: -178}, {Lat: 14, Lng: -178}}}
	pole := [][]geo.LatLng{{{Lat: 70, Lng: 0}, {Lat: 70, Lng: 120}, {Lat: 70, Lng: -120}}}
	south := [][]geo.LatLng{{{Lat: -70, Lng: 0}, {Lat: -70, Lng: 120}, {Lat: -70, Lng: -120}}}
	o := newOracle([]figure{{parts: [][][]geo.LatLng{square}}, {parts: [][][]geo.LatLng{pole}}, {parts: [][][]geo.LatLng{south}}, {center: geo.LatLng{Lat: 80}, radius: 2_000_000}})
	for _, c := range []struct {
		name string
		at   geo.LatLng
		want [4]verdict
	}{
		{"in the square", geo.LatLng{Lat: 12, Lng: 180}, [4]verdict{isIn, isOut, isOut, isOut}},
		{"in its hole", geo.LatLng{Lat: 15, Lng: -180}, [4]verdict{isOut, isOut, isOut, isOut}},
		{"west of it", geo.LatLng{Lat: 15, Lng: 169}, [4]verdict{isOut, isOut, isOut, isOut}},
		{"on its side", geo.LatLng{Lat: 15, Lng: 170}, [4]verdict{isClose, isOut, isOut, isOut}},
		{"north pole", geo.LatLng{Lat: 90}, [4]verdict{isOut, isIn, isOut, isIn}},
		{"by the north pole", geo.LatLng{Lat: 71, Lng: 170}, [4]verdict{isOut, isIn, isOut, isOut}},
		{"south pole", geo.LatLng{Lat: -90}, [4]verdict{isOut, isOut, isIn, isOut}},
		{"by the south pole", geo.LatLng{Lat: -70.5, Lng: 33}, [4]verdict{isOut, isOut, isIn, isOut}},
	} {
		for i, got := range o.at(c.at) {
			if got != c.want[i] {
				t.Errorf("%s: figure %d is %d, want %d", c.name, i, got, c.want[i])
			}
		}
	}
}
