package fit

import (
	"math"

	"github.com/sihai-network/sihai/scoring/interval"
)

// CurveShares are the shares of the data that a learning curve usually looks at.
func CurveShares() []float64 { return []float64{0.05, 0.1, 0.2, 0.4, 0.7, 1} }

// CurvePoint is what a fit to a share of the data is worth on the hold-out.
type CurvePoint struct {
	Share  float64  `json:"share"`
	Groups int      `json:"groups"` // that were fitted to
	NDCG   float64  `json:"ndcg"`
	Low    *float64 `json:"low,omitempty"` // of 95 % over users; left out where there is no interval
	High   *float64 `json:"high,omitempty"`
}

// learn fits again to shares of what may be seen, under the penalty that was chosen, and measures each fit on the hold-out. The shares are drawn evenly over time, a smaller one
// is part of a larger one, and the same seed draws the same.
func (f *fitting) learn(seen []int) error {
	unseen := newObjective(f.x, f.o.Loss, f.split.holdout, f.exam, false)
	for _, share := range f.o.Curve {
		var some []int
		for _, g := range seen {
			if chanceOf(uint64(g), f.o.Seed) < share {
				some = append(some, g)
			}
		}
		if len(some) == 0 {
			continue
		}
		fitted := newObjective(f.x, f.o.Loss, some, f.exam, false)
		params, _, err := f.descend(fitted, f.report.Chosen, make([]float64, fitted.params))
		if err != nil {
			return err
		}
		m := unseen.measure("", f.x.scores(fitted.model(params)))
		point := CurvePoint{Share: share, Groups: len(some), NDCG: m.NDCG}
		r := interval.NewRatios(f.x.data.Clusters(), 1, 0)
		for at, g := range f.split.holdout {
			if x := m.perGroups[at]; !math.IsNaN(x) {
				r.Add(f.x.data.Cluster(g), 0, x, 1)
			}
		}
		if e, err := r.Estimate(interval.Options{Seed: f.o.Seed}); err == nil {
			point.Low, point.High = &e.Interval.Low, &e.Interval.High
		}
		f.report.Curve = append(f.report.Curve, point)
		f.step()
	}
	return nil
}

// chanceOf is a number in [0, 1) of a group, the same for the same seed (SplitMix64: Steele, Lea and Flood, OOPSLA 2014).
func chanceOf(group, seed uint64) float64 {
	x := (group + 1 + seed*0xd1342543de82ef95) * 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return float64((x^x>>31)>>11) / (1 << 53)
}
