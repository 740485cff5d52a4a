package storetest

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
)

func testFeed(b *fixture) {
	b.merchant("m-1")
	b.venue("m-1", "v-1")
	b.venue("m-1", "v-2")
	b.campaign(Campaign("m-1", "c-1", "v-1"))
	b.ok(b.DeleteVenue(b.ctx(), b.write(), "m-1", "v-2"))
	_, err := b.PutKey(b.ctx(), b.write(), engine.Key{ID: "key_a", Role: engine.RoleApp})
	b.ok(err)
	want := []engine.Change{
		{Seq: 1, Kind: engine.ChangeMerchant, MerchantID: "m-1", ID: "m-1", After: 1},
		{Seq: 2, Kind: engine.ChangeVenue, MerchantID: "m-1", ID: "v-1", After: 1},
		{Seq: 3, Kind: engine.ChangeVenue, MerchantID: "m-1", ID: "v-2", After: 1},
		{Seq: 4, Kind: engine.ChangeCampaign, MerchantID: "m-1", ID: "c-1", After: 1},
		{Seq: 5, Kind: engine.ChangeVenue, MerchantID: "m-1", ID: "v-2", Before: 1},
		{Seq: 6, Kind: engine.ChangeKey, ID: "key_a", After: 1},
	}
	b.same(b.changes(0), want)
	b.same(b.changes(4), want[4:])
	b.same(len(b.changes(6)), 0)
	b.same(len(b.changes(600)), 0)
	part, err := b.Changes(b.ctx(), 1, 2)
	b.ok(err)
	b.same(part, want[1:3])
	_, err = b.PutVenue(b.ctx(), b.when(engine.Precondition{Absent: true}), Venue("m-1", "v-1"))
	b.is(err, engine.ErrExists)
	b.same(b.position(), uint64(6))
	b.reopen()
	b.same(b.changes(0), want)
}

// testWaitChange has a follower read the feed while two writers write: it misses nothing and sees nothing twice.
func testWaitChange(b *fixture) {
	const writers, each = 2, 15
	b.merchant("m-1")
	short, cancel := context.WithTimeout(b.ctx(), 20*time.Millisecond)
	defer cancel()
	b.is(b.WaitChange(short, 1), context.DeadlineExceeded)
	b.ok(b.WaitChange(b.ctx(), 0))

	w := b.write()
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			for range each {
				if _, err := b.PutVenue(b.ctx(), w, Venue("m-1", string(rune('a'+i)))); err != nil {
					b.Error(err)
				}
			}
		})
	}
	seen := uint64(1)
	for seen < 1+writers*each {
		b.ok(b.WaitChange(b.ctx(), seen))
		for _, c := range b.changes(seen) {
			b.same(c.Seq, seen+1)
			seen++
		}
	}
	wg.Wait()

	waiting := make(chan error)
	go func() { waiting <- b.WaitChange(context.Background(), seen) }()
	b.ok(b.Close())
	if err := <-waiting; err == nil {
		b.Fatal("a closed store told of a change")
	}
	b.Store = b.open()
}

func testScan(b *fixture) {
	for _, m := range []string{"m-2", "m-1", "m-3"} {
		b.merchant(m)
		for _, v := range []string{"v-2", "v-1"} {
			b.venue(m, v)
			b.campaign(Campaign(m, "c-"+v, v))
		}
	}
	b.ok(b.DeleteVenue(b.ctx(), b.write(), "m-2", b.venue("m-2", "v-3").ID))
	for _, k := range []engine.Key{{ID: "key_b", Hash: [32]byte{2}}, {ID: "key_a", Hash: [32]byte{1}}} {
		_, err := b.PutKey(b.ctx(), b.write(), k)
		b.ok(err)
	}
	_, err := b.RevokeKey(b.ctx(), b.write(), "key_b")
	b.ok(err)
	var seen []string
	b.ok(b.EachMerchant(b.ctx(), func(m engine.Merchant) error { seen = append(seen, m.ID); return nil }))
	b.ok(b.EachVenue(b.ctx(), func(v engine.Venue) error {
		// A scan may read the store.
		again, err := b.Venue(b.ctx(), v.MerchantID, v.ID)
		b.same(again, v)
		seen = append(seen, v.MerchantID+v.ID)
		return err
	}))
	b.ok(b.EachCampaign(b.ctx(), func(c engine.Campaign) error { seen = append(seen, c.MerchantID+c.ID); return nil }))
	b.ok(b.EachKey(b.ctx(), func(k engine.Key) error { seen = append(seen, k.ID); return nil }))
	b.same(seen, []string{"m-1", "m-2", "m-3", "m-1v-1", "m-1v-2", "m-2v-1", "m-2v-2", "m-3v-1", "m-3v-2",
		"m-1c-v-1", "m-1c-v-2", "m-2c-v-1", "m-2c-v-2", "m-3c-v-1", "m-3c-v-2", "key_a", "key_b"})
	stop := errors.New("stop")
	b.is(b.EachVenue(b.ctx(), func(engine.Venue) error { return stop }), stop)
}

func testClosed(b *fixture) {
	b.merchant("m-1")
	b.ok(b.Close())
	b.ok(b.Close())
	_, err := b.Merchant(b.ctx(), "m-1")
	b.is(err, engine.ErrUnavailable)
	_, err = b.PutMerchant(b.ctx(), b.write(), engine.Merchant{ID: "m-2"})
	b.is(err, engine.ErrUnavailable)
	b.is(b.WaitChange(b.ctx(), 0), engine.ErrUnavailable)
	_, err = b.CommitImport(b.ctx(), b.write(), engine.Import{ImportID: engine.ImportID{MerchantID: "m-1", ID: "i"}})
	b.is(err, engine.ErrUnavailable)
}

func testReopen(b *fixture) {
	b.merchant("m-1")
	b.venue("m-1", "v-1")
	c := b.campaign(Campaign("m-1", "c-1", "v-1"))
	p, err := b.PutProfile(b.ctx(), b.write(), scoring.Default())
	b.ok(err)
	_, err = b.ActivateProfile(b.ctx(), b.write(), p.Name, 0)
	b.ok(err)
	d := Decision("d-1", epoch)
	b.ok(b.AppendDecisions(b.ctx(), []*engine.Decision{d}))
	changes := b.changes(0)
	b.reopen()
	again, err := b.Campaign(b.ctx(), "m-1", "c-1")
	b.ok(err)
	b.same(again, c)
	active, err := b.ActiveProfile(b.ctx())
	b.ok(err)
	b.same(active, p)
	kept, err := b.Decision(b.ctx(), "d-1")
	b.ok(err)
	b.same(kept, d)
	b.same(b.changes(0), changes)
	b.venue("m-1", "v-2")
	b.same(b.position(), uint64(len(changes)+1))
}
