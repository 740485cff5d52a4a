package fit

import (
	"context"
	"math"

	"github.com/sihai-network/sihai/scoring/tuning"
)

// examination is the chance that a traveller looks at each position, from the first, relative to it. Positions behind the last one count as the last; a row
// without a position as the first. Empty: all are looked at.
type examination []float64

// leastChance bounds how much a click of a position that is hardly looked at may count: 1/leastChance.
const leastChance = 0.02

// maxPlaces is the number of positions that are told apart.
const maxPlaces = 20

// place returns the index of a row's position.
func (e examination) place(d *tuning.Dataset, i int) int {
	if len(e) == 0 || d.Positions == nil {
		return 0
	}
	return min(max(int(d.Positions[i])-1, 0), len(e)-1)
}

func (e examination) chance(place int) float64 {
	if len(e) == 0 {
		return 1
	}
	return e[place]
}

// estimate finds how positions are examined, by the likelihood of the position-based model in which the wish is that of the design's features. It needs
// offers that were shown at several positions by turns, as any ranking over many travellers does.
//
// Source: Wang et al., "Position Bias Estimation for Unbiased Learning to Rank in Personal Search", WSDM 2018, section 4.2, whose likelihood is made large here by
// a quasi-Newton method and not by expectation maximisation.
func estimate(ctx context.Context, x *design, groups []int, iterations int) (examination, error) {
	places := 1
	for _, g := range groups {
		from, to := x.data.Group(g)
		for i := from; i < to; i++ {
			if !math.IsNaN(x.data.Label(i)) {
				places = max(places, min(int(x.data.Positions[i]), maxPlaces))
			}
		}
	}
	if places == 1 {
		return nil, nil
	}
	f := newObjective(x, Logistic, groups, make(examination, places), true)
	for i := range f.exam {
		f.exam[i] = 1
	}
	f.penalty = 1e-6
	start := make([]float64, f.params)
	for k := 1; k < places; k++ {
		start[f.params-places+k] = -math.Log(float64(k)) // θ = 1 / (k + 1)
	}
	params, _, err := descend(ctx, f, start, iterations)
	if err != nil {
		return nil, err
	}
	return f.examAt(params), nil
}
