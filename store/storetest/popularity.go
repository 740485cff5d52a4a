package storetest

import (
	"fmt"
	"maps"

	"github.com/sihai-network/sihai/engine"
)

// testPopularity keeps random counts in epochs and reads each epoch again.
func testPopularity(b *fixture) {
	none, epoch, err := b.Popularity(b.ctx())
	b.ok(err)
	b.same([]any{len(none), epoch}, []any{0, uint64(0)})
	now := make(map[engine.CampaignRef]engine.Counts)
	were := []map[engine.CampaignRef]engine.Counts{{}}
	for i := range 12 {
		changed := make(map[engine.CampaignRef]engine.Counts)
		for j := range 1 + i%4 {
			// IDs of which one is the other's beginning
			ref := engine.CampaignRef{MerchantID: "m-1", CampaignID: fmt.Sprintf("c-%d", (i*j)%13)}
			changed[ref] = engine.Counts{Impressions: float64(10*i + j), Clicks: float64(i)}
		}
		epoch, err := b.KeepPopularity(b.ctx(), changed)
		b.ok(err)
		b.same(epoch, uint64(i+1))
		maps.Copy(now, changed)
		were = append(were, maps.Clone(now))
	}
	b.reopen()
	counts, epoch, err := b.Popularity(b.ctx())
	b.ok(err)
	b.same([]any{counts, epoch}, []any{now, uint64(12)})
	some := []engine.CampaignRef{{MerchantID: "m-1", CampaignID: "c-1"}, {MerchantID: "m-1", CampaignID: "c-12"}, {MerchantID: "m-2", CampaignID: "c-1"}}
	for epoch, want := range were {
		got, err := b.PopularityAt(b.ctx(), uint64(epoch), nil)
		b.ok(err)
		b.same(got, want)
		got, err = b.PopularityAt(b.ctx(), uint64(epoch), some)
		b.ok(err)
		of := make(map[engine.CampaignRef]engine.Counts)
		for _, ref := range some {
			if counts, ok := want[ref]; ok {
				of[ref] = counts
			}
		}
		b.same(got, of)
	}
}
