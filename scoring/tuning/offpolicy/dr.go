package offpolicy

import (
	"math"
	"slices"

	"github.com/sihai-network/sihai/scoring/interval"
)

// direct is the direct method: the mean prediction for what the policy would show.
func (r *Rounds) direct(p *predictions) *interval.Ratios {
	return r.mean(func(i int) float64 { return p.direct[i] })
}

// doublyRobust is the mean of v + w (r − q) (Dudík, Langford and Li, ICML 2011), where v and q are predictions for what the policy would show and for what was shown.
func (r *Rounds) doublyRobust(w []float64, p *predictions) *interval.Ratios {
	return r.switched(w, p, math.Inf(1))
}

// switched is switch-DR (Wang, Agarwal and Dudík, ICML 2017, section 4): where a weight is above the threshold the model is believed.
func (r *Rounds) switched(w []float64, p *predictions, threshold float64) *interval.Ratios {
	return r.mean(func(i int) float64 {
		if w[i] > threshold {
			return p.expected[i]
		}
		return p.expected[i] + w[i]*(r.Rewards[i]-p.shown[i])
	})
}

// worst returns what believing the model where a weight is above the threshold may cost: that weight times the range of the rewards.
func (r *Rounds) worst(w []float64, threshold float64) float64 {
	var above float64
	for _, x := range w {
		if x > threshold {
			above += x
		}
	}
	return above / float64(r.Len()) * (slices.Max(r.Rewards) - slices.Min(r.Rewards))
}

// threshold chooses among quantiles of the weights and none at all the one of the least bound on the squared error: the variance, and the square of what believing the model may cost
// at worst (Wang, Agarwal and Dudík 2017, section 4.3). It returns that worst too. As the log's own weights are taken for both, the bound is seldom below what the weights cost: mostly none
// is chosen, and the estimator is the doubly robust one.
func (r *Rounds) threshold(w []float64, p *predictions) (threshold, worst float64) {
	sorted := slices.Clone(w)
	slices.Sort(sorted)
	n := float64(r.Len())
	threshold, least := math.Inf(1), math.Inf(1)
	for _, share := range []float64{1, 0.999, 0.99, 0.95, 0.9} {
		at := sorted[int(share*(n-1))]
		if share == 1 {
			at = math.Inf(1)
		}
		bias := r.worst(w, at)
		if risk := r.switched(w, p, at).Variance() + bias*bias; risk < least {
			least, threshold, worst = risk, at, bias
		}
	}
	return threshold, worst
}
