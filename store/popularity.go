package store

import (
	"context"

	"github.com/sihai-network/sihai/engine"
)

// popularity is what campaigns' counts were taken to be.
func popularity() epochs[engine.Counts] {
	return epochs[engine.Counts]{place: popularityPlace(), name: "popularity", write: writeShown, read: readShown}
}

func writeShown(m *message, c *engine.Counts) {
	m.float(2, c.Impressions)
	m.float(3, c.Clicks)
}

func readShown(c *engine.Counts, f *field) {
	switch f.num {
	case 2:
		c.Impressions = f.float()
	case 3:
		c.Clicks = f.float()
	}
}

// KeepPopularity implements engine.PopularityLog. Cost: a transaction for each thousand campaigns.
func (db *DB) KeepPopularity(ctx context.Context, changed map[engine.CampaignRef]engine.Counts) (epoch uint64, err error) {
	return popularity().keep(ctx, db, changed)
}

// Popularity implements engine.PopularityLog. Cost: linear in the campaigns that have any.
func (db *DB) Popularity(ctx context.Context) (counts map[engine.CampaignRef]engine.Counts, epoch uint64, err error) {
	return popularity().newest(ctx, db)
}

// PopularityAt implements engine.PopularityLog. Cost: a lookup or two for each campaign asked for; with none asked for, linear in those that have any.
func (db *DB) PopularityAt(ctx context.Context, epoch uint64, refs []engine.CampaignRef) (map[engine.CampaignRef]engine.Counts, error) {
	return popularity().at(ctx, db, epoch, refs)
}
