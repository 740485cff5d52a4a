package offpolicy_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"

	"github.com/sihai-network/sihai/scoring/tuning"
	"github.com/sihai-network/sihai/scoring/tuning/offpolicy"
)

// eliminate solves (XᵀX + penalty) c = right by elimination; the first column is not penalised.
func eliminate(x [][]float64, right []float64) []float64 {
	n := len(right)
	a := make([][]float64, n)
	for i := range a {
		a[i] = make([]float64, n+1)
		a[i][i], a[i][n] = 1, right[i]
	}
	a[0][0] = 1e-9
	for _, row := range x {
		for i := range n {
			for j := range n {
				a[i][j] += row[i] * row[j]
			}
		}
	}
	for i := range n {
		for j := range n {
			if j == i {
				continue
			}
			f := a[j][i] / a[i][i]
			for k := i; k <= n; k++ {
				a[j][k] -= f * a[i][k]
			}
		}
	}
	out := make([]float64, n)
	for i := range out {
		out[i] = a[i][n] / a[i][i]
	}
	return out
}

// ridge is least squares of y.
func ridge(x [][]float64, y []float64) []float64 {
	right := make([]float64, len(x[0]))
	for k, row := range x {
		for i := range right {
			right[i] += row[i] * y[k]
		}
	}
	return eliminate(x, right)
}

func dot(a, b []float64) (sum float64) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

// naive is a log as plain slices.
type naive struct {
	shown, expected [][]float64 // as the model sees them
	users           []int32
	reward, weight  []float64
}

// naiveOf reads a log decision by decision.
func naiveOf(d *tuning.Dataset, policy []float64) *naive {
	out := &naive{}
	var features [][]float64
	for g := range d.Groups() {
		from, to := d.Group(g)
		for i := from; i < to; i++ {
			if d.Shown[i] {
				features = append(features, d.Row(i))
				out.reward = append(out.reward, d.Labels[i])
				out.weight = append(out.weight, policy[i]/d.Propensities[i])
				out.users = append(out.users, d.Users[g])
			}
		}
	}
	width := len(features[0])
	mean, deviation := make([]float64, width), make([]float64, width)
	for k := range width {
		for _, x := range features {
			mean[k] += x[k] / float64(len(features))
		}
		for _, x := range features {
			deviation[k] += (x[k] - mean[k]) * (x[k] - mean[k]) / float64(len(features))
		}
		deviation[k] = math.Sqrt(deviation[k])
	}
	point := func(i int) []float64 {
		p := make([]float64, 1+width+len(d.ItemNames))
		p[0] = 1
		for k, x := range d.Row(i) {
			p[1+k] = (x - mean[k]) / deviation[k]
		}
		p[1+width+int(d.Items[i])] = 1
		return p
	}
	for g := range d.Groups() {
		from, to := d.Group(g)
		expected := make([]float64, 1+width+len(d.ItemNames))
		for i := from; i < to; i++ {
			p := point(i)
			if d.Shown[i] {
				out.shown = append(out.shown, p)
			}
			for k := range p {
				expected[k] += policy[i] * p[k]
			}
		}
		out.expected = append(out.expected, expected)
	}
	return out
}

// switched is switch-DR under a threshold: from weights, predictions for what the policy would show, and residuals of what was shown. It returns the variance over users too, and
// what believing the model may cost at worst.
func (n *naive) switched(expected, residual []float64, threshold float64) (value, variance, bias float64) {
	rounds := float64(len(n.weight))
	sum, above := 0.0, 0.0
	byUser, counts := map[int32]float64{}, map[int32]float64{}
	for i, w := range n.weight {
		x := expected[i]
		if w <= threshold {
			x += w * residual[i]
		} else {
			above += w
		}
		sum += x
		byUser[n.users[i]] += x
		counts[n.users[i]]++
	}
	value = sum / rounds
	for u, x := range byUser {
		d := (x - value*counts[u]) / rounds
		variance += d * d
	}
	users := float64(len(byUser))
	return value, variance * users / (users - 1), above / rounds * (slices.Max(n.reward) - slices.Min(n.reward))
}

