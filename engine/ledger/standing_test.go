package ledger_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/ledger"
)

// What is remembered of a campaign never tells anything else than what is found out anew: with pacing, several zones, windows, late events, and questions about
// times that lie before one another.
func TestRememberedVerdictsEqualFreshOnes(t *testing.T) {
	rounds := 15
	if long() {
		rounds = 400
	}
	places := []*time.Location{zone(t, "America/New_York"), zone(t, "America/New_York"), zone(t, "Australia/Lord_Howe")}
	z := zones{"v0": places[0], "v1": places[1], "v2": places[2]}
	found := map[string]int{}
	for seed := range rounds {
		random := rand.New(rand.NewPCG(uint64(seed), 6))
		c := randomLimits(random)
		c.Pacing = []engine.Pacing{engine.PacingEvenly, engine.PacingFrontloaded, engine.PacingASAP}[seed%3]
		now := time.Date(2026, []time.Month{3, 10, 6}[random.IntN(3)], 25, 0, 0, 0, 0, time.UTC)
		c.Flight = someWindows(random, engine.DateOf(now))
		if random.IntN(2) == 0 {
			c.Flight = engine.Flight{}
		}
		c.Flight.Start, c.Flight.End = engine.Moment{Instant: now.AddDate(0, 0, -5)}, engine.Moment{Date: engine.DateOf(now.AddDate(0, 0, 40))}
		for i := range c.Budgets {
			c.Budgets[i].Limit *= 5
		}
		l := listing(c, places...)
		meter := ledger.NewMeter(z)
		for step := range 400 {
			now = now.Add(time.Duration(random.IntN(4000)) * time.Second)
			for range random.IntN(4) {
				meter.Count(&engine.Event{
					Type: engine.EventImpression, MerchantID: "m", CampaignID: []string{"a", "b"}[random.IntN(2)], VenueID: fmt.Sprintf("v%d", random.IntN(3)),
					UserID: []string{"", "u", "w"}[random.IntN(3)], Received: now, Time: now.Add(-time.Duration(random.IntN(2)*random.IntN(2*24*3600)) * time.Second),
				})
			}
			for range 3 {
				at := now.Add(time.Duration(random.IntN(3)*(random.IntN(7200)-3600)) * time.Second)
				site, user := random.IntN(3), []string{"", "u", "w"}[random.IntN(3)]
				want := meter.Check(nil, listing(c, places...), site, user, at)
				if got := meter.Check(nil, l, site, user, at); fmt.Sprint(got) != fmt.Sprint(want) {
					t.Fatalf("seed %d step %d at %v, site %d, user %q: %v, anew %v; %+v", seed, step, at, site, user, got, want, l.Campaign())
				}
				if got := meter.Within(l, site, user, at); got != (len(want) == 0) {
					t.Fatalf("seed %d step %d at %v, site %d, user %q: within %v, anew %v", seed, step, at, site, user, got, want)
				}
				found[codes(want)]++
			}
		}
	}
	if found["[]"] < 100 || found["[331]"] < 100 || found["[330]"] < 100 {
		t.Errorf("too little of a kind was found: %v", found)
	}
}
