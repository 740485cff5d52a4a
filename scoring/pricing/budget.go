package pricing

import "math"

// Budget is what the price of one budget moves by, where it is not asked at each request but at moments: a round is what was taken of it between two of them, by whatever
// way. It is the Pacer for a service that learns late what came of its answers, and whose budgets come and go.
//
// It is the same dual mirror descent, with the gradients of all requests of a round in one step, the step of a known horizon, which is constant, and a due share of what
// is left at the round's beginning. With a budget L, taken t and due d in a round, and N rounds in all, the price μ becomes
//
//	(μ + u) exp(step √N (t − d) / L) − u, from 0 to 8 v
//
// with v the price of a unit at which a good offer is worth nothing more, and u = v/10 for a price to rise from 0. √N/L is the step of the analysis, of the order of
// 1/√N for a share of L/N.
//
// Source: Balseiro, Lu, Mirrokni, "The Best of Many Worlds: Dual Mirror Descent for Online Allocation Problems", Operations Research 71(1), 2023, algorithm 1 and
// theorem 1.
type Budget struct {
	Limit  float64 // in all, above 0
	Rounds float64 // N: rounds from the first to the last, or uses that the budget bears where those are fewer; at least 1
	Unit   float64 // v: the worth of a good offer by what it takes of the budget, above 0
	Step   float64 // above 0
}

// The bounds of how a price moves.
const (
	seed    = 0.1 // of Unit: what a price rises from
	dearest = 8   // in Unit
)

// Next returns the price after a round in which so much was taken, below 0 where more was given back, and so much was due. It is finite where the arguments are.
func (b *Budget) Next(price, taken, due float64) float64 {
	gradient := math.Sqrt(max(b.Rounds, 1)) * (taken - due) / b.Limit
	factor := math.Exp(min(max(b.Step*gradient, -steepest), steepest))
	floor := seed * b.Unit
	next := (price+floor)*factor - floor
	if !(next > 1e-6*b.Unit) { // what nobody can tell from nothing is nothing
		return 0
	}
	return min(next, dearest*b.Unit)
}
