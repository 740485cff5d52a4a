package catalog

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
)

// RebuilderOptions are what a Rebuilder works with.
type RebuilderOptions struct {
	Store  engine.Store  // required
	Packer engine.Packer // required
	// Snapshots tells which campaigns lie where today, so that a past is built of those alone that a request meets; nil: each past is built whole.
	Snapshots engine.Snapshots
	Logger    *slog.Logger // nil: slog.Default
}

// Rebuilder makes the snapshots of past decisions again, each of what its request meets. It is safe for concurrent use.
type Rebuilder struct{ options RebuilderOptions }

// NewRebuilder returns a Rebuilder.
func NewRebuilder(o RebuilderOptions) *Rebuilder { return &Rebuilder{o} }

// At returns a snapshot that answers the request of a decision as the one did on which it was made. engine.ErrNotFound where what it rests on is not known any more,
// engine.ErrForgotten where its position or user is not. Cost: the
// venues of the merchants of the campaigns at the place, and all changes since; without a location, a start.
func (r *Rebuilder) At(ctx context.Context, d *engine.Decision) (*engine.Snapshot, error) {
	if err := d.Whole(); err != nil {
		return nil, err
	}
	only, err := r.met(ctx, d)
	if err != nil {
		return nil, err
	}
	past, err := OpenPast(ctx, PastOptions{Store: r.options.Store, Packer: r.options.Packer, Only: only, Logger: r.options.Logger}, d.CatalogVersion)
	if err != nil {
		return nil, err
	}
	return past.at(ctx, r.options.Store, d, only)
}

// at returns the snapshot of a decision of the catalog's version.
func (p *Past) at(ctx context.Context, store engine.Store, d *engine.Decision, only map[engine.CampaignRef]bool) (*engine.Snapshot, error) {
	profile, err := profileOf(ctx, store, d)
	if err != nil {
		return nil, err
	}
	var refs []engine.CampaignRef // nil: all
	if only != nil {
		refs = slices.AppendSeq(make([]engine.CampaignRef, 0, len(only)), maps.Keys(only))
	}
	popularity, err := store.PopularityAt(ctx, d.Epoch, refs)
	if err != nil {
		return nil, err
	}
	s := p.Snapshot(profile, popularity)
	s.Epoch, s.BeliefEpoch = d.Epoch, d.BeliefEpoch
	if d.PriceEpoch > 0 {
		if s.Prices, err = store.PricesAt(ctx, d.PriceEpoch, refs); err != nil {
			return nil, err
		}
		s.PriceEpoch = d.PriceEpoch
	}
	return s, nil
}

// profileOf returns the version of a profile that a decision names, with what was believed of its weights; version 0 is that of a store in which none was ever active.
func profileOf(ctx context.Context, store engine.Store, d *engine.Decision) (scoring.Profile, error) {
	ref := d.Profile
	if ref.Version > 0 {
		profile, err := store.Profile(ctx, ref.Name, ref.Version)
		if err != nil || d.BeliefEpoch == 0 {
			return profile, err
		}
		belief, err := store.Belief(ctx, ref, d.BeliefEpoch)
		return profile.Believing(&belief.Belief), err
	}
	if own := scoring.Default(); own.Name == ref.Name {
		return own, nil
	}
	return scoring.Profile{}, fmt.Errorf("profile %s version 0: %w", ref.Name, engine.ErrNotFound)
}

// met returns the campaigns that a request may have met at its decision's version: those at its place today, those that changed since, and all of merchants
// whose venues did. Nil stands for all.
func (r *Rebuilder) met(ctx context.Context, d *engine.Decision) (map[engine.CampaignRef]bool, error) {
	if r.options.Snapshots == nil || d.Request.Location == nil {
		return nil, nil
	}
	snap := r.options.Snapshots.Snapshot()
	if snap == nil {
		return nil, fmt.Errorf("no snapshot yet: %w", engine.ErrUnavailable)
	}
	only := make(map[engine.CampaignRef]bool)
	add := func(l *engine.Listing) { only[engine.CampaignRef{MerchantID: l.Merchant.ID, CampaignID: l.ID}] = true }
	for _, handle := range snap.Fences.Lookup(nil, d.Request.Location.Position) {
		if l := snap.Holders.At(handle).Listing; l != nil {
			add(l)
		}
	}
	if d.Request.Radius > 0 {
		for _, near := range snap.Places.Within(nil, d.Request.Location.Position, d.Request.Radius) {
			for _, at := range snap.Residents.At(near.Handle).At {
				add(at.Listing)
			}
		}
	}
	moved, err := r.changed(ctx, min(d.CatalogVersion, snap.Version), only)
	if err != nil {
		return nil, err
	}
	for merchant := range moved {
		if err := r.addAll(ctx, merchant, only); err != nil {
			return nil, err
		}
	}
	return only, r.addNamesakes(ctx, snap, only)
}

// addNamesakes adds the campaigns of other merchants that share an offer's ID with one of these, wherever they lie: the offer is named by its merchant besides.
func (r *Rebuilder) addNamesakes(ctx context.Context, snap *engine.Snapshot, only map[engine.CampaignRef]bool) error {
	shared := make(map[string]bool)
	for id := range snap.Ambiguous {
		_, campaign, _, _ := engine.ParseOfferID(id)
		shared[campaign] = true
	}
	met := make(map[string]bool)
	for ref := range only {
		if shared[ref.CampaignID] {
			met[ref.CampaignID] = true
		}
	}
	if len(met) == 0 {
		return nil
	}
	return r.options.Store.EachMerchant(ctx, func(m engine.Merchant) error {
		for id := range met {
			only[engine.CampaignRef{MerchantID: m.ID, CampaignID: id}] = true
		}
		return nil
	})
}

// changed adds the campaigns that changed after a version, also those of an upload that was being told then, and returns the merchants that did or whose venues did.
func (r *Rebuilder) changed(ctx context.Context, after uint64, only map[engine.CampaignRef]bool) (map[string]bool, error) {
	view := &pastView{Store: r.options.Store, from: after, until: after}
	if err := view.findStart(ctx); err != nil {
		return nil, err
	}
	moved := make(map[string]bool)
	for at := view.from; ; {
		page, err := r.options.Store.Changes(ctx, at, maxChanges)
		if err != nil || len(page) == 0 {
			return moved, err
		}
		at = page[len(page)-1].Seq
		for i := range page {
			switch c := &page[i]; c.Kind {
			case engine.ChangeCampaign:
				only[engine.CampaignRef{MerchantID: c.MerchantID, CampaignID: c.ID}] = true
			case engine.ChangeVenue, engine.ChangeMerchant:
				moved[c.MerchantID] = true
			}
		}
	}
}

func (r *Rebuilder) addAll(ctx context.Context, merchant string, only map[engine.CampaignRef]bool) error {
	for p := (engine.Page{Limit: feedPage}); ; {
		page, next, err := r.options.Store.ListCampaigns(ctx, merchant, p)
		if err != nil {
			return err
		}
		for i := range page {
			only[engine.CampaignRef{MerchantID: merchant, CampaignID: page[i].ID}] = true
		}
		if p.After = next; next == "" {
			return nil
		}
	}
}
