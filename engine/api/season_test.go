package api_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine/api/apitest"
)

// season is travellers who come one after another to two campaigns whose budgets do not last and one that has none, to the end of a flight.
type season struct {
	t          *testing.T
	w          *world
	travellers int
	decisions  []string // IDs
	value      float64  // of the offers made: scores without their prices
	shown      int      // of the campaign whose budget is showings
	spent      int64    // of the campaign whose budget is money
	priced     int      // offers with a price
}

// The budgets of a season of so many travellers: those who fit well are about as many as a budget lasts for.
func (s *season) showings() int   { return s.travellers / 5 }
func (s *season) spend() int64    { return int64(s.travellers/20) * 1000 }
func (s *season) pricing() string { return `"pricing":{"method":"dual_mirror_descent"}` }

func openSeason(t *testing.T, travellers int, pricing string) *season {
	w := newWorld(t, apitest.Options{Dir: t.TempDir()})
	s := &season{t: t, w: w, travellers: travellers}
	end := noon.Add(time.Duration(travellers+1) * time.Hour).Format(time.RFC3339)
	add := func(id, category, percent, budgets string) {
		body := fmt.Sprintf(`{"id":%q,"title":{"en":%q},"discount":{"type":"percent","percent":%s},"venues":{"ids":["v-1"]},"categories":[%q],"budgets":[%s],"flight":{"start":%q,"end":%q},"status":"enabled"}`,
			id, id, percent, category, budgets, noon.Format(time.RFC3339), end)
		w.send(t, "m-1", "POST", "/v1/campaigns", body).want(t, 201)
	}
	add("shown", "5812", "15", fmt.Sprintf(`{"metric":"impressions","limit":%d}`, s.showings()))
	add("spent", "7011", "10", fmt.Sprintf(`{"metric":"spend","limit":%d,"currency":"USD"}`, s.spend()))
	add("plenty", "5411", "5", "")
	w.send(t, "m-1", "POST", "/v1/campaigns/c-1/disable", "").want(t, 200)
	w.send(t, "m-2", "POST", "/v1/campaigns/c-2/disable", "").want(t, 200)
	if pricing != "" {
		pricing = "," + pricing
	}
	w.send(t, "analyst", "POST", "/v1/scoring-profiles/season/versions", `{"weights":{"category_affinity":1}`+pricing+`}`).want(t, 201)
	w.send(t, "analyst", "POST", "/v1/scoring-profiles/season/activate", "").want(t, 200)
	return s
}

// live lets the travellers from one to before another come, an hour apart.
func (s *season) live(from, until int) {
	s.t.Helper()
	for n := from; n < until; n++ {
		dice := rand.New(rand.NewPCG(uint64(n), 77)) // each traveller is the same in each season
		shown, spent := 0.3+0.1*dice.Float64(), 0.3+0.1*dice.Float64()
		switch dice.IntN(10) {
		case 0, 1:
			shown = 0.9
		case 2:
			spent = 0.95
		}
		s.visit(n, fmt.Sprintf(`{"5812":%.3f,"7011":%.3f,"5411":0.28}`, shown, spent), dice)
		s.w.pass(time.Hour)
		if n%2 == 0 {
			if err := s.w.Refresh(s.t.Context()); err != nil {
				s.t.Fatal(err)
			}
		}
	}
}

