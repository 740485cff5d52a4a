package catalog

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/sihai-network/sihai/engine"
)

var _ engine.Stager = (*Service)(nil)

// maxAhead bounds how far ahead a change may be staged.
const maxAhead = 10 * 366 * 24 * time.Hour

// needsApproval reports whether what a key asks for waits for another key: where the merchant says so, and the key is the merchant's own.
func (s *Service) needsApproval(ctx context.Context, merchant, by string) (bool, error) {
	m, err := s.store.Merchant(ctx, merchant)
	if err != nil || m.Approval == engine.ApprovalNone {
		return false, err
	}
	return s.isMerchants(ctx, by)
}

// isMerchants reports whether an author is a merchant's key.
func (s *Service) isMerchants(ctx context.Context, by string) (bool, error) {
	k, err := s.store.Key(ctx, by)
	if errors.Is(err, engine.ErrNotFound) { // the program's own: a command on a data folder
		return false, nil
	}
	return k.Role == engine.RoleMerchant, err
}

// gate keeps a change that needs an approval, which is a *engine.PendingApproval; nil where it needs none. What it is to change must be as w.If asks for, and as it is
// now when it is approved.
func (s *Service) gate(ctx context.Context, w engine.Write, c engine.StagedChange) error {
	waits, err := s.needsApproval(ctx, c.MerchantID, w.By)
	if err != nil || !waits {
		return err
	}
	c.Base, c.Absent = w.If.Version, w.If.Absent
	stored, err := s.store.Campaign(ctx, c.MerchantID, c.CampaignID)
	switch {
	case errors.Is(err, engine.ErrNotFound):
		if c.Base == 0 && c.Campaign != nil {
			c.Absent = true
		}
	case err != nil:
		return err
	default:
		if err := staysArchived(stored.Status, statusAfter(&c)).Err(); err != nil {
			return err
		}
		if c.Base == 0 && !c.Absent {
			c.Base = stored.Meta.Version
		}
	}
	c.State = engine.StagedPending
	kept, err := s.keep(ctx, w, c)
	if err != nil {
		return err
	}
	return &engine.PendingApproval{Change: kept}
}

// statusAfter is the status of a campaign once a change is made.
func statusAfter(c *engine.StagedChange) engine.Status {
	if c.Campaign != nil {
		return c.Campaign.Status
	}
	return c.Status
}

// keep stores a new change.
func (s *Service) keep(ctx context.Context, w engine.Write, c engine.StagedChange) (engine.StagedChange, error) {
	id, err := engine.IDs{Random: s.random}.New(w.At)
	if err != nil {
		return c, fmt.Errorf("name change: %w", err)
	}
	c.ID, c.Action, c.Detail = id, w.Action, w.Detail
	kept, err := s.store.PutStagedChange(ctx, w, c)
	if err == nil {
		s.moments.add(&kept)
	}
	return kept, err
}

// StageChange implements engine.Stager. The fault of a moment that has passed is at live_at, those of the campaign lie under campaign.
func (s *Service) StageChange(ctx context.Context, w engine.Write, c engine.StagedChange) (engine.StagedChange, error) {
	var k checker
	c.LiveAt = c.LiveAt.UTC().Truncate(time.Millisecond)
	switch {
	case c.LiveAt.IsZero():
		k.add("live_at", "required", "say when it goes live; what is to hold at once is put as it is")
	case !c.LiveAt.After(w.At):
		k.add("live_at", "out_of_range", "the moment has passed")
	case c.LiveAt.Sub(w.At) > maxAhead:
		k.add("live_at", "out_of_range", "the moment is more than ten years ahead")
	}
	switch {
	case (c.Campaign == nil) == (c.Status == ""):
		k.add("campaign", "required", "a change holds either the campaign as it is to be, or the status")
	case c.Campaign == nil:
		among(&k, "status", c.Status, engine.StatusEnabled, engine.StatusDisabled, engine.StatusArchived)
		w.Action = statusAction(c.Status)
	default:
		k.faults = append(k.faults, s.CheckCampaign(c.Campaign).Under("campaign")...)
		if c.Campaign.ID != c.CampaignID {
			k.add("campaign.id", "invalid", "%.64q is not %q, whose change this is", c.Campaign.ID, c.CampaignID)
		}
	}
	if err := k.faults.Err(); err != nil {
		return engine.StagedChange{}, err
	}
	if c.Campaign != nil {
		normalizeCampaign(c.Campaign)
	}
	waits, err := s.needsApproval(ctx, c.MerchantID, w.By)
	if err != nil {
		return engine.StagedChange{}, err
	}
	c.Base, c.Absent, c.State = w.If.Version, w.If.Absent, engine.StagedScheduled
	if waits {
		c.State = engine.StagedPending
	}
	return s.keep(ctx, w, c)
}

// statusAction is what the audit log calls a change of status.
func statusAction(s engine.Status) engine.AuditAction {
	return map[engine.Status]engine.AuditAction{
		engine.StatusEnabled: engine.AuditEnabled, engine.StatusDisabled: engine.AuditDisabled, engine.StatusArchived: engine.AuditArchived,
	}[s]
}

// ApproveChange implements engine.Stager. A change whose moment has passed while it waited is made at once.
func (s *Service) ApproveChange(ctx context.Context, w engine.Write, merchant, id, note string) (engine.StagedChange, error) {
	w.Action = engine.AuditApproved
	return s.decide(ctx, w, merchant, id, note, func(c *engine.StagedChange, now *engine.Campaign) (*engine.Campaign, error) {
		if err := decidable(c, w.By); err != nil {
			return nil, err
		}
		if c.LiveAt.After(w.At) {
			c.State = engine.StagedScheduled
			return nil, nil
		}
		return makeNow(c, now, w.At)
	})
}

