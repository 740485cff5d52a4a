package scoring_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sihai-network/sihai/scoring"
)

// listsAt are the lists of scenarios under a profile of which one weight is another.
func listsAt(p scoring.Profile, scenarios []scoring.Scenario, feature string, weight float64) (out [][]int) {
	weights := map[string]float64{feature: weight}
	for name, w := range p.Weights {
		if name != feature {
			weights[name] = w
		}
	}
	p.Weights = weights
	scorer := scoring.NewScorer(p)
	for _, s := range scenarios {
		cands := slices.Clone(s.Candidates)
		for i, score := range scorer.Score(nil, s.Rows) {
			cands[i].Score = score
		}
		chosen, _ := scoring.Select(cands, s.K, &p)
		out = append(out, chosen)
	}
	return out
}

func sameLists(a, b [][]int) bool { return slices.EqualFunc(a, b, slices.Equal[[]int]) }

// Within a range every list is the same, and just beyond its ends one is not.
func TestRangesAreExact(t *testing.T) {
	ends, whole := 0, 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 5))
		p := scoring.Default()
		p.MaxPerCampaign, p.MaxPerMerchant, p.MaxPerCategory = r.IntN(3), r.IntN(4), r.IntN(5)
		p.Floor = []float64{-1000, 0.2, 0.5}[r.IntN(3)]
		if seed%4 == 3 {
			trees := treesProfile(t)
			p.Kind, p.Model = trees.Kind, trees.Model
		}
		var scenarios []scoring.Scenario
		for range 1 + r.IntN(3) {
			s := scoring.Scenario{Rows: new(scoring.Matrix), K: 1 + r.IntN(5)}
			for i := range 2 + r.IntN(14) {
				for j, row := 0, s.Rows.AppendRow(); j < len(row); j++ {
					row[j] = float64(r.IntN(64)) / 63
				}
				s.Candidates = append(s.Candidates, scoring.Candidate{
					ID: fmt.Sprintf("%02d", (i*7)%16), Campaign: fmt.Sprint(r.IntN(8)), Merchant: fmt.Sprint(r.IntN(5)), Category: []string{"", "a", "b", "c"}[r.IntN(4)],
				})
			}
			scenarios = append(scenarios, s)
		}
		ranges := scoring.Ranges(&p, scenarios)
		for j, f := range scoring.Features() {
			at := p.Weights[f.Name]
			now, g := listsAt(p, scenarios, f.Name, at), ranges[j]
			if g.Low > at || g.High < at {
				t.Fatalf("seed %d %s: %v does not hold the weight %v", seed, f.Name, g, at)
			}
			const little = 1e-6
			for n := range 60 {
				w := g.Low + little + (g.High-g.Low-2*little)*float64(n)/59
				if g.High-g.Low > 4*little && !sameLists(listsAt(p, scenarios, f.Name, w), now) {
					t.Fatalf("seed %d %s: in %v, at %v, a list is another one than at %v", seed, f.Name, g, w, at)
				}
			}
			for _, beyond := range []float64{g.Low - little, g.High + little} {
				if beyond < -scoring.MaxWeight || beyond > scoring.MaxWeight {
					whole++
					continue
				}
				ends++
				if sameLists(listsAt(p, scenarios, f.Name, beyond), now) {
					t.Fatalf("seed %d %s: beyond %v, at %v, every list is as at %v", seed, f.Name, g, beyond, at)
				}
			}
		}
	}
	if ends < 300 || whole < 20 {
		t.Errorf("%d ends and %d without: the trial says little", ends, whole)
	}
}
