package decision

import (
	"math"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
)

// facts are what the features need of an offer, whoever and wherever the traveller is.
type facts struct {
	begins, ends time.Time // of the flight at the venue; zero: no bound
	gains
	popularity float64 // the feature
}

// gains are the features of an estimate.
type gains struct{ saving, relative float64 }

// factsOf finds out about an offer for one who makes a purchase; zero: unknown.
func (r *run) factsOf(p place, purchase engine.Money) facts {
	begins, ends := r.shown(p)
	return facts{
		begins: begins, ends: ends,
		gains: r.gainsOf(p, purchase), popularity: r.popularity(p.listing),
	}
}

// estimateOf returns what an offer is thought to save for one who makes a purchase; zero: unknown.
func (r *run) estimateOf(p place, purchase engine.Money) estimate {
	return estimateSaving(&r.rates, &p.listing.Campaign().Discount, p.venue(), purchase, r.settings.defaultSpend)
}

func (r *run) gainsOf(p place, purchase engine.Money) (g gains) {
	e := r.estimateOf(p, purchase)
	if e.known {
		g.saving = scoring.SavingValue(e.euros(&r.rates))
		g.relative = scoring.Share(float64(e.saving.Amount), float64(e.price.Amount))
	}
	return g
}

// addFeatures appends the row of a candidate that may be offered.
func (r *run) addFeatures(c *candidate, f *facts, affinity float64) {
	c.row = r.rows.Rows()
	row := r.rows.AppendRow()
	row[scoring.Distance] = scoring.Decay(float64(r.metres(c)), scoring.DistanceScale)
	row[scoring.InsideProbability] = scoring.Clamp(c.probability)
	row[scoring.Saving] = f.saving
	row[scoring.RelativeDiscount] = f.relative
	row[scoring.CategoryAffinity] = affinity
	row[scoring.Popularity] = f.popularity
	if !f.begins.IsZero() {
		row[scoring.Freshness] = scoring.Decay(days(r.request.Time.Sub(f.begins)), scoring.FreshnessScale)
	}
	if !f.ends.IsZero() {
		row[scoring.EndsSoon] = scoring.Decay(days(f.ends.Sub(r.request.Time)), scoring.EndsSoonScale)
	}
	row[scoring.LanguageMatch] = scoring.LanguageValue(c.spoken.rank)
}

func days(d time.Duration) float64 { return d.Hours() / 24 }

// affinity returns the traveller's greatest known affinity to a category of the offer.
func (r *run) affinity(p place) float64 {
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
	ask(p.category())
	for _, category := range p.listing.Campaign().Categories {
		ask(category)
	}
	if !known {
		return scoring.UnknownAffinity
	}
	return scoring.Clamp(best)
}

func (r *run) popularity(l *engine.Listing) float64 {
	var counts engine.Counts
	if len(r.snap.Popularity) > 0 {
		counts = r.snap.Popularity[engine.CampaignRef{MerchantID: l.Merchant.ID, CampaignID: l.ID}]
	}
	return scoring.PopularityPrior().Mean(counts.Clicks, counts.Impressions)
}
