package decision

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
)

// place fills one placement from the candidates that may be offered. id is that of the decision.
func (r *run) place(p *engine.PlacementRequest, id string) engine.Placement {
	r.entries, r.listed = r.entries[:0], r.listed[:0]
	for i := range r.candidates {
		c := &r.candidates[i]
		if c.row < 0 || !categoryAllowed(p, c.place) || !merchantAllowed(p, c.place) {
			continue
		}
		r.entries = append(r.entries, scoring.Candidate{
			Score: r.worth(c), ID: c.id, Campaign: c.campaign, Merchant: c.listing.Merchant.ID, Category: c.category(),
		})
		r.listed = append(r.listed, i)
	}
	if r.explorer != nil {
		return r.explore(p, id)
	}
	if !r.full {
		return engine.Placement{ID: p.ID, Offers: r.offers(r.candidatesOf(scoring.Top(r.entries, p.Count, &r.snap.Profile)))}
	}
	chosen, outcomes := scoring.Select(r.entries, p.Count, &r.snap.Profile)
	return engine.Placement{ID: p.ID, Offers: r.offers(r.candidatesOf(chosen)), Rejected: r.rejections(p, chosen, outcomes)}
}

// candidatesOf returns the candidates of entries.
func (r *run) candidatesOf(entries []int) []int {
	r.chosen = r.chosen[:0]
	for _, entry := range entries {
		r.chosen = append(r.chosen, r.listed[entry])
	}
	return r.chosen
}

func categoryAllowed(p *engine.PlacementRequest, c place) bool {
	return len(p.Categories) == 0 || c.isIn(p.Categories)
}

func merchantAllowed(p *engine.PlacementRequest, c place) bool {
	return len(p.ExcludeMerchants) == 0 || !slices.Contains(p.ExcludeMerchants, c.listing.Merchant.ID)
}

// rejections tells of every candidate that is not offered in a placement, ascending by offer ID.
func (r *run) rejections(p *engine.PlacementRequest, chosen []int, outcomes []scoring.Outcome) []engine.Rejection {
	against := make([][]engine.Reason, len(r.candidates))
	ranks := r.ranks()
	standing := newStanding(r, chosen, ranks)
	for entry, i := range r.listed {
		against[i] = r.whyNotChosen(p, entry, outcomes[entry], ranks[entry], standing)
	}
	var out []engine.Rejection
	for i := range r.candidates {
		c := &r.candidates[i]
		reasons := slices.Concat(c.reasons, whyNotPlaced(p, c), against[i])
		if len(reasons) == 0 {
			continue
		}
		sortReasons(reasons)
		out = append(out, engine.Rejection{
			OfferID:    strings.Clone(c.id),
			CampaignID: c.listing.ID,
			MerchantID: c.listing.Merchant.ID,
			VenueID:    c.siteOf().ID,
			Reasons:    reasons,
		})
	}
	slices.SortFunc(out, func(a, b engine.Rejection) int { return cmp.Compare(a.OfferID, b.OfferID) })
	return out
}

// whyNotPlaced returns the reasons of a placement's own filters.
func whyNotPlaced(p *engine.PlacementRequest, c *candidate) (reasons []engine.Reason) {
	if !categoryAllowed(p, c.place) {
		own := c.listing.Campaign().Categories
		if len(own) == 0 && c.venue().Category != "" {
			own = []string{c.venue().Category}
		}
		reasons = append(reasons, engine.Reason{
			Code: engine.CategoryExcluded, Message: "category " + list(own) + " is not " + list(p.Categories),
		})
	}
	if !merchantAllowed(p, c.place) {
		reasons = append(reasons, engine.Reason{
			Code: engine.MerchantExcluded, Message: "merchant " + c.listing.Merchant.ID + " is excluded",
		})
	}
	return reasons
}

// ranks returns the place of each entry, from 1, in the order by score descending and then by ID.
func (r *run) ranks() []int {
	order := make([]int, len(r.entries))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		a, b := &r.entries[i], &r.entries[j]
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.ID, b.ID))
	})
	ranks := make([]int, len(order))
	for rank, i := range order {
		ranks[i] = rank + 1
	}
	return ranks
}

// standing is which offers were chosen at which rank, to tell how many stand before another.
type standing struct {
	run    *run
	chosen []int // entries, best first
	ranks  []int
}

func newStanding(r *run, chosen, ranks []int) standing { return standing{r, chosen, ranks} }

// before counts the chosen entries ahead of a rank of which something holds.
func (s standing) before(rank int, same func(*scoring.Candidate) bool) (n int) {
	for _, i := range s.chosen {
		if s.ranks[i] < rank && same(&s.run.entries[i]) {
			n++
		}
	}
	return n
}

// whyNotChosen puts an outcome into words.
func (r *run) whyNotChosen(p *engine.PlacementRequest, entry int, o scoring.Outcome, rank int, s standing) (reasons []engine.Reason) {
	e := &r.entries[entry]
	if o.Has(scoring.BelowFloor) {
		message := fmt.Sprintf("score %.4f is below the floor %v", r.scoreOf(entry), r.snap.Profile.Floor)
		if price := r.candidates[r.listed[entry]].price; price != 0 {
			message += fmt.Sprintf("; its budgets took %.4f of it", price)
		}
		reasons = append(reasons, engine.Reason{Code: engine.BelowScoreFloor, Message: message})
	}
	var full []string
	tell := func(bound scoring.Outcome, what string, same func(*scoring.Candidate) bool) {
		if !o.Has(bound) {
			return
		}
		if n := s.before(rank, same); n == 1 {
			full = append(full, "1 offer of this "+what+" ranks above")
		} else {
			full = append(full, fmt.Sprintf("%d offers of this %s rank above", n, what))
		}
	}
	tell(scoring.CampaignFull, "campaign", func(x *scoring.Candidate) bool { return x.Campaign == e.Campaign })
	tell(scoring.MerchantFull, "merchant", func(x *scoring.Candidate) bool { return x.Merchant == e.Merchant })
	tell(scoring.CategoryFull, "category", func(x *scoring.Candidate) bool { return x.Category == e.Category })
	if len(full) > 0 {
		reasons = append(reasons, engine.Reason{Code: engine.RejectedByDiversity, Message: strings.Join(full, "; ")})
	}
	if o.Has(scoring.Outranked) {
		reasons = append(reasons, engine.Reason{
			Code: engine.Outranked, Message: fmt.Sprintf("ranked %s of %d asked", ordinal(rank), p.Count),
		})
	}
	return reasons
}

// ordinal writes a number from 1 as a place in an order: 1st, 2nd, 3rd, 4th, 11th, 21st.
func ordinal(n int) string {
	suffix := "th"
	if tens := n / 10 % 10; tens != 1 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return fmt.Sprintf("%d%s", n, suffix)
}
