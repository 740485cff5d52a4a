package trees_test

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sihai-network/sihai/scoring/trees"
)

func readLight(t testing.TB) (*trees.Model, string) {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(home, "lightgbm.txt"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := trees.ParseLightGBM(source)
	if err != nil {
		t.Fatal(err)
	}
	return m, string(source)
}

func TestScoresFollowTheTextOfLightGBM(t *testing.T) {
	m, _ := readLight(t)
	nan := math.NaN()
	// The first tree: distance ≤ 0.5 goes to the districts 3, 5 and 40, the others to the saving. The second: all goes right but what is below 0.
	for _, c := range []struct {
		name string
		row  []float64
		sum  float64
	}{
		{"a district that is named", []float64{0.5, 3, 0}, 0.5 + 2 - 1.5},
		{"another one that is named", []float64{0.5, 40, 0}, 0.5 + 2 - 1.5},
		{"one that is not", []float64{0.5, 4, 0}, -0.25 + 2 - 1.5},
		{"one beyond the bits", []float64{0.2, 64, 0}, -0.25 + 2 - 1.5},
		{"one below zero", []float64{0.2, -3, 0}, -0.25 + 2 - 1.5},
		{"the whole part of a district counts", []float64{0.2, 3.9, 0}, 0.5 + 2 - 1.5},
		{"no district", []float64{0.2, nan, 0}, -0.25 + 2 - 1.5},
		{"no distance goes left", []float64{nan, 5, 0}, 0.5 + 2 - 1.5},
		{"just above the threshold", []float64{math.Nextafter(0.5, 1), 3, 0.3}, -1 + 2 - 1.5},
		{"a saving of nothing is missing, and goes right", []float64{0.9, 3, 0}, -1 + 2 - 1.5},
		{"as one that is not told", []float64{0.9, 3, nan}, -1 + 2 - 1.5},
		{"a small one goes left", []float64{0.9, 3, 0.25}, 0.125 + 2 - 1.5},
		{"below zero", []float64{-1, 3, 0}, 0.5 + 1 - 1.5},
	} {
		got := m.Score(nil, c.row, 3)
		if want := 1 / (1 + math.Exp(-2*c.sum)); math.Abs(got[0]-want) > 1e-12 {
			t.Errorf("%s: %v scores %v, not %v", c.name, c.row, got[0], want)
		}
		base, parts := m.Contributions(nil, c.row)
		for _, p := range parts {
			base += p
		}
		if math.Abs(base-c.sum) > 1e-12 {
			t.Errorf("%s: contributions sum to %v, not %v", c.name, base, c.sum)
		}
	}
	// The mean of the first tree by its counts is (10×0.5 - 30×0.25 + 20×0.125 - 40) / 100, that of the second (1 + 3×2) / 4.
	if base, _ := m.Contributions(nil, []float64{0, 0, 0}); math.Abs(base-(-0.4+1.75-1.5)) > 1e-12 {
		t.Errorf("the expectation of the sum is %v", base)
	}
}

func TestRefusals(t *testing.T) {
	_, light := readLight(t)
	source, err := os.ReadFile(filepath.Join(home, "squares.json"))
	if err != nil {
		t.Fatal(err)
	}
	boost := string(source)
	for _, c := range []struct {
		name   string
		format trees.Format
		text   string
		from   string
		to     string
		says   string
	}{
		{"another booster", trees.XGBoost, boost, `"name":"gbtree"`, `"name":"dart"`, `booster "dart" is not supported`},
		{"classes", trees.XGBoost, boost, `"num_class":"0"`, `"num_class":"3"`, "3 outputs are not supported"},
		{"targets", trees.XGBoost, boost, `"num_target":"1"`, `"num_target":"2"`, "2 outputs are not supported"},
		{"an objective", trees.XGBoost, boost, `"name":"reg:squarederror"`, `"name":"survival:cox"`, `objective "survival:cox" is not supported`},
		{"a base score", trees.XGBoost, boost, `"base_score":"`, `"base_score":"x`, "base_score"},
		{"names", trees.XGBoost, boost, `"feature_names":["distance",`, `"feature_names":[`, "4 names for 5 features"},
		{"the same name twice", trees.XGBoost, boost, `["distance","saving"`, `["saving","saving"`, `"saving" names two features`},
		{"a circle", trees.XGBoost, boost, `"left_children":[1,`, `"left_children":[0,`, "node 0 has two parents"},
		{"a child that is not there", trees.XGBoost, boost, `"left_children":[1,`, `"left_children":[99999,`, "node 99999 is not among"},
		{"lists that differ", trees.XGBoost, boost, `"left_children":[1,`, `"left_children":[1,1,`, "entries for"},
		{"a threshold that is none", trees.XGBoost, boost, `"split_conditions":[`, `"split_conditions":[NaN,`, "entries for"},
		{"cut off", trees.XGBoost, boost[:len(boost)/2], "", "", "not the JSON of a model"},
		{"more behind it", trees.XGBoost, boost + "{}", "", "", "something follows"},
		{"no model", trees.XGBoost, "{}", "", "", "learner: there is none"},
		{"another version", trees.LightGBM, light, "version=v4", "version=v9", `"v9" is not supported`},
		{"outputs", trees.LightGBM, light, "num_class=1", "num_class=3", `"3" outputs are not supported`},
		{"linear leaves", trees.LightGBM, light, "is_linear=0", "is_linear=1", "linear models in their leaves are not supported"},
		{"an objective of LightGBM", trees.LightGBM, light, "objective=binary sigmoid:2", "objective=multiclass num_class:3", `"multiclass" is not supported`},
		{"a root of the target", trees.LightGBM, light, "objective=binary sigmoid:2", "objective=regression sqrt", "sqrt is not supported"},
		{"a circle in LightGBM", trees.LightGBM, light, "left_child=1 -1 -3", "left_child=1 0 -3", "node 0 has two parents"},
		{"a leaf that is not there", trees.LightGBM, light, "right_child=2 -2 -4", "right_child=2 -2 -9", "is not among"},
		{"a list that is short", trees.LightGBM, light, "threshold=0.5 0 0.25", "threshold=0.5 0", "threshold: 2 entries, not 3"},
		{"a leaf that is no number", trees.LightGBM, light, "leaf_value=1 2", "leaf_value=1 inf", "a leaf of +Inf"},
		{"categories that are not there", trees.LightGBM, light, "threshold=0.5 0 0.25", "threshold=0.5 1 0.25", "categories 1 are not among 1"},
		{"trees out of order", trees.LightGBM, light, "Tree=1", "Tree=5", "where tree 1 should"},
		{"cut off in LightGBM", trees.LightGBM, light, "end of trees", "", "the file is cut off"},
		{"a format", "onnx", light, "", "", `"onnx" is neither`},
	} {
		text := strings.Replace(c.text, c.from, c.to, 1)
		if c.from != "" && text == c.text {
			t.Fatalf("%s: %q is not in the file", c.name, c.from)
		}
		if _, err := trees.Parse(c.format, []byte(text)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: error %v, not one that says %q", c.name, err, c.says)
		}
	}
}

func FuzzXGBoost(f *testing.F) { fuzz(f, trees.XGBoost, "logistic.json", "onehot.json", "rank.json") }

func FuzzLightGBM(f *testing.F) { fuzz(f, trees.LightGBM, "lightgbm.txt") }

// fuzz reads anything; what is a model scores and explains any row without a panic, and explanations sum to the scores.
func fuzz(f *testing.F, format trees.Format, seeds ...string) {
	for _, name := range seeds {
		data, err := os.ReadFile(filepath.Join(home, name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, 0.5, 3.0)
	}
	f.Fuzz(func(t *testing.T, data []byte, x, y float64) {
		m, err := trees.Parse(format, data)
		if err != nil {
			return
		}
		rows := make([]float64, 3*trees.MaxFeatures)
		for i := range rows {
			rows[i] = []float64{x, y, math.NaN()}[i%3]
		}
		low, high := m.Range()
		for i, score := range m.Score(nil, rows, trees.MaxFeatures) {
			if !(score >= low && score <= high) {
				t.Errorf("a score of %v is not within [%v, %v]", score, low, high)
			}
			m.Explain(nil, rows[i*trees.MaxFeatures:(i+1)*trees.MaxFeatures])
		}
	})
}
