package analysis_test

import (
	"fmt"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/analysis"
)

func (w *town) forecaster(most uint64) *analysis.Forecaster {
	w.tb.Helper()
	f, err := analysis.NewForecaster(analysis.ForecasterOptions{
		Log: w.log(), Snapshots: w.publisher, Compiler: w.publisher, Trials: w.decider, MaxDecisions: most, Now: func() time.Time { return w.now },
	})
	w.ok(err)
	return f
}

// tally counts how often what came lay in what was foretold.
type tally struct{ in, below, above int }

func (t *tally) add(r engine.Range, came float64) {
	switch {
	case came < r.Low:
		t.below++
	case came > r.High:
		t.above++
	default:
		t.in++
	}
}

func (t *tally) share() float64 { return float64(t.in) / float64(t.in+t.below+t.above) }

// TestForecastsHold forecasts campaigns from two weeks of a log and then lives the third week with each of them, one at a time. The long form holds the
// intervals to their rate over more than 200 campaigns; the short one sees that they are not far off.
func TestForecastsHold(t *testing.T) {
	towns, each, low, high := 2, 8, 0.6, 1.0
	if os.Getenv("SIHAI_LONG") != "" {
		towns, each, low, high = 30, 8, 0.85, 0.95
	}
	var showings, clicks tally
	for seed := range towns {
		w := newTown(t, uint64(100+seed), 40)
		w.live(0, 14, 60)
		f := w.forecaster(0)
		var candidates []engine.Campaign
		var foretold []engine.Forecast
		for i := range each {
			c := w.campaign(fmt.Sprint("x-", i), "m-0")
			if i == 0 {
				c.Budgets = []engine.Budget{{Metric: engine.MetricImpressions, Limit: 60, Period: engine.PeriodTotal, Per: engine.PerCampaign}}
			}
			p, err := f.Forecast(t.Context(), engine.ForecastRequest{Campaign: &c})
			if err != nil {
				t.Fatal(err)
			}
			candidates, foretold = append(candidates, c), append(foretold, p)
		}
		var week []*engine.Request
		for day := 14; day < 21; day++ {
			week = append(week, w.requests(day, 60)...)
		}
		for i, c := range candidates {
			shown, tapped := w.liveWith(c, week)
			showings.add(foretold[i].Showings, shown)
			clicks.add(foretold[i].Clicks, tapped)
			t.Logf("town %d, %s: showings %.0f [%.0f, %.0f] came %.0f; clicks %.1f [%.0f, %.0f] came %.0f", seed, c.ID,
				foretold[i].Showings.Mean, foretold[i].Showings.Low, foretold[i].Showings.High, shown,
				foretold[i].Clicks.Mean, foretold[i].Clicks.Low, foretold[i].Clicks.High, tapped)
		}
	}
	t.Logf("showings %+v %.3f, clicks %+v %.3f", showings, showings.share(), clicks, clicks.share())
	for name, share := range map[string]float64{"showings": showings.share(), "clicks": clicks.share()} {
		if share < low || share > high {
			t.Errorf("%s: %.3f of the intervals hold what came, want %v to %v", name, share, low, high)
		}
	}
}

// liveWith decides a week with one more campaign, and counts what it wins.
func (w *town) liveWith(c engine.Campaign, week []*engine.Request) (shown, tapped float64) {
	w.tb.Helper()
	w.put(c)
	for _, r := range week {
		d := w.decide(r)
		for i := range d.Placements[0].Offers {
			o := &d.Placements[0].Offers[i]
			full := len(c.Budgets) > 0 && shown >= float64(c.Budgets[0].Limit)
			if o.CampaignID != c.ID || full || w.random.Float64() >= looked(o.Position) {
				continue
			}
			shown++
			if w.random.Float64() < w.tapped(c.ID, o.Position) {
				tapped++
			}
		}
	}
	c.Status = engine.StatusDisabled
	w.put(c)
	return shown, tapped
}

