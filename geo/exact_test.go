package geo_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/uber/h3-go/v4"

	"github.com/sihai-network/sihai/geo"
)

// asks holds an index against asking every fence, which is exact: here no point is too close to a line.
func asks(t *testing.T, index *geo.Index, live map[uint32]geo.Item, at []geo.LatLng) (inside int) {
	t.Helper()
	for _, p := range at {
		var want []uint32
		for handle, item := range live {
			if item.Fence.Contains(p) {
				want = append(want, handle)
			}
		}
		slices.Sort(want)
		got := insideOf(index, p)
		if !slices.Equal(got, want) {
			t.Fatalf("at %v: got %v, want %v", p, got, want)
		}
		inside += len(got)
	}
	return inside
}

func itemsOf(t *testing.T, figures []figure) (items []geo.Item, live map[uint32]geo.Item) {
	t.Helper()
	live = map[uint32]geo.Item{}
	for i, f := range figures {
		items = append(items, geo.Item{Handle: uint32(i), Fence: f.fence(t)})
		live[uint32(i)] = items[i]
	}
	return items, live
}

// onLine returns a point of a figure's line or a vertex, moved by 1e-9 to 1e-3 degrees along one axis or both, or not at all.
func onLine(t *testing.T, random *rand.Rand, f figure) geo.LatLng {
	p := f.center
	if f.radius > 0 {
		p = beside(p, f.radius, []float64{0, math.Pi / 2, math.Pi, 2 * math.Pi * random.Float64()}[random.IntN(4)])
	} else {
		rings := f.parts[random.IntN(len(f.parts))]
		ring := rings[random.IntN(len(rings))]
		k := random.IntN(len(ring))
		p = between(ring[k], ring[(k+1)%len(ring)], float64(random.IntN(2))*random.Float64())
	}
	step := func() float64 {
		return float64(random.IntN(3)-1) * math.Pow(10, -9+6*random.Float64())
	}
	return at(min(90, max(-90, p.Lat+step())), math.Remainder(p.Lng+step(), 360))
}

// What rounding leaves open is asked of the fence: lookups equal asking at points on lines and corners, and by them, down to a tenth of a millimetre.
func TestLookupByLinesEqualsAsking(t *testing.T) {
	random := rand.New(rand.NewPCG(41, 42))
	var figures []figure
	for range 60 {
		center, size := onGlobe(random), math.Pow(10, -5+6*random.Float64()) // degrees
		figures = append(figures,
			figure{name: "star", parts: [][][]geo.LatLng{star(random, center, size)}},
			figure{name: "stars", parts: [][][]geo.LatLng{star(random, center, size), star(random, center, size)}},
			figure{name: "box", parts: [][][]geo.LatLng{{box(max(-90, center.Lat-size), center.Lng, center.Lat, center.Lng+size)}}},
			figure{name: "circle", center: center, radius: size * 111_195})
	}
	for i := range figures { // longitudes of boxes
		for _, rings := range figures[i].parts {
			for _, v := range rings {
				for k := range v {
					v[k].Lng = math.Remainder(v[k].Lng, 360)
				}
			}
		}
	}
	items, live := itemsOf(t, figures)
	index := new(geo.Index).Apply(nil, items)
	var close []geo.LatLng
	for range 8_000 * effort() {
		close = append(close, onLine(t, random, figures[random.IntN(len(figures))]))
	}
	if inside := asks(t, index, live, close); inside < len(close)/4 {
		t.Errorf("only %d times inside", inside)
	}
}

// A clip is sure of nearly every point of its square, and right where it is sure: by the line, and on both sides of it.
func TestClipsAreSureAndRight(t *testing.T) {
	random := rand.New(rand.NewPCG(43, 44))
	clips, asked, sure, total := 0, 0, 0, 0
	for range 150 {
		f := figure{parts: [][][]geo.LatLng{star(random, onGlobe(random), math.Pow(10, -5+6*random.Float64()))}}
		fence := f.fence(t)
		covering := geo.Cover(fence)
		squares := map[geo.Square]geo.Posting{}
		for _, p := range covering.Postings() {
			switch p.Kind {
			case geo.Asked:
				asked++
			case geo.Clipped:
				clips++
				squares[p.Square] = p
				for range 8 {
					at := p.Square.Place(random.Float64(), random.Float64())
					inside, told := p.Settle(at)
					total++
					if told {
						sure++
					}
					if told && inside != fence.Contains(at) {
						t.Fatalf("%v: told %v", at, inside)
					}
				}
			}
		}
		for range 200 {
			at := onLine(t, random, f)
			for level := 0; level <= geo.MaxLevel; level += geo.LevelStep {
				if p, ok := squares[geo.SquareAt(at, level)]; ok {
					if inside, told := p.Settle(at); told && inside != fence.Contains(at) {
						t.Fatalf("%v by the line: told %v", at, inside)
					}
				}
			}
		}
	}
	if float64(sure) < 0.99*float64(total) || asked > clips/2 {
		t.Errorf("%d clips and %d squares without, sure of %d points of %d", clips, asked, sure, total)
	}
	t.Logf("%d clips and %d squares without, sure of %d points of %d", clips, asked, sure, total)
}

