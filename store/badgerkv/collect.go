package badgerkv

import (
	"context"
	"time"
)

const (
	collectEvery = 10 * time.Minute
	collectRatio = 0.5 // of a value-log file that must be garbage for it to be rewritten
)

// collect rewrites value-log files that are mostly garbage, now and then. Badger learns what is garbage when it merges the tables that named it: behind what is
// written by some memory tables, of which each names about as many blocks as are one for every thousand decisions.
func (e *Engine) collect(ctx context.Context) {
	tick := time.NewTicker(collectEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			_ = e.collectNow(ctx) // what could not be deleted is not read, and is for the next time
		}
	}
}

func (e *Engine) collectNow(ctx context.Context) error {
	e.purging.Lock() // Badger does one rewrite at a time, and refuses another
	defer e.purging.Unlock()
	return e.collectAt(ctx, collectRatio)
}

func (e *Engine) collectAt(ctx context.Context, ratio float64) error {
	some := false
	for ctx.Err() == nil && e.rewrite(ctx, ratio) == nil {
		some = true // until it finds nothing worth a rewrite
	}
	if !some {
		return nil
	}
	e.logged.Store(true)
	return e.trimAgain(ctx)
}

// rewrite rewrites one value-log file. Badger v4.9.6 reads there without a lock how far its memory table has come (DB.MaxVersion), while updates write to that: what it reads may be
// of some updates before, so that it keeps more than it would have to. Under the race detector nothing is written meanwhile, so that what it finds is ours.
func (e *Engine) rewrite(ctx context.Context, ratio float64) error {
	run := func() error { return e.db.RunValueLogGC(ratio) }
	if raced {
		return e.aside(ctx, run)
	}
	return run()
}
