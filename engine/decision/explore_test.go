package decision_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/decision"
	"github.com/sihai-network/sihai/scoring"
)

// Decisions that explore are the same again by their ID, explained or not; they explore as rarely as was set, tell true scores and chances, and every
// candidate that is not offered has its reasons.
func TestExploration(t *testing.T) {
	for _, method := range []scoring.Method{scoring.Thompson, scoring.LinUCB} {
		w := randomWorld(rand.New(rand.NewPCG(3, 8)))
		for i := range 25 {
			v := w.venue(fmt.Sprintf("near%d", i), float64(10*i))
			w.campaign(fmt.Sprintf("near%d", i), []string{v.ID}, func(c *engine.Campaign) { c.Discount.Percent = engine.Percent(100 * (1 + i)) })
		}
		w.profile.Floor, w.profile.MaxPerMerchant = 0.3, 2
		known := w.snapshot(t)
		w.profile.Explore = scoring.Explore{Method: method, Share: 0.3, Deviations: map[string]float64{"saving": 2, "distance": 1}}
		snap := w.snapshot(t)
		o := optionsFor(snap, newMemoryLog())
		s := start(t, o)
		changed, rejected := 0, 0
		for n := range 200 {
			r := &engine.Request{Time: noon, Location: &engine.Location{Position: downtown}, Placements: []engine.PlacementRequest{{ID: "home", Count: 4}}}
			got, err := s.Decide(t.Context(), r, nil)
			if err != nil {
				t.Fatal(err)
			}
			want, err := decision.DecideNaively(o, snap, r, got.ID)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(unkept(got), want) {
				t.Fatalf("%s decision %d is another one when it is made again:\n%+v\n%+v", method, n, got.Placements, want.Placements)
			}
			plain, err := decision.DecideFully(optionsFor(known, newMemoryLog()), known, r, got.ID)
			if err != nil {
				t.Fatal(err)
			}
			explained := *r
			explained.Explain = engine.ExplainFull
			full, err := decision.DecideFully(o, snap, &explained, got.ID)
			if err != nil {
				t.Fatal(err)
			}
			offers, best, told := got.Placements[0].Offers, plain.Placements[0].Offers, full.Placements[0].Offers
			same := len(offers) == len(best)
			for i, offer := range offers {
				same = same && offer.ID == best[i].ID
				if !(offer.Propensity > 0 && offer.Propensity <= 1) || offer.Score < w.profile.Floor || told[i].ID != offer.ID || told[i].Propensity != offer.Propensity {
					t.Fatalf("%s: %+v, explained %+v", method, offer, told[i])
				}
				if err := told[i].Explanation.Check(); err != nil || told[i].Explanation.Value != offer.Score {
					t.Fatalf("%s: %v %v", method, told[i].Explanation, err)
				}
			}
			if !same {
				changed++
			}
			rejected += checkReasons(t, full.Placements[0])
		}
		if changed == 0 || changed > 200*45/100 || rejected == 0 {
			t.Errorf("%s: %d of 200 decisions are not the known ones, %d rejections", method, changed, rejected)
		}
	}
}

// checkReasons fails for an offer that is also rejected or a rejection without a reason, and counts the rejections.
func checkReasons(t *testing.T, p engine.Placement) int {
	t.Helper()
	offered := map[string]bool{}
	for _, o := range p.Offers {
		offered[o.ID] = true
	}
	for _, r := range p.Rejected {
		if offered[r.OfferID] || len(r.Reasons) == 0 {
			t.Fatalf("%s is offered: %v; reasons against it %v", r.OfferID, offered[r.OfferID], r.Reasons)
		}
	}
	return len(p.Rejected)
}

// What became of the candidates of decisions that explore is counted as an explanation of the same decision tells it.
func TestExplorationsAreCounted(t *testing.T) {
	counted := 0
	for seed := range uint64(4) {
		random := rand.New(rand.NewPCG(seed, 44))
		w := weighedWorld(random)
		w.profile.Explore = scoring.Explore{Method: scoring.Thompson, Share: 0.5, Deviations: map[string]float64{"saving": 1, "distance": 1}}
		snap := w.snapshot(t)
		for n := range 40 {
			r, once := quickRequest(random), &engine.Once{Caller: "k", Key: fmt.Sprint(n)}
			if r.Location == nil {
				continue
			}
			full, one := *r, newTallyLog()
			full.Explain = engine.ExplainFull
			var made []*engine.Decision
			for _, x := range []struct {
				log engine.DecisionLog
				r   *engine.Request
			}{{one, r}, {newMemoryLog(), &full}} {
				o := optionsFor(snap, x.log)
				o.Limits = someLimits{}
				d, err := start(t, o).Decide(t.Context(), x.r, once)
				if err != nil {
					t.Fatal(err)
				}
				made = append(made, d)
			}
			if made[0].ID != made[1].ID {
				t.Fatalf("%s and %s", made[0].ID, made[1].ID)
			}
			recount(t, one, made[1])
			counted += len(one.sums)
		}
	}
	if counted < 500 {
		t.Errorf("%d campaigns counted: too few to tell", counted)
	}
}

// A campaign of which nothing is known gets its chance beside those that are known to be as good, and in no more decisions than may explore.
func TestColdStartsGetTheirChance(t *testing.T) {
	w := newWorld()
	w.popular = make(map[engine.CampaignRef]engine.Counts)
	for i := range 4 {
		v := w.venue(fmt.Sprintf("v%d", i), 10)
		c := w.campaign(fmt.Sprintf("c%d", i), []string{v.ID})
		w.popular[engine.CampaignRef{MerchantID: c.MerchantID, CampaignID: c.ID}] = engine.Counts{Impressions: 5000, Clicks: 300}
	}
	v := w.venue("new", 10)
	w.campaign("new", []string{v.ID})
	w.profile.Explore = scoring.Explore{Method: scoring.Thompson, Share: 0.2}
	o := optionsFor(w.snapshot(t), newMemoryLog())
	s := start(t, o)
	first := 0
	const n = 400
	for range n {
		d, err := s.Decide(t.Context(), &engine.Request{Time: noon, Location: &engine.Location{Position: downtown}, Placements: []engine.PlacementRequest{{ID: "home", Count: 1}}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if o := d.Placements[0].Offers[0]; o.CampaignID == "new" {
			first++
			if o.Propensity > 0.2+1e-9 {
				t.Errorf("a chance of %v", o.Propensity)
			}
		}
	}
	if first < n/50 || first > n*3/10 {
		t.Errorf("the new campaign came first in %d of %d", first, n)
	}
}
