package engine

import (
	"context"
	"time"
)

// Decider answers requests.
type Decider interface {
	// Decide answers a validated request on the current snapshot and queues the decision for the log. With once the ID follows
	// from it, the first answer is given again, and the call returns when the decision is on disk. ErrUnavailable before the first snapshot.
	Decide(ctx context.Context, r *Request, once *Once) (*Decision, error)
	// Decision returns a recorded decision, or ErrNotFound.
	Decision(ctx context.Context, id string) (*Decision, error)
}

// EventTaker takes what travellers did.
type EventTaker interface {
	// TakeEvents validates a batch, keeps it durably and then counts it. Faults name the events by path: all or none is taken.
	TakeEvents(ctx context.Context, once *Once, events []Event) error
}

// Importer runs uploads.
type Importer interface {
	// RunImport reads rows to the end, validates each, and commits them if i asks for it. The report is in the returned
	// Import, also when every row is faulty; an error is a failure of the upload itself, which then changed nothing.
	// progress, if not nil, is told the rows read so far.
	RunImport(ctx context.Context, w Write, i Import, rows RowReader, progress func(rows int)) (Import, error)
}

// Limits says which budgets, caps and pacing keep an offer back.
type Limits interface {
	// Check appends the reasons against showing a listing at one of its sites to a user now. Cost: a few map reads under a shared lock.
	Check(dst []Reason, l *Listing, site int, userID string, at time.Time) []Reason
}

// Snapshots gives the current snapshot.
type Snapshots interface {
	// Snapshot returns nil before the first publication. It takes no lock.
	Snapshot() *Snapshot
	// AwaitVersion returns when a snapshot of at least this position is published, so that a writer reads its own write.
	AwaitVersion(ctx context.Context, version uint64) error
}
