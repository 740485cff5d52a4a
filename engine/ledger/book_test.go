package ledger_test

import (
	"errors"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
)

func count(limit int64, per engine.Scope, period engine.Period) engine.Budget {
	return engine.Budget{Metric: engine.MetricRedemptions, Limit: limit, Per: per, Period: period}
}

func spend(limit int64, code string, per engine.Scope, period engine.Period) engine.Budget {
	return engine.Budget{Metric: engine.MetricSpend, Limit: limit, Currency: code, Per: per, Period: period}
}

func TestReservationGoesThroughItsLife(t *testing.T) {
	s := newShop(t, "", engine.Campaign{ID: "a", Budgets: []engine.Budget{count(1, engine.PerCampaign, engine.PeriodTotal)}})
	r := s.reserve(order("a", "u", 5000))
	if r.Status != engine.Reserved || r.Discount != usd(500) || !r.ExpiresAt.Equal(s.now().Add(15*time.Minute)) {
		t.Fatalf("%+v", r)
	}
	_, err := s.Redeem(t.Context(), s.write(), order("a", "w", 100))
	s.wantRefusal(err, engine.BudgetExhausted)
	s.pass(time.Minute)
	if r, err = s.Confirm(t.Context(), s.write(), r.ID); err != nil || r.Status != engine.Confirmed {
		t.Fatalf("%+v, %v", r, err)
	}
	_, err = s.Confirm(t.Context(), s.write(), r.ID)
	s.wantRefusal(err, engine.NotReserved)
	_, err = s.Release(t.Context(), s.write(), r.ID)
	s.wantRefusal(err, engine.NotReserved)

	if r, err = s.Rollback(t.Context(), s.write(), r.ID, usd(200)); err != nil || r.RolledBack != 200 || r.Status != engine.Confirmed {
		t.Fatalf("%+v, %v", r, err)
	}
	_, err = s.Rollback(t.Context(), s.write(), r.ID, usd(301))
	s.wantRefusal(err, engine.RollbackTooLarge)
	_, err = s.Redeem(t.Context(), s.write(), order("a", "w", 100))
	s.wantRefusal(err, engine.BudgetExhausted)
	if r, err = s.Rollback(t.Context(), s.write(), r.ID, engine.Money{}); err != nil || r.RolledBack != 500 || r.Status != engine.RolledBack {
		t.Fatalf("%+v, %v", r, err)
	}
	_, err = s.Rollback(t.Context(), s.write(), r.ID, engine.Money{})
	s.wantRefusal(err, engine.NotConfirmed)
	s.redeem(order("a", "w", 100))
	if a := s.verify(); a.Movements != 5 || a.Accounts != 1 || a.Balances != 4 {
		t.Errorf("%+v", a)
	}
}

func TestHoldThatRunsOutGivesBack(t *testing.T) {
	dir := t.TempDir()
	s := newShop(t, dir, engine.Campaign{ID: "a", Budgets: []engine.Budget{count(100, engine.PerCampaign, engine.PeriodTotal)}})
	var last engine.Redemption
	for range 100 {
		last = s.reserve(order("a", "u", 5000))
	}
	s.pass(15*time.Minute - time.Millisecond)
	_, err := s.Redeem(t.Context(), s.write(), order("a", "w", 100))
	s.wantRefusal(err, engine.BudgetExhausted)
	s.pass(time.Millisecond)
	if r, err := s.Redemption(t.Context(), s.now(), last.ID); err != nil || r.Status != engine.Expired {
		t.Errorf("before the sweep: %+v, %v", r, err)
	}
	s.redeem(order("a", "w", 100)) // ends holds on its way
	_, err = s.Confirm(t.Context(), s.write(), last.ID)
	s.wantRefusal(err, engine.NotReserved)
	s.reopen()
	if _, err := s.Sweep(t.Context(), s.now()); err != nil {
		t.Fatal(err)
	}
	l, site := s.listing("a")
	if got := codes(s.meter.Check(nil, l, site, "u", s.now())); got != "[]" {
		t.Errorf("after the sweep: %s", got)
	}
	for range 99 {
		s.redeem(order("a", "w", 100))
	}
	_, err = s.Redeem(t.Context(), s.write(), order("a", "w", 100))
	s.wantRefusal(err, engine.BudgetExhausted)
	s.verify()
}

// listing finds a campaign at v0.
func (s *shop) listing(id string) (*engine.Listing, int) {
	for _, p := range s.offer.Snapshot().Residents.At(0).At {
		if p.Listing.ID == id {
			return p.Listing, p.Site
		}
	}
	s.t.Fatalf("no campaign %s", id)
	return nil, 0
}

