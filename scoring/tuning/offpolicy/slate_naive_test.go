package offpolicy_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/sihai-network/sihai/scoring/tuning"
	"github.com/sihai-network/sihai/scoring/tuning/offpolicy"
)

// naiveList is a decision as plain slices, read from the rows of a log.
type naiveList struct {
	situation  int
	candidates int
	shown      []int     // candidate of each position
	rewards    []float64 // of each position
	chances    []float64 // of each position, as the design says
	target     []int
}

// naiveLists reads a log decision by decision; a candidate's number and its situation are in its name.
func naiveLists(d *tuning.Dataset, ranks []int32, design offpolicy.Design) []naiveList {
	var out []naiveList
	for g := range d.Groups() {
		from, to := d.Group(g)
		var l naiveList
		l.candidates = to - from
		for position := int32(1); ; position++ {
			at := -1
			for i := from; i < to; i++ {
				if d.Shown[i] && d.Positions[i] == position {
					at = i
				}
			}
			if at < 0 {
				break
			}
			situation, candidate, _ := strings.Cut(d.ItemNames[d.Items[at]], "-")
			l.situation, _ = strconv.Atoi(situation)
			number, _ := strconv.Atoi(candidate)
			l.shown = append(l.shown, number)
			l.rewards = append(l.rewards, d.Labels[at])
			chance := 1 / float64(l.candidates-int(position)+1)
			if design != offpolicy.Shuffled {
				chance = d.Propensities[at]
			}
			l.chances = append(l.chances, chance)
			for i := from; i < to; i++ {
				if ranks[i] == position {
					_, wanted, _ := strings.Cut(d.ItemNames[d.Items[i]], "-")
					number, _ := strconv.Atoi(wanted)
					l.target = append(l.target, number)
				}
			}
		}
		out = append(out, l)
	}
	return out
}

// every returns all lists of so many slots with their chances, by the design, from what a situation says of candidates.
func (w *listWorld) every(s *listSituation) (lists [][]int, chances []float64) {
	var extend func(list []int, chance float64)
	extend = func(list []int, chance float64) {
		k := len(list)
		if k == w.slots {
			lists, chances = append(lists, append([]int(nil), list...)), append(chances, chance)
			return
		}
		for a := range s.likes {
			p := 1 / float64(len(s.likes)-k)
			if w.design == offpolicy.Independent {
				p = s.chance[k][a]
			} else {
				for _, b := range list {
					if a == b {
						p = 0
					}
				}
			}
			if p > 0 {
				extend(append(list, a), chance*p)
			}
		}
	}
	extend(nil, 1)
	return lists, chances
}

// inverseWeight is 1ₜᵀ Γ⁺ 1ₛ, where Γ is summed over every list there is and inverted by its eigenvalues (Swaminathan et al., NeurIPS 2017, equation 4).
func inverseWeight(t *testing.T, candidates int, lists [][]int, chances []float64) func(target, list []int) float64 {
	t.Helper()
	n := len(lists[0]) * candidates
	indicator := func(list []int) *mat.VecDense {
		v := mat.NewVecDense(n, nil)
		for k, a := range list {
			v.SetVec(k*candidates+a, 1)
		}
		return v
	}
	gamma := mat.NewSymDense(n, nil)
	for i, list := range lists {
		gamma.SymRankOne(gamma, chances[i], indicator(list))
	}
	var e mat.EigenSym
	if !e.Factorize(gamma, true) {
		t.Fatal("no eigenvalues")
	}
	var vectors mat.Dense
	e.VectorsTo(&vectors)
	return func(target, list []int) (weight float64) {
		for j, value := range e.Values(nil) {
			if value > 1e-9 {
				weight += mat.Dot(indicator(target), vectors.ColView(j)) * mat.Dot(vectors.ColView(j), indicator(list)) / value
			}
		}
		return weight
	}
}

// The estimators of lists are what plain sums give, and those by the pseudo-inverse what the whole matrix gives that is summed over every list.
func TestListEstimatorsEqualPlainSums(t *testing.T) {
	for _, c := range append(listWorlds(), freshLists()...) {
		w := c.world
		data, ranks := w.draw(1500, rand.New(rand.NewPCG(12, 34)))
		lists, err := offpolicy.ListsOf(data, ranks, w.design)
		if err != nil {
			t.Fatal(err)
		}
		report, err := offpolicy.EvaluateLists(t.Context(), lists, offpolicy.Options{})
		if err != nil {
			t.Fatal(err)
		}
		want := w.plainSums(t, naiveLists(data, ranks, w.design))
		for _, r := range report.Results {
			allowed := w.design != offpolicy.Sequential || r.Estimator == offpolicy.Cascade || r.Estimator == offpolicy.WholeList
			if !allowed {
				if len(r.Refused) == 0 || !math.IsNaN(r.Estimate.Value) {
					t.Errorf("%s, %s: %v of a design that forbids it", c.name, r.Estimator, r.Estimate.Value)
				}
				continue
			}
			if sum := want[r.Estimator]; len(r.Refused) > 0 || !(math.Abs(r.Estimate.Value-sum) <= 1e-9*max(1, math.Abs(sum))) {
				t.Errorf("%s, %s: %v, want %v; refused %v", c.name, r.Estimator, r.Estimate.Value, sum, r.Refused)
			}
		}
	}
}

// plainSums returns every estimator's number.
func (w *listWorld) plainSums(t *testing.T, log []naiveList) map[string]float64 {
	t.Helper()
	inverse := map[int]func(target, list []int) float64{}
	at, all, pseudo, normal := 0.0, 0.0, 0.0, 0.0
	sums, weights := make([]float64, w.slots), make([]float64, w.slots)
	for _, l := range log {
		earned, above := 0.0, 1.0
		for k, a := range l.shown {
			earned += l.rewards[k]
			alone := 0.0
			if a == l.target[k] {
				alone = 1 / l.chances[k]
			}
			above *= alone
			sums[k] += above * l.rewards[k]
			weights[k] += above
			if w.design == offpolicy.Shuffled { // at its position an item is as likely as any
				alone *= l.chances[k] * float64(l.candidates)
			}
			at += alone * l.rewards[k]
		}
		all += above * earned
		if inverse[l.situation] == nil {
			lists, chances := w.every(&w.lists[l.situation])
			inverse[l.situation] = inverseWeight(t, l.candidates, lists, chances)
		}
		weight := inverse[l.situation](l.target, l.shown)
		pseudo += weight * earned
		normal += weight
	}
	n := float64(len(log))
	out := map[string]float64{
		offpolicy.ItemPosition: at / n, offpolicy.WholeList: all / n,
		offpolicy.PseudoInverse: pseudo / n, offpolicy.NormalisedPseudoInverse: pseudo / normal,
	}
	for k := range sums {
		out[offpolicy.Cascade] += sums[k] / weights[k]
	}
	return out
}
