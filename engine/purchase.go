package engine

import (
	"context"
	"time"
)

// PurchaseLine is an offer that meets others in one purchase.
type PurchaseLine struct {
	RedemptionID string
	Stacking     Stacking
	Discount     Money
	// Until is how long the line counts although its redemption is not there: it may be under way. Later a redemption that is not there never will be.
	Until time.Time
	Firm  bool // it is being confirmed, or was: nothing takes its place
}

// Purchases keeps which offers met in the purchases of a merchant, each purchase a record of its own.
type Purchases interface {
	// Purchase returns the lines in the order in which they came; none for a purchase that is not known.
	Purchase(ctx context.Context, merchant, id string) ([]PurchaseLine, error)
	// UpdatePurchase stores what change makes of the lines, in one transaction. change may run more than once and touches nothing else; with an error of its
	// own nothing is written.
	UpdatePurchase(ctx context.Context, merchant, id string, change func([]PurchaseLine) ([]PurchaseLine, error)) error
}
