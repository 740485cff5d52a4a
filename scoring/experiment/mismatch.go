package experiment

import "math"

// mismatchPrior is how much the mixture of Mismatch keeps to the shares meant, in users: it finds a small mismatch soonest after some such number.
const mismatchPrior = 100

// Mismatch returns how much likelier the numbers of users in the arms are where some other split was at work than the one that was meant: above 1,000 something is wrong with the
// assignment or with what is logged, and no difference between arms is to be believed. It may be looked at at any time: were the split as meant, it
// would ever come to x with a chance of 1/x at most (Lindon and Malek, NeurIPS 2022, with a Dirichlet mixture round the shares). Users come one by one, each counted once; shares sum to 1.
func Mismatch(users []int, shares []float64) float64 {
	var log float64
	total := 0
	for i, n := range users {
		prior := mismatchPrior * shares[i]
		log += lgamma(prior+float64(n)) - lgamma(prior) - float64(n)*math.Log(shares[i])
		total += n
	}
	log += lgamma(mismatchPrior) - lgamma(mismatchPrior+float64(total))
	return math.Exp(log)
}

func lgamma(x float64) float64 {
	y, _ := math.Lgamma(x)
	return y
}
