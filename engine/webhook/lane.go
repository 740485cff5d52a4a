package webhook

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// laneWidth is how many requests one webhook may have under way, and laneTotal how many all of them.
const (
	laneWidth = 4
	laneTotal = 512
)

// lanes are the webhooks that something is being sent to: each has a goroutine of its own while something is pending.
type lanes struct {
	mu     sync.Mutex // guards the rest
	byHook map[hookRef]*lane
	closed bool
	room   chan struct{} // of all requests under way
}

type hookRef struct{ merchant, id string }

// lane is one webhook's.
type lane struct {
	wake chan struct{} // of capacity 1
}

func (l *lanes) open() {
	l.byHook = make(map[hookRef]*lane)
	l.room = make(chan struct{}, laneTotal)
}

func (l *lanes) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
}

// poke lets a webhook's lane look for what is due; Start has been called, or nothing happens.
func (s *Service) poke(merchant, id string) {
	if !s.watcher.started.Load() {
		return
	}
	ref := hookRef{merchant, id}
	s.lanes.mu.Lock()
	defer s.lanes.mu.Unlock()
	if s.lanes.closed {
		return
	}
	l := s.lanes.byHook[ref]
	if l == nil {
		l = &lane{make(chan struct{}, 1)}
		s.lanes.byHook[ref] = l
		s.owned.Go(func() { s.drain(s.ctx, ref, l) })
	}
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// retire ends a lane that has nothing pending, unless it was poked meanwhile.
func (s *Service) retire(ref hookRef, l *lane) bool {
	s.lanes.mu.Lock()
	defer s.lanes.mu.Unlock()
	if len(l.wake) > 0 {
		return false
	}
	delete(s.lanes.byHook, ref)
	return true
}

// laneRetry is how long a lane waits after the store failed it.
const laneRetry = 5 * time.Second

// drain sends what is due to one webhook until nothing is pending.
func (s *Service) drain(ctx context.Context, ref hookRef, l *lane) {
	for ctx.Err() == nil {
		select {
		case <-l.wake: // what was asked for so far is looked at now
		default:
		}
		next, pending, err := s.sendDue(ctx, ref)
		if err != nil {
			if ctx.Err() == nil {
				s.logger.Error("send to webhook", "merchant", ref.merchant, "webhook", ref.id, "error", err)
			}
			next, pending = s.now().Add(laneRetry), true
		}
		if !pending {
			if s.retire(ref, l) {
				return
			}
			continue
		}
		timer := time.NewTimer(next.Sub(s.now()))
		select {
		case <-timer.C:
		case <-l.wake:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// sendDue sends what is due and returns when to look again; false when nothing is pending, or the webhook is disabled or gone.
func (s *Service) sendDue(ctx context.Context, ref hookRef) (next time.Time, pending bool, err error) {
	var h engine.Webhook
	var list []engine.DueDelivery
	err = s.outbox.ViewHooks(ctx, ref.merchant, func(r engine.HookReader) error {
		if h, err = r.Webhook(ref.id); err != nil {
			return err
		}
		list, err = r.Due(ref.id, laneWidth)
		return err
	})
	if errors.Is(err, engine.ErrNotFound) || err == nil && h.Disabled {
		return next, false, nil
	}
	if err != nil {
		return next, false, err
	}
	if h.Replay.From < h.Replay.Until {
		_, err := s.takeUp(ctx, ref.merchant, ref.id)
		return s.now(), true, err
	}
	if len(list) == 0 {
		return next, false, nil
	}
	now := s.now()
	var sending sync.WaitGroup
	failed := make([]error, len(list))
	sent := 0
	for i, d := range list {
		if d.Next.After(now) {
			break
		}
		sent++
		sending.Go(func() { failed[i] = s.try(ctx, ref, d.Number) })
	}
	sending.Wait()
	if sent == 0 {
		return list[0].Next, true, nil
	}
	return now, true, errors.Join(failed...)
}

// try sends one event once and keeps what came of it.
func (s *Service) try(ctx context.Context, ref hookRef, number uint64) error {
	var h engine.Webhook
	var e engine.HookEvent
	err := s.outbox.ViewHooks(ctx, ref.merchant, func(r engine.HookReader) (err error) {
		if h, err = r.Webhook(ref.id); err != nil {
			return err
		}
		e, err = r.Event(number)
		return err
	})
	if errors.Is(err, engine.ErrNotFound) {
		return nil // it went between two looks; its delivery went with it
	}
	if err != nil {
		return err
	}
	select {
	case s.lanes.room <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	a := s.sender.send(ctx, &h, &e)
	<-s.lanes.room
	if ctx.Err() != nil {
		return ctx.Err() // it was cut off: it says nothing of the webhook
	}
	return s.note(ref, number, a)
}

// note keeps an attempt, and disables a webhook that has failed for too long.
func (s *Service) note(ref hookRef, number uint64, a engine.HookAttempt) error {
	disabled := ""
	err := s.outbox.UpdateHooks(context.WithoutCancel(s.ctx), ref.merchant, func(tx engine.HookTx) error {
		disabled = ""
		d, err := tx.Delivery(ref.id, number)
		if err != nil {
			return err
		}
		h, err := tx.Webhook(ref.id)
		if err != nil {
			return err
		}
		s.settle(&d, a)
		if changed := s.judge(&h, a); changed {
			if h.Disabled {
				disabled = h.Reason
			}
			if err := tx.PutWebhook(&h); err != nil {
				return err
			}
		}
		return tx.PutDelivery(&d)
	})
	if disabled != "" {
		s.logger.Warn("webhook disabled", "merchant", ref.merchant, "webhook", ref.id, "reason", disabled)
	}
	if errors.Is(err, engine.ErrNotFound) {
		return nil
	}
	return err
}

// settle says what an attempt means for its delivery.
func (s *Service) settle(d *engine.Delivery, a engine.HookAttempt) {
	d.Tries++
	d.Attempts = append(d.Attempts, a)
	if extra := len(d.Attempts) - engine.MaxHookAttempts; extra > 0 {
		d.Attempts = d.Attempts[extra:]
	}
	if a.Error == "" {
		d.State, d.Next = engine.DeliveryDelivered, time.Time{}
		return
	}
	wait, more := s.backoff.wait(d.Tries, s.ids.Random)
	if !more {
		d.State, d.Next = engine.DeliveryFailed, time.Time{}
		return
	}
	d.State, d.Next = engine.DeliveryPending, due(s.now().Add(wait))
}

// judge says what an attempt means for its webhook and reports whether that changed it.
func (s *Service) judge(h *engine.Webhook, a engine.HookAttempt) bool {
	if a.Error == "" {
		was := h.Failing
		h.Failing = time.Time{}
		return !was.IsZero()
	}
	changed := h.Failing.IsZero()
	if changed {
		h.Failing = a.Time
	}
	switch {
	case h.Disabled:
		return changed
	case a.Status == http.StatusGone:
		h.Disabled, h.Reason = true, fmt.Sprintf("it answered 410 Gone at %s", a.Time.Format(time.RFC3339))
	case a.Time.Sub(h.Failing) >= s.disableAfter:
		h.Disabled, h.Reason = true, fmt.Sprintf("no delivery succeeded since %s; the last one at %s: %s", h.Failing.Format(time.RFC3339), a.Time.Format(time.RFC3339), a.Error)
	default:
		return changed
	}
	return true
}