// chosen is switch-DR under the threshold, of quantiles of the weights and none, of the least variance and squared bias.
func (n *naive) chosen(expected, residual []float64) (value, threshold float64) {
	sorted := slices.Clone(n.weight)
	sort.Float64s(sorted)
	least := math.Inf(1)
	for _, quantile := range []float64{2, 0.999, 0.99, 0.95, 0.9} {
		at := math.Inf(1)
		if quantile < 1 {
			at = sorted[int(quantile*float64(len(sorted)-1))]
		}
		if at == sorted[len(sorted)-1] {
			continue // no weight is above it
		}
		mean, variance, bias := n.switched(expected, residual, at)
		if risk := variance + bias*bias; risk < least {
			least, value, threshold = risk, mean, at
		}
	}
	return value, threshold
}

// The estimators are what plain sums and plain least squares give.
func TestEstimatorsEqualPlainSums(t *testing.T) {
	for seed, w := range append(worlds(), fresh()...) {
		data, policy := w.draw(400, rand.New(rand.NewPCG(9, uint64(seed))))
		rounds, err := offpolicy.RoundsOf(data, policy)
		if err != nil {
			t.Fatal(err)
		}
		report, err := offpolicy.Evaluate(t.Context(), rounds, offpolicy.Options{})
		if err != nil {
			t.Fatal(err)
		}
		const given = 1.5
		believing, err := offpolicy.Evaluate(t.Context(), rounds, offpolicy.Options{Threshold: given})
		if err != nil {
			t.Fatal(err)
		}
		log := naiveOf(data, policy)
		coefficients := make([][]float64, offpolicy.Folds)
		for f := range coefficients {
			var x [][]float64
			var y []float64
			for i, u := range log.users {
				if offpolicy.FoldOf(u) != f {
					x, y = append(x, log.shown[i]), append(y, log.reward[i])
				}
			}
			coefficients[f] = ridge(x, y)
		}
		all := ridge(log.shown, log.reward)
		var ips, weights, direct, robust, squares, n float64
		leverage := make([]float64, len(all))
		var expected, residual []float64
		for i, w := range log.weight {
			n++
			weights += w
			squares += w * w
			ips += w * log.reward[i]
			direct += dot(all, log.expected[i])
			c := coefficients[offpolicy.FoldOf(log.users[i])]
			expected, residual = append(expected, dot(c, log.expected[i])), append(residual, log.reward[i]-dot(c, log.shown[i]))
			robust += expected[i] + w*residual[i]
			for k, x := range log.expected[i] {
				leverage[k] += x
			}
		}
		// the penalty's part in the direct method, taken out to the first order
		shrunk := append([]float64(nil), all...)
		shrunk[0] *= 1e-9
		direct += dot(leverage, eliminate(log.shown, shrunk))
		switched, threshold := log.chosen(expected, residual)
		last := believing.Results[len(believing.Results)-1]
		if want, _, bias := log.switched(expected, residual, given); !(math.Abs(last.Estimate.Value-want) <= 1e-9*max(1, math.Abs(want))) ||
			last.Threshold != given || math.Abs(last.Bias-bias) > 1e-9*bias || !(bias > 0) {
			t.Errorf("%s: with a threshold of %v %+v, want %v with a bias of at most %v", w.name, given, last, want, bias)
		}
		for name, want := range map[string]float64{
			offpolicy.SwitchDR: switched, offpolicy.IPS: ips / n, offpolicy.SNIPS: ips / weights, offpolicy.Direct: direct / n, offpolicy.DoublyRobust: robust / n,
		} {
			for _, r := range report.Results {
				if r.Estimator != name {
					continue
				}
				if name == offpolicy.SwitchDR && r.Threshold != threshold && !(math.Abs(r.Threshold-threshold) <= 1e-9*threshold) {
					t.Errorf("%s: the threshold is %v, want %v", w.name, r.Threshold, threshold)
				}
				if len(r.Refused) > 0 || math.Abs(r.Estimate.Value-want) > 1e-9*math.Max(1, math.Abs(want)) {
					t.Errorf("%s, %s: %v, want %v; refused %v", w.name, name, r.Estimate.Value, want, r.Refused)
				}
				if ess := weights * weights / squares; math.Abs(r.Support.EffectiveSize-ess) > 1e-9*ess {
					t.Errorf("%s: effective size %v, want %v", w.name, r.Support.EffectiveSize, ess)
				}
			}
		}
	}
}
