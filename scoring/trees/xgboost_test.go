package trees_test

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sihai-network/sihai/scoring/trees"
)

// planted are the models that XGBoost trained for these tests, see testdata/trees/README.md.
var planted = []string{"logistic", "onehot", "squares", "rank", "poisson", "forest", "deep"}

const home = "../../testdata/trees"

// expected is what XGBoost predicts.
type expected struct {
	Rows          [][]*float64
	Predictions   []float64
	Margins       []float64
	Contributions [][]float64
}

func read(t testing.TB, folder, name string) (*trees.Model, expected) {
	t.Helper()
	source, err := os.ReadFile(filepath.Join(folder, name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	m, err := trees.ParseXGBoost(source)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(folder, name+".expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var e expected
	if err := json.Unmarshal(data, &e); err != nil {
		t.Fatal(err)
	}
	return m, e
}

// flat lays rows one after the other; what is missing is not a number.
func (e expected) flat() (data []float64, width int) {
	for _, row := range e.Rows {
		for _, v := range row {
			if v == nil {
				data = append(data, math.NaN())
			} else {
				data = append(data, *v)
			}
		}
	}
	return data, len(e.Rows[0])
}

func TestScoresAreThoseOfXGBoost(t *testing.T) {
	for _, name := range planted {
		t.Run(name, func(t *testing.T) { holdsAgainst(t, home, name) })
	}
}

func holdsAgainst(t *testing.T, folder, name string) {
	m, e := read(t, folder, name)
	data, width := e.flat()
	got := m.Score(nil, data, width)
	if len(got) != len(e.Predictions) || len(got) < 100 {
		t.Fatalf("%d scores for %d predictions", len(got), len(e.Predictions))
	}
	low, high := m.Range()
	for i, want := range e.Predictions {
		if !(math.Abs(got[i]-want) <= 1e-6) {
			t.Errorf("row %d %v: score %v, XGBoost predicts %v", i, data[i*width:(i+1)*width], got[i], want)
		}
		if got[i] < low || got[i] > high {
			t.Errorf("row %d: score %v is not within [%v, %v]", i, got[i], low, high)
		}
		if alone := m.Score(nil, data[i*width:(i+1)*width], width); alone[0] != got[i] {
			t.Errorf("row %d: %v among others, %v alone", i, got[i], alone[0])
		}
	}
}

func TestFiniteRowsScoreAlikeOnBothPaths(t *testing.T) {
	for _, name := range planted {
		m, e := read(t, home, name)
		data, width := e.flat()
		var finite []float64
		for i := range e.Rows {
			row := data[i*width : (i+1)*width]
			if !hasNaN(row) {
				finite = append(finite, row...)
			}
		}
		fast := m.Score(nil, finite, width)
		// A row of which something is missing keeps all from the path of finite rows.
		slow := m.Score(nil, append(finite[:len(finite):len(finite)], math.NaN(), 0, 0, 0, 0), width)
		for i := range fast {
			if fast[i] != slow[i] {
				t.Fatalf("%s: row %d scores %v, and %v beside a row with a gap", name, i, fast[i], slow[i])
			}
		}
	}
}

func hasNaN(row []float64) bool {
	for _, x := range row {
		if math.IsNaN(x) {
			return true
		}
	}
	return false
}

func TestContributionsAreThoseOfXGBoost(t *testing.T) {
	for _, name := range []string{"squares", "rank", "forest"} {
		m, e := read(t, home, name)
		data, width := e.flat()
		for i, want := range e.Contributions {
			base, got := m.Contributions(nil, data[i*width:(i+1)*width])
			for j, c := range append(got, base) {
				if !(math.Abs(c-want[j]) < 2e-6) {
					t.Errorf("%s row %d: contribution %d is %v, XGBoost says %v", name, i, j, c, want[j])
				}
			}
		}
	}
}

func TestExplanationsSumToTheScore(t *testing.T) {
	for _, name := range planted {
		m, e := read(t, home, name)
		data, width := e.flat()
		scores := m.Score(nil, data, width)
		for i, score := range scores {
			sum, parts := m.Explain(nil, data[i*width:(i+1)*width])
			for _, p := range parts {
				sum += p
			}
			if !(math.Abs(sum-score) < 2e-6) {
				t.Fatalf("%s row %d: contributions sum to %v, not to the score %v", name, i, sum, score)
			}
		}
	}
}

func TestModelTellsWhatItIs(t *testing.T) {
	m, _ := read(t, home, "logistic")
	if m.Format() != trees.XGBoost || m.Objective() != "binary:logistic" || m.Trees() != 12 || m.Nodes() < 100 {
		t.Errorf("a model of %s, %s, %d trees, %d nodes", m.Format(), m.Objective(), m.Trees(), m.Nodes())
	}
	if names := strings.Join(m.Names(), " "); names != "distance saving popularity district language_match" {
		t.Errorf("features %s", names)
	}
	again, err := trees.Parse(m.Format(), m.Source())
	if err != nil || again.Hash() != m.Hash() {
		t.Errorf("its source is read again as %x, %v", again.Hash(), err)
	}
}

func TestBindFindsColumnsByName(t *testing.T) {
	m, e := read(t, home, "logistic")
	data, width := e.flat()
	want := m.Score(nil, data, width)
	bound, err := m.Bind([]string{"other", "language_match", "district", "popularity", "saving", "distance"})
	if err != nil {
		t.Fatal(err)
	}
	var turned []float64
	for i := range e.Rows {
		row := data[i*width : (i+1)*width]
		turned = append(turned, 99, row[4], row[3], row[2], row[1], row[0])
	}
	for i, got := range bound.Score(nil, turned, 6) {
		if got != want[i] {
			t.Fatalf("row %d scores %v with its columns in another order, not %v", i, got, want[i])
		}
	}
	if _, err := m.Bind([]string{"distance", "saving"}); err == nil || !strings.Contains(err.Error(), `"popularity"`) {
		t.Errorf("a feature that is not there: %v", err)
	}
}

// TestTrainAnew holds the scores against models of today, where XGBoost is installed.
func TestTrainAnew(t *testing.T) {
	const python = "/usr/bin/python3"
	if exec.Command(python, "-c", "import xgboost").Run() != nil {
		t.Skip("XGBoost is not installed (Debian: python3-xgboost): no model is trained anew, those of testdata/trees are tested alone")
	}
	if testing.Short() {
		t.Skip("trains models")
	}
	folder := t.TempDir()
	if out, err := exec.Command(python, filepath.Join(home, "train.py"), folder, "2000").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, name := range planted {
		holdsAgainst(t, folder, name)
	}
}
