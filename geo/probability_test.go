package geo_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/sihai-network/sihai/geo"
)

// The chance of being inside agrees with counting normally distributed points.
func TestInsideProbabilityAgreesWithCounting(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	places := []geo.LatLng{at(25.7955, -80.13), at(25.7, -80.2), at(25.741, -80.15), at(-16.0005, 179.5), at(37.001, 5)}
	for _, f := range adversarial(t) {
		if strings.Contains(f.name, "pentagon") || f.name == "crossing itself" {
			continue // the parts of a ring that crosses itself are taken from one another, as InsideProbability says
		}
		fence := f.fence(t)
		for _, p := range places {
			for _, accuracy := range []float64{35, 700, 3000} {
				const n = 3000
				in := 0
				for range n {
					dLat := accuracy / 1.5096 * random.NormFloat64() / 111_194.9
					dLng := accuracy / 1.5096 * random.NormFloat64() / 111_194.9 / math.Cos(p.Lat*math.Pi/180)
					if fence.Contains(at(p.Lat+dLat, math.Remainder(p.Lng+dLng, 360))) {
						in++
					}
				}
				want, got := float64(in)/n, fence.InsideProbability(p, geo.Meters(accuracy))
				if math.Abs(got-want) > 0.04 {
					t.Errorf("%s at %v within %v m: %.4f, counted %.4f", f.name, p, accuracy, got, want)
				}
			}
		}
	}
}

// A known value: on the line of a half plane the chance is one half, at its corner a quarter, and at the centre of a circle whose radius is the accuracy 68 %.
func TestInsideProbabilityOfKnownCases(t *testing.T) {
	square := figure{parts: [][][]geo.LatLng{{box(0, 0, 1, 1)}}}.fence(t)
	circle := figure{center: at(10, 10), radius: 500}.fence(t)
	for _, c := range []struct {
		name     string
		fence    *geo.Fence
		at       geo.LatLng
		accuracy geo.Meters
		want     float64
	}{
		{"deep inside", square, at(0.5, 0.5), 100, 1},
		{"on a side", square, at(0.5, 0), 100, 0.5},
		{"on a corner", square, at(0, 0), 100, 0.25},
		{"far outside", square, at(5, 5), 100, 0},
		{"at the centre of a circle", circle, at(10, 10), 500, 0.68},
		{"no accuracy, inside", circle, at(10, 10), 0, 1},
		{"no accuracy, outside", circle, at(11, 10), -1, 0},
		{"far from the circle", circle, at(-10, 10), 100, 0},
	} {
		if got := c.fence.InsideProbability(c.at, c.accuracy); math.Abs(got-c.want) > 2e-6 {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// A polygon whose sides are cut into thousands of edges is the same region: it holds the same points, as far off, with the same chance.
func TestManyEdgesChangeNothing(t *testing.T) {
	random := rand.New(rand.NewPCG(16, 17))
	for _, f := range []figure{
		{name: "star", parts: [][][]geo.LatLng{star(random, at(25.77, -80.2), 0.3)}},
		{name: "over the antimeridian", parts: [][][]geo.LatLng{{box(-18, 177, -16, -179), box(-17.5, 179, -16.5, -179.5)}}},
		{name: "round the pole", parts: [][][]geo.LatLng{{polarRing(random, 80)}}},
	} {
		fine := figure{name: f.name}
		for _, rings := range f.parts {
			var dense [][]geo.LatLng
			for _, ring := range rings {
				var line []geo.LatLng
				for i, v := range ring {
					for k := range 8_000 / len(ring) {
						line = append(line, between(v, ring[(i+1)%len(ring)], float64(k)/float64(8_000/len(ring))))
					}
				}
				dense = append(dense, line)
			}
			fine.parts = append(fine.parts, dense)
		}
		few, many := f.fence(t), fine.fence(t)
		o := newOracle([]figure{f})
		for range 500 {
			p := probe(t, random, f)
			if o.at(p)[0] != isClose && few.Contains(p) != many.Contains(p) {
				t.Errorf("%s at %v: few edges %v, many %v", f.name, p, few.Contains(p), many.Contains(p))
			}
			if a, b := few.Distance(p), many.Distance(p); math.Abs(float64(a-b)) > 0.002 {
				t.Errorf("%s at %v: %v m from few edges, %v from many", f.name, p, a, b)
			}
			accuracy := geo.Meters(math.Pow(10, 4*random.Float64()))
			if a, b := few.InsideProbability(p, accuracy), many.InsideProbability(p, accuracy); math.Abs(a-b) > 1e-7 {
				t.Errorf("%s at %v: chance %v of few edges, %v of many", f.name, p, a, b)
			}
		}
	}
}

// The chance of being in a set of cells is the sum of those of being in each of them, also where it is told by the cells alone that nothing is missing near the place.
func TestInsideProbabilityOfCells(t *testing.T) {
	random := rand.New(rand.NewPCG(77, 5))
	sure := 0
	for range 300 * effort() {
		center := at(50*random.Float64(), 360*random.Float64()-180)
		resolution := 8 + random.IntN(3)
		all := diskOf(t, center, resolution, random.IntN(5))
		cells := slices.DeleteFunc(slices.Clone(all), func(string) bool { return len(all) > 1 && random.IntN(40) == 0 })
		if len(cells) == 0 {
			continue
		}
		set := figure{cells: cells}.fence(t)
		p := beside(center, 300*random.Float64(), 2*math.Pi*random.Float64())
		accuracy := geo.Meters(math.Pow(10, 2.5*random.Float64()))
		want := 0.0
		for _, cell := range cells {
			want += figure{cells: []string{cell}}.fence(t).InsideProbability(p, accuracy)
		}
		got := set.InsideProbability(p, accuracy)
		if math.Abs(got-want) > 1e-8 {
			t.Fatalf("%d cells of resolution %d at %v, %v m: %v, the cells' are %v", len(cells), resolution, p, accuracy, got, want)
		}
		if got == 1 {
			sure++
		}
	}
	if sure == 0 {
		t.Error("no place was surely inside")
	}
}
