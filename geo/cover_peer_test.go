package geo_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/uber/h3-go/v4"

	"github.com/sihai-network/sihai/geo"
)

// BenchmarkCoverPeer covers fences of a shop's size, a circle of 800 m and a polygon, by turns with the library's own covering by cells of resolution 9, the circle as the
// polygon of 64 corners that it is drawn as. x_library is how many times as long the library takes.
func BenchmarkCoverPeer(b *testing.B) {
	random := rand.New(rand.NewPCG(8, 8))
	center := at(25.77, -80.2)
	for name, fence := range map[string]*geo.Fence{
		"circle":  figure{center: center, radius: 800}.fence(b),
		"polygon": figure{parts: [][][]geo.LatLng{corners(random, center, 800)}}.fence(b),
	} {
		var drawn h3.GeoPolygon
		for _, v := range geo.Drawn(fence) {
			drawn.GeoLoop = append(drawn.GeoLoop, h3.LatLng{Lat: v[1], Lng: v[0]})
		}
		b.Run(name, func(b *testing.B) {
			var library time.Duration
			rounds := 0
			for i := 0; b.Loop(); i++ {
				geo.Cover(fence)
				if i%64 == 0 { // it is some hundred times as slow
					b.StopTimer()
					begin := time.Now()
					if _, err := h3.PolygonToCellsExperimental(drawn, 9, h3.ContainmentOverlapping); err != nil {
						b.Fatal(err)
					}
					library += time.Since(begin)
					rounds++
					b.StartTimer()
				}
			}
			ours := float64(b.Elapsed().Nanoseconds()) / float64(b.N)
			b.ReportMetric(float64(library.Nanoseconds())/float64(rounds)/ours, "x_library")
		})
	}
}
