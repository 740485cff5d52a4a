package geo_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/sihai-network/sihai/geo"
)

func TestTravelGoesAsFarAsItSays(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 1))
	for range 10_000 {
		from := geo.LatLng{Lat: random.Float64()*178 - 89, Lng: random.Float64()*360 - 180}
		far, bearing := geo.Meters(random.Float64()*50_000), random.Float64()*360
		to := from.Travel(bearing, far)
		if err := to.Validate(); err != nil {
			t.Fatal(err)
		}
		if got := from.Distance(to); math.Abs(float64(got-far)) > 0.01 {
			t.Fatalf("%v by %v° for %v m: %v m", from, bearing, far, got)
		}
	}
	north := geo.LatLng{Lat: 25, Lng: -80}.Travel(0, 1000)
	east := geo.LatLng{Lat: 0, Lng: 179.999}.Travel(90, 1000)
	if north.Lat <= 25 || math.Abs(north.Lng+80) > 1e-9 || east.Lng > -179.9 {
		t.Errorf("north %v, east across the date line %v", north, east)
	}
}
