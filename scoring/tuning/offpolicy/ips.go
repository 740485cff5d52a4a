package offpolicy

import "github.com/sihai-network/sihai/scoring/interval"

// weights returns what each round counts: target/logged.
func (r *Rounds) weights() []float64 {
	w := make([]float64, r.Len())
	for i := range w {
		w[i] = r.Target[i] / r.Logged[i]
	}
	return w
}

// mean returns the mean of x over rounds, as ratios of sums by user.
func (r *Rounds) mean(x func(i int) float64) *interval.Ratios {
	out := interval.NewRatios(r.UserCount, 1, 0)
	for i, user := range r.Users {
		out.Add(int(user), 0, x(i), 1)
	}
	return out
}

// ips is the mean of w r (inverse propensity scoring: Horvitz and Thompson, JASA 47(260), 1952).
func (r *Rounds) ips(w []float64) *interval.Ratios {
	return r.mean(func(i int) float64 { return w[i] * r.Rewards[i] })
}

// snips is Σ w r / Σ w (self-normalised: Swaminathan and Joachims, NeurIPS 2015).
func (r *Rounds) snips(w []float64) *interval.Ratios {
	out := interval.NewRatios(r.UserCount, 1, 0)
	for i, user := range r.Users {
		out.Add(int(user), 0, w[i]*r.Rewards[i], w[i])
	}
	return out
}
