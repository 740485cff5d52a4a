package decision

import (
	"math"

	"github.com/sihai-network/sihai/geo"
	"github.com/sihai-network/sihai/scoring"
)

// fall is exp(-x) by steps, joined by straight lines: at most fallError above it, since it is convex, and never below.
type fall [fallReach*fallSteps + 2]float32

const (
	fallSteps = 128 // for each unit
	fallReach = 20  // beyond it is 0

	// fallError is that of a straight line over a step, 1/8 × (1/128)² (Burden and Faires, Numerical Analysis, 3.1), of single precision,
	// and of what is cut off.
	fallError = 8e-6
)

func newFall() *fall {
	f := new(fall)
	for i := range f {
		f[i] = float32(math.Exp(-float64(i) / fallSteps))
	}
	return f
}

// at returns exp(-x), as scoring.Decay does.
func (f *fall) at(x float64) float64 {
	x *= fallSteps
	if !(x < fallReach*fallSteps) {
		return 0
	}
	if x <= 0 {
		return 1
	}
	i := int(x)
	a, b := float64(f[i]), float64(f[i+1])
	return a + (b-a)*(x-float64(i))
}

// boundError is by how much a feature may differ from what ceiling takes it for: a fall of metres along a chord, which for ten kilometres
// is a millimetre short; a chance rounded to six decimals.
const boundError = 2e-5

// day is a day in nanoseconds.
const day = 24 * 60 * 60 * 1e9

// scales are what ceiling multiplies by.
type scales struct {
	weights       [scoring.Width]float64
	base          float64 // the bias, and the greatest error of all features
	fresh, ending float64 // from nanoseconds to the unit of a fall
	now           float64
}

// newScales prepares for the requests of a moment.
func newScales(s *scoring.Scorer, nanos int64) scales {
	weights, bias := s.Weights()
	sum := 0.0
	for _, w := range weights {
		sum += math.Abs(w)
	}
	return scales{
		weights: weights, base: bias + sum*boundError + 1e-9, now: float64(nanos),
		fresh: 1 / (scoring.FreshnessScale * day), ending: 1 / (scoring.EndsSoonScale * day),
	}
}

// ceiling returns what the score of a match is at most.
func (r *run) ceiling(m *match) float64 {
	d, s, w := m.digest, &r.scales, &r.scales.weights
	x, y, z := d.axis[0]-r.axis[0], d.axis[1]-r.axis[1], d.axis[2]-r.axis[2]
	metres := float64(geo.EarthRadius) * math.Sqrt(x*x+y*y+z*z)
	voice, _ := r.voices.at(d.voice)
	return s.base +
		w[scoring.Distance]*r.fall.at(metres*(1/scoring.DistanceScale)) +
		w[scoring.InsideProbability]*r.chance(m, metres, w[scoring.InsideProbability] > 0) +
		w[scoring.Saving]*m.saving +
		w[scoring.RelativeDiscount]*m.relative +
		w[scoring.CategoryAffinity]*r.tasteOf(d) +
		w[scoring.Popularity]*d.popularity +
		w[scoring.Freshness]*r.fall.at((s.now-float64(d.begins))*s.fresh) +
		w[scoring.EndsSoon]*r.fall.at((float64(d.ends)-s.now)*s.ending) +
		w[scoring.LanguageMatch]*voice.value
}

// accuracyInSigmas is 1.5096 / √2: from accuracies to the argument of the error function, see geo.Fence.InsideProbability.
const accuracyInSigmas = 1.5095921854516636 / math.Sqrt2

// chance returns what the chance of being in a fence is at most, or at least. A circle lies in the half-plane on its side of the line that
// touches it where it is nearest to the position.
func (r *run) chance(m *match, metres float64, most bool) float64 {
	switch {
	case r.accuracy <= 0 && m.inside:
		return 1
	case r.accuracy <= 0 || !most:
		return 0
	case m.digest.radius == 0:
		return 1
	}
	within := (float64(m.digest.radius) - metres + 0.1) / float64(r.accuracy)
	if within > deep {
		return 1
	}
	return math.Erfc(-within*accuracyInSigmas) / 2
}
