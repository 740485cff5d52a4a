package engine

import (
	"context"
	"time"
)

// AuditEntry says who changed what, when and how. Entries are never changed and never deleted.
type AuditEntry struct {
	Seq        uint64    // dense from 1 within the merchant's log, or the platform's
	Time       time.Time // UTC
	By         string    // ID of the API key; "cli" for a command on a data folder, "schedule" for a staged change whose moment had come, "watch" for an experiment that was ended by itself
	Action     AuditAction
	Kind       ChangeKind
	MerchantID string // empty: of no merchant
	ID         string
	From, To   uint64 // versions before and after; 0: there was or is none
	ImportID   string // of the upload that it is part of
	Detail     string // what else there is to say: the revision that was restored, the ID of the staged change
}

// AuditAction is what was done.
type AuditAction string

// The actions.
const (
	AuditCreated   AuditAction = "created"
	AuditChanged   AuditAction = "changed"
	AuditDeleted   AuditAction = "deleted"
	AuditEnabled   AuditAction = "enabled"
	AuditDisabled  AuditAction = "disabled"
	AuditArchived  AuditAction = "archived"
	AuditRestored  AuditAction = "restored"  // to an earlier revision
	AuditActivated AuditAction = "activated" // a scoring profile
	AuditRevoked   AuditAction = "revoked"   // a key
	AuditStarted   AuditAction = "started"   // an experiment, and so the next two
	AuditStopped   AuditAction = "stopped"
	AuditFinished  AuditAction = "finished"
	AuditCodes     AuditAction = "codes_added"
	AuditStaged    AuditAction = "staged" // a change waits for its moment or for an approval
	AuditApproved  AuditAction = "approved"
	AuditRejected  AuditAction = "rejected"
	AuditCancelled AuditAction = "cancelled"
	AuditFailed    AuditAction = "failed" // a staged change could not be made when its moment came
)

// AuditLog keeps an entry of every change, written in the transaction that makes it.
type AuditLog interface {
	// AuditEntries lists what was done to a merchant and what it owns, or for an empty one to what no merchant owns, newest first.
	// Page.After is a Seq in decimal: those before it.
	AuditEntries(ctx context.Context, merchant string, p Page) ([]AuditEntry, string, error)
}