// Every limit keeps a use back by itself, and what is used up is told to the decision path at once and after a new start.
func TestEachLimit(t *testing.T) {
	cases := []struct {
		name   string
		budget engine.Budget
		uses   []*engine.Order
		next   *engine.Order
		code   engine.ReasonCode
		shown  string // what the decision path is told for user u at v0
		after  time.Duration
	}{
		{"campaign in all", count(2, engine.PerCampaign, engine.PeriodTotal), []*engine.Order{order("a", "u", 100), order("a", "w", 100)}, order("a", "x", 100), engine.BudgetExhausted, "[330]", 0},
		{"user", count(1, engine.PerUser, engine.PeriodTotal), []*engine.Order{order("a", "u", 100)}, order("a", "u", 100), engine.UserLimitReached, "[341]", 0},
		{"venue", count(1, engine.PerVenue, engine.PeriodTotal), []*engine.Order{order("a", "u", 100)}, order("a", "w", 100), engine.BudgetExhausted, "[330]", 0},
		{"spend", spend(1000, "USD", engine.PerCampaign, engine.PeriodTotal), []*engine.Order{order("a", "u", 10_000)}, order("a", "w", 100), engine.BudgetExhausted, "[330]", 0},
		{"spend that does not fit", spend(1000, "USD", engine.PerCampaign, engine.PeriodTotal), []*engine.Order{order("a", "u", 9_000)}, order("a", "w", 1_010), engine.BudgetExhausted, "[]", 0},
		{"spend in euro", spend(800, "EUR", engine.PerCampaign, engine.PeriodTotal), []*engine.Order{order("a", "u", 10_000)}, order("a", "w", 100), engine.BudgetExhausted, "[330]", 0},
		{"day", count(1, engine.PerCampaign, engine.PeriodDay), []*engine.Order{order("a", "u", 100)}, order("a", "w", 100), engine.BudgetExhausted, "[330]", 12 * time.Hour},
		{"week", count(1, engine.PerUser, engine.PeriodWeek), []*engine.Order{order("a", "u", 100)}, order("a", "u", 100), engine.UserLimitReached, "[341]", 6*24*time.Hour - 12*time.Hour},
		{"month", spend(10, "USD", engine.PerVenue, engine.PeriodMonth), []*engine.Order{order("a", "u", 100)}, order("a", "u", 100), engine.BudgetExhausted, "[330]", 7*24*time.Hour - 12*time.Hour},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := newShop(t, t.TempDir(), engine.Campaign{ID: "a", Budgets: []engine.Budget{c.budget}})
			for _, o := range c.uses {
				s.redeem(o)
			}
			for range 2 {
				_, err := s.Redeem(t.Context(), s.write(), c.next)
				s.wantRefusal(err, c.code)
				l, site := s.listing("a")
				if got := codes(s.meter.Check(nil, l, site, "u", s.now())); got != c.shown {
					t.Errorf("the decision path is told %s, want %s", got, c.shown)
				}
				s.reopen()
			}
			if c.after > 0 {
				s.pass(c.after - time.Nanosecond)
				_, err := s.Redeem(t.Context(), s.write(), c.next)
				s.wantRefusal(err, c.code)
				s.pass(time.Nanosecond)
				s.redeem(c.next)
			}
			s.verify()
		})
	}
}

func TestLimitOfAUserNeedsOne(t *testing.T) {
	s := newShop(t, "", engine.Campaign{ID: "a", Budgets: []engine.Budget{count(1, engine.PerUser, engine.PeriodTotal)}})
	_, err := s.Redeem(t.Context(), s.write(), order("a", "", 100))
	s.wantRefusal(err, engine.UserMissing)
}

func TestSameKeyHasTheFirstAnswer(t *testing.T) {
	s := newShop(t, t.TempDir(), engine.Campaign{ID: "a", Budgets: []engine.Budget{count(2, engine.PerCampaign, engine.PeriodTotal)}})
	first, err := s.Reserve(t.Context(), s.once("1", 1), order("a", "u", 5000))
	if err != nil {
		t.Fatal(err)
	}
	s.pass(time.Second)
	if _, err := s.Confirm(t.Context(), s.once("2", 1), first.ID); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		again, err := s.Reserve(t.Context(), s.once("1", 1), order("a", "u", 5000))
		if err != nil || again.ID != first.ID || again.Status != engine.Reserved || !again.Settled.Equal(first.Settled) {
			t.Errorf("%+v, %v", again, err)
		}
		if r, err := s.Confirm(t.Context(), s.once("2", 1), first.ID); err != nil || r.Status != engine.Confirmed {
			t.Errorf("%+v, %v", r, err)
		}
		s.reopen()
	}
	if _, err := s.Reserve(t.Context(), s.once("1", 2), order("a", "u", 6000)); !errors.Is(err, engine.ErrOnceConflict) {
		t.Errorf("another body: %v", err)
	}
	if _, err := s.Release(t.Context(), s.once("2", 1), first.ID); !errors.Is(err, engine.ErrOnceConflict) {
		t.Errorf("another step: %v", err)
	}
	s.redeem(order("a", "u", 100))
	_, err = s.Redeem(t.Context(), s.write(), order("a", "u", 100))
	s.wantRefusal(err, engine.BudgetExhausted)
	s.verify()
}

