package engine

import (
	"context"
	"time"

	"github.com/sihai-network/sihai/scoring"
)

// Decider answers requests.
type Decider interface {
	// Decide answers a validated request on the current snapshot and queues the decision for the log. With once the ID follows
	// from it, the first answer is given again, and the call returns when the decision is on disk. ErrUnavailable before the first snapshot.
	Decide(ctx context.Context, r *Request, once *Once) (*Decision, error)
	// Decision returns a recorded decision, or ErrNotFound.
	Decision(ctx context.Context, id string) (*Decision, error)
}

// Replayer decides recorded decisions again.
type Replayer interface {
	// Replay answers the request of a recorded decision on the catalog, the popularity, the rates, the settings and the limits of then. Under the profile of then, which nil stands for,
	// the answer is that of the record, byte for byte. Under another one, limits of which the record does not tell are taken to hold nothing back. Nothing is kept.
	// ErrNotFound where something that it rests on is no longer known, ErrForgotten where its own position or user is not.
	Replay(ctx context.Context, d *Decision, profile *scoring.Profile) (*Decision, error)
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

// Catalog changes what merchants own and how offers are ranked. Each call validates its argument first and returns Faults
// with everything that is wrong; then it is one transaction of the store, see Write.
type Catalog interface {
	PutMerchant(ctx context.Context, w Write, m Merchant) (Merchant, error)
	// PutVenue finds the time zone from the position where none is given.
	PutVenue(ctx context.Context, w Write, v Venue) (Venue, error)
	DeleteVenue(ctx context.Context, w Write, merchant, id string) error
	PutCampaign(ctx context.Context, w Write, c Campaign) (Campaign, error)
	// SetStatus enables, disables or archives. An archived campaign stays so: Faults otherwise.
	SetStatus(ctx context.Context, w Write, merchant, id string, s Status) (Campaign, error)
	// RequireCode makes a campaign that has voucher codes say that it is used with one of them.
	RequireCode(ctx context.Context, w Write, merchant, id string) error
	PutProfile(ctx context.Context, w Write, p scoring.Profile) (scoring.Profile, error)
	ActivateProfile(ctx context.Context, w Write, name string, version uint64) (scoring.Profile, error)
	PutRates(ctx context.Context, w Write, days Rates) (int, error)
	// CreateKey makes a key with a new secret and returns the secret, which is kept nowhere. k holds role, merchant and note.
	CreateKey(ctx context.Context, w Write, k Key) (created Key, secret string, err error)
	RevokeKey(ctx context.Context, w Write, id string) (Key, error)

	// CheckMerchant, CheckVenue and CheckCampaign tell what Put would refuse in the value itself, and write nothing.
	CheckMerchant(m *Merchant) Faults
	CheckVenue(v *Venue) Faults
	// CheckCampaign compiles the geofences of c besides.
	CheckCampaign(c *Campaign) Faults
}

// Limits says which budgets, caps and pacing keep an offer back.
type Limits interface {
	// Check appends the reasons against showing a listing at one of its sites to a user now. It is asked of those that are Limited only: against the
	// others there is none. Cost: a few map reads under a shared lock.
	Check(dst []Reason, l *Listing, site int, userID string, at time.Time) []Reason
	// Within reports whether Check appends nothing, for less.
	Within(l *Listing, site int, userID string, at time.Time) bool
}

// Snapshots gives the current snapshot.
type Snapshots interface {
	// Snapshot returns nil before the first publication. It takes no lock.
	Snapshot() *Snapshot
	// AwaitVersion returns when a snapshot of at least this position is published, so that a writer reads its own write.
	AwaitVersion(ctx context.Context, version uint64) error
}

// OfferRules says whether an offer holds for a traveller, budgets and caps aside.
type OfferRules interface {
	// CheckOffer appends the reasons against a use of a listing at one of its sites, ascending by code: its status, its flight, the venue's hours,
	// its audience and, where the request has a location, its fence.
	CheckOffer(dst []Reason, s *Snapshot, r *Request, l *Listing, site int) []Reason
	// NextOpening returns the first whole minute from at on, or at itself, in which the flight and the venue's hours hold; false when there is none.
	NextOpening(l *Listing, site int, at time.Time) (time.Time, bool)
}
