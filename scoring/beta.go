package scoring

// Beta is a beta distribution as the prior of a rate, such as clicks per impression: it counts as if Alpha clicks and
// Beta showings without a click had been seen before. Both are above 0.
//
// Source: Gelman et al., Bayesian Data Analysis, 3rd ed., section 2.4, the posterior mean of a binomial model with a
// conjugate prior.
type Beta struct{ Alpha, Beta float64 }

// PopularityPrior returns the prior of the popularity feature, Beta(1, 19): a mean of 1 click in 20 showings that weighs as
// much as 20 showings. It is a judgement, to be replaced by a fit once there are showings to fit.
func PopularityPrior() Beta { return Beta{Alpha: 1, Beta: 19} }

// Mean returns the posterior mean (clicks + Alpha) / (impressions + Alpha + Beta), in [0, 1]. More clicks than impressions,
// which events out of order can show for a while, count as many as there are impressions; counts below 0 as 0.
func (b Beta) Mean(clicks, impressions float64) float64 {
	impressions = max(impressions, 0)
	clicks = min(max(clicks, 0), impressions)
	return (clicks + b.Alpha) / (impressions + b.Alpha + b.Beta)
}
