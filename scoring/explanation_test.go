package scoring_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sihai-network/sihai/scoring"
)

// Explanations sum to the score, name each feature that has a weight once, in the order of the columns, and give it its own product.
func TestExplanationSumsToScore(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	var m scoring.Matrix
	for range 400 {
		p := randomProfile(random)
		scorer := scoring.NewScorer(p)
		rows := randomMatrix(random, &m, 8)
		for i, score := range scorer.Score(nil, &m) {
			e := scorer.Explain(rows[i], score)
			if err := e.Check(); err != nil {
				t.Fatal(err)
			}
			if e.Value != score {
				t.Fatalf("explains %v, the score is %v", e.Value, score)
			}
			parts := e.Children
			if p.Bias != 0 {
				if parts[0].Message != "bias" || math.Abs(parts[0].Value-p.Bias) > 2e-8 {
					t.Errorf("a bias of %v is told as %q %v", p.Bias, parts[0].Message, parts[0].Value)
				}
				parts = parts[1:]
			}
			for k, f := range scoring.Features() {
				w := p.Weights[f.Name]
				if w == 0 {
					continue
				}
				if !strings.HasPrefix(parts[0].Message, f.Name+" ") || math.Abs(parts[0].Value-w*rows[i][k]) > 2e-8 {
					t.Errorf("%s %v × %v is told as %q %v", f.Name, rows[i][k], w, parts[0].Message, parts[0].Value)
				}
				parts = parts[1:]
			}
			if len(parts) > 0 {
				t.Errorf("and besides %q %v", parts[0].Message, parts[0].Value)
			}
		}
	}
}

// A score that the features do not give is told to come from elsewhere.
func TestExplanationOfAChangedScore(t *testing.T) {
	scorer := scoring.NewScorer(scoring.Profile{Weights: map[string]float64{"distance": 0.5}})
	row := make([]float64, scoring.Width)
	row[scoring.Distance] = 0.5
	e := scorer.Explain(row, 0.75)
	if err := e.Check(); err != nil {
		t.Error(err)
	}
	if last := e.Children[len(e.Children)-1]; len(e.Children) != 2 || last.Message != "not from features" || last.Value != 0.5 {
		t.Errorf("got %q %v", last.Message, last.Value)
	}
	if e := scoring.NewScorer(scoring.Profile{}).Explain(row, 0); len(e.Children) != 0 || e.Value != 0 || e.Check() != nil {
		t.Errorf("without weights: %+v", e)
	}
}

func TestExplanationCheck(t *testing.T) {
	leaf := func(x float64) *scoring.Explanation { return &scoring.Explanation{Value: x, Message: "leaf"} }
	for _, c := range []struct {
		name string
		tree *scoring.Explanation
		want string // in the error
	}{
		{"leaf", leaf(3), ""},
		{"sum", &scoring.Explanation{Value: 3, Children: []*scoring.Explanation{leaf(1), leaf(2)}}, ""},
		{"sum within 1e-9", &scoring.Explanation{Value: 3.0000000005, Children: []*scoring.Explanation{leaf(1), leaf(2)}}, ""},
		{"no sum", &scoring.Explanation{Value: 4, Message: "root", Children: []*scoring.Explanation{leaf(1), leaf(2)}}, `"root"`},
		{"no number", &scoring.Explanation{Value: math.NaN(), Message: "root", Children: []*scoring.Explanation{leaf(1)}}, `"root"`},
		{"no sum below", &scoring.Explanation{Value: 1, Children: []*scoring.Explanation{{Value: 1, Message: "inner", Children: []*scoring.Explanation{leaf(2)}}}}, `"inner"`},
	} {
		err := c.tree.Check()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}
