package storetest

import (
	"fmt"
	"strings"
	"time"

	"github.com/sihai-network/sihai/engine"
)

func (b *fixture) histories() engine.Histories {
	h, ok := b.Store.(engine.Histories)
	if !ok {
		b.Fatal("the store changes no histories")
	}
	return h
}

// testErasures keeps erasures and marks, and finds them by user only as long as they name one.
func testErasures(b *fixture) {
	one := engine.Erasure{ID: "e-1", UserID: "u/1 ", State: engine.ErasurePending, Asked: epoch}
	two := engine.Erasure{ID: "e-2", UserID: "u-2", State: engine.ErasurePending, Asked: epoch, Decisions: 1, Events: 2, Redemptions: 3}
	_, err := b.histories().ErasureOf(b.ctx(), one.UserID)
	b.is(err, engine.ErrNotFound)
	_, err = b.histories().Erasure(b.ctx(), "e-1")
	b.is(err, engine.ErrNotFound)
	b.ok(b.histories().PutErasure(b.ctx(), &one))
	b.ok(b.histories().PutErasure(b.ctx(), &two))
	got, err := b.histories().ErasureOf(b.ctx(), one.UserID)
	b.ok(err)
	b.same(got, one)
	pending, err := b.histories().PendingErasures(b.ctx(), 9)
	b.ok(err)
	b.same(len(pending), 2)
	one.UserID, one.State, one.Finished = "", engine.ErasureDone, epoch.Add(time.Hour)
	b.ok(b.histories().PutErasure(b.ctx(), &one))
	mark := engine.SweepMark{Decisions: engine.LogPlace{Time: epoch.Truncate(time.Millisecond), Seq: 7}, Events: engine.LogPlace{Time: epoch, Seq: 1},
		Account: engine.CampaignRef{MerchantID: "m", CampaignID: "c"}, Erasures: []string{"e-1", "e-2"}, Stage: engine.SweepEvents}
	b.ok(b.histories().PutSweepMark(b.ctx(), "a", &mark))
	b.reopen()
	_, err = b.histories().ErasureOf(b.ctx(), "u/1 ")
	b.is(err, engine.ErrNotFound)
	pending, err = b.histories().PendingErasures(b.ctx(), 9)
	b.ok(err)
	b.same(pending, []engine.Erasure{two})
	page, next, err := b.histories().ListErasures(b.ctx(), engine.Page{Limit: 1})
	b.ok(err)
	b.same(page, []engine.Erasure{one})
	page, next, err = b.histories().ListErasures(b.ctx(), engine.Page{Limit: 1, After: next})
	b.ok(err)
	b.same(page, []engine.Erasure{two})
	b.same(next, "")
	kept, err := b.histories().SweepMark(b.ctx(), "a")
	b.ok(err)
	b.same(kept, mark)
	none, err := b.histories().SweepMark(b.ctx(), "b")
	b.ok(err)
	b.same(none, engine.SweepMark{})
}

// testChanges changes decisions and events in their places, however many blocks they are in, and trims decisions with what leads to them.
func testChanges(b *fixture) {
	var all []*engine.Decision
	for i := range 12 {
		d := Decision(fmt.Sprintf("d-%02d", i), epoch)
		d.Placements[0].Offers[0].Title = strings.Repeat("x", 30_000)
		d.Request.User.ID = fmt.Sprint("u-", i%3)
		all = append(all, d)
	}
	b.ok(b.AppendDecisions(b.ctx(), all)) // blocks of one moment
	var last engine.LogPlace
	seen, calls := 0, 0
	for more := true; more; calls++ {
		var err error
		last, more, err = b.histories().ChangeDecisions(b.ctx(), last, time.Time{}, 2, func(d *engine.Decision) bool {
			seen++
			if d.Request.User.ID != "u-1" {
				return false
			}
			d.Request.User.ID = "a much longer name than the one before, so that the block has another length"
			return true
		})
		b.ok(err)
	}
	if calls < 2 {
		b.Fatalf("%d calls", calls)
	}
	b.same(seen, 12)
	b.reopen()
	for i, d := range all {
		if i%3 == 1 {
			d.Request.User.ID = "a much longer name than the one before, so that the block has another length"
		}
		got, err := b.Decision(b.ctx(), d.ID)
		b.ok(err)
		b.same(got, d)
	}
	again, more, err := b.histories().ChangeDecisions(b.ctx(), last, time.Time{}, 9, func(*engine.Decision) bool { b.Fatal("it is after the last"); return false })
	b.ok(err)
	b.same(more, false)
	b.same(again, last)
	_, more, err = b.histories().ChangeDecisions(b.ctx(), engine.LogPlace{}, last.Time, 9, func(*engine.Decision) bool { b.Fatal("it is not before"); return false })
	b.ok(err)
	b.same(more, false)

	event := engine.Event{ID: "e", Type: engine.EventClick, Time: epoch, Received: epoch, UserID: "u-1", CampaignID: "c"}
	_, err = b.AppendEvents(b.ctx(), nil, []engine.Event{event})
	b.ok(err)
	_, _, err = b.histories().ChangeEvents(b.ctx(), engine.LogPlace{}, time.Time{}, 9, func(e *engine.Event) bool { e.UserID = ""; return true })
	b.ok(err)
	event.UserID = ""
	b.ok(b.EachEvent(b.ctx(), time.Time{}, func(e engine.Event) error { b.same(e, event); return nil }))

	more, err = b.histories().TrimDecisions(b.ctx(), last.Time, 1)
	b.ok(err)
	b.same(more, false)
	_, err = b.Decision(b.ctx(), "d-00")
	b.ok(err)
	more, err = b.histories().TrimDecisions(b.ctx(), last.Time.Add(time.Millisecond), 1) // all of one moment go together
	b.ok(err)
	b.same(more, false)
	b.reopen()
	for _, d := range all {
		_, err := b.Decision(b.ctx(), d.ID)
		b.is(err, engine.ErrNotFound)
	}
	fresh := Decision("d-00", epoch)
	b.ok(b.AppendDecisions(b.ctx(), []*engine.Decision{fresh}))
	got, err := b.Decision(b.ctx(), "d-00")
	b.ok(err)
	b.same(got, fresh)
	b.ok(b.histories().Purge(b.ctx()))
}
