package store

import (
	"context"
	"fmt"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/kv"
)

// onceEvents is the kind of a receipt for events.
const onceEvents = "events"

// AppendEvents implements engine.EventLog. engine.ErrOnceConflict when the key of once was used for other events. The events are one
// transaction: some 9 MiB of them fit.
func (db *DB) AppendEvents(ctx context.Context, once *engine.Once, events []engine.Event) (appended bool, err error) {
	bodies := make([][]byte, len(events))
	var newest time.Time
	for i := range events {
		if bodies[i], err = encodeBody(&events[i], writeEvent); err != nil {
			return false, fmt.Errorf("append event %s: %w", events[i].ID, err)
		}
		if events[i].Received.After(newest) {
			newest = events[i].Received
		}
	}
	blocks, _ := pack(bodies)
	err = db.kv.Update(ctx, eventsPlace().part, nil, func(tx kv.Tx) error {
		appended = false
		if was, err := earlier(tx, once, onceEvents); err != nil || was != nil {
			return err
		}
		appended = true
		for _, block := range blocks {
			// Every block has the time of the newest event, so that EachEvent misses none.
			if _, err := tx.AppendBlock(eventBlock, newest, block); err != nil {
				return err
			}
		}
		return remember(tx, once, onceEvents, "", 1)
	})
	if err != nil {
		return false, fmt.Errorf("append events: %w", Translate(err))
	}
	return appended, nil
}

// EachEvent implements engine.EventLog. fn runs outside of any transaction. Cost: the blocks since, some 128 KiB each.
func (db *DB) EachEvent(ctx context.Context, since time.Time, fn func(engine.Event) error) error {
	const at = 16
	after := kv.Place{Time: since}
	for {
		blocks, err := db.kv.Blocks(ctx, eventBlock, after, at)
		if err != nil {
			return fmt.Errorf("read events: %w", Translate(err))
		}
		for _, b := range blocks {
			events, err := unpack(b.Data, readEvent)
			if err != nil {
				return fmt.Errorf("read events of block %d: %w", b.Seq, err)
			}
			for _, e := range events {
				if e.Received.Before(since) {
					continue
				}
				if err := fn(e); err != nil {
					return err
				}
			}
			after = b.Place
		}
		if len(blocks) < at {
			return nil
		}
	}
}
