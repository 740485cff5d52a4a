package storetest

import (
	"strconv"
	"strings"
	"sync"

	"github.com/sihai-network/sihai/engine"
)

func testVersions(b *fixture) {
	first := b.merchant("m-1")
	b.same(first.Meta, engine.Meta{Version: 1, Created: epoch.Add(3600e9), Updated: epoch.Add(3600e9), By: "key_1"})
	second := b.merchant("m-1")
	b.same(second.Meta, engine.Meta{Version: 2, Created: first.Meta.Created, Updated: epoch.Add(7200e9), By: "key_1"})
	read, err := b.Merchant(b.ctx(), "m-1")
	b.ok(err)
	b.same(read, second)

	put := b.venue("m-1", "v-1")
	want := Venue("m-1", "v-1")
	want.Meta = put.Meta
	b.same(put, want)
	venue, err := b.Venue(b.ctx(), "m-1", "v-1")
	b.ok(err)
	b.same(venue, put)

	stored := b.campaign(Campaign("m-1", "c-1", "v-1"))
	wanted := Campaign("m-1", "c-1", "v-1")
	wanted.Meta = stored.Meta
	b.same(stored, wanted)
	campaign, err := b.Campaign(b.ctx(), "m-1", "c-1")
	b.ok(err)
	b.same(campaign, stored)
}

func testConditions(b *fixture) {
	b.merchant("m-1")
	put := func(p engine.Precondition) error {
		_, err := b.PutVenue(b.ctx(), b.when(p), Venue("m-1", "v-1"))
		return err
	}
	b.is(put(engine.Precondition{Version: 1}), engine.ErrNotFound)
	b.ok(put(engine.Precondition{Absent: true}))
	b.is(put(engine.Precondition{Absent: true}), engine.ErrExists)
	b.ok(put(engine.Precondition{Version: 1}))
	b.is(put(engine.Precondition{Version: 1}), engine.ErrStale)
	b.is(b.DeleteVenue(b.ctx(), b.when(engine.Precondition{Version: 1}), "m-1", "v-1"), engine.ErrStale)
	b.ok(b.DeleteVenue(b.ctx(), b.when(engine.Precondition{Version: 2}), "m-1", "v-1"))
	b.is(b.DeleteVenue(b.ctx(), b.write(), "m-1", "v-1"), engine.ErrNotFound)
	_, err := b.Venue(b.ctx(), "m-1", "v-1")
	b.is(err, engine.ErrNotFound)
}

func testMerchantsFirst(b *fixture) {
	_, err := b.PutVenue(b.ctx(), b.write(), Venue("m-1", "v-1"))
	b.is(err, engine.ErrNotFound)
	_, err = b.PutCampaign(b.ctx(), b.write(), Campaign("m-1", "c-1"))
	b.is(err, engine.ErrNotFound)
	_, err = b.BeginImport(b.ctx(), b.write(), engine.Import{ImportID: engine.ImportID{MerchantID: "m-1", ID: "i-1"}, Kind: engine.ImportVenues})
	b.is(err, engine.ErrNotFound)
	_, err = b.Merchant(b.ctx(), "m-1")
	b.is(err, engine.ErrNotFound)
	b.same(b.position(), uint64(0))
}

func testPages(b *fixture) {
	b.merchant("m")
	b.merchant("m-1") // its name begins with that of the other
	ids := []string{"A", "B-1", "B.1", "B:1", "B_1", "a", "b"}
	for _, i := range []int{3, 0, 6, 2, 5, 1, 4} {
		b.venue("m", ids[i])
	}
	b.venue("m-1", "other")
	for limit := 1; limit <= len(ids)+1; limit++ {
		var got []string
		p := engine.Page{Limit: limit}
		for pages := 0; ; pages++ {
			page, next, err := b.ListVenues(b.ctx(), "m", p)
			b.ok(err)
			for _, v := range page {
				got = append(got, v.ID)
			}
			if len(page) > limit || pages > len(ids) {
				b.Fatalf("a page of %d with limit %d", len(page), limit)
			}
			if p.After = next; next == "" {
				break
			}
		}
		b.same(got, ids)
	}
	page, next, err := b.ListVenues(b.ctx(), "m", engine.Page{Limit: 1, After: "B.9"})
	b.ok(err)
	b.same([]string{page[0].ID, next}, []string{"B:1", "B:1"})
	none, next, err := b.ListVenues(b.ctx(), "nobody", engine.Page{Limit: 5})
	b.ok(err)
	b.same([]any{len(none), next}, []any{0, ""})
	all, _, err := b.ListMerchants(b.ctx(), engine.Page{Limit: 5})
	b.ok(err)
	b.same([]string{all[0].ID, all[1].ID}, []string{"m", "m-1"})
}

