package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
	dual "github.com/sihai-network/sihai/scoring/pricing"
)

// PricerOptions say what a Pricer works with.
type PricerOptions struct {
	Meter *Meter          // required
	Log   engine.PriceLog // required
	Now   engine.Clock    // nil: time.Now
}

// Pricer sets the prices of the budgets of campaigns and of their venues, from what was shown and used of them since the last time, against what was due. It works off one
// goroutine. Between two calls lies a round of pricing.Budget:
//
//	taken  what the meter counted of the budget since the last time, within its period
//	due    what was left of it then, by what is expected of the time since over what is expected until its period or the flight ends, see traffic
//
// Prices are kept, with the counts that they rest on, before they are used, so that they go on after a restart where they were. In a period that begins a budget is whole
// and its price stays. A budget without an end has no price, since nothing says what is due of it. Days are those of the venue, of a whole campaign those of its first venue.
type Pricer struct {
	meter *Meter
	log   engine.PriceLog
	now   engine.Clock

	loaded  bool
	of      map[engine.CampaignRef]*engine.Prices
	epoch   uint64
	last    time.Time // when prices were set; zero: never
	version uint64    // of the snapshot that limited is of
	limited []*engine.Listing
}

var _ engine.Pricer = (*Pricer)(nil)

// NewPricer returns a Pricer that has read nothing.
func NewPricer(o PricerOptions) (*Pricer, error) {
	var missing []error
	if o.Meter == nil {
		missing = append(missing, errors.New("meter: required"))
	}
	if o.Log == nil {
		missing = append(missing, errors.New("log: required"))
	}
	if err := errors.Join(missing...); err != nil {
		return nil, fmt.Errorf("pricer options: %w", err)
	}
	p := &Pricer{meter: o.Meter, log: o.Log, now: o.Now}
	if p.now == nil {
		p.now = time.Now
	}
	return p, nil
}

// Price implements engine.Pricer. The first call returns what was kept and sets nothing anew: what was used may not have been counted yet. Prices that cannot be kept are
// not set. Cost: some microseconds for each campaign with budgets, and of a new version of the catalog a look at each fence.
func (p *Pricer) Price(ctx context.Context, s *engine.Snapshot) (map[engine.CampaignRef]*engine.Prices, uint64, error) {
	if !p.loaded {
		var err error
		if p.of, p.epoch, p.last, err = p.log.Prices(ctx); err != nil {
			return nil, 0, err
		}
		p.loaded = true
		return p.told(), p.epoch, nil
	}
	now := p.now().UTC()
	if !now.After(p.last) {
		return p.told(), p.epoch, nil
	}
	rules, changed := s.Profile.Pricing.WithDefaults(), make(map[engine.CampaignRef]*engine.Prices)
	for _, l := range p.limitedOf(s) {
		ref := engine.CampaignRef{MerchantID: l.Merchant.ID, CampaignID: l.ID}
		r := round{meter: p.meter, l: l, ref: ref, c: l.Campaign(), was: p.of[ref], last: p.last, now: now, rules: &rules}
		if next := r.prices(); next != r.was {
			changed[ref] = next
		}
	}
	epoch, err := p.log.KeepPrices(ctx, now, changed)
	if err != nil {
		return nil, 0, err
	}
	for ref, prices := range changed {
		p.of[ref] = prices
	}
	p.epoch, p.last = epoch, now
	return p.told(), p.epoch, nil
}

// told returns the prices that are not zero, in a map of its own.
func (p *Pricer) told() map[engine.CampaignRef]*engine.Prices {
	out := make(map[engine.CampaignRef]*engine.Prices)
	for ref, prices := range p.of {
		if !prices.IsZero() {
			out[ref] = prices
		}
	}
	return out
}

// limitedOf returns the campaigns of a snapshot that have budgets or caps, each once.
func (p *Pricer) limitedOf(s *engine.Snapshot) []*engine.Listing {
	if p.limited != nil && p.version == s.Version {
		return p.limited
	}
	p.version, p.limited = s.Version, make([]*engine.Listing, 0, len(p.limited))
	seen := make(map[*engine.Listing]bool)
	for handle := range uint32(s.Holders.Len()) {
		l := s.Holders.At(handle).Listing
		if l == nil || !l.Limited || len(l.Sites) == 0 || seen[l] {
			continue
		}
		seen[l] = true
		p.limited = append(p.limited, l)
	}
	return p.limited
}

// round is what became of one campaign's budgets since prices were set last.
type round struct {
	meter     *Meter
	l         *engine.Listing
	ref       engine.CampaignRef
	c         *engine.Campaign
	was       *engine.Prices // nil: none were set
	last, now time.Time
	rules     *scoring.Pricing

	redeemed float64 // chance that a showing comes to a redemption
	balance  *engine.Balance
}

