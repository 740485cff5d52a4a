package geo_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sihai-network/sihai/geo"
)

// A covering touches every point of its fence, its whole squares lie in the fence, and none of its squares lies in another; covering again gives the same.
func TestCoveringHoldsTheFence(t *testing.T) {
	random := rand.New(rand.NewPCG(22, 23))
	for _, f := range append(adversarial(t), randomFigures(t, random, 200)...) {
		covering, again := geo.Cover(f.fence(t)), geo.Cover(f.fence(t))
		if fmt.Sprint(covering) != fmt.Sprint(again) {
			t.Errorf("%s: another covering the second time", f.name)
		}
		o := newOracle([]figure{f})
		touched := map[geo.Square]bool{} // and whether all of it is in the fence
		var last geo.Posting
		for i, p := range covering.Postings() {
			if i > 0 && (p.Kind < last.Kind || p.Kind == last.Kind && p.Square <= last.Square) {
				t.Errorf("%s: a covering out of order", f.name)
			}
			if _, twice := touched[p.Square]; twice {
				t.Errorf("%s: square %#x twice", f.name, uint64(p.Square))
			}
			touched[p.Square] = p.Kind == geo.Whole
			last = p
		}
		for range 100 {
			p := probe(t, random, f)
			holders := 0
			for level := 0; level <= geo.MaxLevel; level++ {
				whole, holds := touched[geo.SquareAt(p, level)]
				if !holds {
					continue
				}
				holders++
				if whole && o.at(p)[0] == isOut {
					t.Errorf("%s: %v is outside, and in an interior square of level %d", f.name, p, level)
				}
			}
			if holders > 1 && len(f.cells) == 0 || holders == 0 && o.at(p)[0] == isIn {
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

// A covering that was kept as bytes is the same again, and an index that takes it answers as one that covers; of a circle no squares are kept.
func TestCoveringBinary(t *testing.T) {
	random := rand.New(rand.NewPCG(24, 25))
	figures := append(adversarial(t), randomFigures(t, random, 100)...)
	var kept, covered []geo.Item
	for i, f := range figures {
		fence := f.fence(t)
		covering := geo.Cover(fence)
		data := covering.AppendBinary([]byte("kept"))
		again, err := geo.ParseCovering(data[4:])
		if err != nil || string(data[:4]) != "kept" {
			t.Fatalf("%s: %v, %q", f.name, err, data[:4])
		}
		if twice := again.AppendBinary(nil); string(twice) != string(data[4:]) {
			t.Errorf("%s: %x, then %x", f.name, data[4:], twice)
		}
		if f.radius > 0 && len(data) > 4+3 {
			t.Errorf("%s: %d bytes for a circle", f.name, len(data))
		} else if f.radius == 0 && fmt.Sprint(*again) != fmt.Sprint(covering) {
			t.Errorf("%s: %v, want %v", f.name, again, covering)
		}
		kept = append(kept, geo.Item{Handle: uint32(i), Fence: fence, Covering: again})
		covered = append(covered, geo.Item{Handle: uint32(i), Fence: fence})
	}
	a, b := new(geo.Index).Apply(nil, kept), new(geo.Index).Apply(nil, covered)
	for _, p := range points(t, random, figures, 4_000) {
		if got, want := insideOf(a, p), insideOf(b, p); !slices.Equal(got, want) {
			t.Fatalf("at %v: %v by kept coverings, %v by new ones", p, got, want)
		}
	}
}

// The encoding as it is kept: it may be read by later releases.
func TestCoveringBinaryIsStable(t *testing.T) {
	circle := geo.Cover(figure{center: at(1, 2), radius: 100}.fence(t))
	processor := circle.AppendBinary(nil)[1]
	kept := []byte{3, processor, 0,
		2, 0, 5, // whole: squares 0 and 5, were they of level 0
		0, 0, // none asked, none round
		1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0xa0, 1, // clipped: face 5
		5, 0x03, 0, 0x02, 0, 0xfe, 0xff, 0xff, 0xff, // two vertices and the bit: 1, 2, which begins, and -1, -1
		1, 0, 0x80, 0x04, // marked: face 0, resolution 9
	}
	if _, err := geo.ParseCovering(kept); !errors.Is(err, geo.ErrCovering) {
		t.Errorf("square 5 is none: %v", err)
	}
	kept = slices.Replace(kept, 3, 6, 1, 0)
	covering, err := geo.ParseCovering(kept)
	if err != nil {
		t.Fatal(err)
	}
	const want = "[{0 0 []} {11529215046068469760 3 [2155839234 131075 4294967294]} {0 4 [512]}]"
	if got := fmt.Sprint(covering.Postings()); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if again := covering.AppendBinary(nil); string(again) != string(kept) {
		t.Errorf("%x, want %x", again, kept)
	}
}

// Bytes of another version, of another processor, or cut off or grown, are refused.
func TestParseCoveringRefuses(t *testing.T) {
	covering := geo.Cover(figure{parts: [][][]geo.LatLng{{box(25.7, -80.2, 25.8, -80.1)}}}.fence(t))
	good := covering.AppendBinary(nil)
	changed := func(i int, b byte) []byte {
		bad := slices.Clone(good)
		bad[i] = b
		return bad
	}
	for name, bad := range map[string][]byte{
		"nothing":           nil,
		"another version":   changed(0, 2),
		"another processor": changed(1, 99),
		"another form":      changed(2, 7),
		"grown":             append(slices.Clone(good), 0),
		"cut off":           good[:len(good)-1],
	} {
		if covering, err := geo.ParseCovering(bad); !errors.Is(err, geo.ErrCovering) || covering != nil {
			t.Errorf("%s: %v, %v", name, covering, err)
		}
	}
}

// No bytes make the reader panic, nor an index that takes what it read; what it takes is written as it was read.
func FuzzParseCovering(f *testing.F) {
	for _, figure := range adversarial(f)[:29] {
		covering := geo.Cover(figure.fence(f))
		f.Add(covering.AppendBinary(nil))
	}
	f.Add([]byte{3, 1, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 0})
	fence := figure{parts: [][][]geo.LatLng{{box(25.7, -80.2, 25.8, -80.1)}}}.fence(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		covering, err := geo.ParseCovering(data)
		if err != nil {
			if !errors.Is(err, geo.ErrCovering) {
				t.Fatal(err)
			}
			return
		}
		if again := covering.AppendBinary(nil); string(again) != string(data) {
			t.Fatalf("%x was read as %v and written as %x", data, covering, again)
		}
		index := new(geo.Index).Apply(nil, []geo.Item{{Handle: 1, Fence: fence, Covering: covering}})
		for _, index := range []*geo.Index{index, index.Apply([]uint32{1}, nil)} { // what is wrong may stay
			for _, p := range []geo.LatLng{at(25.75, -80.15), at(25.7, -80.2), at(0, 0), at(90, 0)} {
				index.Lookup(nil, p)
			}
		}
	})
}
