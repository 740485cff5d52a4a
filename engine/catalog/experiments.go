package catalog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring/experiment"
)

var _ engine.ExperimentDesk = (*Service)(nil)

// PutExperiment checks e, fills in what it leaves to the house and stores it as a draft: versions of profiles that it does not name are the newest, alpha is DefaultAlpha, and the traffic
// is all users. Faults, besides, for profiles that do not exist.
func (s *Service) PutExperiment(ctx context.Context, w engine.Write, e engine.Experiment) (engine.Experiment, error) {
	e.State, e.Reason, e.Ended = engine.ExperimentDraft, "", time.Time{}
	faults, err := s.completeExperiment(ctx, w.At, &e)
	if err != nil {
		return engine.Experiment{}, fmt.Errorf("put experiment %s: %w", e.ID, err)
	}
	if err := faults.Err(); err != nil {
		return engine.Experiment{}, err
	}
	return s.store.PutExperiment(ctx, w, e)
}

// CheckExperiment implements engine.ExperimentDesk.
func (s *Service) CheckExperiment(ctx context.Context, now time.Time, e *engine.Experiment) (engine.Faults, error) {
	whole := *e
	return s.completeExperiment(ctx, now, &whole)
}

// completeExperiment fills in what is left out and tells everything that is wrong.
func (s *Service) completeExperiment(ctx context.Context, now time.Time, e *engine.Experiment) (engine.Faults, error) {
	if e.Alpha == 0 {
		e.Alpha = DefaultAlpha
	}
	if e.Traffic == (engine.Traffic{}) {
		e.Traffic = engine.Traffic{From: 0, Until: 1}
	}
	faults := checkExperiment(e, now)
	more, err := s.nameVersions(ctx, e)
	return append(faults, more...), err
}

// nameVersions finds the profiles of the arms, and names the newest version where none is named.
func (s *Service) nameVersions(ctx context.Context, e *engine.Experiment) (faults engine.Faults, err error) {
	arms := make([]engine.Arm, len(e.Arms))
	copy(arms, e.Arms)
	e.Arms = arms
	for i := range arms {
		ref := &arms[i].Profile
		if ref.Name == "" {
			continue // which is told already
		}
		p, err := s.store.Profile(ctx, ref.Name, ref.Version)
		switch {
		case errors.Is(err, engine.ErrNotFound) && ref.Version == 0:
			faults.Add(at("arms", i)+".profile.name", "unknown_profile", "there is no scoring profile %.64q", ref.Name)
		case errors.Is(err, engine.ErrNotFound):
			faults.Add(at("arms", i)+".profile", "unknown_profile", "there is no version %d of a scoring profile %.64q", ref.Version, ref.Name)
		case err != nil:
			return nil, err
		case p.Explore.Learn.IsOn():
			faults.Add(at("arms", i)+".profile", "unsupported", "version %d of %.64q learns: only the active profile does, so that it would not be tried as it is", p.Version, ref.Name)
		default:
			ref.Version = p.Version
		}
	}
	return faults, nil
}

// StartExperiment implements engine.ExperimentDesk.
func (s *Service) StartExperiment(ctx context.Context, w engine.Write, id string) (engine.Experiment, error) {
	w.Action = engine.AuditStarted
	return s.store.UpdateExperiment(ctx, w, id, func(e *engine.Experiment, running []engine.Experiment) error {
		switch e.State {
		case engine.ExperimentRunning:
			return nil
		case engine.ExperimentDraft:
		default:
			return engine.ErrEnded
		}
		if e.Start.Before(w.At) {
			e.Start = w.At
		}
		if !e.End.IsZero() && !e.End.After(e.Start) {
			return fmt.Errorf("its end has come: %w", engine.ErrEnded)
		}
		for i := range running {
			if o := &running[i]; e.Collides(o, w.At) {
				return fmt.Errorf("%w: %s has users from %v to %v", engine.ErrOverlap, o.ID, o.Traffic.From, o.Traffic.Until)
			}
		}
		e.State = engine.ExperimentRunning
		return nil
	})
}

// StopExperiment implements engine.ExperimentDesk.
func (s *Service) StopExperiment(ctx context.Context, w engine.Write, id, reason string) (engine.Experiment, error) {
	var k checker
	if reason != "" {
		k.wording("reason", reason, MaxExperimentNote)
	}
	if err := k.faults.Err(); err != nil {
		return engine.Experiment{}, err
	}
	w.Action, w.Detail = engine.AuditStopped, reason
	return s.store.UpdateExperiment(ctx, w, id, func(e *engine.Experiment, _ []engine.Experiment) error {
		switch e.StateAt(w.At) {
		case engine.ExperimentStopped:
			return nil
		case engine.ExperimentFinished:
			return engine.ErrEnded
		}
		e.State, e.Reason, e.Ended = engine.ExperimentStopped, reason, w.At
		return nil
	})
}

// FinishExperiment implements engine.ExperimentDesk.
func (s *Service) FinishExperiment(ctx context.Context, w engine.Write, id string) (engine.Experiment, error) {
	w.Action = engine.AuditFinished
	return s.store.UpdateExperiment(ctx, w, id, func(e *engine.Experiment, _ []engine.Experiment) error {
		if e.State == engine.ExperimentRunning && e.StateAt(w.At) == engine.ExperimentFinished {
			e.State, e.Ended = engine.ExperimentFinished, e.End
		}
		return nil
	})
}

// absorbExperiments reads those that were started, with the profiles of their arms. One that cannot be read is left out: its users are decided for as all others.
func (b *builder) absorbExperiments(ctx context.Context, store engine.Store) error {
	var live []*engine.LiveExperiment
	for p := (engine.Page{Limit: feedPage}); ; {
		page, next, err := store.ListExperiments(ctx, p)
		if err != nil {
			return fmt.Errorf("read experiments: %w", err)
		}
		for i := range page {
			if page[i].State != engine.ExperimentRunning {
				continue
			}
			l, err := compileExperiment(ctx, store, &page[i])
			if ok, err := b.readable(err, engine.Change{Kind: engine.ChangeExperiment, ID: page[i].ID}); err != nil {
				return err
			} else if ok {
				live = append(live, l)
			}
		}
		if p.After = next; next == "" {
			b.snapshot.Experiments = live
			return nil
		}
	}
}

// compileExperiment makes an experiment as the decision path reads it. engine.ErrCorrupt where its arms make no split.
func compileExperiment(ctx context.Context, store engine.Store, e *engine.Experiment) (*engine.LiveExperiment, error) {
	l := &engine.LiveExperiment{Experiment: *e}
	arms := make([]experiment.Arm, len(e.Arms))
	for i, a := range e.Arms {
		p, err := versionOf(ctx, store, a.Profile)
		if err != nil {
			return nil, err
		}
		l.Profiles = append(l.Profiles, p)
		arms[i] = experiment.Arm{Name: a.Name, Weight: a.Share}
	}
	split, err := experiment.NewSplit(e.ID, e.Salt, arms)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", engine.ErrCorrupt, err)
	}
	l.Assigner = assigner{experiment.Traffic(e.Traffic), split}
	return l, nil
}

// assigner assigns the users of a part of the traffic.
type assigner struct {
	traffic experiment.Traffic
	split   *experiment.Split
}

// Arm implements engine.Assigner.
func (a assigner) Arm(user string) int {
	if !a.traffic.Holds(user) {
		return -1
	}
	return a.split.Arm(user)
}
