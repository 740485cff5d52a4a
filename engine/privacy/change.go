package privacy

import (
	"math"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
	"github.com/sihai-network/sihai/scoring"
)

// coarseDistance is the step of the distances that a coarse decision tells.
const coarseDistance = 1000 // metres

// Coarsen takes out of a decision by what the position of its request could be told: the position itself becomes the middle of its cell, see geo.Coarse; distances to
// venues, by three of which it could be found, become whole kilometres, and so do the features that follow from them; the score, the explanation and the words of
// rejections, which hold the same numbers, go, and so do the candidates that limits kept out, which name venues at the place. What was offered stays, and tells about where it was.
// The decision is Coarse from then on, and cannot be made again. It returns false for a decision that is coarse already.
func Coarsen(d *engine.Decision) (changed bool) {
	if d.Request == nil || d.Request.Location == nil {
		return false
	}
	l := d.Request.Location
	coarse := engine.Location{Position: geo.Coarse(l.Position), Accuracy: max(l.Accuracy, geo.CoarseRadius), Type: l.Type}
	changed = *l != coarse || d.Withheld != nil || !d.Coarse
	*l, d.Withheld, d.Coarse = coarse, nil, true
	for i := range d.Placements {
		p := &d.Placements[i]
		for j := range p.Offers {
			changed = coarsenOffer(&p.Offers[j]) || changed
		}
		for j := range p.Rejected {
			for k := range p.Rejected[j].Reasons {
				r := &p.Rejected[j].Reasons[k]
				changed = changed || r.Message != ""
				r.Message = ""
			}
		}
	}
	return changed
}

func coarsenOffer(o *engine.Offer) bool {
	distance := geo.Meters(math.Round(float64(o.Distance)/coarseDistance) * coarseDistance)
	inside := math.Round(o.InsideProbability)
	changed := distance != o.Distance || inside != o.InsideProbability || o.Score != 0 || o.Price != 0 || o.Explanation != nil
	o.Distance, o.InsideProbability, o.Score, o.Price, o.Explanation = distance, inside, 0, 0, nil
	if len(o.Features) > max(scoring.Distance, scoring.InsideProbability) {
		near := scoring.Decay(float64(distance), scoring.DistanceScale)
		changed = changed || o.Features[scoring.Distance] != near || o.Features[scoring.InsideProbability] != inside
		o.Features[scoring.Distance], o.Features[scoring.InsideProbability] = near, inside
	}
	return changed
}

// forgetUser takes the user out of a decision, which is Erased from then on, and reports whether there was something to take.
func forgetUser(d *engine.Decision) bool {
	if d.Request == nil {
		return false
	}
	u := &d.Request.User
	if u.ID == "" && u.Attributes == nil && u.CategoryAffinities == nil {
		return false
	}
	u.ID, u.Attributes, u.CategoryAffinities = "", nil, nil
	d.Erased = true
	return true
}
