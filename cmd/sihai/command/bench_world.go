package command

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"sort"
	"time"

	"github.com/sihai-network/sihai/geo"
)

// The profiles of an invented world: how its shops lie.
const (
	worldClustered = "clustered" // most in the largest cities, and there round malls
	worldUniform   = "uniform"   // as many in each city, evenly over its surroundings
	worldHotspot   = "hotspot"   // clustered, with a fifth of all at the first mall of each of the 20 largest cities
)

// The shape of a world. With a million clustered campaigns some 800 fences hold a place at the malls of the largest cities, and some 160 a place
// that is drawn as the shops are.
const (
	townZipf       = 0.8    // weight of the n-th city: n to the power of minus this
	quarterZipf    = 0.5    // likewise of a city's quarters
	mallShare      = 0.3    // of shops stand at the mall in the middle of their quarter
	mallSpread     = 150    // metres, standard deviation in each direction
	quarterSpread  = 6_000  // metres, of the other shops
	citySpread     = 15_000 // metres, of the quarters of a city of a million
	quarterWeight  = 0.0008 // of all shops are in a quarter, on average
	mostQuarters   = 200    // of a city
	uniformReach   = 60_000 // metres from a city's middle
	hotTowns       = 20
	hotShare       = 0.2
	venueCampaigns = 2 // that a venue has
)

// worldTime is the moment at which an invented world is asked: an afternoon in Europe, an evening in Asia, a morning in America.
func worldTime() time.Time { return time.Date(2026, time.November, 27, 12, 0, 0, 0, time.UTC) }

// world is an invented one round real cities. Whatever is asked of it follows from its seed, its size, its profile and its cities alone, each campaign by itself.
// It is immutable.
type world struct {
	seed      uint64
	profile   string
	campaigns int
	venues    int
	merchants int
	towns     []town
	reach     []float64 // sums of the towns' weights
}

// town is a city with its quarters.
type town struct {
	city
	quarters []geo.LatLng // their malls; the first in the middle
	reach    []float64    // sums of the quarters' weights
}

// newWorld lays a world of some campaigns out. Cities come with the largest first.
func newWorld(seed uint64, profile string, campaigns int, cities []city) *world {
	w := &world{seed: seed, profile: profile, campaigns: campaigns, venues: (campaigns + venueCampaigns - 1) / venueCampaigns}
	w.merchants = min(w.venues, max(8, min(campaigns/100, 2_000)))
	exponent := townZipf
	if profile == worldUniform {
		exponent = 0
	}
	w.reach = zipf(len(cities), exponent)
	total := w.reach[len(cities)-1]
	w.towns = make([]town, len(cities))
	before := 0.0
	for i, c := range cities {
		w.towns[i] = w.layOut(i, c, (w.reach[i]-before)/total)
		before = w.reach[i]
	}
	return w
}

// layOut gives a city that has a share of all shops its quarters.
func (w *world) layOut(i int, c city, share float64) town {
	t := town{city: c, quarters: []geo.LatLng{c.at}}
	count := max(1, min(mostQuarters, int(share/quarterWeight)))
	spread := citySpread * math.Pow(float64(c.people)/1e6, 0.4)
	d := w.dice(diceTown, i)
	for len(t.quarters) < count {
		t.quarters = append(t.quarters, scattered(d, c.at, spread))
	}
	t.reach = zipf(count, quarterZipf)
	return t
}

// zipf returns the sums of the weights 1, 2^-s, 3^-s …
func zipf(n int, s float64) []float64 {
	sums := make([]float64, n)
	total := 0.0
	for i := range sums {
		total += math.Pow(float64(i+1), -s)
		sums[i] = total
	}
	return sums
}

// drawn returns an index by weights that are given as their sums.
func drawn(d *rand.Rand, sums []float64) int {
	return min(sort.SearchFloat64s(sums, d.Float64()*sums[len(sums)-1]), len(sums)-1)
}

// diceOf says what is thrown for, so that no two things share their luck.
type diceOf uint64

const (
	diceTown diceOf = iota + 1
	diceVenue
	diceCampaign
	dicePlace
	diceClient
	dicePublication
)

// dice returns the luck of the i-th thing of a kind.
func (w *world) dice(of diceOf, i int) *rand.Rand {
	return rand.New(rand.NewPCG(w.seed, mixed(uint64(of)<<56|uint64(i))))
}

// mixed spreads the bits of x, so that the luck of neighbours is not alike (Steele, Lea and Flood, Fast Splittable Pseudorandom
// Number Generators, OOPSLA 2014, the finalizer mix64variant13).
func mixed(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// spot is where something stands.
type spot struct {
	town    *town
	quarter geo.LatLng
	at      geo.LatLng
}

// spot draws a place as the shops are spread.
func (w *world) spot(d *rand.Rand) spot {
	if w.profile == worldUniform {
		t := &w.towns[drawn(d, w.reach)]
		at := moved(t.at, uniformReach*math.Sqrt(d.Float64()), 2*math.Pi*d.Float64())
		return spot{t, at, at}
	}
	if w.profile == worldHotspot && d.Float64() < hotShare {
		return w.hotSpot(d)
	}
	t := &w.towns[drawn(d, w.reach)]
	q := t.quarters[drawn(d, t.reach)]
	spread := float64(quarterSpread)
	if d.Float64() < mallShare {
		spread = mallSpread
	}
	return spot{t, q, scattered(d, q, spread)}
}

// hotSpot draws a place at the first mall of one of the largest cities.
func (w *world) hotSpot(d *rand.Rand) spot {
	t := &w.towns[d.IntN(min(hotTowns, len(w.towns)))]
	return spot{t, t.quarters[0], scattered(d, t.quarters[0], mallSpread)}
}

// scattered returns a place round p by a normal distribution with a standard deviation, in metres, in each direction: its distance follows
// Rayleigh's distribution.
func scattered(d *rand.Rand, p geo.LatLng, deviation float64) geo.LatLng {
	return moved(p, deviation*math.Sqrt(2*d.ExpFloat64()), 2*math.Pi*d.Float64())
}

// moved returns the place that lies metres away from p on a bearing, in radians clockwise from north, to six decimals of a degree, which are 11 cm
// (Snyder, Map Projections: A Working Manual, USGS Professional Paper 1395, equations 5-5 and 5-6).
func moved(p geo.LatLng, metres, bearing float64) geo.LatLng {
	sinC, cosC := math.Sincos(metres / float64(geo.EarthRadius))
	sinLat, cosLat := math.Sincos(p.Lat * math.Pi / 180)
	sinB, cosB := math.Sincos(bearing)
	lat := math.Asin(max(-1, min(1, sinLat*cosC+cosLat*sinC*cosB)))
	lng := p.Lng*math.Pi/180 + math.Atan2(sinC*sinB, cosLat*cosC-sinLat*sinC*cosB)
	return geo.LatLng{Lat: sixDecimals(lat * 180 / math.Pi), Lng: sixDecimals(math.Remainder(lng*180/math.Pi, 360))}
}

func sixDecimals(x float64) float64 { return math.Round(x*1e6) / 1e6 }

// label names the world, so that a folder tells which one it holds.
func (w *world) label() string {
	h := fnv.New64a()
	for _, t := range w.towns {
		_, _ = fmt.Fprintln(h, t.name, t.country, t.people, t.at, t.zone) // a hash takes everything
	}
	return fmt.Sprintf("%d campaigns, %s, seed %d, %d cities %x", w.campaigns, w.profile, w.seed, len(w.towns), h.Sum64())
}
