package scoring_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sihai-network/sihai/scoring"
)

// naiveSelect asks, k times, for the best of the candidates that may still be chosen, by counting the chosen anew each time; then it says of each of the others what
// was against it when everything before it in the order had had its turn.
func naiveSelect(cands []scoring.Candidate, k int, p *scoring.Profile) (chosen []int, outcomes []scoring.Outcome) {
	before := func(i, j int) bool {
		a, b := cands[i], cands[j]
		switch {
		case math.IsNaN(a.Score) || math.IsNaN(b.Score):
			if math.IsNaN(a.Score) != math.IsNaN(b.Score) {
				return math.IsNaN(b.Score)
			}
		case a.Score != b.Score:
			return a.Score > b.Score
		}
		return a.ID < b.ID
	}
	reasons := func(i int) (o scoring.Outcome) {
		ahead, campaign, merchant, category := 0, 0, 0, 0
		for _, j := range chosen {
			if !before(j, i) {
				continue
			}
			ahead++
			if cands[j].Campaign == cands[i].Campaign {
				campaign++
			}
			if cands[j].Merchant == cands[i].Merchant {
				merchant++
			}
			if cands[j].Category == cands[i].Category && cands[i].Category != "" {
				category++
			}
		}
		add := func(holds bool, reason scoring.Outcome) {
			if holds {
				o |= reason
			}
		}
		add(math.IsNaN(cands[i].Score) || cands[i].Score < p.Floor, scoring.BelowFloor)
		add(p.MaxPerCampaign > 0 && campaign >= p.MaxPerCampaign, scoring.CampaignFull)
		add(p.MaxPerMerchant > 0 && merchant >= p.MaxPerMerchant, scoring.MerchantFull)
		add(p.MaxPerCategory > 0 && category >= p.MaxPerCategory, scoring.CategoryFull)
		add(ahead >= k, scoring.Outranked)
		return o
	}
	for {
		best := -1
		for i := range cands {
			if !slices.Contains(chosen, i) && reasons(i) == scoring.Chosen && (best < 0 || before(i, best)) {
				best = i
			}
		}
		if best < 0 || len(chosen) >= k {
			break
		}
		chosen = append(chosen, best)
	}
	for i := range cands {
		if slices.Contains(chosen, i) {
			outcomes = append(outcomes, scoring.Chosen)
		} else {
			outcomes = append(outcomes, reasons(i))
		}
	}
	return chosen, outcomes
}

// randomCandidates have many equal scores, few merchants and categories, and now and then a score that is no number.
func randomCandidates(random *rand.Rand, n int) []scoring.Candidate {
	cands := make([]scoring.Candidate, n)
	for i, id := range random.Perm(n) {
		merchant := random.IntN(6)
		cands[i] = scoring.Candidate{
			Score: float64(random.IntN(8)) / 4, ID: fmt.Sprintf("o-%03d", id),
			Campaign: fmt.Sprintf("m-%d/c-%d", merchant, random.IntN(3)), Merchant: fmt.Sprintf("m-%d", merchant),
		}
		if category := random.IntN(5); category > 0 {
			cands[i].Category = fmt.Sprint(5810 + category)
		}
		switch random.IntN(20) {
		case 0:
			cands[i].Score = math.NaN()
		case 1:
			cands[i].Score = math.Inf(random.IntN(2)*2 - 1)
		case 2:
			cands[i].Score = math.Copysign(0, -1)
		}
	}
	return cands
}

