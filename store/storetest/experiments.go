package storetest

import (
	"errors"
	"sync"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// Experiment returns an experiment with everything that an experiment can have, as it is before it is stored.
func Experiment(id string) engine.Experiment {
	return engine.Experiment{
		ID: id, Name: "Nearer first", Note: "近的优先",
		Arms: []engine.Arm{
			{Name: "control", Profile: engine.ProfileRef{Name: "default", Version: 1}, Share: 0.75},
			{Name: "nearer", Profile: engine.ProfileRef{Name: "near", Version: 3}, Share: 0.25},
		},
		Salt: "pepper", Traffic: engine.Traffic{From: 0.5, Until: 1},
		Start: time.Date(2026, 12, 1, 0, 0, 0, 0, time.FixedZone("", -5*60*60)), End: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC),
		Primary: engine.PrimaryMetric{Measure: engine.Measure{Metric: engine.RedeemedMoney, Currency: "USD"}, Effect: 25},
		Guards: []engine.GuardMetric{
			{Measure: engine.Measure{Metric: engine.TapRate}, Harm: 0.01}, {Measure: engine.Measure{Metric: engine.EmptyRate}, Harm: 0.02},
		},
		Alpha: 0.05, State: engine.ExperimentDraft,
	}
}

func testExperiments(b *fixture) {
	_, err := b.Experiment(b.ctx(), "x", 0)
	b.is(err, engine.ErrNotFound)
	w := b.once("k", 1)
	w.If.Absent = true
	first, err := b.PutExperiment(b.ctx(), w, Experiment("x"))
	b.ok(err)
	want := Experiment("x")
	want.Author, want.Meta = w.By, engine.Meta{Version: 1, Created: w.At, Updated: w.At, By: w.By}
	b.same(first, want)
	again, err := b.PutExperiment(b.ctx(), w, Experiment("x")) // the same idempotency key
	b.ok(err)
	b.same(again, first)
	_, err = b.PutExperiment(b.ctx(), b.when(engine.Precondition{Absent: true}), Experiment("x"))
	b.is(err, engine.ErrExists)
	_, err = b.PutExperiment(b.ctx(), b.when(engine.Precondition{Version: 7}), Experiment("x"))
	b.is(err, engine.ErrStale)
	other := b.write()
	other.By = "key_2"
	changed := Experiment("x")
	changed.Guards, changed.End, changed.Salt = nil, time.Time{}, ""
	second, err := b.PutExperiment(b.ctx(), other, changed)
	b.ok(err)
	b.same([]any{second.Author, second.Meta.By, second.Meta.Version, second.Guards}, []any{"key_1", "key_2", uint64(2), []engine.GuardMetric(nil)})
	b.same(b.position(), uint64(0))

	for version, want := range []engine.Experiment{second, first, second} {
		got, err := b.Experiment(b.ctx(), "x", uint64(version))
		b.ok(err)
		b.same(got, want)
	}
	versions, next, err := b.ExperimentVersions(b.ctx(), "x", engine.Page{Limit: 1})
	b.ok(err)
	b.same([]any{versions, next}, []any{[]engine.Experiment{second}, "2"})
	a, err := b.PutExperiment(b.ctx(), b.write(), Experiment("a"))
	b.ok(err)
	list, next, err := b.ListExperiments(b.ctx(), engine.Page{Limit: 5})
	b.ok(err)
	b.same([]any{list, next}, []any{[]engine.Experiment{a, second}, ""})
	testExperimentLife(b)
}

func testExperimentLife(b *fixture) {
	_, err := b.UpdateExperiment(b.ctx(), b.write(), "none", func(*engine.Experiment, []engine.Experiment) error { return nil })
	b.is(err, engine.ErrNotFound)
	own := errors.New("no")
	_, err = b.UpdateExperiment(b.ctx(), b.write(), "x", func(*engine.Experiment, []engine.Experiment) error { return own })
	b.is(err, own)
	start := func(id string, running int) engine.Experiment {
		b.Helper()
		w := b.write()
		w.Action = engine.AuditStarted
		e, err := b.UpdateExperiment(b.ctx(), w, id, func(e *engine.Experiment, others []engine.Experiment) error {
			b.same(len(others), running)
			e.State = engine.ExperimentRunning
			return nil
		})
		b.ok(err)
		return e
	}
	x := start("x", 0)
	b.same([]any{x.State, x.Meta.Version}, []any{engine.ExperimentRunning, uint64(3)})
	start("a", 1)
	b.same(start("x", 1), x) // it runs already: nothing is stored
	_, err = b.PutExperiment(b.ctx(), b.write(), Experiment("x"))
	b.is(err, engine.ErrEnded)
	w := b.write()
	w.Action, w.Detail = engine.AuditStopped, "harm"
	_, err = b.UpdateExperiment(b.ctx(), w, "x", func(e *engine.Experiment, _ []engine.Experiment) error {
		e.State, e.Reason, e.Ended = engine.ExperimentStopped, "harm", w.At
		return nil
	})
	b.ok(err)
	b.same(b.changes(0), []engine.Change{
		{Seq: 1, Kind: engine.ChangeExperiment, ID: "x", Before: 2, After: 3}, {Seq: 2, Kind: engine.ChangeExperiment, ID: "a", Before: 1, After: 2},
		{Seq: 3, Kind: engine.ChangeExperiment, ID: "x", Before: 3, After: 4},
	})
	b.reopen()
	x, err = b.Experiment(b.ctx(), "x", 0)
	b.ok(err)
	b.same([]any{x.State, x.Reason, x.Ended}, []any{engine.ExperimentStopped, "harm", w.At})
	var told []string
	for _, e := range b.entries("", 2) {
		told = append(told, string(e.Action)+" "+e.ID+" "+e.Detail)
	}
	b.same(told, []string{"created x ", "changed x ", "created a ", "started x ", "started a ", "stopped x harm"})
	testExperimentRace(b)
}

// testExperimentRace starts many at the same time, each on condition that no other one runs: one of them does.
func testExperimentRace(b *fixture) {
	busy := errors.New("busy")
	_, err := b.UpdateExperiment(b.ctx(), b.write(), "a", func(e *engine.Experiment, _ []engine.Experiment) error {
		e.State = engine.ExperimentFinished
		return nil
	})
	b.ok(err)
	ids := []string{"r-1", "r-2", "r-3", "r-4", "r-5", "r-6"}
	var started sync.Map
	var all sync.WaitGroup
	for _, id := range ids {
		_, err := b.PutExperiment(b.ctx(), b.write(), Experiment(id))
		b.ok(err)
	}
	for _, id := range ids {
		w := b.write()
		all.Go(func() {
			_, err := b.UpdateExperiment(b.ctx(), w, id, func(e *engine.Experiment, running []engine.Experiment) error {
				if len(running) > 0 {
					return busy
				}
				e.State = engine.ExperimentRunning
				return nil
			})
			if err == nil {
				started.Store(id, true)
			} else if !errors.Is(err, busy) {
				b.Error(err)
			}
		})
	}
	all.Wait()
	n := 0
	started.Range(func(any, any) bool { n++; return true })
	b.same(n, 1)
}
