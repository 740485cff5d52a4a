package decision_test

import (
	"math/rand/v2"
	"testing"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/decision"
	"github.com/sihai-network/sihai/geo"
)

// Prices cost a decision no memory that it would not have taken without.
func TestPricedDecisionsTakeNoMoreMemory(t *testing.T) {
	w, quarters := benchCatalog(3000, 1)
	plain := w.snapshot(t)
	w.price(rand.New(rand.NewPCG(1, 2)), 0.2)
	r := quarters[0].requests(geo.Meters(35))[0]
	takes := func(snap *engine.Snapshot) float64 {
		decide := decision.Single(t, optionsFor(snap, newMemoryLog()), snap)
		for range 3 {
			decide(r)
		}
		return testing.AllocsPerRun(50, func() { decide(r) })
	}
	if without, with := takes(plain), takes(w.snapshot(t)); with > without {
		t.Errorf("%v allocations with prices, %v without", with, without)
	}
}

// BenchmarkPrices compares decisions whose budgets have prices with such whose have none.
func BenchmarkPrices(b *testing.B) {
	w, quarters := benchCatalog(10_000, 2)
	plain := w.snapshot(b)
	w.price(rand.New(rand.NewPCG(1, 2)), 0.2)
	priced := w.snapshot(b)
	for _, q := range quarters {
		for _, c := range []struct {
			name string
			snap *engine.Snapshot
		}{{"unpriced", plain}, {"priced", priced}} {
			b.Run(q.name+"/"+c.name, func(b *testing.B) {
				o := optionsFor(c.snap, newMemoryLog())
				o.Queue = 1
				s := start(b, o)
				benchDecide(b, c.snap, q.requests(geo.Meters(35)), func(r *engine.Request) (*engine.Decision, error) {
					return s.Decide(b.Context(), r, nil)
				})
			})
		}
	}
}
