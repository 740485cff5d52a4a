package ledger

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// account is one transaction on a campaign's account: the rules of the ledger, over whatever keeps the rows. It lives as long as the transaction.
type account struct {
	engine.AccountTx
	at       time.Time
	by       string
	head     engine.AccountHead
	balances []*engine.Balance // those read or touched so far, the campaign's own first
	more     bool              // holds have run out that were not ended yet
}

// errUncountable is returned when a sum passes what an int64 holds, which fits has ruled out.
var errUncountable = errors.New("a sum is too large to be counted")

// maxExpired bounds the holds that one transaction ends on its way.
const maxExpired = 64

// ledgerName stands for the ledger itself as the author of a movement.
const ledgerName = "ledger"

// openAccount begins a transaction and gives back what was held for too long.
func openAccount(tx engine.AccountTx, at time.Time, by string) (*account, error) {
	head, err := tx.Head()
	if err != nil {
		return nil, err
	}
	a := &account{AccountTx: tx, at: at.UTC().Truncate(time.Millisecond), by: by, head: head}
	own := head.Balance
	own.BalanceKey = engine.BalanceKey{Per: engine.PerCampaign}
	a.balances = append(a.balances, &own)
	return a, a.expire()
}

// ranOut reports whether a hold has run out at a time. One that has more left than a hold can have was made by a clock that was put back since: it
// would last for as long as that clock was ahead.
func ranOut(ends, at time.Time) bool {
	return !at.Before(ends) || ends.Sub(at) > engine.MaxTTL
}

// overdue reports whether an account may have holds that have run out at a time, by what its head tells of them.
func overdue(next, last, at time.Time) bool {
	return !next.IsZero() && !at.Before(next) || last.Sub(at) > engine.MaxTTL
}

// expire ends the holds that have run out.
func (a *account) expire() error {
	a.more = false
	if !overdue(a.head.NextExpiry, a.head.LastExpiry, a.at) {
		return nil
	}
	latest := a.at.Add(engine.MaxTTL)
	ahead, err := a.Holds(latest, maxExpired+1)
	if err != nil {
		return err
	}
	if err := a.expireFirst(ahead); err != nil {
		return err
	}
	holds, err := a.Holds(time.Time{}, maxExpired+1)
	if err != nil {
		return err
	}
	if err := a.expireFirst(holds); err != nil {
		return err
	}
	left, err := a.Holds(time.Time{}, 1)
	if err != nil {
		return err
	}
	a.head.NextExpiry = time.Time{}
	switch {
	case len(left) == 0:
		a.head.LastExpiry = time.Time{}
	case len(ahead) <= maxExpired && latest.Before(a.head.LastExpiry):
		a.head.LastExpiry = latest
	}
	if len(left) > 0 {
		a.head.NextExpiry = left[0].ExpiresAt
	}
	a.more = overdue(a.head.NextExpiry, a.head.LastExpiry, a.at)
	return a.PutHead(&a.head)
}

// expireFirst ends those of some holds that have run out, up to maxExpired.
func (a *account) expireFirst(holds []engine.Hold) error {
	for _, h := range holds[:min(len(holds), maxExpired)] {
		if !ranOut(h.ExpiresAt, a.at) {
			return nil
		}
		r, err := a.Redemption(h.ID)
		if err != nil {
			return fmt.Errorf("held redemption %s: %w", h.ID, err)
		}
		if err := a.giveBack(&r, engine.Expired, engine.MoveExpire, ledgerName); err != nil {
			return err
		}
	}
	return nil
}

// balance returns a balance, read once.
func (a *account) balance(k engine.BalanceKey) (*engine.Balance, error) {
	for _, b := range a.balances {
		if b.BalanceKey == k {
			return b, nil
		}
	}
	b, err := a.Balance(k)
	if err != nil {
		return nil, err
	}
	a.balances = append(a.balances, &b)
	return &b, nil
}

// touched returns the balances as the transaction leaves them.
func (a *account) touched() []*engine.Balance { return a.balances }

// use is an order with all that it depends on besides the account.
type use struct {
	order    *engine.Order
	id       string // of the redemption
	campaign *engine.Campaign
	terms    *engine.Terms
	traffic  *traffic
	now      moment // at the venue
	rates    *engine.Exchange
	hold     time.Duration // of a reservation; 0: it is used at once
	shown    bool          // a decision showed the offer lately: pacing, which spreads showings, does not hold it back
	left     int64         // of the purchase, after the other offers that meet it
}

