package decision_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/decision"
	"github.com/sihai-network/sihai/geo"
)

// quarter is a place of a benchmark: so many of the fences of its campaigns hold its middle, on average.
type quarter struct {
	name    string
	matches int
	middles []geo.LatLng
}

// benchWorld has a few hot quarters, whose middles lie in about 800 fences, some typical ones of 160, and all other campaigns in open
// country, where a point lies in one or two. Each campaign has a venue of its own and its circle of 500 m; one in ten has a polygon instead.
func benchWorld(tb testing.TB, campaigns int) (*engine.Snapshot, []quarter) {
	w, quarters := benchCatalog(campaigns, 2)
	return w.snapshot(tb), quarters
}

// benchCatalog is the catalog of a benchWorld with so many quarters of each kind.
func benchCatalog(campaigns, each int) (*world, []quarter) {
	random := rand.New(rand.NewPCG(7, 8))
	w := newWorld()
	quarters := []quarter{{name: "hot", matches: 800}, {name: "typical", matches: 160}}
	for q := range quarters {
		for n := range each {
			middle := geo.LatLng{Lat: 25.7 + 0.1*float64(q), Lng: -80.2 + 0.1*float64(n)}
			quarters[q].middles = append(quarters[q].middles, middle)
			for range 2 * quarters[q].matches { // half of them are too far away
				r, turn := 707*math.Sqrt(random.Float64()), 2*math.Pi*random.Float64()
				benchCampaign(w, random, offset(middle, r*math.Cos(turn), r*math.Sin(turn)))
			}
		}
	}
	country := quarter{name: "sparse", matches: 1}
	side := math.Sqrt(float64(campaigns-len(w.campaigns)) * math.Pi * 500 * 500 / 1.5)
	west := geo.LatLng{Lat: 30, Lng: -90}
	for len(w.campaigns) < campaigns {
		benchCampaign(w, random, offset(west, side*random.Float64(), side*random.Float64()))
	}
	for range 64 {
		country.middles = append(country.middles, offset(west, side*random.Float64(), side*random.Float64()))
	}
	return w, append(quarters, country)
}

func offset(p geo.LatLng, north, east float64) geo.LatLng {
	return geo.LatLng{Lat: p.Lat + north/111_195, Lng: p.Lng + east/111_195/math.Cos(p.Lat*math.Pi/180)}
}

// benchCampaign adds a campaign at a venue of its own.
func benchCampaign(w *world, random *rand.Rand, at geo.LatLng) {
	i := len(w.campaigns)
	merchant, id := fmt.Sprintf("m%d", random.IntN(500)), fmt.Sprintf("v%d", i)
	w.venue(id, 0, func(v *engine.Venue) {
		v.MerchantID, v.Position, v.Category = merchant, at, fmt.Sprint(5800+random.IntN(30))
		v.OpeningHours = engine.OpeningHours{}
		opens := engine.TimeOfDay(60 * (7 + random.IntN(4)))
		for day := range time.Weekday(7) {
			v.OpeningHours[day] = []engine.Span{{From: opens, To: 23 * 60}}
		}
	})
	w.campaign(fmt.Sprintf("c%d", i), []string{id}, func(c *engine.Campaign) {
		c.MerchantID = merchant
		c.Discount.Percent = engine.Percent(100 * (1 + random.IntN(50)))
		c.Flight.Start = engine.Moment{Date: engine.Date{Year: 2026, Month: 11, Day: 1 + random.IntN(20)}}
		c.Flight.End = engine.Moment{Date: engine.Date{Year: 2027, Month: 1, Day: 1 + random.IntN(30)}}
		if i%10 == 0 {
			a, b := offset(at, -443, -443), offset(at, 443, 443)
			c.Geofences = []engine.Geofence{{GeoJSON: fmt.Appendf(nil,
				`{"type":"Polygon","coordinates":[[[%[2]f,%[1]f],[%[4]f,%[1]f],[%[4]f,%[3]f],[%[2]f,%[3]f],[%[2]f,%[1]f]]]}`,
				a.Lat, a.Lng, b.Lat, b.Lng)}}
		}
		switch i % 8 {
		case 0:
			c.Audience.HomeCountries = []string{"CN", "JP"}
		case 1:
			c.Audience.HomeCountries = []string{"KR"}
		case 2:
			c.Flight.Windows = []engine.Window{{From: 11 * 60, To: 15 * 60}}
		case 3:
			c.Title = engine.Text{"en": "Offer"}
		}
	})
}

// requests ask from somewhere within 50 m of a quarter's middles.
func (q *quarter) requests(accuracy geo.Meters) []*engine.Request {
	random := rand.New(rand.NewPCG(9, 10))
	requests := make([]*engine.Request, 64)
	for i := range requests {
		requests[i] = &engine.Request{
			Time: noon, Currency: "CNY",
			User: engine.User{ID: "u", HomeCountry: "CN", Languages: []string{"zh-Hans", "en"}},
			Location: &engine.Location{
				Position: offset(q.middles[i%len(q.middles)], 50*random.Float64(), 50*random.Float64()), Accuracy: accuracy,
			},
			Placements: []engine.PlacementRequest{{ID: "home", Count: 20}},
		}
	}
	return requests
}

