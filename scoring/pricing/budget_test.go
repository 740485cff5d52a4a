package pricing_test

import (
	"math"
	"testing"

	"github.com/sihai-network/sihai/scoring/pricing"
)

// runRounds is what prices earn that are set only after each round of requests.
func runRounds(requests [][]pricing.Option, budgets []float64, every int) float64 {
	rounds := float64(len(requests) / every)
	prices, left := make([]float64, len(budgets)), append([]float64(nil), budgets...)
	taken, due := make([]float64, len(budgets)), make([]float64, len(budgets))
	sum := 0.0
	for n, options := range requests {
		if n%every == 0 {
			for k, limit := range budgets {
				b := pricing.Budget{Limit: limit, Rounds: min(rounds, limit), Unit: 1, Step: 1}
				if n > 0 {
					prices[k] = b.Next(prices[k], taken[k], due[k])
				}
				taken[k], due[k] = 0, left[k]*float64(every)/float64(len(requests)-n)
			}
		}
		best, most := pricing.None, 0.0
		for i, o := range options {
			worth, fits := o.Value, true
			for _, take := range o.Takes {
				worth -= prices[take.Budget] * take.Amount
				fits = fits && take.Amount <= left[take.Budget]
			}
			if fits && worth > most {
				best, most = i, worth
			}
		}
		if best == pricing.None {
			continue
		}
		sum += options[best].Value
		for _, take := range options[best].Takes {
			left[take.Budget] -= take.Amount
			taken[take.Budget] += take.Amount
		}
	}
	return sum
}

func TestPricesMoveWithUse(t *testing.T) {
	b := pricing.Budget{Limit: 1000, Rounds: 400, Unit: 2, Step: 1}
	if got := b.Next(0, 1, 5); got != 0 {
		t.Errorf("a price of nothing falls to %v", got)
	}
	price := 0.0
	for range 100_000 {
		price = b.Next(price, 40, 2)
	}
	if price != 16 {
		t.Errorf("%v is the dearest price", price)
	}
	if got := b.Next(1, 2, 2); math.Abs(got-1) > 1e-12 {
		t.Errorf("what is taken as it is due moves the price from 1 to %v", got)
	}
	if up, down := b.Next(1, 6, 2), b.Next(1, -2, 2); !(up > 1 && down < 1) {
		t.Errorf("above 1 and below: %v, %v", up, down)
	}
	for range 100_000 {
		price = b.Next(price, 0, 2)
	}
	if price != 0 {
		t.Errorf("unused, it is worth %v", price)
	}
}
