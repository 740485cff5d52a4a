package fit

import (
	"fmt"
	"math"

	"github.com/sihai-network/sihai/scoring"
	"github.com/sihai-network/sihai/scoring/trees"
	"github.com/sihai-network/sihai/scoring/tuning"
)

// Score returns what the fit says of each row of the data set that it was made from, in order.
func (r *Result) Score() []float64 { return r.x.scores(r.model) }

// Profile returns a scoring profile of the fit, which is not stored and not active: weights for the features, and a tree for each term. The rules of the list
// are those of like. It fails where a feature is not one of package scoring, or a weight lies outside what a profile may hold.
//
// Weights of a pairwise or listwise fit have no scale of their own: where one is too large, all are made smaller alike.
func (r *Result) Profile(name, note string, like scoring.Profile) (scoring.Profile, error) {
	p := like
	p.Name, p.Note, p.Version, p.Author = name, note, 0, ""
	p.Kind, p.Model, p.Weights, p.Bias = scoring.KindLinear, nil, map[string]float64{}, r.model.bias
	scale := 1.0
	if r.Report.Loss != Logistic {
		scale = r.scale()
	}
	for _, w := range r.Report.Weights {
		if w.Weight != 0 {
			p.Weights[w.Feature] = w.Weight * scale
		}
	}
	p.Floor = -scoring.MaxFloor
	if len(r.x.terms) > 0 {
		source, err := r.trees(scale)
		if err != nil {
			return scoring.Profile{}, fmt.Errorf("profile of the fit: %w", err)
		}
		p.Kind = scoring.KindTrees
		if p.Model, err = scoring.NewModel(string(trees.XGBoost), source); err != nil {
			return scoring.Profile{}, fmt.Errorf("profile of the fit: %w", err)
		}
	}
	if err := p.Validate(); err != nil {
		return scoring.Profile{}, fmt.Errorf("profile of the fit: %w", err)
	}
	return p, nil
}

// scale is what makes the largest weight fit into a profile.
func (r *Result) scale() float64 {
	most := 0.0
	for _, w := range r.Report.Weights {
		most = max(most, math.Abs(w.Weight))
	}
	if most <= scoring.MaxWeight {
		return 1
	}
	return scoring.MaxWeight / most
}

// trees writes the terms as trees.
func (r *Result) trees(scale float64) ([]byte, error) {
	features := r.x.data.Features
	used := make([]int, len(features))
	var names []string
	for i := range used {
		used[i] = -1
	}
	var roots []*trees.Cut
	for i := range r.x.terms {
		t := &r.x.terms[i]
		for _, c := range t.columns {
			if used[c] < 0 {
				used[c] = len(names)
				names = append(names, features[c])
			}
		}
		weights := r.model.hot[t.first : t.first+t.size()]
		roots = append(roots, cut(t, used, weights, scale, 0))
	}
	return trees.Write(names, roots)
}

// cut makes a balanced tree of the edges of a term from its feature n on.
func cut(t *term, used []int, weights []float64, scale float64, n int) *trees.Cut {
	if n == len(t.columns) {
		return &trees.Cut{Value: float32(weights[0] * scale), Cover: 1}
	}
	each := len(weights) / (len(t.edges[n]) + 1)
	var part func(from, to int) *trees.Cut // of the buckets from up to, and without, to
	part = func(from, to int) *trees.Cut {
		if to-from == 1 {
			return cut(t, used, weights[from*each:to*each], scale, n+1)
		}
		middle := (from + to) / 2
		c := &trees.Cut{Feature: used[t.columns[n]], Below: float32(t.edges[n][middle-1]), Left: part(from, middle), Right: part(middle, to)}
		c.Cover = c.Left.Cover + c.Right.Cover
		return c
	}
	return part(0, len(t.edges[n])+1)
}

// Holdout returns the groups that the fit has not seen.
func (r *Result) Holdout() *tuning.Dataset { return r.x.data.Select(r.holdout) }
