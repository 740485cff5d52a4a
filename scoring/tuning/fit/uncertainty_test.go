package fit_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/sihai-network/sihai/scoring/tuning"
	"github.com/sihai-network/sihai/scoring/tuning/fit"
)

// drawn are users who tap by known weights, each with a mood of its own for the second feature, so that what one does hangs together. The third feature never differs.
func drawn(users int, random *rand.Rand) *tuning.Dataset {
	b := tuning.NewBuilder(0)
	var columns []int
	for _, name := range []string{"a", "b", "c"} {
		c, _ := b.Column(name)
		columns = append(columns, c)
	}
	for u := range users {
		mood := 0.8 * random.NormFloat64()
		for n := range 6 {
			b.Begin(tuning.Group{User: "u" + strconv.Itoa(u), Time: int64(random.IntN(1_000_000)) + int64(n)})
			for c := range 4 {
				row := tuning.NewRow()
				row.Item, row.Label, row.Shown, row.ShownKnown = strconv.Itoa(c), 0, true, true
				values := []float64{random.Float64(), random.Float64(), 0.05}
				if random.Float64() < 1/(1+math.Exp(1-values[0]-mood*values[1])) {
					row.Label = 1
				}
				b.Add(row, columns, values)
			}
		}
	}
	return b.Dataset()
}

// TestIntervalsOfWeightsHoldTheTruth draws many worlds, and counts in how many the interval of a weight holds the one that was drawn by.
func TestIntervalsOfWeightsHoldTheTruth(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const worlds = 120
	held, errors, squares, sum := 0, 0.0, 0.0, 0.0
	for range worlds {
		r, err := fit.Fit(t.Context(), drawn(150, random), fit.Options{Loss: fit.Logistic, Penalties: []fit.Penalty{{L2: 1e-6}}, Uncertainty: true, Iterations: 60})
		if err != nil {
			t.Fatal(err)
		}
		w := r.Report.Weights[0]
		if w.Low == nil || r.Report.NoIntervals != "" || math.Abs(r.Report.Weights[2].Weight) > 1 {
			t.Fatalf("%+v", r.Report)
		}
		if *w.Low <= 1 && 1 <= *w.High {
			held++
		}
		errors += *w.Error / worlds
		sum += w.Weight / worlds
		squares += w.Weight * w.Weight / worlds
	}
	if share := float64(held) / worlds; share < 0.88 {
		t.Errorf("the intervals hold the truth in %.3f of the worlds", share)
	}
	if spread := math.Sqrt(squares - sum*sum); errors < 0.8*spread || errors > 1.25*spread {
		t.Errorf("standard errors of %.3f, weights differ by %.3f", errors, spread)
	}
}

func TestLearningCurve(t *testing.T) {
	d := drawn(200, rand.New(rand.NewPCG(3, 4)))
	o := fit.Options{Curve: []float64{0.01, 0.3, 1}, Uncertainty: true, Iterations: 60, Signs: map[string]int{"a": 1}}
	r, err := fit.Fit(t.Context(), d, o)
	if err != nil {
		t.Fatal(err)
	}
	curve := r.Report.Curve
	if len(curve) != 3 || curve[0].Groups >= curve[1].Groups || curve[2].Groups != r.Report.Training.Groups+r.Report.Validation.Groups {
		t.Fatalf("%+v", curve)
	}
	last := curve[2]
	if math.Abs(last.NDCG-r.Report.Measures[0].NDCG) > 1e-6 || last.Low == nil || *last.Low >= last.NDCG || curve[0].NDCG > last.NDCG+0.05 {
		t.Errorf("%+v, the fit itself %v", curve, r.Report.Measures[0].NDCG)
	}
	if r.Report.NoIntervals == "" || r.Report.Weights[0].Low != nil {
		t.Errorf("weights under signs have intervals: %+v", r.Report.Weights)
	}
	if got := r.Holdout().Groups(); got != r.Report.Holdout.Groups {
		t.Errorf("%d groups held out, %d told", got, r.Report.Holdout.Groups)
	}
	o.Curve = []float64{0, 2}
	if _, err := fit.Fit(t.Context(), d, o); err == nil {
		t.Error("a share of 0 is fitted to")
	}
}
