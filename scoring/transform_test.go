package scoring_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/sihai-network/sihai/scoring"
)

// Values that anybody can check by hand.
func TestTransforms(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"nearness at the venue", scoring.Decay(0, scoring.DistanceScale), 1},
		{"nearness at 500 m", scoring.Decay(500, scoring.DistanceScale), 1 / math.E},
		{"nearness at 1 km", scoring.Decay(1000, scoring.DistanceScale), 1 / (math.E * math.E)},
		{"nearness at no end of metres", scoring.Decay(inf, scoring.DistanceScale), 0},
		{"nearness below nothing", scoring.Decay(-3, scoring.DistanceScale), 1},
		{"nearness of no number", scoring.Decay(nan, scoring.DistanceScale), 0},
		{"freshness after 14 days", scoring.Decay(14, scoring.FreshnessScale), 1 / math.E},
		{"end in 3 days", scoring.Decay(3, scoring.EndsSoonScale), 1 / math.E},
		{"no saving", scoring.SavingValue(0), 0},
		{"a saving below nothing", scoring.SavingValue(-5), 0},
		{"a saving of no number", scoring.SavingValue(nan), 0},
		{"20 euro", scoring.SavingValue(20), 0.5},
		{"60 euro", scoring.SavingValue(60), 0.75},
		{"no end of euro", scoring.SavingValue(inf), 1},
		{"a quarter", scoring.Share(25, 100), 0.25},
		{"more than the whole", scoring.Share(120, 100), 1},
		{"less than nothing", scoring.Share(-1, 100), 0},
		{"of nothing", scoring.Share(3, 0), 0},
		{"of less than nothing", scoring.Share(3, -3), 0},
		{"part of no number", scoring.Share(nan, 3), 0},
		{"of no number", scoring.Share(3, nan), 0},
		{"endless of endless", scoring.Share(inf, inf), 1},
		{"fallback language", scoring.LanguageValue(0), 0},
		{"no language", scoring.LanguageValue(-1), 0},
		{"first language", scoring.LanguageValue(1), 1},
		{"fourth language", scoring.LanguageValue(4), 0.25},
		{"within", scoring.Clamp(0.3), 0.3},
		{"below", scoring.Clamp(-0.3), 0},
		{"above", scoring.Clamp(1.3), 1},
		{"no number", scoring.Clamp(nan), 0},
		{"mean of the prior", scoring.PopularityPrior().Mean(0, 0), 0.05},
		{"1 click in 1 showing", scoring.PopularityPrior().Mean(1, 1), 2.0 / 21},
		{"5 clicks in 80 showings", scoring.PopularityPrior().Mean(5, 80), 0.06},
		{"more clicks than showings", scoring.PopularityPrior().Mean(50, 10), 11.0 / 30},
		{"counts below nothing", scoring.PopularityPrior().Mean(-5, -80), 0.05},
	} {
		if math.Abs(c.got-c.want) > 1e-12 || math.IsNaN(c.got) {
			t.Errorf("%s: %v, want %v", c.name, c.got, c.want)
		}
	}
}

// Every transform stays in [0, 1] and goes one way.
func TestTransformsStayInRange(t *testing.T) {
	random := rand.New(rand.NewPCG(15, 16))
	number := func() float64 {
		return math.Copysign(math.Pow(10, 12*random.Float64()-6), random.Float64()-0.2)
	}
	prior := scoring.PopularityPrior()
	for range 20_000 {
		x, y, whole := number(), number(), number()
		low, high := min(x, y), max(x, y)
		for name, pair := range map[string][2]float64{
			"decay":  {scoring.Decay(high, scoring.DistanceScale), scoring.Decay(low, scoring.DistanceScale)},
			"saving": {scoring.SavingValue(low), scoring.SavingValue(high)},
			"share":  {scoring.Share(low, whole), scoring.Share(high, whole)},
			"clamp":  {scoring.Clamp(low), scoring.Clamp(high)},
			"clicks": {prior.Mean(low, whole), prior.Mean(high, whole)},
		} {
			if !(pair[0] >= 0 && pair[1] <= 1 && pair[0] <= pair[1]) {
				t.Fatalf("%s of %v and %v (of %v): %v", name, low, high, whole, pair)
			}
		}
	}
}

// The prior is forgotten as showings come in: the mean goes to the rate that was seen.
func TestBetaGoesToTheRate(t *testing.T) {
	prior := scoring.PopularityPrior()
	far := math.Inf(1)
	for n := 10.0; n <= 1e7; n *= 10 {
		off := math.Abs(prior.Mean(0.3*n, n) - 0.3)
		if off >= far {
			t.Errorf("after %v showings off by %v, before by %v", n, off, far)
		}
		far = off
	}
	if far > 1e-5 {
		t.Errorf("after 10 million showings off by %v", far)
	}
}
