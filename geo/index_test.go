package geo_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/uber/h3-go/v4"

	"github.com/sihai-network/sihai/geo"
)

// adversarial are fences at the places where grids and planes break.
func adversarial(t testing.TB) map[string]*geo.Fence {
	t.Helper()
	at := func(lat, lng float64) geo.LatLng { return geo.LatLng{Lat: lat, Lng: lng} }
	fences := map[string]*geo.Fence{}
	add := func(name string) func(*geo.Fence, error) {
		return func(f *geo.Fence, err error) {
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			fences[name] = f
		}
	}
	add("circle")(geo.NewCircle(at(25.79, -80.13), 800))
	add("tiny circle")(geo.NewCircle(at(25.79, -80.13), 0.5))
	add("circle over the antimeridian")(geo.NewCircle(at(-16.8, 179.99), 20_000))
	add("circle on the north pole")(geo.NewCircle(at(90, 12), 300_000))
	add("circle by the south pole")(geo.NewCircle(at(-89.9, 70), 50_000))
	add("hemisphere")(geo.NewCircle(at(10, 20), 10_007_543))
	add("globe but a little")(geo.NewCircle(at(10, 20), 20_000_000))
	square := func(south, west, north, east float64) []geo.LatLng {
		return []geo.LatLng{at(south, west), at(south, east), at(north, east), at(north, west)}
	}
	add("square")(geo.NewPolygon([][]geo.LatLng{square(25.7, -80.2, 25.8, -80.1)}))
	backwards := square(25.7, -80.2, 25.8, -80.1)
	slices.Reverse(backwards)
	add("square backwards")(geo.NewPolygon([][]geo.LatLng{backwards}))
	add("square with a hole")(geo.NewPolygon([][]geo.LatLng{square(25.7, -80.2, 25.8, -80.1), square(25.74, -80.16, 25.76, -80.14)}))
	add("over the antimeridian")(geo.NewPolygon([][]geo.LatLng{square(-18, 177, -16, -179)}))
	add("sliver")(geo.NewPolygon([][]geo.LatLng{{at(25.7, -80.2), at(25.9, -80.0), at(25.9000001, -80.0)}}))
	add("smaller than a cell")(geo.NewPolygon([][]geo.LatLng{square(25.7, -80.2, 25.7001, -80.1999)}))
	add("round the north pole")(geo.NewPolygon([][]geo.LatLng{{at(80, 0), at(75, 90), at(82, 180), at(70, -90)}}))
	add("round the south pole backwards")(geo.NewPolygon([][]geo.LatLng{{at(-80, 0), at(-70, -90), at(-85, 180), at(-75, 90)}}))
	add("up to the pole")(geo.NewPolygon([][]geo.LatLng{square(80, 10, 90, 60)}))
	add("continent")(geo.NewPolygon([][]geo.LatLng{square(-35, -20, 37, 52)}))
	add("two parts")(geo.NewMultiPolygon([][][]geo.LatLng{{square(25.7, -80.2, 25.8, -80.1)}, {square(-1, 100, 1, 101)}}))
	pentagons, err := h3.Pentagons(3)
	if err != nil {
		t.Fatal(err)
	}
	for _, cell := range pentagons[:4] {
		center, _ := cell.LatLng()
		add("pentagon " + cell.String())(geo.NewCircle(at(center.Lat, center.Lng), 40_000))
		add("cells at pentagon " + cell.String())(geo.NewCellSet([]string{cell.String()}))
	}
	add("cells of several resolutions")(geo.NewCellSet([]string{"85283473fffffff", "872834709ffffff"}))
	return fences
}

// probes are points round a fence's own place and over the globe.
func probes(random *rand.Rand, around []geo.LatLng, n int) []geo.LatLng {
	points := []geo.LatLng{{Lat: 90}, {Lat: -90}, {Lat: 90, Lng: 180}, {Lat: 0, Lng: 180}, {Lat: 0, Lng: -180}}
	for range n {
		c := around[random.IntN(len(around))]
		spread := math.Pow(10, -5+6*random.Float64())
		p := geo.LatLng{Lat: c.Lat + spread*random.NormFloat64(), Lng: math.Remainder(c.Lng+spread*random.NormFloat64(), 360)}
		if random.IntN(8) == 0 {
			p = geo.LatLng{Lat: math.Asin(2*random.Float64()-1) * 180 / math.Pi, Lng: 360*random.Float64() - 180}
		}
		p.Lat = max(-90, min(90, p.Lat))
		points = append(points, p)
	}
	return points
}