// prices returns the prices from now on: those that were where nothing changed.
func (r *round) prices() *engine.Prices {
	r.balance = r.meter.takings.balance(r.ref, engine.BalanceKey{Per: engine.PerCampaign})
	redemptions := 0.0
	if r.balance != nil {
		redemptions = float64(r.balance.Total.Redemptions)
	}
	r.redeemed = scoring.RedemptionPrior().Mean(redemptions, float64(r.meter.Impressions(r.ref)))
	next := &engine.Prices{At: r.now, Redeemed: r.redeemed}
	for i := range r.c.Budgets {
		switch b := &r.c.Budgets[i]; b.Per {
		case engine.PerUser:
		case engine.PerVenue:
			for site := range r.l.Sites {
				if e := r.budget(b, site); e.Taken != 0 || e.Price != 0 || r.before(&e) != nil {
					next.Budgets = append(next.Budgets, e)
				}
			}
		default:
			next.Budgets = append(next.Budgets, r.budget(b, 0))
		}
	}
	switch {
	case r.was == nil && len(next.Budgets) == 0:
		return nil
	case r.was != nil && r.was.Redeemed == next.Redeemed && slices.Equal(r.was.Budgets, next.Budgets):
		return r.was
	}
	return next
}

// before returns what was said last of a budget; nil: nothing.
func (r *round) before(e *engine.BudgetPrice) *engine.BudgetPrice {
	if r.was == nil {
		return nil
	}
	for i := range r.was.Budgets {
		w := &r.was.Budgets[i]
		if w.Metric == e.Metric && w.Currency == e.Currency && w.Period == e.Period && w.Per == e.Per && w.VenueID == e.VenueID {
			return w
		}
	}
	return nil
}

// budget returns what is to be said of a budget as one of the campaign's venues has it.
func (r *round) budget(b *engine.Budget, site int) engine.BudgetPrice {
	here, venue := momentAt(r.l, site, r.now), r.l.Sites[site].ID
	e := engine.BudgetPrice{Metric: b.Metric, Currency: b.Currency, Period: b.Period, Per: b.Per, Taken: r.meter.reached(r.ref, venue, b, here.day).n}
	if b.Per == engine.PerVenue {
		e.VenueID = venue
	}
	if s := spanOf(b.Period, here.day); s.first != firstDay {
		e.Since = s.first.engineDate()
	}
	was := r.before(&e)
	if was == nil {
		return e
	}
	begin, end := stretch(r.c, b.Period, here)
	if begin.IsZero() || end.IsZero() {
		return e
	}
	e.Price = was.Price
	from := latest(r.last, r.was.At, begin)
	if r.c.Status != engine.StatusEnabled || !from.Before(r.now) || !r.now.Before(end) {
		return e
	}
	used := int64(0)
	if was.Since == e.Since {
		used = was.Taken
	}
	use, ok := r.use(b)
	if !ok {
		return e
	}
	flow := r.meter.traffic.of(here.zone).outlook(here.day).flowOf(&r.c.Flight, r.l.Terms)
	first := flow.mass(from.Unix())
	due := float64(max(b.Limit-used, 0)) * share(flow.mass(r.now.Unix())-first, flow.mass(end.Unix())-first)
	budget := dual.Budget{
		Limit: float64(b.Limit), Step: r.rules.Step, Unit: r.rules.Scale / (use.size * use.chance),
		Rounds: min(float64(end.Sub(begin))/float64(r.now.Sub(r.last)), float64(b.Limit)/use.size),
	}
	e.Price = budget.Next(was.Price, float64(e.Taken-used), due)
	return e
}

// latest returns the last of some times.
func latest(t time.Time, others ...time.Time) time.Time {
	for _, o := range others {
		if o.After(t) {
			t = o
		}
	}
	return t
}

// drawn is what a use takes of a budget, above 0, and the chance that a showing comes to one.
type drawn struct{ size, chance float64 }

// use returns what a use takes of a budget; false for an amount of money of which nothing was taken yet.
func (r *round) use(b *engine.Budget) (drawn, bool) {
	switch b.Metric {
	case engine.MetricImpressions:
		return drawn{1, 1}, true
	case engine.MetricRedemptions:
		return drawn{1, r.redeemed}, true
	}
	if r.balance == nil || r.balance.Total.Redemptions <= 0 {
		return drawn{}, false
	}
	mean := float64(r.balance.Total.In(b.Currency)) / float64(r.balance.Total.Redemptions)
	return drawn{mean, r.redeemed}, mean > 0
}
