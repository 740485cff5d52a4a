package engine

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"
)

// Taken is what was taken of limits: uses, and amounts by currency, ascending, none of them zero.
type Taken struct {
	Redemptions int64
	Spend       []Money
}

// In returns the amount of a currency.
func (t *Taken) In(code string) int64 {
	for _, m := range t.Spend {
		if m.Currency == code {
			return m.Amount
		}
	}
	return 0
}

// IsZero reports whether nothing was taken.
func (t *Taken) IsZero() bool { return t.Redemptions == 0 && len(t.Spend) == 0 }

// Plus returns the sum of two, in memory of its own; false when an amount would pass what an int64 holds.
func (t *Taken) Plus(d *Taken) (Taken, bool) {
	sum := Taken{Spend: slices.Clone(t.Spend)}
	var ok bool
	if sum.Redemptions, ok = add(t.Redemptions, d.Redemptions); !ok {
		return Taken{}, false
	}
	for _, m := range d.Spend {
		i, found := slices.BinarySearchFunc(sum.Spend, m.Currency, func(e Money, code string) int { return cmp.Compare(e.Currency, code) })
		if !found {
			sum.Spend = slices.Insert(sum.Spend, i, Money{Currency: m.Currency})
		}
		if sum.Spend[i].Amount, ok = add(sum.Spend[i].Amount, m.Amount); !ok {
			return Taken{}, false
		}
	}
	sum.Spend = slices.DeleteFunc(sum.Spend, func(m Money) bool { return m.Amount == 0 })
	if len(sum.Spend) == 0 {
		sum.Spend = nil
	}
	return sum, true
}

// Negative returns what undoes t. No amount is the least int64, which no sum of charges is.
func (t *Taken) Negative() Taken {
	out := Taken{Redemptions: -t.Redemptions, Spend: slices.Clone(t.Spend)}
	for i := range out.Spend {
		out.Spend[i].Amount = -out.Spend[i].Amount
	}
	return out
}

// Equal reports whether two are the same.
func (t *Taken) Equal(o *Taken) bool {
	return t.Redemptions == o.Redemptions && slices.Equal(t.Spend, o.Spend)
}

func add(a, b int64) (int64, bool) {
	if b > 0 && a > math.MaxInt64-b || b < 0 && a < math.MinInt64-b {
		return 0, false
	}
	return a + b, true
}

// BalanceKey names a balance within a campaign's account.
type BalanceKey struct {
	Per Scope
	ID  string // of the venue, or the user's hash in hexadecimal (see UserHash); empty for the campaign itself
}

// Span returns the days of the period that d lies in, from first until before next; both are zero for all time.
func (p Period) Span(d Date) (first, next Date) {
	at := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
	switch p {
	case PeriodDay:
		return d, DateOf(at.AddDate(0, 0, 1))
	case PeriodWeek:
		monday := at.AddDate(0, 0, -(int(at.Weekday())+6)%7)
		return DateOf(monday), DateOf(monday.AddDate(0, 0, 7))
	case PeriodMonth:
		month := time.Date(d.Year, d.Month, 1, 0, 0, 0, 0, time.UTC)
		return DateOf(month), DateOf(month.AddDate(0, 1, 0))
	}
	return Date{}, Date{}
}

// DayTaken is what was taken on a day of the venues' calendars.
type DayTaken struct {
	Date Date
	Taken
}

// Balance is what was taken of a campaign, of it at one venue or by one user: in all, and by day as far back as a period may ask.
type Balance struct {
	BalanceKey
	Entry uint64 // number of the last movement that touched it; 0: none did
	Total Taken
	Days  []DayTaken // ascending, at most MaxBalanceDays
}

// MaxBalanceDays is how many days a balance remembers: twice a month, so that a clock that was wrong for a while forgets nothing that counts.
const MaxBalanceDays = 64

// On returns what was taken on a day.
func (b *Balance) On(d Date) Taken {
	if i, found := b.day(d); found {
		return b.Days[i].Taken
	}
	return Taken{}
}

func (b *Balance) day(d Date) (int, bool) {
	return slices.BinarySearchFunc(b.Days, d, func(e DayTaken, d Date) int { return compareDates(e.Date, d) })
}

func compareDates(a, b Date) int {
	switch {
	case a.Before(b):
		return -1
	case b.Before(a):
		return 1
	}
	return 0
}

// Between returns what was taken on the days from first until before next.
func (b *Balance) Between(first, next Date) (sum Taken, ok bool) {
	ok = true
	for i, _ := b.day(first); i < len(b.Days) && b.Days[i].Date.Before(next) && ok; i++ {
		sum, ok = sum.Plus(&b.Days[i].Taken)
	}
	return sum, ok
}

// Add counts what a movement takes, or gives back, on a day, in memory of its own; false on an overflow, which changes nothing. What is given back to
// a day that is no longer remembered is given back to the total alone. Of more than MaxBalanceDays the day furthest from d goes.
func (b *Balance) Add(d Date, delta *Taken, entry uint64) bool {
	total, ok := b.Total.Plus(delta)
	if !ok {
		return false
	}
	i, found := b.day(d)
	takes := delta.Redemptions > 0 || slices.ContainsFunc(delta.Spend, func(m Money) bool { return m.Amount > 0 })
	if found || takes {
		on := b.On(d)
		day, ok := on.Plus(delta)
		if !ok {
			return false
		}
		days := slices.Clone(b.Days)
		switch {
		case !found:
			days = slices.Insert(days, i, DayTaken{d, day})
		case day.IsZero():
			days = slices.Delete(days, i, i+1)
		default:
			days[i].Taken = day
		}
		if len(days) > MaxBalanceDays {
			days = dropFurthest(days, d)
		}
		b.Days = days
	}
	b.Total, b.Entry = total, entry
	return true
}

