package privacy

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// round is one walk over everything for the erasures that had been asked for when it began.
type round struct {
	sweeper *Sweeper
	mark    engine.SweepMark
	byUser  map[string]*engine.Erasure
	list    []*engine.Erasure
}

// erase does the erasures that were asked for, all in one walk, and goes on with one that was cut short. Counts of a walk that was cut short leave out what it had done of
// the step that it was at.
func (s *Sweeper) erase(ctx context.Context, now time.Time) error {
	for {
		r, err := s.beginRound(ctx, now)
		if err != nil || r == nil {
			return err
		}
		for r.mark.Stage != "" {
			if err := r.advance(ctx); err != nil {
				return fmt.Errorf("erase, %s: %w", r.mark.Stage, err)
			}
		}
	}
}

// beginRound returns the walk that is under way, or a new one, or nil when there is nothing to erase.
func (s *Sweeper) beginRound(ctx context.Context, now time.Time) (*round, error) {
	m, err := s.Histories.SweepMark(ctx, erasuresMark)
	if err != nil {
		return nil, err
	}
	r := &round{sweeper: s, mark: m, byUser: make(map[string]*engine.Erasure)}
	if m.Stage == "" {
		r.mark = engine.SweepMark{Stage: engine.SweepDecisions}
		pending, err := s.Histories.PendingErasures(ctx, maxRound)
		if err != nil {
			return nil, err
		}
		for _, e := range pending {
			if !now.Before(e.Asked.Add(s.Settle)) {
				r.mark.Erasures = append(r.mark.Erasures, e.ID)
			}
		}
		if len(r.mark.Erasures) == 0 {
			return nil, nil
		}
		if err := s.Histories.PutSweepMark(ctx, erasuresMark, &r.mark); err != nil {
			return nil, err
		}
	}
	for _, id := range r.mark.Erasures {
		e, err := s.Histories.Erasure(ctx, id)
		if err != nil {
			return nil, err
		}
		r.list = append(r.list, &e)
		if e.UserID != "" {
			r.byUser[e.UserID] = &e
		}
	}
	return r, nil
}

// maxRound bounds the erasures of one walk.
const maxRound = 1000

// advance does the next step, and keeps how far the walk has come.
func (r *round) advance(ctx context.Context) error {
	s := r.sweeper
	switch r.mark.Stage {
	case engine.SweepDecisions:
		last, more, err := s.Histories.ChangeDecisions(ctx, r.mark.Decisions, time.Time{}, step, r.decision)
		if err != nil {
			return err
		}
		r.mark.Decisions = last
		if !more {
			r.mark.Stage = engine.SweepEvents
		}
	case engine.SweepEvents:
		last, more, err := s.Histories.ChangeEvents(ctx, r.mark.Events, time.Time{}, step, r.event)
		if err != nil {
			return err
		}
		r.mark.Events = last
		if !more {
			r.mark.Stage = engine.SweepAccounts
		}
	case engine.SweepAccounts:
		if err := r.accounts(ctx); err != nil {
			return err
		}
		r.mark.Stage = engine.SweepPurge
	default:
		return r.finish(ctx)
	}
	if err := r.keep(ctx); err != nil {
		return err
	}
	return s.rest(ctx)
}

func (r *round) decision(d *engine.Decision) bool {
	if d.Request == nil {
		return false
	}
	e := r.byUser[d.Request.User.ID]
	if e == nil {
		return false
	}
	forgetUser(d)
	Coarsen(d)
	e.Decisions++
	return true
}

func (r *round) event(v *engine.Event) bool {
	e := r.byUser[v.UserID]
	if e == nil {
		return false
	}
	v.UserID = ""
	e.Events++
	return true
}

// accountsStep is how many accounts are gone through until that is noted.
const accountsStep = 64

// accounts goes through the accounts that are left.
func (r *round) accounts(ctx context.Context) error {
	s, n := r.sweeper, 0
	after := r.mark.Account
	return s.Histories.EachAccount(ctx, func(c engine.CampaignRef) error {
		if after != (engine.CampaignRef{}) && compareRefs(c, after) <= 0 {
			return nil
		}
		counted := make(map[string]bool) // redemptions: each is given twice
		err := s.Histories.ChangeRedemptions(ctx, c, func(v *engine.Redemption) bool {
			e := r.byUser[v.UserID]
			if e == nil {
				return false
			}
			v.UserID = engine.ErasedUser(v.UserID)
			if !counted[v.ID] {
				counted[v.ID] = true
				e.Redemptions++
			}
			return true
		})
		if err != nil {
			return err
		}
		r.mark.Account = c
		if n++; n%accountsStep == 0 {
			return r.keep(ctx)
		}
		return nil
	})
}

// keep notes how far the walk has come.
func (r *round) keep(ctx context.Context) error {
	for _, e := range r.list {
		if err := r.sweeper.Histories.PutErasure(ctx, e); err != nil {
			return err
		}
	}
	return r.sweeper.Histories.PutSweepMark(ctx, erasuresMark, &r.mark)
}

func compareRefs(a, b engine.CampaignRef) int {
	return strings.Compare(a.MerchantID+"/"+a.CampaignID, b.MerchantID+"/"+b.CampaignID)
}

// finish takes the users' IDs out of the erasures themselves, purges and ends the walk.
func (r *round) finish(ctx context.Context) error {
	s := r.sweeper
	for _, e := range r.list {
		if e.UserID != "" {
			s.Forget(e.UserID) // what an event that was under way has counted
		}
		e.UserID, e.State = "", engine.ErasurePurging
		if err := s.Histories.PutErasure(ctx, e); err != nil {
			return err
		}
	}
	if err := s.Histories.Purge(ctx); err != nil {
		return err
	}
	if err := s.cleaned(ctx); err != nil {
		return err
	}
	for _, e := range r.list {
		e.State, e.Finished = engine.ErasureDone, s.Now().UTC()
		if err := s.Histories.PutErasure(ctx, e); err != nil {
			return err
		}
	}
	r.mark = engine.SweepMark{}
	return s.Histories.PutSweepMark(ctx, erasuresMark, &r.mark)
}
