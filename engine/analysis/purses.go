package analysis

import (
	"context"
	"errors"
	"fmt"

	"github.com/sihai-network/sihai/engine"
)

// readAccount reads what was taken so far of the campaign and, where it has a single venue, of it there.
func (x *replay) readAccount(ctx context.Context, accounts engine.Accounts) error {
	if accounts == nil {
		return nil
	}
	err := accounts.ViewAccount(ctx, x.own, func(r engine.AccountReader) error {
		head, err := r.Head()
		if err != nil {
			return err
		}
		x.balance = head.Balance
		if len(x.listing.Sites) == 1 {
			x.atVenue, err = r.Balance(engine.BalanceKey{Per: engine.PerVenue, ID: x.listing.Sites[0].ID})
		}
		return err
	})
	if errors.Is(err, engine.ErrNotFound) {
		return nil // a draft without a name has no account
	}
	return err
}

// taken is what was taken of a budget already in the period in which the forecast begins. Showings are told in all only.
func (x *replay) taken(b *engine.Budget) float64 {
	balance := &x.balance
	if b.Per == engine.PerVenue {
		balance = &x.atVenue
	}
	total := b.Period == engine.PeriodTotal || b.Period == ""
	if b.Metric == engine.MetricImpressions {
		if total {
			return x.popular.Impressions
		}
		return 0
	}
	amount := func(t *engine.Taken) float64 {
		if b.Metric == engine.MetricSpend {
			return float64(t.In(b.Currency))
		}
		return float64(t.Redemptions)
	}
	if total {
		return amount(&balance.Total)
	}
	sum := 0.0
	first, next := b.Period.Span(engine.DateOf(x.request.Start.In(x.zone)))
	for i := range balance.Days {
		if d := &balance.Days[i]; !d.Date.Before(first) && d.Date.Before(next) {
			sum += amount(&d.Taken)
		}
	}
	return sum
}

// purses are the budgets that a forecast can spend, and notes of those that it cannot.
func (x *replay) purses(o *outlook) (purses []purse, notes []string) {
	c := x.listing.Campaign()
	currency := x.currency()
	for i, b := range c.Budgets {
		name := fmt.Sprintf("budgets[%d]", i)
		switch {
		case b.Per == engine.PerUser && b.Metric == engine.MetricImpressions:
			continue // see attention
		case b.Per != engine.PerCampaign && b.Per != "" && !(b.Per == engine.PerVenue && len(x.listing.Sites) == 1):
			notes = append(notes, name+": a budget of each "+string(b.Per)+" is not looked at")
			continue
		case b.Metric == engine.MetricSpend && b.Currency != currency:
			notes = append(notes, name+": what is saved is not known in "+b.Currency)
			continue
		}
		p := purse{Budget: b, name: name, left: float64(b.Limit), pace: c.Pacing}
		p.left = max(p.left-x.taken(&b), 0)
		if b.Period == engine.PeriodTotal || b.Period == "" {
			if end := c.Flight.End.In(x.zone); !end.IsZero() {
				p.until = engine.DateOf(end)
			}
		}
		purses = append(purses, p)
	}
	return purses, notes
}

// currency is that of what the campaign's offers save; empty: it is not known or there are several.
func (x *replay) currency() (code string) {
	for i := range x.wins {
		switch c := x.wins[i].value.Currency; {
		case c == "" || c == code:
		case code == "":
			code = c
		default:
			return ""
		}
	}
	return code
}
