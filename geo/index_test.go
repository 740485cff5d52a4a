package geo_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/uber/h3-go/v4"

	"github.com/sihai-network/sihai/geo"
)

// A lookup finds exactly the fences that hold a point by an oracle that knows neither cells nor rings in a plane.
func TestLookupEqualsOracle(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		name    string
		figures []figure
		n       int
	}{
		{"adversarial", adversarial(t), 12_000},
		{"random", randomFigures(t, random, 300), 12_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			inside, close := compare(t, random, c.figures, points(t, random, c.figures, c.n*effort()))
			t.Logf("%d times inside, %d times within %v m of a line", inside, close, band)
			if inside < c.n/4 {
				t.Errorf("only %d times inside", inside)
			}
		})
	}
}

// Points whose parent, by the bits of their fine cell, is not the cell that holds them are found as others are, in sets of cells of several resolutions and in fences
// that are covered at different ones.
func TestLookupDoesNotWalkToParents(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	var figures []figure
	center := at(25.77, -80.19)
	for _, resolution := range []int{5, 7, 8, 9} {
		cell, err := h3.LatLngToCell(h3.LatLng{Lat: center.Lat, Lng: center.Lng}, resolution)
		if err != nil {
			t.Fatal(err)
		}
		figures = append(figures, figure{name: "cell " + cell.String(), cells: []string{cell.String()}})
	}
	figures = append(figures,
		figure{name: "circle of fine cells", center: center, radius: 500},
		figure{name: "circle of coarser cells", center: center, radius: 8_000},
		figure{name: "circle of coarse cells", center: center, radius: 60_000})
	var trapped []geo.LatLng
	for len(trapped) < 4_000 {
		p := probe(t, random, figures[random.IntN(4)])
		fine, err := h3.LatLngToCell(h3.LatLng{Lat: p.Lat, Lng: p.Lng}, 12)
		if err != nil {
			t.Fatal(err)
		}
		for _, resolution := range []int{5, 7, 8, 9} {
			parent, _ := fine.Parent(resolution)
			if native, _ := h3.LatLngToCell(h3.LatLng{Lat: p.Lat, Lng: p.Lng}, resolution); native != parent {
				trapped = append(trapped, p)
				break
			}
		}
	}
	inside, _ := compare(t, random, figures, trapped)
	if inside == 0 {
		t.Error("no point was in any fence")
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
			f, err := geo.NewCircle(at(25+random.Float64(), -80+random.Float64()), geo.Meters(10+20_000*random.Float64()))
			if err != nil {
				t.Fatal(err)
			}
			added = append(added, geo.Item{Handle: uint32(random.IntN(500)), Fence: f})
		}
		p := at(25.5, -79.5)
		before := fmt.Sprint(insideOf(index, p), index.Within(nil, p, 5_000))
		next := index.Apply(removed, added)
		if after := fmt.Sprint(insideOf(index, p), index.Within(nil, p, 5_000)); after != before {
			t.Fatalf("step %d changed the older index: %s, before %s", step, after, before)
		}
		index = next
		for _, handle := range removed {
			delete(live, handle)
		}
		for _, item := range added {
			live[item.Handle] = item
		}
		if want, got := holding(live, p, 0), insideOf(index, p); !slices.Equal(want, got) {
			t.Fatalf("step %d: got %v, want %v", step, got, want)
		}
		if want, got := holding(live, p, 5_000), index.Within(nil, p, 5_000); !slices.Equal(want, got) {
			t.Fatalf("step %d, within 5 km: got %v, want %v", step, got, want)
		}
	}
}

// holding returns the handles of the fences at most radius from p, ascending, by asking all of them.
func holding(live map[uint32]geo.Item, p geo.LatLng, radius geo.Meters) []uint32 {
	var handles []uint32
	for handle, item := range live {
		if item.Fence.Contains(p) || item.Fence.Distance(p) <= radius && radius > 0 {
			handles = append(handles, handle)
		}
	}
	slices.Sort(handles)
	return handles
}

func insideOf(index *geo.Index, p geo.LatLng) []uint32 {
	handles := index.Lookup(nil, p)
	slices.Sort(handles)
	return handles
}

// Fences within a radius are those whose own distance says so, for every kind, size and place of a fence.
func TestWithinEqualsAskingAll(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	figures := append(adversarial(t), randomFigures(t, random, 100)...)
	items := make([]geo.Item, len(figures))
	live := map[uint32]geo.Item{}
	for i, f := range figures {
		items[i] = geo.Item{Handle: uint32(i), Fence: f.fence(t)}
		live[uint32(i)] = items[i]
	}
	index := new(geo.Index)
	for part := range slices.Chunk(items, 30) {
		index = index.Apply(nil, part)
	}
	radii := []geo.Meters{0, 1, 300, 20_000, 1_000_000, 12_000_000, 20_015_115}
	for i, p := range points(t, random, figures, 42*effort()) {
		radius := radii[i%len(radii)]
		var want []uint32
		for handle, item := range live {
			if item.Fence.Distance(p) <= radius {
				want = append(want, handle)
			}
		}
		slices.Sort(want)
		if got := index.Within(nil, p, radius); !slices.Equal(got, want) {
			t.Fatalf("within %v of %v: got %v, want %v", radius, p, got, want)
		}
	}
	for _, radius := range []geo.Meters{-1, -1e9} {
		if got := index.Within(nil, at(25.79, -80.13), radius); len(got) > 0 {
			t.Errorf("within %v: got %v", radius, got)
		}
	}
}