func testRevisions(b *fixture) {
	b.merchant("m-1")
	var put []engine.Campaign
	for i := range 5 {
		c := Campaign("m-1", "c-1")
		c.Stacking.Priority = i
		put = append(put, b.campaign(c))
	}
	b.campaign(Campaign("m-1", "c-10"))
	for limit := 1; limit <= 6; limit++ {
		p := engine.Page{Limit: limit}
		want := len(put)
		for want > 0 {
			page, next, err := b.CampaignRevisions(b.ctx(), "m-1", "c-1", p)
			b.ok(err)
			b.same(len(page), min(limit, want))
			for _, c := range page {
				want--
				b.same(c, put[want])
			}
			b.same(next == "", want == 0)
			p.After = next
		}
	}
}

func testRevisionsOfNothing(b *fixture) {
	b.merchant("m-1")
	_, _, err := b.CampaignRevisions(b.ctx(), "m-1", "c-1", engine.Page{Limit: 5})
	b.is(err, engine.ErrNotFound)
	b.campaign(Campaign("m-1", "c-1"))
	_, _, err = b.CampaignRevisions(b.ctx(), "m-1", "c-1", engine.Page{Limit: 5, After: "x"})
	b.fault(err, "cursor", "invalid")
	page, next, err := b.CampaignRevisions(b.ctx(), "m-1", "c-1", engine.Page{Limit: 5, After: "1"})
	b.ok(err)
	b.same([]any{len(page), next}, []any{0, ""})
}

func testOwnership(b *fixture) {
	b.merchant("m-1")
	given := Venue("m-1", "v-1")
	put, err := b.PutVenue(b.ctx(), b.write(), given)
	b.ok(err)
	given.Partners[0], given.Name["en"] = "changed", "changed"
	put.Partners[0], put.Name["en"] = "changed", "changed"
	read, err := b.Venue(b.ctx(), "m-1", "v-1")
	b.ok(err)
	b.same([]string{read.Partners[0], read.Name["en"]}, []string{"stripe", "Lincoln Road v-1"})
}

func testBadIDs(b *fixture) {
	b.merchant("m-1")
	for _, id := range []string{"", "a/b", "a b", "a\x00b", strings.Repeat("a", 300)} {
		_, err := b.PutMerchant(b.ctx(), b.write(), engine.Merchant{ID: id})
		b.fault(err, "id", "invalid")
		_, err = b.PutVenue(b.ctx(), b.write(), Venue("m-1", id))
		b.fault(err, "id", "invalid")
		_, err = b.PutCampaign(b.ctx(), b.write(), Campaign("m-1", id))
		b.fault(err, "id", "invalid")
		_, err = b.Campaign(b.ctx(), "m-1", id)
		b.is(err, engine.ErrNotFound)
		_, err = b.Campaign(b.ctx(), id, "c-1")
		b.is(err, engine.ErrNotFound)
		_, err = b.Decision(b.ctx(), id)
		b.is(err, engine.ErrNotFound)
		b.is(b.DeleteVenue(b.ctx(), b.write(), "m-1", id), engine.ErrNotFound)
	}
}

func testUpdateCampaign(b *fixture) {
	b.merchant("m-1")
	nothing := func(*engine.Campaign) error { return nil }
	_, err := b.UpdateCampaign(b.ctx(), b.write(), "m-1", "c-1", nothing)
	b.is(err, engine.ErrNotFound)
	b.venue("m-1", "v-1")
	first := b.campaign(Campaign("m-1", "c-1", "v-1"))

	updated, err := b.UpdateCampaign(b.ctx(), b.write(), "m-1", "c-1", func(c *engine.Campaign) error {
		c.Status, c.ID, c.MerchantID, c.Meta = engine.StatusDisabled, "mine", "mine", engine.Meta{Version: 40}
		return nil
	})
	b.ok(err)
	want := first
	want.Status, want.Meta = engine.StatusDisabled, engine.Meta{Version: 2, Created: first.Meta.Created, Updated: updated.Meta.Updated, By: "key_1"}
	b.same(updated, want)

	own := engine.Faults{{Path: "status", Code: "invalid"}}
	_, err = b.UpdateCampaign(b.ctx(), b.write(), "m-1", "c-1", func(*engine.Campaign) error { return own })
	b.same(err, error(own))
	_, err = b.UpdateCampaign(b.ctx(), b.when(engine.Precondition{Version: 1}), "m-1", "c-1", nothing)
	b.is(err, engine.ErrStale)
	_, err = b.UpdateCampaign(b.ctx(), b.write(), "m-1", "c-1", func(c *engine.Campaign) error {
		c.Venues.IDs[0] = "v-2"
		return nil
	})
	b.fault(err, "venues.ids[0]", "unknown_venue")
	read, err := b.Campaign(b.ctx(), "m-1", "c-1")
	b.ok(err)
	b.same(read, updated)
	b.is(b.DeleteVenue(b.ctx(), b.write(), "m-1", "v-1"), engine.ErrInUse)
}

