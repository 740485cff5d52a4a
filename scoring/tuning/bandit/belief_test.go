package bandit_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/sihai-network/sihai/scoring"
	"github.com/sihai-network/sihai/scoring/tuning"
	"github.com/sihai-network/sihai/scoring/tuning/bandit"
)

var truth = []float64{2, -1, 0}

func batch(seed uint64, rows int) *tuning.Dataset {
	r := rand.New(rand.NewPCG(seed, 3))
	d := &tuning.Dataset{Features: []string{"distance", "saving", "freshness"}, Offsets: []int{0}}
	for i := range rows {
		s := -0.5
		for _, w := range truth {
			x := r.Float64()
			d.Values, s = append(d.Values, x), s+w*x
		}
		y := 0.0
		if r.Float64() < 1/(1+math.Exp(-s)) {
			y = 1
		}
		d.Labels, d.Offsets = append(d.Labels, y), append(d.Offsets, i+1)
	}
	return d
}

// Batches are learnt from one after another: the means come to the truth, within the deviations that are told, and those fall as the root of the examples.
func TestBeliefsComeToTheTruth(t *testing.T) {
	b, err := bandit.NewBelief([]string{"distance", "saving", "freshness"}, 3)
	if err != nil {
		t.Fatal(err)
	}
	var first map[string]float64
	for n := range uint64(8) {
		if b, err = b.Learn(t.Context(), batch(n, 1000)); err != nil {
			t.Fatal(err)
		}
		if n == 1 {
			first = b.Deviations()
		}
	}
	for j, name := range b.Features {
		deviation := b.Deviations()[name]
		if ratio := first[name] / deviation; math.Abs(ratio-2) > 0.2 {
			t.Errorf("%s: four times the examples make the deviation smaller by %v", name, ratio)
		}
		if math.Abs(b.Means[j]-truth[j]) > 0.25 {
			t.Errorf("%s: %v ± %v, truly %v", name, b.Means[j], deviation, truth[j])
		}
	}
	if b.Examples != 8000 {
		t.Errorf("%d examples", b.Examples)
	}
	p, err := b.Profile(scoring.Default(), scoring.Explore{Method: scoring.Thompson, Share: 0.1})
	if err != nil || p.Weights["distance"] != b.Means[0] || p.Explore.Deviations["saving"] != b.Deviations()["saving"] || scoring.NewExplorer(&p) == nil {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestTheSameBatchesGiveTheSameBelief(t *testing.T) {
	learn := func() bandit.Belief {
		b, _ := bandit.NewBelief([]string{"saving", "distance"}, 1)
		for n := range uint64(3) {
			var err error
			if b, err = b.Learn(t.Context(), batch(n, 300)); err != nil {
				t.Fatal(err)
			}
		}
		return b
	}
	if a, b := learn(), learn(); !reflect.DeepEqual(a, b) {
		t.Errorf("%v and %v", a, b)
	}
}

func TestWhatCannotBeLearnt(t *testing.T) {
	b, _ := bandit.NewBelief([]string{"weather"}, 1)
	if _, err := b.Learn(t.Context(), batch(1, 10)); err == nil {
		t.Error("a feature that the data lack")
	}
	b, _ = bandit.NewBelief([]string{"saving"}, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Learn(ctx, batch(1, 10)); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	if _, err := bandit.NewBelief(nil, 0); err == nil {
		t.Error("a deviation of 0")
	}
}
