package trees_test

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/sihai-network/sihai/scoring/trees"
)

func TestWhatIsWrittenIsReadAgain(t *testing.T) {
	leaf := func(v float32) *trees.Cut { return &trees.Cut{Value: v, Cover: 1} }
	source, err := trees.Write([]string{"a", "b"}, []*trees.Cut{
		{Feature: 0, Below: 0.5, Cover: 3, Left: leaf(-1), Right: &trees.Cut{Feature: 1, Below: 0.25, Cover: 2, Left: leaf(2), Right: leaf(0.1)}},
		leaf(10),
	})
	if err != nil {
		t.Fatal(err)
	}
	m, err := trees.ParseXGBoost(source)
	if err != nil {
		t.Fatal(err)
	}
	got := m.Score(nil, []float64{0.4, 0, 0.5, 0.2, 0.5, 0.25}, 2)
	for i, want := range []float64{9, 12, 10.1} {
		if math.Abs(got[i]-want) > 1e-6 {
			t.Errorf("row %d scores %v, not %v", i, got[i], want)
		}
	}

	const python = "/usr/bin/python3"
	if exec.Command(python, "-c", "import xgboost").Run() != nil {
		t.Skip("XGBoost is not installed (Debian: python3-xgboost): it does not read what was written")
	}
	file := filepath.Join(t.TempDir(), "model.json")
	if err := os.WriteFile(file, source, 0o600); err != nil {
		t.Fatal(err)
	}
	const script = `
import sys, numpy, xgboost
b = xgboost.Booster(); b.load_model(sys.argv[1])
p = b.predict(xgboost.DMatrix(numpy.array([[.4, 0], [.5, .2], [.5, .25]]), feature_names=["a", "b"]))
assert numpy.allclose(p, [9, 12, 10.1]), p`
	if out, err := exec.Command(python, "-c", script, file).CombinedOutput(); err != nil {
		t.Errorf("XGBoost does not read it so: %v: %s", err, out)
	}
}
