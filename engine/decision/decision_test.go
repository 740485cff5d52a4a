package decision_test

import (
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/decision"
)

// someLimits keeps back a few campaigns by their names alone.
type someLimits struct{}

// concern reports whether a campaign may be kept back.
func (someLimits) concern(id string) bool {
	return strings.HasSuffix(id, "7") || strings.HasSuffix(id, "9")
}

func (s someLimits) Within(l *engine.Listing, site int, user string, at time.Time) bool {
	return len(s.Check(nil, l, site, user, at)) == 0
}

func (someLimits) Check(dst []engine.Reason, l *engine.Listing, _ int, user string, _ time.Time) []engine.Reason {
	if strings.HasSuffix(l.ID, "7") {
		dst = append(dst, engine.Reason{Code: engine.BudgetExhausted, Message: "used up"})
	}
	if strings.HasSuffix(l.ID, "9") && user != "" {
		dst = append(dst, engine.Reason{Code: engine.FrequencyCapped, Message: "capped"})
	}
	return dst
}

func TestDecisionsEqualTheOracle(t *testing.T) {
	zones := make(map[string]*time.Location)
	for _, name := range oracleZones {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Skipf("this machine has no time zone %s: %v", name, err)
		}
		zones[name] = zone
	}
	worlds := uint64(8)
	if os.Getenv("SIHAI_LONG") == "1" {
		worlds = 500
	}
	for seed := range worlds {
		random := rand.New(rand.NewPCG(seed, 11))
		w := randomWorld(random)
		if seed%2 == 1 {
			w.price(rand.New(rand.NewPCG(seed, 12)), 0.2)
		}
		snap := w.snapshot(t)
		o := optionsFor(snap, newMemoryLog())
		o.Limits = someLimits{}
		service, err := decision.New(o)
		if err != nil {
			t.Fatal(err)
		}
		for n := range 25 {
			r := randomRequest(random)
			d, err := service.Decide(t.Context(), r, nil)
			if err != nil {
				t.Fatal(err)
			}
			if !compareWithOracle(t, &oracle{w, r, o.Limits, zones}, d) {
				t.Fatalf("seed %d request %d: %+v at %+v", seed, n, r, *r.Location)
			}
			compareShort(t, service, r, d)
			if t.Failed() {
				t.Fatalf("seed %d request %d", seed, n)
			}
		}
		if err := service.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// compareWithOracle reports whether a decision has the oracle's offers in its order and its reasons for everything else.
func compareWithOracle(t *testing.T, o *oracle, d *engine.Decision) bool {
	t.Helper()
	findings := o.findings()
	var eligible []*finding
	told := make(map[string][]int)
	for _, f := range findings {
		if len(f.codes) == 0 {
			eligible = append(eligible, f)
		}
	}
	p := d.Placements[0]
	var offered []string
	for _, offer := range p.Offers {
		offered = append(offered, offer.ID)
		told[offer.ID] = nil
		if f := findings[offer.ID]; f == nil || math.Abs(f.score-offer.Score) > 2e-9 {
			t.Errorf("%s: score %v, want that of %+v", offer.ID, offer.Score, f)
		}
		if err := offer.Explanation.Check(); err != nil || offer.Explanation.Value != offer.Score {
			t.Error(err, offer.Explanation.Value, offer.Score)
		}
		checkPrice(t, &offer)
	}
	if want := o.selected(eligible); !slices.Equal(offered, want) {
		t.Errorf("offers %v, want %v", offered, want)
	}
	last := ""
	for _, r := range p.Rejected {
		if r.OfferID <= last {
			t.Errorf("rejection %s after %s", r.OfferID, last)
		}
		last = r.OfferID
		var codes []int
		for _, reason := range r.Reasons {
			codes = append(codes, int(reason.Code))
		}
		told[r.OfferID] = codes
		f := findings[r.OfferID]
		switch {
		case f == nil || len(codes) == 0:
			t.Errorf("rejection %+v of nothing", r)
		case len(f.codes) == 0 && codes[0] < 380, len(f.codes) > 0 && !slices.Equal(f.codes, codes):
			t.Errorf("%s: reasons %v, want %v", r.OfferID, r.Reasons, f.codes)
		}
	}
	for id, f := range findings {
		if _, ok := told[id]; f.reached && !ok {
			t.Errorf("%s is not told of; reasons %v", id, f.codes)
		}
	}
	return !t.Failed()
}

// checkPrice checks that an explanation tells the price as its last term, where there is one.
func checkPrice(t *testing.T, o *engine.Offer) {
	t.Helper()
	terms := o.Explanation.Children
	if n := len(terms); o.Price > 0 && (n == 0 || terms[n-1].Value != -o.Price || terms[n-1].Message != "price of its budgets" || len(terms[n-1].Children) == 0) ||
		o.Price == 0 && n > 0 && terms[n-1].Message == "price of its budgets" {
		t.Errorf("%s: a price of %v, explained %+v", o.ID, o.Price, terms)
	}
}

// compareShort checks that the same request without explanations has the same offers.
func compareShort(t *testing.T, s *decision.Service, full *engine.Request, want *engine.Decision) {
	t.Helper()
	r := *full
	r.Explain = engine.ExplainNone
	d, err := s.Decide(t.Context(), &r, nil)
	if err != nil {
		t.Fatal(err)
	}
	a, b := d.Placements[0].Offers, want.Placements[0].Offers
	same := len(a) == len(b)
	for i := range min(len(a), len(b)) {
		same = same && a[i].ID == b[i].ID && a[i].Score == b[i].Score && a[i].InsideProbability == b[i].InsideProbability && a[i].Match == b[i].Match
	}
	if !same || d.Placements[0].Rejected != nil {
		t.Errorf("without explanations %+v, with them %+v", a, b)
	}
}
