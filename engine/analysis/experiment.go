package analysis

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring/experiment"
	"github.com/sihai-network/sihai/scoring/interval"
)

// ExperimentsOptions are what an ExperimentReader works with; all are required.
type ExperimentsOptions struct {
	Sources     Sources
	Experiments engine.Experiments
	Snapshots   engine.Snapshots // of which the reference rates are taken
}

// ExperimentReader implements engine.ExperimentReader. It is safe for concurrent use.
type ExperimentReader struct {
	o     ExperimentsOptions
	log   *Log
	turns turns
}

var _ engine.ExperimentReader = (*ExperimentReader)(nil)

// NewExperimentReader returns a reader, or what is missing.
func NewExperimentReader(o ExperimentsOptions) (*ExperimentReader, error) {
	if o.Sources.Decisions == nil || o.Sources.Events == nil || o.Sources.Accounts == nil || o.Experiments == nil || o.Snapshots == nil {
		return nil, errors.New("make experiment reader: a part is missing")
	}
	return &ExperimentReader{o, NewLog(o.Sources), newTurns()}, nil
}

// ExperimentResults implements engine.ExperimentReader. Differences and their bounds are those of experiment.Watch, rates those of experiment.Comparison.Rate. Memory: what Log.Each says, and
// some 40 bytes of every user that takes part, and 16 more for each metric.
func (r *ExperimentReader) ExperimentResults(ctx context.Context, id string, until time.Time) (engine.ExperimentResults, error) {
	e, err := r.o.Experiments.Experiment(ctx, id, 0)
	if err != nil {
		return engine.ExperimentResults{}, err
	}
	end, err := r.turns.take(ctx)
	if err != nil {
		return engine.ExperimentResults{}, fmt.Errorf("results of experiment %s: %w", id, err)
	}
	defer end()
	results, err := r.read(ctx, e, until)
	if err != nil {
		return engine.ExperimentResults{}, fmt.Errorf("results of experiment %s: %w", id, err)
	}
	return results, nil
}

func (r *ExperimentReader) read(ctx context.Context, e engine.Experiment, until time.Time) (engine.ExperimentResults, error) {
	for _, end := range [...]time.Time{e.End, e.Ended} {
		if !end.IsZero() && end.Before(until) {
			until = end
		}
	}
	s := newStand(&e)
	if e.State == engine.ExperimentDraft || !e.Start.Before(until) {
		return s.results(time.Time{})
	}
	if snap := r.o.Snapshots.Snapshot(); snap != nil {
		s.rates = snap.Rates
	}
	if s.hasMoney() {
		if err := s.loadSales(ctx, r.o.Sources.Accounts, until); err != nil {
			return engine.ExperimentResults{}, err
		}
	}
	q := Query{From: e.Start, Until: until, Parts: engine.PartUser | engine.PartOffers, Mentions: e.ID, Outcomes: true}
	err := r.log.Each(ctx, q, func(d *Logged) error {
		s.add(d)
		return nil
	})
	if err != nil {
		return engine.ExperimentResults{}, err
	}
	return s.results(until)
}

// unlessEarly drops the error that there is too little to tell yet.
func unlessEarly(err error) error {
	if errors.Is(err, experiment.ErrEarly) {
		return nil
	}
	return err
}

// boundsOf takes an estimate of what was counted with a sign back to what it is.
func boundsOf(e interval.Estimate, sign float64) engine.Bounds {
	if sign < 0 {
		return engine.Bounds{Value: -e.Value, Low: -e.Interval.High, High: -e.Interval.Low}
	}
	return engine.Bounds{Value: e.Value, Low: e.Interval.Low, High: e.Interval.High}
}

func verdictOf(look *experiment.Look, guard bool, harm float64) engine.Verdict {
	if guard {
		switch look.Guard(harm) {
		case experiment.Kept:
			return engine.VerdictKept
		case experiment.Broken:
			return engine.VerdictBroken
		}
		return engine.VerdictUndecided
	}
	switch look.Verdict() {
	case experiment.Better:
		return engine.VerdictBetter
	case experiment.Worse:
		return engine.VerdictWorse
	}
	return engine.VerdictOpen
}
