package command

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

// facts are a scenario as the list of cases asks about it.
type facts struct {
	*scenario
	request   wire.Request
	campaigns []wire.Campaign
	shown     []verdict
}

// verdict is an offer or a rejection of a reply, with what it is about.
type verdict struct {
	id       string
	campaign wire.Campaign
	venue    wire.Venue
	local    time.Time   // of the request, on the venue's clock
	offer    *wire.Offer // nil for a rejection
	codes    []int       // of a rejection
	message  string      // of its first reason
}

// factsOf takes a scenario apart.
func factsOf(t *testing.T, s *scenario) *facts {
	t.Helper()
	f := &facts{scenario: s, request: decodedAs[wire.Request](t, s, s.Request)}
	campaigns, venues := make(map[resourceID]wire.Campaign), make(map[resourceID]wire.Venue)
	for _, data := range s.Campaigns {
		c := decodedAs[wire.Campaign](t, s, data)
		campaigns[resourceID{c.ID, c.MerchantID}] = c
		f.campaigns = append(f.campaigns, c)
	}
	for _, data := range s.Venues {
		v := decodedAs[wire.Venue](t, s, data)
		venues[resourceID{v.ID, v.MerchantID}] = v
	}
	add := func(x verdict, merchant string) {
		_, campaign, venue, _ := engine.ParseOfferID(x.id)
		x.campaign, x.venue = campaigns[resourceID{campaign, merchant}], venues[resourceID{venue, merchant}]
		zone, err := time.LoadLocation(x.venue.TimeZone)
		if err != nil {
			t.Fatalf("%s: %v", s.name, err)
		}
		x.local = s.Now.In(zone)
		f.shown = append(f.shown, x)
	}
	for _, p := range decodedAs[wire.Decision](t, s, s.Reply).Placements {
		for i := range p.Offers {
			add(verdict{id: p.Offers[i].OfferID, offer: &p.Offers[i]}, p.Offers[i].MerchantID)
		}
		for _, r := range p.Rejected {
			x := verdict{id: r.OfferID, message: r.Reasons[0].Message}
			for _, reason := range r.Reasons {
				x.codes = append(x.codes, reason.Code)
			}
			add(x, r.MerchantID)
		}
	}
	return f
}

func decodedAs[T any](t *testing.T, s *scenario, data []byte) (out T) {
	t.Helper()
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatalf("%s: %v", s.name, err)
	}
	return out
}

// any reports whether something holds of an offer or a rejection.
func (f *facts) any(holds func(x *verdict) bool) bool {
	return slices.ContainsFunc(f.shown, func(x verdict) bool { return holds(&x) })
}

// apart reports whether one campaign is offered at a venue and rejected with a code at another, in another time zone.
func (f *facts) apart(code int, of func(c *wire.Campaign) bool) bool {
	return f.any(func(x *verdict) bool {
		return x.offer != nil && of(&x.campaign) && f.any(func(y *verdict) bool {
			return y.rejected(code) && y.campaign.ID == x.campaign.ID && y.venue.TimeZone != x.venue.TimeZone
		})
	})
}

// expects reports whether a rejection with a code was written down by hand.
func (f *facts) expects(code int) bool {
	for _, e := range f.Expect {
		for _, codes := range e.Rejects {
			if slices.Contains(codes, code) {
				return true
			}
		}
	}
	return false
}

// expectsSaving reports whether the saving of an offer was written down by hand.
func (f *facts) expectsSaving(id string) bool {
	for _, e := range f.Expect {
		if e.Savings[id] != "" {
			return true
		}
	}
	return false
}

// expectsLanguage reports whether the language of an offer was written down by hand.
func (f *facts) expectsLanguage(id string) bool {
	for _, e := range f.Expect {
		if e.Languages[id] != "" {
			return true
		}
	}
	return false
}

// reads returns the traveller's languages.
func (f *facts) reads() []string {
	if f.request.User == nil {
		return nil
	}
	return f.request.User.Languages
}

func (x *verdict) rejected(code int) bool { return slices.Contains(x.codes, code) }

// clock is the time of day on the venue's wall.
func (x *verdict) clock() string { return x.local.Format("15:04") }

// window returns the only window of a campaign's flight.
func (x *verdict) window() (w wire.Window, ok bool) {
	if f := x.campaign.Flight; f != nil && len(f.Windows) == 1 {
		return f.Windows[0], true
	}
	return w, false
}

// inSmallHours reports whether it is so early that a span past midnight is still on from the day before.
func (x *verdict) inSmallHours(from, to string) bool { return to <= from && x.clock() < to }

// says reports whether an offer is told in one language while its campaign has another too; empty: it has none but that.
func (x *verdict) says(language, other string) bool {
	if x.offer == nil || x.offer.ContentLanguage != language {
		return false
	}
	return x.campaign.Title[other] != "" || other == "" && len(x.campaign.Title) == 1
}
