package geo_test

import (
	"math"
	"os"
	"slices"
	"testing"

	"github.com/sihai-network/sihai/geo"
)

// TestMillionFences holds lookups among 1,000,000 fences, with SIHAI_LONG=1, against an R-tree of their boxes with the exact test behind it, at 10,000 places: a third where
// fences lie, a third at malls, the others anywhere on the globe. Otherwise it does so for some thousand fences.
func TestMillionFences(t *testing.T) {
	n, places := 20_000, 1_500
	if os.Getenv("SIHAI_LONG") == "1" {
		n, places = 1_000_000, 10_000
	}
	w := newWorld(2)
	fences := make([]*geo.Fence, n)
	items := make([]geo.Item, n)
	for i := range fences {
		fences[i] = w.fence(t)
		items[i] = geo.Item{Handle: uint32(i), Fence: fences[i]}
	}
	index := new(geo.Index)
	for part := range slices.Chunk(items, 50_000) {
		index = index.Apply(nil, part)
	}
	tree := newTreePeer(fences)
	var got, want []uint32
	found := 0
	for i := range places {
		var p geo.LatLng
		switch i % 3 {
		case 0:
			p = w.place()
		case 1:
			town := w.random.IntN(20)
			p = w.beside(w.malls[town][w.random.IntN(len(w.malls[town]))], 200)
		default:
			p = at(math.Asin(2*w.random.Float64()-1)*180/math.Pi, 360*w.random.Float64()-180)
		}
		got, want = index.Lookup(got[:0], p), tree.lookup(want[:0], p)
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("at %v: %d fences, the tree finds %d", p, len(got), len(want))
		}
		found += len(got)
	}
	t.Logf("%d fences at %d places: %d found, as by the tree", n, places, found)
	if found == 0 {
		t.Error("nothing was found at all")
	}
}
