package ledger_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// These are the published faults of shops: each was found in one that is in use.

// atOnce runs n at the same time and counts those that succeed; the others must be refused.
func (s *shop) atOnce(n int, do func(i int) error) int {
	s.t.Helper()
	var done atomic.Int64
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			switch err := do(i); {
			case err == nil:
				done.Add(1)
			case refusedWith(err) == "":
				s.t.Error(err)
			}
		})
	}
	wg.Wait()
	return int(done.Load())
}

// Two checkouts that read the count before either writes take the last use twice.
func TestTwoCheckoutsOfTheLastUse(t *testing.T) {
	for _, b := range []engine.Budget{
		count(5, engine.PerCampaign, engine.PeriodTotal), count(5, engine.PerVenue, engine.PeriodDay), count(5, engine.PerUser, engine.PeriodMonth), spend(549, "USD", engine.PerCampaign, engine.PeriodTotal),
	} {
		s := newShop(t, t.TempDir(), engine.Campaign{ID: "a", Budgets: []engine.Budget{b}})
		if n := s.atOnce(40, func(i int) error {
			if i%2 == 0 {
				_, err := s.Reserve(context.Background(), s.write(), order("a", "u", 1000))
				return err
			}
			_, err := s.Redeem(context.Background(), s.write(), order("a", "u", 1000))
			return err
		}); n != 5 {
			t.Errorf("%+v: %d uses", b, n)
		}
		s.verify()
	}
}

// A payment that authorises and then captures checks a voucher in the first step and uses it in the second: two payments pass the check.
func TestVoucherInATwoStepPayment(t *testing.T) {
	s := newShop(t, t.TempDir(), engine.Campaign{ID: "a"})
	ref := engine.CampaignRef{MerchantID: "m", CampaignID: "a"}
	if _, err := s.AddCodes(t.Context(), s.write(), ref, engine.CodeBatch{Uses: 1, Codes: []string{"once"}}); err != nil {
		t.Fatal(err)
	}
	with := order("a", "u", 1000)
	with.Code = "ONCE"
	var mu sync.Mutex
	var held []string
	if n := s.atOnce(20, func(int) error {
		r, err := s.Reserve(context.Background(), s.write(), with)
		if err == nil {
			mu.Lock()
			held = append(held, r.ID)
			mu.Unlock()
		}
		return err
	}); n != 1 {
		t.Fatalf("%d payments authorised", n)
	}
	if n := s.atOnce(20, func(int) error {
		_, err := s.Confirm(context.Background(), s.write(), held[0])
		return err
	}); n != 1 {
		t.Errorf("%d payments captured", n)
	}
	s.verify()
}

// A limit per customer that is keyed by what a guest types is escaped by typing something else between the steps.
func TestChangedIdentity(t *testing.T) {
	s := newShop(t, "", engine.Campaign{ID: "a", Budgets: []engine.Budget{count(1, engine.PerUser, engine.PeriodTotal)}})
	s.offer.decisions["d1"] = decided("d1", "u", "a")
	s.offer.decisions["d1"].Placements[0].Offers[0].Venue.ID = "v0"
	o := order("a", "another", 1000)
	o.DecisionID = "d1"
	if _, err := s.Reserve(t.Context(), s.write(), o); err == nil || refusedWith(err) != "" {
		t.Errorf("another user than the decision's: %v", err)
	}
	o.User.ID = ""
	r := s.reserve(o)
	if r.UserID != "u" {
		t.Errorf("%+v", r)
	}
	_, err := s.Redeem(t.Context(), s.write(), order("a", "u", 1000))
	s.wantRefusal(err, engine.UserLimitReached)
	if _, err := s.Confirm(t.Context(), s.write(), r.ID); err != nil { // whoever confirms, it is the use of the one who reserved
		t.Error(err)
	}
	_, err = s.Redeem(t.Context(), s.write(), order("a", "u", 1000))
	s.wantRefusal(err, engine.UserLimitReached)
	s.redeem(order("a", "another", 1000))
	s.verify()
}

// in puts an order into a purchase.
func in(purchase string, o *engine.Order) *engine.Order {
	o.PurchaseID = purchase
	return o
}

func stackable(group string) engine.Stacking {
	return engine.Stacking{Group: group, Mode: engine.StackStackable}
}

// A percentage of the whole purchase beside an amount off takes more than is left of it, and the total goes below zero.
func TestPercentageOffAnUndiscountedBase(t *testing.T) {
	s := newShop(t, "", engine.Campaign{ID: "amount", Stacking: stackable("x"), Discount: engine.Discount{Type: engine.DiscountAmount, Amount: usd(800)}},
		engine.Campaign{ID: "half", Stacking: stackable("x"), Discount: engine.Discount{Type: engine.DiscountPercent, Percent: 5000}})
	if r := s.redeem(in("p1", order("half", "u", 1000))); r.Discount != usd(500) {
		t.Errorf("%+v", r)
	}
	if r := s.redeem(in("p1", order("amount", "u", 1000))); r.Discount != usd(500) {
		t.Errorf("what is left: %+v", r)
	}
	if r := s.redeem(in("p2", order("amount", "u", 1000))); r.Discount != usd(800) {
		t.Errorf("%+v", r)
	}
	if r := s.redeem(in("p2", order("half", "u", 1000))); r.Discount != usd(200) {
		t.Errorf("half of the whole, capped by what is left: %+v", r)
	}
	if r := s.redeem(in("p3", order("half", "u", 1000))); r.Discount != usd(500) {
		t.Errorf("of another purchase: %+v", r)
	}
}

