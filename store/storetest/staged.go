package storetest

import (
	"time"

	"github.com/sihai-network/sihai/engine"
)

// scheduled returns what the store says is scheduled.
func (b *fixture) scheduled() (refs []engine.StagedRef) {
	b.Helper()
	b.ok(b.EachScheduledChange(b.ctx(), func(r engine.StagedRef) error { refs = append(refs, r); return nil }))
	return refs
}

func testStagedChanges(b *fixture) {
	b.merchant("m-1")
	b.merchant("m-2")
	b.venue("m-1", "v-1")
	b.campaign(Campaign("m-1", "c-1", "v-1"))
	moment := epoch.Add(240 * time.Hour).Truncate(time.Millisecond)
	next := Campaign("m-1", "c-1", "v-1")
	next.Stacking.Priority = 9
	w := b.write()
	w.Once = &engine.Once{Caller: "key_1", Key: "k"}
	change := engine.StagedChange{ID: "s-1", MerchantID: "m-1", CampaignID: "c-1", Campaign: &next, LiveAt: moment, State: engine.StagedScheduled}
	put, err := b.PutStagedChange(b.ctx(), w, change)
	b.ok(err)
	want := change
	want.By, want.Created = "key_1", w.At
	b.same(put, want)
	change.ID = "s-9"
	again, err := b.PutStagedChange(b.ctx(), w, change) // the same idempotency key
	b.ok(err)
	b.same(again, want)
	read, err := b.StagedChange(b.ctx(), "m-1", "s-1")
	b.ok(err)
	b.same(read, want)
	_, err = b.StagedChange(b.ctx(), "m-2", "s-1")
	b.is(err, engine.ErrNotFound)

	bad := Campaign("m-1", "c-2", "v-9")
	for _, c := range []struct {
		engine.StagedChange
		want error
	}{
		{engine.StagedChange{CampaignID: "c-1", Campaign: &next, Absent: true}, engine.ErrExists},
		{engine.StagedChange{CampaignID: "c-1", Campaign: &next, Base: 7}, engine.ErrStale},
		{engine.StagedChange{CampaignID: "c-2", Status: engine.StatusDisabled}, engine.ErrNotFound},
		{engine.StagedChange{CampaignID: "c-2", Campaign: &bad}, nil},
	} {
		c.ID, c.MerchantID, c.State = "s-x", "m-1", engine.StagedPending
		_, err := b.PutStagedChange(b.ctx(), b.write(), c.StagedChange)
		if c.want == nil {
			b.fault(err, "venues.ids[0]", "unknown_venue")
			continue
		}
		b.is(err, c.want)
	}
	_, err = b.PutStagedChange(b.ctx(), b.write(), engine.StagedChange{ID: "s-2", MerchantID: "m-1", CampaignID: "c-1", Status: engine.StatusArchived, State: engine.StagedPending})
	b.ok(err)
	for limit := 1; limit <= 3; limit++ {
		page, next, err := b.ListStagedChanges(b.ctx(), "m-1", engine.StagedFilter{CampaignID: "c-1"}, engine.Page{Limit: limit})
		b.ok(err)
		b.same([]any{len(page), next == ""}, []any{min(limit, 2), limit >= 2})
	}
	page, _, err := b.ListStagedChanges(b.ctx(), "m-1", engine.StagedFilter{State: engine.StagedPending}, engine.Page{Limit: 9})
	b.ok(err)
	b.same([]any{len(page), page[0].ID}, []any{1, "s-2"})

	b.reopen()
	b.same(b.scheduled(), []engine.StagedRef{{LiveAt: moment, MerchantID: "m-1", ID: "s-1"}})
	b.settleOnce(moment)
}

// settleOnce makes the change s-1 twice, and an error of decide in between: one version comes of it, with the change in one step.
func (b *fixture) settleOnce(moment time.Time) {
	b.Helper()
	position := b.position()
	own := engine.Faults{{Path: "status", Code: "invalid"}}
	_, err := b.SettleStagedChange(b.ctx(), b.write(), "m-1", "s-1", func(c *engine.StagedChange, _ *engine.Campaign) (*engine.Campaign, error) {
		c.State = engine.StagedMade
		return c.Campaign, own
	})
	b.fault(err, "status", "invalid")
	b.same(b.position(), position)
	for range 2 {
		_, err = b.SettleStagedChange(b.ctx(), b.write(), "m-1", "s-1", func(c *engine.StagedChange, now *engine.Campaign) (*engine.Campaign, error) {
			if c.State != engine.StagedScheduled {
				return nil, engine.ErrSettled
			}
			b.same(now.Stacking.Priority, 2)
			c.State, c.Made = engine.StagedMade, moment
			return c.Campaign, nil
		})
		if err != nil {
			b.is(err, engine.ErrSettled)
		}
	}
	made, err := b.StagedChange(b.ctx(), "m-1", "s-1")
	b.ok(err)
	c, err := b.Campaign(b.ctx(), "m-1", "c-1")
	b.ok(err)
	b.same([]any{made.State, made.Version, c.Meta.Version, c.Stacking.Priority, c.Meta.By}, []any{engine.StagedMade, uint64(2), uint64(2), 9, "key_1"})
	b.same(b.position(), position+1)
	b.same(len(b.scheduled()), 0)
	_, err = b.SettleStagedChange(b.ctx(), b.write(), "m-2", "s-1", nil)
	b.is(err, engine.ErrNotFound)
}
