package webhook

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

var tuesday = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func everything(engine.HookType) bool { return true }

func kinds(list []news) (out []engine.HookType) {
	for _, n := range list {
		out = append(out, n.kind)
	}
	return out
}

// TestNewsOfTime follows a campaign through its flight and what its merchant does with it.
func TestNewsOfTime(t *testing.T) {
	start, end := tuesday.Add(time.Hour), tuesday.Add(5*time.Hour)
	c := engine.Campaign{ID: "c", MerchantID: "m", Status: engine.StatusDraft, Flight: engine.Flight{Start: engine.Moment{Instant: start}, End: engine.Moment{Instant: end}}}
	var watch engine.HookWatch
	at := func(now time.Time, status engine.Status) (told []news, next time.Time) {
		if status != c.Status {
			c.Status, c.Meta.Updated = status, now
		}
		l := &look{campaign: &c, now: now, impressions: -1, watch: watch, wants: everything}
		l.standing()
		watch = l.watch
		return l.news, l.next()
	}
	for _, step := range []struct {
		after  time.Duration
		status engine.Status
		told   engine.HookType
		cause  time.Time
		next   time.Time
	}{
		{0, engine.StatusDraft, "", time.Time{}, time.Time{}},
		{time.Minute, engine.StatusEnabled, "", time.Time{}, start},
		{61 * time.Minute, engine.StatusEnabled, engine.HookCampaignStarted, start, end},
		{62 * time.Minute, engine.StatusEnabled, "", time.Time{}, end},
		{63 * time.Minute, engine.StatusDisabled, "", time.Time{}, time.Time{}},
		{64 * time.Minute, engine.StatusEnabled, engine.HookCampaignStarted, tuesday.Add(64 * time.Minute), end},
		{5 * time.Hour, engine.StatusEnabled, engine.HookCampaignExpired, end, time.Time{}},
		{6 * time.Hour, engine.StatusEnabled, "", time.Time{}, time.Time{}},
		{7 * time.Hour, engine.StatusArchived, "", time.Time{}, time.Time{}},
	} {
		told, next := at(tuesday.Add(step.after), step.status)
		want := []engine.HookType(nil)
		if step.told != "" {
			want = []engine.HookType{step.told}
		}
		if !slices.Equal(kinds(told), want) || !next.Equal(step.next) {
			t.Fatalf("after %v: %v, next %v", step.after, told, next)
		}
		if len(told) == 1 && !told[0].at.Equal(step.cause) {
			t.Errorf("after %v: its cause was %v, want %v", step.after, told[0].at, step.cause)
		}
	}
}

// TestNewsOfDatesGoesByVenues lets a campaign of two venues begin by the clock of the one in the east and end by that of the one in the west, wherever else the day is.
func TestNewsOfDatesGoesByVenues(t *testing.T) {
	tokyo, honolulu := time.FixedZone("JST", 9*60*60), time.FixedZone("HST", -10*60*60)
	c := engine.Campaign{ID: "c", MerchantID: "m", Status: engine.StatusEnabled, Budgets: []engine.Budget{{Metric: engine.MetricRedemptions, Limit: 1, Period: engine.PeriodTotal, Per: engine.PerCampaign}},
		Flight: engine.Flight{Start: engine.Moment{Date: engine.Date{Year: 2026, Month: 12, Day: 1}}, End: engine.Moment{Date: engine.Date{Year: 2026, Month: 12, Day: 2}}}}
	start, end := time.Date(2026, 11, 30, 15, 0, 0, 0, time.UTC), time.Date(2026, 12, 2, 10, 0, 0, 0, time.UTC)
	watch := engine.HookWatch{Exhausted: true, Balance: engine.Balance{Total: engine.Taken{Redemptions: 1}, Entry: 1}}
	var told []string
	looks := 0
	for now := tuesday; !now.IsZero(); looks++ {
		l := &look{campaign: &c, now: now, impressions: -1, watch: watch, wants: everything}
		if c.HangsOnZones(now) {
			l.zones = []*time.Location{honolulu, tokyo}
		}
		l.standing()
		for _, n := range l.news {
			if n.kind != engine.HookBudget80 {
				told = append(told, fmt.Sprintf("%s, %s at %s seen at %s", n.kind, n.data.(wire.HookCampaign).State, n.at.Format(time.RFC3339), now.UTC().Format(time.RFC3339)))
			}
		}
		watch, now = l.watch, l.next()
	}
	want := []string{
		fmt.Sprintf("campaign.started, exhausted at %[1]s seen at %[1]s", start.Format(time.RFC3339)),
		fmt.Sprintf("campaign.expired, expired at %[1]s seen at %[1]s", end.Format(time.RFC3339)),
	}
	if !slices.Equal(told, want) || looks > 7 {
		t.Errorf("%d looks tell %q, want %q", looks, told, want)
	}
}

