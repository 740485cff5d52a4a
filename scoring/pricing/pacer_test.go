package pricing_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/optimize/convex/lp"

	"github.com/sihai-network/sihai/scoring/pricing"
)

// world is a way in which requests come.
type world struct {
	name    string
	budgets []float64 // in shares of the requests
	option  func(r *rand.Rand, at float64) []pricing.Option
	above   float64 // by what factor greedy is to be beaten
}

// worlds are those that the pacer is held to: offers of a few campaigns at each request, whose budgets are counts of showings.
func worlds() []world {
	one := func(k int, v float64) pricing.Option {
		return pricing.Option{Value: v, Takes: []pricing.Take{{Budget: k, Amount: 1}}}
	}
	return []world{
		{"values by chance", []float64{0.1, 0.2, 0.05}, func(r *rand.Rand, _ float64) (o []pricing.Option) {
			for k := range 3 {
				o = append(o, one(k, r.ExpFloat64()))
			}
			return o
		}, 1.2},
		{"a few travellers are worth much", []float64{0.1}, func(r *rand.Rand, _ float64) []pricing.Option {
			if r.Float64() < 0.1 {
				return []pricing.Option{one(0, 5+r.Float64())}
			}
			return []pricing.Option{one(0, r.Float64())}
		}, 3},
		{"one budget has a rival, the other has none", []float64{0.3, 0.3}, func(r *rand.Rand, _ float64) []pricing.Option {
			o := []pricing.Option{one(0, 1+r.Float64()/10)}
			if r.Float64() < 0.5 {
				o = append(o, one(1, 1+r.Float64()/20))
			}
			return o
		}, 1},
		{"amounts of money", []float64{0.4, 0.4}, func(r *rand.Rand, _ float64) (o []pricing.Option) {
			for k := range 2 {
				o = append(o, pricing.Option{Value: r.Float64(), Takes: []pricing.Take{{Budget: k, Amount: 0.2 + 3*r.Float64()}}})
			}
			return o
		}, 1.2},
		{"the evening is worth more than the day", []float64{0.15, 0.15}, func(r *rand.Rand, at float64) (o []pricing.Option) {
			for k := range 2 {
				o = append(o, one(k, (1+0.3*math.Sin(20*at))*r.ExpFloat64()))
			}
			return o
		}, 1.2},
		{"budgets that are plenty", []float64{2, 2}, func(r *rand.Rand, _ float64) []pricing.Option {
			return []pricing.Option{one(0, r.Float64()), one(1, r.Float64())}
		}, 1},
	}
}

func (w world) requests(seed uint64, n int) ([][]pricing.Option, []float64) {
	r := rand.New(rand.NewPCG(seed, 11))
	requests := make([][]pricing.Option, n)
	for i := range requests {
		requests[i] = w.option(r, float64(i)/float64(n))
	}
	budgets := make([]float64, len(w.budgets))
	for k, share := range w.budgets {
		budgets[k] = share * float64(n)
	}
	return requests, budgets
}

// run is what a pacer earns, and must not pass.
func run(t *testing.T, requests [][]pricing.Option, budgets []float64) float64 {
	t.Helper()
	p, err := pricing.NewPacer(budgets, len(requests))
	if err != nil {
		t.Fatal(err)
	}
	sum, used := 0.0, make([]float64, len(budgets))
	for _, options := range requests {
		choice := p.Choose(options)
		p.Learn(options, choice)
		if choice == pricing.None {
			continue
		}
		sum += options[choice].Value
		for _, take := range options[choice].Takes {
			used[take.Budget] += take.Amount
		}
	}
	for k := range used {
		if used[k] > budgets[k]+1e-9 || math.Abs(budgets[k]-used[k]-p.Left()[k]) > 1e-6 || !(p.Prices()[k] >= 0) {
			t.Errorf("budget %d of %v: %v used, %v left, price %v", k, budgets[k], used[k], p.Left()[k], p.Prices()[k])
		}
	}
	return sum
}

// greedy takes the option of the highest value that fits.
func greedy(requests [][]pricing.Option, budgets []float64) (sum float64) {
	left := slices.Clone(budgets)
	for _, options := range requests {
		best, most := -1, 0.0
		for i, o := range options {
			fits := !slices.ContainsFunc(o.Takes, func(t pricing.Take) bool { return t.Amount > left[t.Budget] })
			if fits && o.Value > most {
				best, most = i, o.Value
			}
		}
		if best < 0 {
			continue
		}
		sum += most
		for _, t := range options[best].Takes {
			left[t.Budget] -= t.Amount
		}
	}
	return sum
}

