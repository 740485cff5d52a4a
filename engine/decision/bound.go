package decision

import (
	"math"
	"slices"
	"sync/atomic"

	"github.com/sihai-network/sihai/scoring"
)

// boundError is by how much a feature may differ from what weigh takes it for. Most is in the fall of metres, 1/500 for each of them: fallError; the
// chord, which is a millimetre short for ten kilometres, where the fall has come to nothing; and the axes, which are off by a centimetre. What is computed
// in single precision errs by some 1e-7 of a weight.
const boundError = 5e-5

// priceError is the share of a price that a bound leaves out: more than what single precision makes of a price in half a dozen sums.
const priceError = 1e-6

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

// isAbove reports whether no score can be below a floor.
func (s *season) isAbove(floor float64) bool {
	least := s.bias
	for _, w := range s.weights {
		least += min(w, 0)
	}
	return least-1e-6 > floor || floor <= 0 && least == 0
}

// still is a memo of the part of a score that follows from the offer alone, in single precision, and of the number of its season. Both are
// in one word, so that many requests may read and set it.
type still struct{ word atomic.Uint64 }

// stillOf returns the part of a score that follows from the offer alone, for one who tells of no purchase, and keeps it at its glance.
func (r *run) stillOf(m *match) float32 {
	d := r.digestOf(m)
	begin, w := float64(r.season.number)*seasonLength, &r.season.weights
	sum := w[scoring.Saving]*d.saving + w[scoring.RelativeDiscount]*d.relative + w[scoring.Popularity]*d.popularity +
		w[scoring.Freshness]*scoring.Decay((begin-float64(d.begins))/day, scoring.FreshnessScale) +
		w[scoring.EndsSoon]*scoring.Decay((float64(d.ends)-begin)/day, scoring.EndsSoonScale) -
		d.price*(1-priceError)
	r.glanceOf(*m).still.word.Store(uint64(math.Float32bits(float32(sum)))<<32 | uint64(r.seasonNumber))
	return float32(sum)
}

// weigh makes entrants of the matches from the first on, which are in fences that hold the position or else in none, and bounds their scores. It is one
// loop over few words, for that is what most of the work at a crowded place is.
func (r *run) weigh(first int, inside bool) {
	var (
		w           = &r.season.weights
		distance    = float32(w[scoring.Distance])
		chance      = float32(w[scoring.InsideProbability])
		taste       = float32(w[scoring.CategoryAffinity])
		vague       = r.accuracy > 0 && chance > 0
		base        = r.base
		fall, here  = &r.curves.fall, &r.axis
		side        = &r.curves.side
		perAccuracy = r.perAccuracy
		season      = r.seasonNumber
		voices      = r.voiceValues
	)
	if r.accuracy <= 0 && inside {
		base += w[scoring.InsideProbability]
	}
	matches := r.matches[first:]
	r.entrants = slices.Grow(r.entrants, len(matches))[:first+len(matches)]
	entrants := r.entrants[first:]
	for i := range matches {
		m := &matches[i]
		g := r.glanceOf(*m)
		metres := g.axis.metres(here)
		sum := distance*fall.at(metres*(1/scoring.DistanceScale)) + voices[g.voice]
		if word := g.still.word.Load(); uint32(word) == season {
			sum += math.Float32frombits(uint32(word >> 32))
		} else {
			sum += r.stillOf(m)
		}
		if vague {
			// A circle lies in the half-plane on its side of the line that touches it where it is nearest to the position.
			sum += chance * side.at((g.radius-metres+0.1)*perAccuracy)
		}
		if r.hasTastes {
			sum += taste * float32(r.tasteOf(m))
		}
		e := &entrants[i]
		e.Bound, e.Ref = base+float64(sum), int32(first+i)
		e.Campaign, e.Merchant, e.Category = 0, g.merchant, g.genre
		if r.spends {
			e.Bound += r.spending(r.digestOf(m))
		}
	}
}

// spending returns by how much a score is higher for one who tells of a purchase.
func (r *run) spending(d *digest) float64 {
	g, w := r.gainsOf(d.place, r.request.Purchase), &r.season.weights
	more := w[scoring.Saving]*(g.saving-d.saving) + w[scoring.RelativeDiscount]*(g.relative-d.relative)
	if r.priced {
		more += d.price - r.priceOf(d.place, r.request.Purchase)
	}
	return more
}
