package storetest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// PurchaseLine returns a line with everything that one can have.
func PurchaseLine(n int) engine.PurchaseLine {
	return engine.PurchaseLine{
		RedemptionID: redemptionID(account, n), Stacking: engine.Stacking{Group: "food", Mode: engine.StackStackable, Priority: n},
		Discount: usd(int64(n)), Until: epoch.Add(time.Minute), Firm: n%2 == 0,
	}
}

func testPurchases(f *ledgerFixture) {
	const id = "till 4/17 \x00 上海" // of any form
	set := func(lines ...engine.PurchaseLine) func([]engine.PurchaseLine) ([]engine.PurchaseLine, error) {
		return func([]engine.PurchaseLine) ([]engine.PurchaseLine, error) { return lines, nil }
	}
	read := func(merchant, id string) []engine.PurchaseLine {
		f.Helper()
		lines, err := f.Purchase(f.ctx(), merchant, id)
		f.ok(err)
		return lines
	}
	f.same(len(read("m-1", id)), 0)
	two := []engine.PurchaseLine{PurchaseLine(1), PurchaseLine(2)}
	f.ok(f.UpdatePurchase(f.ctx(), "m-1", id, set(two...)))
	f.ok(f.UpdatePurchase(f.ctx(), "m-2", id, set(PurchaseLine(3))))
	f.reopen()
	f.same(read("m-1", id), two)
	f.same(read("m-2", id), []engine.PurchaseLine{PurchaseLine(3)})
	f.same(len(read("m-1", id+"x")), 0)
	own := errors.New("own")
	f.is(f.UpdatePurchase(f.ctx(), "m-1", id, func(lines []engine.PurchaseLine) ([]engine.PurchaseLine, error) {
		f.same(lines, two)
		return nil, own
	}), own)
	f.same(read("m-1", id), two)
	f.ok(f.UpdatePurchase(f.ctx(), "m-1", id, set()))
	f.same(len(read("m-1", id)), 0)
	for _, merchant := range []string{"", "m/x", "m\x00"} {
		_, err := f.Purchase(f.ctx(), merchant, id)
		f.is(err, engine.ErrNotFound)
		f.is(f.UpdatePurchase(f.ctx(), merchant, id, set()), engine.ErrNotFound)
	}
}

func testConcurrentPurchases(f *ledgerFixture) {
	const clients = 24
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			if err := f.UpdatePurchase(context.Background(), "m-1", "p", func(lines []engine.PurchaseLine) ([]engine.PurchaseLine, error) {
				return append(lines, PurchaseLine(i)), nil
			}); err != nil {
				f.Error(err)
			}
		})
	}
	wg.Wait()
	lines, err := f.Purchase(f.ctx(), "m-1", "p")
	f.ok(err)
	seen := map[string]bool{}
	for _, l := range lines {
		seen[l.RedemptionID] = true
	}
	f.same([]int{len(lines), len(seen)}, []int{clients, clients})
}
