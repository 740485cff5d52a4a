package geo_test

import (
	"math/rand/v2"
	"testing"

	"github.com/sihai-network/sihai/geo"
)

// TestCoarse holds that many places share a middle, that it is near each of them, and that it stays.
func TestCoarse(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 6))
	middles := map[geo.LatLng]int{}
	for range 20_000 {
		p := geo.LatLng{Lat: 25 + r.Float64(), Lng: -81 + r.Float64()} // some 11,000 km²
		if r.IntN(4) == 0 {
			p = geo.LatLng{Lat: -90 + 180*r.Float64(), Lng: -180 + 360*r.Float64()}
		}
		m := geo.Coarse(p)
		if d := p.Distance(m); d > geo.CoarseRadius {
			t.Fatalf("%v becomes %v, %v m away", p, m, d)
		}
		if geo.Coarse(m) != m {
			t.Fatalf("%v is not its own middle", m)
		}
		if p.Lat >= 25 && p.Lat < 26 && p.Lng >= -81 && p.Lng < -80 {
			middles[m]++
		}
	}
	if n := len(middles); n < 150 || n > 600 {
		t.Errorf("%d middles", n)
	}
	if geo.CoarseRadius < 3000 || geo.CoarseRadius > 6000 {
		t.Errorf("a radius of %v m", geo.CoarseRadius)
	}
}
