package geo_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
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

// A covering touches every point of its fence, its interior squares lie in the fence, and none of its squares lies in another.
func TestCoveringHoldsTheFence(t *testing.T) {
	random := rand.New(rand.NewPCG(22, 23))
	for _, f := range append(adversarial(t), randomFigures(t, random, 200)...) {
		covering := geo.Cover(f.fence(t))
		o := newOracle([]figure{f})
		if !slices.IsSorted(covering.Interior) || !slices.IsSorted(covering.Boundary) {
			t.Errorf("%s: a covering out of order", f.name)
		}
		touched := map[geo.Square]bool{} // and whether all of it is in the fence
		for _, s := range covering.Boundary {
			touched[s] = false
		}
		for _, s := range covering.Interior {
			if _, twice := touched[s]; twice {
				t.Errorf("%s: square %#x twice", f.name, uint64(s))
			}
			touched[s] = true
		}
		for range 100 {
			p := probe(t, random, f)
			holders := 0
			for level := 0; level <= 24; level++ {
				whole, holds := touched[geo.SquareAt(p, level)]
				if !holds {
					continue
				}
				holders++
				if whole && o.at(p)[0] == isOut {
					t.Errorf("%s: %v is outside, and in an interior square of level %d", f.name, p, level)
				}
			}
			if holders > 1 || holders == 0 && o.at(p)[0] == isIn {
				t.Errorf("%s: %v lies in %d squares", f.name, p, holders)
			}
		}
	}
}

// A square holds its children and nothing else, and every place lies in the square of its disc.
func TestSquares(t *testing.T) {
	random := rand.New(rand.NewPCG(26, 27))
	for range 20_000 {
		p := at(-90+180*random.Float64(), -180+360*random.Float64())
		if random.IntN(4) == 0 {
			p = []geo.LatLng{at(90, 0), at(-90, 7), at(0, 180), at(0, -180), at(0, 45), at(0, 90), at(45, 0), at(35.264389682754654, 45)}[random.IntN(8)]
		}
		for level := 24; level > 0; level-- {
			inner, outer := geo.SquareAt(p, level), geo.SquareAt(p, level-1)
			if inner.Level() != level || inner.Parent() != outer {
				t.Fatalf("%v: square %#x of level %d is not in %#x", p, uint64(inner), level, uint64(outer))
			}
			center, radius := inner.Disc()
			if d := p.Distance(center); d > radius+0.001 {
				t.Fatalf("%v: %v from the middle of its square of level %d, whose radius is %v", p, d, level, radius)
			}
		}
	}
}

// A covering that was kept as bytes is the same again, in a few bytes a square.
func TestCoveringBinary(t *testing.T) {
	random := rand.New(rand.NewPCG(24, 25))
	for _, f := range append(adversarial(t), randomFigures(t, random, 100)...) {
		covering := geo.Cover(f.fence(t))
		data, err := covering.AppendBinary([]byte("kept"))
		if err != nil {
			t.Fatalf("%s: %v", f.name, err)
		}
		again, err := geo.ParseCovering(data[4:])
		if err != nil || string(data[:4]) != "kept" {
			t.Fatalf("%s: %v, %q", f.name, err, data[:4])
		}
		if fmt.Sprint(again) != fmt.Sprint(covering) {
			t.Errorf("%s: %v, want %v", f.name, again, covering)
		}
		if squares := len(covering.Interior) + len(covering.Boundary); len(data) > 20+10*squares {
			t.Errorf("%s: %d bytes for %d squares", f.name, len(data), squares)
		}
	}
	square := geo.SquareAt(at(25.79, -80.13), 12)
	for name, bad := range map[string]geo.Covering{
		"descending": {Interior: []geo.Square{square + 1, square}},
		"twice":      {Boundary: []geo.Square{square, square}},
		"no square":  {Boundary: []geo.Square{7}},
	} {
		if data, err := bad.AppendBinary(nil); !errors.Is(err, geo.ErrCovering) || data != nil {
			t.Errorf("%s: %v, %v", name, data, err)
		}
	}
}

// The encoding as it is kept: it may be read by later releases.
func TestCoveringBinaryIsStable(t *testing.T) {
	covering := geo.Covering{Interior: []geo.Square{0, 1<<61 | 1<<56 | 1<<28}, Boundary: []geo.Square{5 << 61}}
	data, err := covering.AppendBinary(nil)
	const want = "020200ffffffff8080808021018080808080808080a001" // the version, 2 interior squares, 1 boundary square
	if got := fmt.Sprintf("%x", data); err != nil || got != want {
		t.Errorf("%s, want %s (%v)", got, want, err)
	}
}

// No bytes make the reader panic; what it takes is written as it was read.
func FuzzParseCovering(f *testing.F) {
	for _, figure := range adversarial(f)[:20] {
		covering := geo.Cover(figure.fence(f))
		data, err := covering.AppendBinary(nil)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte{1, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		covering, err := geo.ParseCovering(data)
		if err != nil {
			if !errors.Is(err, geo.ErrCovering) {
				t.Fatal(err)
			}
			return
		}
		again, err := covering.AppendBinary(nil)
		if err != nil || string(again) != string(data) {
			t.Fatalf("%x was read as %v and written as %x: %v", data, covering, again, err)
		}
	})
}
