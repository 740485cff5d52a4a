package fit_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/sihai-network/sihai/scoring"
	"github.com/sihai-network/sihai/scoring/tuning"
	"github.com/sihai-network/sihai/scoring/tuning/fit"
)

func mustFit(t testing.TB, d *tuning.Dataset, o fit.Options) *fit.Result {
	t.Helper()
	r, err := fit.Fit(context.Background(), d, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func weightsOf(r *fit.Result) (w []float64) {
	for _, x := range r.Report.Weights {
		w = append(w, x.Weight)
	}
	return w
}

var truth = []float64{2, -1.5, 1, 0.5, -0.25, 0, 0, 3}

func TestPlantedWeightsAreFound(t *testing.T) {
	names := featureNames()[:len(truth)]
	for loss, choose := range map[fit.Loss]bool{fit.Logistic: false, fit.Pairwise: true, fit.Listwise: true} {
		c := plan{seed: 3, groups: 10_000, each: 10, features: names, want: linear(-3, truth...), choose: choose}.build()
		r := mustFit(t, c.Dataset, fit.Options{Loss: loss, Seed: 1, Penalties: []fit.Penalty{{L2: 1e-4}}})
		if got := cosine(weightsOf(r), truth); !(got > 0.99) || !r.Report.Converged {
			t.Errorf("%s: cosine %v of %v to the truth, converged %v", loss, got, weightsOf(r), r.Report.Converged)
		}
		if loss != fit.Logistic {
			continue
		}
		if m := r.Report.Measures[0].Chances; math.Abs(m.Predicted-m.Observed) > 0.01 || m.Error > 0.02 || math.Abs(r.Report.Bias+3) > 0.3 {
			t.Errorf("calibration %+v, bias %v", m, r.Report.Bias)
		}
	}
}

// The clicks are those of travellers who look less the lower an offer stands, and an earlier ranking put by a feature that nobody cares for: of 100,000 examples the correction
// finds what they want, and without it that feature counts.
func TestPositionsAreCorrected(t *testing.T) {
	worlds := []struct {
		name   string
		bias   float64 // of -1: clicks enough that how positions are looked at is found, too
		choose bool
		losses []fit.Loss
	}{
		{"many clicks", -1, false, []fit.Loss{fit.Pairwise, fit.Listwise, fit.Logistic}},
		{"few clicks", -3, false, []fit.Loss{fit.Pairwise, fit.Listwise, fit.Logistic}},
		{"one click each", 0, true, []fit.Loss{fit.Pairwise}}, // clicks of a list hang together: of chances row by row the rest knows nothing
	}
	if os.Getenv("SIHAI_LONG") != "1" {
		worlds = worlds[:1]
		worlds[0].losses = worlds[0].losses[:2]
	}
	names := featureNames()[:4]
	want := []float64{2, -2, 0, 1}
	for _, w := range worlds {
		c := plan{
			seed: 4, groups: 16_667, each: 6, features: names, want: linear(w.bias, want...), choose: w.choose,
			look: func(k int) float64 { return 1 / float64(k) }, logged: func(row []float64) float64 { return row[2] },
		}.build()
		for _, loss := range w.losses {
			o := fit.Options{Loss: loss, Penalties: []fit.Penalty{{L2: 1e-6}}}
			naive := cosine(weightsOf(mustFit(t, c.Dataset, o)), want)
			o.Positions = true
			r := mustFit(t, c.Dataset, o)
			got := cosine(weightsOf(r), want)
			t.Logf("%s, %s: cosine %.4f with the correction and %.4f without", w.name, loss, got, naive)
			if !(got > 0.99) || !(naive < got-0.01) {
				t.Errorf("%s, %s: cosine %v with the correction and %v without; weights %v", w.name, loss, got, naive, weightsOf(r))
			}
			for k, chance := range r.Report.Positions {
				if w.bias == -1 && math.Abs(chance-1/float64(k+1)) > 0.05 {
					t.Errorf("%s: position %d is looked at with a chance of %v, and truly %v", loss, k+1, chance, 1/float64(k+1))
				}
			}
		}
	}
}

// ndcgOf is how well scores order the wishes of a city on its last fifth.
func ndcgOf(c city, scores []float64) float64 {
	sum, n := 0.0, 0
	for g := c.Groups() * 4 / 5; g < c.Groups(); g++ {
		from, to := c.Group(g)
		best, got := 0.0, 0.0
		for i := from; i < to; i++ {
			rank, ideal := 0, 0
			for j := from; j < to; j++ {
				if scores[j] > scores[i] || scores[j] == scores[i] && j < i {
					rank++
				}
				if c.wants[j] > c.wants[i] || c.wants[j] == c.wants[i] && j < i {
					ideal++
				}
			}
			gain := 1 / (1 + math.Exp(-c.wants[i]))
			got += gain / math.Log2(float64(rank)+2)
			best += gain / math.Log2(float64(ideal)+2)
		}
		sum += got / best
		n++
	}
	return sum / float64(n)
}

// In this city a saving counts only nearby, and a medium popularity is best: no weights of the features alone can say so.
func twistedCity(groups int) city {
	return plan{seed: 5, groups: groups, each: 12, features: featureNames(), choose: true, want: func(row []float64) float64 {
		near, saving, popular := row[scoring.Distance] > 0.5, row[scoring.Saving] > 0.4, math.Abs(row[scoring.Popularity]-0.5) < 0.2
		sum := row[scoring.LanguageMatch]
		if near == saving {
			sum += 2
		}
		if popular {
			sum += 1.5
		}
		return sum
	}}.build()
}

func TestBucketsAndCrossesBeatEveryBaseline(t *testing.T) {
	c := twistedCity(6000)
	by := func(p scoring.Profile) fit.Baseline {
		return fit.Baseline{Name: p.Note, Score: func(d *tuning.Dataset) []float64 { return scoresOf(p, d) }}
	}
	o := fit.Options{Loss: fit.Listwise, Seed: 7}
	line, err := mustFit(t, c.Dataset, o).Profile("line", "fitted weights", scoring.Default())
	if err != nil {
		t.Fatal(err)
	}
	near, popular := scoring.Default(), scoring.Default()
	near.Note, near.Weights = "the nearest", map[string]float64{"distance": 1}
	popular.Note, popular.Weights = "the most popular", map[string]float64{"popularity": 1}
	o.Buckets = map[string]int{"popularity": 10}
	o.Crosses = [][2]string{{"distance", "saving"}}
	o.Baselines = []fit.Baseline{by(line), by(scoring.Default()), by(near), by(popular)}
	r := mustFit(t, c.Dataset, o)
	got := ndcgOf(c, r.Score())
	for i, m := range r.Report.Measures[1:] {
		if m.AboveBy.Why != "" || !(m.AboveBy.Low > 0) || !(m.NDCG < r.Report.Measures[0].NDCG) {
			t.Errorf("%s: NDCG %v, the fit's %v is above it by %+v", m.Name, m.NDCG, r.Report.Measures[0].NDCG, m.AboveBy)
		}
		if other := ndcgOf(c, o.Baselines[i].Score(c.Dataset)); !(got > other+0.02) {
			t.Errorf("%s: true NDCG %v, the fit's is %v", m.Name, other, got)
		}
	}

	p, err := r.Profile("twisted", "crossed", scoring.Default())
	if err != nil {
		t.Fatal(err)
	}
	if p.Kind != scoring.KindTrees || p.Model.Trees != 2 || p.Version != 0 || p.MaxPerMerchant != scoring.Default().MaxPerMerchant {
		t.Errorf("a profile of %s with %+v", p.Kind, p.Model)
	}
	served, fitted := scoresOf(p, c.Dataset), r.Score()
	for i := range served {
		if math.Abs(served[i]-fitted[i]) > 1e-5 {
			t.Fatalf("row %d scores %v by the profile and %v by the fit", i, served[i], fitted[i])
		}
	}
}

// scoresOf scores the rows of a data set whose columns are the product's features.
func scoresOf(p scoring.Profile, d *tuning.Dataset) []float64 {
	var m scoring.Matrix
	for i := range d.Rows() {
		copy(m.AppendRow(), d.Row(i))
	}
	return scoring.NewScorer(p).Score(nil, &m)
}

func TestTheSameSeedGivesTheSameBytes(t *testing.T) {
	c := twistedCity(1500)
	o := fit.Options{
		Loss: fit.Pairwise, Seed: 9, Buckets: map[string]int{"popularity": 6}, Crosses: [][2]string{{"distance", "saving"}}, Positions: true,
		Penalties: []fit.Penalty{{L2: 1e-3}, {L1: 1e-4, L2: 1e-4}}, Iterations: 40,
		Baselines: []fit.Baseline{{Name: "default", Score: func(d *tuning.Dataset) []float64 { return scoresOf(scoring.Default(), d) }}},
	}
	bytesAt := func(processors int) []byte {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processors))
		r := mustFit(t, c.Dataset, o)
		p, err := r.Profile("p", "", scoring.Default())
		if err != nil {
			t.Fatal(err)
		}
		out, err := json.Marshal([]any{r.Report, p.Weights, string(p.Model.Source())})
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	one := bytesAt(1)
	for _, n := range []int{2, 5} {
		if !bytes.Equal(bytesAt(n), one) {
			t.Errorf("on %d processors the fit is another one than on one", n)
		}
	}
}

func TestSignsAndSparseWeights(t *testing.T) {
	names := featureNames()[:len(truth)]
	c := plan{seed: 6, groups: 1500, each: 10, features: names, want: linear(-3, truth...)}.build()
	r := mustFit(t, c.Dataset, fit.Options{Loss: fit.Logistic, Signs: map[string]int{names[1]: 1, names[0]: 1, names[7]: 1}, Penalties: []fit.Penalty{{L1: 0.01}}})
	w := weightsOf(r)
	if w[1] != 0 || !(w[0] > 1) || !(w[7] > 2) {
		t.Errorf("with signs %v", w)
	}
	if w[5] != 0 || w[6] != 0 || w[2] == 0 {
		t.Errorf("with L1 %v: what counts for nothing is to be none", w)
	}
}

func TestMissingValuesAndRowsThatWereNotSeen(t *testing.T) {
	names := featureNames()[:3]
	want := []float64{2, -2, 1}
	c := plan{seed: 8, groups: 4000, each: 10, features: names, want: linear(-1, want...)}.build()
	r := rand.New(rand.NewPCG(1, 1))
	c.Shown = make([]bool, c.Rows())
	for i := range c.Rows() {
		c.Shown[i] = i%10 < 8
		if !c.Shown[i] {
			c.Labels[i] = 1 // wrong, and not to be looked at
		}
		if r.IntN(20) == 0 {
			c.Labels[i] = math.NaN()
		}
		if r.IntN(20) == 0 {
			c.Row(i)[r.IntN(3)] = math.NaN()
		}
	}
	fitted := mustFit(t, c.Dataset, fit.Options{Loss: fit.Logistic})
	if got := cosine(weightsOf(fitted), want); !(got > 0.99) {
		t.Errorf("cosine %v of %v", got, weightsOf(fitted))
	}
	if rows := fitted.Report.Training.Rows + fitted.Report.Validation.Rows + fitted.Report.Holdout.Rows; rows >= c.Rows()*8/10 || rows < c.Rows()*7/10 {
		t.Errorf("%d rows of %d", rows, c.Rows())
	}
}

func TestFaultsAreToldTogether(t *testing.T) {
	c := plan{seed: 1, groups: 20, each: 3, features: []string{"a", "b"}, want: linear(0, 1, 1)}.build()
	_, err := fit.Fit(t.Context(), c.Dataset, fit.Options{
		Loss: "square", Features: []string{"a", "x", "a"}, Buckets: map[string]int{"b": 1}, Crosses: [][2]string{{"a", "a"}, {"a", "y"}},
		Signs: map[string]int{"b": 2}, Penalties: []fit.Penalty{{L1: -1}}, Holdout: 2, Iterations: -1,
	})
	for _, says := range []string{`loss: "square"`, `no feature "x"`, `"a" comes twice`, "1 of b is not between", "a with itself", `no feature "y"`, `signs: "b" is not among`,
		"signs: 2 of b", "penalties[0]", "holdout: 2", "iterations: -1"} {
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v does not say %q", err, says)
		}
	}
	if _, err := fit.Fit(t.Context(), c.Select([]int{0, 1}), fit.Options{}); !errors.Is(err, fit.ErrFew) {
		t.Errorf("two groups: %v", err)
	}
}

func TestInterruption(t *testing.T) {
	c := twistedCity(300)
	ctx, cancel := context.WithCancel(t.Context())
	o := fit.Options{Progress: func(done, of int) { cancel() }}
	if _, err := fit.Fit(ctx, c.Dataset, o); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
}
