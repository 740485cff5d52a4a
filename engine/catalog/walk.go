package catalog

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
)

// walkMemory is how many versions back a Walk still knows: decisions that were made at the same time stand in the log in any order.
const walkMemory = 256

// Walk makes the snapshots of decisions again that come about in the order of their log, and goes from one to the next. It holds a whole catalog. It is not safe for concurrent use.
type Walk struct {
	options  PastOptions
	past     *Past // nil before the first decision
	recent   map[uint64]*engine.Snapshot
	order    []uint64 // of recent, oldest first
	profiles map[believed]scoring.Profile
	epoch    uint64 // of counts
	counts   map[engine.CampaignRef]engine.Counts
	prices   prices
}

// believed is a version of a profile with what was believed of its weights.
type believed struct {
	engine.ProfileRef
	epoch uint64
}

// NewWalk returns a Walk that begins at its first decision.
func NewWalk(store engine.Store, packer engine.Packer, log *slog.Logger) *Walk {
	return &Walk{
		options: PastOptions{Store: store, Packer: packer, Logger: log}, recent: make(map[uint64]*engine.Snapshot), profiles: make(map[believed]scoring.Profile),
	}
}

// At returns the snapshot of a decision, see Rebuilder.At. Cost: what changed since the last decision; a start for the first one, and for one that lies far back.
func (w *Walk) At(ctx context.Context, d *engine.Decision) (*engine.Snapshot, error) {
	base, err := w.base(ctx, d.CatalogVersion)
	if err != nil {
		return nil, err
	}
	of := believed{d.Profile, d.BeliefEpoch}
	profile, known := w.profiles[of]
	if !known {
		if profile, err = profileOf(ctx, w.options.Store, d); err != nil {
			return nil, err
		}
		w.profiles[of] = profile
	}
	if w.counts == nil || w.epoch != d.Epoch {
		if w.counts, err = w.options.Store.PopularityAt(ctx, d.Epoch, nil); err != nil {
			return nil, err
		}
		w.epoch = d.Epoch
	}
	if d.PriceEpoch != w.prices.epoch {
		of, err := w.options.Store.PricesAt(ctx, d.PriceEpoch, nil)
		if err != nil {
			return nil, err
		}
		w.prices = prices{of, d.PriceEpoch}
	}
	s := *base
	s.Prices, s.PriceEpoch, s.BeliefEpoch = w.prices.of, w.prices.epoch, d.BeliefEpoch
	s.Profile, s.Popularity, s.Epoch = profile, w.counts, d.Epoch
	return &s, nil
}

// base returns the catalog at a version.
func (w *Walk) base(ctx context.Context, version uint64) (*engine.Snapshot, error) {
	if s := w.recent[version]; s != nil {
		return s, nil
	}
	if w.past == nil || version < w.past.Version() {
		past, err := OpenPast(ctx, w.options, version)
		if err != nil {
			return nil, err
		}
		w.past = past
		clear(w.recent)
		w.order = w.order[:0]
	} else if err := w.past.Advance(ctx, version); err != nil {
		return nil, fmt.Errorf("walk on: %w", err)
	}
	s := w.past.Snapshot(scoring.Profile{}, nil)
	if w.order = append(w.order, version); len(w.order) > walkMemory {
		delete(w.recent, w.order[0])
		w.order = w.order[1:]
	}
	w.recent[version] = s
	return s, nil
}
