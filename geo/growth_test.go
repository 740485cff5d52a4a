package geo_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/sihai-network/sihai/geo"
)

// BenchmarkGrowth looks up the same places, in the same 800 fences, while the world elsewhere grows from 10,000 fences to 100,000 and, where SIHAI_FENCES says 1000000, to a
// million. A cold lookup comes after eight others far away, which are not counted. x_first is how many times as long it takes as among the first 10,000, in one run.
func BenchmarkGrowth(b *testing.B) {
	sizes := []int{10_000, 100_000}
	if os.Getenv("SIHAI_FENCES") == "1000000" {
		sizes = append(sizes, 1_000_000)
	}
	random := rand.New(rand.NewPCG(5, 6))
	middle := at(25.79, -80.13)
	var items []geo.Item
	add := func(f *geo.Fence) { items = append(items, geo.Item{Handle: uint32(len(items)), Fence: f}) }
	for range 1_600 { // half of them hold a place near the middle
		center := beside(middle, 1_000*math.Sqrt(random.Float64()), 2*math.Pi*random.Float64())
		if radius := 400 + 600*random.Float64(); random.IntN(4) == 0 {
			add(figure{parts: [][][]geo.LatLng{corners(random, center, radius)}}.fence(b))
		} else {
			add(figure{center: center, radius: radius}.fence(b))
		}
	}
	var places []geo.LatLng
	for range 64 {
		places = append(places, beside(middle, 50*random.Float64(), 2*math.Pi*random.Float64()))
	}
	w := newWorld(3)
	var far []geo.LatLng
	for len(far) < 4_096 {
		if p := w.place(); p.Distance(middle) > 1e6 {
			far = append(far, p)
		}
	}
	index := new(geo.Index).Apply(nil, items)
	var first [2]float64
	for _, size := range sizes {
		before := len(items)
		for len(items) < size {
			f := w.fence(b)
			if f.Distance(middle) > 50_000 {
				add(f)
			}
		}
		for part := range slices.Chunk(items[before:], 50_000) {
			index = index.Apply(nil, part)
		}
		for cold, name := range []string{"warm", "cold"} {
			b.Run(fmt.Sprintf("%s/fences=%d", name, size), func(b *testing.B) {
				var dst []uint32
				matches, took := 0, time.Duration(0)
				for i := 0; b.Loop(); i++ {
					for n := range 8 * cold {
						dst = index.Lookup(dst[:0], far[(8*i+n)%len(far)])
					}
					begin := time.Now()
					dst = index.Lookup(dst[:0], places[i%len(places)])
					took += time.Since(begin)
					matches += len(dst)
				}
				each := float64(took.Nanoseconds()) / float64(b.N)
				if size == sizes[0] {
					first[cold] = each
				}
				b.ReportMetric(each, "ns/lookup")
				b.ReportMetric(each/first[cold], "x_first")
				b.ReportMetric(float64(matches)/float64(b.N), "matches/op")
			})
		}
	}
}
