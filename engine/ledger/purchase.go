package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// Offers that meet in one purchase, which the app gives a name, are checked against one another on the purchase's own record, before the campaign's
// account is asked: the order of engine.PurchaseLine's Until. Whatever fails or dies on the way, a purchase may for a moment be taken to have an offer
// that it has not, and never the other way round.
//
// An exclusive offer is alone in its group, stackable ones of a group meet, offers of two groups meet, and a campaign comes once. Of two that shut each
// other out the first stays, unless it is only held and the other one's priority is higher: then the hold is let go. All offers together take at most
// the purchase, the first ones first.

// An order that is on its way in this process counts whatever the clock shows: another one that read the clock while it was wrong must not take its place.

// joinTime is how long an order may take from the purchase's record to the campaign's account.
const joinTime = time.Minute

// errLate is returned when it took longer.
var errLate = fmt.Errorf("the order took too long: %w", engine.ErrUnavailable)

// meeting is how an order fits the other offers of its purchase.
type meeting struct {
	left    int64           // of the purchase
	yields  []string        // redemptions that are held, and give way
	reasons []engine.Reason // against the order
}

// meet compares an order with the lines of its purchase.
func meet(lines []engine.PurchaseLine, c *checked) (m meeting) {
	own := c.listing.Campaign().Stacking
	m.left = c.order.Purchase.Amount
	for i := range lines {
		l := &lines[i]
		ref, _ := engine.ParseRedemptionID(l.RedemptionID)
		same := ref == c.ref
		shutsOut := l.Stacking.Group == own.Group && (l.Stacking.Mode != engine.StackStackable || own.Mode != engine.StackStackable)
		switch {
		case l.Discount.Currency != c.order.Purchase.Currency:
			m.reasons = append(m.reasons, engine.Reason{Code: engine.NotStackable, Message: "another offer of the purchase is in " + l.Discount.Currency})
		case !same && shutsOut && !l.Firm && own.Priority > l.Stacking.Priority:
			m.yields = append(m.yields, l.RedemptionID)
			continue
		case same:
			m.reasons = append(m.reasons, engine.Reason{Code: engine.NotStackable, Message: "the purchase has this campaign already"})
		case shutsOut:
			m.reasons = append(m.reasons, engine.Reason{Code: engine.NotStackable, Message: fmt.Sprintf("the purchase has campaign %s of the same group", ref.CampaignID)})
		}
		m.left -= min(m.left, l.Discount.Amount)
	}
	return m
}

// settled returns the lines of a purchase as their redemptions stand now, and those that no longer count by ID.
func (b *Book) settled(ctx context.Context, at time.Time, lines []engine.PurchaseLine) ([]engine.PurchaseLine, map[string]*engine.PurchaseLine, error) {
	now := make(map[string]*engine.PurchaseLine, len(lines))
	var live []engine.PurchaseLine
	for _, l := range lines {
		_, joining := b.joining.Load(l.RedemptionID) // before the account is read: what has left by now is there, or never will be
		r, err := b.Redemption(ctx, at, l.RedemptionID)
		switch {
		case errors.Is(err, engine.ErrNotFound) && (joining || at.Before(l.Until) && l.Until.Sub(at) <= 2*joinTime):
		case errors.Is(err, engine.ErrNotFound):
			now[l.RedemptionID] = nil
			continue
		case err != nil:
			return nil, nil, err
		case !r.Status.Live():
			now[l.RedemptionID] = nil
			continue
		default:
			l.Firm = l.Firm || r.Status == engine.Confirmed
			l.Discount.Amount = r.Discount.Amount - r.RolledBack
		}
		now[l.RedemptionID] = &l
		live = append(live, l)
	}
	return live, now, nil
}

// known puts in what is known of the lines of a purchase: those that were read before are as they stood, those that came since as they are.
func known(lines []engine.PurchaseLine, now map[string]*engine.PurchaseLine) []engine.PurchaseLine {
	var out []engine.PurchaseLine
	for _, l := range lines {
		if as, read := now[l.RedemptionID]; !read {
			out = append(out, l)
		} else if as != nil {
			firm := l.Firm || as.Firm
			l = *as
			l.Firm = firm
			out = append(out, l)
		}
	}
	return out
}

// join puts an order on the record of its purchase, and says how it fits. What does not fit is not put there.
func (b *Book) join(ctx context.Context, at time.Time, c *checked, u *use) (m meeting, until time.Time, err error) {
	o := &c.order
	lines, err := b.purchases.Purchase(ctx, o.MerchantID, o.PurchaseID)
	if err != nil {
		return m, until, err
	}
	_, now, err := b.settled(ctx, at, lines)
	if err != nil {
		return m, until, err
	}
	until = b.now().Add(joinTime)
	err = b.purchases.UpdatePurchase(ctx, o.MerchantID, o.PurchaseID, func(lines []engine.PurchaseLine) ([]engine.PurchaseLine, error) {
		lines = known(lines, now)
		if m = meet(lines, c); len(m.reasons) > 0 {
			return lines, nil
		}
		lines = slices.DeleteFunc(lines, func(l engine.PurchaseLine) bool { return slices.Contains(m.yields, l.RedemptionID) })
		p, _ := priceOf(&u.campaign.Discount, o.Purchase, m.left, c.ratesOn(at))
		if p.off.IsZero() {
			p.off.Currency = o.Purchase.Currency // it will be refused
		}
		return append(lines, engine.PurchaseLine{
			RedemptionID: u.id, Stacking: u.campaign.Stacking, Discount: p.off, Until: until.UTC(), Firm: u.hold == 0,
		}), nil
	})
	return m, until, err
}

