package ledger

import (
	"context"
	"fmt"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// relearnPage is how many movements are read at once.
const relearnPage = 1000

// relearn reads when offers were used within the days that pacing asks for: the movements of each account, from the newest back.
func (b *Book) relearn(ctx context.Context) error {
	since := b.now().Add(-(learnDays + 2) * 24 * time.Hour)
	refs, newest := b.holds.heads()
	for i, ref := range refs {
		for to := newest[i]; to > 0; {
			after := to - min(to, relearnPage)
			page, err := b.accounts.Movements(ctx, ref, after, int(to-after))
			if err != nil {
				return fmt.Errorf("read movements of campaign %s of merchant %s: %w", ref.CampaignID, ref.MerchantID, err)
			}
			for j := range page {
				b.meter.relearn(ref, &page[j])
			}
			if to = after; len(page) > 0 && page[0].Time.Before(since) {
				break
			}
		}
	}
	return nil
}

// relearn takes in a movement of the past.
func (m *Meter) relearn(ref engine.CampaignRef, v *engine.Movement) {
	if v.Kind != engine.MoveReserve && v.Kind != engine.MoveRedeem {
		return
	}
	for _, c := range v.Changes {
		if c.Per == engine.PerVenue {
			m.traffic.restore(localMoment(v.Time, m.zones.Zone(ref.MerchantID, c.ID)).zone, v.Time)
		}
	}
}
