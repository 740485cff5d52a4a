package api_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/api/apitest"
	"github.com/sihai-network/sihai/engine/api/apitest/generated"
	"github.com/sihai-network/sihai/engine/ledger/ledgertest"
)

// These are the published faults of shops, as a shop's backend would meet them: over HTTP, by a generated client. The tests of the same names in
// package ledger have them in process.

// Two checkouts that read the count before either writes take the last use twice.
func TestTwoCheckoutsOfTheLastUse(t *testing.T) {
	w := newWorld(t, apitest.Options{Dir: t.TempDir()})
	c := w.till(t, false)
	for i, budget := range []string{
		`{"metric":"redemptions","limit":5,"period":"total","per":"campaign"}`, `{"metric":"redemptions","limit":5,"period":"day","per":"venue"}`,
		`{"metric":"redemptions","limit":5,"period":"month","per":"user"}`, `{"metric":"spend","limit":549,"currency":"USD","period":"total","per":"campaign"}`,
	} {
		id := fmt.Sprint("last-", i)
		w.sell(t, id, tenPercent+`,"budgets":[`+budget+`]`)
		if n := atOnce(t, 20, func(i int) error {
			if i%2 == 0 {
				_, err := c.reserve(context.Background(), nil, orderFor(id, "u", 1000))
				return err
			}
			_, err := c.redeem(context.Background(), nil, orderFor(id, "u", 1000))
			return err
		}); n != 5 {
			t.Errorf("%s: %d uses", budget, n)
		}
	}
	w.settled(t)
}

// A payment that authorises and then captures checks a voucher in the first step and uses it in the second: two payments pass the check.
func TestVoucherInATwoStepPayment(t *testing.T) {
	w := newWorld(t, apitest.Options{Dir: t.TempDir()})
	w.sell(t, "coded", tenPercent)
	w.send(t, "m-1", "POST", "/v1/campaigns/coded/codes", `{"uses":1,"codes":["once"]}`).want(t, 201)
	c := w.till(t, false)
	code := "ONCE"
	with := orderFor("coded", "u", 1000)
	with.Code = &code
	var held sync.Map
	if n := atOnce(t, 20, func(int) error {
		r, err := c.reserve(context.Background(), nil, with)
		if err == nil {
			held.Store(r.Id, true)
		}
		return err
	}); n != 1 {
		t.Fatalf("%d payments authorised", n)
	}
	held.Range(func(id, _ any) bool {
		if n := atOnce(t, 20, func(int) error {
			_, err := c.confirm(context.Background(), nil, id.(string))
			return err
		}); n != 1 {
			t.Errorf("%d payments captured", n)
		}
		return true
	})
	w.settled(t)
}

// A limit per customer that is keyed by what a guest types is escaped by typing something else between the steps.
func TestChangedIdentity(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	w.sell(t, "each", tenPercent+`,"budgets":[{"metric":"redemptions","limit":1,"period":"total","per":"user"}]`)
	c := w.till(t, false)
	decided := w.decide(t, "u")
	o := orderFor("each", "another", 1000)
	o.DecisionId = &decided.Decision_ID
	a, err := c.ReserveWithResponse(t.Context(), nil, o)
	if err != nil || a.ApplicationproblemJSON4XX == nil || a.ApplicationproblemJSON4XX.Code != "invalid_input" {
		t.Errorf("another user than the decision's: %v, %s", err, a.Body)
	}
	o.User = nil
	nobody := orderFor("each", "", 1000)
	nobody.User = nil
	_, err = c.redeem(t.Context(), nil, nobody)
	c.wantRefusal(err, "user_missing")
	r, err := c.reserve(t.Context(), nil, o)
	if err != nil || r.UserId == nil || *r.UserId != "u" {
		t.Fatalf("%+v, %v", r, err)
	}
	_, err = c.redeem(t.Context(), nil, orderFor("each", "u", 1000))
	c.wantRefusal(err, "user_limit_reached")
	if r, err = c.confirm(t.Context(), nil, r.Id); err != nil || *r.UserId != "u" { // whoever confirms, it is the use of the one who reserved
		t.Errorf("%+v, %v", r, err)
	}
	_, err = c.redeem(t.Context(), nil, orderFor("each", "u", 1000))
	c.wantRefusal(err, "user_limit_reached")
	if _, err := c.redeem(t.Context(), nil, orderFor("each", "another", 1000)); err != nil {
		t.Error(err)
	}
	w.settled(t)
}

