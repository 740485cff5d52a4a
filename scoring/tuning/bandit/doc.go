// Package bandit keeps what is believed of weights, and learns from what came of decisions, batch by batch: what a profile that explores draws from.
//
// A Belief is a normal distribution for each weight. Learn returns the belief after a batch; Profile puts it into a scoring profile.
//
//	belief := bandit.NewBelief(features, 1)
//	belief, err := belief.Learn(ctx, batch)
//	profile := belief.Profile(scoring.Default(), scoring.Explore{Method: scoring.Thompson, Share: 0.05})
//
// It runs off the path of requests. The same batches in the same order give the same belief, to the last bit.
package bandit
