package engine

import "time"

// Meta is what the store knows about a resource besides its content.
type Meta struct {
	Version uint64    // 1 for the first version; 0 for a resource that was never stored
	Created time.Time // UTC
	Updated time.Time // UTC, equals Created at version 1
	By      string    // ID of the API key that wrote this version; "cli" for a command on a data folder
}

// Merchant is the tenant: it owns venues and campaigns. Its ID is unique in the store.
type Merchant struct {
	ID   string
	Name Text
	// Approval says whether changes of its campaigns wait for another key of the merchant.
	Approval Approval
	Meta     Meta
}

// Approval is who has to agree to a change of a campaign.
type Approval string

// The approvals.
const (
	ApprovalNone      Approval = ""           // nobody: a change is made at once
	ApprovalSecondKey Approval = "second_key" // another key of the same merchant than the one that asked for it, or an operator
)
