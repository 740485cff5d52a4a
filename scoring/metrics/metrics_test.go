package metrics_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sihai-network/sihai/scoring/metrics"
)

// near compares with what another computation gives.
func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-9*math.Max(1, math.Abs(want))) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// gain is what NDCG sums, position by position.
func gain(labels []float64, k int) (sum float64) {
	for i := range labels {
		if i < k || k < 1 {
			sum += (math.Pow(2, math.Max(labels[i], 0)) - 1) * math.Ln2 / math.Log(float64(i+2))
		}
	}
	return sum
}

// bestGain tries every order.
func bestGain(labels []float64, k int) float64 {
	if len(labels) < 2 {
		return gain(labels, k)
	}
	best := 0.0
	var try func(n int)
	order := slices.Clone(labels)
	try = func(n int) {
		if n == len(order) {
			best = math.Max(best, gain(order, k))
			return
		}
		for i := n; i < len(order); i++ {
			order[n], order[i] = order[i], order[n]
			try(n + 1)
			order[n], order[i] = order[i], order[n]
		}
	}
	try(0)
	return best
}

func TestListMeasuresEqualTheirDefinitions(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		labels := make([]float64, random.IntN(7))
		for i := range labels {
			labels[i] = float64(random.IntN(5) - 1)
			if random.IntN(2) == 0 {
				labels[i] = 0
			}
		}
		k := random.IntN(8) - 1
		depth := k
		if k < 1 {
			depth = len(labels)
		}
		var relevant []int // positions, from 1
		for i, x := range labels {
			if x > 0 {
				relevant = append(relevant, i+1)
			}
		}
		ndcg, ok1 := metrics.NDCG(labels, k)
		ap, ok2 := metrics.AveragePrecision(labels)
		rr, ok3 := metrics.ReciprocalRank(labels)
		recall, ok4 := metrics.Recall(labels, k)
		hit, ok5 := metrics.Hit(labels, k)
		if len(relevant) == 0 {
			if ok1 || ok2 || ok3 || ok4 || ok5 {
				t.Errorf("%v: something is defined", labels)
			}
			continue
		}
		if !ok1 || !ok2 || !ok3 || !ok4 || !ok5 {
			t.Errorf("%v: something is not defined", labels)
		}
		near(t, "ndcg", ndcg, gain(labels, k)/bestGain(labels, k))
		var precision, found float64
		for n, at := range relevant {
			precision += float64(n+1) / float64(at) / float64(len(relevant))
			if at <= depth {
				found++
			}
		}
		near(t, "average precision", ap, precision)
		near(t, "reciprocal rank", rr, 1/float64(relevant[0]))
		near(t, "recall", recall, found/float64(len(relevant)))
		near(t, "hit", hit, math.Min(found, 1))
	}
}

// AUC is what counting every pair gives, ties and weights included, and placements average to it from both sides.
func TestAUCCountsPairs(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for n := range 200 {
		scores, labels, weights := make([]float64, n%40), make([]float64, n%40), make([]float64, n%40)
		for i := range scores {
			scores[i] = float64(random.IntN(8))
			labels[i] = float64(random.IntN(3)) - 1
			weights[i] = float64(random.IntN(4))
		}
		if n%3 == 0 {
			weights = nil
		}
		w := func(i int) float64 {
			if weights == nil {
				return 1
			}
			return weights[i]
		}
		var won, all, inverse, lost float64
		p := metrics.Placements(scores, labels, weights)
		for i := range scores {
			for j := range scores {
				if labels[i] > 0 && labels[j] <= 0 {
					all += w(i) * w(j)
					if scores[i] > scores[j] {
						won += w(i) * w(j)
					} else if scores[i] == scores[j] {
						won += w(i) * w(j) / 2
					}
				}
			}
			if p != nil && labels[i] <= 0 {
				inverse += w(i) * p[i]
				lost += w(i)
			}
		}
		got, ok := metrics.AUC(scores, labels, weights)
		if ok != (all > 0) {
			t.Fatalf("defined %v, want %v", ok, all > 0)
		}
		if ok {
			near(t, "auc", got, won/all)
			near(t, "auc from the other side", inverse/lost, won/all)
		}
	}
}