func testConcurrentUpdates(b *fixture) {
	const writers, each = 8, 10
	b.merchant("m-1")
	b.campaign(Campaign("m-1", "c-1"))
	before, w := b.position(), b.write()
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				_, err := b.UpdateCampaign(b.ctx(), w, "m-1", "c-1", func(c *engine.Campaign) error {
					c.Stacking.Priority++
					return nil
				})
				if err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	c, err := b.Campaign(b.ctx(), "m-1", "c-1")
	b.ok(err)
	b.same([]any{c.Stacking.Priority, c.Meta.Version}, []any{2 + writers*each, uint64(1 + writers*each)})
	b.same(b.position(), before+writers*each)
}

func testVenueReferences(b *fixture) {
	b.merchant("m-1")
	b.merchant("m-2")
	b.venue("m-1", "v-1")
	b.venue("m-2", "v-2")
	_, err := b.PutCampaign(b.ctx(), b.write(), Campaign("m-1", "c-1", "v-1", "v-2", "v-1", "v/3"))
	var faults engine.Faults
	for _, i := range []int{1, 3} {
		faults.Add("venues.ids["+strconv.Itoa(i)+"]", "unknown_venue", "")
	}
	got := faultsOf(err)
	for i := range got {
		got[i].Message = ""
	}
	b.same(got, faults)
	_, err = b.Campaign(b.ctx(), "m-1", "c-1")
	b.is(err, engine.ErrNotFound)
	archived := Campaign("m-1", "c-1", "v-2")
	archived.Status = engine.StatusArchived
	b.campaign(archived)
}

func testVenueInUse(b *fixture) {
	b.merchant("m-1")
	b.venue("m-1", "v-1")
	b.venue("m-1", "v-2")
	c := Campaign("m-1", "c-1", "v-1", "v-2")
	b.campaign(c)
	b.campaign(Campaign("m-1", "c-2", "v-1"))
	b.is(b.DeleteVenue(b.ctx(), b.write(), "m-1", "v-2"), engine.ErrInUse)
	c.Venues.IDs = []string{"v-1"}
	b.campaign(c)
	b.ok(b.DeleteVenue(b.ctx(), b.write(), "m-1", "v-2"))
	c.Status = engine.StatusArchived
	b.campaign(c)
	b.is(b.DeleteVenue(b.ctx(), b.write(), "m-1", "v-1"), engine.ErrInUse)
	_, err := b.UpdateCampaign(b.ctx(), b.write(), "m-1", "c-2", func(c *engine.Campaign) error {
		c.Status = engine.StatusArchived
		return nil
	})
	b.ok(err)
	c.Status = engine.StatusEnabled
	b.campaign(c)
	b.is(b.DeleteVenue(b.ctx(), b.write(), "m-1", "v-1"), engine.ErrInUse)
	c.Status = engine.StatusArchived
	b.campaign(c)
	b.ok(b.DeleteVenue(b.ctx(), b.write(), "m-1", "v-1"))
}

func testDeletedVenue(b *fixture) {
	b.merchant("m-1")
	b.venue("m-1", "v-1")
	b.venue("m-1", "v-1")
	b.ok(b.DeleteVenue(b.ctx(), b.write(), "m-1", "v-1"))
	w := b.when(engine.Precondition{Absent: true})
	v, err := b.PutVenue(b.ctx(), w, Venue("m-1", "v-1"))
	b.ok(err)
	b.same(v.Meta, engine.Meta{Version: 3, Created: w.At, Updated: w.At, By: w.By})
}

// faultsOf returns the faults of an error, nil for none.
func faultsOf(err error) engine.Faults {
	f, _ := asFaults(err)
	return f
}
