package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// Options says what a Taker works with.
type Options struct {
	Log       engine.EventLog // required
	Decisions DecisionReader  // required
	Meter     *Meter          // required; fresh, see OpenTaker
	Now       engine.Clock    // nil: time.Now
}

// DecisionReader reads recorded decisions; an engine.Decider is one.
type DecisionReader interface {
	// Decision returns ErrNotFound for an unknown ID.
	Decision(ctx context.Context, id string) (*engine.Decision, error)
}

// The bounds of what a Taker takes.
const (
	MaxBatch   = 1000 // events in a call
	MaxEventID = 128  // bytes of an event's own ID

	maxAge  = 7 * 24 * time.Hour // of an event that a phone sends late
	maxLead = 5 * time.Minute    // of a phone's clock before the server's
)

// Taker takes what travellers did: it validates a batch, keeps it durably and counts it in a Meter. It is safe for concurrent use.
//
// An event that is given again counts once, whichever call brings it: its ID follows from the decision, the placement, the
// offer, the type and the app's own ID, if there is one, and the Taker remembers the IDs of some eight days, some 50
// bytes each, which is longer than an event may be late.
type Taker struct {
	log       engine.EventLog
	decisions DecisionReader
	meter     *Meter
	now       engine.Clock
	seen      seen
}

var _ engine.EventTaker = (*Taker)(nil)

// OpenTaker counts the whole event log into the meter, which must not have counted any of it, and returns a Taker that goes
// on from there. Cost: one read of the log.
func OpenTaker(ctx context.Context, o Options) (*Taker, error) {
	var missing []error
	if o.Log == nil {
		missing = append(missing, errors.New("log: required"))
	}
	if o.Decisions == nil {
		missing = append(missing, errors.New("decisions: required"))
	}
	if o.Meter == nil {
		missing = append(missing, errors.New("meter: required"))
	}
	if err := errors.Join(missing...); err != nil {
		return nil, fmt.Errorf("ledger options: %w", err)
	}
	t := &Taker{log: o.Log, decisions: o.Decisions, meter: o.Meter, now: o.Now}
	if t.now == nil {
		t.now = time.Now
	}
	t.seen.open()
	err := o.Log.EachEvent(ctx, time.Time{}, func(e engine.Event) error {
		if t.seen.load(e.ID, e.Received) {
			t.meter.Count(&e)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count the event log: %w", err)
	}
	return t, nil
}

// TakeEvents validates a batch, keeps what is new of it durably and then counts it. Faults name the events by path
// ("events[2].offer_id"), and then nothing is taken. Fields that follow from the decision (placement, position, user, merchant) may be
// empty; a time that is zero is now. events itself is left unchanged.
func (t *Taker) TakeEvents(ctx context.Context, once *engine.Once, events []engine.Event) error {
	now := t.now().UTC()
	filled, err := t.check(ctx, events, now)
	if err != nil {
		return err
	}
	for {
		fresh, leave, wait := t.seen.claim(filled, now)
		if wait != nil {
			select {
			case <-wait:
				continue
			case <-ctx.Done():
				return fmt.Errorf("take events: %w", ctx.Err())
			}
		}
		err := t.take(ctx, once, fresh)
		leave(err == nil)
		return err
	}
}

// take keeps and counts events that were not counted before.
func (t *Taker) take(ctx context.Context, once *engine.Once, fresh []engine.Event) error {
	if len(fresh) == 0 && once == nil {
		return nil
	}
	// Events that an idempotency key brought before are in the log; those of them that are fresh here were not counted, since the
	// answer of the log got lost.
	if _, err := t.log.AppendEvents(ctx, once, fresh); err != nil {
		return fmt.Errorf("append %d events: %w", len(fresh), err)
	}
	for i := range fresh {
		t.meter.Count(&fresh[i])
	}
	return nil
}
