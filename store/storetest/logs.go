package storetest

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// OnceLog is what a store offers besides engine.Store: decisions that are kept at most once.
type OnceLog interface {
	// AppendDecisionOnce keeps a decision, or returns the one that first answered once.
	AppendDecisionOnce(ctx context.Context, once *engine.Once, d *engine.Decision) (*engine.Decision, error)
	// DecisionByOnce returns the decision that first answered once.
	DecisionByOnce(ctx context.Context, once *engine.Once) (*engine.Decision, error)
}

func testDecisionOnce(b *fixture) {
	log, ok := b.Store.(OnceLog)
	if !ok {
		b.Fatal("the store keeps no decision at most once")
	}
	once := func(key string, body byte) *engine.Once {
		return &engine.Once{Caller: "key_1", Key: key, Fingerprint: [32]byte{body}}
	}
	_, err := log.DecisionByOnce(b.ctx(), once("k", 1))
	b.is(err, engine.ErrNotFound)
	first := Decision("d-1", epoch)
	got, err := log.AppendDecisionOnce(b.ctx(), once("k", 1), first)
	b.ok(err)
	b.same(got, first)
	got, err = log.AppendDecisionOnce(b.ctx(), once("k", 1), Decision("d-2", epoch.AddDate(0, 0, 1)))
	b.ok(err)
	b.same(got, first)
	_, err = log.AppendDecisionOnce(b.ctx(), once("k", 2), Decision("d-3", epoch))
	b.is(err, engine.ErrOnceConflict)
	for _, id := range []string{"d-2", "d-3"} {
		_, err = b.Decision(b.ctx(), id)
		b.is(err, engine.ErrNotFound)
	}
	b.reopen()
	log = b.Store.(OnceLog)
	got, err = log.DecisionByOnce(b.ctx(), once("k", 1))
	b.ok(err)
	b.same(got, first)
	_, err = log.DecisionByOnce(b.ctx(), once("k", 2))
	b.is(err, engine.ErrOnceConflict)
	got, err = b.Decision(b.ctx(), "d-1")
	b.ok(err)
	b.same(got, first)
}

func testDecisions(b *fixture) {
	var all []*engine.Decision
	for i := range 60 {
		// Decisions of any day come in any order: an analyst asks what would have been, or what will be.
		at := epoch.AddDate(0, 0, (i*37)%11-5)
		d := Decision(fmt.Sprintf("d-%02d", i), at)
		d.Placements[0].Offers[0].Title = strings.Repeat("x", i*500)
		all = append(all, d)
	}
	b.ok(b.AppendDecisions(b.ctx(), nil))
	b.ok(b.AppendDecisions(b.ctx(), all[:1]))
	b.ok(b.AppendDecisions(b.ctx(), all[1:]))
	other := Decision("d-05", epoch)
	b.ok(b.AppendDecisions(b.ctx(), []*engine.Decision{other, other}))
	twice := Decision("twice", epoch)
	b.ok(b.AppendDecisions(b.ctx(), []*engine.Decision{twice, Decision("twice", epoch.AddDate(0, 0, 1))}))
	for _, d := range append(all, twice) {
		got, err := b.Decision(b.ctx(), d.ID)
		b.ok(err)
		b.same(got, d)
	}
	_, err := b.Decision(b.ctx(), "d-60")
	b.is(err, engine.ErrNotFound)
	bad := Decision("bad", epoch)
	bad.Request.User.Attributes["list"] = []string{"a"}
	if err := b.AppendDecisions(b.ctx(), []*engine.Decision{bad}); err == nil {
		b.Fatal("a decision that cannot be kept was taken")
	}
	minimal := &engine.Decision{ID: "minimal", Time: epoch}
	b.ok(b.AppendDecisions(b.ctx(), []*engine.Decision{minimal}))
	got, err := b.Decision(b.ctx(), "minimal")
	b.ok(err)
	b.same(got, minimal)
}

func testEvents(b *fixture) {
	event := func(i int) engine.Event {
		received := epoch.Add(time.Duration(i) * time.Second)
		return engine.Event{ID: fmt.Sprint("e-", i), Type: engine.EventClick, Time: received.Add(-time.Minute).In(time.FixedZone("", 3600)), Received: received,
			DecisionID: "d-1", Placement: "home", Position: i + 1, UserID: "u", MerchantID: "m", CampaignID: "c", VenueID: strings.Repeat("v", 900)}
	}
	var all []engine.Event
	for i := range 400 {
		all = append(all, event(i))
	}
	once := &engine.Once{Caller: "key_1", Key: "k", Fingerprint: [32]byte{1}}
	for _, step := range []struct {
		once *engine.Once
		from int
		to   int
		want bool
	}{{nil, 0, 10, true}, {once, 10, 30, true}, {once, 10, 30, false}, {nil, 30, 30, true}, {nil, 30, 400, true}} {
		appended, err := b.AppendEvents(b.ctx(), step.once, all[step.from:step.to])
		b.ok(err)
		b.same(appended, step.want)
	}
	_, err := b.AppendEvents(b.ctx(), &engine.Once{Caller: "key_1", Key: "k", Fingerprint: [32]byte{2}}, all[:1])
	b.is(err, engine.ErrOnceConflict)
	read := func(since time.Time) (got []engine.Event) {
		b.ok(b.EachEvent(b.ctx(), since, func(e engine.Event) error { got = append(got, e); return nil }))
		return got
	}
	b.same(read(time.Time{}), all)
	b.same(read(all[20].Received), all[20:])
	b.same(read(all[20].Received.Add(1)), all[21:])
	b.same(len(read(epoch.AddDate(1, 0, 0))), 0)
	late := event(-100)
	_, err = b.AppendEvents(b.ctx(), nil, []engine.Event{late})
	b.ok(err)
	b.same(read(all[399].Received), all[399:])
	b.same(read(late.Received), append(all, late))
}
