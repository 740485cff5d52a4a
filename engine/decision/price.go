package decision

import (
	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
)

// Where the profile prices budgets, a score is lowered by what the offer is expected to take of those of its campaign and of its venue, at their prices:
//
//	Σ price × take, rounded to 1e-9, at most scoring.MaxPrice, with a take of
//
//	impressions   1
//	redemptions   q, the chance that a showing of the campaign comes to a redemption
//	spend         q × the estimated saving in the currency of the budget, in minor units; 0 where it or a rate is not known
//
// q is the posterior mean by scoring.RedemptionPrior of what was redeemed of the campaign and how often it was shown; the saving is that of the request's purchase, see
// estimateSaving. Prices are at least 0, so that a score without its price bounds the one with it.

// priceOf returns by what the score of an offer is lowered for one who makes a purchase; zero: unknown. 0 where nothing is priced.
func (r *run) priceOf(p place, purchase engine.Money) float64 {
	prices := r.pricesOf(p)
	if prices == nil {
		return 0
	}
	sum := 0.0
	for i := range prices.Budgets {
		sum += r.partOf(p, purchase, prices, &prices.Budgets[i])
	}
	return min(scoring.Round(sum), scoring.MaxPrice)
}

// pricesOf returns the prices of a campaign; nil for none.
func (r *run) pricesOf(p place) *engine.Prices {
	if !r.priced {
		return nil
	}
	return r.snap.Prices[engine.CampaignRef{MerchantID: p.listing.Merchant.ID, CampaignID: p.listing.ID}]
}

// partOf returns the price of what an offer takes of one budget.
func (r *run) partOf(p place, purchase engine.Money, prices *engine.Prices, b *engine.BudgetPrice) float64 {
	if b.Price == 0 || b.Per == engine.PerVenue && b.VenueID != p.siteOf().ID {
		return 0
	}
	take := 1.0
	switch b.Metric {
	case engine.MetricRedemptions:
		take = prices.Redeemed
	case engine.MetricSpend:
		e := r.estimateOf(p, purchase)
		if !e.known {
			return 0
		}
		saving := e.saving
		if saving.Currency != b.Currency {
			var ok bool
			if saving, ok = r.rates.Convert(saving, b.Currency); !ok {
				return 0
			}
		}
		take = prices.Redeemed * float64(saving.Amount)
	}
	return scoring.Round(b.Price * take)
}

// explainPrice takes the price of an offer from what explains its score, a child for each budget.
func (r *run) explainPrice(e *scoring.Explanation, c *candidate) {
	prices := r.pricesOf(c.place)
	if prices == nil || c.price == 0 {
		return
	}
	var parts []scoring.Explanation
	sum := 0.0
	for i := range prices.Budgets {
		b := &prices.Budgets[i]
		value := r.partOf(c.place, r.request.Purchase, prices, b)
		if value == 0 {
			continue
		}
		message := "budget of " + string(b.Metric)
		if b.Period != "" && b.Period != engine.PeriodTotal {
			message += " a " + string(b.Period)
		}
		if b.Per == engine.PerVenue {
			message += " at this venue"
		}
		parts = append(parts, scoring.Explanation{Value: value, Message: message})
		sum += value
	}
	if scoring.Round(sum) != c.price {
		parts = []scoring.Explanation{{Value: c.price, Message: "the most that is taken"}}
	}
	e.Subtract("price of its budgets", parts)
}

// worth returns the score of a candidate that may be offered, less its price.
func (r *run) worth(c *candidate) float64 {
	if c.price == 0 {
		return r.scores[c.row]
	}
	return scoring.Round(r.scores[c.row] - c.price)
}