// plan is what a use would do.
type plan struct {
	price   price
	charges []engine.Money
	rated   bool
	code    *engine.Code
	reasons []engine.Reason
}

// plan returns what a use would do and every reason against it.
func (a *account) plan(u *use) (p plan, err error) {
	p.price, p.reasons = priceOf(&u.campaign.Discount, u.order.Purchase, u.left, u.rates)
	if !p.price.off.IsZero() {
		all, converted, reasons := charges(p.price, u.campaign.Budgets, u.rates)
		p.charges, p.rated = all, converted || p.price.converted
		p.reasons = append(p.reasons, reasons...)
	}
	if err := a.checkBudgets(u, &p); err != nil {
		return plan{}, err
	}
	if err := a.checkCode(u, &p); err != nil {
		return plan{}, err
	}
	slices.SortStableFunc(p.reasons, func(x, y engine.Reason) int { return cmp.Compare(x.Code, y.Code) })
	return p, nil
}

// checkBudgets adds the limits that the use would pass.
func (a *account) checkBudgets(u *use, p *plan) error {
	missing := false
	for i := range u.campaign.Budgets {
		b := &u.campaign.Budgets[i]
		if b.Metric == engine.MetricImpressions {
			continue
		}
		if b.Per == engine.PerUser && u.order.User.ID == "" {
			if !missing {
				p.reasons = append(p.reasons, engine.Reason{Code: engine.UserMissing, Message: "the campaign has a limit per user, and the order names none"})
			}
			missing = true
			continue
		}
		balance, err := a.balance(balanceKey(b, u.order.VenueID, u.order.User.ID))
		if err != nil {
			return err
		}
		n, more := takenOf(balance, b, u.now.day), int64(1)
		if b.Metric == engine.MetricSpend {
			t := engine.Taken{Spend: p.charges}
			more = t.In(b.Currency)
		}
		if n > b.Limit-more || n >= b.Limit {
			p.reasons = append(p.reasons, overBudget(*b, n, more, u.now))
		} else if !u.shown && b.Per != engine.PerUser {
			if r, out := u.traffic.pacedOut(u.campaign, u.terms, b, usedOf(balance, b, u.now.day), u.now); out {
				p.reasons = append(p.reasons, r)
			}
		}
	}
	return nil
}

// checkCode adds what is wrong with the voucher code.
func (a *account) checkCode(u *use, p *plan) error {
	code := engine.NormalCode(u.order.Code)
	if code == "" {
		if a.head.Codes > 0 || u.campaign.CodeRequired {
			p.reasons = append(p.reasons, engine.Reason{Code: engine.CodeRequired, Message: "the campaign is used with a voucher code"})
		}
		return nil
	}
	c, err := a.Code(code)
	switch {
	case errors.Is(err, engine.ErrNotFound):
		p.reasons = append(p.reasons, engine.Reason{Code: engine.CodeUnknown, Message: "the campaign has no such code"})
	case err != nil:
		return err
	case c.Used >= c.Uses:
		p.reasons = append(p.reasons, engine.Reason{Code: engine.CodeUsed, Message: fmt.Sprintf("the code was used %d of %d times", c.Used, c.Uses)})
	default:
		p.code = &c
	}
	return nil
}