// TestNewsOfBudgets compares what is told of random movements with a plain recount, whatever parts they are read in.
func TestNewsOfBudgets(t *testing.T) {
	budgets := []engine.Budget{
		{Metric: engine.MetricRedemptions, Limit: 12, Period: engine.PeriodTotal, Per: engine.PerCampaign},
		{Metric: engine.MetricSpend, Limit: 900, Currency: "USD", Period: engine.PeriodDay, Per: engine.PerCampaign},
		{Metric: engine.MetricSpend, Limit: 2000, Currency: "USD", Period: engine.PeriodWeek, Per: engine.PerCampaign},
		{Metric: engine.MetricRedemptions, Limit: 3, Period: engine.PeriodTotal, Per: engine.PerUser},
	}
	c := engine.Campaign{ID: "c", MerchantID: "m", Status: engine.StatusEnabled, Budgets: budgets}
	told := 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 1))
		movements := randomMovements(r)
		want := recount(&c, movements)
		for _, step := range []int{1, 7, len(movements)} {
			var watch engine.HookWatch
			watch.State = engine.StateRunning
			var got []string
			for from := 0; from < len(movements); from += step {
				l := &look{campaign: &c, now: tuesday, impressions: -1, watch: watch, wants: everything}
				l.follow(movements[max(0, from-2):min(len(movements), from+step)]) // some of them once more
				for _, n := range l.news {
					got = append(got, describe(n))
				}
				watch = l.watch
			}
			if !slices.Equal(got, want) {
				t.Fatalf("seed %d, %d at a time:\ngot  %v\nwant %v", seed, step, got, want)
			}
		}
		told += len(want)
	}
	if told < 200 {
		t.Errorf("only %d were told", told)
	}
}

func describe(n news) string {
	d, ok := n.data.(wire.HookCampaign)
	if !ok {
		return fmt.Sprintf("%s %s", n.kind, n.subject)
	}
	return fmt.Sprintf("%s %s %s %d %s", n.kind, d.Budget.Metric, d.Budget.Period, d.Taken, d.PeriodFrom)
}

// randomMovements sells, and takes back some of it, over ten days.
func randomMovements(r *rand.Rand) (out []engine.Movement) {
	var total engine.Taken
	type sale struct {
		amount int64
		day    engine.Date
	}
	var sales []sale
	for n := range 40 {
		s := sale{50 + r.Int64N(200), engine.Date{Year: 2026, Month: 11, Day: 20 + n/4}}
		kind, sign := engine.MoveRedeem, int64(1)
		if len(sales) > 0 && r.IntN(3) == 0 {
			i := r.IntN(len(sales))
			s, kind, sign = sales[i], engine.MoveRollback, -1
			sales = slices.Delete(sales, i, i+1)
		} else {
			sales = append(sales, s)
		}
		delta := engine.Taken{Redemptions: sign, Spend: []engine.Money{{Amount: sign * s.amount, Currency: "USD"}}}
		after, _ := total.Plus(&delta)
		m := engine.Movement{Number: uint64(n + 1), Kind: kind, Time: tuesday, RedemptionID: fmt.Sprint("r-", n), Day: s.day,
			Changes: []engine.BalanceChange{{BalanceKey: engine.BalanceKey{Per: engine.PerCampaign}, Before: total, After: after}, {BalanceKey: engine.BalanceKey{Per: engine.PerVenue, ID: "v"}, After: after}}}
		out = append(out, m)
		total = after
	}
	return out
}

