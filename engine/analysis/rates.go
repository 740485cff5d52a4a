package analysis

import (
	"math"

	"github.com/sihai-network/sihai/engine"
)

// maxPosition is the last position that is told apart; those behind it count as it.
const maxPosition = 30

// rates are what becomes of offers by their position, and how campaigns differ in it.
//
// What an offer wins is taken for the product of two things, as in position-based models (Craswell et al., An Experimental Comparison of Click
// Position-Bias Models, WSDM 2008): whether its place is looked at, which is a matter of the position and seen as an impression; and what is then done with
// it, which is the rate of all offers at that position times a ratio of the campaign's own.
type rates struct {
	offers, shown, clicked, sold [maxPosition + 1]float64
	campaigns                    map[engine.CampaignRef]*standing
	order                        []*standing // as they came, so that sums are the same each time
}

// standing is what was logged of one campaign.
type standing struct {
	campaign     engine.CampaignRef
	category     string
	shown        [maxPosition + 1]float64
	clicks, sold float64
}

func newRates() *rates { return &rates{campaigns: make(map[engine.CampaignRef]*standing)} }

// add counts an offer of the log.
func (r *rates) add(o *engine.Offer, got Outcome) {
	at := min(max(o.Position, 0), maxPosition)
	r.offers[at]++
	if got == 0 {
		return
	}
	ref := engine.CampaignRef{MerchantID: o.MerchantID, CampaignID: o.CampaignID}
	s := r.campaigns[ref]
	if s == nil {
		s = &standing{campaign: ref, category: o.Venue.Category}
		r.campaigns[ref], r.order = s, append(r.order, s)
	}
	if got.Has(Shown) {
		r.shown[at]++
		s.shown[at]++
	}
	if got.Has(Clicked) {
		r.clicked[at]++
		s.clicks++
	}
	if got.Has(Redeemed) {
		r.sold[at]++
		s.sold++
	}
}

// priorWeight is how many offers, or showings, the rate of all positions weighs as beside those of one.
const priorWeight = 20

// shrunk returns the share of some in others at a position, drawn to that of all positions.
func shrunk(some, others *[maxPosition + 1]float64, at int) float64 {
	var a, b float64
	for i := range some {
		a, b = a+some[i], b+others[i]
	}
	if b == 0 {
		return 0
	}
	at = min(at, maxPosition)
	return min((some[at]+priorWeight*a/b)/(others[at]+priorWeight), 1)
}

// tables are the rates by position, worked out.
type tables struct{ seen, click, sale [maxPosition + 1]float64 }

func (r *rates) tables() (t tables) {
	for i := range t.seen {
		t.seen[i] = shrunk(&r.shown, &r.offers, i)
		t.click[i] = shrunk(&r.clicked, &r.shown, i)
		t.sale[i] = shrunk(&r.sold, &r.shown, i)
	}
	return t
}

// ratio is by how much a campaign wins more than the average offer at its positions: a gamma distribution.
type ratio struct{ shape, rate float64 }

func (g ratio) mean() float64 { return g.shape / g.rate }

// The judgements about ratios. Where there is enough to learn from they matter little.
const (
	categoryWeight = 10   // expected events of the average that a category's own weigh beside
	leastSpread    = 0.02 // of the square of the relative deviation between campaigns
	mostSpread     = 2.0
	usualSpread    = 0.25 // where there are too few campaigns to tell
	enough         = 8    // campaigns
)

// ratioOf returns the ratio of a campaign in events that wins returns, given the rate by position: from its category's, and from its own as far as it has been
// shown. It is an empirical Bayes estimate under gamma-Poisson counts (Efron and Morris, Data Analysis Using Stein's Estimator, JASA 70, 1975; spread by moments).
func (r *rates) ratioOf(ref engine.CampaignRef, category string, rate *[maxPosition + 1]float64, wins func(*standing) float64) ratio {
	expected := func(s *standing) (e float64) {
		for i, n := range s.shown {
			e += n * rate[i]
		}
		return e
	}
	var got, due float64
	for _, s := range r.order {
		if s.category == category && s.campaign != ref {
			got, due = got+wins(s), due+expected(s)
		}
	}
	level := (got + categoryWeight) / (due + categoryWeight)

	var excess, square float64
	n := 0
	for _, s := range r.order {
		if e := expected(s); e > 0 && s.campaign != ref {
			d := wins(s) - e
			excess, square = excess+d*d-e, square+e*e
			n++
		}
	}
	spread := usualSpread
	if n >= enough && square > 0 {
		spread = math.Min(math.Max(excess/square, leastSpread), mostSpread)
	}
	g := ratio{shape: 1 / spread, rate: 1 / spread / level}
	if s := r.campaigns[ref]; s != nil {
		g.shape, g.rate = g.shape+wins(s), g.rate+expected(s)
	}
	return g
}
