package engine

import (
	"context"
	"time"

	"github.com/sihai-network/sihai/scoring"
)

// Write says who writes, when and under which condition. Each Put, Update and Delete below is one transaction: the
// condition, the receipt of Once, the new version, its revision and its place in the change feed stand or fall together,
// and are on disk when the call returns nil.
type Write struct {
	At   time.Time
	By   string // ID of the API key, or "cli"
	If   Precondition
	Once *Once // nil: not idempotent
	// Action and Detail are what the audit log calls it. Empty: created or changed, and nothing.
	Action AuditAction
	Detail string
}

// Precondition is what must hold of the stored resource; the zero value always holds.
type Precondition struct {
	Absent  bool   // it must not exist: ErrExists otherwise
	Version uint64 // it must have this version: ErrStale otherwise (ErrNotFound when absent); 0: any
}

// Once makes a write happen at most once. The same Key and Fingerprint again gives the first answer (the version that was
// written then); the same Key with another Fingerprint ErrOnceConflict.
type Once struct {
	Caller      string // ID of the API key: keys of two callers never meet
	Key         string
	Fingerprint [32]byte // of method, path and body
}

// Page asks for a part of a list in ascending order of ID.
type Page struct {
	Limit int    // at least 1
	After string // exclusive; empty: from the start
}

// Merchants keeps merchants. A merchant is never deleted: records name it.
type Merchants interface {
	// Merchant returns ErrNotFound when there is none.
	Merchant(ctx context.Context, id string) (Merchant, error)
	// ListMerchants returns a page and the After of the next one, empty when this was the last.
	ListMerchants(ctx context.Context, p Page) ([]Merchant, string, error)
	// PutMerchant stores m as a new version and returns it with its Meta.
	PutMerchant(ctx context.Context, w Write, m Merchant) (Merchant, error)
}

// Venues keeps venues by merchant.
type Venues interface {
	Venue(ctx context.Context, merchant, id string) (Venue, error)
	ListVenues(ctx context.Context, merchant string, p Page) ([]Venue, string, error)
	// PutVenue stores v as a new version. ErrNotFound when its merchant does not exist.
	PutVenue(ctx context.Context, w Write, v Venue) (Venue, error)
	// DeleteVenue returns ErrInUse when a campaign that is not archived names the venue by its ID.
	DeleteVenue(ctx context.Context, w Write, merchant, id string) error
}

// Campaigns keeps campaigns by merchant, each version for ever.
type Campaigns interface {
	Campaign(ctx context.Context, merchant, id string) (Campaign, error)
	ListCampaigns(ctx context.Context, merchant string, p Page) ([]Campaign, string, error)
	// PutCampaign stores c as a new version. ErrNotFound when its merchant does not exist; Faults when it names a venue that does not.
	PutCampaign(ctx context.Context, w Write, c Campaign) (Campaign, error)
	// CampaignRevision returns a version; ErrNotFound when there is none.
	CampaignRevision(ctx context.Context, merchant, id string, version uint64) (Campaign, error)
	// UpdateCampaign stores what change makes of the current version, in one transaction. change may run more than once and
	// touches nothing else; an error of its own is returned as it is.
	UpdateCampaign(ctx context.Context, w Write, merchant, id string, change func(*Campaign) error) (Campaign, error)
	// CampaignRevisions lists the versions, newest first. Page.After is the version, in decimal.
	CampaignRevisions(ctx context.Context, merchant, id string, p Page) ([]Campaign, string, error)
}

// Profiles keeps scoring profiles. A version is immutable; one version of one profile is active.
type Profiles interface {
	// Profile returns a version; version 0 is the newest. A list only tells of the profiles' models, and so does what ActivateProfile returns.
	Profile(ctx context.Context, name string, version uint64) (scoring.Profile, error)
	// ListProfiles lists the newest version of each profile.
	ListProfiles(ctx context.Context, p Page) ([]scoring.Profile, string, error)
	// ProfileVersions lists the versions of one, newest first. Page.After is the version, in decimal.
	ProfileVersions(ctx context.Context, name string, p Page) ([]scoring.Profile, string, error)
	// PutProfile stores p as the next version of its name.
	PutProfile(ctx context.Context, w Write, p scoring.Profile) (scoring.Profile, error)
	// ActivateProfile makes a version the active one; version 0 is the newest.
	ActivateProfile(ctx context.Context, w Write, name string, version uint64) (scoring.Profile, error)
	// ActiveProfile returns ErrNotFound before the first activation.
	ActiveProfile(ctx context.Context) (scoring.Profile, error)
}

