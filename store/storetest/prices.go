package storetest

import (
	"fmt"
	"maps"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// testPrices keeps prices in epochs and reads each epoch again; a change of nothing keeps the time alone.
func testPrices(b *fixture) {
	none, epoch, at, err := b.Prices(b.ctx())
	b.ok(err)
	b.same([]any{len(none), epoch, at.IsZero()}, []any{0, uint64(0), true})
	now := make(map[engine.CampaignRef]*engine.Prices)
	were := []map[engine.CampaignRef]*engine.Prices{{}}
	last := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	for i := range 8 {
		last = last.Add(time.Minute)
		changed := make(map[engine.CampaignRef]*engine.Prices)
		for j := range i % 3 {
			ref := engine.CampaignRef{MerchantID: "m-1", CampaignID: fmt.Sprintf("c-%d", (i*j)%5)}
			changed[ref] = &engine.Prices{At: last, Redeemed: 0.25, Budgets: []engine.BudgetPrice{
				{Metric: engine.MetricSpend, Currency: "USD", Period: engine.PeriodDay, Per: engine.PerCampaign, Price: float64(i) / 8, Taken: int64(100 * i), Since: engine.Date{Year: 2026, Month: 11, Day: 26}},
				{Metric: engine.MetricImpressions, Per: engine.PerVenue, VenueID: "v-1", Price: 0.5},
			}}
		}
		epoch, err := b.KeepPrices(b.ctx(), last, changed)
		b.ok(err)
		if len(changed) > 0 {
			maps.Copy(now, changed)
			were = append(were, maps.Clone(now))
		}
		b.same(epoch, uint64(len(were)-1))
	}
	b.reopen()
	got, epoch, at, err := b.Prices(b.ctx())
	b.ok(err)
	b.same([]any{got, epoch, at.Equal(last)}, []any{now, uint64(len(were) - 1), true})
	some := []engine.CampaignRef{{MerchantID: "m-1", CampaignID: "c-1"}, {MerchantID: "m-1", CampaignID: "c-4"}, {MerchantID: "m-2", CampaignID: "c-1"}}
	for epoch, want := range were {
		got, err := b.PricesAt(b.ctx(), uint64(epoch), nil)
		b.ok(err)
		b.same(got, want)
		got, err = b.PricesAt(b.ctx(), uint64(epoch), some)
		b.ok(err)
		of := make(map[engine.CampaignRef]*engine.Prices)
		for _, ref := range some {
			if p, ok := want[ref]; ok {
				of[ref] = p
			}
		}
		b.same(got, of)
	}
}
