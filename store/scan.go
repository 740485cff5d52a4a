package store

import (
	"context"

	"github.com/sihai-network/sihai/engine"
)

// scanPage is how many resources a scan holds in memory at once.
const scanPage = 500

// EachMerchant implements engine.CatalogScan, in the order of IDs.
func (db *DB) EachMerchant(ctx context.Context, fn func(engine.Merchant) error) error {
	return each(ctx, db, merchants(), fn)
}

// EachVenue implements engine.CatalogScan, in the order of merchants and IDs. Each page of a merchant is one moment.
func (db *DB) EachVenue(ctx context.Context, fn func(engine.Venue) error) error {
	return each(ctx, db, merchants(), func(m engine.Merchant) error { return each(ctx, db, venues(m.ID), fn) })
}

// EachCampaign implements engine.CatalogScan, in the order of merchants and IDs. Each page of a merchant is one moment.
func (db *DB) EachCampaign(ctx context.Context, fn func(engine.Campaign) error) error {
	return each(ctx, db, merchants(), func(m engine.Merchant) error { return each(ctx, db, campaigns(m.ID), fn) })
}

// EachKey implements engine.CatalogScan, in the order of IDs; revoked keys too.
func (db *DB) EachKey(ctx context.Context, fn func(engine.Key) error) error {
	return each(ctx, db, apiKeys(), fn)
}

// each calls fn outside of any transaction and lock, so that it may read the store.
func each[T any](ctx context.Context, db *DB, r resource[T], fn func(T) error) error {
	p := engine.Page{Limit: scanPage}
	for {
		page, next, err := list(ctx, db, r, p)
		if err != nil {
			return err
		}
		for i := range page {
			if err := fn(page[i]); err != nil {
				return err
			}
		}
		if next == "" {
			return nil
		}
		p.After = next
	}
}