// RateBook keeps the reference rates.
type RateBook interface {
	// Rates returns the whole history.
	Rates(ctx context.Context) (Rates, error)
	// PutRates adds days, or replaces those that are there, and returns how many changed.
	PutRates(ctx context.Context, w Write, days Rates) (int, error)
}

// Keys keeps API keys.
type Keys interface {
	// Key returns a key by its ID, also a revoked one.
	Key(ctx context.Context, id string) (Key, error)
	// KeyByHash returns ErrNotFound for an unknown secret, and the revoked key for a revoked one.
	KeyByHash(ctx context.Context, hash [32]byte) (Key, error)
	ListKeys(ctx context.Context, p Page) ([]Key, string, error)
	PutKey(ctx context.Context, w Write, k Key) (Key, error)
	RevokeKey(ctx context.Context, w Write, id string) (Key, error)
}

// Imports keeps uploads of many rows that become visible together, or not at all.
type Imports interface {
	// BeginImport makes a record in state ImportStaging. With a Once that was used before it returns the earlier record, unless that
	// import broke off before its rows were judged (ImportFailed with none rejected): then the key is the new import's.
	BeginImport(ctx context.Context, w Write, i Import) (Import, error)
	// StageRows keeps rows on disk under the import, invisible. Rows come in order, in calls of some thousand.
	StageRows(ctx context.Context, id ImportID, rows []ImportRow) error
	// CommitImport makes every staged row current, all or none, with report kept as the record. It returns once readers of the
	// store and of the change feed see the rows; after a crash at any moment the rows are all there or all absent,
	// and there if the call had returned. Rows equal to what is stored make no new version.
	CommitImport(ctx context.Context, w Write, report Import) (Import, error)
	// DiffRows tells, of each row with a venue or a campaign, what CommitImport would make of it; of any other row nothing, which is DiffNone. It
	// writes nothing: for dry runs.
	DiffRows(ctx context.Context, merchant string, rows []ImportRow) ([]RowDiff, error)
	// DropImport forgets the staged rows and keeps report as the record, in state ImportFailed, or ImportCancelled if that is the report's.
	DropImport(ctx context.Context, report Import) error
	Import(ctx context.Context, id ImportID) (Import, error)
	ListImports(ctx context.Context, merchant string, p Page) ([]Import, string, error)
}

// ImportID names an import of a merchant.
type ImportID struct{ MerchantID, ID string }

// ImportState is how far an import has come.
type ImportState string

// The states of an import.
const (
	ImportQueued    ImportState = "queued" // its file is kept and waits to be read
	ImportStaging   ImportState = "staging"
	ImportCommitted ImportState = "committed" // durable; being made current
	ImportDone      ImportState = "done"
	ImportFailed    ImportState = "failed"    // changed nothing
	ImportCancelled ImportState = "cancelled" // changed nothing, since it was called off
)

// ImportKind is what the rows of an import are.
type ImportKind string

// The kinds of import.
const (
	ImportVenues    ImportKind = "venues"
	ImportCampaigns ImportKind = "campaigns"
)

// Import is the record and the report of an upload.
type Import struct {
	ImportID
	Kind       ImportKind
	Format     string // ndjson, csv, geojson
	State      ImportState
	DryRun     bool
	Partial    bool // good rows go in although others are faulty
	Rows       int  // read
	Accepted   int
	Rejected   int
	Added      int // of the accepted: new, changed, equal to what was there
	Changed    int
	Same       int
	Faults     []RowFault // the first MaxRowFaults
	MoreFaults int        // beyond those
	Started    time.Time
	Finished   time.Time
	By         string

	Feed        FeedOptions
	Ended       int         // archived campaigns, or deleted venues, that the file does not name
	Prune       bool        // end what the file does not name
	PruneShare  float64     // of what there is, above which nothing is ended and the import fails; 0: DefaultPruneShare
	Changes     []RowChange // of a dry run: the first MaxRowChanges
	MoreChanges int         // beyond those
	PassedOver  []string    // columns that were understood and have no member
	Detail      string      // for people: why an import failed as a whole, or why it ended nothing

	Spooled bool  // its file is kept until it ends: a crash does not end it, see ImportJobs
	Size    int64 // of that file, in bytes
	Read    int64 // of these, so far
	Through int   // number of the last row that the counts tell of
}