func TestNegativeTotal(t *testing.T) {
	campaigns := make([]engine.Campaign, 12)
	for i := range campaigns {
		campaigns[i] = engine.Campaign{ID: fmt.Sprintf("c%02d", i), Stacking: stackable("x"), Discount: engine.Discount{Type: engine.DiscountAmount, Amount: usd(300)}}
	}
	s := newShop(t, t.TempDir(), campaigns...)
	var total atomic.Int64
	if n := s.atOnce(12, func(i int) error {
		r, err := s.Redeem(context.Background(), s.write(), in("p", order(campaigns[i].ID, "u", 1000)))
		total.Add(r.Discount.Amount)
		return err
	}); n != 4 || total.Load() != 1000 {
		t.Errorf("%d offers took %d of 1000", n, total.Load())
	}
	_, err := s.Redeem(t.Context(), s.write(), in("p", order("c00", "u", 1000)))
	if got := refusedWith(err); got != "[383 384]" && got != "[384]" {
		t.Errorf("one more: %v", err)
	}
	s.verify()
}

func TestStacking(t *testing.T) {
	exclusive := func(group string, priority int) engine.Stacking {
		return engine.Stacking{Group: group, Mode: engine.StackExclusive, Priority: priority}
	}
	campaigns := []engine.Campaign{
		{ID: "food1", Stacking: stackable("food")}, {ID: "food2", Stacking: stackable("food")}, {ID: "foodx", Stacking: exclusive("food", 0)},
		{ID: "foody", Stacking: exclusive("food", 5)}, {ID: "drink", Stacking: exclusive("drink", 0)}, {ID: "plain"}, {ID: "plain2"},
	}
	cases := []struct {
		name string
		want string // of the last of them: the reasons, or ok
		of   []string
	}{
		{"stackable ones of a group", "ok", []string{"food1", "food2"}},
		{"an exclusive one with others of its group", "[383]", []string{"food1", "foodx"}},
		{"others with an exclusive one of their group", "[383]", []string{"foodx", "food1"}},
		{"two groups", "ok", []string{"foodx", "drink"}},
		{"the same campaign again", "[383]", []string{"food1", "food1"}},
		{"two that say nothing", "[383]", []string{"plain", "plain2"}},
		{"what is used does not give way", "[383]", []string{"foodx", "foody"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := newShop(t, "", campaigns...)
			for i, id := range c.of {
				o := in("p", order(id, "u", 1000))
				v, err := s.Validate(t.Context(), s.now(), o)
				if err != nil {
					t.Fatal(err)
				}
				_, err = s.Redeem(t.Context(), s.write(), o)
				got := "ok"
				if err != nil {
					got = refusedWith(err)
				}
				want := "ok"
				if i == len(c.of)-1 {
					want = c.want
				}
				if got != want || v.Holds != (got == "ok") {
					t.Errorf("%s: %s (%v, validated %+v), want %s", id, got, err, v, want)
				}
			}
		})
	}
}

// A hold gives way to an offer of a higher priority, and what was let go makes room.
func TestPriority(t *testing.T) {
	s := newShop(t, t.TempDir(), engine.Campaign{ID: "low"}, engine.Campaign{ID: "high", Stacking: engine.Stacking{Priority: 1}})
	low := s.reserve(in("p", order("low", "u", 1000)))
	high := s.reserve(in("p", order("high", "u", 1000)))
	if r, err := s.Redemption(t.Context(), s.now(), low.ID); err != nil || r.Status != engine.Released {
		t.Errorf("%+v, %v", r, err)
	}
	_, err := s.Reserve(t.Context(), s.write(), in("p", order("low", "u", 1000)))
	s.wantRefusal(err, engine.NotStackable)
	if _, err := s.Release(t.Context(), s.write(), high.ID); err != nil {
		t.Fatal(err)
	}
	again := s.reserve(in("p", order("low", "u", 1000)))
	s.pass(16 * time.Minute)
	s.reserve(in("p", order("low", "w", 1000))) // the hold ran out
	_, err = s.Confirm(t.Context(), s.write(), again.ID)
	s.wantRefusal(err, engine.NotReserved)
	once := s.once("k", 1)
	first, err := s.Reserve(t.Context(), once, in("p2", order("low", "u", 1000)))
	if err != nil {
		t.Fatal(err)
	}
	if r, err := s.Reserve(t.Context(), once, in("p2", order("low", "u", 1000))); err != nil || r.ID != first.ID {
		t.Errorf("repeated: %+v, %v", r, err)
	}
	s.verify()
}

// Offers that shut each other out are asked for at the same time, held, and confirmed at the same time: one of a purchase stays.
func TestRaceOfExclusiveOffers(t *testing.T) {
	var campaigns []engine.Campaign
	for i := range 6 {
		campaigns = append(campaigns, engine.Campaign{ID: fmt.Sprint("c", i), Stacking: engine.Stacking{Priority: i % 3}})
	}
	s := newShop(t, t.TempDir(), campaigns...)
	for p := range 20 {
		purchase := fmt.Sprint("p", p)
		var mu sync.Mutex
		var held []string
		confirmed := s.atOnce(len(campaigns), func(i int) error {
			r, err := s.Reserve(context.Background(), s.write(), in(purchase, order(campaigns[i].ID, "u", 1000)))
			if err != nil {
				return err
			}
			mu.Lock()
			held = append(held, r.ID)
			mu.Unlock()
			_, err = s.Confirm(context.Background(), s.write(), r.ID)
			return err
		})
		live := 0
		for _, id := range held {
			r, err := s.Redemption(t.Context(), s.now(), id)
			if err != nil {
				t.Fatal(err)
			}
			if slices.Contains([]engine.RedemptionStatus{engine.Confirmed}, r.Status) {
				live++
			}
		}
		if confirmed != 1 || live != 1 {
			t.Fatalf("purchase %d: %d confirmed, %d of %d live", p, confirmed, live, len(held))
		}
	}
	s.verify()
}