// A lookup finds exactly the fences that hold a point by the test of each fence alone, without cells.
func TestLookupEqualsBruteForce(t *testing.T) {
	fences := adversarial(t)
	names := make([]string, 0, len(fences))
	for name := range fences {
		names = append(names, name)
	}
	slices.Sort(names)
	var items []geo.Item
	for i, name := range names {
		items = append(items, geo.Item{Handle: uint32(i), Fence: fences[name]})
	}
	index := new(geo.Index).Apply(nil, items)
	random := rand.New(rand.NewPCG(1, 2))
	around := []geo.LatLng{{Lat: 25.75, Lng: -80.15}, {Lat: -17, Lng: 179.9}, {Lat: 89, Lng: 0}, {Lat: -80, Lng: 100}, {Lat: 25.7, Lng: -80.2}, {Lat: 80, Lng: 30}, {Lat: 0, Lng: 100}, {Lat: 37, Lng: 52}, {Lat: 37.35, Lng: -121.98}}
	pentagons, _ := h3.Pentagons(3)
	for _, cell := range pentagons[:4] {
		center, _ := cell.LatLng()
		around = append(around, geo.LatLng{Lat: center.Lat, Lng: center.Lng})
	}
	found := map[string]int{}
	for _, p := range probes(random, around, 20_000) {
		var want, got []string
		for _, name := range names {
			if fences[name].Contains(p) {
				want = append(want, name)
				found[name]++
			}
		}
		for _, hit := range index.Lookup(nil, p) {
			if hit.Inside {
				got = append(got, names[hit.Handle])
			}
		}
		if !slices.Equal(want, got) {
			t.Fatalf("at %v: index gives %q, the fences themselves %q", p, got, want)
		}
	}
	for _, name := range names {
		if found[name] == 0 && name != "sliver" && name != "tiny circle" {
			t.Errorf("no point fell into %q", name)
		}
	}
}

// An index changed step by step answers as one made at once, and the older ones stay as they were.
func TestApplyKeepsOlderIndexes(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	live := map[uint32]geo.Item{}
	index := new(geo.Index)
	for step := range 60 {
		var removed []uint32
		var added []geo.Item
		for handle := range live {
			if random.IntN(4) == 0 {
				removed = append(removed, handle)
			}
		}
		for range 20 {
			f, err := geo.NewCircle(geo.LatLng{Lat: 25 + random.Float64(), Lng: -80 + random.Float64()}, geo.Meters(10+20_000*random.Float64()))
			if err != nil {
				t.Fatal(err)
			}
			added = append(added, geo.Item{Handle: uint32(random.IntN(500)), Fence: f})
		}
		p := geo.LatLng{Lat: 25.5, Lng: -79.5}
		before := fmt.Sprint(index.Lookup(nil, p))
		next := index.Apply(removed, added)
		if after := fmt.Sprint(index.Lookup(nil, p)); after != before {
			t.Fatalf("step %d changed the older index: %s, before %s", step, after, before)
		}
		index = next
		for _, handle := range removed {
			delete(live, handle)
		}
		for _, item := range added {
			live[item.Handle] = item
		}
		var want []uint32
		for handle, item := range live {
			if item.Fence.Contains(p) {
				want = append(want, handle)
			}
		}
		slices.Sort(want)
		var got []uint32
		for _, hit := range index.Lookup(nil, p) {
			if hit.Inside {
				got = append(got, hit.Handle)
			}
		}
		if !slices.Equal(want, got) {
			t.Fatalf("step %d: got %v, want %v", step, got, want)
		}
	}
}

// The chance of being inside agrees with counting normally distributed points.
func TestInsideProbabilityAgreesWithCounting(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for name, f := range adversarial(t) {
		for _, p := range []geo.LatLng{{Lat: 25.7955, Lng: -80.13}, {Lat: 25.7, Lng: -80.2}, {Lat: 25.741, Lng: -80.15}, {Lat: -16.0005, Lng: 179.5}, {Lat: 37.001, Lng: 5}} {
			for _, accuracy := range []float64{35, 700, 3000} {
				const n = 4000
				in := 0
				for range n {
					dLat := accuracy / 1.5096 * random.NormFloat64() / 111_194.9
					dLng := accuracy / 1.5096 * random.NormFloat64() / 111_194.9 / math.Cos(p.Lat*math.Pi/180)
					if f.Contains(geo.LatLng{Lat: p.Lat + dLat, Lng: math.Remainder(p.Lng+dLng, 360)}) {
						in++
					}
				}
				want, got := float64(in)/n, f.InsideProbability(p, geo.Meters(accuracy))
				if math.Abs(got-want) > 0.035 {
					t.Errorf("%s at %v within %v m: %.4f, counted %.4f", name, p, accuracy, got, want)
				}
			}
		}
	}
}
