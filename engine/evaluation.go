package engine

import (
	"context"
	"time"

	"github.com/sihai-network/sihai/scoring"
)

// Evaluator judges scoring profiles by the logs.
type Evaluator interface {
	// Evaluate measures how profiles order the offers of logged decisions of which it is known what came of them, beside baselines. The request has been
	// checked. ErrTooLittle when there are no such offers. Cost: a read of the span's decisions and of the events since; some 200 bytes for each of its offers,
	// at most EvaluationRequest.MaxRows; and for OffPolicy each decision made again under each profile, at most MaxRedecided.
	Evaluate(ctx context.Context, r EvaluationRequest) (Evaluation, error)
	// Simulate makes the last logged decisions again under a profile and tells what would change. The request has been checked. ErrTooLittle when there are
	// none. Cost: a start of a catalog as it was at the first of them, in memory beside the current one, and a decision for each.
	Simulate(ctx context.Context, r SimulationRequest) (Simulation, error)
	// EachGroup calls fn for each list that an evaluation would be made of, in the order of the log; of the request the span, the label and what was seen are
	// looked at, and users are told by numbers. The group is fn's until it returns; an error of fn ends it. Memory: the events of the span and of the week after.
	EachGroup(ctx context.Context, r EvaluationRequest, fn func(*DatasetGroup) error) error
}

// DatasetGroup is a placement of a decision with what came of it.
type DatasetGroup struct {
	ID       string // decision/placement
	UserID   string // empty: not known, as all texts
	Time     time.Time
	Hour     int    // by the clock of the first offer's venue, 0 to 23; -1: not known
	Language string // the traveller's first
	Country  string // ISO 3166-1 alpha-2
	Segments string // joined by |
	Place    string
	Rows     []DatasetRow // the offers that were answered
}

// DatasetRow is an offer of a list.
type DatasetRow struct {
	Offer      string // merchant/campaign@venue
	MerchantID string
	Features   []float64 // in the order of scoring.Features; may be empty in old logs
	Score      float64
	Shown      bool    // it is known what came of it, and then the rest is set
	Position   int     // from 1; 0: not shown
	Propensity float64 // NaN: not known
	Label      float64 // see Label; NaN: not known
}

// Label says what is counted as the success of an offer.
type Label string

// The labels.
const (
	LabelTap        Label = "tap"        // 1 for an offer that was tapped
	LabelRedemption Label = "redemption" // 1 for one that was used, and not rolled back as a whole
	LabelDiscount   Label = "discount"   // what its uses took off, less what was rolled back, in minor units of a currency
	LabelPurchase   Label = "purchase"   // the purchases that it was used with, likewise
)

// Labels lists them.
func Labels() []Label { return []Label{LabelTap, LabelRedemption, LabelDiscount, LabelPurchase} }

// InMoney reports whether a label is an amount of a currency, and not 0 or 1.
func (l Label) InMoney() bool { return l == LabelDiscount || l == LabelPurchase }

// Seen says of which offers it is known what came of them.
type Seen string

// The ways. An app that reports what was on the screen has impressions; one that does not is taken to have shown all that was answered.
const (
	SeenImpressions Seen = "impressions" // of those with an impression, or anything else that came of them
	SeenAnswers     Seen = "answers"     // of all that were answered
)

// EvaluationRequest asks how good profiles are.
type EvaluationRequest struct {
	Profiles    []scoring.Profile // valid, 1 to MaxEvaluated; the first is compared with the others and with the baselines
	From, Until time.Time         // of the decisions; the end is exclusive; both given
	Label       Label             // empty: LabelTap
	Currency    string            // of a label in money; ISO 4217
	Seen        Seen              // empty: SeenImpressions
	K           int               // how far down a list is looked at; 0: 10, below 0: to its end
	Metrics     []string          // names of those that are told, see EvaluationMetrics; empty: all
	// Holdout is the share of the decisions, the last ones by time, that is judged, in (0, 1): what a fit to the rest has not seen. 0: all are.
	Holdout   float64
	Link      string // what makes a chance of a score: "identity" or "logistic"; empty: nothing does
	Seed      uint64 // of intervals and of the order by lot
	Level     float64
	OffPolicy bool // tells besides what each profile would have earned
	MaxRows   int  // of offers that are held in memory: of more a sample of the decisions is read. 0: MaxEvaluatedRows
}