func TestChances(t *testing.T) {
	near(t, "log loss", metrics.LogLoss(0.8, 1), -math.Log(0.8))
	near(t, "log loss", metrics.LogLoss(0.8, 0.25), -0.25*math.Log(0.8)-0.75*math.Log(0.2))
	near(t, "log loss of a sure mistake", metrics.LogLoss(0, 1), 15*math.Ln10)
	if x := metrics.LogLoss(1, 0); math.IsInf(x, 0) || x < 30 {
		t.Errorf("log loss of a sure mistake: %v", x)
	}
	near(t, "brier", metrics.Brier(0.8, 1), 0.04)

	// two bins: 0.1 0.1 0.2 | 0.6 0.9 0.9, with a mean of 0.4/3 against 1/3, and 2.4/3 against 2/3
	ece, ok := metrics.CalibrationError([]float64{0.9, 0.1, 0.6, 0.1, 0.9, 0.2}, []float64{1, 0, 1, 1, 0, 0}, nil, 2)
	if !ok {
		t.Fatal("not defined")
	}
	near(t, "calibration error", ece, (math.Abs(0.4-1)+math.Abs(2.4-2))/6)
	bins := metrics.Bins([]float64{0.5, 0.5, 0.5, 0.5, 0.7}, 5)
	if !slices.Equal(bins, []int32{0, 0, 0, 0, 4}) {
		t.Errorf("equal chances are in bins %v", bins)
	}
	if _, ok := metrics.CalibrationError(nil, nil, nil, 3); ok {
		t.Error("nothing has a calibration error")
	}
}

func TestVarietyMeasures(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for range 200 {
		x := make([]float64, 1+random.IntN(12))
		for i := range x {
			x[i] = float64(random.IntN(5))
		}
		var sum, apart, entropy float64
		for _, a := range x {
			sum += a
			for _, b := range x {
				apart += math.Abs(a - b)
			}
		}
		gini, ok := metrics.Gini(x)
		even, ok2 := metrics.Entropy(x)
		if ok != (sum > 0) || ok2 != (sum > 0 && len(x) > 1) {
			t.Fatalf("%v: defined %v, %v", x, ok, ok2)
		}
		if sum == 0 {
			continue
		}
		near(t, "gini", gini, apart/(2*float64(len(x))*sum)) // half the relative mean difference
		if !ok2 {
			continue
		}
		for _, a := range x {
			if a > 0 {
				entropy -= a / sum * math.Log2(a/sum) / math.Log2(float64(len(x)))
			}
		}
		near(t, "entropy", even, entropy)
	}
	if v, ok := metrics.Variety([]int32{1, 2, 1, -1}); !ok || math.Abs(v-2.0/3) > 1e-12 {
		t.Errorf("variety %v, %v", v, ok)
	}
	if _, ok := metrics.Variety([]int32{3, -1}); ok {
		t.Error("one merchant has a variety")
	}
}

// Slopes are those that small steps show, taken between shares.
func TestSlopesAreDerivatives(t *testing.T) {
	x := []float64{4, 1, 7, 2.5, 0.5}
	sum := 15.0
	const step = 1e-6
	for name, f := range map[string]struct {
		measure func([]float64) (float64, bool)
		slopes  []float64
	}{"gini": {metrics.Gini, metrics.GiniSlopes(x)}, "entropy": {metrics.Entropy, metrics.EntropySlopes(x)}} {
		var mean float64
		for i, a := range x {
			mean += f.slopes[i] * a / sum
		}
		for i := range x {
			up, down := slices.Clone(x), slices.Clone(x)
			up[i] += step
			down[i] -= step
			high, _ := f.measure(up)
			low, _ := f.measure(down)
			if got, want := (f.slopes[i]-mean)/sum, (high-low)/(2*step); math.Abs(got-want) > 1e-6 {
				t.Errorf("%s, exposure %d: slope %v, want %v", name, i, got, want)
			}
		}
	}
}
