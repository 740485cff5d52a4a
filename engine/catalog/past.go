package catalog

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
)

// PastOptions are what a Past is made of.
type PastOptions struct {
	Store  engine.Store  // required
	Packer engine.Packer // required
	Logger *slog.Logger  // nil: slog.Default
	// Only names the campaigns that are looked at, with all venues of their merchants; nil: all.
	Only map[engine.CampaignRef]bool
}

// Past is the catalog as it was at a version, and goes on from there. It is not safe for concurrent use.
type Past struct {
	view *pastView
	feed feed
}

// OpenPast builds the catalog as it was at a version. engine.ErrNotFound for a version that is still to come. Cost: that of a start, for the campaigns that are looked at,
// and a reading of all changes since.
func OpenPast(ctx context.Context, o PastOptions, version uint64) (*Past, error) {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	view, err := newPastView(ctx, o.Store, o.Only, version)
	if err != nil {
		return nil, fmt.Errorf("open the catalog at version %d: %w", version, err)
	}
	b := newBuilder(o.Packer, room{}, o.Logger)
	if err := b.load(ctx, view); err != nil {
		return nil, fmt.Errorf("open the catalog at version %d: %w", version, err)
	}
	if err := view.settle(ctx, b); err != nil {
		return nil, fmt.Errorf("open the catalog at version %d: %w", version, err)
	}
	p := &Past{view: view, feed: newFeed(view, b)}
	p.feed.position = view.from
	return p, p.Advance(ctx, version)
}

// Version is that of the catalog.
func (p *Past) Version() uint64 { return p.view.until }

// Advance goes on to a later version; one that is not later changes nothing.
func (p *Past) Advance(ctx context.Context, version uint64) error {
	if version < p.view.until {
		return nil
	}
	p.view.until = version
	for p.feed.position < version {
		before := p.feed.position
		if err := p.feed.catchUp(ctx); err != nil {
			return fmt.Errorf("advance the catalog to version %d: %w", version, err)
		}
		if p.feed.position == before {
			return fmt.Errorf("advance the catalog to version %d: %w", version, engine.ErrNotFound)
		}
	}
	return nil
}

// Snapshot returns the catalog, with a profile and a popularity that are the caller's. The snapshot stays as it is.
func (p *Past) Snapshot(profile scoring.Profile, popularity map[engine.CampaignRef]engine.Counts) *engine.Snapshot {
	s := p.feed.builder.build(p.view.until)
	p.feed.published()
	s.Profile, s.Popularity, s.Keys, s.Experiments = profile, popularity, nil, nil
	return s
}