// dual bounds what anyone could have earned who knew all requests: for any prices, the budgets at them and the best that is left of each request. It is made small over
// prices by cutting the subgradient's step, and equals the optimum of the linear programme at its least.
func dual(requests [][]pricing.Option, budgets []float64) float64 {
	prices, least := make([]float64, len(budgets)), math.Inf(1)
	for n := range 400 {
		value, slope := 0.0, slices.Clone(budgets)
		for k, b := range budgets {
			value += prices[k] * b
		}
		for _, options := range requests {
			best, most := -1, 0.0
			for i, o := range options {
				worth := o.Value
				for _, t := range o.Takes {
					worth -= prices[t.Budget] * t.Amount
				}
				if worth > most {
					best, most = i, worth
				}
			}
			value += most
			if best >= 0 {
				for _, t := range options[best].Takes {
					slope[t.Budget] -= t.Amount
				}
			}
		}
		least = min(least, value)
		for k := range prices {
			prices[k] = max(prices[k]-slope[k]/float64(len(requests))*20/(10+float64(n)), 0)
		}
	}
	return least
}

// optimum is that of the linear programme, by the simplex method: maximise Σ v x, at most one option a request and no budget passed.
func optimum(t *testing.T, requests [][]pricing.Option, budgets []float64) float64 {
	t.Helper()
	columns := 0
	for _, o := range requests {
		columns += len(o)
	}
	rows := len(requests) + len(budgets)
	c, a, b := make([]float64, columns+rows), mat.NewDense(rows, columns+rows, nil), make([]float64, rows)
	at := 0
	for i, options := range requests {
		for _, o := range options {
			c[at] = -o.Value
			a.Set(i, at, 1)
			for _, take := range o.Takes {
				a.Set(len(requests)+take.Budget, at, take.Amount)
			}
			at++
		}
		b[i] = 1
	}
	copy(b[len(requests):], budgets)
	for i := range rows {
		a.Set(i, columns+i, 1)
	}
	value, _, err := lp.Simplex(c, a, b, 1e-9, nil)
	if err != nil {
		t.Fatal(err)
	}
	return -value
}

// The bound that long trials are held against is the optimum of the linear programme.
func TestTheBoundIsTheOptimum(t *testing.T) {
	for _, w := range worlds() {
		requests, budgets := w.requests(1, 40)
		if bound, best := dual(requests, budgets), optimum(t, requests, budgets); bound < best-1e-6 || bound > best*1.01 {
			t.Errorf("%s: the bound is %v, the optimum %v", w.name, bound, best)
		}
	}
}

func TestPricesReachTheOptimumInHindsight(t *testing.T) {
	for _, w := range worlds() {
		for seed := range uint64(2) {
			requests, budgets := w.requests(seed, 8000)
			got, simple := run(t, requests, budgets), greedy(requests, budgets)
			best := dual(requests, budgets)
			if got < 0.95*best {
				t.Errorf("%s, seed %d: %.1f earned of %.1f (%.1f %%); greedily %.1f", w.name, seed, got, best, 100*got/best, simple)
			}
			if got < w.above*simple*0.98 {
				t.Errorf("%s, seed %d: %.1f earned and %.1f greedily, not above it by a factor of %v", w.name, seed, got, simple, w.above)
			}
			t.Logf("%s: %.1f %% of the optimum, greedy %.1f %%", w.name, 100*got/best, 100*simple/best)
			// Prices that move only after every twentieth request come near to it too, also where their scale is wrong by a factor of five.
			if rounds := runRounds(requests, budgets, 20); rounds < 0.86*best || rounds < w.above*simple*0.98 {
				t.Errorf("%s, seed %d: %.1f earned of %.1f (%.1f %%) in rounds; greedily %.1f", w.name, seed, rounds, best, 100*rounds/best, simple)
			}
		}
	}
}

func TestFaultsAreToldTogether(t *testing.T) {
	if _, err := pricing.NewPacer([]float64{1, 0, math.NaN()}, 0); err == nil || len(err.Error()) < 90 {
		t.Errorf("%v", err)
	}
}
