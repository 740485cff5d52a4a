package wire

import (
	"math"
	"reflect"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// Order asks for the use of an offer.
type Order struct {
	OfferID    string    `json:"offer_id" minLength:"3" maxLength:"200" doc:"campaign@venue, or merchant/campaign@venue where two merchants share that" example:"lincoln-15@v-1"`
	User       *User     `json:"user,omitempty" doc:"who uses it; with a decision_id the decision's traveller when left out"`
	Purchase   Money     `json:"purchase" doc:"what is paid, before any offer"`
	Location   *Location `json:"location,omitempty" doc:"where the phone is; not asked after when left out, since a till knows its venue"`
	DecisionID string    `json:"decision_id,omitempty" maxLength:"64" doc:"the decision that showed the offer"`
	PurchaseID string    `json:"purchase_id,omitempty" maxLength:"128" doc:"the app's own name of the purchase, unique within the merchant: offers that meet in one purchase are checked against one another"`
	Code       string    `json:"code,omitempty" maxLength:"64" doc:"voucher code, of any case"`
	Partners   []string  `json:"partners,omitempty" maxItems:"20" maxLength:"64" doc:"acquirers that the wallet works with; with a decision_id those of the decision when left out"`
	TTLSeconds int       `json:"ttl_seconds,omitempty" minimum:"1" maximum:"604800" doc:"how long a reservation holds; 900 when left out, and of reservations only"`
}

var orderPlan = planOf(reflect.TypeFor[Order]())

// DecodeOrder reads and validates an order: the one check that it gets. Its error is engine.Faults with every fault.
func DecodeOrder(data []byte) (*engine.Order, error) {
	var o Order
	faults := bind(data, orderPlan, &o)
	out := &engine.Order{
		Purchase: o.Purchase.engine(), DecisionID: o.DecisionID, PurchaseID: o.PurchaseID, Code: o.Code, Partners: o.Partners, TTL: time.Duration(o.TTLSeconds) * time.Second,
	}
	var ok bool
	out.MerchantID, out.CampaignID, out.VenueID, ok = engine.ParseOfferID(o.OfferID)
	if !ok && len(o.OfferID) >= 3 {
		faults.Add("offer_id", "invalid", "%q is not campaign@venue", clip(o.OfferID))
	}
	if o.User != nil {
		out.User = o.User.engine(&faults)
	}
	if o.Location != nil {
		out.Location = o.Location.engine()
	}
	if o.Purchase.Amount < 0 {
		faults.Add("purchase.amount", "out_of_range", "%d is below 0", o.Purchase.Amount)
	}
	checkCurrency("purchase.currency", o.Purchase.Currency, &faults)
	if len(faults) > 0 {
		return nil, faults
	}
	if out.Purchase.IsZero() {
		return nil, engine.Faults{{Path: "purchase.currency", Code: "required", Message: "must not be empty"}}
	}
	return out, nil
}

// Redemption is a use of an offer, or the hold of one.
type Redemption struct {
	ID         string `json:"id"`
	OfferID    string `json:"offer_id"`
	MerchantID string `json:"merchant_id"`
	CampaignID string `json:"campaign_id"`
	VenueID    string `json:"venue_id"`
	UserID     string `json:"user_id,omitempty"`
	DecisionID string `json:"decision_id,omitempty"`
	PurchaseID string `json:"purchase_id,omitempty"`
	Code       string `json:"code,omitempty" doc:"voucher code used"`
	Purchase   Money  `json:"purchase"`
	Discount   Money  `json:"discount" doc:"off the purchase, in its currency"`
	RolledBack *Money `json:"rolled_back,omitempty" doc:"of the discount, so far"`
	RatesDate  string `json:"rates_date,omitempty" format:"date" doc:"of the reference rates used"`
	Status     string `json:"status" enum:"reserved,confirmed,released,expired,rolled_back"`
	Time       string `json:"time" format:"date-time" doc:"when it was reserved, or redeemed at once"`
	SettledAt  string `json:"settled_at" format:"date-time" doc:"when its status was last changed"`
	ExpiresAt  string `json:"expires_at,omitempty" format:"date-time" doc:"exclusive end of a reservation"`
}

// RedemptionOf returns r as it is sent.
func RedemptionOf(r *engine.Redemption) Redemption {
	out := Redemption{
		ID: r.ID, OfferID: r.OfferID(), MerchantID: r.MerchantID, CampaignID: r.CampaignID, VenueID: r.VenueID, UserID: r.UserID, DecisionID: r.DecisionID,
		PurchaseID: r.PurchaseID, Code: r.Code, Purchase: Money(r.Purchase), Discount: Money(r.Discount), Status: string(r.Status),
		Time: timeText(r.Time), SettledAt: timeText(r.Settled), ExpiresAt: timeText(r.ExpiresAt),
	}
	if r.RolledBack != 0 {
		out.RolledBack = &Money{r.RolledBack, r.Discount.Currency}
	}
	if !r.RatesDate.IsZero() {
		out.RatesDate = r.RatesDate.String()
	}
	return out
}

// Rollback asks to undo a redemption.
type Rollback struct {
	Amount *Money `json:"amount,omitempty" doc:"of the discount; all that is left when left out"`
}

var rollbackPlan = planOf(reflect.TypeFor[Rollback]())

// DecodeRollback reads how much is to be undone; zero for what is left. Its error is engine.Faults.
func DecodeRollback(data []byte) (engine.Money, error) {
	var r Rollback
	faults := bind(data, rollbackPlan, &r)
	if r.Amount != nil {
		checkCurrency("amount.currency", r.Amount.Currency, &faults)
		if r.Amount.Amount < 1 {
			faults.Add("amount.amount", "out_of_range", "%d is below 1", r.Amount.Amount)
		}
		if r.Amount.Currency == "" && len(faults) == 0 {
			faults.Add("amount.currency", "required", "must not be empty")
		}
	}
	if len(faults) > 0 {
		return engine.Money{}, faults
	}
	return r.Amount.engine(), nil
}

// Validation says whether an order would hold.
type Validation struct {
	Valid    bool         `json:"valid"`
	Discount *Money       `json:"discount,omitempty" doc:"what it takes off the purchase, whether or not it holds; left out when that is not known"`
	Reasons  []Reason     `json:"reasons" doc:"against it, by code"`
	Change   *OrderChange `json:"change,omitempty" doc:"the smallest change that was found to make it hold, proven by deciding again; left out when none was found"`
}

// OrderChange is what would make an order hold: all of it together.
type OrderChange struct {
	Walk  *Walk   `json:"walk,omitempty" doc:"where to go"`
	At    string  `json:"at,omitempty" format:"date-time" doc:"when to come"`
	Hours float64 `json:"hours,omitempty" doc:"until then"`
	Spend *Money  `json:"spend,omitempty" doc:"how much more to spend"`
}

// Walk is a way to go.
type Walk struct {
	Metres  float64 `json:"metres"`
	Bearing float64 `json:"bearing" doc:"degrees from north, clockwise"`
	Lat     float64 `json:"lat" doc:"of its end"`
	Lon     float64 `json:"lon"`
}

// ReasonsOf returns reasons as they are sent.
func ReasonsOf(reasons []engine.Reason) []Reason {
	out := make([]Reason, len(reasons))
	for i, r := range reasons {
		out[i] = Reason{Code: int(r.Code), Name: r.Code.String(), Message: r.Message}
	}
	return out
}

// ValidationOf returns v as it is sent.
func ValidationOf(v *engine.Validation) Validation {
	out := Validation{Valid: v.Holds, Discount: moneyOf(v.Discount), Reasons: ReasonsOf(v.Reasons)}
	c := v.Change
	if c == nil {
		return out
	}
	out.Change = &OrderChange{At: timeText(c.At), Hours: math.Round(c.Wait.Hours()*1e4) / 1e4, Spend: moneyOf(c.Spend)}
	if w := c.Walk; w != nil {
		out.Change.Walk = &Walk{Metres: float64(w.Distance), Bearing: w.Bearing, Lat: w.To.Lat, Lon: w.To.Lng}
	}
	return out
}

// CodeBatch gives a campaign voucher codes, its own or made ones.
type CodeBatch struct {
	ID       string   `json:"id,omitempty" readOnly:"true"`
	Added    int      `json:"added,omitempty" readOnly:"true" doc:"codes that were not there before"`
	Uses     int64    `json:"uses,omitempty" minimum:"1" maximum:"1000000000" doc:"how often each code may be used; once when left out"`
	Codes    []string `json:"codes,omitempty" maxItems:"1000" maxLength:"64" doc:"letters, digits, - and _, of any case; either these or generate"`
	Generate int      `json:"generate,omitempty" minimum:"1" maximum:"1000" doc:"how many unguessable codes to make"`
	Prefix   string   `json:"prefix,omitempty" maxLength:"32" doc:"of those that are made"`
	Length   int      `json:"length,omitempty" minimum:"10" maximum:"64" doc:"random letters and digits of those that are made; 16 when left out"`
}

var codeBatchPlan = planOf(reflect.TypeFor[CodeBatch]())

// DecodeCodeBatch reads a batch of codes. Its error is engine.Faults.
func DecodeCodeBatch(data []byte) (engine.CodeBatch, error) {
	var b CodeBatch
	if faults := bind(data, codeBatchPlan, &b); len(faults) > 0 {
		return engine.CodeBatch{}, faults
	}
	if b.Uses == 0 {
		b.Uses = 1
	}
	return engine.CodeBatch{Uses: b.Uses, Codes: b.Codes, Generate: b.Generate, Prefix: b.Prefix, Length: b.Length}, nil
}

// CodeBatchOf returns b as it is sent.
func CodeBatchOf(b *engine.CodeBatch) CodeBatch {
	return CodeBatch{ID: b.ID, Added: b.Added, Uses: b.Uses, Codes: b.Codes}
}

// Code is a voucher code.
type Code struct {
	Code  string `json:"code"`
	Uses  int64  `json:"uses" doc:"how often it may be used"`
	Used  int64  `json:"used"`
	Batch string `json:"batch"`
}

// CodeOf returns c as it is sent.
func CodeOf(c *engine.Code) Code { return Code(*c) }

// Audit is what came of a verification of the ledger.
type Audit struct {
	Accounts  int      `json:"accounts" doc:"campaigns that gave something away"`
	Movements uint64   `json:"movements"`
	Balances  int      `json:"balances"`
	Faults    []string `json:"faults" doc:"what does not agree; none is as it must be"`
}

// AuditOf returns a as it is sent.
func AuditOf(a *engine.Audit) Audit {
	return Audit{Accounts: a.Accounts, Movements: a.Movements, Balances: a.Balances, Faults: append([]string{}, a.Faults...)}
}

// Movement is an entry of the ledger.
type Movement struct {
	MerchantID   string          `json:"merchant_id"`
	CampaignID   string          `json:"campaign_id"`
	Number       uint64          `json:"number" doc:"dense from 1 within the campaign"`
	Kind         string          `json:"kind" enum:"reserve,confirm,release,expire,redeem,rollback,codes"`
	Time         string          `json:"time" format:"date-time"`
	By           string          `json:"by" doc:"ID of the API key; ledger for an expiry"`
	RedemptionID string          `json:"redemption_id" doc:"of codes: the batch"`
	Status       string          `json:"status,omitempty" doc:"of the redemption, afterwards"`
	Amount       *Money          `json:"amount,omitempty" doc:"of the discount that was taken or given back"`
	RolledBack   int64           `json:"rolled_back,omitempty" doc:"minor units in all, afterwards"`
	Codes        int64           `json:"codes,omitempty" doc:"that were added"`
	Code         *CodeChange     `json:"code,omitempty"`
	Day          string          `json:"day,omitempty" format:"date" doc:"of the venue's calendar, on which it counts"`
	Changes      []BalanceChange `json:"changes"`
}

// CodeChange is a code's uses before and after a movement.
type CodeChange struct {
	Code   string `json:"code"`
	Before int64  `json:"before"`
	After  int64  `json:"after"`
}

// BalanceChange is a balance before and after a movement.
type BalanceChange struct {
	Per       string  `json:"per" enum:"campaign,venue,user"`
	ID        string  `json:"id,omitempty" doc:"of the venue; of a user the first half of the ID's SHA-256"`
	Before    Balance `json:"before"`
	After     Balance `json:"after"`
	DayBefore Balance `json:"day_before"`
	DayAfter  Balance `json:"day_after"`
}

// Balance is what was taken of limits.
type Balance struct {
	Redemptions int64   `json:"redemptions"`
	Spend       []Money `json:"spend"`
}

func balanceOf(t *engine.Taken) Balance {
	out := Balance{Redemptions: t.Redemptions, Spend: make([]Money, len(t.Spend))}
	for i, m := range t.Spend {
		out.Spend[i] = Money(m)
	}
	return out
}

// MovementOf returns m as it is sent.
func MovementOf(m *engine.AccountMovement) Movement {
	out := Movement{
		MerchantID: m.MerchantID, CampaignID: m.CampaignID, Number: m.Number, Kind: string(m.Kind), Time: timeText(m.Time), By: m.By, RedemptionID: m.RedemptionID,
		Status: string(m.Status), Amount: moneyOf(m.Amount), RolledBack: m.RolledBack, Codes: m.Codes, Changes: make([]BalanceChange, len(m.Changes)),
	}
	if m.Code != "" {
		out.Code = &CodeChange{m.Code, m.CodeBefore, m.CodeAfter}
	}
	if !m.Day.IsZero() {
		out.Day = m.Day.String()
	}
	for i := range m.Changes {
		c := &m.Changes[i]
		out.Changes[i] = BalanceChange{string(c.Per), c.ID, balanceOf(&c.Before), balanceOf(&c.After), balanceOf(&c.DayBefore), balanceOf(&c.DayAfter)}
	}
	return out
}
