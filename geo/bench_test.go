package geo_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/sihai-network/sihai/geo"
)

// Benchmarks named naive ask every fence, point or edge.

// miami is n fences like those of a city: of ten, seven circles of 200 m to 5 km, the others polygons of 8 to 40 corners.
func miami(b testing.TB, n int) []geo.Item {
	b.Helper()
	random := rand.New(rand.NewPCG(30, uint64(n)))
	items := make([]geo.Item, n)
	for i := range items {
		center := at(25.55+0.45*random.Float64(), -80.5+0.4*random.Float64())
		radius := min(5_000, max(200, 800*math.Exp(0.7*random.NormFloat64())))
		f := figure{center: center, radius: radius}
		if i%10 >= 7 {
			f = figure{parts: [][][]geo.LatLng{corners(random, center, radius)}}
		}
		items[i] = geo.Item{Handle: uint32(i), Fence: f.fence(b)}
	}
	return items
}

func corners(random *rand.Rand, center geo.LatLng, radius float64) [][]geo.LatLng {
	ring := make([]geo.LatLng, 8+random.IntN(33))
	for i := range ring {
		ring[i] = beside(center, radius*(0.5+0.5*random.Float64()), 2*math.Pi*float64(i)/float64(len(ring)))
	}
	return [][]geo.LatLng{ring}
}

func travellers(n int) []geo.LatLng {
	random := rand.New(rand.NewPCG(31, 32))
	places := make([]geo.LatLng, n)
	for i := range places {
		places[i] = at(25.55+0.45*random.Float64(), -80.5+0.4*random.Float64())
	}
	return places
}

func BenchmarkLookup(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		items := miami(b, n)
		index := new(geo.Index).Apply(nil, items)
		places := travellers(1 << 10)
		var hits []uint32
		b.Run(fmt.Sprintf("index/fences=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			found := 0
			for i := 0; b.Loop(); i++ {
				hits = index.Lookup(hits[:0], places[i%len(places)])
				found += len(hits)
			}
			b.ReportMetric(float64(found)/float64(b.N), "hits/op")
		})
		b.Run(fmt.Sprintf("naive/fences=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				hits = hits[:0]
				for k := range items {
					if items[k].Fence.Contains(places[i%len(places)]) {
						hits = append(hits, items[k].Handle)
					}
				}
			}
		})
		var near []uint32
		b.Run(fmt.Sprintf("within=500m/fences=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				near = index.Within(near[:0], places[i%len(places)], 500)
			}
		})
		b.Run(fmt.Sprintf("naive-within=500m/fences=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				near = near[:0]
				for k := range items {
					if items[k].Fence.Distance(places[i%len(places)]) <= 500 {
						near = append(near, items[k].Handle)
					}
				}
			}
		})
	}
}

func BenchmarkPoints(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		random := rand.New(rand.NewPCG(33, uint64(n)))
		added := make([]geo.Point, n)
		naive := make(naivePoints, n)
		for i := range added {
			added[i] = geo.Point{Handle: uint32(i), At: at(25.55+0.45*random.Float64(), -80.5+0.4*random.Float64())}
			naive[uint32(i)] = added[i].At
		}
		set := new(geo.Points).Apply(nil, added)
		places := travellers(1 << 10)
		var near []geo.Near
		b.Run(fmt.Sprintf("within=500m/points=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				near = set.Within(near[:0], places[i%len(places)], 500)
			}
		})
		b.Run(fmt.Sprintf("naive-within=500m/points=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				naive.within(places[i%len(places)], 500)
			}
		})
		b.Run(fmt.Sprintf("nearest=20/points=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				near = set.Nearest(near[:0], places[i%len(places)], 20)
			}
		})
		b.Run(fmt.Sprintf("naive-nearest=20/points=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				naive.nearest(places[i%len(places)], 20)
			}
		})
		b.Run(fmt.Sprintf("apply=1/points=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			changed := set
			for i := 0; b.Loop(); i++ {
				changed = changed.Apply(nil, []geo.Point{{Handle: uint32(i % n), At: places[i%len(places)]}})
			}
		})
	}
}

