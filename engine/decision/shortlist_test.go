package decision_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/decision"
	"github.com/sihai-network/sihai/geo"
	"github.com/sihai-network/sihai/scoring"
)

// changing gives one of several snapshots.
type changing struct {
	published
	snaps []*engine.Snapshot
	at    int
}

func (c *changing) Snapshot() *engine.Snapshot { return c.snaps[c.at] }

// A request that is answered from digests has the answer, to the last bit, that it has when every candidate is looked at closely; on
// catalogs that take turns under one service, with weights of either sign, rules, rates and popularity.
func TestShortlistsEqualLookingAtAll(t *testing.T) {
	rounds := uint64(12)
	if os.Getenv("SIHAI_LONG") == "1" {
		rounds = 600
	}
	offers, partial := 0, 0
	for seed := range rounds {
		random := rand.New(rand.NewPCG(seed, 21))
		snaps := &changing{}
		for n := range 3 {
			w := weighedWorld(random)
			if n == 2 {
				growTrees(w, rand.New(rand.NewPCG(seed, 22)))
			}
			if seed%3 > 0 {
				w.price(rand.New(rand.NewPCG(seed, uint64(23+n))), []float64{0.2, 0.2, 3000}[random.IntN(3)])
			}
			snaps.snaps = append(snaps.snaps, w.snapshot(t))
		}
		o := optionsFor(nil, newMemoryLog())
		o.Snapshots, o.Limits = snaps, someLimits{}
		s := start(t, o)
		for n := range 90 {
			if random.IntN(5) == 0 {
				snaps.at = random.IntN(len(snaps.snaps))
			}
			r := quickRequest(random)
			got, err := s.Decide(t.Context(), r, nil)
			if err != nil {
				t.Fatal(err)
			}
			want, err := decision.DecideFully(o, snaps.Snapshot(), r, got.ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range got.Withheld { // those that were asked about, of all
				if !slices.ContainsFunc(want.Withheld, func(o engine.Withheld) bool { return reflect.DeepEqual(o, w) }) {
					t.Fatalf("seed %d request %d: %+v is withheld, of %+v", seed, n, w, want.Withheld)
				}
			}
			plain := unkept(got)
			plain.Withheld = want.Withheld
			if !reflect.DeepEqual(plain, want) {
				t.Fatalf("seed %d request %d %+v at %+v:\ngot  %+v\nwant %+v", seed, n, r, r.Location, got.Placements, want.Placements)
			}
			for _, p := range got.Placements {
				offers += len(p.Offers)
			}
			if len(got.Placements[0].Offers) == r.Placements[0].Count {
				partial++
			}
		}
	}
	if offers < 1000 || partial < 100 {
		t.Errorf("%d offers, %d full lists: the trial says little", offers, partial)
	}
}

// weighedWorld is a random world with weights of either sign, rules, campaigns of equal scores and one of many venues.
func weighedWorld(random *rand.Rand) *world {
	w := randomWorld(random)
	for _, f := range scoring.Features() {
		switch random.IntN(4) {
		case 0:
			w.profile.Weights[f.Name] = random.Float64() - 0.5
		case 1:
			delete(w.profile.Weights, f.Name)
		}
	}
	w.profile.Floor = random.Float64() - 0.5
	w.profile.Bias = float64(random.IntN(2)) * random.Float64()
	w.profile.MinInsideProbability = random.Float64() / 2
	w.rules["true"], w.rules["false"], w.rules["error"] = stubRule{holds: true}, stubRule{}, stubRule{err: errors.New("none")}
	for i := range 20 {
		w.venue(fmt.Sprintf("n%02d", i), 100*random.NormFloat64(), func(v *engine.Venue) { v.MerchantID = "many" })
	}
	w.campaign("many", nil, func(c *engine.Campaign) {
		c.MerchantID, c.Venues.All, c.Geofences = "many", true, []engine.Geofence{circle(0, 800), circle(200, 700)}
	})
	v := w.venue("twins", 0)
	for i := range 12 {
		w.campaign(fmt.Sprintf("twin%02d", i), []string{v.ID}, func(c *engine.Campaign) {
			c.Audience.Expression = []string{"", "", "true", "false", "error"}[random.IntN(5)]
		})
	}
	w.campaign("far", []string{v.ID}, func(c *engine.Campaign) {
		c.Flight.End.Date = engine.Date{Year: 9999, Month: time.December, Day: 31}
		c.Venues.Radius = 3000
	})
	w.popular[engine.CampaignRef{MerchantID: "m", CampaignID: "far"}] = engine.Counts{Impressions: math.Floor(1000 * random.Float64()), Clicks: 9}
	return w
}

// quickRequest is a random one without explanations, and now and then with several placements.
func quickRequest(random *rand.Rand) *engine.Request {
	r := randomRequest(random)
	r.Explain = engine.ExplainNone
	r.Currency = []string{"", "EUR", "USD", "JPY"}[random.IntN(4)]
	r.Location.Position.Lat = downtown.Lat + 0.003*random.NormFloat64()
	r.Location.Position.Lng = downtown.Lng + 0.003*random.NormFloat64()
	if random.IntN(3) == 0 {
		r.Placements[0].Count = 1 + random.IntN(3)
	}
	if random.IntN(3) == 0 {
		r.Placements = append(r.Placements, engine.PlacementRequest{ID: "q", Count: 1 + random.IntN(9), Categories: []string{"5812", "5999"}})
	}
	if random.IntN(4) == 0 {
		r.Radius = geo.Meters(random.IntN(500))
	}
	switch random.IntN(30) {
	case 0:
		r.Time = time.Date(2250, 6, 1, 12, 0, 0, 0, time.UTC)
	case 1:
		r.Time = time.Date(1969, 6, 1, 12, 0, 0, 0, time.UTC)
	case 2:
		r.Location = nil
	}
	return r
}

// A listing that takes the handle of another one is not taken for it.
func TestDigestsFollowTheCatalog(t *testing.T) {
	worlds := &changing{}
	for _, percent := range []engine.Percent{1000, 2000} {
		w := newWorld()
		w.venue("v", 30)
		w.campaign("c", []string{"v"}, func(c *engine.Campaign) { c.Discount.Percent = percent })
		worlds.snaps = append(worlds.snaps, w.snapshot(t))
	}
	o := optionsFor(nil, newMemoryLog())
	o.Snapshots = worlds
	s := start(t, o)
	r := ask(func(r *engine.Request) { r.Explain = engine.ExplainNone })
	for n := range 4 {
		worlds.at = n % 2
		d, err := s.Decide(t.Context(), r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if saving := d.Placements[0].Offers[0].Saving.Amount; saving != int64(500*(1+worlds.at)) {
			t.Errorf("round %d: saves %d", n, saving)
		}
	}
}

// A flight begins and ends to the nanosecond, though a glance knows it by longer ticks; and a position is as exact or vague as it says.
func TestGlancesAreExact(t *testing.T) {
	w := newWorld()
	w.venue("v", 30)
	begins, ends := noon.Add(1300*time.Millisecond+1), noon.Add(6700*time.Millisecond+1)
	w.campaign("c", []string{"v"}, func(c *engine.Campaign) {
		c.Flight.Start, c.Flight.End = engine.Moment{Instant: begins}, engine.Moment{Instant: ends}
	})
	s := start(t, optionsFor(w.snapshot(t), newMemoryLog()))
	for _, at := range []time.Time{noon, begins.Add(-1), begins, noon.Add(2 * time.Second), noon.Add(4 * time.Second), noon.Add(6 * time.Second), ends.Add(-1), ends, noon.Add(8 * time.Second)} {
		for _, accuracy := range []geo.Meters{0, math.SmallestNonzeroFloat64, 1e-300, 35} {
			d, err := s.Decide(t.Context(), ask(func(r *engine.Request) {
				r.Explain, r.Time, r.Location.Accuracy = engine.ExplainNone, at, accuracy
			}), nil)
			if err != nil {
				t.Fatal(err)
			}
			if offered, want := len(d.Placements[0].Offers) == 1, !at.Before(begins) && at.Before(ends); offered != want {
				t.Errorf("%v after noon, %v m: offered %v, want %v", at.Sub(noon), float64(accuracy), offered, want)
			}
		}
	}
}