// benchDecide runs requests through decide and tells the time of each match: of each fence that holds the traveller.
func benchDecide(b *testing.B, snap *engine.Snapshot, requests []*engine.Request, decide func(*engine.Request) (*engine.Decision, error)) {
	matches := 0
	for _, r := range requests {
		matches += len(snap.Fences.Lookup(nil, r.Location.Position))
		if _, err := decide(r); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := decide(requests[i%len(requests)]); err != nil {
			b.Fatal(err)
		}
	}
	each := float64(matches) / float64(len(requests))
	b.ReportMetric(each, "matches/op")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/max(each, 1), "ns/match")
}

func BenchmarkDecide(b *testing.B) {
	for _, campaigns := range []int{10_000, 100_000} {
		snap, quarters := benchWorld(b, campaigns)
		for _, q := range quarters {
			b.Run(fmt.Sprintf("campaigns=%d/%s/lookup", campaigns, q.name), func(b *testing.B) {
				var hits []uint32
				benchDecide(b, snap, q.requests(0), func(r *engine.Request) (*engine.Decision, error) {
					hits = snap.Fences.Lookup(hits[:0], r.Location.Position)
					return nil, nil
				})
			})
			for _, accuracy := range []geo.Meters{0, 35} {
				b.Run(fmt.Sprintf("campaigns=%d/%s/accuracy=%.0fm", campaigns, q.name, float64(accuracy)), func(b *testing.B) {
					o := optionsFor(snap, newMemoryLog())
					o.Queue = 1
					s := start(b, o)
					benchDecide(b, snap, q.requests(accuracy), func(r *engine.Request) (*engine.Decision, error) {
						return s.Decide(b.Context(), r, nil)
					})
				})
			}
		}
	}
}

// BenchmarkDecideAllOver asks in twenty-four hot quarters in turn, so that what one request read is no longer near in memory when its place is asked for again.
func BenchmarkDecideAllOver(b *testing.B) {
	w, quarters := benchCatalog(300_000, 24)
	snap, q := w.snapshot(b), quarters[0]
	b.Run("campaigns=300000/hot/lookup", func(b *testing.B) {
		var hits []uint32
		benchDecide(b, snap, q.requests(0), func(r *engine.Request) (*engine.Decision, error) {
			hits = snap.Fences.Lookup(hits[:0], r.Location.Position)
			return nil, nil
		})
	})
	for _, accuracy := range []geo.Meters{0, 35} {
		b.Run(fmt.Sprintf("campaigns=300000/hot/accuracy=%.0fm", float64(accuracy)), func(b *testing.B) {
			o := optionsFor(snap, newMemoryLog())
			o.Queue = 1
			s := start(b, o)
			benchDecide(b, snap, q.requests(accuracy), func(r *engine.Request) (*engine.Decision, error) {
				return s.Decide(b.Context(), r, nil)
			})
		})
	}
}

// The naive twin looks at every fence and scores every match.
func BenchmarkDecideNaively(b *testing.B) {
	snap, quarters := benchWorld(b, 10_000)
	for _, q := range quarters {
		b.Run("campaigns=10000/"+q.name+"/accuracy=35m", func(b *testing.B) {
			o := optionsFor(snap, newMemoryLog())
			benchDecide(b, snap, q.requests(35), func(r *engine.Request) (*engine.Decision, error) {
				return decision.DecideNaively(o, snap, r, "id")
			})
		})
	}
}

// The two of the benchmark have the same answers.
func TestBenchmarksDoTheSame(t *testing.T) {
	snap, quarters := benchWorld(t, 5000)
	o := optionsFor(snap, newMemoryLog())
	s := start(t, o)
	offers := 0
	for _, q := range quarters {
		for i, r := range q.requests(35)[:16] {
			r.Radius = geo.Meters(i * 20)
			fast, err := s.Decide(t.Context(), r, nil)
			if err != nil {
				t.Fatal(err)
			}
			slow, err := decision.DecideNaively(o, snap, r, fast.ID)
			if err != nil {
				t.Fatal(err)
			}
			a, b := fast.Placements[0].Offers, slow.Placements[0].Offers
			if len(a) != len(b) {
				t.Fatalf("%s request %d: %d offers, naively %d", q.name, i, len(a), len(b))
			}
			for j := range a {
				if a[j].ID != b[j].ID || a[j].Score != b[j].Score {
					t.Errorf("%s request %d: %s %v, naively %s %v", q.name, i, a[j].ID, a[j].Score, b[j].ID, b[j].Score)
				}
			}
			offers += len(a)
		}
	}
	if offers == 0 {
		t.Error("no offers at all")
	}
}
