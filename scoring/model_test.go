package scoring_test

import (
	"math"
	"strings"
	"testing"

	"github.com/sihai-network/sihai/scoring"
)

// stump is a model of one split: nearness below 0.5 gives -0.25, any other 0.75.
const stump = `{"learner":{"feature_names":["saving","distance"],"gradient_booster":{"name":"gbtree","model":{"trees":[
 {"left_children":[1,-1,-1],"right_children":[2,-1,-1],"split_indices":[1,0,0],"split_conditions":[0.5,-0.25,0.75],"default_left":[0,0,0],"sum_hessian":[4,1,3]}]}},
 "learner_model_param":{"base_score":"1E-1","num_feature":"2"},"objective":{"name":"reg:squarederror"}}}`

func treesProfile(t *testing.T) scoring.Profile {
	t.Helper()
	m, err := scoring.NewModel("xgboost", []byte(stump))
	if err != nil {
		t.Fatal(err)
	}
	p := scoring.Default()
	p.Kind, p.Model, p.Weights, p.Bias = scoring.KindTrees, m, map[string]float64{"saving": 2}, 0.125
	return p
}

func TestTreesAddToTheWeights(t *testing.T) {
	p := treesProfile(t)
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	s := scoring.NewScorer(p)
	var m scoring.Matrix
	for i := range 9 {
		row := m.AppendRow()
		row[scoring.Distance], row[scoring.Saving] = float64(i)/8, 0.25
	}
	got := s.Score(nil, &m)
	for i, score := range got {
		want := 0.125 + 2*0.25 + 0.1 - 0.25
		if float64(i)/8 >= 0.5 {
			want = 0.125 + 2*0.25 + 0.1 + 0.75
		}
		if math.Abs(score-want) > 1e-6 {
			t.Errorf("row %d scores %v, not %v", i, score, want)
		}
		e := s.Explain(m.Row(i), score)
		if err := e.Check(); err != nil || e.Value != score {
			t.Errorf("row %d of %v: %v, %v", i, score, e.Value, err)
		}
	}
	e := s.Explain(m.Row(0), got[0])
	last := e.Children[len(e.Children)-1]
	// The mean of the leaves by what they cover is 0.5, over the base of 0.1; nearness takes it down to -0.15.
	if last.Message != "trees" || len(last.Children) != 2 || last.Children[1].Message != "distance 0" || math.Abs(last.Children[1].Value+0.75) > 1e-6 {
		t.Errorf("explained as %+v %+v", last, last.Children)
	}
	grown := s.Extend(s.Score(nil, &m)[:3], &m)
	for i := range got {
		if grown[i] != got[i] {
			t.Errorf("row %d scores %v when rows come one after another, not %v", i, grown[i], got[i])
		}
	}
}

func TestKindAndModelBelongTogether(t *testing.T) {
	good := treesProfile(t)
	for name, c := range map[string]struct {
		change func(*scoring.Profile)
		says   string
	}{
		"no model":             {func(p *scoring.Profile) { p.Model = nil }, "model: a profile of kind trees needs"},
		"one that is told of":  {func(p *scoring.Profile) { p.Model = p.Model.Told() }, "model: a profile of kind trees needs"},
		"a model with weights": {func(p *scoring.Profile) { p.Kind = scoring.KindLinear }, "model: a profile of kind linear has none"},
		"another kind":         {func(p *scoring.Profile) { p.Kind = "neural" }, `kind: "neural" is neither`},
	} {
		p := good
		c.change(&p)
		if err := p.Validate(); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, c := range map[string]struct{ from, to, says string }{
		"a feature of no offer": {`"distance"`, `"weather"`, `feature "weather" of the model is not known`},
		"no names":              {`["saving","distance"]`, `[]`, "does not name its features"},
		"too high a leaf":       {`0.75`, `1001`, "its scores may lie between"},
	} {
		if _, err := scoring.NewModel("xgboost", []byte(strings.Replace(stump, c.from, c.to, 1))); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
