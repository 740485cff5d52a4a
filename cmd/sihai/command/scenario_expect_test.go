package command

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/sihai-network/sihai/engine/wire"
)

// expectation is what somebody wrote down by hand of a placement of the reply, so that a wrong reply is not taken over.
type expectation struct {
	Offers    []string          `json:"offers"`    // IDs, best first
	Rejects   map[string][]int  `json:"rejects"`   // offer ID → codes; all there are
	Savings   map[string]string `json:"savings"`   // offer ID → "1500 USD", or "unknown"; of some offers
	Languages map[string]string `json:"languages"` // offer ID → content_language; of some offers
	Matches   map[string]string `json:"matches"`   // offer ID → match; of some offers
}

// faults tells everything in a reply that was not expected, and everything in it that holds of no reply.
func (s *scenario) faults(t *testing.T, reply []byte) (faults []string) {
	t.Helper()
	var d wire.Decision
	if err := json.Unmarshal(reply, &d); err != nil {
		t.Fatal(err)
	}
	tell := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	if len(s.Expect) != len(d.Placements) {
		tell("%d placements are expected, %d answered", len(s.Expect), len(d.Placements))
	}
	for _, p := range d.Placements {
		want, known := s.Expect[p.ID]
		if !known {
			tell("%s: nothing is expected of this placement", p.ID)
		}
		for _, fault := range want.faults(&p) {
			tell("%s: %s", p.ID, fault)
		}
		for _, o := range p.Offers {
			if o.Explanation != nil {
				sumsUp(&o, o.Explanation, tell)
			}
		}
	}
	return faults
}

func (e expectation) faults(p *wire.Placement) (faults []string) {
	tell := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	offers := make([]string, len(p.Offers))
	savings, languages, matches := make(map[string]string), make(map[string]string), make(map[string]string)
	for i, o := range p.Offers {
		offers[i] = o.OfferID
		savings[o.OfferID], languages[o.OfferID], matches[o.OfferID] = savedText(o.EstimatedSaving), o.ContentLanguage, o.Match
		if o.Position != i+1 {
			tell("offer %s has position %d in place %d", o.OfferID, o.Position, i+1)
		}
	}
	if !slices.Equal(offers, e.Offers) {
		tell("offers %q, expected %q", offers, e.Offers)
	}
	rejects := make(map[string][]int)
	for _, r := range p.Rejected {
		for _, reason := range r.Reasons {
			rejects[r.OfferID] = append(rejects[r.OfferID], reason.Code)
		}
	}
	if !maps.EqualFunc(rejects, e.Rejects, slices.Equal) {
		tell("rejects %v, expected %v", rejects, e.Rejects)
	}
	for _, part := range []struct {
		what      string
		got, want map[string]string
	}{{"saving", savings, e.Savings}, {"language", languages, e.Languages}, {"match", matches, e.Matches}} {
		for _, id := range slices.Sorted(maps.Keys(part.want)) {
			if part.got[id] != part.want[id] {
				tell("%s of %s is %q, expected %q", part.what, id, part.got[id], part.want[id])
			}
		}
	}
	return faults
}

func savedText(s *wire.Saving) string {
	if s == nil {
		return "unknown"
	}
	return fmt.Sprintf("%d %s", s.Amount, s.Currency)
}

// sumsUp tells of an explanation that does not add up to the score.
func sumsUp(o *wire.Offer, e *wire.Explanation, tell func(string, ...any)) {
	sum := 0.0
	for _, child := range e.Children {
		sum += child.Value
	}
	if diff := sum - o.Score; diff < -1e-9 || diff > 1e-9 || e.Value != o.Score {
		tell("offer %s: its explanation of %v sums to %v, its score is %v", o.OfferID, e.Value, sum, o.Score)
	}
}
