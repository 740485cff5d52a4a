package engine

import (
	"context"
	"time"
)

// BudgetPrice is what a unit of a budget is worth elsewhere, and what it follows from.
type BudgetPrice struct {
	Metric   Metric
	Currency string // of spend
	Period   Period
	Per      Scope   // PerCampaign or PerVenue: what a user may have of a campaign is no one else's, and has no price
	VenueID  string  // of a budget per venue
	Price    float64 // in score, of a showing, a redemption or a minor unit of Currency; finite, at least 0
	Taken    int64   // of the budget in its period, when the price was set
	Since    Date    // first day of that period; zero: all time
}

// Prices are those of the budgets of a campaign. They never change.
type Prices struct {
	At       time.Time // when they were set
	Redeemed float64   // chance that a showing comes to a redemption, [0, 1]
	// Budgets are in the order of the campaign's, those of venues in the order of their IDs. One that is not there has no price.
	Budgets []BudgetPrice
}

// IsZero reports whether no budget has a price.
func (p *Prices) IsZero() bool {
	if p == nil {
		return true
	}
	for i := range p.Budgets {
		if p.Budgets[i].Price != 0 {
			return false
		}
	}
	return true
}

// Pricer sets the prices of budgets.
type Pricer interface {
	// Price returns the prices of the campaigns of a snapshot, as of now by the rules of its profile, and the epoch under which they are kept. It is called from one
	// goroutine, from time to time, while a profile prices budgets.
	Price(ctx context.Context, s *Snapshot) (map[CampaignRef]*Prices, uint64, error)
}

// PriceLog keeps prices in epochs numbered from 1, so that a decision can name those it was made by.
type PriceLog interface {
	// KeepPrices keeps the prices that changed at a time as a new epoch, or nothing but the time where none did, on disk when it returns nil. After an error the epoch that was
	// begun is nobody's: the next call gives the changes again. One call at a time.
	KeepPrices(ctx context.Context, at time.Time, changed map[CampaignRef]*Prices) (epoch uint64, err error)
	// Prices returns the newest prices, their epoch and the time of the last KeepPrices that came to its end; 0 for none.
	Prices(ctx context.Context) (map[CampaignRef]*Prices, uint64, time.Time, error)
	// PricesAt returns the prices of some campaigns as they were at an epoch, of all for a nil list. One without is left out.
	PricesAt(ctx context.Context, epoch uint64, of []CampaignRef) (map[CampaignRef]*Prices, error)
}
