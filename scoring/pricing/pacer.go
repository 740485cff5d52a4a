package pricing

import (
	"errors"
	"fmt"
	"math"
)

// Option is what may be taken at a request: a value, and the budgets that it takes from. Value and amounts are at least 0.
type Option struct {
	Value float64
	Takes []Take
}

// Take is so much of a budget.
type Take struct {
	Budget int
	Amount float64
}

// None is the choice of no option.
const None = -1

// Pacer holds the prices of budgets over a horizon of requests.
//
// It is dual mirror descent: with prices μ, a request takes the option of the greatest value less μ × what it takes; then each price moves against the subgradient of
// the dual, its budget's due share of a request less what was taken, in the multiplicative form that keeps prices above 0 in proportion to themselves (entropic
// mirror map) and with an additive floor, so that a price can rise from 0. Budgets are never passed: an option that no longer fits is none.
//
// Source: Balseiro, Lu, Mirrokni, "Dual Mirror Descent for Online Allocation Problems", ICML 2020, algorithm 1; "The Best of Many Worlds: Dual Mirror Descent for Online
// Allocation Problems", Operations Research 71(1), 2023, whose regret is of the order of the root of the horizon for requests by chance, and whose loss is bound for those
// that are not. The share that is due is that of what is left over the requests that are left (their section on re-solving by the remaining budget).
type Pacer struct {
	prices  []float64
	left    []float64
	total   []float64
	horizon int // requests that are left
	seen    int
	scale   float64 // the mean value of what could be had so far
}

// NewPacer returns a pacer of budgets, each above 0 and finite, over a horizon of requests, at least 1. The horizon is an estimate: behind it prices stay as they are.
func NewPacer(budgets []float64, horizon int) (*Pacer, error) {
	var faults []error
	for i, b := range budgets {
		if !(b > 0) || math.IsInf(b, 0) {
			faults = append(faults, fmt.Errorf("budgets[%d]: %v is not a finite number above 0", i, b))
		}
	}
	if horizon < 1 {
		faults = append(faults, fmt.Errorf("horizon: %d requests, at least 1", horizon))
	}
	if len(faults) > 0 {
		return nil, fmt.Errorf("pacer: %w", errors.Join(faults...))
	}
	return &Pacer{
		prices: make([]float64, len(budgets)), left: append([]float64(nil), budgets...), total: append([]float64(nil), budgets...),
		horizon: horizon,
	}, nil
}

// Prices returns the price of a unit of each budget, in units of value. The slice is the pacer's own.
func (p *Pacer) Prices() []float64 { return p.prices }

// Left returns what is left of each budget. The slice is the pacer's own.
func (p *Pacer) Left() []float64 { return p.left }

// Worth returns the value of an option less what it takes at its prices.
func (p *Pacer) Worth(o *Option) float64 {
	worth := o.Value
	for _, t := range o.Takes {
		worth -= p.prices[t.Budget] * t.Amount
	}
	return worth
}

// Choose returns the option that is worth most, the first of equals; None where none is worth anything or fits.
func (p *Pacer) Choose(options []Option) int {
	best, most := None, 0.0
	for i := range options {
		if worth := p.Worth(&options[i]); worth > most && p.fits(&options[i]) {
			best, most = i, worth
		}
	}
	return best
}

func (p *Pacer) fits(o *Option) bool {
	for _, t := range o.Takes {
		if t.Amount > p.left[t.Budget] {
			return false
		}
	}
	return true
}

// Learn takes what a request chose, None for nothing, and moves the prices. It takes no more than is left.
func (p *Pacer) Learn(options []Option, choice int) {
	taken := make([]float64, len(p.left))
	if choice != None {
		for _, t := range options[choice].Takes {
			taken[t.Budget] += t.Amount
		}
	}
	p.weigh(options)
	for k := range p.prices {
		due := p.left[k] / float64(max(p.horizon, 1))
		p.left[k] -= min(taken[k], p.left[k])
		if p.horizon > 0 {
			p.move(k, due, taken[k])
		}
	}
	p.horizon = max(p.horizon-1, 0)
}

// weigh keeps the mean of the best values, which gives steps their size.
func (p *Pacer) weigh(options []Option) {
	best := 0.0
	for i := range options {
		best = max(best, options[i].Value)
	}
	p.seen++
	p.scale += (best - p.scale) / float64(p.seen)
}

// stride is the size of steps: those of the algorithm fall with the root of the requests that were seen, as its analysis asks for where the horizon is a guess.
const stride = 0.5

// steepest bounds how much a price changes at one request, by its factor's exponent.
const steepest = 0.5

// move is the step of one price: by what was taken over what was due, relative to the whole budget's due share.
func (p *Pacer) move(k int, due, taken float64) {
	share := p.total[k] / float64(p.seen+p.horizon-1)
	gradient := (taken - due) / share
	step := stride / math.Sqrt(float64(p.seen))
	floor := p.scale / share * step / 10 // of the price at which a share of this budget is worth an offer
	factor := math.Exp(min(max(step*gradient, -steepest), steepest))
	p.prices[k] = max((p.prices[k]+floor)*factor-floor, 0)
}
