package engine

import (
	"context"
	"time"
)

// Reporter says what campaigns won, and why they were not shown.
type Reporter interface {
	// Report reads the logs of some days. The merchant exists, and so does the campaign that is named. Cost: a read of the decisions of those days that
	// mention the merchant, and of the events since.
	Report(ctx context.Context, r ReportRequest) (Report, error)
}

// ReportRequest asks for a report.
type ReportRequest struct {
	MerchantID  string
	CampaignID  string // empty: all of the merchant's
	From, Until Date   // days of the venues' calendars; the end is exclusive
}

// MaxReportDays bounds the days of a report.
const MaxReportDays = 400

// Report is what campaigns won in some days.
type Report struct {
	ReportRequest
	Total     Numbers
	Days      []ReportRow // every day there is, by the venues' calendars
	Venues    []ReportRow // by ID
	Cells     []ReportRow // coarse H3 cells of the travellers, see CoarseCell; empty key: not known
	Languages []ReportRow // in which offers were told; empty key: not known
	Campaigns []ReportRow // by ID
	Funnel    Funnel
}

// ReportRow is the part of a report that belongs to one key. Rows are ascending by key.
type ReportRow struct {
	Key string
	Numbers
}

// Numbers count what became of offers. What came of an offer counts on the day on which the offer was made; what was reserved, redeemed and spent on the day on which
// the ledger has it.
type Numbers struct {
	Offered    int64 // in answers to requests
	Shown      int64 // of those, with an impression
	Clicks     int64 // offers that were tapped, once or more
	ShownClick int64 // of Clicks, those that are among Shown
	Saves      int64
	Dismissals int64
	Reserved   int64   // holds, whatever became of them
	Redeemed   int64   // uses that stand
	RolledBack int64   // uses that were undone as a whole
	Spend      []Money // discounts given and not undone, ascending by currency
}

// Seen is the share of the offers that were shown; Tapped that of the showings that were tapped; and Used the uses that stand beside the showings, which
// may be of other offers: at most 1.
func (n *Numbers) Seen() Share { return Wilson(n.Shown, n.Offered) }

// Tapped: see Seen.
func (n *Numbers) Tapped() Share { return Wilson(n.ShownClick, n.Shown) }

// Used: see Seen.
func (n *Numbers) Used() Share { return Wilson(min(n.Redeemed, n.Shown), n.Shown) }

// Funnel is the way of a campaign's offers from the places of requests to the answers: of each that was met, the first reason against it.
// What was outranked, or too many of a kind, was not asked anything further.
type Funnel struct {
	Met     int64 // offers of the campaigns that a request's place led to, for each placement
	Against []Tallied
	Offered int64
}

// Tallied is how often something became of offers.
type Tallied struct {
	Code  ReasonCode // the first reason against them; 0: they were offered
	Count int64
}

// Tally counts what became of a campaign's offers in decisions of a quarter of an hour.
type Tally struct {
	CampaignRef
	Quarter time.Time // its beginning, UTC
	Counts  []Tallied // ascending by code
}

// TallyScan reads the tallies that were kept with the decisions.
type TallyScan interface {
	// ScanTallies calls fn for the tallies of a merchant, or of all for an empty one, that were logged in a span. There may be several of one campaign and
	// quarter, to be added up. The tally is fn's until it returns. OneIn is not looked at.
	ScanTallies(ctx context.Context, s LogSpan, merchant string, fn func(*Tally) error) error
}