// However often fences of every size come and go, lookups anywhere equal asking those that are there, and every square of theirs is one that a lookup there asks for.
func TestApplyRoundsEqualAsking(t *testing.T) {
	random := rand.New(rand.NewPCG(45, 46))
	figures := append(adversarial(t), randomFigures(t, random, 250)...)
	all, _ := itemsOf(t, figures)
	live := map[uint32]geo.Item{}
	index := new(geo.Index)
	for round := range 25 {
		var removed []uint32
		var added []geo.Item
		for handle := range live {
			if random.IntN(3) == 0 || round%10 == 9 {
				removed = append(removed, handle)
				delete(live, handle)
			}
		}
		for range random.IntN(80) {
			item := all[random.IntN(len(all))]
			item.Handle = uint32(random.IntN(150)) // often another's, which goes
			if random.IntN(2) == 0 {
				covering := geo.Cover(item.Fence)
				item.Covering = &covering
			}
			added = append(added, item)
			live[item.Handle] = item
		}
		index = index.Apply(removed, added)
		asks(t, index, live, points(t, random, figures, 150*effort()))
		for _, item := range live {
			covering := geo.Cover(item.Fence)
			for _, p := range covering.Postings() {
				if !index.Guides(p.Square) {
					t.Fatalf("round %d: no lookup asks for square %#x", round, uint64(p.Square))
				}
			}
		}
	}
}

// Sets of cells of one and of several resolutions, from those as large as a continent to the finest, pentagons among them and cells within cells of the set, are found
// where the library says that a point is in one of the cells, each once.
func TestLookupOfCellsEqualsAsking(t *testing.T) {
	random := rand.New(rand.NewPCG(47, 48))
	var figures []figure
	for i := range 120 {
		center := onGlobe(random)
		if i%3 == 0 {
			cells, err := h3.Pentagons(random.IntN(10))
			if err != nil {
				t.Fatal(err)
			}
			pentagon, _ := cells[random.IntN(12)].LatLng()
			center = at(pentagon.Lat, pentagon.Lng)
		}
		var cells []string
		for range 1 + random.IntN(4) { // often the same place at several resolutions
			cells = append(cells, diskOf(t, beside(center, 1_000*random.Float64(), 1), []int{0, 2, 5, 8, 9, 11, 15}[random.IntN(7)], random.IntN(3))...)
		}
		cells = slices.DeleteFunc(cells, func(index string) bool { return index == "0" })
		figures = append(figures, figure{cells: cells})
	}
	items, live := itemsOf(t, figures)
	index := new(geo.Index).Apply(nil, items)
	var probes []geo.LatLng
	for range 3_000 * effort() {
		probes = append(probes, probe(t, random, figures[random.IntN(len(figures))]))
	}
	if inside := asks(t, index, live, probes); inside < len(probes)/2 {
		t.Errorf("only %d times inside", inside)
	}
	index = index.Apply([]uint32{1, 2, 3}, nil)
	for handle := range uint32(3) {
		delete(live, 1+handle)
	}
	asks(t, index, live, probes[:500])
}

// No corner of a cell is farther from its middle than the bound for its resolution.
func TestReachOfCells(t *testing.T) {
	random := rand.New(rand.NewPCG(49, 50))
	check := func(cell h3.Cell) {
		center, _ := cell.LatLng()
		boundary, err := cell.Boundary()
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range boundary {
			if d := at(center.Lat, center.Lng).Distance(at(v.Lat, v.Lng)); d > geo.Reach(cell.Resolution()) {
				t.Fatalf("a corner of %s is %v from its middle, bound %v", cell, d, geo.Reach(cell.Resolution()))
			}
		}
	}
	coarse, err := h3.Res0Cells()
	if err != nil {
		t.Fatal(err)
	}
	for _, cell := range coarse {
		children, err := cell.Children(2)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range append(children, cell) {
			check(c)
		}
	}
	for resolution := 1; resolution <= 15; resolution++ {
		pentagons, err := h3.Pentagons(resolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, cell := range pentagons {
			check(cell)
		}
		for range 500 * effort() {
			p := onGlobe(random)
			cell, err := h3.LatLngToCell(h3.LatLng{Lat: p.Lat, Lng: p.Lng}, resolution)
			if err != nil {
				t.Fatal(err)
			}
			check(cell)
		}
	}
}
