package offpolicy

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// place is an item at a position; of rounds the position is 0, or that of a table's row.
type place struct {
	item     int32
	position int
}

// sighting is what a log tells of a place.
type sighting struct {
	wanted  float64 // choices of the policy in question
	shown   float64 // times that the log shows it
	inverse float64 // sum of 1/propensity over those
	offered float64 // decisions in which the log's policy could have shown it
}

// sightings are those of all places, where the log does not tell what its policy would never show.
type sightings map[place]*sighting

func (s sightings) at(item int32, position int) *sighting {
	p := place{item, position}
	if s[p] == nil {
		s[p] = new(sighting)
	}
	return s[p]
}

func (s sightings) see(item int32, position int, propensity float64) {
	at := s.at(item, position)
	at.shown++
	at.inverse += 1 / propensity
}

// unreached returns the share of the choices that fall on places which the log never shows, and the chance that a log misses so much, or more, of a policy that is reached everywhere. A
// place that is shown with the chance q in each of n decisions is missed with the chance m = (1 − q)ⁿ; q is the shown places' harmonic mean of propensities, and what such places
// add to what is missed is weighed by 1/(1 − m), as they are not all seen (Horvitz and Thompson 1952; the same is asked of species by Good, Biometrika 40, 1953). The weighted sum of rare
// misses is taken for a Poisson number, times a factor, of the same mean and variance.
func (s sightings) unreached() (share, luck float64) {
	places := make([]place, 0, len(s))
	for p := range s {
		places = append(places, p)
	}
	slices.SortFunc(places, func(a, b place) int { // sums in one order
		if a.position != b.position {
			return a.position - b.position
		}
		return int(a.item) - int(b.item)
	})
	var total, missed, mean, variance float64
	for _, p := range places {
		at := s[p]
		total += at.wanted
		if at.shown == 0 {
			missed += at.wanted
			continue
		}
		q := min(at.shown/at.inverse, 1)
		miss := math.Pow(1-q, max(at.offered, at.shown))
		mean += at.wanted * miss / (1 - miss)
		variance += at.wanted * at.wanted * miss / (1 - miss) / (1 - miss)
	}
	if missed == 0 {
		return 0, 1
	}
	if mean > 0 {
		luck = mathext.GammaIncReg(missed*mean/variance, mean*mean/variance)
	}
	return missed / total, luck
}
