package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/ledger"
)

const aYear = 365 * 24 * time.Hour

// jumps are how far a clock is put.
var jumps = map[string]time.Duration{
	"an hour ahead": time.Hour, "a day ahead": 24 * time.Hour, "a year ahead": aYear, "an hour back": -time.Hour, "a day back": -24 * time.Hour, "a year back": -aYear,
}

// A hold that was made before the clock was put anywhere ends, once: at its own time, or by a week after the clock is right. It is the same for one that is made while the
// clock is wrong.
func TestHoldsEndWhateverTheClockDoes(t *testing.T) {
	for name, jump := range jumps {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, t.TempDir(), engine.Campaign{ID: "a", Budgets: []engine.Budget{count(2, engine.PerCampaign, engine.PeriodTotal)}})
			before := s.reserve(order("a", "u", 1000))
			s.pass(jump)
			s.sweep()
			during, err := s.Reserve(t.Context(), s.write(), order("a", "w", 1000))
			if err != nil {
				t.Fatal(err)
			}
			s.sweep()
			s.pass(-jump)
			s.reopen() // a new start knows what the old one knew
			s.sweep()
			for _, id := range []string{before.ID, during.ID} {
				now, err := s.Redemption(t.Context(), s.now(), id)
				if err != nil {
					t.Fatal(err)
				}
				_, err = s.Confirm(t.Context(), s.write(), id)
				if held := now.Status == engine.Reserved; held != (err == nil) {
					t.Errorf("%s is %s, and its confirmation says %v", id, now.Status, err)
				}
			}
			if audit := s.verify(); audit.Movements < 4 {
				t.Errorf("%d movements", audit.Movements)
			}

			left := s.reserveAll("a")
			s.pass(jump)
			s.pass(engine.MaxTTL)
			s.sweep()
			for _, r := range left {
				now, err := s.Redemption(t.Context(), s.now(), r.ID)
				if err != nil || now.Status != engine.Expired {
					t.Errorf("a week later %s is %s, %v", r.ID, now.Status, err)
				}
				if _, err := s.Release(t.Context(), s.write(), r.ID); refusedWith(err) == "" {
					t.Errorf("it is given back again: %v", err)
				}
			}
			s.verify()
		})
	}
}

// sweep ends what has run out; a second time there is nothing to be ended.
func (s *shop) sweep() {
	s.t.Helper()
	for i := range 2 {
		n, err := s.Sweep(context.Background(), s.now())
		if err != nil || i == 1 && n != 0 {
			s.t.Fatalf("%v, %d accounts are swept again", err, n)
		}
	}
}

// reserveAll reserves until the campaign is used up.
func (s *shop) reserveAll(campaign string) (held []engine.Redemption) {
	s.t.Helper()
	for n := 0; ; n++ {
		r, err := s.Reserve(context.Background(), s.write(), order(campaign, fmt.Sprint("x", n), 1000))
		if refusedWith(err) != "" {
			return held
		}
		if err != nil {
			s.t.Fatal(err)
		}
		held = append(held, r)
	}
}

// A budget of a day, a week, a month or in all bears its limit on the day, in the week, in the month that the clock shows, whatever it showed in between.
func TestBudgetsHoldOnEachDayThatTheClockShows(t *testing.T) {
	for _, p := range []engine.Period{engine.PeriodTotal, engine.PeriodDay, engine.PeriodWeek, engine.PeriodMonth} {
		t.Run(string(p), func(t *testing.T) {
			s := newShop(t, t.TempDir(), engine.Campaign{ID: "a", Budgets: []engine.Budget{count(5, engine.PerCampaign, p), spend(450, "USD", engine.PerVenue, p)}})
			random := rand.New(rand.NewPCG(2026, 5))
			used := map[string]int64{} // by period
			where := []time.Duration{0, time.Hour, -time.Hour, 24 * time.Hour, -24 * time.Hour, aYear, -aYear, 9 * 24 * time.Hour, 40 * 24 * time.Hour}
			zone := zone(t, "America/New_York")
			for n := range 200 {
				s.clock.Store(int64(where[random.IntN(len(where))]) + random.Int64N(int64(time.Minute)))
				first, _ := days(p, s.now().In(zone))
				if n%50 == 0 {
					s.reopen()
				}
				_, err := s.Redeem(t.Context(), s.write(), order("a", "u", 1000)) // takes 100
				if full := used[first] == 4; full != (refusedWith(err) != "") || err != nil && refusedWith(err) == "" {
					t.Fatalf("redemption %d in the period of %s: %v", used[first]+1, first, err)
				}
				if err == nil {
					used[first]++
				}
			}
			s.verify()
			want := map[engine.Period]int{engine.PeriodTotal: 1, engine.PeriodDay: 7, engine.PeriodWeek: 5, engine.PeriodMonth: 5}
			if len(used) != want[p] {
				t.Errorf("%v: %d periods, want %d", used, len(used), want[p])
			}
			for period, n := range used {
				if n != 4 {
					t.Errorf("%d of 4 in the period of %s", n, period)
				}
			}
		})
	}
}