// leave takes an order that was refused off the record of its purchase. Left there by a failure it would go by itself.
func (b *Book) leave(ctx context.Context, c *checked, id string) {
	err := b.purchases.UpdatePurchase(ctx, c.order.MerchantID, c.order.PurchaseID, func(lines []engine.PurchaseLine) ([]engine.PurchaseLine, error) {
		return slices.DeleteFunc(lines, func(l engine.PurchaseLine) bool { return l.RedemptionID == id }), nil
	})
	if err != nil {
		b.logger.Warn("take an order off its purchase", "error", err)
	}
}

// takeTogether is take for an order that names its purchase.
func (b *Book) takeTogether(ctx context.Context, w engine.Write, c *checked, u *use, kind engine.MovementKind) (engine.Redemption, error) {
	was, err := b.answered(ctx, c.ref, w.Once, kind)
	if err != nil || was != nil {
		if err != nil {
			return engine.Redemption{}, err
		}
		return *was, nil
	}
	b.joining.Store(u.id, true)
	defer b.joining.Delete(u.id)
	refused, err := b.try(ctx, w.At, c) // nothing gives way to an order that will be refused
	if err != nil {
		return engine.Redemption{}, err
	}
	if refused != nil {
		return engine.Redemption{}, refused
	}
	m, until, err := b.join(ctx, w.At, c, u)
	if err != nil {
		return engine.Redemption{}, err
	}
	joined := len(m.reasons) == 0
	c.reasons = sorted(append(c.reasons, m.reasons...))
	u.left = m.left
	r, err := b.move(ctx, w, c.ref, kind, func(a *account) (engine.Redemption, error) {
		if joined && !b.now().Before(until) {
			return engine.Redemption{}, errLate
		}
		return a.takeChecked(c, u, w.At)
	})
	r, err = b.taken(u, w.At, r, err)
	if joined && (err != nil || r.ID != u.id) {
		b.leave(ctx, c, u.id)
	}
	if err != nil {
		return r, err
	}
	for _, id := range m.yields {
		if _, err := b.Release(ctx, engine.Write{At: w.At, By: ledgerName}, id); err != nil {
			b.logger.Debug("let go of a hold that gave way", "error", err) // it runs out: nothing confirms it any more
		}
	}
	return r, nil
}

// try returns what is against an order that names its purchase; nil: nothing. It keeps nothing.
func (b *Book) try(ctx context.Context, at time.Time, c *checked) (*engine.Refusal, error) {
	own := *c
	if err := b.meetOthers(ctx, at, &own); err != nil {
		return nil, err
	}
	var reasons []engine.Reason
	err := b.accounts.ViewAccount(ctx, c.ref, func(r engine.AccountReader) (err error) {
		t := trial{book: b, checked: &own, over: r}
		_, reasons, err = t.decide(at)
		return err
	})
	if err != nil || len(reasons) == 0 {
		return nil, err
	}
	return &engine.Refusal{Reasons: reasons}, nil
}

// answered returns what an idempotency key did first; nil for nothing.
func (b *Book) answered(ctx context.Context, ref engine.CampaignRef, once *engine.Once, kind engine.MovementKind) (was *engine.Redemption, err error) {
	if once == nil {
		return nil, nil
	}
	err = b.accounts.ViewAccount(ctx, ref, func(a engine.AccountReader) error {
		receipt, err := a.Earlier(once, kind)
		if err != nil || receipt == nil {
			return err
		}
		r, err := first(a, receipt)
		was = &r
		return err
	})
	return was, err
}

// firm makes sure that a held offer has not given way to another one of its purchase, and lets it not from now on.
func (b *Book) firm(ctx context.Context, r *engine.Redemption) error {
	if r.PurchaseID == "" || r.Status != engine.Reserved {
		return nil
	}
	return b.purchases.UpdatePurchase(ctx, r.MerchantID, r.PurchaseID, func(lines []engine.PurchaseLine) ([]engine.PurchaseLine, error) {
		i := slices.IndexFunc(lines, func(l engine.PurchaseLine) bool { return l.RedemptionID == r.ID })
		if i < 0 {
			return nil, refuse(engine.NotStackable, "it gave way to an offer of a higher priority")
		}
		lines[i].Firm = true
		return lines, nil
	})
}
