package engine

import (
	"context"
	"strings"
	"time"
)

// erasedPrefix begins what stands for a user whose ID was erased. No order may name such a user: see IsErased.
const erasedPrefix = "erased:"

// ErasedUser returns what stands in the place of a user's ID once that is erased: it counts in the same balances of accounts, and tells nobody who it is.
func ErasedUser(id string) string {
	if id == "" || IsErased(id) {
		return id
	}
	return erasedPrefix + UserHash(id)
}

// IsErased reports whether an ID is one that ErasedUser made, or looks like one.
func IsErased(id string) bool { return strings.HasPrefix(id, erasedPrefix) }

// ErasureState is how far an erasure has come.
type ErasureState string

// The states of an erasure.
const (
	ErasurePending ErasureState = "pending" // it is being done, or waits for its turn
	ErasurePurging ErasureState = "purging" // nobody reads of the user any more; the files that held it are being rewritten
	ErasureDone    ErasureState = "done"    // no file holds it
)

// Erasure is the record of a user's history being erased. It names the user only while that is needed.
type Erasure struct {
	ID          string
	UserID      string // empty once the state is ErasurePurging
	State       ErasureState
	Asked       time.Time
	Finished    time.Time // zero until it is done
	Decisions   int64     // changed
	Events      int64
	Redemptions int64
}

// Erasures erases what is known of a user.
type Erasures interface {
	// EraseUser begins to erase a user's history, or returns the erasure of that user that is under way.
	EraseUser(ctx context.Context, w Write, user string) (Erasure, error)
	// Erasure returns ErrNotFound for an unknown ID.
	Erasure(ctx context.Context, id string) (Erasure, error)
	ListErasures(ctx context.Context, p Page) ([]Erasure, string, error)
}

// LogName names one of the logs of what travellers asked and did.
type LogName string

// The logs.
const (
	LogDecisions LogName = "decisions"
	LogEvents    LogName = "events"
)

// LogPlace is a place in a log: what comes after it is later. The zero value is the beginning.
type LogPlace struct {
	Time time.Time // of the block that was read last, to the millisecond
	Seq  uint64
}

// IsZero reports whether p is the beginning.
func (p LogPlace) IsZero() bool { return p.Seq == 0 && p.Time.IsZero() }

// SweepMark is how far a sweep over what is kept has come.
type SweepMark struct {
	Decisions, Events LogPlace    // what was looked at
	Account           CampaignRef // the last account that was looked at
	Erasures          []string    // IDs of those that the sweep does
	Stage             SweepStage
}

// SweepStage is what a sweep does.
type SweepStage string

// The stages of a sweep, in order; the empty one is none.
const (
	SweepDecisions SweepStage = "decisions"
	SweepEvents    SweepStage = "events"
	SweepAccounts  SweepStage = "accounts"
	SweepPurge     SweepStage = "purge"
)

// Histories keeps what erasures have to do, and changes what is kept of travellers in its place. Each call below that changes something is bounded, and one or more
// durable transactions, after any of which it may be called again with the same arguments.
type Histories interface {
	// ErasureOf returns the erasure of a user that is not yet ErasurePurging; ErrNotFound for none.
	ErasureOf(ctx context.Context, user string) (Erasure, error)
	Erasure(ctx context.Context, id string) (Erasure, error)
	ListErasures(ctx context.Context, p Page) ([]Erasure, string, error)
	// PendingErasures lists up to limit that name a user.
	PendingErasures(ctx context.Context, limit int) ([]Erasure, error)
	// PutErasure keeps e; one that names no user is found by its ID only.
	PutErasure(ctx context.Context, e *Erasure) error
	// SweepMark returns that of a name, zero for none.
	SweepMark(ctx context.Context, name string) (SweepMark, error)
	PutSweepMark(ctx context.Context, name string, m *SweepMark) error

	// ChangeDecisions gives each decision of up to limit blocks after a place, that were kept before a time (zero: whenever), to change, and keeps those in their places for which it
	// returns true. It returns the place of the last block, and false when there are no more.
	ChangeDecisions(ctx context.Context, after LogPlace, before time.Time, limit int, change func(*Decision) bool) (last LogPlace, more bool, err error)
	ChangeEvents(ctx context.Context, after LogPlace, before time.Time, limit int, change func(*Event) bool) (last LogPlace, more bool, err error)
	// TrimDecisions forgets the decisions of up to limit blocks that were kept before a time, and returns false when there are no more.
	TrimDecisions(ctx context.Context, before time.Time, limit int) (more bool, err error)
	// ChangeRedemptions gives each redemption of an account to change, and keeps those for which it returns true.
	ChangeRedemptions(ctx context.Context, c CampaignRef, change func(*Redemption) bool) error
	// EachAccount calls fn for each account there is, in order.
	EachAccount(ctx context.Context, fn func(CampaignRef) error) error
	// Purge returns when nothing that was changed or forgotten before is on disk any more.
	Purge(ctx context.Context) error
}