// Select and Top choose what choosing one after another gives, and Select tells the same reasons against the others.
func TestSelectEqualsChoosingOneByOne(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 10))
	for round := range 1_500 {
		cands := randomCandidates(random, random.IntN(40))
		p := scoring.Profile{
			Floor:          float64(random.IntN(5)-1) / 4,
			MaxPerCampaign: random.IntN(4), MaxPerMerchant: random.IntN(5), MaxPerCategory: random.IntN(6),
		}
		k := random.IntN(15) - 1
		original := slices.Clone(cands)
		wantChosen, wantOutcomes := naiveSelect(cands, k, &p)
		chosen, outcomes := scoring.Select(cands, k, &p)
		if !slices.Equal(chosen, wantChosen) || !slices.Equal(outcomes, wantOutcomes) {
			t.Fatalf("round %d, k %d, %+v:\ngot  %v %v\nwant %v %v\nof %+v", round, k, p, chosen, outcomes, wantChosen, wantOutcomes, cands)
		}
		if top := scoring.Top(cands, k, &p); !slices.Equal(top, chosen) {
			t.Fatalf("round %d, k %d, %+v: top %v, select %v of %+v", round, k, p, top, chosen, cands)
		}
		for i := range cands {
			if cands[i] != original[i] && !math.IsNaN(cands[i].Score) {
				t.Fatalf("round %d: candidate %d was changed", round, i)
			}
		}
	}
}

// The same candidates in another order give the same list.
func TestSelectDoesNotHangOnTheOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	p := scoring.Default()
	for range 200 {
		cands := randomCandidates(random, 60)
		ids := func(chosen []int) (list []string) {
			for _, i := range chosen {
				list = append(list, cands[i].ID)
			}
			return list
		}
		chosen, _ := scoring.Select(cands, 12, &p)
		want := ids(chosen)
		random.Shuffle(len(cands), func(i, j int) { cands[i], cands[j] = cands[j], cands[i] })
		if got := ids(scoring.Top(cands, 12, &p)); !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
}

func TestOutcomeHas(t *testing.T) {
	o := scoring.BelowFloor | scoring.MerchantFull
	for _, c := range []struct {
		mask scoring.Outcome
		want bool
	}{
		{scoring.BelowFloor, true}, {scoring.CampaignFull, false}, {scoring.MerchantFull, true}, {scoring.Diversity, true}, {scoring.Outranked, false}, {scoring.Chosen, false},
	} {
		if o.Has(c.mask) != c.want {
			t.Errorf("has %b: %v, want %v", c.mask, !c.want, c.want)
		}
	}
}

func BenchmarkSelect(b *testing.B) {
	for _, n := range []int{100, 1_000, 10_000} {
		random := rand.New(rand.NewPCG(13, uint64(n)))
		cands := make([]scoring.Candidate, n)
		for i := range cands {
			merchant := random.IntN(n/5 + 1)
			cands[i] = scoring.Candidate{
				Score: random.Float64(), ID: fmt.Sprintf("o-%06d", i), Campaign: fmt.Sprintf("m-%d/c-%d", merchant, random.IntN(3)),
				Merchant: fmt.Sprintf("m-%d", merchant), Category: fmt.Sprint(5800 + random.IntN(30)),
			}
		}
		p := scoring.Default()
		b.Run(fmt.Sprintf("top=20/candidates=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				scoring.Top(cands, 20, &p)
			}
		})
		b.Run(fmt.Sprintf("select=20/candidates=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				scoring.Select(cands, 20, &p)
			}
		})
		b.Run(fmt.Sprintf("naive-sort=20/candidates=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				sorted := slices.Clone(cands)
				slices.SortFunc(sorted, func(x, y scoring.Candidate) int {
					return cmp.Or(cmp.Compare(y.Score, x.Score), cmp.Compare(x.ID, y.ID))
				})
				_ = sorted[:20]
			}
		})
	}
}

func BenchmarkScore(b *testing.B) {
	for _, n := range []int{100, 1_000, 10_000} {
		random := rand.New(rand.NewPCG(14, uint64(n)))
		var m scoring.Matrix
		rows := randomMatrix(random, &m, n)
		p := scoring.Default()
		scorer := scoring.NewScorer(p)
		dst := make([]float64, 0, n+8)
		b.Run(fmt.Sprintf("product/rows=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				dst = scorer.Score(dst, &m)
			}
		})
		weights := make([]float64, scoring.Width)
		for i, f := range scoring.Features() {
			weights[i] = p.Weights[f.Name]
		}
		b.Run(fmt.Sprintf("naive/rows=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				dst = dst[:0]
				for _, row := range rows {
					score := p.Bias
					for k, x := range row {
						score += weights[k] * x
					}
					dst = append(dst, scoring.Round(score))
				}
			}
		})
	}
}
