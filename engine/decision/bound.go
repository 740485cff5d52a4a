package decision

import (
	"math"
	"sync/atomic"

	"github.com/sihai-network/sihai/geo"
	"github.com/sihai-network/sihai/scoring"
)

// boundError is by how much a feature may differ from what weigh takes it for: a fall of metres along a chord, which for ten kilometres is a
// millimetre short, to where a glance has the venue, which is up to three millimetres off; a chance rounded to six decimals; a sum in single
// precision.
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

// stillOf returns the part of a score that follows from the offer alone, for one who tells of no purchase, and keeps it at a glance.
func (r *run) stillOf(g *glance, d *digest) float64 {
	begin, w := float64(r.season.number)*seasonLength, &r.season.weights
	sum := w[scoring.Saving]*d.saving + w[scoring.RelativeDiscount]*d.relative + w[scoring.Popularity]*d.popularity +
		w[scoring.Freshness]*r.curves.fall.at((begin-float64(d.begins))/(scoring.FreshnessScale*day)) +
		w[scoring.EndsSoon]*r.curves.fall.at((float64(d.ends)-begin)/(scoring.EndsSoonScale*day))
	g.still.word.Store(uint64(math.Float32bits(float32(sum)))<<32 | uint64(r.seasonNumber))
	return sum
}

// fallsPerUnit and metresPerUnit turn a length in axisUnits into the argument of the fall that is the feature Distance, and into metres.
const (
	metresPerUnit = float64(geo.EarthRadius) / axisUnits
	fallsPerUnit  = metresPerUnit / scoring.DistanceScale
)

// weigh returns what the score of a place is at most, which a request meets in one of its fences or not; false where it may not be offered. What a
// glance does not tell is looked up in its digest, which is far away in memory: few places need that.
func (r *run) weigh(g *glance, of **digest, inside bool) (bound float64, ok bool) {
	if (r.tick <= g.begins || r.tick >= g.ends) && !r.isDuring(g, of) {
		return 0, false
	}
	open, known := r.open.at(g.hours)
	if !known {
		*open = r.inWindow((*of).place) && r.isOpen((*of).place)
	}
	if !*open {
		return 0, false
	}
	listed, known := r.readers.at(g.readers)
	if !known {
		*listed = r.isListed((*of).listing)
	}
	if !*listed {
		return 0, false
	}
	v, known := r.voices.at(g.voice)
	if !known {
		*v = r.voiceOf((*of).listing.Languages)
	}
	if v.index < 0 {
		return 0, false
	}

	w := &r.season.weights
	x, y, z := float64(g.axis[0])-r.axis[0], float64(g.axis[1])-r.axis[1], float64(g.axis[2])-r.axis[2]
	away := math.Sqrt(x*x + y*y + z*z)
	sum := r.base + w[scoring.Distance]*r.curves.fall.at(away*fallsPerUnit) + w[scoring.LanguageMatch]*v.value
	if word := g.still.word.Load(); uint32(word) == r.seasonNumber {
		sum += float64(math.Float32frombits(uint32(word >> 32)))
	} else {
		sum += r.stillOf(g, *of)
	}
	switch {
	case r.accuracy > 0 && w[scoring.InsideProbability] > 0:
		sum += w[scoring.InsideProbability] * r.chance(g, away*metresPerUnit)
	case r.accuracy <= 0 && inside:
		sum += w[scoring.InsideProbability]
	}
	if r.hasTastes {
		sum += w[scoring.CategoryAffinity] * r.tasteOf(g, of)
	}
	if r.spends {
		d := *of
		gains := r.gainsOf(d.place, r.request.Purchase)
		sum += w[scoring.Saving]*(gains.saving-d.saving) + w[scoring.RelativeDiscount]*(gains.relative-d.relative)
	}
	return sum, true
}

// isDuring reports whether the request comes during a flight, of which a glance does not say for sure that it does.
func (r *run) isDuring(g *glance, of **digest) bool {
	if r.tick < g.begins || r.tick > g.ends {
		return false
	}
	return r.nanos >= (*of).begins && r.nanos < (*of).ends
}

// chance returns what the chance of being in a fence is at most. A circle lies in the half-plane on its side of the line that touches it where it is
// nearest to the position.
func (r *run) chance(g *glance, metres float64) float64 {
	if g.radius == 0 {
		return 1
	}
	return r.curves.side.at((float64(g.radius) - metres + 0.1) * r.perAccuracy)
}
