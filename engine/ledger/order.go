package ledger

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// checked is an order with the offer that it names, and what its place, time and traveller have against it.
type checked struct {
	ref     engine.CampaignRef
	snap    *engine.Snapshot
	listing *engine.Listing
	traffic *traffic
	site    int
	order   engine.Order // with what its decision tells besides
	shown   bool
	reasons []engine.Reason
	met     []engine.Reason // what the other offers of its purchase have against it, where it is only tried
	taken   int64           // by them
}

// prepare finds the offer of an order and asks the rules. Its errors are Faults but for a decision that cannot be read.
func (b *Book) prepare(ctx context.Context, at time.Time, o *engine.Order) (*checked, error) {
	snap := b.snapshots.Snapshot()
	if snap == nil {
		return nil, fmt.Errorf("no snapshot yet: %w", engine.ErrUnavailable)
	}
	c := &checked{snap: snap, order: *o, traffic: &b.meter.traffic}
	if o.DecisionID != "" {
		if err := b.decided(ctx, at, c); err != nil {
			return nil, err
		}
	}
	var err error
	if c.listing, c.site, err = b.offers.find(snap, c.order.MerchantID, o.CampaignID, o.VenueID); err != nil {
		return nil, err
	}
	c.order.MerchantID = c.listing.Merchant.ID
	c.ref = engine.CampaignRef{MerchantID: c.order.MerchantID, CampaignID: o.CampaignID}
	c.reasons = b.against(c, at)
	return c, nil
}

// against returns what place, time and traveller have against an order.
func (b *Book) against(c *checked, at time.Time) []engine.Reason {
	return b.rules.CheckOffer(nil, c.snap, &engine.Request{Time: at, User: c.order.User, Location: c.order.Location, Purchase: c.order.Purchase, Partners: c.order.Partners}, c.listing, c.site)
}

// decided takes over what the decision of an order tells: the merchant, and the traveller, whom an order cannot exchange for another.
func (b *Book) decided(ctx context.Context, at time.Time, c *checked) error {
	o := &c.order
	d, err := b.decisions.Decision(ctx, o.DecisionID)
	if errors.Is(err, engine.ErrNotFound) {
		return engine.Faults{{Path: "decision_id", Code: "unknown_decision", Message: fmt.Sprintf("there is no decision %.64q", o.DecisionID)}}
	}
	if err != nil {
		return fmt.Errorf("read decision: %w", err)
	}
	merchant, shown := shownIn(d, o)
	if !shown {
		return engine.Faults{{Path: "offer_id", Code: "unknown_offer", Message: "the decision did not offer " + engine.OfferID(o.CampaignID, o.VenueID)}}
	}
	o.MerchantID = merchant
	c.shown = at.Sub(d.Time).Abs() < shownFor
	if d.Request == nil {
		return nil
	}
	if len(o.Partners) == 0 {
		o.Partners = d.Request.Partners
	}
	own := &d.Request.User
	switch {
	case own.ID != "" && o.User.ID != "" && own.ID != o.User.ID:
		return engine.Faults{{Path: "user.id", Code: "invalid", Message: "the decision was made for another user"}}
	case isBare(&o.User):
		id := o.User.ID
		if o.User = *own; id != "" {
			o.User.ID = id
		}
	case o.User.ID == "":
		o.User.ID = own.ID
	}
	return nil
}

// isBare reports whether nothing is told of a traveller but perhaps the ID.
func isBare(u *engine.User) bool {
	return u.HomeCountry == "" && u.SpendTier == "" && len(u.Languages)+len(u.Segments)+len(u.Attributes)+len(u.CategoryAffinities) == 0
}

// shownIn finds an order's offer in a decision, and whose it is.
func shownIn(d *engine.Decision, o *engine.Order) (merchant string, ok bool) {
	for i := range d.Placements {
		for j := range d.Placements[i].Offers {
			offer := d.Placements[i].Offers[j].Creative
			if offer.CampaignID == o.CampaignID && offer.Venue.ID == o.VenueID && (o.MerchantID == "" || o.MerchantID == offer.MerchantID) {
				return offer.MerchantID, true
			}
		}
	}
	return "", false
}

// use returns what the account has to know of an order at a time.
func (c *checked) use(at time.Time) use {
	return use{
		order: &c.order, campaign: c.listing.Campaign(), terms: c.listing.Terms, traffic: c.traffic, now: localMoment(at, c.listing.Sites[c.site].Zone), rates: c.ratesOn(at),
		shown: c.shown, left: c.order.Purchase.Amount - c.taken,
	}
}

// ratesOn returns the exchange by the reference rates in force at a time.
func (c *checked) ratesOn(at time.Time) *engine.Exchange {
	x := c.snap.Rates.On(engine.DateOf(at.UTC()))
	return &x
}

func sorted(reasons []engine.Reason) []engine.Reason {
	slices.SortStableFunc(reasons, func(x, y engine.Reason) int { return cmp.Compare(x.Code, y.Code) })
	return reasons
}
