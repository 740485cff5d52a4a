package trees_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/sihai-network/sihai/scoring/trees"
)

// twig is a node of the naive twin: a pointer for each child.
type twig struct {
	feature     int
	threshold   float32
	left, right *twig
	value       float32
}

func (n *twig) leafOf(row []float64) float32 {
	if n.left == nil {
		return n.value
	}
	if float32(row[n.feature]) < n.threshold {
		return n.left.leafOf(row)
	}
	return n.right.leafOf(row)
}

// forest invents trees, as XGBoost's JSON and as twigs.
func forest(r *rand.Rand, trees, depth, features int) ([]byte, []*twig) {
	var twigs []*twig
	var list []map[string]any
	for range trees {
		var left, right, indices, defaults []int
		var conditions []float32
		var grow func(depth int) (int, *twig)
		grow = func(depth int) (int, *twig) {
			at, n := len(left), &twig{}
			left, right, indices, defaults = append(left, -1), append(right, -1), append(indices, 0), append(defaults, 0)
			conditions = append(conditions, 0)
			if depth == 0 || r.Float64() < 0.05 {
				n.value = float32(r.NormFloat64() / 10)
				conditions[at] = n.value
				return at, n
			}
			n.feature, n.threshold = r.IntN(features), r.Float32()
			indices[at], conditions[at] = n.feature, n.threshold
			left[at], n.left = grow(depth - 1)
			right[at], n.right = grow(depth - 1)
			return at, n
		}
		_, n := grow(depth)
		twigs = append(twigs, n)
		list = append(list, map[string]any{"left_children": left, "right_children": right, "split_indices": indices, "split_conditions": conditions, "default_left": defaults})
	}
	data, err := json.Marshal(map[string]any{"learner": map[string]any{
		"objective":           map[string]any{"name": "reg:squarederror"},
		"learner_model_param": map[string]any{"base_score": "5E-1", "num_feature": fmt.Sprint(features)},
		"gradient_booster":    map[string]any{"name": "gbtree", "model": map[string]any{"trees": list}},
	}})
	if err != nil {
		panic(err)
	}
	return data, twigs
}

func invent(r *rand.Rand, n int) []float64 {
	data := make([]float64, n)
	for i := range data {
		data[i] = r.Float64()
		if r.IntN(4) == 0 {
			data[i] = float64(r.Float32())
		}
	}
	return data
}

func TestScoresAreThoseOfTheNaiveTwin(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, c := range []struct{ trees, depth, rows int }{{0, 0, 3}, {1, 0, 2}, {1, 1, 9}, {50, 6, 101}, {4, 12, 37}} {
		source, twigs := forest(r, c.trees, c.depth, 9)
		m, err := trees.ParseXGBoost(source)
		if err != nil {
			t.Fatal(err)
		}
		data := invent(r, c.rows*9)
		for i, got := range m.Score(nil, data, 9) {
			want := float32(0.5)
			for _, n := range twigs {
				want += n.leafOf(data[i*9 : (i+1)*9])
			}
			if got != float64(want) {
				t.Fatalf("%+v: row %d scores %v, and %v by the naive twin", c, i, got, want)
			}
		}
	}
}

// BenchmarkScore is a block of 256 candidates of 9 features; the figure that counts is ns/candidate.
func BenchmarkScore(b *testing.B) {
	const rows = 256
	for _, c := range []struct{ trees, depth int }{{20, 4}, {100, 6}, {400, 6}, {8, 12}} {
		r := rand.New(rand.NewPCG(3, 4))
		source, twigs := forest(r, c.trees, c.depth, 9)
		m, err := trees.ParseXGBoost(source)
		if err != nil {
			b.Fatal(err)
		}
		data := invent(r, rows*9)
		var scores []float64
		b.Run(fmt.Sprintf("trees=%d/depth=%d/flat", c.trees, c.depth), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				scores = m.Score(scores, data, 9)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/candidate")
		})
		b.Run(fmt.Sprintf("trees=%d/depth=%d/naive", c.trees, c.depth), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for i := range rows {
					sum := float32(0.5)
					for _, n := range twigs {
						sum += n.leafOf(data[i*9 : (i+1)*9])
					}
					scores[i] = float64(sum)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/candidate")
		})
	}
}
