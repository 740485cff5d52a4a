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

// offers makes offers of candidates. What they point to lies in one piece, and so do their IDs.
func (r *run) offers(chosen []int) []engine.Offer {
	if len(chosen) == 0 {
		return nil
	}
	offers, details := make([]engine.Offer, len(chosen)), make([]detail, len(chosen))
	r.names, r.ends = r.names[:0], r.ends[:0]
	for i, at := range chosen {
		c, o, d := &r.candidates[at], &offers[i], &details[i]
		copy(d.features[:], r.rows.Row(c.row))
		r.fillOffer(o, c, &d.saving)
		o.Position = i + 1
		o.Features = d.features[:]
		if r.full {
			o.Explanation = r.scorer.Explain(o.Features, o.Score)
		}
		r.names = r.appendID(r.names, c.place)
		r.ends = append(r.ends, len(r.names))
	}
	all, begin := string(r.names), 0
	for i, end := range r.ends {
		offers[i].ID = all[begin:end]
		begin = end
	}
	return offers
}

// fillOffer sets what an offer is, without its place in a list and its ID. The saving is put into that given.
func (r *run) fillOffer(o *engine.Offer, c *candidate, saving *engine.Saving) {
	campaign := c.listing.Campaign()
	e := estimateSaving(&r.rates, &campaign.Discount, c.venue(), r.request.Purchase, r.settings.defaultSpend)
	tag := c.listing.Languages.Tags[c.spoken.index]
	*o = engine.Offer{
		CampaignID:        campaign.ID,
		MerchantID:        campaign.MerchantID,
		Venue:             r.offerVenue(c),
		Title:             campaign.Title[tag],
		Description:       wording(campaign.Description, tag, r.settings.fallbackName),
		Terms:             wording(campaign.Terms, tag, r.settings.fallbackName),
		ImageURL:          campaign.ImageURL,
		Language:          tag,
		Discount:          campaign.Discount,
		Saving:            e.in(saving, r.request.Currency, &r.rates),
		InsideProbability: c.probability,
		Match:             c.match,
		EndsAt:            r.bound(campaign.Flight.End, c.zone()),
		Score:             r.scores[c.row],
		Propensity:        1,
	}
}

func (r *run) offerVenue(c *candidate) engine.OfferVenue {
	site := c.siteOf()
	venue := site.Venue()
	name := site.ID
	if site.Names != nil && len(site.Names.Tags) > 0 {
		i := r.tongue.speak(site.Names, r.settings.fallback).index
		name = venue.Name[site.Names.Tags[max(i, 0)]]
	}
	return engine.OfferVenue{
		ID:       site.ID,
		Name:     name,
		Position: site.Position,
		Category: venue.Category,
		TimeZone: venue.TimeZone,
		Distance: geo.Meters(math.Round(float64(r.metres(c))*10) / 10),
	}
}