// A percentage of the whole purchase beside an amount off takes more than is left of it, and the total goes below zero.
func TestPercentageOffAnUndiscountedBase(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	const stackable = `,"stacking":{"group":"x","mode":"stackable"}`
	w.sell(t, "amount", `"discount":{"type":"amount","amount":{"amount":800,"currency":"USD"}}`+stackable)
	w.sell(t, "half", `"discount":{"type":"percent","percent":50}`+stackable)
	c := w.till(t, false)
	for _, s := range []struct {
		purchase, campaign string
		off                int64
	}{
		{"p1", "half", 500}, {"p1", "amount", 500}, // what is left
		{"p2", "amount", 800}, {"p2", "half", 200}, // half of the whole, capped by what is left
		{"p3", "half", 500}, // of another purchase
	} {
		if r, err := c.redeem(t.Context(), nil, inPurchase(s.purchase, orderFor(s.campaign, "u", 1000))); err != nil || r.Discount.Amount != s.off {
			t.Errorf("%+v: %+v, %v", s, r, err)
		}
	}
	w.settled(t)
}

func TestNegativeTotal(t *testing.T) {
	w := newWorld(t, apitest.Options{Dir: t.TempDir()})
	for i := range 12 {
		w.sell(t, fmt.Sprintf("n%02d", i), `"discount":{"type":"amount","amount":{"amount":300,"currency":"USD"}},"stacking":{"group":"x","mode":"stackable"}`)
	}
	c := w.till(t, false)
	var total atomic.Int64
	if n := atOnce(t, 12, func(i int) error {
		r, err := c.redeem(context.Background(), nil, inPurchase("p", orderFor(fmt.Sprintf("n%02d", i), "u", 1000)))
		total.Add(r.Discount.Amount)
		return err
	}); n != 4 || total.Load() != 1000 {
		t.Errorf("%d offers took %d of 1000", n, total.Load())
	}
	w.settled(t)
}

// One idempotency key for two offers of two campaigns, say a basket's number: the second is another request, and is refused as such.
func TestKeyOnAnotherCampaignOverHTTP(t *testing.T) {
	w := newWorld(t, apitest.Options{Dir: t.TempDir()})
	w.sell(t, "one", tenPercent)
	w.sell(t, "two", tenPercent)
	basket := "basket-1"
	first, err := w.till(t, false).redeem(t.Context(), &basket, orderFor("one", "u", 1000))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		c := w.till(t, false)
		a, err := c.RedeemWithResponse(t.Context(), &generated.RedeemParams{IdempotencyKey: &basket}, orderFor("two", "u", 1000))
		if err != nil || a.StatusCode() != 422 || a.ApplicationproblemJSON4XX.Code != "idempotency_key_reused" {
			t.Errorf("%v: %s", err, a.Body)
		}
		if again, err := c.redeem(t.Context(), &basket, orderFor("one", "u", 1000)); err != nil || again.Id != first.Id {
			t.Errorf("the first again: %+v, %v", again, err)
		}
		w.restart(t)
	}
	w.audit(t, 1)
}

// What concurrent clients are answered over HTTP, with idempotency keys and retries, a ledger that does everything at a moment of its own could have answered.
func TestHistoriesAreLinearizable(t *testing.T) {
	const seed = 77
	histories := 15
	if os.Getenv("SIHAI_LONG") == "1" {
		histories = 2000
	}
	w := newWorld(t, apitest.Options{Dir: t.TempDir()})
	c := w.till(t, true)
	requests := 0
	for i := range histories {
		id := fmt.Sprintf("h%05d", i)
		w.sell(t, id, fmt.Sprintf(`"discount":{"type":"amount","amount":{"amount":%d,"currency":"USD"}},"budgets":[`+
			`{"metric":"redemptions","limit":%d,"period":"total","per":"campaign"},{"metric":"redemptions","limit":1,"period":"total","per":"user"}]`, ledgertest.Discount, ledgertest.Limit))
		n, err := ledgertest.Check(t.Context(), c.doing(id), ledgertest.Options{Campaign: id, Seed: seed + uint64(i)})
		if err != nil {
			t.Fatal(err)
		}
		requests += n
	}
	w.settled(t)
	t.Logf("seeds from %d: %d histories of %d requests", seed, histories, requests)
}

// doing does steps of a history on a campaign.
func (c till) doing(campaign string) ledgertest.Do {
	return func(ctx context.Context, in ledgertest.Step) (ledgertest.Answer, error) {
		r, err := again(ctx, func() (generated.Redemption, error) {
			switch in.Kind {
			case engine.MoveReserve:
				return c.reserve(ctx, &in.Key, orderFor(campaign, in.User, 1000))
			case engine.MoveRedeem:
				return c.redeem(ctx, &in.Key, orderFor(campaign, in.User, 1000))
			case engine.MoveConfirm:
				return c.confirm(ctx, &in.Key, in.ID)
			case engine.MoveRelease:
				return c.release(ctx, &in.Key, in.ID)
			}
			return c.rollBack(ctx, &in.Key, in.ID, in.Amount)
		})
		if _, no := err.(*refused); no {
			return ledgertest.Answer{}, nil
		}
		a := ledgertest.Answer{ID: r.Id, Status: engine.RedemptionStatus(r.Status)}
		if r.RolledBack != nil {
			a.Back = r.RolledBack.Amount
		}
		return a, err
	}
}
