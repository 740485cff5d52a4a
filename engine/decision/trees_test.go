package decision_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/decision"
	"github.com/sihai-network/sihai/scoring"
)

// inventTrees makes a model of trees over the features, as XGBoost writes it.
func inventTrees(random *rand.Rand, count, depth int) *scoring.Model {
	var names []string
	for _, f := range scoring.Features() {
		names = append(names, f.Name)
	}
	var trees []map[string]any
	for range count {
		n := 1<<(depth+1) - 1
		left, right, missing := make([]int, n), make([]int, n), make([]int, n)
		feature, condition := make([]int, n), make([]float64, n)
		for i := range n {
			left[i], right[i], condition[i] = 2*i+1, 2*i+2, random.Float64()
			if i >= n/2 {
				left[i], right[i], condition[i] = -1, -1, (random.Float64()-0.5)/float64(count)
			}
			feature[i] = random.IntN(len(names))
		}
		trees = append(trees, map[string]any{"left_children": left, "right_children": right, "default_left": missing, "split_indices": feature, "split_conditions": condition})
	}
	source, err := json.Marshal(map[string]any{"learner": map[string]any{
		"feature_names": names, "objective": map[string]any{"name": "reg:squarederror"},
		"learner_model_param": map[string]any{"base_score": "0", "num_feature": fmt.Sprint(len(names))},
		"gradient_booster":    map[string]any{"name": "gbtree", "model": map[string]any{"trees": trees}},
	}})
	if err != nil {
		panic(err)
	}
	m, err := scoring.NewModel("xgboost", source)
	if err != nil {
		panic(err)
	}
	return m
}

// growTrees makes the profile of a world one of trees, with or without weights.
func growTrees(w *world, random *rand.Rand) {
	w.profile.Kind, w.profile.Model = scoring.KindTrees, inventTrees(random, 1+random.IntN(8), 1+random.IntN(4))
	if random.IntN(2) == 0 {
		w.profile.Weights = nil
	}
}

func TestTreesAreExplained(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	w := newWorld()
	growTrees(w, random)
	w.profile.Floor = -1000
	for i := range 5 {
		v := w.venue(fmt.Sprintf("v%d", i), float64(40*i))
		w.campaign(fmt.Sprintf("c%d", i), []string{v.ID})
	}
	s := start(t, optionsFor(w.snapshot(t), newMemoryLog()))
	d, err := s.Decide(t.Context(), &engine.Request{
		Time: noon, Explain: engine.ExplainFull, Location: &engine.Location{Position: downtown}, Placements: []engine.PlacementRequest{{ID: "home", Count: 9}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	offers := d.Placements[0].Offers
	if len(offers) < 2 {
		t.Fatalf("%d offers", len(offers))
	}
	for _, o := range offers {
		if err := o.Explanation.Check(); err != nil || o.Explanation.Value != o.Score {
			t.Errorf("%s scores %v: %v, %v", o.ID, o.Score, o.Explanation, err)
		}
	}
}

// BenchmarkDecideTrees is BenchmarkDecide under trees; its naive twin looks closely at every candidate as if explanations were asked for.
func BenchmarkDecideTrees(b *testing.B) {
	world, quarters := benchCatalog(10_000, 1)
	world.profile.Kind, world.profile.Model = scoring.KindTrees, inventTrees(rand.New(rand.NewPCG(1, 2)), 100, 5)
	snap := world.snapshot(b)
	o := optionsFor(snap, newMemoryLog())
	o.Queue = 1
	s := start(b, o)
	for _, q := range quarters {
		requests := q.requests(0)
		b.Run(q.name+"/trees=100", func(b *testing.B) {
			benchDecide(b, snap, requests, func(r *engine.Request) (*engine.Decision, error) { return s.Decide(b.Context(), r, nil) })
		})
		b.Run(q.name+"/trees=100/naive", func(b *testing.B) {
			benchDecide(b, snap, requests, func(r *engine.Request) (*engine.Decision, error) { return decision.DecideFully(o, snap, r, "x") })
		})
	}
}