func dropFurthest(days []DayTaken, from Date) []DayTaken {
	number := func(d Date) int64 { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Unix() }
	last := len(days) - 1
	if number(from)-number(days[0].Date) >= number(days[last].Date)-number(from) {
		return slices.Delete(days, 0, 1)
	}
	return days[:last]
}

// MovementKind is what a movement did.
type MovementKind string

// The kinds of movement.
const (
	MoveReserve  MovementKind = "reserve"
	MoveConfirm  MovementKind = "confirm"
	MoveRelease  MovementKind = "release"
	MoveExpire   MovementKind = "expire"
	MoveRedeem   MovementKind = "redeem"
	MoveRollback MovementKind = "rollback"
	MoveCodes    MovementKind = "codes" // voucher codes were added
)

// Movement is an entry of a campaign's account: what happened to one redemption, and to each balance that it touched.
type Movement struct {
	Number       uint64 // dense from 1 within the account
	Kind         MovementKind
	Time         time.Time
	By           string           // ID of the API key; "ledger" for an expiry
	RedemptionID string           // of codes: the batch
	Status       RedemptionStatus // afterwards
	Amount       Money            // of the discount that was taken or given back
	RolledBack   int64            // in all, afterwards
	Codes        int64            // that were added
	Code         string           // whose uses changed; empty: none
	CodeBefore   int64
	CodeAfter    int64
	Day          Date // on which it counts
	Changes      []BalanceChange
}

// BalanceChange is a balance before and after a movement: in all, and on the movement's day.
type BalanceChange struct {
	BalanceKey
	Before, After       Taken
	DayBefore, DayAfter Taken
}

// AccountHead is what is known of an account as a whole.
type AccountHead struct {
	Movements  uint64    // the number of the newest
	Codes      int64     // voucher codes that were added; above 0 the campaign is used with a code only
	NextExpiry time.Time // no hold ends before it; zero: there is none
	LastExpiry time.Time // no hold ends after it; zero: not known, or there is none
	Balance    Balance   // of the campaign itself
}

// AccountReader reads a campaign's account at one moment. What it returns belongs to the caller.
type AccountReader interface {
	Head() (AccountHead, error)
	// Balance returns that of a venue or a user; one that was never touched is empty.
	Balance(k BalanceKey) (Balance, error)
	// Redemption returns ErrNotFound for an unknown ID.
	Redemption(id string) (Redemption, error)
	// Code returns ErrNotFound for an unknown code.
	Code(code string) (Code, error)
	// Batch returns the codes of a batch, or ErrNotFound.
	Batch(id string) ([]string, error)
	// Movement returns ErrNotFound for an unknown number.
	Movement(number uint64) (Movement, error)
	// Holds lists up to limit redemptions that are held until after a time, by the end of their hold; the zero time is before them all.
	Holds(after time.Time, limit int) ([]Hold, error)
	// Earlier returns what an idempotency key did: nil for nothing, ErrOnceConflict when it was used for something else.
	Earlier(once *Once, kind MovementKind) (*MoveReceipt, error)
}

// Hold is the end of a redemption's hold.
type Hold struct {
	ExpiresAt time.Time
	ID        string
}

// MoveReceipt says what an idempotency key did first.
type MoveReceipt struct {
	ID     string // of the redemption or the batch
	Number uint64 // of the movement
}

// AccountTx writes a campaign's account in one transaction. It reads what it has written.
type AccountTx interface {
	AccountReader
	PutHead(h *AccountHead) error
	PutBalance(b *Balance) error
	// PutRedemption keeps r, and its hold while it is reserved; was is how it was before, nil for a new one.
	PutRedemption(was, r *Redemption) error
	PutCode(c *Code) error
	PutBatch(id string, codes []string) error
	PutMovement(m *Movement) error
	Remember(once *Once, kind MovementKind, r MoveReceipt) error
}

// OnceIndex knows which campaign an idempotency key was used on: its receipt lies in that one's account, and another account does not know of it.
type OnceIndex interface {
	// OnceCampaign returns the campaign that was noted for a key, false for none.
	OnceCampaign(ctx context.Context, once *Once) (CampaignRef, bool, error)
	// NoteOnce notes it durably, in the place of what was noted before.
	NoteOnce(ctx context.Context, once *Once, c CampaignRef) error
}

// Accounts keeps what campaigns gave away: a partition a campaign, so that everything that limits a use of it, its users' limits
// included, is read and written in one transaction.
type Accounts interface {
	// UpdateAccount runs fn in one transaction, which is durable when it returns nil. fn may run more than once, is brief and touches nothing
	// else; with an error of its own nothing is written.
	UpdateAccount(ctx context.Context, c CampaignRef, fn func(AccountTx) error) error
	ViewAccount(ctx context.Context, c CampaignRef, fn func(AccountReader) error) error
	// EachAccount calls fn for each account there is, in order.
	EachAccount(ctx context.Context, fn func(CampaignRef) error) error
	// EachBalance calls fn for each balance of venues and users of an account, in order.
	EachBalance(ctx context.Context, c CampaignRef, fn func(Balance) error) error
	EachRedemption(ctx context.Context, c CampaignRef, fn func(Redemption) error) error
	// Movements returns up to limit movements after a number, ascending.
	Movements(ctx context.Context, c CampaignRef, after uint64, limit int) ([]Movement, error)
	ListCodes(ctx context.Context, c CampaignRef, p Page) ([]Code, string, error)
}
