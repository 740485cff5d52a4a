package decision_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/decision"
	"github.com/sihai-network/sihai/geo"
)

// benchWorld spreads campaigns, each at a venue of its own, over Greater Miami; a tenth has a polygon of its own.
func benchWorld(tb testing.TB, campaigns int) *engine.Snapshot {
	random := rand.New(rand.NewPCG(7, 8))
	w := newWorld()
	for i := range campaigns {
		merchant := fmt.Sprintf("m%d", i%500)
		id := fmt.Sprintf("v%d", i)
		v := w.venue(id, 0, func(v *engine.Venue) {
			v.MerchantID = merchant
			v.Position = geo.LatLng{Lat: 25.79 + 0.12*random.NormFloat64(), Lng: -80.22 + 0.08*random.NormFloat64()}
			v.Category = fmt.Sprint(5800 + random.IntN(30))
			v.OpeningHours = engine.OpeningHours{}
			for day := range time.Weekday(7) {
				v.OpeningHours[day] = []engine.Span{{From: 9 * 60, To: 23 * 60}}
			}
		})
		w.campaign(fmt.Sprintf("c%d", i), []string{id}, func(c *engine.Campaign) {
			c.MerchantID = merchant
			c.Discount.Percent = engine.Percent(100 * (1 + random.IntN(50)))
			c.Flight.Start = engine.Moment{Date: engine.Date{Year: 2026, Month: 11, Day: 1 + random.IntN(20)}}
			c.Flight.End = engine.Moment{Date: engine.Date{Year: 2027, Month: 1, Day: 1 + random.IntN(30)}}
			if i%10 == 0 {
				lat, lng := v.Position.Lat, v.Position.Lng
				c.Geofences = []engine.Geofence{{GeoJSON: fmt.Appendf(nil,
					`{"type":"Polygon","coordinates":[[[%[2]f,%[1]f],[%[4]f,%[1]f],[%[4]f,%[3]f],[%[2]f,%[3]f],[%[2]f,%[1]f]]]}`,
					lat-0.006, lng-0.006, lat+0.006, lng+0.006)}}
			}
			if i%4 == 0 {
				c.Audience.HomeCountries = []string{"CN", "JP"}
			}
		})
	}
	return w.snapshot(tb)
}

func benchRequest(i int, accuracy geo.Meters) *engine.Request {
	random := rand.New(rand.NewPCG(9, uint64(i)))
	return &engine.Request{
		Time: noon, Currency: "CNY",
		User: engine.User{ID: "u", HomeCountry: "CN", Languages: []string{"zh-Hans", "en"}},
		Location: &engine.Location{
			Position: geo.LatLng{Lat: 25.79 + 0.05*random.NormFloat64(), Lng: -80.22 + 0.04*random.NormFloat64()}, Accuracy: accuracy,
		},
		Placements: []engine.PlacementRequest{{ID: "home", Count: 10}},
	}
}

const benchCampaigns = 10_000

func benchRequests(accuracy geo.Meters) []*engine.Request {
	requests := make([]*engine.Request, 256)
	for i := range requests {
		requests[i] = benchRequest(i, accuracy)
	}
	return requests
}

func BenchmarkDecide10000Campaigns(b *testing.B) {
	snap := benchWorld(b, benchCampaigns)
	for _, accuracy := range []geo.Meters{0, 35} {
		b.Run(fmt.Sprintf("accuracy=%.0fm", float64(accuracy)), func(b *testing.B) {
			o := optionsFor(snap, newMemoryLog())
			o.Queue = 1
			s := start(b, o)
			requests := benchRequests(accuracy)
			offers := 0
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				d, err := s.Decide(b.Context(), requests[i%len(requests)], nil)
				if err != nil {
					b.Fatal(err)
				}
				offers += len(d.Placements[0].Offers)
			}
			b.ReportMetric(float64(offers)/float64(b.N), "offers/op")
		})
	}
}

// The naive twin looks at every fence.
func BenchmarkDecideNaively10000Campaigns(b *testing.B) {
	snap := benchWorld(b, benchCampaigns)
	o := optionsFor(snap, newMemoryLog())
	requests := benchRequests(35)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := decision.DecideNaively(o, snap, requests[i%len(requests)], "id"); err != nil {
			b.Fatal(err)
		}
	}
}

// The two of the benchmark have the same answers.
func TestBenchmarksDoTheSame(t *testing.T) {
	snap := benchWorld(t, 1000)
	o := optionsFor(snap, newMemoryLog())
	s := start(t, o)
	offers := 0
	for i := range 50 {
		r := benchRequest(i, 35)
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
			t.Fatalf("request %d: %d offers, naively %d", i, len(a), len(b))
		}
		for j := range a {
			if a[j].ID != b[j].ID || a[j].Score != b[j].Score {
				t.Errorf("request %d: %s %v, naively %s %v", i, a[j].ID, a[j].Score, b[j].ID, b[j].Score)
			}
		}
		offers += len(a)
	}
	if offers == 0 {
		t.Error("no offers at all")
	}
}