// The bounds of evaluations and simulations.
const (
	MaxEvaluated     = 5         // profiles of a request
	MaxEvaluatedRows = 2_000_000 // offers: some 400 MB
	MaxRedecided     = 20_000    // decisions that are made again
	MaxEvaluatedDays = 400
	MaxShifts        = 1_000 // campaigns, and merchants, that a simulation names
)

// EvaluationMetrics lists the names of metrics, in the order of a report.
func EvaluationMetrics() []string {
	return []string{"ndcg", "map", "mrr", "recall", "hit_rate", "list_auc", "auc", "log_loss", "brier", "calibration_error", "merchant_variety", "exposure_gini", "exposure_entropy", "coverage"}
}

// Estimate is a number with how sure it is; what is not known is NaN.
type Estimate struct{ Value, Error, Low, High float64 }

// Evaluation is what was measured.
type Evaluation struct {
	From, Until      time.Time
	Decisions        uint64 // that were read
	OneIn            uint64 // 1: all of the span were read; n: a sample of one in n
	Lists            int    // placements with offers, which are what is measured
	Users            int    // of those lists; one without a user is a user of its own
	Offers, Labelled int    // and of how many it is known what came of them
	Unconverted      int    // redemptions whose worth is in a currency of which no rate is known
	Bytes            int64  // of the data set in memory
	K                int    // 0: to the end of a list
	Policies         []EvaluatedPolicy
	OffPolicy        []OffPolicy // by profile, in the request's order; nil: not asked for
	Notes            []string    // what the numbers do not say
}

// EvaluatedPolicy is a profile or a baseline.
type EvaluatedPolicy struct {
	Name     string
	Profile  ProfileRef // zero for a baseline; version 0 for a draft
	Measures []PolicyMeasure
}

// PolicyMeasure is what one metric says of one policy.
type PolicyMeasure struct {
	Name       string
	Over       int // lists, offers, or merchants
	Estimate   Estimate
	Difference Estimate // the first policy's less this one's, over the same users; all NaN for the first
	Missing    string   // why there is no value, or no interval; empty: there are both
}

// OffPolicy is what a profile would have earned from the logged requests.
type OffPolicy struct {
	Profile    ProfileRef
	Decisions  int // lists that were weighed
	Positions  int // that are counted, from the top: those further down are in too few lists
	Users      int
	LeftOut    int      // lists that could not be: their decision cannot be made again, or the log lacks a propensity
	Logged     Estimate // what a list of the log earned
	Estimators []OffPolicyEstimate
}

// OffPolicyEstimate is what one estimator says of the mean that a list earns.
type OffPolicyEstimate struct {
	Name          string
	Estimate      Estimate // all NaN where it is refused
	Refused       []string // what is missing; empty: the estimate stands
	EffectiveSize float64
	LargestWeight float64
	LargestShare  float64
	Outcomes      int
	Unreached     float64
	MeanWeight    Estimate
}

// SimulationRequest asks what a profile would change.
type SimulationRequest struct {
	Profile     scoring.Profile // valid
	Last        int             // decisions, the last ones before Until, 1 to MaxRedecided
	From, Until time.Time       // of the decisions; zero From: however far back; the end is exclusive
	MerchantID  string          // tells shifts of this merchant's campaigns only; empty: of all
}

// Simulation is what a profile would change in logged decisions.
type Simulation struct {
	Profile     ProfileRef
	From, Until time.Time // of the first decision and just after the last
	Decisions   int       // that were made again
	Unknown     int       // that cannot be: what they rest on is not known any more, as exact places after some days
	Lists       int       // placements of Decisions
	Changed     int       // lists of other offers, or in another order
	OtherFirst  int       // lists with another first offer, or with none where there was one, or the reverse
	Kept        int       // offers in a list before and after
	Came, Went  int       // offers
	Overlap     Estimate  // mean share of a list's offers, before and after together, that are in both, with an interval over users
	Moves       []Move    // of kept offers, by how far they move, ascending; those that stay are 0
	Campaigns   []Shift   // the largest changes first; at most MaxShifts
	Merchants   []Shift
	Notes       []string
}

// Move counts offers that change their position by so much; below 0 is up.
type Move struct{ By, Offers int }

// Shift is how often a campaign, or a merchant's, is in a list.
type Shift struct {
	CampaignRef   // CampaignID is empty for a merchant
	Before, After int
	FirstBefore   int // lists that it leads
	FirstAfter    int
}