// take reserves or redeems; what is against it is an *engine.Refusal.
func (a *account) take(u *use) (engine.Redemption, error) {
	p, err := a.plan(u)
	if err != nil {
		return engine.Redemption{}, err
	}
	if len(p.reasons) > 0 {
		return engine.Redemption{}, &engine.Refusal{Reasons: p.reasons}
	}
	o := u.order
	r := engine.Redemption{
		ID: u.id, MerchantID: u.campaign.MerchantID, CampaignID: u.campaign.ID, VenueID: o.VenueID, UserID: o.User.ID, DecisionID: o.DecisionID, PurchaseID: o.PurchaseID,
		Purchase: o.Purchase, Discount: p.price.off, Charges: p.charges, Day: u.now.day.engineDate(),
		Status: engine.Confirmed, Time: a.at, Settled: a.at,
	}
	if p.rated {
		r.RatesDate = u.rates.Day.Date
	}
	kind := engine.MoveRedeem
	if u.hold > 0 {
		kind, r.Status, r.ExpiresAt = engine.MoveReserve, engine.Reserved, a.at.Add(u.hold).Truncate(time.Millisecond)
		a.head.NextExpiry, a.head.LastExpiry = sooner(a.head.NextExpiry, r.ExpiresAt), later(a.head.LastExpiry, r.ExpiresAt)
	}
	delta := engine.Taken{Redemptions: 1, Spend: r.Charges}
	if err := a.fits(&r, &delta); err != nil {
		return engine.Redemption{}, err
	}
	m := engine.Movement{Kind: kind, Amount: r.Discount}
	if p.code != nil {
		r.Code = p.code.Code
		if err := a.useCode(&m, p.code, 1); err != nil {
			return engine.Redemption{}, err
		}
	}
	return r, a.record(&m, nil, &r, &delta)
}

