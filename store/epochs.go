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

// epochs keeps something of campaigns that decisions rest on, in epochs numbered from 1: the newest, and what it replaced. Field 1 of a value is the epoch from which on it
// holds; write and read are of the fields from 2 on.
type epochs[T any] struct {
	place place
	name  string
	write func(*message, *T)
	read  func(*T, *field)
}

// since is a value and the epoch from which on it holds.
type since[T any] struct {
	epoch uint64
	value T
}

func (e epochs[T]) encode(s *since[T]) ([]byte, error) {
	return encode(s, func(m *message, s *since[T]) {
		m.uint(1, s.epoch)
		e.write(m, &s.value)
	})
}

func (e epochs[T]) decode(data []byte) (since[T], error) {
	return decode(data, func(s *since[T], f *field) {
		if f.num == 1 {
			s.epoch = f.uint()
			return
		}
		e.read(&s.value, f)
	})
}

// keep keeps what changed as a new epoch. Cost: a transaction for each thousand campaigns.
func (e epochs[T]) keep(ctx context.Context, db *DB, changed map[engine.CampaignRef]T) (epoch uint64, err error) {
	err = db.update(ctx, e.place, key(epochKind), func(tx kv.Tx) error {
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
		return 0, fmt.Errorf("keep %s: %w", e.name, err)
	}
	refs := slices.SortedFunc(maps.Keys(changed), engine.CampaignRef.Compare)
	for batch := range slices.Chunk(refs, batchRows) {
		err := db.update(ctx, e.place, key(epochKind), func(tx kv.Tx) error {
			for _, ref := range batch {
				if err := e.put(tx, ref, &since[T]{epoch, changed[ref]}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return 0, fmt.Errorf("keep %s %d: %w", e.name, epoch, err)
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

// put keeps a value, and the one that it replaces as a past one.
func (e epochs[T]) put(tx kv.Tx, ref engine.CampaignRef, s *since[T]) error {
	at := key(countKind, ref.MerchantID, ref.CampaignID)
	was, err := tx.Get(at)
	if err != nil && !errors.Is(err, kv.ErrNotFound) {
		return err
	}
	if err == nil {
		old, err := e.decode(was)
		if err != nil {
			return err
		}
		if err := tx.Put(numbered(under(countPastKind, ref.MerchantID, ref.CampaignID), ^old.epoch), was); err != nil {
			return err
		}
	}
	value, err := e.encode(s)
	if err != nil {
		return err
	}
	return tx.Put(at, value)
}

// newest returns the newest values and their epoch. Cost: linear in the campaigns that have any.
func (e epochs[T]) newest(ctx context.Context, db *DB) (values map[engine.CampaignRef]T, epoch uint64, err error) {
	values = make(map[engine.CampaignRef]T)
	err = e.each(ctx, db, func(ref engine.CampaignRef, s since[T]) error {
		values[ref] = s.value
		return nil
	})
	if err == nil {
		err = db.view(ctx, e.place, func(from kv.Reader) (err error) {
			epoch, err = epochOf(from)
			return err
		})
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read %s: %w", e.name, err)
	}
	return values, epoch, nil
}

// each reads the newest values, a page a moment.
func (e epochs[T]) each(ctx context.Context, db *DB, fn func(engine.CampaignRef, since[T]) error) error {
	prefix := under(countKind)
	var after []byte
	for {
		var pairs []kv.KV
		err := db.view(ctx, e.place, func(from kv.Reader) (err error) {
			pairs, err = from.List(prefix, after, maxPage)
			return err
		})
		if err != nil || len(pairs) == 0 {
			return err
		}
		for _, pair := range pairs {
			ref, err := parseCampaign(pair.Key[len(prefix):])
			if err != nil {
				return err
			}
			s, err := e.decode(pair.Value)
			if err != nil {
				return fmt.Errorf("%s at %q: %w", e.name, pair.Key, err)
			}
			if err := fn(ref, s); err != nil {
				return err
			}
		}
		after = pairs[len(pairs)-1].Key
	}
}

// at returns what held at an epoch, of some campaigns or of all. Cost: a lookup or two for each campaign asked for; with none asked for, linear in those that have any.
func (e epochs[T]) at(ctx context.Context, db *DB, epoch uint64, refs []engine.CampaignRef) (map[engine.CampaignRef]T, error) {
	out := make(map[engine.CampaignRef]T)
	if refs == nil {
		err := e.each(ctx, db, func(ref engine.CampaignRef, s since[T]) error {
			if s.epoch <= epoch {
				out[ref] = s.value
			} else {
				refs = append(refs, ref)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read %s %d: %w", e.name, epoch, err)
		}
	}
	for batch := range slices.Chunk(refs, scanPage) {
		err := db.view(ctx, e.place, func(from kv.Reader) error {
			for _, ref := range batch {
				s, err := e.one(from, epoch, ref)
				if err != nil {
					return err
				}
				if s != nil {
					out[ref] = s.value
				}
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read %s %d: %w", e.name, epoch, err)
		}
	}
	return out, nil
}

// one returns what held of a campaign at an epoch, nil for nothing.
func (e epochs[T]) one(from kv.Reader, epoch uint64, ref engine.CampaignRef) (*since[T], error) {
	value, err := from.Get(key(countKind, ref.MerchantID, ref.CampaignID))
	if errors.Is(err, kv.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s, err := e.decode(value)
	if err != nil || s.epoch <= epoch {
		return &s, err
	}
	prefix := under(countPastKind, ref.MerchantID, ref.CampaignID)
	pairs, err := from.List(prefix, numbered(slices.Clone(prefix), ^epoch-1), 1)
	if err != nil || len(pairs) == 0 {
		return nil, err
	}
	if s, err = e.decode(pairs[0].Value); err != nil {
		return nil, err
	}
	return &s, nil
}

// parseCampaign reads the campaign that a key names behind its kind.
func parseCampaign(k []byte) (engine.CampaignRef, error) {
	merchant, campaign, found := strings.Cut(string(k), "/")
	if !found || merchant == "" || campaign == "" {
		return engine.CampaignRef{}, corrupt("%q is no key of a campaign", k)
	}
	return engine.CampaignRef{MerchantID: merchant, CampaignID: campaign}, nil
}
