package engine

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/sihai-network/sihai/geo"
)

// Redemption is a use of an offer, or the hold of one until it is used.
type Redemption struct {
	ID         string // see RedemptionID
	MerchantID string
	CampaignID string
	VenueID    string
	UserID     string // empty: nobody was named
	DecisionID string // that showed the offer; empty: none
	PurchaseID string // the app's own name of the purchase, within the merchant; empty: none
	Code       string // the voucher code used; empty: none
	Purchase   Money
	Discount   Money // off the purchase, in its currency: 0 to the purchase
	// Charges is what it takes from budgets of spend: in the discount's currency and in that of each such budget, ascending by currency.
	Charges    []Money
	RatesDate  Date // of the reference rates by which it was converted; zero: none was needed
	Day        Date // of the venue's calendar on which it counts: that of Time
	Status     RedemptionStatus
	Time       time.Time // when it was reserved, or redeemed at once
	Settled    time.Time // of the last change
	ExpiresAt  time.Time // exclusive end of the hold; zero: it was never one
	RolledBack int64     // minor units of Discount undone so far
}

// OfferID returns the name of the offer used.
func (r *Redemption) OfferID() string { return OfferID(r.CampaignID, r.VenueID) }

// Campaign returns whose it is.
func (r *Redemption) Campaign() CampaignRef { return CampaignRef{r.MerchantID, r.CampaignID} }

// RedemptionStatus is where a redemption is in its life.
type RedemptionStatus string

// The statuses. Reserved becomes one of the next three; confirmed may become rolled back.
const (
	Reserved   RedemptionStatus = "reserved"
	Confirmed  RedemptionStatus = "confirmed" // used
	Released   RedemptionStatus = "released"  // let go; what it took was given back
	Expired    RedemptionStatus = "expired"   // its hold ran out; what it took was given back
	RolledBack RedemptionStatus = "rolled_back"
)

// Live reports whether a redemption of the status counts in limits.
func (s RedemptionStatus) Live() bool { return s == Reserved || s == Confirmed }

// RedemptionID names a redemption so that its campaign can be told from it: uuid@merchant@campaign.
func RedemptionID(uuid string, c CampaignRef) string {
	return uuid + "@" + c.MerchantID + "@" + c.CampaignID
}

// ParseRedemptionID undoes RedemptionID.
func ParseRedemptionID(id string) (CampaignRef, bool) {
	uuid, rest, found := strings.Cut(id, "@")
	if _, ok := UUID7Time(uuid); !ok || !found {
		return CampaignRef{}, false
	}
	merchant, campaign, found := strings.Cut(rest, "@")
	if !found || merchant == "" || campaign == "" || strings.ContainsAny(rest, "/ ") || strings.Contains(campaign, "@") {
		return CampaignRef{}, false
	}
	return CampaignRef{merchant, campaign}, true
}

// Order asks for the use of an offer. It has been validated: see package wire.
type Order struct {
	MerchantID string // empty: that of the only offer of this name
	CampaignID string
	VenueID    string
	User       User
	Purchase   Money     // from 0
	Location   *Location // nil: not asked after, since a till knows where it is
	DecisionID string
	PurchaseID string
	Code       string
	Partners   []string      // acquirers that the wallet works with; empty: those of the decision, or not asked after
	TTL        time.Duration // of a reservation, up to MaxTTL; 0: the ledger's own
}

// MaxTTL is how long a reservation may hold.
const MaxTTL = 7 * 24 * time.Hour

// Refusal is the error of an order, or of a step of a redemption, that the ledger does not allow: every reason, ascending by code.
type Refusal struct{ Reasons []Reason }

// Error names the reasons on one line.
func (r *Refusal) Error() string {
	parts := make([]string, len(r.Reasons))
	for i, reason := range r.Reasons {
		parts[i] = reason.Code.String() + ": " + reason.Message
	}
	return "refused: " + strings.Join(parts, "; ")
}

// Validation says whether an order would hold, and if not, what would make it hold.
type Validation struct {
	Holds    bool
	Discount Money // of the order as it is, whether or not it holds; zero: not known
	Reasons  []Reason
	Change   *OrderChange // of a refused order; nil: none was found
}

