package ledger_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/ledger"
)

// A cap slides to the millisecond: it holds until just before the showing that reached it is a window old, and is reached again by the next one.
func TestCapsSlideToTheMillisecond(t *testing.T) {
	rounds := 20
	if long() {
		rounds = 2000
	}
	for seed := range rounds {
		random := rand.New(rand.NewPCG(uint64(seed), 13))
		limit := engine.FrequencyCap{Count: 1 + random.IntN(6), Window: time.Duration(1+random.IntN(5_000_000)) * time.Millisecond}
		l := listing(engine.Campaign{ID: "a", Caps: []engine.FrequencyCap{limit}}, time.UTC)
		meter := ledger.NewMeter(zones{})
		var shown []time.Time
		for range 60 {
			at := noon.Add(time.Duration(random.IntN(8_000_000)) * time.Millisecond)
			if len(shown) > 0 && random.IntN(3) == 0 {
				at = shown[random.IntN(len(shown))].Add(limit.Window) // at the very end of a window
			}
			meter.Count(&engine.Event{Type: engine.EventImpression, Time: at, Received: noon.Add(100 * time.Hour), MerchantID: "m", CampaignID: "a", VenueID: "v", UserID: "u"})
			shown = append(shown, at)
			for _, edge := range []time.Time{at, shown[random.IntN(len(shown))].Add(limit.Window)} {
				for _, ask := range []time.Time{edge.Add(-time.Millisecond), edge, edge.Add(time.Millisecond)} {
					n := 0
					for _, s := range shown {
						if age := ask.Sub(s); age >= 0 && age < limit.Window {
							n++
						}
					}
					if got := meter.Within(l, 0, "u", ask); got != (n < limit.Count) {
						t.Fatalf("seed %d: %d of %d showings in %v before %v, and within is %v", seed, n, limit.Count, limit.Window, ask, got)
					}
				}
			}
		}
	}
}

// What was sold out by an order that was answered is not shown by the next decision, and what was given back is.
func TestExhaustionIsSeenAtOnce(t *testing.T) {
	const limit = 4
	for _, b := range []engine.Budget{
		count(limit, engine.PerCampaign, engine.PeriodTotal), count(limit, engine.PerVenue, engine.PeriodWeek), count(limit, engine.PerUser, engine.PeriodMonth),
		spend(100*limit, "USD", engine.PerCampaign, engine.PeriodDay), spend(100*limit, "USD", engine.PerUser, engine.PeriodTotal),
	} {
		s := newShop(t, "", engine.Campaign{ID: "a", Budgets: []engine.Budget{b}})
		l, site := s.listing("a")
		within := func(want bool, when string) {
			t.Helper()
			if got := s.meter.Within(l, site, "u", s.now()); got != want || (len(s.meter.Check(nil, l, site, "u", s.now())) == 0) != want {
				t.Errorf("%+v %s: within is %v", b, when, got)
			}
		}
		var held []engine.Redemption
		for i := range limit {
			within(true, fmt.Sprint("before order ", i))
			held = append(held, s.reserve(order("a", "u", 1000)))
		}
		within(false, "when it is used up")
		if _, err := s.Release(t.Context(), s.write(), held[0].ID); err != nil {
			t.Fatal(err)
		}
		within(true, "after a release")
		used := s.redeem(order("a", "u", 1000))
		within(false, "when it is used up again")
		if _, err := s.Rollback(t.Context(), s.write(), used.ID, engine.Money{}); err != nil {
			t.Fatal(err)
		}
		within(true, "after a rollback")
		s.redeem(order("a", "u", 1000))
		s.pass(16 * time.Minute)
		if _, err := s.Sweep(t.Context(), s.now()); err != nil {
			t.Fatal(err)
		}
		within(true, "when the holds have run out")
	}
}
