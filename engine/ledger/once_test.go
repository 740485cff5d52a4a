package ledger_test

import (
	"errors"
	"testing"

	"github.com/sihai-network/sihai/engine"
)

// An idempotency key that did something on one campaign is refused on another, whatever step and also after a new start; one whose order was refused did nothing, and may
// be used again.
func TestKeyOnAnotherCampaign(t *testing.T) {
	few := []engine.Budget{count(1, engine.PerCampaign, engine.PeriodTotal)}
	s := newShop(t, t.TempDir(), engine.Campaign{ID: "a"}, engine.Campaign{ID: "b"}, engine.Campaign{ID: "few", Budgets: few})
	ctx := t.Context()
	first, err := s.Reserve(ctx, s.once("k", 1), order("a", "u", 1000))
	if err != nil {
		t.Fatal(err)
	}
	held := s.reserve(order("b", "u", 1000))
	for range 2 {
		_, redeem := s.Redeem(ctx, s.once("k", 2), order("b", "u", 1000))
		_, reserve := s.Reserve(ctx, s.once("k", 2), order("b", "u", 1000))
		_, confirm := s.Confirm(ctx, s.once("k", 2), held.ID)
		_, rollback := s.Rollback(ctx, s.once("k", 2), held.ID, engine.Money{})
		_, codes := s.AddCodes(ctx, s.once("k", 2), engine.CampaignRef{MerchantID: "m", CampaignID: "b"}, engine.CodeBatch{Uses: 1, Codes: []string{"X"}})
		_, together := s.Redeem(ctx, s.once("k", 2), in("p", order("b", "u", 1000)))
		for i, err := range []error{redeem, reserve, confirm, rollback, codes, together} {
			if !errors.Is(err, engine.ErrOnceConflict) {
				t.Errorf("step %d: %v", i, err)
			}
		}
		if again, err := s.Reserve(ctx, s.once("k", 1), order("a", "u", 1000)); err != nil || again.ID != first.ID {
			t.Errorf("the first again: %+v, %v", again, err)
		}
		s.reopen()
	}
	s.redeem(order("few", "u", 1000))
	_, err = s.Redeem(ctx, s.once("r", 1), order("few", "u", 1000))
	s.wantRefusal(err, engine.BudgetExhausted)
	if _, err = s.Redeem(ctx, s.once("r", 2), order("a", "u", 1000)); err != nil {
		t.Errorf("the key of what was refused: %v", err)
	}
	if audit := s.verify(); audit.Movements != 4 {
		t.Errorf("%d movements", audit.Movements)
	}
}
