package decision

import (
	"math"
	"sync/atomic"

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
// is a millimetre short; a chance rounded to six decimals; a sum in single precision.
const boundError = 2e-5

// day is a day in nanoseconds.
const day = 24 * 60 * 60 * 1e9

// season is a few minutes under one profile, in which the part of a score that follows from the offer alone hardly changes.
type season struct {
	weights [scoring.Width]float64
	bias    float64
	number  int64 // of seasonLength since 1970
}

func sameSeason(a, b *season) bool { return *a == *b }

const seasonLength = 4 * 60 * 1e9

func seasonOf(s *scoring.Scorer, nanos int64) season {
	x := season{number: nanos / seasonLength}
	x.weights, x.bias = s.Weights()
	return x
}

// base is the part of a bound that is the same for all: the bias and the greatest error, of all features and of the season.
func (s *season) base() float64 {
	sum := 0.0
	for _, w := range s.weights {
		sum += math.Abs(w)
	}
	late := math.Abs(s.weights[scoring.Freshness])/scoring.FreshnessScale + math.Abs(s.weights[scoring.EndsSoon])/scoring.EndsSoonScale
	return s.bias + sum*boundError + late*seasonLength/day + 1e-9
}

// still is a memo of the part of a score that follows from the offer alone, in single precision, and of the number of its season. Both are
// in one word, so that many requests may read and set it.
type still struct{ word atomic.Uint64 }

// stillOf returns the part of a score that follows from the offer alone, for one who tells of no purchase.
func (r *run) stillOf(d *digest) float64 {
	word := d.still.word.Load()
	if uint32(word) == r.seasonNumber {
		return float64(math.Float32frombits(uint32(word >> 32)))
	}
	begin, w := float64(r.season.number)*seasonLength, &r.season.weights
	sum := w[scoring.Saving]*d.saving + w[scoring.RelativeDiscount]*d.relative + w[scoring.Popularity]*d.popularity +
		w[scoring.Freshness]*r.fall.at((begin-float64(d.begins))/(scoring.FreshnessScale*day)) +
		w[scoring.EndsSoon]*r.fall.at((float64(d.ends)-begin)/(scoring.EndsSoonScale*day))
	d.still.word.Store(uint64(math.Float32bits(float32(sum)))<<32 | uint64(r.seasonNumber))
	return sum
}

// ceiling returns what the score of a match is at most.
func (r *run) ceiling(m *match, v *voice) float64 {
	d, w := m.digest, &r.season.weights
	x, y, z := d.axis[0]-r.axis[0], d.axis[1]-r.axis[1], d.axis[2]-r.axis[2]
	metres := float64(geo.EarthRadius) * math.Sqrt(x*x+y*y+z*z)
	sum := r.base + r.stillOf(d) +
		w[scoring.Distance]*r.fall.at(metres*(1/scoring.DistanceScale)) +
		w[scoring.InsideProbability]*r.chance(m, metres, w[scoring.InsideProbability] > 0) +
		w[scoring.CategoryAffinity]*r.tasteOf(d) +
		w[scoring.LanguageMatch]*v.value
	if !r.request.Purchase.IsZero() {
		g := r.gainsOf(d.place, r.request.Purchase)
		sum += w[scoring.Saving]*(g.saving-d.saving) + w[scoring.RelativeDiscount]*(g.relative-d.relative)
	}
	return sum
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
