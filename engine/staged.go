package engine

import (
	"context"
	"time"
)

// StagedChange is a change of a campaign that waits for its moment, for an approval or for both, or that did.
type StagedChange struct {
	ID         string // UUID version 7, so that they are in the order in which they were asked for
	MerchantID string
	CampaignID string
	Campaign   *Campaign // what the campaign becomes; nil: only its status does
	Status     Status    // where Campaign is nil
	Base       uint64    // version that the campaign must have when the change is made; 0: any
	Absent     bool      // the campaign must not exist when the change is made
	LiveAt     time.Time // when it is made, UTC; zero: as soon as it may
	State      StagedState
	By         string // ID of the key that asked for it, and so the author of the version that it makes
	Created    time.Time
	DecidedBy  string // who approved, rejected or cancelled it last
	Decided    time.Time
	Note       string    // of whoever decided
	Made       time.Time // when it was made, or could not be
	Version    uint64    // that it made; 0: none
	Action     AuditAction
	Detail     string
	Faults     Faults // why it could not be made
}

// StagedState is how far a staged change has come.
type StagedState string

// The states of a staged change; the last four are for good.
const (
	StagedPending   StagedState = "pending"   // waits for an approval
	StagedScheduled StagedState = "scheduled" // waits for its moment
	StagedMade      StagedState = "made"
	StagedFailed    StagedState = "failed" // could not be made when its moment had come
	StagedRejected  StagedState = "rejected"
	StagedCancelled StagedState = "cancelled"
)

// StagedFilter chooses staged changes; empty fields choose all.
type StagedFilter struct {
	CampaignID string
	State      StagedState
}

// StagedRef names a change that is scheduled.
type StagedRef struct {
	LiveAt     time.Time
	MerchantID string
	ID         string
}

// StagedChanges keeps changes of campaigns that wait.
type StagedChanges interface {
	StagedChange(ctx context.Context, merchant, id string) (StagedChange, error)
	// ListStagedChanges lists those that a filter chooses, oldest first.
	ListStagedChanges(ctx context.Context, merchant string, f StagedFilter, p Page) ([]StagedChange, string, error)
	// PutStagedChange keeps a new one, whose ID the caller made. Where w.Once was used before the earlier one is returned. What Base and Absent say must hold of the
	// campaign now: ErrStale, ErrExists or ErrNotFound otherwise; Faults when it names a venue that does not exist.
	PutStagedChange(ctx context.Context, w Write, c StagedChange) (StagedChange, error)
	// SettleStagedChange changes a staged change in one transaction with what that does to its campaign: decide is told both as they are, nil for a campaign that
	// does not exist, changes the former and returns what the latter becomes, nil for nothing. It may run more than once and touches nothing
	// else; its error is returned as it is, and then nothing is written. ErrStale and ErrExists when the campaign is not what the change asks for, Faults when it names a
	// venue that does not exist. Where w.Once was used before nothing is done and the change returned as it is.
	SettleStagedChange(ctx context.Context, w Write, merchant, id string, decide func(c *StagedChange, now *Campaign) (*Campaign, error)) (StagedChange, error)
	// EachScheduledChange calls fn for each change that is scheduled, by merchant and moment.
	EachScheduledChange(ctx context.Context, fn func(StagedRef) error) error
}

// PendingApproval is the error of a change that was taken and waits for the approval of another key.
type PendingApproval struct{ Change StagedChange }

// Error names the change.
func (p *PendingApproval) Error() string {
	return "change " + p.Change.ID + " of campaign " + p.Change.CampaignID + " waits for the approval of another key"
}

// Stager makes, decides and lists changes of campaigns that wait. A change is validated as a campaign is when it is asked for.
type Stager interface {
	// StageChange keeps a change until its moment: CampaignID, Campaign or Status, and LiveAt, which lies ahead, are those of c, and what w.If asks for must hold of the
	// campaign now and then. Where the merchant asks for approvals it waits for one first.
	StageChange(ctx context.Context, w Write, c StagedChange) (StagedChange, error)
	// ApproveChange makes a change, or lets it wait for its moment. ErrOwnChange for the key that asked for it, ErrSettled for a change that waits for no approval.
	ApproveChange(ctx context.Context, w Write, merchant, id, note string) (StagedChange, error)
	RejectChange(ctx context.Context, w Write, merchant, id, note string) (StagedChange, error)
	// CancelChange takes a change back that was not made yet; any key of its merchant may. ErrSettled for any other.
	CancelChange(ctx context.Context, w Write, merchant, id, note string) (StagedChange, error)
	// RestoreCampaign makes an earlier revision the next version.
	RestoreCampaign(ctx context.Context, w Write, merchant, id string, version uint64) (Campaign, error)
}