// Ended reports whether nothing more will become of an import in this state.
func (s ImportState) Ended() bool {
	return s == ImportDone || s == ImportFailed || s == ImportCancelled
}

// ImportJobs keeps imports whose files are kept elsewhere until they are read. What was staged of them, and the record of how far that went, outlive a crash.
type ImportJobs interface {
	// SaveImport keeps a report as the record of an import that is queued or staging, and forgets the staged rows where it has ended. ErrStale when it is neither.
	SaveImport(ctx context.Context, report Import) error
	// RewindImport forgets the staged rows behind that which the record tells of, and returns the record.
	RewindImport(ctx context.Context, id ImportID) (Import, error)
	// OpenImports lists the spooled imports that have not ended, by merchant and ID.
	OpenImports(ctx context.Context) ([]Import, error)
}

// DefaultPruneShare is the share of a merchant's venues or campaigns that a full feed may end without being told how large it may be.
const DefaultPruneShare = 0.2

// FeedOptions say how a file is written, where it does not show that itself.
type FeedOptions struct {
	Delimiter string // of CSV: one character, or tab, comma, semicolon, pipe; empty: found from the header
	Encoding  string // utf-8, utf-16le, utf-16be, gb18030, windows-1252; empty: found from the first bytes
	Decimal   string // of CSV: point or comma; empty: found from the numbers
	Language  string // BCP 47 tag of the texts of a CSV file whose column names no language; empty: en
}

// MaxRowChanges bounds the rows whose changes a dry run lists.
const MaxRowChanges = 1_000

// MaxToldValue bounds a value that a report tells, in bytes.
const MaxToldValue = 200

// DiffKind is what an import makes of a row.
type DiffKind string

// What an import makes of a row.
const (
	DiffNone    DiffKind = ""
	DiffAdded   DiffKind = "added"
	DiffChanged DiffKind = "changed"
	DiffSame    DiffKind = "same"
	DiffEnded   DiffKind = "ended"
)

// RowDiff is what an import would make of a row, and what is stored now.
type RowDiff struct {
	Kind   DiffKind
	Before ImportRow // its venue or campaign, of a changed row only
	User   string    // a campaign that names the venue which the row ends, so that it cannot
}

// RowChange is what a dry run says of a row that would change something.
type RowChange struct {
	Row    int // 0 for one that the file does not name
	ID     string
	Kind   DiffKind
	Fields []FieldChange // of a changed row, ascending by path
}

// FieldChange is a member that an upload changes; empty: it is not there.
type FieldChange struct{ Path, Before, After string }

// MaxRowFaults bounds the faults that a report lists; the rest is counted.
const MaxRowFaults = 10_000

// RowFault is a fault of an uploaded row.
type RowFault struct {
	Row    int    // from 1; the header of a CSV file is row 1 and its first record row 2
	Column string // name of the CSV column, or the path of the member
	Value  string // what stands there in the file, at most MaxToldValue of it
	Fault
}

// ImportRow is one decoded row: a venue or a campaign, or the faults that it has instead.
type ImportRow struct {
	Row      int
	Venue    *Venue
	Campaign *Campaign
	Faults   []RowFault
	// End says that the venue is to be deleted, or the campaign, which then is archived, to be counted as ended. Such rows stand behind the others.
	End bool
}

// RowReader yields the rows of an upload in order; io.EOF after the last. Any other error ends the upload.
type RowReader interface {
	Next() (ImportRow, error)
}

// RowTeller is a RowReader that speaks of rows in the words of their file.
type RowTeller interface {
	RowReader
	// Column returns the file's name for the member of a path ("geofences.circle.lat" for "geofences[0].circle.lat"), or the path.
	Column(path string) string
	// Value returns what stands in a column, or at a path, of the row that Next returned last; empty when nothing does.
	Value(column, path string) string
	// PassedOver lists the columns that were understood and have no member. It is known once a row was read.
	PassedOver() []string
	// Compare tells in which members two rows differ.
	Compare(before, after *ImportRow) []FieldChange
}

// ChangeKind is what a change is about.
type ChangeKind string

