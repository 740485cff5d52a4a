package decision

import (
	"math"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
	"github.com/sihai-network/sihai/scoring"
)

// addNames gives the candidates their names: those that may be offered and, with explanations, the others too. All lie in one
// string; what leaves the run is cloned.
func (r *run) addNames() {
	r.names = r.names[:0]
	for i := range r.candidates {
		if c := &r.candidates[i]; c.row >= 0 || r.full {
			r.names = append(r.names, c.listing.Merchant.ID...)
			r.names = append(r.names, '/')
			r.names = append(r.names, c.listing.ID...)
			r.names = append(r.names, '@')
			r.names = append(r.names, c.siteOf().ID...)
		}
	}
	all := string(r.names)
	for i := range r.candidates {
		c := &r.candidates[i]
		if c.row < 0 && !r.full {
			continue
		}
		campaign := len(c.listing.Merchant.ID) + 1 + len(c.listing.ID)
		full := all[:campaign+1+len(c.siteOf().ID)]
		all = all[len(full):]
		c.campaign = full[:campaign]
		c.id = full[len(c.listing.Merchant.ID)+1:]
		if r.snap.Ambiguous[c.id] {
			c.id = full
		}
	}
}

// detail is what an offer points to.
type detail struct {
	features [scoring.Width]float64
	saving   engine.Saving
}

// offers makes offers of candidates. What they point to and is their own lies in one piece.
func (r *run) offers(chosen []int) []engine.Offer {
	if len(chosen) == 0 {
		return nil
	}
	r.sought = r.seek(chosen)
	offers, details := make([]engine.Offer, len(chosen)), make([]detail, len(chosen))
	for i, at := range chosen {
		c, o, d := &r.candidates[at], &offers[i], &details[i]
		copy(d.features[:], r.rows.Row(c.row))
		r.fillOffer(o, c, &d.saving)
		o.Position = i + 1
		o.Features = d.features[:]
		if r.full {
			o.Explanation = r.scorer.Explain(o.Features, r.scores[c.row])
			r.explainPrice(o.Explanation, c)
		}
	}
	return offers
}

// fillOffer sets what an offer is, without its place in a list. The saving is put into that given.
func (r *run) fillOffer(o *engine.Offer, c *candidate, saving *engine.Saving) {
	var e estimate
	o.Creative, e = r.creativeOf(c)
	o.Distance = geo.Meters(math.Round(float64(r.metres(c))*10) / 10)
	o.Saving = e.in(saving, r.request.Currency, &r.rates)
	o.InsideProbability = c.probability
	o.Match = c.match
	o.Score, o.Price = r.worth(c), c.price
	o.Propensity = 1
}
