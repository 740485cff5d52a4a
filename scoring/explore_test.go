package scoring_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sihai-network/sihai/scoring"
)

// shelf is candidates with rows and scores, and a profile that explores them.
func shelf(method scoring.Method, share float64) (*scoring.Profile, []scoring.Candidate, *scoring.Matrix, []float64) {
	p := scoring.Default()
	p.Floor = 0.2
	p.Explore = scoring.Explore{Method: method, Share: share, Deviations: map[string]float64{"saving": 0.3, "distance": 0.1}}
	r := rand.New(rand.NewPCG(1, 4))
	m, cands, rates := new(scoring.Matrix), []scoring.Candidate(nil), []float64(nil)
	for i := range 12 {
		for j, row := 0, m.AppendRow(); j < len(row); j++ {
			row[j] = r.Float64()
		}
		cands = append(cands, scoring.Candidate{ID: fmt.Sprintf("%02d", i), Campaign: fmt.Sprint(i), Merchant: fmt.Sprint(i % 5)})
		rates = append(rates, 0.05*r.Float64())
	}
	for i, s := range scoring.NewScorer(p).Score(nil, m) {
		cands[i].Score = s
	}
	return &p, cands, m, rates
}

// The chances that are told are the shares of decisions in which the offers are truly shown there, and an exploration is as rare as was set.
func TestChancesAreTrue(t *testing.T) {
	const trials, k = 6000, 3
	for _, method := range []scoring.Method{scoring.Thompson, scoring.LinUCB} {
		p, cands, m, rates := shelf(method, 0.25)
		x := scoring.NewExplorer(p)
		known := scoring.Top(cands, k, p)
		var shown, told [12][k]float64
		other := 0
		for n := range trials {
			r := rand.New(rand.NewPCG(uint64(n), 9))
			got := x.Choose(cands, m.Row, rates, k, p, r.Float64(), r)
			if !slices.Equal(got.Chosen, known) {
				other++
			}
			for at, i := range got.Chosen {
				c := got.Chances[at]
				if !(c > 0 && c <= 1) || cands[i].Score < p.Floor {
					t.Fatalf("%s: %s of score %v at %d with a chance of %v", method, cands[i].ID, cands[i].Score, at, c)
				}
				shown[i][at]++
				told[i][at] += c
			}
		}
		if got := float64(other) / trials; got > 0.25+0.02 || got < 0.05 {
			t.Errorf("%s: %.3f of the lists are not the known one, at most 0.25 should be", method, got)
		}
		for i := range shown {
			for at, n := range shown[i] {
				if n < 100 {
					continue
				}
				share, mean := n/trials, told[i][at]/n
				// The told ones are of lists that hold the offer, so that drawing it lifts them a little: by 1 in Draws + 1 of the share.
				if limit := 4*math.Sqrt(share/trials) + 0.25/(scoring.Draws+1)*1.5 + 0.03*share; math.Abs(share-mean) > limit {
					t.Errorf("%s: offer %d is at %d in %.4f of the decisions, told are %.4f", method, i, at, share, mean)
				}
			}
		}
	}
}

// A campaign that was never shown comes before one that is known to be a little better than the prior.
func TestWhatWasHardlyShownGetsItsChance(t *testing.T) {
	p := scoring.Default()
	p.Weights = map[string]float64{"popularity": 100}
	p.Explore = scoring.Explore{Method: scoring.LinUCB, Share: 1}
	prior, m := scoring.PopularityPrior(), new(scoring.Matrix)
	var cands []scoring.Candidate
	var rates []float64
	for i, counts := range [][2]float64{{2000, 110}, {0, 0}} { // one of 5.5 %, and one that was never shown
		m.AppendRow()[scoring.Popularity] = prior.Mean(counts[1], counts[0])
		rates = append(rates, prior.Deviation(counts[1], counts[0]))
		cands = append(cands, scoring.Candidate{ID: fmt.Sprint(i), Score: 100 * prior.Mean(counts[1], counts[0])})
	}
	x := scoring.NewExplorer(&p)
	if got := x.Choose(cands, m.Row, rates, 1, &p, 0, rand.New(rand.NewPCG(1, 1))); got.Chosen[0] != 1 || got.Chances[0] != 1 {
		t.Errorf("%+v", got)
	}
}

func TestExploreIsValidated(t *testing.T) {
	p := scoring.Default()
	p.Explore = scoring.Explore{Method: "greedy", Share: 2, Breadth: -1, Deviations: map[string]float64{"distance": -1, "weather": 1}}
	faults, _ := p.Validate().(scoring.Faults)
	var paths []string
	for _, f := range faults {
		paths = append(paths, f.Path)
	}
	if want := []string{"explore.method", "explore.share", "explore.breadth", "explore.deviations.distance", "explore.deviations.weather"}; !slices.Equal(paths, want) {
		t.Errorf("faults at %v", paths)
	}
	if p.Explore = (scoring.Explore{}); p.Validate() != nil || scoring.NewExplorer(&p) != nil {
		t.Error("a profile that does not explore")
	}
}
