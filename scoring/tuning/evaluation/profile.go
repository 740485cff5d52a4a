package evaluation

import (
	"fmt"
	"math"
	"strings"

	"github.com/sihai-network/sihai/scoring"
	"github.com/sihai-network/sihai/scoring/tuning"
)

// OfProfile is the policy of a profile: weights, bias and, where it has one, model. For a model the data has all features of package scoring, and a missing number counts 0.
// The bounds of its lists are not looked at.
func OfProfile(name string, d *tuning.Dataset, p *scoring.Profile) (Policy, error) {
	if p.Model == nil {
		return Linear(name, d, p.Weights, p.Bias)
	}
	var columns []int
	var unknown []string
	for _, f := range scoring.Features() {
		if at := d.Column(f.Name); at >= 0 {
			columns = append(columns, at)
		} else {
			unknown = append(unknown, f.Name)
		}
	}
	if unknown != nil {
		return Policy{}, fmt.Errorf("profile %s: its model needs all features, and the data has no %s", name, strings.Join(unknown, ", "))
	}
	out := Policy{Name: name, Scores: make([]float64, 0, d.Rows())}
	scorer, rows, scores := scoring.NewScorer(*p), new(scoring.Matrix), []float64(nil)
	for from := 0; from < d.Rows(); from += scoredAtOnce {
		rows.Reset()
		for i := from; i < min(from+scoredAtOnce, d.Rows()); i++ {
			row := rows.AppendRow()
			for j, at := range columns {
				if x := d.Row(i)[at]; !math.IsNaN(x) {
					row[j] = x
				}
			}
		}
		scores = scorer.Score(scores, rows)
		out.Scores = append(out.Scores, scores...)
	}
	return out, nil
}

// scoredAtOnce is how many rows are copied for a model.
const scoredAtOnce = 4096
