package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/kv"
)

// popularity is what a campaign's counts were from an epoch on.
type popularity struct {
	epoch uint64
	engine.Counts
}

func writePopularity(m *message, t *popularity) {
	m.uint(1, t.epoch)
	m.float(2, t.Impressions)
	m.float(3, t.Clicks)
}

func readPopularity(t *popularity, f *field) {
	switch f.num {
	case 1:
		t.epoch = f.uint()
	case 2:
		t.Impressions = f.float()
	case 3:
		t.Clicks = f.float()
	}
}

// KeepPopularity implements engine.PopularityLog. Cost: a transaction for each thousand campaigns.
func (db *DB) KeepPopularity(ctx context.Context, changed map[engine.CampaignRef]engine.Counts) (epoch uint64, err error) {
	err = db.update(ctx, popularityPlace(), key(epochKind), func(tx kv.Tx) error {
		last, err := epochOf(tx)
		if err != nil {
			return err
		}
		epoch = last + 1
		value, err := encode(&epoch, writeVersion)
		if err != nil {
			return err
		}
		return tx.Put(key(epochKind), value)
	})
	if err != nil {
		return 0, fmt.Errorf("keep popularity: %w", err)
	}
	refs := slices.SortedFunc(maps.Keys(changed), engine.CampaignRef.Compare)
	for batch := range slices.Chunk(refs, batchRows) {
		err := db.update(ctx, popularityPlace(), key(epochKind), func(tx kv.Tx) error {
			for _, ref := range batch {
				if err := putPopularity(tx, ref, popularity{epoch, changed[ref]}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return 0, fmt.Errorf("keep popularity %d: %w", epoch, err)
		}
	}
	return epoch, nil
}

// epochOf returns the newest epoch, 0 for none.
func epochOf(from kv.Reader) (uint64, error) {
	value, err := from.Get(key(epochKind))
	if errors.Is(err, kv.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return decode(value, readVersion)
}

// putPopularity keeps counts, and those that they replace as past ones.
func putPopularity(tx kv.Tx, ref engine.CampaignRef, t popularity) error {
	at := key(countKind, ref.MerchantID, ref.CampaignID)
	was, err := tx.Get(at)
	if err != nil && !errors.Is(err, kv.ErrNotFound) {
		return err
	}
	if err == nil {
		old, err := decode(was, readPopularity)
		if err != nil {
			return err
		}
		if err := tx.Put(numbered(under(countPastKind, ref.MerchantID, ref.CampaignID), ^old.epoch), was); err != nil {
			return err
		}
	}
	value, err := encode(&t, writePopularity)
	if err != nil {
		return err
	}
	return tx.Put(at, value)
}

// Popularity implements engine.PopularityLog. Cost: linear in the campaigns that have any.
func (db *DB) Popularity(ctx context.Context) (counts map[engine.CampaignRef]engine.Counts, epoch uint64, err error) {
	counts = make(map[engine.CampaignRef]engine.Counts)
	err = db.eachPopularity(ctx, func(ref engine.CampaignRef, t popularity) error {
		counts[ref] = t.Counts
		return nil
	})
	if err == nil {
		err = db.view(ctx, popularityPlace(), func(from kv.Reader) (err error) {
			epoch, err = epochOf(from)
			return err
		})
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read popularity: %w", err)
	}
	return counts, epoch, nil
}

// eachPopularity reads the newest counts, a page a moment.
func (db *DB) eachPopularity(ctx context.Context, fn func(engine.CampaignRef, popularity) error) error {
	prefix := under(countKind)
	var after []byte
	for {
		var pairs []kv.KV
		err := db.view(ctx, popularityPlace(), func(from kv.Reader) (err error) {
			pairs, err = from.List(prefix, after, maxPage)
			return err
		})
		if err != nil || len(pairs) == 0 {
			return err
		}
		for _, pair := range pairs {
			ref, err := parsePopularity(pair.Key[len(prefix):])
			if err != nil {
				return err
			}
			t, err := decode(pair.Value, readPopularity)
			if err != nil {
				return fmt.Errorf("popularity at %q: %w", pair.Key, err)
			}
			if err := fn(ref, t); err != nil {
				return err
			}
		}
		after = pairs[len(pairs)-1].Key
	}
}

// PopularityAt implements engine.PopularityLog. Cost: a lookup or two for each campaign asked for; with none asked for, linear in those that have any.
func (db *DB) PopularityAt(ctx context.Context, epoch uint64, refs []engine.CampaignRef) (map[engine.CampaignRef]engine.Counts, error) {
	out := make(map[engine.CampaignRef]engine.Counts)
	if refs == nil {
		err := db.eachPopularity(ctx, func(ref engine.CampaignRef, t popularity) error {
			if t.epoch <= epoch {
				out[ref] = t.Counts
			} else {
				refs = append(refs, ref)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read popularity %d: %w", epoch, err)
		}
	}
	for batch := range slices.Chunk(refs, scanPage) {
		err := db.view(ctx, popularityPlace(), func(from kv.Reader) error {
			for _, ref := range batch {
				t, err := popularityAt(from, epoch, ref)
				if err != nil {
					return err
				}
				if t != nil {
					out[ref] = t.Counts
				}
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read popularity %d: %w", epoch, err)
		}
	}
	return out, nil
}

// popularityAt returns what counted for a campaign at an epoch, nil for nothing.
func popularityAt(from kv.Reader, epoch uint64, ref engine.CampaignRef) (*popularity, error) {
	value, err := from.Get(key(countKind, ref.MerchantID, ref.CampaignID))
	if errors.Is(err, kv.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	t, err := decode(value, readPopularity)
	if err != nil || t.epoch <= epoch {
		return &t, err
	}
	prefix := under(countPastKind, ref.MerchantID, ref.CampaignID)
	pairs, err := from.List(prefix, numbered(slices.Clone(prefix), ^epoch-1), 1)
	if err != nil || len(pairs) == 0 {
		return nil, err
	}
	if t, err = decode(pairs[0].Value, readPopularity); err != nil {
		return nil, err
	}
	return &t, nil
}

// parsePopularity reads the campaign that a key names behind its kind.
func parsePopularity(k []byte) (engine.CampaignRef, error) {
	merchant, campaign, found := strings.Cut(string(k), "/")
	if !found || merchant == "" || campaign == "" {
		return engine.CampaignRef{}, corrupt("%q is no key of a campaign's popularity", k)
	}
	return engine.CampaignRef{MerchantID: merchant, CampaignID: campaign}, nil
}
