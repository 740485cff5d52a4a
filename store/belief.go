package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/kv"
)

var _ engine.BeliefLog = (*DB)(nil)

// beliefKey is under a version of a profile, the newest epoch first.
func beliefKey(p engine.ProfileRef, epoch uint64) []byte { return numbered(beliefsOf(p), ^epoch) }

func beliefsOf(p engine.ProfileRef) []byte {
	return append(numbered(under(beliefKind, p.Name), p.Version), '/')
}

// KeepBelief implements engine.BeliefLog.
func (db *DB) KeepBelief(ctx context.Context, b *engine.Belief) error {
	err := checkID("name", b.Profile.Name)
	if err == nil {
		err = db.update(ctx, profilesPlace(), key(beliefKind), func(tx kv.Tx) error {
			last, err := beliefAt(tx, b.Profile, 0)
			switch {
			case err != nil && !errors.Is(err, engine.ErrNotFound):
				return err
			case b.Epoch != last.Epoch+1:
				return fmt.Errorf("epoch %d after %d: %w", b.Epoch, last.Epoch, engine.ErrStale)
			}
			value, err := encode(b, writeBelief)
			if err != nil {
				return err
			}
			return tx.Put(beliefKey(b.Profile, b.Epoch), value)
		})
	}
	if err != nil {
		return fmt.Errorf("keep belief of profile %s version %d: %w", b.Profile.Name, b.Profile.Version, err)
	}
	return nil
}

// Belief implements engine.BeliefLog.
func (db *DB) Belief(ctx context.Context, p engine.ProfileRef, epoch uint64) (b engine.Belief, err error) {
	err = engine.ErrNotFound
	if validID(p.Name) {
		err = db.view(ctx, profilesPlace(), func(from kv.Reader) (err error) {
			b, err = beliefAt(from, p, epoch)
			return err
		})
	}
	if err != nil {
		return engine.Belief{}, fmt.Errorf("belief of profile %s version %d: %w", p.Name, p.Version, err)
	}
	return b, nil
}

// beliefAt returns the belief of an epoch, or the newest for 0.
func beliefAt(from kv.Reader, p engine.ProfileRef, epoch uint64) (engine.Belief, error) {
	var value []byte
	if epoch > 0 {
		var err error
		if value, err = from.Get(beliefKey(p, epoch)); errors.Is(err, kv.ErrNotFound) {
			return engine.Belief{}, engine.ErrNotFound
		} else if err != nil {
			return engine.Belief{}, err
		}
	} else {
		pairs, err := from.List(beliefsOf(p), nil, 1)
		if err != nil {
			return engine.Belief{}, err
		}
		if len(pairs) == 0 {
			return engine.Belief{}, engine.ErrNotFound
		}
		value = pairs[0].Value
	}
	b, err := decode(value, readBelief)
	b.Profile = p
	return b, err
}

func writeBelief(m *message, b *engine.Belief) {
	m.uint(1, b.Epoch)
	m.time(2, b.From)
	m.time(3, b.Until)
	m.weights(4, b.Means)
	m.weights(5, b.Deviations)
	m.float(6, b.Bias)
	m.float(7, b.BiasDeviation)
	m.int(8, int64(b.Examples))
}

func readBelief(b *engine.Belief, f *field) {
	switch f.num {
	case 1:
		b.Epoch = f.uint()
	case 2:
		b.From = f.time()
	case 3:
		b.Until = f.time()
	case 4:
		b.Means = f.weight(b.Means)
	case 5:
		b.Deviations = f.weight(b.Deviations)
	case 6:
		b.Bias = f.float()
	case 7:
		b.BiasDeviation = f.float()
	case 8:
		b.Examples = int(f.int())
	}
}