// sooner returns the earlier of two times, of which a may be none.
func sooner(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// keysOf names the balances that a redemption counts in.
func keysOf(r *engine.Redemption) []engine.BalanceKey {
	keys := []engine.BalanceKey{{Per: engine.PerCampaign}, {Per: engine.PerVenue, ID: r.VenueID}}
	if r.UserID != "" {
		keys = append(keys, engine.BalanceKey{Per: engine.PerUser, ID: engine.UserHash(r.UserID)})
	}
	return keys
}

// fits refuses what would take a balance beyond what can be counted. Nothing has been written yet.
func (a *account) fits(r *engine.Redemption, delta *engine.Taken) error {
	for _, k := range keysOf(r) {
		b, err := a.balance(k)
		if err != nil {
			return err
		}
		if _, ok := b.Total.Plus(delta); !ok {
			return refuse(engine.BudgetExhausted, "no more can be counted")
		}
	}
	return nil
}

// useCode counts a use of a code, or takes one back.
func (a *account) useCode(m *engine.Movement, c *engine.Code, n int64) error {
	m.Code, m.CodeBefore, m.CodeAfter = c.Code, c.Used, c.Used+n
	c.Used += n
	return a.PutCode(c)
}

// freeCode takes the use of a redemption's code back.
func (a *account) freeCode(m *engine.Movement, r *engine.Redemption) error {
	if r.Code == "" {
		return nil
	}
	c, err := a.Code(r.Code)
	if err != nil {
		return fmt.Errorf("code of redemption %s: %w", r.ID, err)
	}
	return a.useCode(m, &c, -1)
}

// record writes a movement of a redemption with the balances that it changes. was is how the redemption was before, nil for a new one.
func (a *account) record(m *engine.Movement, was, r *engine.Redemption, delta *engine.Taken) error {
	a.head.Movements++
	m.Number, m.Time, m.RedemptionID, m.Status, m.RolledBack, m.Day = a.head.Movements, a.at, r.ID, r.Status, r.RolledBack, r.Day
	if m.By == "" {
		m.By = a.by
	}
	if !delta.IsZero() {
		for _, k := range keysOf(r) {
			if err := a.change(m, k, r.Day, delta); err != nil {
				return err
			}
		}
	}
	if err := a.PutRedemption(was, r); err != nil {
		return err
	}
	if err := a.PutMovement(m); err != nil {
		return err
	}
	return a.PutHead(&a.head)
}

// change adds to one balance and notes it in the movement.
func (a *account) change(m *engine.Movement, k engine.BalanceKey, d engine.Date, delta *engine.Taken) error {
	b, err := a.balance(k)
	if err != nil {
		return err
	}
	c := engine.BalanceChange{BalanceKey: k, Before: b.Total, DayBefore: b.On(d)}
	if !b.Add(d, delta, m.Number) {
		return fmt.Errorf("balance of %s %s: %w", k.Per, k.ID, errUncountable)
	}
	c.After, c.DayAfter = b.Total, b.On(d)
	m.Changes = append(m.Changes, c)
	if k.Per == engine.PerCampaign {
		a.head.Balance = *b
		return nil
	}
	return a.PutBalance(b)
}

// giveBack ends a hold and gives back all that it took.
func (a *account) giveBack(r *engine.Redemption, to engine.RedemptionStatus, kind engine.MovementKind, by string) error {
	was := *r
	r.Status, r.Settled = to, a.at
	m := engine.Movement{Kind: kind, By: by, Amount: r.Discount}
	if err := a.freeCode(&m, r); err != nil {
		return err
	}
	taken := engine.Taken{Redemptions: 1, Spend: r.Charges}
	back := taken.Negative()
	return a.record(&m, &was, r, &back)
}

// settle confirms or releases a reservation.
func (a *account) settle(id string, kind engine.MovementKind) (engine.Redemption, error) {
	r, err := a.Redemption(id)
	if err != nil {
		return r, err
	}
	if r.Status != engine.Reserved {
		return r, refuse(engine.NotReserved, "it is %s since %s", statusWords(r.Status), r.Settled.UTC().Format(time.RFC3339))
	}
	if kind == engine.MoveRelease {
		return r, a.giveBack(&r, engine.Released, kind, "")
	}
	was := r
	r.Status, r.Settled = engine.Confirmed, a.at
	return r, a.record(&engine.Movement{Kind: kind, Amount: r.Discount}, &was, &r, &engine.Taken{})
}

func statusWords(s engine.RedemptionStatus) string {
	if s == engine.RolledBack {
		return "rolled back"
	}
	return string(s)
}

func refuse(code engine.ReasonCode, format string, args ...any) error {
	return &engine.Refusal{Reasons: []engine.Reason{{Code: code, Message: fmt.Sprintf(format, args...)}}}
}

// rollback undoes an amount of a redemption's discount, all that is left for no amount.
func (a *account) rollback(id string, amount engine.Money) (engine.Redemption, error) {
	r, err := a.Redemption(id)
	if err != nil {
		return r, err
	}
	if r.Status != engine.Confirmed {
		return r, refuse(engine.NotConfirmed, "it is %s since %s", statusWords(r.Status), r.Settled.UTC().Format(time.RFC3339))
	}
	left := r.Discount.Amount - r.RolledBack
	if amount.IsZero() {
		amount = engine.Money{Amount: left, Currency: r.Discount.Currency}
	}
	switch {
	case amount.Currency != r.Discount.Currency:
		return r, engine.Faults{{Path: "amount.currency", Code: "invalid", Message: fmt.Sprintf("the discount is in %s, not %s", r.Discount.Currency, amount.Currency)}}
	case amount.Amount < 1 && left > 0:
		return r, engine.Faults{{Path: "amount.amount", Code: "out_of_range", Message: fmt.Sprintf("%d is below 1", amount.Amount)}}
	case amount.Amount > left || amount.Amount < 0:
		return r, refuse(engine.RollbackTooLarge, "%d is more than the %d that are left of %s", amount.Amount, left, r.Discount)
	}
	was := r
	r.RolledBack, r.Settled = r.RolledBack+amount.Amount, a.at
	m := engine.Movement{Kind: engine.MoveRollback, Amount: amount}
	var back engine.Taken
	if r.RolledBack == r.Discount.Amount {
		r.Status, back.Redemptions = engine.RolledBack, -1
		if err := a.freeCode(&m, &r); err != nil {
			return r, err
		}
	}
	for _, c := range r.Charges {
		if n := undone(c.Amount, &was) - undone(c.Amount, &r); n != 0 {
			back.Spend = append(back.Spend, engine.Money{Amount: n, Currency: c.Currency})
		}
	}
	return r, a.record(&m, &was, &r, &back)
}

// undone returns how much of a charge is given back once so much of the discount is: the same share, and all of it in the end.
func undone(charge int64, r *engine.Redemption) int64 {
	switch {
	case r.Status == engine.RolledBack:
		return charge
	case r.RolledBack == 0:
		return 0
	}
	n, ok := engine.Scaled(charge, r.RolledBack, r.Discount.Amount, 0)
	if !ok {
		return math.MaxInt64 // a share of a charge is never more than it
	}
	return n
}

// asOf returns a redemption as a movement of it left it.
func asOf(r engine.Redemption, m *engine.Movement) engine.Redemption {
	r.Status, r.RolledBack, r.Settled = m.Status, m.RolledBack, m.Time
	return r
}
