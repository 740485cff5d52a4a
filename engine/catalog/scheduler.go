package catalog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// SchedulerOptions are what a Scheduler works with.
type SchedulerOptions struct {
	Service *Service     // required
	Now     engine.Clock // nil: time.Now
	// Every is how often the clock is looked at. 0: a quarter of a second; negative: never, which leaves it to calls of Run.
	Every  time.Duration
	Logger *slog.Logger // told of changes that the store would not take; nil: slog.Default
}

// Scheduler makes staged changes when their moment has come, each exactly once: also those whose moment came while nothing ran. Safe for concurrent use.
type Scheduler struct {
	service *Service
	now     engine.Clock
	logger  *slog.Logger

	running sync.Mutex // held by the run under way
	stop    context.CancelFunc
	watch   sync.WaitGroup
}

// OpenScheduler reads what is scheduled and begins to look at the clock, until Close. Changes that are due already are made before it returns. The store must stay open
// until Close has returned. Cost: a read a merchant.
func OpenScheduler(ctx context.Context, o SchedulerOptions) (*Scheduler, error) {
	if o.Service == nil {
		return nil, errors.New("open scheduler: a service is required")
	}
	s := &Scheduler{service: o.Service, now: o.Now, logger: o.Logger}
	if s.now == nil {
		s.now = time.Now
	}
	if s.logger == nil {
		s.logger = slog.Default()
	}
	err := o.Service.store.EachScheduledChange(ctx, func(ref engine.StagedRef) error {
		o.Service.moments.put(ref)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("open scheduler: %w", err)
	}
	s.Run(ctx)
	every := o.Every
	if every == 0 {
		every = 250 * time.Millisecond
	}
	watching, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	if every > 0 {
		s.watch.Go(func() { s.runUntil(watching, every) })
	}
	return s, nil
}

// Close waits for the change that is being made.
func (s *Scheduler) Close() error {
	s.stop()
	s.watch.Wait()
	return nil
}

func (s *Scheduler) runUntil(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			s.Run(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// Run makes every change whose moment has come, in the order of their moments, and returns how many it looked at. One that the store cannot take now is left for the
// next run, and those of the same merchant after it with it, so that two changes of one campaign never change places. One that cannot be read is given up.
func (s *Scheduler) Run(ctx context.Context) (n int) {
	s.running.Lock()
	defer s.running.Unlock()
	held := make(map[string]bool)
	for ctx.Err() == nil {
		now := s.now().UTC()
		ref, ok := s.service.moments.due(now, held)
		if !ok {
			return n
		}
		if err := s.service.makeDue(ctx, now, ref); err != nil {
			if ctx.Err() == nil {
				s.logger.Error("staged change not made", "merchant", ref.MerchantID, "change", ref.ID, "error", err)
			}
			if !errors.Is(err, engine.ErrCorrupt) {
				held[ref.MerchantID] = true
				continue
			}
		}
		s.service.moments.done(ref)
		n++
	}
	return n
}
