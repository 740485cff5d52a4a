package decision

import (
	"math"
	"strings"

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
			r.names = append(r.names, c.listing.Campaign.MerchantID...)
			r.names = append(r.names, '/')
			r.names = append(r.names, c.listing.Campaign.ID...)
			r.names = append(r.names, '@')
			r.names = append(r.names, c.venue().ID...)
		}
	}
	all := string(r.names)
	for i := range r.candidates {
		c := &r.candidates[i]
		if c.row < 0 && !r.full {
			continue
		}
		campaign := len(c.listing.Campaign.MerchantID) + 1 + len(c.listing.Campaign.ID)
		full := all[:campaign+1+len(c.venue().ID)]
		all = all[len(full):]
		c.campaign = full[:campaign]
		c.id = full[len(c.listing.Campaign.MerchantID)+1:]
		if r.snap.Ambiguous[c.id] {
			c.id = full
		}
	}
}

// offers makes offers of chosen entries.
func (r *run) offers(chosen []int) []engine.Offer {
	if len(chosen) == 0 {
		return nil
	}
	offers := make([]engine.Offer, len(chosen))
	rows := make([]float64, 0, len(chosen)*scoring.Width)
	for i, entry := range chosen {
		c := &r.candidates[r.listed[entry]]
		rows = append(rows, r.rows.Row(c.row)...)
		o := &offers[i]
		r.fillOffer(o, c)
		o.Position = i + 1
		o.Features = rows[i*scoring.Width : (i+1)*scoring.Width : (i+1)*scoring.Width]
		if r.full {
			o.Explanation = r.scorer.Explain(o.Features, o.Score)
		}
	}
	return offers
}

// fillOffer sets what an offer is, without its place in a list.
func (r *run) fillOffer(o *engine.Offer, c *candidate) {
	campaign := c.listing.Campaign
	tag := c.listing.Languages.Tags[c.spoken.index]
	*o = engine.Offer{
		ID:                strings.Clone(c.id),
		CampaignID:        campaign.ID,
		MerchantID:        campaign.MerchantID,
		Venue:             r.offerVenue(c),
		Title:             campaign.Title[tag],
		Description:       wording(campaign.Description, tag, r.settings.fallbackName),
		Terms:             wording(campaign.Terms, tag, r.settings.fallbackName),
		ImageURL:          campaign.ImageURL,
		Language:          tag,
		Discount:          campaign.Discount,
		Saving:            c.estimate.in(r.request.Currency, &r.rates),
		InsideProbability: c.probability,
		Match:             c.match,
		EndsAt:            r.bound(campaign.Flight.End, c.zone()),
		Score:             r.scores[c.row],
		Propensity:        1,
	}
}

func (r *run) offerVenue(c *candidate) engine.OfferVenue {
	site := &c.listing.Sites[c.site]
	name := site.Venue.ID
	if site.Names != nil && len(site.Names.Tags) > 0 {
		i := r.tongue.speak(site.Names, r.settings.fallback).index
		name = site.Venue.Name[site.Names.Tags[max(i, 0)]]
	}
	return engine.OfferVenue{
		ID:       site.Venue.ID,
		Name:     name,
		Position: site.Venue.Position,
		Category: site.Venue.Category,
		TimeZone: site.Venue.TimeZone,
		Distance: geo.Meters(math.Round(float64(r.metres(c))*10) / 10),
	}
}
