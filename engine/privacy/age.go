package privacy

import (
	"context"
	"fmt"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// The names of the marks.
const (
	positionsMark = "positions"
	historyMark   = "history"
	erasuresMark  = "erasures"
)

// age trims and coarsens what has become old.
func (s *Sweeper) age(ctx context.Context, now time.Time) error {
	if s.Decisions > 0 {
		for more := true; more; {
			var err error
			if more, err = s.Histories.TrimDecisions(ctx, now.Add(-s.Decisions), step); err != nil {
				return fmt.Errorf("trim decisions: %w", err)
			}
			if more {
				if err := s.soil(ctx, now); err != nil {
					return err
				}
			}
			if err := s.rest(ctx); err != nil {
				return err
			}
		}
	}
	if err := s.ageDecisions(ctx, positionsMark, now.Add(-s.Positions), Coarsen); err != nil {
		return err
	}
	if s.History == 0 {
		return nil
	}
	if err := s.ageDecisions(ctx, historyMark, now.Add(-s.History), forgetUser); err != nil {
		return err
	}
	return s.ageEvents(ctx, now.Add(-s.History))
}

// purgeMark keeps since when something is to be purged, as the time of its decisions.
const purgeMark = "purge"

// soil notes that something is to be purged.
func (s *Sweeper) soil(ctx context.Context, now time.Time) error {
	if !s.dirty.IsZero() {
		return nil
	}
	s.dirty = now
	return s.Histories.PutSweepMark(ctx, purgeMark, &engine.SweepMark{Decisions: engine.LogPlace{Time: now, Seq: 1}})
}

// cleaned notes that nothing is.
func (s *Sweeper) cleaned(ctx context.Context) error {
	s.dirty = time.Time{}
	return s.Histories.PutSweepMark(ctx, purgeMark, &engine.SweepMark{})
}

// ageDecisions changes the decisions that were kept before a time, from the mark on.
func (s *Sweeper) ageDecisions(ctx context.Context, name string, before time.Time, change func(*engine.Decision) bool) error {
	m, err := s.Histories.SweepMark(ctx, name)
	if err != nil {
		return err
	}
	for more := true; more; {
		was, some := m.Decisions, false
		m.Decisions, more, err = s.Histories.ChangeDecisions(ctx, was, before, step, func(d *engine.Decision) bool {
			changed := change(d)
			some = some || changed
			return changed
		})
		if err != nil {
			return fmt.Errorf("age %s: %w", name, err)
		}
		if some {
			if err := s.soil(ctx, s.Now()); err != nil {
				return err
			}
		}
		if m.Decisions == was {
			return nil
		}
		if err := s.Histories.PutSweepMark(ctx, name, &m); err != nil {
			return err
		}
		if err := s.rest(ctx); err != nil {
			return err
		}
	}
	return nil
}

// ageEvents takes the users out of the events that were received before a time.
func (s *Sweeper) ageEvents(ctx context.Context, before time.Time) error {
	m, err := s.Histories.SweepMark(ctx, historyMark)
	if err != nil {
		return err
	}
	for more := true; more; {
		was := m.Events
		m.Events, more, err = s.Histories.ChangeEvents(ctx, was, before, step, func(e *engine.Event) bool {
			had := e.UserID != ""
			e.UserID = ""
			return had
		})
		if err != nil {
			return fmt.Errorf("age events: %w", err)
		}
		if m.Events == was {
			return nil
		}
		if err := s.soil(ctx, s.Now()); err != nil {
			return err
		}
		if err := s.Histories.PutSweepMark(ctx, historyMark, &m); err != nil {
			return err
		}
		if err := s.rest(ctx); err != nil {
			return err
		}
	}
	return nil
}