// recount tells the same by sums over all movements so far, made anew for each.
func recount(c *engine.Campaign, movements []engine.Movement) (out []string) {
	near, exhausted := map[string]bool{}, false
	for i := range movements {
		m := &movements[i]
		kind := engine.HookConfirmed
		if m.Kind == engine.MoveRollback {
			kind = engine.HookRolledBack
		}
		out = append(out, fmt.Sprintf("%s %s", kind, m.RedemptionID))
		full := false
		for _, b := range c.Budgets {
			if b.Per != engine.PerCampaign {
				continue
			}
			year, week := time.Date(m.Day.Year, m.Day.Month, m.Day.Day, 0, 0, 0, 0, time.UTC).ISOWeek()
			n, first := int64(0), ""
			for _, o := range movements[:i+1] {
				at := time.Date(o.Day.Year, o.Day.Month, o.Day.Day, 0, 0, 0, 0, time.UTC)
				y, w := at.ISOWeek()
				if b.Period == engine.PeriodDay && o.Day != m.Day || b.Period == engine.PeriodWeek && (y != year || w != week) {
					continue
				}
				sign := int64(1)
				if o.Kind == engine.MoveRollback {
					sign = -1
				}
				if b.Metric == engine.MetricSpend {
					n += o.Changes[0].After.In("USD") - o.Changes[0].Before.In("USD")
				} else {
					n += sign
				}
			}
			switch b.Period {
			case engine.PeriodDay:
				first = m.Day.String()
			case engine.PeriodWeek:
				first = map[int]string{47: "2026-11-16", 48: "2026-11-23"}[week]
			}
			mark := fmt.Sprint(b.Metric, b.Period, first)
			if reached := n*5 >= b.Limit*4; reached && !near[mark] {
				out = append(out, fmt.Sprintf("%s %s %s %d %s", engine.HookBudget80, b.Metric, b.Period, n, first))
			}
			near[mark] = n*5 >= b.Limit*4
			if first == "" && n >= b.Limit {
				if !exhausted {
					out = append(out, fmt.Sprintf("%s %s %s %d ", engine.HookCampaignExhausted, b.Metric, b.Period, n))
				}
				full = true
			}
		}
		exhausted = full
	}
	return out
}

// TestNewsOfALimitThatWasLowered tells that a budget is used up without another use, and of showings.
func TestNewsOfALimitThatWasLowered(t *testing.T) {
	c := engine.Campaign{ID: "c", MerchantID: "m", Status: engine.StatusEnabled, Meta: engine.Meta{Updated: tuesday},
		Budgets: []engine.Budget{{Metric: engine.MetricRedemptions, Limit: 10, Period: engine.PeriodTotal, Per: engine.PerCampaign},
			{Metric: engine.MetricImpressions, Limit: 100, Period: engine.PeriodTotal, Per: engine.PerCampaign}}}
	watch := engine.HookWatch{State: engine.StateRunning, Balance: engine.Balance{Total: engine.Taken{Redemptions: 4}, Entry: 4}}
	see := func(impressions int64, want ...engine.HookType) {
		t.Helper()
		l := &look{campaign: &c, now: tuesday.Add(time.Hour), impressions: impressions, watch: watch, wants: everything}
		l.standing()
		if watch = l.watch; !slices.Equal(kinds(l.news), want) {
			t.Fatalf("told %v, want %v", kinds(l.news), want)
		}
	}
	see(50)
	c.Budgets[0].Limit = 5
	see(50, engine.HookBudget80)
	c.Budgets[0].Limit = 4
	see(50, engine.HookCampaignExhausted)
	see(50)
	c.Budgets[0].Limit = 20
	see(50)
	see(80, engine.HookBudget80)
	see(101, engine.HookCampaignExhausted)
	see(200)
}