// OrderChange is the smallest change that was found to make an order hold, each part of it needed. It was decided again with all of it.
type OrderChange struct {
	Walk  *Walk
	At    time.Time // when to come; zero: now
	Wait  time.Duration
	Spend Money // more to spend; zero: none
}

// Walk is a way to go.
type Walk struct {
	Distance geo.Meters
	Bearing  float64 // degrees from north, clockwise, [0, 360)
	To       geo.LatLng
}

// Redeemer takes orders. Each call that writes is one durable transaction of the campaign, with the receipt of w.Once in it; w.If is not looked
// at. What may not be is a *Refusal, an order that makes no sense Faults, and a redemption that is not there ErrNotFound.
type Redeemer interface {
	Validate(ctx context.Context, at time.Time, o *Order) (Validation, error)
	// Reserve holds what the order takes until it is confirmed, released or expires.
	Reserve(ctx context.Context, w Write, o *Order) (Redemption, error)
	// Redeem is Reserve and Confirm in one step.
	Redeem(ctx context.Context, w Write, o *Order) (Redemption, error)
	Confirm(ctx context.Context, w Write, id string) (Redemption, error)
	Release(ctx context.Context, w Write, id string) (Redemption, error)
	// Rollback undoes an amount of the discount, more than once up to all of it; the zero amount is what is left.
	Rollback(ctx context.Context, w Write, id string, amount Money) (Redemption, error)
	// Redemption returns a redemption as it is now: a hold that has run out is expired, whether or not that was written.
	Redemption(ctx context.Context, at time.Time, id string) (Redemption, error)
	// AddCodes gives a campaign voucher codes.
	AddCodes(ctx context.Context, w Write, c CampaignRef, batch CodeBatch) (CodeBatch, error)
	ListCodes(ctx context.Context, c CampaignRef, p Page) ([]Code, string, error)
	// VerifyAccounts recomputes every account of a merchant, or of all for an empty one, from its movements.
	VerifyAccounts(ctx context.Context, merchant string) (Audit, error)
	// ListMovements lists the movements of the accounts of a merchant, or of all for an empty one, by merchant, campaign and number.
	ListMovements(ctx context.Context, merchant string, p Page) ([]AccountMovement, string, error)
	// EachMovement calls fn for each of them, in the same order, in constant memory. after is that of the last movement that is known already, see
	// AccountMovement.Place; empty: from the first. Faults name what is wrong with it.
	EachMovement(ctx context.Context, merchant, after string, fn func(*AccountMovement) error) error
}

// AccountMovement is a movement and whose account it is of.
type AccountMovement struct {
	CampaignRef
	Movement
}

// Place names a movement among all there are: merchant/campaign/number.
func (m *AccountMovement) Place() string {
	return m.MerchantID + "/" + m.CampaignID + "/" + strconv.FormatUint(m.Number, 10)
}

// Audit is what came of a verification.
type Audit struct {
	Accounts  int
	Movements uint64
	Balances  int
	Faults    []string // what does not agree, each with its account; the first MaxAuditFaults
}

// MaxAuditFaults bounds the faults that an audit lists.
const MaxAuditFaults = 1000

// Code is a voucher code of a campaign.
type Code struct {
	Code  string // as it is compared: see NormalCode
	Uses  int64  // how often it may be used
	Used  int64
	Batch string
}

// NormalCode returns a code as it is compared: without spaces at its ends and in capital letters.
func NormalCode(code string) string { return strings.ToUpper(strings.TrimSpace(code)) }

// CodeBatch asks for codes, and answers with them.
type CodeBatch struct {
	ID       string
	Uses     int64    // of each code, at least 1
	Codes    []string // given, or made
	Generate int      // how many to make; with it Codes is empty
	Prefix   string   // of those that are made
	Length   int      // of the random part of those; 0: DefaultCodeLength
	Added    int      // that were not there before
}

// The bounds of a batch of codes.
const (
	MaxCodes          = 1000 // in one call
	MaxCodeLength     = 64
	DefaultCodeLength = 16 // of 32 letters and digits: 80 bits
	MinCodeLength     = 10 // 50 bits
)
