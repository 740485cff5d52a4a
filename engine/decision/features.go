package decision

import (
	"math"
	"slices"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
)

// addFeatures appends the row of a candidate that may be offered.
func (r *run) addFeatures(c *candidate) {
	campaign, zone := c.listing.Campaign, c.zone()
	c.estimate = estimateSaving(&r.rates, &campaign.Discount, c.venue(), r.request.Purchase, r.settings.defaultSpend)
	c.row = r.rows.Rows()
	row := r.rows.AppendRow()
	row[scoring.Distance] = scoring.Decay(float64(r.metres(c)), scoring.DistanceScale)
	row[scoring.InsideProbability] = scoring.Clamp(c.probability)
	if c.estimate.known {
		row[scoring.Saving] = scoring.SavingValue(c.estimate.euros(&r.rates))
		row[scoring.RelativeDiscount] = scoring.Share(float64(c.estimate.saving.Amount), float64(c.estimate.price.Amount))
	}
	row[scoring.CategoryAffinity] = r.affinity(c)
	row[scoring.Popularity] = r.popularity(campaign)
	if start := r.bound(campaign.Flight.Start, zone); !start.IsZero() {
		row[scoring.Freshness] = scoring.Decay(days(r.request.Time.Sub(start)), scoring.FreshnessScale)
	}
	if end := r.bound(campaign.Flight.End, zone); !end.IsZero() {
		row[scoring.EndsSoon] = scoring.Decay(days(end.Sub(r.request.Time)), scoring.EndsSoonScale)
	}
	row[scoring.LanguageMatch] = scoring.LanguageValue(c.spoken.rank)
}

func days(d time.Duration) float64 { return d.Hours() / 24 }

// affinity returns the traveller's greatest known affinity to a category of the offer.
func (r *run) affinity(c *candidate) float64 {
	affinities := r.request.User.CategoryAffinities
	if len(affinities) == 0 {
		return scoring.UnknownAffinity
	}
	best, known := math.Inf(-1), false
	ask := func(category string) {
		if a, ok := affinities[category]; ok {
			best, known = max(best, a), true
		}
	}
	ask(c.category())
	for _, category := range c.listing.Campaign.Categories {
		ask(category)
	}
	if !known {
		return scoring.UnknownAffinity
	}
	return scoring.Clamp(best)
}

func (r *run) popularity(c *engine.Campaign) float64 {
	var counts engine.Counts
	if len(r.snap.Popularity) > 0 {
		counts = r.snap.Popularity[engine.CampaignRef{MerchantID: c.MerchantID, CampaignID: c.ID}]
	}
	return scoring.PopularityPrior().Mean(counts.Clicks, counts.Impressions)
}

// category returns the offer's first category: of the campaign where it names some, of the venue otherwise; empty: unknown.
func (c *candidate) category() string {
	if own := c.listing.Campaign.Categories; len(own) > 0 {
		return own[0]
	}
	return c.venue().Category
}

// isIn reports whether one of the offer's categories is among some.
func (c *candidate) isIn(categories []string) bool {
	own := c.listing.Campaign.Categories
	if len(own) == 0 {
		return slices.Contains(categories, c.venue().Category)
	}
	return meets(categories, own)
}