func (s *season) visit(n int, tastes string, dice *rand.Rand) {
	s.t.Helper()
	var d struct {
		Decision_ID string
		Placements  []struct {
			Offers []struct {
				Offer_ID            string
				Score, Budget_Price float64
			}
		}
	}
	s.w.send(s.t, "app", "POST", "/v1/decisions", fmt.Sprintf(`{"user":{"id":"u-%d","languages":["en"],"category_affinities":%s},"location":{"lat":25.7907,"lon":-80.1353},"placements":[{"id":"home","count":1}]}`, n, tastes)).
		want(s.t, 200).decode(s.t, &d)
	s.decisions = append(s.decisions, d.Decision_ID)
	if len(d.Placements[0].Offers) == 0 {
		return
	}
	o := d.Placements[0].Offers[0]
	s.value += o.Score + o.Budget_Price
	if o.Budget_Price > 0 {
		s.priced++
	}
	s.w.send(s.t, "app", "POST", "/v1/events", fmt.Sprintf(`{"events":[{"decision_id":%q,"offer_id":%q,"type":"impression"}]}`, d.Decision_ID, o.Offer_ID)).want(s.t, 200)
	switch o.Offer_ID {
	case "shown@v-1":
		s.shown++
	case "spent@v-1":
		if dice.IntN(2) == 0 {
			return
		}
		var r struct{ Discount struct{ Amount int64 } }
		s.w.send(s.t, "app", "POST", "/v1/redemptions", fmt.Sprintf(`{"offer_id":"spent@v-1","user":{"id":"u-%d"},"purchase":{"amount":10000,"currency":"USD"},"decision_id":%q}`, n, d.Decision_ID)).
			want(s.t, 201).decode(s.t, &r)
		s.spent += r.Discount.Amount
	}
}

// A profile that prices budgets earns more of a season than one that does not, over the real service: neither passes a budget, and what was decided at a price is decided so
// again, also after a new start, from which prices go on where they were.
func TestAPricedSeasonBeatsAGreedyOne(t *testing.T) {
	travellers := 160
	if os.Getenv("SIHAI_LONG") == "1" {
		travellers = 3000
	}
	greedy := openSeason(t, travellers, "")
	greedy.live(0, travellers)
	priced := openSeason(t, travellers, greedy.pricing())
	priced.live(0, travellers/2)
	priced.w.restart(t)
	priced.live(travellers/2, travellers)
	for _, s := range []*season{greedy, priced} {
		if s.shown > s.showings() || s.spent > s.spend() {
			t.Errorf("%d shown of %d, %d spent of %d", s.shown, s.showings(), s.spent, s.spend())
		}
		t.Logf("value %.1f; %d shown of %d, %d spent of %d; %d offers had a price", s.value, s.shown, s.showings(), s.spent, s.spend(), s.priced)
	}
	if priced.value < 1.1*greedy.value || priced.priced == 0 || greedy.priced > 0 {
		t.Errorf("priced %.1f with %d prices, greedy %.1f with %d", priced.value, priced.priced, greedy.value, greedy.priced)
	}
	priced.w.restart(t)
	for i, id := range priced.decisions {
		if i%7 != 0 {
			continue
		}
		var r replayJSON
		got := priced.w.send(t, "analyst", http.MethodPost, "/v1/decisions/"+id+"/replay", "").want(t, 200)
		if got.decode(t, &r); !r.Same || len(r.Moved) > 0 {
			t.Fatalf("decision %d comes out as %s\non record it is %s", i, got.body, priced.w.get(t, "analyst", "/v1/decisions/"+id).body)
		}
	}
}

// A profile's pricing is kept and told, and what is wrong with it is told at once.
func TestPricingIsASetting(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	w.send(t, "analyst", "POST", "/v1/scoring-profiles/dear/versions", `{"weights":{"distance":1},"pricing":{"method":"dual_mirror_descent","step":2,"scale":0.5}}`).want(t, 201)
	var kept struct {
		Pricing struct {
			Method      string
			Step, Scale float64
		}
	}
	w.get(t, "analyst", "/v1/scoring-profiles/dear/versions/1").want(t, 200).decode(t, &kept)
	if p := kept.Pricing; p.Method != "dual_mirror_descent" || p.Step != 2 || p.Scale != 0.5 {
		t.Errorf("%+v", p)
	}
	bad := ask{key: "analyst", method: "POST", path: "/v1/scoring-profiles/dear/versions", wrong: true, body: `{"weights":{},"pricing":{"method":"second_price","step":11,"scale":-1}}`}
	w.ask(t, bad).faults(t, "pricing.method invalid", "pricing.step out_of_range", "pricing.scale out_of_range")
}
