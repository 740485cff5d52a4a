package decision

import (
	"hash/fnv"
	"math"
	"math/rand/v2"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
)

// explore fills a placement under a profile that explores. What is drawn hangs on the IDs of the decision and the placement alone, so that the same decision is
// made again. An offer's score stays what is known of it; the order is that of the exploration.
func (r *run) explore(p *engine.PlacementRequest, id string) engine.Placement {
	profile, random := &r.snap.Profile, randomOf(id, p.ID)
	rates := make([]float64, len(r.entries))
	for i, at := range r.listed {
		rates[i] = r.doubt(r.candidates[at].listing)
	}
	rows := func(i int) []float64 { return r.rows.Row(r.candidates[r.listed[i]].row) }
	found := r.explorer.Choose(r.entries, rows, rates, p.Count, profile, random.Float64(), random)
	out := engine.Placement{ID: p.ID, Offers: r.offers(r.candidatesOf(found.Chosen))}
	for i := range out.Offers {
		out.Offers[i].Propensity = found.Chances[i]
	}
	switch {
	case r.full:
		out.Rejected = r.rejections(p, found.Chosen, r.outcomes(found.Scores, p.Count))
	case r.marks != nil:
		r.noteExplored(p, r.outcomes(found.Scores, p.Count))
	}
	return out
}

// outcomes tells what became of the entries under the scores of an exploration, which the entries have from then on.
func (r *run) outcomes(scores []float64, k int) []scoring.Outcome {
	rules := r.snap.Profile
	rules.Floor = math.Inf(-1)
	for i := range r.entries {
		r.entries[i].Score = scores[i]
		if r.scoreOf(i) < r.snap.Profile.Floor {
			r.entries[i].Score = math.NaN()
		}
	}
	_, outcomes := scoring.Select(r.entries, k, &rules)
	for i := range outcomes {
		if outcomes[i].Has(scoring.BelowFloor) && r.scoreOf(i) >= r.snap.Profile.Floor {
			outcomes[i] = outcomes[i]&^scoring.BelowFloor | scoring.Outranked // too far down to be explored
		}
	}
	return outcomes
}

// scoreOf returns what is known of an entry's score.
func (r *run) scoreOf(entry int) float64 { return r.worth(&r.candidates[r.listed[entry]]) }

// doubt returns the deviation of what is believed of a campaign's popularity.
func (r *run) doubt(l *engine.Listing) float64 {
	counts := r.snap.Popularity[engine.CampaignRef{MerchantID: l.Merchant.ID, CampaignID: l.ID}]
	return scoring.PopularityPrior().Deviation(counts.Clicks, counts.Impressions)
}

// randomOf returns the source of what a placement of a decision draws.
func randomOf(id, placement string) *rand.Rand {
	h := fnv.New128a()
	_, _ = h.Write([]byte(id))
	_, _ = h.Write([]byte{0})
	_, _ = h.Write([]byte(placement))
	var sum [16]byte
	h.Sum(sum[:0])
	high, low := uint64(0), uint64(0)
	for i := range 8 {
		high, low = high<<8|uint64(sum[i]), low<<8|uint64(sum[8+i])
	}
	return rand.New(rand.NewPCG(high, low))
}
