package geo_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/golang/geo/r1"
	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"
	"github.com/tidwall/rtree"
	"github.com/uber/h3-go/v4"

	"github.com/sihai-network/sihai/geo"
)

// The benchmarks of this file hold the index against what else would be used for the same fences: an R-tree of boxes and S2 coverings, each with the fence's own exact
// test behind it. They take some minutes at a million fences.

// worldSize is the number of fences: SIHAI_FENCES, or 100,000.
func worldSize() int {
	if n, err := strconv.Atoi(os.Getenv("SIHAI_FENCES")); err == nil {
		return n
	}
	return 100_000
}

// world is fences as they lie on earth: 2,000 towns of which some are large (Zipf, exponent 0.8), three of ten fences at one of its malls, the others round the town;
// circles of a median of 800 m, polygons, sets of cells, and few as wide as a city or a country.
type world struct {
	random *rand.Rand
	towns  []geo.LatLng
	ends   []float64 // of the towns' shares
	malls  [][]geo.LatLng
}

func newWorld(seed uint64) *world {
	w := &world{random: rand.New(rand.NewPCG(seed, 99))}
	sum := 0.0
	for i := range 2_000 {
		lat := math.Asin(w.random.Float64()*1.6-0.75) * 180 / math.Pi // none near a pole
		town := at(lat, 360*w.random.Float64()-180)
		w.towns = append(w.towns, town)
		sum += math.Pow(float64(i+1), -0.8)
		w.ends = append(w.ends, sum)
		var malls []geo.LatLng
		for range 1 + 60/(i+1) {
			malls = append(malls, w.beside(town, 5_000))
		}
		w.malls = append(w.malls, malls)
	}
	return w
}

// beside is normally distributed round a place, by metres in each direction.
func (w *world) beside(p geo.LatLng, sigma float64) geo.LatLng {
	return beside(p, sigma*math.Hypot(w.random.NormFloat64(), w.random.NormFloat64()), 2*math.Pi*w.random.Float64())
}

func (w *world) town() int {
	i, _ := slices.BinarySearch(w.ends, w.random.Float64()*w.ends[len(w.ends)-1])
	return min(i, len(w.towns)-1)
}

// place draws a place as fences are drawn.
func (w *world) place() geo.LatLng {
	i := w.town()
	if w.random.Float64() < 0.3 {
		return w.beside(w.malls[i][w.random.IntN(len(w.malls[i]))], 150)
	}
	return w.beside(w.towns[i], 6_000)
}

func (w *world) fence(tb testing.TB) *geo.Fence {
	center := w.place()
	radius := min(5_000, max(200, 800*math.Exp(0.7*w.random.NormFloat64())))
	switch kind := w.random.Float64(); {
	case kind < 0.70:
		return figure{center: center, radius: radius}.fence(tb)
	case kind < 0.90:
		return figure{parts: [][][]geo.LatLng{corners(w.random, center, radius)}}.fence(tb)
	case kind < 0.97:
		return figure{cells: diskOf(tb, center, 9, 1+w.random.IntN(5))}.fence(tb)
	case kind < 0.999:
		return figure{parts: [][][]geo.LatLng{corners(w.random, center, 8_000+17_000*w.random.Float64())}}.fence(tb)
	}
	return figure{parts: [][][]geo.LatLng{corners(w.random, center, 200_000+600_000*w.random.Float64())}}.fence(tb)
}

// diskOf is a cell and those round it, k rings of them.
func diskOf(tb testing.TB, p geo.LatLng, resolution, k int) []string {
	tb.Helper()
	cell, err := h3.LatLngToCell(h3.LatLng{Lat: p.Lat, Lng: p.Lng}, resolution)
	if err != nil {
		tb.Fatal(err)
	}
	disk, err := h3.GridDisk(cell, k)
	if err != nil {
		tb.Fatal(err)
	}
	var cells []string
	for _, c := range disk {
		cells = append(cells, c.String())
	}
	return cells
}

// peer answers like an index.
type peer interface {
	lookup(dst []uint32, p geo.LatLng) []uint32
}

type indexPeer struct{ *geo.Index }

func (x indexPeer) lookup(dst []uint32, p geo.LatLng) []uint32 { return x.Lookup(dst, p) }

// treePeer is an R-tree over boxes of latitude and longitude.
type treePeer struct {
	tree   rtree.RTreeG[uint32]
	fences []*geo.Fence
}

func (t *treePeer) lookup(dst []uint32, p geo.LatLng) []uint32 {
	at := [2]float64{p.Lng, p.Lat}
	t.tree.Search(at, at, func(_, _ [2]float64, handle uint32) bool {
		if t.fences[handle].Contains(p) {
			dst = append(dst, handle)
		}
		return true
	})
	return dst
}

// s2Peer is a map from S2 cells to the fences whose covering of at most eight cells holds them.
type s2Peer struct {
	cells  map[s2.CellID][]uint32
	levels []int
	fences []*geo.Fence
}

