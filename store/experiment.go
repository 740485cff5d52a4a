package store

import (
	"context"
	"fmt"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/kv"
)

func experiments() resource[engine.Experiment] {
	return resource[engine.Experiment]{
		place: experimentsPlace(), name: string(engine.ChangeExperiment), head: 'e', past: 'E',
		write: writeExperiment, read: readExperiment,
		set: func(e *engine.Experiment, meta engine.Meta) { e.Meta = meta },
	}
}

// Experiment implements engine.Experiments.
func (db *DB) Experiment(ctx context.Context, id string, version uint64) (engine.Experiment, error) {
	return one(ctx, db, experiments(), id, version)
}

// ListExperiments implements engine.Experiments.
func (db *DB) ListExperiments(ctx context.Context, p engine.Page) ([]engine.Experiment, string, error) {
	return list(ctx, db, experiments(), p)
}

// ExperimentVersions implements engine.Experiments.
func (db *DB) ExperimentVersions(ctx context.Context, id string, p engine.Page) ([]engine.Experiment, string, error) {
	return history(ctx, db, experiments(), id, p)
}

// PutExperiment implements engine.Experiments. Author is that of the first version. The change feed is not told: no user is assigned by a draft.
func (db *DB) PutExperiment(ctx context.Context, w engine.Write, e engine.Experiment) (written engine.Experiment, err error) {
	if err = checkID("id", e.ID); err == nil {
		written, err = db.editExperiment(ctx, edit[engine.Experiment]{resource: experiments(), id: e.ID, write: w, silent: true,
			next: func(_ kv.Tx, old *engine.Experiment) (*engine.Experiment, error) {
				fresh := e
				fresh.Author = w.By
				if old != nil {
					if fresh.Author = old.Author; old.State != engine.ExperimentDraft {
						return nil, engine.ErrEnded
					}
				}
				return &fresh, nil
			}})
	}
	if err != nil {
		return engine.Experiment{}, fmt.Errorf("put experiment %s: %w", e.ID, err)
	}
	return written, nil
}

// UpdateExperiment implements engine.Experiments. Cost: linear in the experiments that there are.
func (db *DB) UpdateExperiment(ctx context.Context, w engine.Write, id string, change func(*engine.Experiment, []engine.Experiment) error) (written engine.Experiment, err error) {
	err = engine.ErrNotFound
	if validID(id) {
		written, err = db.editExperiment(ctx, edit[engine.Experiment]{resource: experiments(), id: id, write: w,
			next: func(tx kv.Tx, old *engine.Experiment) (*engine.Experiment, error) {
				if old == nil {
					return nil, engine.ErrNotFound
				}
				running, err := runningExperiments(tx, id)
				if err != nil {
					return nil, err
				}
				fresh := *old
				if err := change(&fresh, running); err != nil || fresh.State == old.State {
					return nil, err
				}
				return &fresh, nil
			}})
	}
	if err != nil {
		return engine.Experiment{}, fmt.Errorf("update experiment %s: %w", id, err)
	}
	return written, nil
}

// editExperiment is run with a guard that all experiments share: whether one may be started hangs on all others.
func (db *DB) editExperiment(ctx context.Context, e edit[engine.Experiment]) (written engine.Experiment, err error) {
	err = db.update(ctx, e.place, key(e.head), func(tx kv.Tx) error {
		written, err = e.apply(tx)
		return err
	})
	return written, err
}

// runningExperiments returns those that run, but for one.
func runningExperiments(from kv.Reader, but string) (running []engine.Experiment, err error) {
	for p := (engine.Page{Limit: maxPage}); ; {
		page, next, err := experiments().page(from, p)
		if err != nil {
			return nil, err
		}
		for i := range page {
			if page[i].State == engine.ExperimentRunning && page[i].ID != but {
				running = append(running, page[i])
			}
		}
		if p.After = next; next == "" {
			return running, nil
		}
	}
}