// Empty and nil indexes find nothing; what is there stays in front of what is appended.
func TestEmptyIndex(t *testing.T) {
	var none *geo.Index
	f := figure{center: at(1, 2), radius: 100}.fence(t)
	emptied := none.Apply(nil, []geo.Item{{Handle: 3, Fence: f}}).Apply([]uint32{3, 3, 99}, nil)
	for name, index := range map[string]*geo.Index{"nil": none, "zero": {}, "emptied": emptied, "of nothing": none.Apply(nil, nil)} {
		if hits := index.Lookup([]uint32{1}, at(1, 2)); len(hits) != 1 {
			t.Errorf("%s: %v", name, hits)
		}
		if near := index.Within([]uint32{1}, at(1, 2), 1e6); len(near) != 1 {
			t.Errorf("%s: %v", name, near)
		}
	}
}

// No fence holds a position that is no number.
func TestLookupOfNoPlace(t *testing.T) {
	items, _ := itemsOf(t, adversarial(t))
	index := new(geo.Index).Apply(nil, items)
	for _, p := range []geo.LatLng{at(math.NaN(), 0), at(0, math.NaN()), at(math.Inf(1), 0), at(0, math.Inf(-1))} {
		if hits := index.Lookup(nil, p); len(hits) > 0 {
			t.Errorf("at %v: %v", p, hits)
		}
	}
}

// Of two items with one handle the last counts, and an item takes the place of a fence that is removed in the same step.
func TestApplyReplaces(t *testing.T) {
	here, there := figure{center: at(1, 2), radius: 100}.fence(t), figure{center: at(50, 60), radius: 100}.fence(t)
	index := new(geo.Index).Apply(nil, []geo.Item{{Handle: 5, Fence: here}, {Handle: 5, Fence: there}})
	if got := insideOf(index, at(1, 2)); len(got) != 0 {
		t.Errorf("the first of two items is found: %v", got)
	}
	index = index.Apply([]uint32{5}, []geo.Item{{Handle: 5, Fence: here}})
	if got := insideOf(index, at(1, 2)); !slices.Equal(got, []uint32{5}) {
		t.Errorf("the item that took a removed one's place: %v", got)
	}
	if got := insideOf(index, at(50, 60)); len(got) != 0 {
		t.Errorf("the removed item is found: %v", got)
	}
	covering := geo.Cover(here)
	kept := new(geo.Index).Apply(nil, []geo.Item{{Handle: 5, Fence: here, Covering: &covering}})
	if got, want := fmt.Sprint(insideOf(kept, at(1.0005, 2))), fmt.Sprint(insideOf(index, at(1.0005, 2))); got != want {
		t.Errorf("with a kept covering %s, with a computed one %s", got, want)
	}
}

// Readers use one index after another, while a writer makes the next, without a lock; an old one answers as it did when it was current.
func TestReadersBesideAWriter(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	fence := func() *geo.Fence {
		return figure{center: at(25.7+0.2*random.Float64(), -80.3+0.2*random.Float64()), radius: 50 + 3_000*random.Float64()}.fence(t)
	}
	probes := make([]geo.LatLng, 16)
	for i := range probes {
		probes[i] = at(25.7+0.2*random.Float64(), -80.3+0.2*random.Float64())
	}
	answers := func(index *geo.Index) string {
		var told []any
		for _, p := range probes {
			told = append(told, insideOf(index, p), index.Within(nil, p, 300))
		}
		return fmt.Sprint(told...)
	}
	type version struct {
		index *geo.Index
		want  string
	}
	publish := func(index *geo.Index) *version { return &version{index, answers(index)} }
	var current atomic.Pointer[version]
	current.Store(publish(new(geo.Index)))

	var readers sync.WaitGroup
	var done atomic.Bool
	for range 3 {
		readers.Go(func() {
			first := current.Load()
			for !done.Load() {
				v := current.Load()
				if got := answers(v.index); got != v.want {
					t.Errorf("an index answers differently beside a writer: %s, want %s", got, v.want)
					return
				}
			}
			if got := answers(first.index); got != first.want {
				t.Errorf("the first index has changed: %s, want %s", got, first.want)
			}
		})
	}
	for range 40 {
		var added []geo.Item
		for range 10 {
			added = append(added, geo.Item{Handle: uint32(random.IntN(200)), Fence: fence()})
		}
		removed := []uint32{uint32(random.IntN(200)), uint32(random.IntN(200))}
		current.Store(publish(current.Load().index.Apply(removed, added)))
	}
	done.Store(true)
	readers.Wait()
}
