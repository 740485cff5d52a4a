package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// Validate implements engine.Redeemer. What it says of an order is what Redeem would say: it is tried, and not kept.
func (b *Book) Validate(ctx context.Context, at time.Time, o *engine.Order) (engine.Validation, error) {
	c, err := b.prepare(ctx, at, o)
	if err != nil {
		return engine.Validation{}, fmt.Errorf("validate: %w", err)
	}
	if o.PurchaseID != "" {
		if err := b.meetOthers(ctx, at, c); err != nil {
			return engine.Validation{}, fmt.Errorf("validate: %w", err)
		}
	}
	var v engine.Validation
	err = b.accounts.ViewAccount(ctx, c.ref, func(r engine.AccountReader) error {
		t := trial{book: b, checked: c, over: r}
		v.Discount, v.Reasons, err = t.decide(at)
		if err != nil || len(v.Reasons) == 0 {
			v.Holds = err == nil
			return err
		}
		v.Change, err = t.change(at, v.Reasons)
		return err
	})
	if err != nil {
		return engine.Validation{}, fmt.Errorf("validate: %w", err)
	}
	return v, nil
}

// meetOthers compares an order with the offers of its purchase, and keeps nothing.
func (b *Book) meetOthers(ctx context.Context, at time.Time, c *checked) error {
	lines, err := b.purchases.Purchase(ctx, c.order.MerchantID, c.order.PurchaseID)
	if err != nil {
		return err
	}
	if lines, _, err = b.settled(ctx, at, lines); err != nil {
		return err
	}
	m := meet(lines, c)
	c.met, c.taken = m.reasons, c.order.Purchase.Amount-m.left
	return nil
}

// trial decides an order again and again, in changed circumstances, on one moment of its account.
type trial struct {
	book *Book
	*checked
	over engine.AccountReader
}

// decide returns what the order would take off, as far as that is known, and every reason against it at a time.
func (t *trial) decide(at time.Time) (off engine.Money, reasons []engine.Reason, err error) {
	a, err := t.account(at)
	if err != nil {
		return off, nil, err
	}
	u := t.use(at)
	u.id = engine.RedemptionID("trial", t.ref)
	p, err := a.plan(&u)
	if err != nil {
		return off, nil, err
	}
	reasons = append(p.reasons, t.book.against(t.checked, at)...)
	reasons = append(reasons, t.met...)
	if len(reasons) > 0 {
		return p.price.off, sorted(reasons), nil
	}
	r, err := a.take(&u)
	var refused *engine.Refusal
	if errors.As(err, &refused) {
		return p.price.off, refused.Reasons, nil
	}
	return r.Discount, nil, err
}

// account is that of the trial at a time, without the holds that will have run out by then.
func (t *trial) account(at time.Time) (*account, error) {
	a, err := openAccount(newScratch(t.over), at, "")
	for err == nil && a.more {
		err = a.expire()
	}
	return a, err
}

// change looks for the smallest change that makes a refused order hold. Each part is made only where a reason asks for it, and all of it is decided
// again: what does not hold then is no change.
func (t *trial) change(at time.Time, reasons []engine.Reason) (*engine.OrderChange, error) {
	was := t.order
	defer func() { t.order = was }()
	var c engine.OrderChange
	waits := false
	for _, r := range reasons {
		switch r.Code {
		case engine.OutsideGeofence, engine.LocationTooVague:
			if c.Walk == nil {
				if c.Walk = t.walk(at); c.Walk == nil {
					return nil, nil
				}
			}
		case engine.BelowMinSpend:
			x := pricing{rates: t.ratesOn(at), purchase: t.order.Purchase}
			least, ok := x.in(t.listing.Campaign().Discount.MinSpend)
			if !ok {
				return nil, nil
			}
			c.Spend = engine.Money{Amount: least - t.order.Purchase.Amount, Currency: t.order.Purchase.Currency}
			t.order.Purchase.Amount = least
		case engine.NotInFlight, engine.VenueClosed, engine.BlackedOut, engine.BudgetExhausted, engine.PacedOut, engine.UserLimitReached:
			waits = true
		default:
			return nil, nil
		}
	}
	when := at
	if waits {
		var err error
		if when, err = t.opens(at); err != nil || when.IsZero() {
			return nil, err
		}
		c.At, c.Wait = when, when.Sub(at)
	}
	_, left, err := t.decide(when)
	if err != nil || len(left) > 0 {
		return nil, err
	}
	return &c, nil
}

// maxWaits bounds the moments that are tried.
const maxWaits = 100

// opens returns the first moment found at which nothing that time heals is against the order; zero: none.
func (t *trial) opens(at time.Time) (time.Time, error) {
	zone := t.listing.Sites[t.site].Zone
	for range maxWaits {
		next, ok := t.book.rules.NextOpening(t.listing, t.site, at)
		if !ok {
			return time.Time{}, nil
		}
		freed, err := t.freed(next, zone)
		if err != nil || freed.IsZero() || freed.Equal(next) {
			return freed, err
		}
		at = freed
	}
	return time.Time{}, nil
}

// freed returns when the budgets that a time finds used up begin afresh, or have caught up with their pacing: the time itself when none is, zero
// for never.
func (t *trial) freed(at time.Time, zone *time.Location) (time.Time, error) {
	a, err := t.account(at)
	if err != nil {
		return time.Time{}, err
	}
	u := t.use(at)
	p, err := a.plan(&u)
	if err != nil {
		return time.Time{}, err
	}
	latest := at
	for _, b := range u.campaign.Budgets {
		if b.Metric == engine.MetricImpressions || b.Per == engine.PerUser && u.order.User.ID == "" {
			continue
		}
		balance, err := a.balance(balanceKey(&b, u.order.VenueID, u.order.User.ID))
		if err != nil {
			return time.Time{}, err
		}
		more := int64(1)
		if b.Metric == engine.MetricSpend {
			taken := engine.Taken{Spend: p.charges}
			more = taken.In(b.Currency)
		}
		switch n := takenOf(balance, &b, u.now.day); {
		case n > b.Limit-more || n >= b.Limit:
			next := spanOf(b.Period, u.now.day).next
			if next == lastDay || more > b.Limit {
				return time.Time{}, nil // never, unless a hold runs out
			}
			latest = later(latest, next.start(u.now.zone))
		case !u.shown && b.Per != engine.PerUser:
			if again, out := u.traffic.pacedUntil(u.campaign, &b, usedOf(balance, &b, u.now.day), u.now); out {
				latest = later(latest, again)
			}
		}
	}
	if up := latest.Truncate(time.Minute); up.Before(latest) && latest.After(at) {
		latest = up.Add(time.Minute)
	}
	return latest, nil
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// walk returns the way into the nearest fence, as far as the rules ask; nil: none was found.
func (t *trial) walk(at time.Time) *engine.Walk {
	from := t.order.Location
	if from == nil {
		return nil
	}
	held := func(l *engine.Location) bool {
		own := *t.order.Location
		t.order.Location = l
		reasons := t.book.against(t.checked, at)
		if ok := !slices.ContainsFunc(reasons, func(r engine.Reason) bool {
			return r.Code == engine.OutsideGeofence || r.Code == engine.LocationTooVague || r.Code == engine.LocationMissing
		}); ok {
			return true
		}
		t.order.Location = &own
		return false
	}
	return wayInto(fencesOf(t.listing, t.site), from, held)
}