func (s *s2Peer) lookup(dst []uint32, p geo.LatLng) []uint32 {
	leaf := s2.CellIDFromLatLng(s2.LatLngFromDegrees(p.Lat, p.Lng))
	for _, level := range s.levels {
		for _, handle := range s.cells[leaf.Parent(level)] {
			if s.fences[handle].Contains(p) {
				dst = append(dst, handle)
			}
		}
	}
	return dst
}

func newTreePeer(fences []*geo.Fence) *treePeer {
	t := &treePeer{fences: fences}
	for i, f := range fences {
		low, high := boxOf(f)
		t.tree.Insert(low, high, uint32(i))
	}
	return t
}

func newS2Peer(fences []*geo.Fence) *s2Peer {
	s := &s2Peer{cells: make(map[s2.CellID][]uint32), fences: fences}
	seen := map[int]bool{}
	coverer := s2.RegionCoverer{MaxLevel: 30, MaxCells: 8}
	for i, f := range fences {
		low, high := boxOf(f)
		const degree = math.Pi / 180
		rect := s2.Rect{
			Lat: r1.Interval{Lo: max(low[1]*degree, -math.Pi/2), Hi: min(high[1]*degree, math.Pi/2)},
			Lng: s1.Interval{Lo: max(low[0]*degree, -math.Pi), Hi: min(high[0]*degree, math.Pi)},
		}
		for _, cell := range coverer.Covering(rect) {
			s.cells[cell] = append(s.cells[cell], uint32(i))
			seen[cell.Level()] = true
		}
	}
	for level := range seen {
		s.levels = append(s.levels, level)
	}
	slices.Sort(s.levels)
	return s
}

// boxOf bounds a fence by its drawing, a little widened.
func boxOf(f *geo.Fence) (low, high [2]float64) {
	low, high = [2]float64{180, 90}, [2]float64{-180, -90}
	for _, v := range geo.Drawn(f) {
		low[0], low[1] = min(low[0], v[0]), min(low[1], v[1])
		high[0], high[1] = max(high[0], v[0]), max(high[1], v[1])
	}
	const widened = 0.002 // of the drawing of a circle, which lies inside of it
	w, h := (high[0]-low[0])*widened, (high[1]-low[1])*widened
	return [2]float64{low[0] - w, low[1] - h}, [2]float64{high[0] + w, high[1] + h}
}

// heap is the bytes that are reachable.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func BenchmarkPeers(b *testing.B) {
	n := worldSize()
	w := newWorld(1)
	fences := make([]*geo.Fence, n)
	for i := range fences {
		fences[i] = w.fence(b)
	}
	items := make([]geo.Item, n)
	for i, f := range fences {
		items[i] = geo.Item{Handle: uint32(i), Fence: f}
	}
	index := new(geo.Index)
	var tree *treePeer
	var cells *s2Peer
	size := map[string]float64{} // bytes a fence, the fences not counted
	measure := func(name string, build func()) {
		begin, before := time.Now(), heap()
		build()
		size[name] = float64(heap()-before) / float64(n)
		b.Logf("%s of %d fences built in %v, %.0f bytes a fence", name, n, time.Since(begin).Round(time.Millisecond), size[name])
	}
	measure("index", func() {
		for part := range slices.Chunk(items, 50_000) {
			index = index.Apply(nil, part)
		}
	})
	measure("rtree", func() { tree = newTreePeer(fences) })
	measure("s2", func() { cells = newS2Peer(fences) })

	places := map[string][]geo.LatLng{}
	for range 2_000 {
		places["typical"] = append(places["typical"], w.place())
		places["sparse"] = append(places["sparse"], at(math.Asin(2*w.random.Float64()-1)*180/math.Pi, 360*w.random.Float64()-180))
		town := w.random.IntN(5)
		places["hot"] = append(places["hot"], w.beside(w.malls[town][w.random.IntN(len(w.malls[town]))], 100))
	}
	for _, kind := range []string{"hot", "typical", "sparse"} {
		for _, p := range places[kind][:100] {
			a, t, c := index.Lookup(nil, p), tree.lookup(nil, p), cells.lookup(nil, p)
			slices.Sort(a)
			slices.Sort(t)
			slices.Sort(c)
			if !slices.Equal(a, t) || !slices.Equal(a, c) {
				b.Fatalf("at %v: index %d, R-tree %d, S2 %d", p, len(a), len(t), len(c))
			}
		}
		for _, of := range []struct {
			name string
			peer
		}{{"index", indexPeer{index}}, {"rtree", tree}, {"s2", cells}} {
			b.Run(fmt.Sprintf("%s/%s/fences=%d", kind, of.name, n), func(b *testing.B) {
				b.ReportAllocs()
				found := 0
				var dst []uint32
				for i := 0; b.Loop(); i++ {
					dst = of.lookup(dst[:0], places[kind][i%len(places[kind])])
					found += len(dst)
				}
				b.ReportMetric(size[of.name], "B/fence")
				b.ReportMetric(float64(found)/float64(b.N), "matches/op")
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/max(1, float64(found)), "ns/match")
			})
		}
	}
}