// RejectChange implements engine.Stager.
func (s *Service) RejectChange(ctx context.Context, w engine.Write, merchant, id, note string) (engine.StagedChange, error) {
	w.Action = engine.AuditRejected
	return s.decide(ctx, w, merchant, id, note, func(c *engine.StagedChange, _ *engine.Campaign) (*engine.Campaign, error) {
		err := decidable(c, w.By)
		c.State = engine.StagedRejected
		return nil, err
	})
}

// decidable returns why a key may not approve or reject a change.
func decidable(c *engine.StagedChange, by string) error {
	switch {
	case c.State != engine.StagedPending:
		return fmt.Errorf("%w: it is %s", engine.ErrSettled, c.State)
	case c.By == by:
		return engine.ErrOwnChange
	}
	return nil
}

// CancelChange implements engine.Stager.
func (s *Service) CancelChange(ctx context.Context, w engine.Write, merchant, id, note string) (engine.StagedChange, error) {
	w.Action = engine.AuditCancelled
	return s.decide(ctx, w, merchant, id, note, func(c *engine.StagedChange, _ *engine.Campaign) (*engine.Campaign, error) {
		if c.State != engine.StagedPending && c.State != engine.StagedScheduled {
			return nil, fmt.Errorf("%w: it is %s", engine.ErrSettled, c.State)
		}
		c.State = engine.StagedCancelled
		return nil, nil
	})
}

// decide settles a change by the word of a key.
func (s *Service) decide(ctx context.Context, w engine.Write, merchant, id, note string, word func(*engine.StagedChange, *engine.Campaign) (*engine.Campaign, error)) (engine.StagedChange, error) {
	var k checker
	if !utf8.ValidString(note) || utf8.RuneCountInString(note) > MaxKeyNote {
		k.add("note", "too_long", "a note is text of at most %d characters", MaxKeyNote)
		return engine.StagedChange{}, k.faults
	}
	settled, err := s.store.SettleStagedChange(ctx, w, merchant, id, func(c *engine.StagedChange, now *engine.Campaign) (*engine.Campaign, error) {
		next, err := word(c, now)
		c.DecidedBy, c.Decided, c.Note = w.By, w.At.UTC(), note
		return next, err
	})
	if err == nil {
		s.moments.add(&settled)
	}
	return settled, err
}

// makeNow returns what a campaign becomes by a change, which is made with that.
func makeNow(c *engine.StagedChange, now *engine.Campaign, at time.Time) (*engine.Campaign, error) {
	c.State, c.Made = engine.StagedMade, at.UTC()
	next := c.Campaign
	if next == nil {
		if now == nil {
			return nil, engine.ErrNotFound
		}
		own := *now
		own.Status = c.Status
		next = &own
	}
	if now != nil {
		if err := staysArchived(now.Status, next.Status).Err(); err != nil {
			return nil, err
		}
	}
	return next, nil
}

// makeDue makes a change whose moment has come, exactly once: a change that is scheduled no longer is left as it is. One that cannot be made is failed and says why.
func (s *Service) makeDue(ctx context.Context, at time.Time, ref engine.StagedRef) error {
	w := engine.Write{At: at, By: scheduleName}
	_, err := s.store.SettleStagedChange(ctx, w, ref.MerchantID, ref.ID, func(c *engine.StagedChange, now *engine.Campaign) (*engine.Campaign, error) {
		if c.State != engine.StagedScheduled || c.LiveAt.After(at) {
			return nil, engine.ErrSettled
		}
		return makeNow(c, now, at)
	})
	var faults engine.Faults
	switch {
	case err == nil || errors.Is(err, engine.ErrSettled) || errors.Is(err, engine.ErrNotFound) && !s.isThere(ctx, ref):
		return nil
	case errors.As(err, &faults):
	case errors.Is(err, engine.ErrStale), errors.Is(err, engine.ErrExists), errors.Is(err, engine.ErrNotFound):
		faults.Add("", "conflict", "the campaign is not as the change asks for: %v", sentinel(err))
	default:
		return err
	}
	w.Action = engine.AuditFailed
	_, err = s.store.SettleStagedChange(ctx, w, ref.MerchantID, ref.ID, func(c *engine.StagedChange, _ *engine.Campaign) (*engine.Campaign, error) {
		if c.State != engine.StagedScheduled {
			return nil, engine.ErrSettled
		}
		c.State, c.Made, c.Faults = engine.StagedFailed, at.UTC(), faults
		return nil, nil
	})
	if errors.Is(err, engine.ErrSettled) {
		return nil
	}
	return err
}

// scheduleName stands for the schedule itself as the author of a failure.
const scheduleName = "schedule"

// isThere reports whether a change exists, so that its campaign is what does not.
func (s *Service) isThere(ctx context.Context, ref engine.StagedRef) bool {
	_, err := s.store.StagedChange(ctx, ref.MerchantID, ref.ID)
	return err == nil
}

// sentinel returns the one of the engine's errors that an error is.
func sentinel(err error) error {
	for _, known := range []error{engine.ErrStale, engine.ErrExists, engine.ErrNotFound} {
		if errors.Is(err, known) {
			return known
		}
	}
	return err
}

// RestoreCampaign implements engine.Stager.
func (s *Service) RestoreCampaign(ctx context.Context, w engine.Write, merchant, id string, version uint64) (engine.Campaign, error) {
	c, err := s.store.CampaignRevision(ctx, merchant, id, version)
	if err != nil {
		return engine.Campaign{}, err
	}
	w.Action, w.Detail = engine.AuditRestored, fmt.Sprintf("version %d", version)
	c.Meta = engine.Meta{}
	return s.PutCampaign(ctx, w, c)
}
