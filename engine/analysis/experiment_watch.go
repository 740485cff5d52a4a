package analysis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// WatchOptions are what an ExperimentWatch works with.
type WatchOptions struct {
	Reader    engine.ExperimentReader // required
	Desk      engine.ExperimentDesk   // required
	Snapshots engine.Snapshots        // tells what runs; required
	Now       engine.Clock            // nil: time.Now
	Every     time.Duration           // between two looks at an experiment; 0: a day
	Logger    *slog.Logger            // told of experiments that it ends, and of looks that failed; nil: slog.Default
}

// ExperimentWatch looks at every running experiment day by day, each time at all that was seen until the end of the day, and stops one of which a guard is broken; it notes the end of
// those whose end has come. Nothing but the log and the stored experiment goes into a look, so that a new start goes on where the last one left. It is safe for concurrent use.
type ExperimentWatch struct {
	o WatchOptions

	running sync.Mutex           // held by the run under way; guards the rest
	looks   map[string]int64     // by experiment: how many are done
	failed  map[string]time.Time // by experiment: when a look was tried last that failed
	stop    context.CancelFunc   // nil: it was not started
	watch   sync.WaitGroup       // of what Start started
}

// Watcher is the author of what an ExperimentWatch changes.
const Watcher = "watch"

// The times of a watch, by the machine's clock and by its own.
const (
	watchTick  = time.Second // between two looks at the clock
	watchRetry = time.Minute // after a look that failed
)

// NewExperimentWatch returns a watch that waits for Start, or for calls of Run; or what is missing.
func NewExperimentWatch(o WatchOptions) (*ExperimentWatch, error) {
	if o.Reader == nil || o.Desk == nil || o.Snapshots == nil {
		return nil, errors.New("make experiment watch: a part is missing")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Every == 0 {
		o.Every = 24 * time.Hour
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	return &ExperimentWatch{o: o, looks: make(map[string]int64), failed: make(map[string]time.Time)}, nil
}

// Start begins to look at the clock, until Close. It is called once at most.
func (w *ExperimentWatch) Start() {
	ctx, stop := context.WithCancel(context.Background())
	w.stop = stop
	w.watch.Go(func() {
		ticker := time.NewTicker(watchTick)
		defer ticker.Stop()
		for {
			w.Run(ctx)
			select {
			case <-ticker.C:
			case <-ctx.Done():
				return
			}
		}
	})
}

// Close breaks off the look under way and waits for that.
func (w *ExperimentWatch) Close() error {
	if w.stop != nil {
		w.stop()
	}
	w.watch.Wait()
	return nil
}

// Run looks at every experiment that is due, and returns how many it looked at or ended. Cost: nothing is read unless one is due; then see ExperimentReader.
func (w *ExperimentWatch) Run(ctx context.Context) (n int) {
	snap := w.o.Snapshots.Snapshot()
	if snap == nil {
		return 0
	}
	w.running.Lock()
	defer w.running.Unlock()
	live := make(map[string]bool, len(snap.Experiments))
	for _, e := range snap.Experiments {
		live[e.ID] = true
		if ctx.Err() != nil || !w.isDue(e) {
			continue
		}
		n++
		if err := w.lookAt(ctx, e); err != nil && ctx.Err() == nil {
			w.failed[e.ID] = w.o.Now()
			w.o.Logger.Error("experiment not looked at", "experiment", e.ID, "error", err)
		}
	}
	for id := range w.looks {
		if !live[id] {
			delete(w.looks, id)
			delete(w.failed, id)
		}
	}
	return n
}

// due returns how many days of an experiment are over, and whether its end has come.
func (w *ExperimentWatch) due(e *engine.LiveExperiment, now time.Time) (days int64, ended bool) {
	if !e.End.IsZero() && !now.Before(e.End) {
		return 0, true
	}
	return int64(now.Sub(e.Start) / w.o.Every), false
}

func (w *ExperimentWatch) isDue(e *engine.LiveExperiment) bool {
	now := w.o.Now()
	if last, failed := w.failed[e.ID]; failed && now.Sub(last) < watchRetry && !now.Before(last) {
		return false
	}
	days, ended := w.due(e, now)
	return ended || days > w.looks[e.ID]
}

// lookAt looks at an experiment that is due, and ends it where it is to be ended.
func (w *ExperimentWatch) lookAt(ctx context.Context, e *engine.LiveExperiment) error {
	now := w.o.Now().UTC()
	write := engine.Write{At: now, By: Watcher}
	days, ended := w.due(e, now)
	if ended {
		_, err := w.o.Desk.FinishExperiment(ctx, write, e.ID)
		return err
	}
	results, err := w.o.Reader.ExperimentResults(ctx, e.ID, e.Start.Add(time.Duration(days)*w.o.Every))
	if err != nil {
		return err
	}
	if results.Mismatch.Found {
		w.o.Logger.Warn("the arms of an experiment have not the shares that they should have: nothing about them is to be believed", "experiment", e.ID, "evidence", results.Mismatch.Evidence)
	}
	if reason := harmOf(&results); reason != "" {
		if _, err := w.o.Desk.StopExperiment(ctx, write, e.ID, reason); err != nil {
			return err
		}
		w.o.Logger.Warn("experiment stopped", "experiment", e.ID, "reason", reason)
	}
	w.looks[e.ID] = days
	delete(w.failed, e.ID)
	return nil
}

// maxReason bounds what is told of broken guards, in bytes.
const maxReason = 800

// harmOf tells the guards that are broken; empty for none.
func harmOf(r *engine.ExperimentResults) string {
	var told strings.Builder
	for i := range r.Comparisons {
		c := &r.Comparisons[i]
		if c.Verdict != engine.VerdictBroken {
			continue
		}
		if told.Len() > maxReason {
			told.WriteString("; and more")
			break
		}
		if told.Len() > 0 {
			told.WriteString("; ")
		}
		unit, loses := "", "lose"
		if c.Metric.IsLow() {
			loses = "gain"
		}
		if c.Currency != "" {
			unit = " minor units of " + c.Currency
		}
		fmt.Fprintf(&told, "guard %s: %s less %s is %.4g, between %.4g and %.4g%s, and may %s %.4g; %d and %d users until %s", c.Metric, c.Arm, r.Experiment.Arms[0].Name,
			c.Difference.Value, c.Difference.Low, c.Difference.High, unit, loses, c.Harm, c.Users[1], c.Users[0], r.Until.UTC().Format(time.RFC3339))
	}
	return told.String()
}