func TestCodesAreUsedAsOftenAsTheyMay(t *testing.T) {
	s := newShop(t, t.TempDir(), engine.Campaign{ID: "a"}, engine.Campaign{ID: "b"})
	ref := engine.CampaignRef{MerchantID: "m", CampaignID: "a"}
	batch, err := s.AddCodes(t.Context(), s.once("1", 1), ref, engine.CodeBatch{Uses: 1, Generate: 100, Prefix: "xmas-"})
	if err != nil || batch.Added != 100 || len(batch.Codes) != 100 || len(batch.Codes[0]) != 21 {
		t.Fatalf("%+v, %v", batch, err)
	}
	again, err := s.AddCodes(t.Context(), s.once("1", 1), ref, engine.CodeBatch{Uses: 1, Generate: 100, Prefix: "xmas-"})
	if err != nil || again.ID != batch.ID || again.Codes[99] != batch.Codes[99] {
		t.Fatalf("%+v, %v", again, err)
	}
	if b, err := s.AddCodes(t.Context(), s.write(), ref, engine.CodeBatch{Uses: 2, Codes: []string{" twice ", "TWICE", batch.Codes[0]}}); err != nil || b.Added != 1 {
		t.Fatalf("%+v, %v", b, err)
	}
	with := func(code string) *engine.Order { o := order("a", "u", 1000); o.Code = code; return o }
	_, err = s.Redeem(t.Context(), s.write(), with(""))
	s.wantRefusal(err, engine.CodeRequired)
	_, err = s.Redeem(t.Context(), s.write(), with("none"))
	s.wantRefusal(err, engine.CodeUnknown)
	o := order("b", "u", 1000)
	o.Code = batch.Codes[0]
	_, err = s.Redeem(t.Context(), s.write(), o)
	s.wantRefusal(err, engine.CodeUnknown)

	held := s.reserve(with(batch.Codes[0]))
	_, err = s.Redeem(t.Context(), s.write(), with(batch.Codes[0]))
	s.wantRefusal(err, engine.CodeUsed)
	s.reopen()
	if _, err := s.Release(t.Context(), s.write(), held.ID); err != nil {
		t.Fatal(err)
	}
	used := s.redeem(with(batch.Codes[0]))
	if _, err := s.Rollback(t.Context(), s.write(), used.ID, usd(1)); err != nil {
		t.Fatal(err)
	}
	_, err = s.Redeem(t.Context(), s.write(), with(batch.Codes[0]))
	s.wantRefusal(err, engine.CodeUsed)
	if _, err := s.Rollback(t.Context(), s.write(), used.ID, engine.Money{}); err != nil {
		t.Fatal(err)
	}
	s.redeem(with(batch.Codes[0]))
	s.redeem(with("twice"))
	s.redeem(with("Twice"))
	_, err = s.Redeem(t.Context(), s.write(), with("twice"))
	s.wantRefusal(err, engine.CodeUsed)
	listed, next, err := s.ListCodes(t.Context(), ref, engine.Page{Limit: 1})
	if err != nil || len(listed) != 1 || listed[0].Code != "TWICE" || listed[0].Used != 2 || next != "TWICE" {
		t.Errorf("%+v, %q, %v", listed, next, err)
	}
	s.verify()
}

