package decision_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/decision"
)

// TestTrialIsADecision tries each listing of random worlds against random requests, and holds what comes of it against decisions that were made with the listing
// in the catalog: the same venues are met, those that are in reach and hold have the same features, and the others a reason that the decision has too.
func TestTrialIsADecision(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 15))
	met, held := 0, 0
	for range 6 {
		w := randomWorld(random)
		w.profile.Floor, w.profile.MaxPerCampaign, w.profile.MaxPerMerchant, w.profile.MaxPerCategory = -1000, 0, 0, 0
		snap := w.snapshot(t)
		s, err := decision.New(optionsFor(snap, newMemoryLog()))
		if err != nil {
			t.Fatal(err)
		}
		listings := make(map[string]*engine.Listing)
		for handle := range uint32(snap.Residents.Len()) {
			for _, at := range snap.Residents.At(handle).At {
				listings[at.Listing.Merchant.ID+"/"+at.Listing.ID] = at.Listing
			}
		}
		trials := make(map[string]engine.Trial)
		for name, l := range listings {
			if trials[name], err = s.Trial(snap, l); err != nil {
				t.Fatal(err)
			}
		}
		for range 30 {
			r := randomRequest(random)
			r.Explain = engine.ExplainFull
			r.Placements = []engine.PlacementRequest{{ID: "home", Count: 100}}
			if r.Location == nil {
				continue
			}
			d, err := s.Decide(t.Context(), r, nil)
			if err != nil {
				t.Fatal(err)
			}
			for name, l := range listings {
				for _, o := range trials[name].Try(nil, r) {
					met++
					if o.Against == 0 {
						held++
					}
					compareTrial(t, d, name, l, o)
				}
			}
		}
		_ = s.Close()
	}
	if met < 1000 || held < 200 {
		t.Errorf("%d offers were met and %d held: too few to tell", met, held)
	}
}

func compareTrial(t *testing.T, d *engine.Decision, name string, l *engine.Listing, o engine.TrialOffer) {
	t.Helper()
	site := l.Sites[o.Site].ID
	is := func(merchant, campaign, venue string) bool {
		return merchant == l.Merchant.ID && campaign == l.ID && venue == site
	}
	p := &d.Placements[0]
	for i := range p.Offers {
		if x := &p.Offers[i]; is(x.MerchantID, x.CampaignID, x.Venue.ID) {
			if o.Against != 0 || !slices.Equal(x.Features, o.Features[:]) {
				t.Fatalf("%s at %s: offered with %v, tried %+v", name, site, x.Features, o)
			}
			return
		}
	}
	for _, x := range p.Rejected {
		if !is(x.MerchantID, x.CampaignID, x.VenueID) {
			continue
		}
		for _, reason := range x.Reasons {
			// what a trial does not ask: its status, and limits
			if reason.Code == o.Against || o.Against == 0 && (reason.Code == engine.NotEnabled || reason.Code/10 == 33 || reason.Code/10 == 34 || reason.Code == engine.Outranked) {
				return
			}
		}
		t.Fatalf("%s at %s: rejected for %v, tried %+v", name, site, x.Reasons, o)
	}
	t.Fatalf("%s at %s was not met by the decision, tried %s", name, site, fmt.Sprint(o))
}
