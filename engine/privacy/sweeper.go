package privacy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// Options says what a Sweeper works with. Parts are required where nothing else is said.
type Options struct {
	Histories engine.Histories
	// Forget lets what is counted in memory forget a user. It is called when an erasure is asked for and when it has gone through everything. nil: nothing is.
	Forget func(user string)
	IDs    engine.IDs
	Now    engine.Clock // nil: time.Now
	Logger *slog.Logger // nil: slog.Default()

	Positions time.Duration // that exact positions are kept in decisions; 0: not at all
	History   time.Duration // that decisions and events name their user; 0: for ever
	Decisions time.Duration // that decisions are kept; 0: for ever
	// Every is how often Start looks for what is to be done; 0: a minute. An erasure is begun sooner.
	Every time.Duration
	// Settle is how long an erasure waits before it begins, so that what was on its way to the logs when it was asked for is in them; 0: five seconds; negative: not at all.
	Settle time.Duration
	// Pause is how long a sweep rests after each step of some 2 MiB, so that it takes no core from those who ask for offers; 0: 20 ms; negative: not at all.
	Pause time.Duration
}

// Sweeper erases and coarsens what is kept of travellers. It is safe for concurrent use.
type Sweeper struct {
	Options
	stop   context.CancelFunc
	ctx    context.Context // ends with Close
	owned  sync.WaitGroup
	wake   chan struct{} // of capacity 1: an erasure was asked for
	mu     sync.Mutex    // held while one sweeps
	asking sync.Mutex    // held while an erasure is looked for and made
	dirty  time.Time     // since when something that was coarsened or trimmed is not purged; guarded by mu
}

var _ engine.Erasures = (*Sweeper)(nil)

// Open makes a sweeper that does nothing by itself until Start. Close ends it.
func Open(o Options) (*Sweeper, error) {
	if o.Histories == nil || o.IDs.Random == nil {
		return nil, errors.New("open sweeper: a part is missing")
	}
	if o.Forget == nil {
		o.Forget = func(string) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Every == 0 {
		o.Every = time.Minute
	}
	switch {
	case o.Settle == 0:
		o.Settle = 5 * time.Second
	case o.Settle < 0:
		o.Settle = 0
	}
	if o.Pause == 0 {
		o.Pause = 20 * time.Millisecond
	}
	s := &Sweeper{Options: o, wake: make(chan struct{}, 1)}
	s.ctx, s.stop = context.WithCancel(context.Background())
	return s, nil
}

// Start begins to sweep. It is called once.
func (s *Sweeper) Start() { s.owned.Go(func() { s.run(s.ctx) }) }

// Close ends a sweep under way, which goes on with the next start.
func (s *Sweeper) Close() error {
	s.stop()
	s.owned.Wait()
	return nil
}

func (s *Sweeper) run(ctx context.Context) {
	tick := time.NewTicker(s.Every)
	defer tick.Stop()
	for {
		if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.Logger.Error("sweep", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-s.wake:
			select {
			case <-ctx.Done():
				return
			case <-time.After(s.Settle):
			}
		}
	}
}

// EraseUser implements engine.Erasures. The answer does not say whether anything is known of the user. w.Once is not looked at: asked twice it is one erasure.
func (s *Sweeper) EraseUser(ctx context.Context, w engine.Write, user string) (engine.Erasure, error) {
	if user == "" || engine.IsErased(user) {
		return engine.Erasure{}, engine.ErrNotFound
	}
	s.asking.Lock()
	defer s.asking.Unlock()
	e, err := s.Histories.ErasureOf(ctx, user)
	if err == nil || !errors.Is(err, engine.ErrNotFound) {
		return e, err
	}
	id, err := s.IDs.New(w.At)
	if err != nil {
		return e, fmt.Errorf("make an id: %w", err)
	}
	e = engine.Erasure{ID: id, UserID: user, State: engine.ErasurePending, Asked: w.At}
	if err := s.Histories.PutErasure(ctx, &e); err != nil {
		return e, fmt.Errorf("keep erasure: %w", err)
	}
	s.Forget(user)
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return e, nil
}

// Erasure implements engine.Erasures.
func (s *Sweeper) Erasure(ctx context.Context, id string) (engine.Erasure, error) {
	return s.Histories.Erasure(ctx, id)
}

// ListErasures implements engine.Erasures.
func (s *Sweeper) ListErasures(ctx context.Context, p engine.Page) ([]engine.Erasure, string, error) {
	return s.Histories.ListErasures(ctx, p)
}

// Sweep does all that is to be done now: it trims and coarsens what has become old, and does the erasures that were asked for. Cut short by ctx, or by a crash, it goes on
// from where it was. Cost: what has become old since the last one; with erasures, all that is kept.
func (s *Sweeper) Sweep(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.Now()
	m, err := s.Histories.SweepMark(ctx, purgeMark)
	if err != nil {
		return err
	}
	s.dirty = m.Decisions.Time
	if err := s.age(ctx, now); err != nil {
		return err
	}
	if err := s.erase(ctx, now); err != nil {
		return err
	}
	if s.dirty.IsZero() || now.Sub(s.dirty) < purgeAfter {
		return nil
	}
	if err := s.Histories.Purge(ctx); err != nil {
		return fmt.Errorf("purge: %w", err)
	}
	return s.cleaned(ctx)
}

// rest lets others have the machine between two steps.
func (s *Sweeper) rest(ctx context.Context) error {
	if s.Pause <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(s.Pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// purgeAfter is how long what was coarsened or trimmed by age may stay in the files: a purge is much work, and age has no hurry.
const purgeAfter = 24 * time.Hour

// step is how many blocks one call of the store goes through.
const step = 16