func TestDiscountInMoney(t *testing.T) {
	m := func(amount int64, code string) engine.Money { return engine.Money{Amount: amount, Currency: code} }
	cases := []struct {
		name     string
		discount engine.Discount
		purchase engine.Money
		off      int64
		refused  string
	}{
		{"percent", engine.Discount{Type: engine.DiscountPercent, Percent: 1250}, usd(1001), 125, ""},
		{"percent, half a cent", engine.Discount{Type: engine.DiscountPercent, Percent: 5000}, usd(1001), 501, ""},
		{"percent, capped", engine.Discount{Type: engine.DiscountPercent, Percent: 5000, Max: usd(100)}, usd(1001), 100, ""},
		{"percent, capped in euro", engine.Discount{Type: engine.DiscountPercent, Percent: 5000, Max: m(100, "EUR")}, usd(1001), 125, ""},
		{"amount", engine.Discount{Type: engine.DiscountAmount, Amount: usd(300)}, usd(1000), 300, ""},
		{"amount above the purchase", engine.Discount{Type: engine.DiscountAmount, Amount: usd(3000)}, usd(1000), 1000, ""},
		{"amount in yen", engine.Discount{Type: engine.DiscountAmount, Amount: m(1605, "JPY")}, usd(9000), 1250, ""},
		{"amount in pounds", engine.Discount{Type: engine.DiscountAmount, Amount: m(1605, "GBP")}, usd(9000), 0, "[336]"},
		{"fixed price", engine.Discount{Type: engine.DiscountFixedPrice, Price: usd(700)}, usd(1000), 300, ""},
		{"fixed price above", engine.Discount{Type: engine.DiscountFixedPrice, Price: usd(1700)}, usd(1000), 0, ""},
		{"two for one", engine.Discount{Type: engine.DiscountBuyXGetY, Buy: 1, Get: 1, Percent: 10000}, usd(1000), 500, ""},
		{"gift", engine.Discount{Type: engine.DiscountGift, GiftValue: usd(90)}, usd(1000), 0, ""},
		{"below the least", engine.Discount{Type: engine.DiscountPercent, Percent: 1000, MinSpend: usd(1001)}, usd(1000), 0, "[335]"},
		{"at the least, in euro", engine.Discount{Type: engine.DiscountPercent, Percent: 1000, MinSpend: m(800, "EUR")}, usd(1000), 100, ""},
		{"nothing bought", engine.Discount{Type: engine.DiscountAmount, Amount: usd(300)}, usd(0), 0, "[384]"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := newShop(t, "", engine.Campaign{ID: "a", Discount: c.discount})
			o := order("a", "u", 0)
			o.Purchase = c.purchase
			r, err := s.Redeem(t.Context(), s.write(), o)
			if refusedWith(err) != c.refused || err == nil && r.Discount != m(c.off, c.purchase.Currency) {
				t.Errorf("%+v, %v", r, err)
			}
		})
	}
}

// What a decision shows is honoured although the budget is ahead of its pacing.
func TestPacing(t *testing.T) {
	s := newShop(t, "", engine.Campaign{ID: "a", Pacing: engine.PacingEvenly, Budgets: []engine.Budget{count(24, engine.PerCampaign, engine.PeriodDay)}})
	s.offer.decisions["d1"] = decided("d1", "u", "a")
	s.offer.decisions["d1"].Placements[0].Offers[0].Venue.ID = "v0"
	for range 12 {
		s.redeem(order("a", "w", 100))
	}
	_, err := s.Redeem(t.Context(), s.write(), order("a", "w", 100))
	s.wantRefusal(err, engine.PacedOut)
	l, site := s.listing("a")
	if got := codes(s.meter.Check(nil, l, site, "u", s.now())); got != "[331]" {
		t.Errorf("the decision path is told %s", got)
	}
	o := order("a", "u", 100)
	o.DecisionID = "d1"
	s.redeem(o)
}

// A refused order is told the smallest change with which it holds, and holds with it.
func TestChangeThatMakesAnOrderHold(t *testing.T) {
	s := newShop(t, "", engine.Campaign{ID: "a", Discount: engine.Discount{Type: engine.DiscountPercent, Percent: 1000, MinSpend: usd(5000)},
		Budgets: []engine.Budget{count(1, engine.PerCampaign, engine.PeriodDay)}})
	venue := geo.LatLng{Lat: 25.79, Lng: -80.13}
	s.offer.refuse = func(r *engine.Request) []engine.Reason {
		if r.Location != nil && r.Location.Position.Distance(venue) > engine.DefaultVenueRadius {
			return []engine.Reason{{Code: engine.OutsideGeofence}}
		}
		return nil
	}
	s.redeem(order("a", "w", 6000))
	o := order("a", "u", 4000)
	o.Location = &engine.Location{Position: venue.Travel(90, 800)}
	v, err := s.Validate(t.Context(), s.now(), o)
	if err != nil || v.Holds || codes(v.Reasons) != "[310 330 335]" || v.Change == nil {
		t.Fatalf("%+v, %v", v, err)
	}
	if c := v.Change; c.Spend != usd(1000) || c.Wait != 12*time.Hour || c.Walk == nil || c.Walk.Distance < 299 || c.Walk.Distance > 301 || c.Walk.Bearing < 268 || c.Walk.Bearing > 272 {
		t.Errorf("%+v, walk %+v", v.Change, v.Change.Walk)
	}
	s.pass(v.Change.Wait)
	o.Purchase.Amount += v.Change.Spend.Amount
	o.Location.Position = v.Change.Walk.To
	if v, err := s.Validate(t.Context(), s.now(), o); err != nil || !v.Holds || v.Discount != usd(500) || v.Change != nil {
		t.Errorf("%+v, %v", v, err)
	}
	s.redeem(o)
}