func BenchmarkContains(b *testing.B) {
	for _, n := range []int{100, 10_000, 100_000} {
		random := rand.New(rand.NewPCG(34, uint64(n)))
		ring := make([]geo.LatLng, n)
		for i := range ring {
			ring[i] = beside(at(25.77, -80.2), 20_000*(0.8+0.2*random.Float64()), 2*math.Pi*float64(i)/float64(n))
		}
		fence := figure{parts: [][][]geo.LatLng{{ring}}}.fence(b)
		places := travellers(1 << 10)
		b.Run(fmt.Sprintf("edges=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				fence.Contains(places[i%len(places)])
			}
		})
		b.Run(fmt.Sprintf("naive/edges=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				naiveContains(ring, places[i%len(places)])
			}
		})
		b.Run(fmt.Sprintf("chance/edges=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				fence.InsideProbability(places[i%len(places)], 35)
			}
		})
		b.Run(fmt.Sprintf("distance/edges=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				fence.Distance(places[i%len(places)])
			}
		})
	}
}

// naiveContains counts the edges that a ray to the east crosses.
func naiveContains(ring []geo.LatLng, p geo.LatLng) (odd bool) {
	for i, a := range ring {
		b := ring[(i+1)%len(ring)]
		if (a.Lat > p.Lat) != (b.Lat > p.Lat) && p.Lng < a.Lng+(p.Lat-a.Lat)/(b.Lat-a.Lat)*(b.Lng-a.Lng) {
			odd = !odd
		}
	}
	return odd
}

func BenchmarkCover(b *testing.B) {
	for _, radius := range []float64{200, 800, 5_000} {
		fence := figure{center: at(25.77, -80.2), radius: radius}.fence(b)
		b.Run(fmt.Sprintf("radius=%v", radius), func(b *testing.B) {
			b.ReportAllocs()
			var c geo.Covering
			for b.Loop() {
				c = geo.Cover(fence)
			}
			b.ReportMetric(float64(len(c.Postings())), "postings")
		})
	}
}

// How fine coverings are is a choice between bytes and time.
func BenchmarkFineness(b *testing.B) {
	const n = 50_000
	items := miami(b, n)
	places := travellers(1 << 10)
	for _, fine := range []struct{ circle, polygon float64 }{{0.35, 0.2}, {0.7, 0.1}, {0.7, 0.2}, {0.7, 0.4}, {1.4, 0.2}} {
		b.Run(fmt.Sprintf("circle=%v/polygon=%v", fine.circle, fine.polygon), func(b *testing.B) {
			before := heap()
			covered := make([]geo.Item, n)
			for i, item := range items {
				c := geo.CoverAt(item.Fence, fine.circle, fine.polygon)
				covered[i] = geo.Item{Handle: item.Handle, Fence: item.Fence, Covering: &c}
			}
			index := new(geo.Index).Apply(nil, covered)
			clear(covered)
			size := float64(heap()-before) / n
			var hits []uint32
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				hits = index.Lookup(hits[:0], places[i%len(places)])
			}
			b.ReportMetric(size, "B/fence")
		})
	}
}

// An index of a hundred thousand fences takes one more, with a covering that was kept and without.
func BenchmarkApply(b *testing.B) {
	items := miami(b, 100_000)
	index := new(geo.Index).Apply(nil, items)
	coverings := make([]geo.Covering, 1_000)
	for i := range coverings {
		coverings[i] = geo.Cover(items[i].Fence)
	}
	for _, kept := range []bool{true, false} {
		b.Run(fmt.Sprintf("kept=%v/fences=100000", kept), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				item := items[i%len(coverings)]
				item.Handle += uint32(len(items))
				if kept {
					item.Covering = &coverings[i%len(coverings)]
				}
				index.Apply(nil, []geo.Item{item})
			}
		})
	}
}