// The kinds of change.
const (
	ChangeMerchant ChangeKind = "merchant"
	ChangeVenue    ChangeKind = "venue"
	ChangeCampaign ChangeKind = "campaign"
	ChangeProfile  ChangeKind = "profile" // an activation
	ChangeRates    ChangeKind = "rates"
	ChangeKey      ChangeKind = "key"
	ChangeStaged   ChangeKind = "change" // of a campaign, that waits: in the audit log only
)

// Change says that a resource has a new version, or is gone. Its content is read from the store.
type Change struct {
	Seq        uint64 // position in the feed, dense from 1
	Kind       ChangeKind
	MerchantID string
	ID         string
	ImportID   string // of the import that it is part of; empty: none
	More       bool   // another change of the same import follows: do not publish yet
	// Before and After are the versions between which the resource went, 0 where there was or is none; of rates, those of the whole book.
	// Both are 0 in what earlier releases told; Before is 0 of an activation.
	Before, After uint64
}

// ChangeFeed tells every change of the catalog, in the order of their commits, without a gap.
type ChangeFeed interface {
	// Position returns the sequence of the newest change, 0 for none.
	Position(ctx context.Context) (uint64, error)
	// Changes returns up to limit changes after a position, oldest first; none when there is nothing newer.
	Changes(ctx context.Context, after uint64, limit int) ([]Change, error)
	// WaitChange returns nil once there is a change after the position, or the context's error.
	WaitChange(ctx context.Context, after uint64) error
}

// History reads versions that were current once. Each returns ErrNotFound for a version that there never was.
type History interface {
	MerchantVersion(ctx context.Context, id string, version uint64) (Merchant, error)
	VenueVersion(ctx context.Context, merchant, id string, version uint64) (Venue, error)
	CampaignVersion(ctx context.Context, merchant, id string, version uint64) (Campaign, error)
	// RatesVersion returns the book as it was at a version, see Change; at 0, as it was before the first that is told apart. Cost: linear in the days.
	RatesVersion(ctx context.Context, version uint64) (Rates, error)
}

// CatalogScan reads all that is current, for a start. It is not one moment: read Position first, then scan, then apply the changes since.
type CatalogScan interface {
	EachMerchant(ctx context.Context, fn func(Merchant) error) error
	EachVenue(ctx context.Context, fn func(Venue) error) error
	EachCampaign(ctx context.Context, fn func(Campaign) error) error
	EachKey(ctx context.Context, fn func(Key) error) error
}

// DecisionLog keeps decisions.
type DecisionLog interface {
	// AppendDecisions is durable when it returns nil.
	AppendDecisions(ctx context.Context, ds []*Decision) error
	// Decision returns ErrNotFound for an unknown ID. An ID begins with the decision's time, see IDs.New.
	Decision(ctx context.Context, id string) (*Decision, error)
}

// PopularityLog keeps what the popularity of campaigns was taken to be, in epochs numbered from 1, so that a decision can name the one it was made by.
type PopularityLog interface {
	// Popularity returns the newest counts and their epoch, 0 for none.
	Popularity(ctx context.Context) (map[CampaignRef]Counts, uint64, error)
	// KeepPopularity keeps the counts that changed as a new epoch, on disk when it returns nil. After an error the epoch that was begun is nobody's: the next call gives the changes
	// again. One call at a time.
	KeepPopularity(ctx context.Context, changed map[CampaignRef]Counts) (epoch uint64, err error)
	// PopularityAt returns the counts of some campaigns as they were at an epoch, of all for a nil list. One without counts is left out.
	PopularityAt(ctx context.Context, epoch uint64, of []CampaignRef) (map[CampaignRef]Counts, error)
}

// EventLog keeps events.
type EventLog interface {
	// AppendEvents is durable when it returns nil. With a Once that was used before it appends nothing and returns false.
	AppendEvents(ctx context.Context, once *Once, events []Event) (appended bool, err error)
	// EachEvent calls fn for every event received at or after a time, in the order they were appended.
	EachEvent(ctx context.Context, since time.Time, fn func(Event) error) error
}

// Store is all of it, as a program opens it.
type Store interface {
	Merchants
	Venues
	Campaigns
	Profiles
	RateBook
	Keys
	Imports
	ImportJobs
	ChangeFeed
	History
	CatalogScan
	DecisionLog
	PopularityLog
	PriceLog
	BeliefLog
	EventLog
	Accounts
	Purchases
	AuditLog
	StagedChanges
	// Close waits for what is under way and releases the files.
	Close() error
}
