package webhook

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

// pendingOf returns a delivery of an event that is due at once.
func pendingOf(webhook string, e *engine.HookEvent, now time.Time) engine.Delivery {
	return engine.Delivery{WebhookID: webhook, Number: e.Number, EventID: e.ID, Type: e.Type, Time: e.Time, State: engine.DeliveryPending, Next: due(now)}
}

// due is a moment as the order of deliveries keeps it: in whole milliseconds.
func due(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// TestWebhook implements engine.Webhooks. One that is disabled is tested once it is enabled.
func (s *Service) TestWebhook(ctx context.Context, w engine.Write, merchant, id string) (d engine.Delivery, err error) {
	name, err := s.ids.New(w.At)
	if err != nil {
		return d, err
	}
	e := engine.HookEvent{ID: name, Type: engine.HookTest, Subject: id, Time: w.At}
	if e.Body, err = wire.CloudEventOf(&e, merchant, wire.HookTest{MerchantID: merchant, WebhookID: id}); err != nil {
		return d, err
	}
	err = s.outbox.UpdateHooks(ctx, merchant, func(tx engine.HookTx) error {
		if _, err := tx.Webhook(id); err != nil {
			return err
		}
		was, err := tx.Earlier(w.Once, onceTest)
		if err != nil {
			return err
		}
		if was != "" {
			number, _ := strconv.ParseUint(was, 10, 64) // written below
			d, err = tx.Delivery(id, number)
			return err
		}
		if err := tx.AddEvent(&e); err != nil {
			return err
		}
		d = pendingOf(id, &e, w.At)
		return errors.Join(tx.PutDelivery(&d), tx.Remember(w.Once, onceTest, strconv.FormatUint(e.Number, 10)))
	})
	s.poke(merchant, id)
	return d, err
}

// ReplayDelivery implements engine.Deliveries. What was not sent to the webhook before, though it is kept, can be sent too.
func (s *Service) ReplayDelivery(ctx context.Context, w engine.Write, merchant, webhook string, number uint64) (d engine.Delivery, err error) {
	err = s.outbox.UpdateHooks(ctx, merchant, func(tx engine.HookTx) error {
		if _, err := tx.Webhook(webhook); err != nil {
			return err
		}
		was, err := tx.Earlier(w.Once, onceReplay)
		if err != nil {
			return err
		}
		if was == "" {
			if err := again(tx, webhook, number, w.At); err != nil {
				return err
			}
		}
		d, err = tx.Delivery(webhook, number)
		return errors.Join(err, tx.Remember(w.Once, onceReplay, webhook))
	})
	s.poke(merchant, webhook)
	return d, err
}

// again makes the delivery of an event pending, with the attempts that it had.
func again(tx engine.HookTx, webhook string, number uint64, now time.Time) error {
	e, err := tx.Event(number)
	if err != nil {
		return err
	}
	if e.Type == engine.HookTest && e.Subject != webhook {
		return engine.ErrNotFound
	}
	was, err := tx.Delivery(webhook, number)
	if err != nil && !errors.Is(err, engine.ErrNotFound) {
		return err
	}
	d := pendingOf(webhook, &e, now)
	d.Attempts = was.Attempts
	return tx.PutDelivery(&d)
}

// ReplaySince implements engine.Deliveries. It notes which events are to be sent, in one transaction; the webhook's lane takes them up in parts.
func (s *Service) ReplaySince(ctx context.Context, w engine.Write, merchant, webhook string, since time.Time) (events uint64, err error) {
	first, err := s.outbox.FirstHookEvent(ctx, merchant, since)
	if err != nil {
		return 0, err
	}
	err = s.outbox.UpdateHooks(ctx, merchant, func(tx engine.HookTx) error {
		h, err := tx.Webhook(webhook)
		if err != nil {
			return err
		}
		newest, err := tx.Newest()
		if err != nil {
			return err
		}
		was, err := tx.Earlier(w.Once, onceReplay)
		if err != nil {
			return err
		}
		if was != "" {
			events, _ = strconv.ParseUint(was, 10, 64) // written below
			return nil
		}
		events = newest + 1 - min(first, newest+1)
		if h.Replay.From < h.Replay.Until {
			first = min(first, h.Replay.From) // one that is under way goes on
		}
		h.Replay = engine.HookReplay{From: first, Until: newest + 1}
		return errors.Join(tx.PutWebhook(&h), tx.Remember(w.Once, onceReplay, strconv.FormatUint(events, 10)))
	})
	s.poke(merchant, webhook)
	return events, err
}

// replayStep is how many events one transaction takes up.
const replayStep = 200

// takeUp makes the next part of a replay pending and reports whether more is left.
func (s *Service) takeUp(ctx context.Context, merchant, webhook string) (more bool, err error) {
	now := s.now()
	err = s.outbox.UpdateHooks(ctx, merchant, func(tx engine.HookTx) error {
		h, err := tx.Webhook(webhook)
		if err != nil {
			return err
		}
		n := h.Replay.From
		for end := min(h.Replay.Until, n+replayStep); n < end; n++ {
			e, err := tx.Event(n)
			if errors.Is(err, engine.ErrNotFound) {
				continue // it is no longer kept
			}
			if err != nil {
				return err
			}
			if e.Type == engine.HookTest || !h.Wants(e.Type) {
				continue
			}
			if err := again(tx, webhook, n, now); err != nil {
				return err
			}
		}
		h.Replay.From = n
		if more = n < h.Replay.Until; !more {
			h.Replay = engine.HookReplay{}
		}
		return tx.PutWebhook(&h)
	})
	return more, err
}
