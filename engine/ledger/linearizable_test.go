package ledger_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/ledger/ledgertest"
)

// Concurrent clients that reserve, confirm, release, redeem and roll back, and repeat requests with their idempotency key, see the ledger as one that
// does everything at a moment of its own.
func TestHistoriesAreLinearizable(t *testing.T) {
	const seed, each = 2026, 5000 // histories in a shop
	histories := 60
	if long() {
		histories = 20 * each
	}
	requests := 0
	for first := 0; first < histories; first += each {
		var campaigns []engine.Campaign
		for i := range min(each, histories-first) {
			campaigns = append(campaigns, engine.Campaign{
				ID: fmt.Sprintf("h%06d", first+i), Discount: engine.Discount{Type: engine.DiscountAmount, Amount: usd(ledgertest.Discount)},
				Budgets: []engine.Budget{count(ledgertest.Limit, engine.PerCampaign, engine.PeriodTotal), count(1, engine.PerUser, engine.PeriodTotal)},
			})
		}
		s := newShop(t, t.TempDir(), campaigns...)
		for i, c := range campaigns {
			n, err := ledgertest.Check(t.Context(), s.doing(c.ID), ledgertest.Options{Campaign: c.ID, Seed: seed + uint64(first+i)})
			if err != nil {
				t.Fatal(err)
			}
			requests += n
		}
		s.verify()
	}
	t.Logf("seeds from %d: %d histories of %d requests", seed, histories, requests)
}

// doing does steps of a history on a campaign.
func (s *shop) doing(campaign string) ledgertest.Do {
	return func(ctx context.Context, in ledgertest.Step) (ledgertest.Answer, error) {
		w, o := s.once(in.Key, 1), order(campaign, in.User, 1000)
		var r engine.Redemption
		var err error
		switch in.Kind {
		case engine.MoveReserve:
			r, err = s.Reserve(ctx, w, o)
		case engine.MoveRedeem:
			r, err = s.Redeem(ctx, w, o)
		case engine.MoveConfirm:
			r, err = s.Confirm(ctx, w, in.ID)
		case engine.MoveRelease:
			r, err = s.Release(ctx, w, in.ID)
		case engine.MoveRollback:
			r, err = s.Rollback(ctx, w, in.ID, usd(in.Amount))
		}
		if refusedWith(err) != "" {
			return ledgertest.Answer{}, nil
		}
		return ledgertest.Answer{ID: r.ID, Status: r.Status, Back: r.RolledBack}, err
	}
}
