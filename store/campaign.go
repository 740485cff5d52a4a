package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/kv"
)

func campaigns(merchant string) resource[engine.Campaign] {
	return resource[engine.Campaign]{
		place: merchantPlace(merchant), name: string(engine.ChangeCampaign), head: 'c', past: 'C',
		write: writeCampaign, read: readCampaign,
		set: func(c *engine.Campaign, meta engine.Meta) { c.MerchantID, c.Meta = merchant, meta },
	}
}

// Campaign implements engine.Campaigns.
func (db *DB) Campaign(ctx context.Context, merchant, id string) (engine.Campaign, error) {
	return one(ctx, db, campaigns(merchant), id, 0)
}

// CampaignVersion implements engine.History.
func (db *DB) CampaignVersion(ctx context.Context, merchant, id string, version uint64) (engine.Campaign, error) {
	return past(ctx, db, campaigns(merchant), id, version)
}

// ListCampaigns implements engine.Campaigns. A merchant that does not exist has none.
func (db *DB) ListCampaigns(ctx context.Context, merchant string, p engine.Page) ([]engine.Campaign, string, error) {
	return list(ctx, db, campaigns(merchant), p)
}

// CampaignRevisions implements engine.Campaigns.
func (db *DB) CampaignRevisions(ctx context.Context, merchant, id string, p engine.Page) ([]engine.Campaign, string, error) {
	return history(ctx, db, campaigns(merchant), id, p)
}

// CampaignRevision implements engine.Campaigns.
func (db *DB) CampaignRevision(ctx context.Context, merchant, id string, version uint64) (engine.Campaign, error) {
	if version == 0 {
		return engine.Campaign{}, fmt.Errorf("campaign %s: version 0: %w", id, engine.ErrNotFound)
	}
	return one(ctx, db, campaigns(merchant), id, version)
}

// PutCampaign implements engine.Campaigns. An archived campaign may name venues that are gone.
func (db *DB) PutCampaign(ctx context.Context, w engine.Write, c engine.Campaign) (engine.Campaign, error) {
	written, err := engine.Campaign{}, checkID("id", c.ID)
	if err == nil {
		err = db.needMerchant(ctx, c.MerchantID)
	}
	if err == nil {
		written, err = run(ctx, db, edit[engine.Campaign]{resource: campaigns(c.MerchantID), id: c.ID, write: w,
			next: func(tx kv.Tx, old *engine.Campaign) (*engine.Campaign, error) { return &c, linksOf(old).become(tx, &c) }})
	}
	if err != nil {
		return engine.Campaign{}, fmt.Errorf("put campaign %s: %w", c.ID, err)
	}
	return written, nil
}

// UpdateCampaign implements engine.Campaigns. What change does to ID, MerchantID and Meta is undone.
func (db *DB) UpdateCampaign(ctx context.Context, w engine.Write, merchant, id string, change func(*engine.Campaign) error) (engine.Campaign, error) {
	if !validID(merchant) || !validID(id) {
		return engine.Campaign{}, fmt.Errorf("update campaign %s: %w", id, engine.ErrNotFound)
	}
	var own error
	written, err := run(ctx, db, edit[engine.Campaign]{resource: campaigns(merchant), id: id, write: w,
		next: func(tx kv.Tx, old *engine.Campaign) (*engine.Campaign, error) {
			if old == nil {
				return nil, engine.ErrNotFound
			}
			was := venueLinks{ids: slices.Clone(old.Venues.IDs), holds: old.Status != engine.StatusArchived}
			if own = change(old); own != nil {
				return nil, own
			}
			old.ID, old.MerchantID = id, merchant
			return old, was.become(tx, old)
		}})
	if own != nil {
		return engine.Campaign{}, own
	}
	if err != nil {
		return engine.Campaign{}, fmt.Errorf("update campaign %s: %w", id, err)
	}
	return written, nil
}

// venueLinks are the venues that keep a campaign's name beside them, so that they are not deleted while it names them.
type venueLinks struct {
	ids   []string
	holds bool
}

// linksOf returns the links of a stored campaign, nil for none.
func linksOf(c *engine.Campaign) venueLinks {
	if c == nil {
		return venueLinks{}
	}
	return venueLinks{ids: c.Venues.IDs, holds: c.Status != engine.StatusArchived}
}

// become changes the links to those of a new version. engine.Faults when that names a venue that does not exist.
func (was venueLinks) become(tx kv.Tx, c *engine.Campaign) error {
	now := linksOf(c)
	if now.holds {
		faults, err := unknownVenues(tx, c)
		if err != nil {
			return err
		}
		if err := faults.Err(); err != nil {
			return err
		}
	}
	return was.relink(tx, now, c.ID)
}

// relink writes what differs between two sets of links of a campaign.
func (was venueLinks) relink(tx kv.Tx, now venueLinks, campaign string) error {
	if was.holds {
		for _, id := range was.ids {
			if now.holds && slices.Contains(now.ids, id) {
				continue
			}
			if err := tx.Delete(key(useKind, id, campaign)); err != nil {
				return err
			}
		}
	}
	if !now.holds {
		return nil
	}
	for _, id := range now.ids {
		if was.holds && slices.Contains(was.ids, id) {
			continue
		}
		if err := tx.Put(key(useKind, id, campaign), []byte{valueVersion}); err != nil {
			return err
		}
	}
	return nil
}

// unknownVenues returns a fault for each venue that a campaign names and its merchant has not.
func unknownVenues(from kv.Reader, c *engine.Campaign) (faults engine.Faults, err error) {
	for i, id := range c.Venues.IDs {
		known := false
		if validID(id) {
			_, err := from.Get(key('v', id))
			if err != nil && !errors.Is(err, kv.ErrNotFound) {
				return nil, err
			}
			known = err == nil
		}
		if !known {
			faults.Add("venues.ids["+strconv.Itoa(i)+"]", "unknown_venue", "merchant %s has no venue %.80q", c.MerchantID, id)
		}
	}
	return faults, nil
}