// TestForecastIsTheSameEachTime asks twice, and of a sample.
func TestForecastIsTheSameEachTime(t *testing.T) {
	w := newTown(t, 7, 30)
	n := w.live(0, 14, 40)
	c := w.campaign("x", "m-0")
	ask := func(most uint64) engine.Forecast {
		f, err := w.forecaster(most).Forecast(t.Context(), engine.ForecastRequest{Campaign: &c})
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	first := ask(0)
	if again := ask(0); !reflect.DeepEqual(first, again) {
		t.Errorf("another forecast the second time:\n%+v\n%+v", first, again)
	}
	if first.Decisions != uint64(n) || first.OneIn != 1 || first.Showings.Mean <= 0 || len(first.Hours) != 7*24 {
		t.Errorf("%d decisions of %d, one in %d, %v showings, %d hours", first.Decisions, n, first.OneIn, first.Showings, len(first.Hours))
	}
	some := ask(uint64(n) / 4)
	if some.OneIn < 2 || some.Decisions >= first.Decisions || some.Decisions == 0 {
		t.Errorf("a sample has %d of %d decisions, one in %d", some.Decisions, n, some.OneIn)
	}
	if some.Showings.Low > first.Showings.Mean*1.3 || some.Showings.High < first.Showings.Mean*0.7 || some.Showings.High-some.Showings.Low < first.Showings.High-first.Showings.Low {
		t.Errorf("all decisions tell %v, a sample %v", first.Showings, some.Showings)
	}
}

// TestForecastSpendsWhatIsLeft foretells a campaign of whose budgets some was taken already: of one that is used up nothing comes, and of one that was used up in a month that is over all.
func TestForecastSpendsWhatIsLeft(t *testing.T) {
	for name, c := range map[string]struct {
		budget engine.Budget
		taken  int64
		day    int // of November, on which it was taken; the forecast begins later in that month
		none   bool
	}{
		"untouched":           {budget: engine.Budget{Period: engine.PeriodTotal, Per: engine.PerCampaign}},
		"used up":             {budget: engine.Budget{Period: engine.PeriodTotal, Per: engine.PerCampaign}, taken: 1_000_000, day: -40, none: true},
		"used up this month":  {budget: engine.Budget{Period: engine.PeriodMonth, Per: engine.PerCampaign}, taken: 1_000_000, day: -1, none: true},
		"used up last month":  {budget: engine.Budget{Period: engine.PeriodMonth, Per: engine.PerCampaign}, taken: 1_000_000, day: -40},
		"used up at its only": {budget: engine.Budget{Period: engine.PeriodTotal, Per: engine.PerVenue}, taken: 1_000_000, day: -40, none: true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTown(t, 7, 30)
			w.live(0, 14, 40)
			x := w.campaign("x", "m-0")
			c.budget.Metric, c.budget.Limit = engine.MetricRedemptions, 1_000_000
			x.Budgets = []engine.Budget{c.budget}
			day := engine.DayTaken{Date: engine.DateOf(w.now.AddDate(0, 0, c.day)), Taken: engine.Taken{Redemptions: c.taken}}
			w.ok(w.store.UpdateAccount(t.Context(), engine.CampaignRef{MerchantID: "m-0", CampaignID: "x"}, func(tx engine.AccountTx) error {
				if c.budget.Per == engine.PerVenue {
					return tx.PutBalance(&engine.Balance{BalanceKey: engine.BalanceKey{Per: engine.PerVenue, ID: x.Venues.IDs[0]}, Total: day.Taken})
				}
				return tx.PutHead(&engine.AccountHead{Balance: engine.Balance{BalanceKey: engine.BalanceKey{Per: engine.PerCampaign}, Total: day.Taken, Days: []engine.DayTaken{day}}})
			}))
			f, err := w.forecaster(0).Forecast(t.Context(), engine.ForecastRequest{Campaign: &x, Days: 1})
			if err != nil {
				t.Fatal(err)
			}
			if (f.Showings.High == 0) != c.none || (f.Limited == "budgets[0]") != c.none {
				t.Errorf("%v showings, limited by %q, notes %v", f.Showings, f.Limited, f.Notes)
			}
		})
	}
}