// Orders that shut each other out, and orders that share one purchase's money, while the clock is put about by another goroutine: no purchase has two of the first, or is
// paid more than it is worth.
func TestPurchasesHoldWhileTheClockIsPutAbout(t *testing.T) {
	var campaigns []engine.Campaign
	for i := range 6 {
		campaigns = append(campaigns, engine.Campaign{ID: fmt.Sprint("x", i)},
			engine.Campaign{ID: fmt.Sprint("s", i), Stacking: stackable("g"), Discount: engine.Discount{Type: engine.DiscountAmount, Amount: usd(300)}})
	}
	s := newShop(t, t.TempDir(), campaigns...)
	ctx, stop := context.WithCancel(t.Context())
	var clock sync.WaitGroup
	clock.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			s.clock.Store(int64([]time.Duration{0, 2 * time.Minute, -2 * time.Minute, time.Hour, -time.Hour, aYear}[n%6]))
		}
	})
	for p := range 30 {
		purchase := fmt.Sprint("p", p)
		var mu sync.Mutex
		exclusive, total := 0, int64(0)
		s.atOnce(12, func(i int) error {
			id, name := fmt.Sprint("x", i/2), purchase
			if i%2 == 1 {
				id, name = fmt.Sprint("s", i/2), purchase+"-shared"
			}
			r, err := s.Redeem(context.Background(), s.write(), in(name, order(id, "u", 1000)))
			if errors.Is(err, engine.ErrUnavailable) {
				return &engine.Refusal{Reasons: []engine.Reason{{Code: engine.NotStackable}}} // it took a minute by the clock
			}
			mu.Lock()
			defer mu.Unlock()
			if err == nil && i%2 == 0 {
				exclusive++
			}
			total += int64(i%2) * r.Discount.Amount
			return err
		})
		if exclusive > 1 || total > 1000 {
			t.Fatalf("purchase %d: %d exclusive offers, %d off 1000", p, exclusive, total)
		}
	}
	stop()
	clock.Wait()
	s.verify()
}

// What a traveller was shown today counts today, though the clock was a year ahead for a while and showings were counted then; so it is after a new start.
func TestShowingsCountAfterAWrongClock(t *testing.T) {
	db := openStore(t, "")
	known := decisions{}
	now := &clock{noon}
	taker, meter := openTaker(t, db, known, now)
	show := func(user string) {
		t.Helper()
		id := fmt.Sprint("d", len(known))
		known[id] = decided(id, user, "a")
		e := impression(id, "a")
		e.Time = now.at
		if err := taker.TakeEvents(t.Context(), nil, []engine.Event{e}); err != nil {
			t.Fatal(err)
		}
	}
	l := listing(engine.Campaign{
		ID: "a", Budgets: []engine.Budget{{Metric: engine.MetricImpressions, Limit: 6, Period: engine.PeriodDay, Per: engine.PerCampaign}},
		Caps: []engine.FrequencyCap{{Count: 3, Window: 24 * time.Hour}},
	}, time.UTC)
	want := func(meter *ledger.Meter, user, reasons string) {
		t.Helper()
		if got := codes(meter.Check(nil, l, 0, user, now.at)); got != reasons {
			t.Errorf("at %v to %s: %s, want %s", now.at, user, got, reasons)
		}
	}
	show("u")
	show("u")
	first := known["d0"]
	now.at = noon.Add(aYear)
	for n := range 100 { // enough for the meter to look for what is old
		show(fmt.Sprint("u", n))
	}
	want(meter, "u", "[330]")
	now.at = noon.Add(time.Minute)
	want(meter, "u", "[]")
	show("u")
	want(meter, "u", "[340]")
	want(meter, "w", "[]")
	for range 3 {
		show("w")
	}
	want(meter, "x", "[330]")
	again := impression(first.ID, "a")
	if err := taker.TakeEvents(t.Context(), nil, []engine.Event{again}); err != nil { // it was taken before the clock went wrong
		t.Fatal(err)
	}
	if n := impressionsOf(meter, "a"); n != 106 {
		t.Errorf("%v impressions of 106", n)
	}
	_, meter = openTaker(t, db, known, now)
	want(meter, "u", "[330 340]")
	want(meter, "x", "[330]")
	if n := impressionsOf(meter, "a"); n != 106 {
		t.Errorf("%v impressions of 106 after a new start", n)
	}
}
