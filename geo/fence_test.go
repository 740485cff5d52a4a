package geo_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sihai-network/sihai/geo"
)

func TestValidatePosition(t *testing.T) {
	for _, c := range []struct {
		at   geo.LatLng
		want string
	}{
		{at(0, 0), ""},
		{at(90, 180), ""},
		{at(-90, -180), ""},
		{at(90.0001, 0), "lat"},
		{at(-91, 0), "lat"},
		{at(math.NaN(), 0), "lat"},
		{at(math.Inf(1), 0), "lat"},
		{at(0, 180.0001), "lon"},
		{at(0, -181), "lon"},
		{at(0, math.NaN()), "lon"},
		{at(0, math.Inf(-1)), "lon"},
	} {
		err := c.at.Validate()
		if (err == nil) != (c.want == "") || err != nil && (!errors.Is(err, geo.ErrPosition) || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%v: %v, want one about %q", c.at, err, c.want)
		}
	}
}

// Haversine distances are those of the angle between vectors, from a millimetre to the antipode.
func TestDistance(t *testing.T) {
	random := rand.New(rand.NewPCG(18, 19))
	for range 20_000 {
		p := onGlobe(random)
		q := beside(p, math.Pow(10, -3+10*random.Float64()), 2*math.Pi*random.Float64())
		if got, want := float64(p.Distance(q)), arc(p, q); math.Abs(got-want) > band {
			t.Fatalf("%v to %v: %v, want %v", p, q, got, want)
		}
	}
	for _, c := range []struct {
		name string
		p, q geo.LatLng
		want float64
	}{
		{"same", at(25.79, -80.13), at(25.79, -80.13), 0},
		{"a degree of the equator", at(0, 0), at(0, 1), 111_195.05},
		{"over the antimeridian", at(0, 179.5), at(0, -179.5), 111_195.05},
		{"pole to pole", at(90, 0), at(-90, 77), 20_015_109.35},
		{"one place, two longitudes", at(5, 180), at(5, -180), 0},
	} {
		if got := float64(c.p.Distance(c.q)); math.Abs(got-c.want) > 0.1 {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestNewFenceFaults(t *testing.T) {
	for _, radius := range []geo.Meters{0, -1, 20_015_116, geo.Meters(math.NaN()), geo.Meters(math.Inf(1))} {
		if f, err := geo.NewCircle(at(1, 2), radius); !errors.Is(err, geo.ErrRadius) || f != nil {
			t.Errorf("a radius of %v: %v", radius, err)
		}
	}
	if _, err := geo.NewCircle(at(91, 2), 3); !errors.Is(err, geo.ErrPosition) {
		t.Errorf("a centre off the globe: %v", err)
	}
	faultsOf := func(_ *geo.Fence, err error) string {
		var faults geo.Faults
		errors.As(err, &faults)
		var told []string
		for _, f := range faults {
			told = append(told, f.Path+" "+f.Code)
		}
		return strings.Join(told, "|")
	}
	triangle := []geo.LatLng{at(0, 0), at(0, 1), at(1, 1)}
	for _, c := range []struct{ name, got, want string }{
		{"no ring", faultsOf(geo.NewPolygon(nil)), " required"},
		{"vertices off the globe", faultsOf(geo.NewPolygon([][]geo.LatLng{{at(91, 0), at(0, 1), at(1, math.NaN())}})), "[0][0] out_of_range|[0][2] out_of_range"},
		{"a hole of two vertices", faultsOf(geo.NewPolygon([][]geo.LatLng{triangle, {at(0, 0), at(1, 1), at(1, 1)}})), "[1] invalid"},
		{"no polygon", faultsOf(geo.NewMultiPolygon(nil)), " required"},
		{"faults in two polygons", faultsOf(geo.NewMultiPolygon([][][]geo.LatLng{{{}}, {triangle}, nil})), "[0][0] invalid|[2] required"},
		{"no cell", faultsOf(geo.NewCellSet(nil)), " required"},
		{"cells that are none", faultsOf(geo.NewCellSet([]string{"85283473fffffff", "", "85283473FFFFFFF", "085283473fffffff", "ffffffffffffffff", "zz", "165283473fffffff"})),
			"[1] invalid|[2] invalid|[3] invalid|[4] invalid|[5] invalid|[6] invalid"},
		{"too many cells", faultsOf(geo.NewCellSet(make([]string, geo.MaxCells+1))), " too_many"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, c.got, c.want)
		}
	}
}

// The distance of a fence is that to the nearest of many points of its line, and 0 inside.
func TestFenceDistance(t *testing.T) {
	random := rand.New(rand.NewPCG(20, 21))
	for i, f := range append(adversarial(t)[:26], randomFigures(t, random, 60)...) {
		if len(f.cells) > 0 {
			continue
		}
		fence := f.fence(t)
		o := newOracle([]figure{f})
		for range 4 {
			p := probe(t, random, f)
			got := float64(fence.Distance(p))
			switch o.at(p)[0] {
			case isClose:
				continue
			case isIn:
				if got != 0 {
					t.Errorf("%d %s at %v: %v m, and inside", i, f.name, p, got)
				}
				continue
			}
			if got == 0 {
				t.Errorf("%d %s at %v: 0 m, and outside", i, f.name, p)
				continue
			}
			if nearest, step := lineDistance(f, p); got > nearest+band || got < nearest-step {
				t.Errorf("%d %s at %v: %v m, sampled %v at steps of %v", i, f.name, p, got, nearest, step)
			}
		}
	}
}

// lineDistance samples the line of a figure: the distance to the nearest sample, and the longest step between two.
func lineDistance(f figure, p geo.LatLng) (nearest, step float64) {
	if f.radius > 0 {
		return arc(p, f.center) - f.radius, band
	}
	nearest = math.Inf(1)
	for _, rings := range f.parts {
		for _, ring := range rings {
			for i, a := range ring {
				b := ring[(i+1)%len(ring)]
				last := a
				for k := range 201 {
					q := between(a, b, float64(k)/200)
					nearest, step = min(nearest, arc(p, q)), max(step, arc(last, q)+band)
					last = q
				}
			}
		}
	}
	return nearest, step
}
