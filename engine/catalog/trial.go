package catalog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/sihai-network/sihai/engine"
)

var _ engine.Compiler = (*Publisher)(nil)

// Listing implements engine.Compiler: it compiles a campaign as a publication would, of what the store holds now. Cost: the merchant's venues, where the
// campaign does not name them one by one.
func (p *Publisher) Listing(ctx context.Context, c *engine.Campaign) (*engine.Listing, error) {
	store, compiler := p.options.Store, p.feed.builder.compiler
	merchant, err := store.Merchant(ctx, c.MerchantID)
	if err != nil {
		return nil, err
	}
	own := *c
	own.Geofences = slices.Clone(c.Geofences) // compiling sets the fences
	out, err := compiler.compile(&own)
	if err != nil {
		return nil, fmt.Errorf("compile campaign %s: %w", c.ID, err)
	}
	var steads []*stead
	add := func(v *engine.Venue) error {
		site, err := compiler.site(v)
		if err != nil {
			return fmt.Errorf("compile venue %s: %w", v.ID, err)
		}
		steads = append(steads, &stead{id: v.ID, site: site})
		return nil
	}
	if err := eachVenueOf(ctx, store, c, add); err != nil {
		return nil, err
	}
	slices.SortFunc(steads, func(a, b *stead) int { return cmp.Compare(a.id, b.id) })
	return newListing(out.terms, &merchant, steads), nil
}

// eachVenueOf calls fn for each venue at which a campaign holds.
func eachVenueOf(ctx context.Context, store engine.Venues, c *engine.Campaign, fn func(*engine.Venue) error) error {
	if c.Venues.Chain == "" && !c.Venues.All {
		ids := slices.Clone(c.Venues.IDs)
		slices.Sort(ids)
		for _, id := range slices.Compact(ids) {
			v, err := store.Venue(ctx, c.MerchantID, id)
			if errors.Is(err, engine.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			if err := fn(&v); err != nil {
				return err
			}
		}
		return nil
	}
	page := engine.Page{Limit: 500}
	for {
		venues, next, err := store.ListVenues(ctx, c.MerchantID, page)
		if err != nil {
			return err
		}
		for i := range venues {
			if c.Venues.Includes(&venues[i]) {
				if err := fn(&venues[i]); err != nil {
					return err
				}
			}
		}
		if next == "" {
			return nil
		}
		page.After = next
	}
}
