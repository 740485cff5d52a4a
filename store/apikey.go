package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/kv"
)

func apiKeys() resource[engine.Key] {
	return resource[engine.Key]{
		place: keysPlace(), name: string(engine.ChangeKey), head: 'k', past: 'K',
		write: writeKey, read: readKey,
		set: func(k *engine.Key, meta engine.Meta) { k.Created = meta.Created },
	}
}

// KeyByHash implements engine.Keys.
func (db *DB) KeyByHash(ctx context.Context, hash [32]byte) (k engine.Key, err error) {
	err = db.view(ctx, keysPlace(), func(from kv.Reader) error {
		id, err := from.Get(hashKey(hash))
		if errors.Is(err, kv.ErrNotFound) {
			return engine.ErrNotFound
		}
		if err != nil {
			return err
		}
		owner, err := decode(id, readName)
		if err != nil {
			return err
		}
		k, err = apiKeys().at(from, owner, 0)
		return err
	})
	if err != nil {
		return engine.Key{}, fmt.Errorf("key by hash: %w", err)
	}
	return k, nil
}

// Key implements engine.Keys.
func (db *DB) Key(ctx context.Context, id string) (engine.Key, error) {
	return one(ctx, db, apiKeys(), id, 0)
}

// ListKeys implements engine.Keys.
func (db *DB) ListKeys(ctx context.Context, p engine.Page) ([]engine.Key, string, error) {
	return list(ctx, db, apiKeys(), p)
}

// PutKey implements engine.Keys. engine.ErrExists when another key has the same hash. Created is the time of the first write.
func (db *DB) PutKey(ctx context.Context, w engine.Write, k engine.Key) (engine.Key, error) {
	written, err := engine.Key{}, checkID("id", k.ID)
	if err == nil {
		written, err = run(ctx, db, edit[engine.Key]{resource: apiKeys(), id: k.ID, write: w,
			next: func(tx kv.Tx, old *engine.Key) (*engine.Key, error) { return &k, takeHash(tx, old, &k) }})
	}
	if err != nil {
		return engine.Key{}, fmt.Errorf("put key %s: %w", k.ID, err)
	}
	return written, nil
}

// RevokeKey implements engine.Keys. engine.ErrNotFound when there is none; a key that is revoked already stays as it is.
func (db *DB) RevokeKey(ctx context.Context, w engine.Write, id string) (engine.Key, error) {
	written, err := engine.Key{}, error(engine.ErrNotFound)
	if validID(id) {
		w.Action = engine.AuditRevoked
		written, err = run(ctx, db, edit[engine.Key]{resource: apiKeys(), id: id, write: w,
			next: func(_ kv.Tx, old *engine.Key) (*engine.Key, error) {
				if old == nil {
					return nil, engine.ErrNotFound
				}
				if !old.Revoked.IsZero() {
					return nil, nil
				}
				revoked := *old
				revoked.Revoked = stamp(w.At)
				return &revoked, nil
			}})
	}
	if err != nil {
		return engine.Key{}, fmt.Errorf("revoke key %s: %w", id, err)
	}
	return written, nil
}

// takeHash makes the hash of a key lead to it, and an earlier hash of the same key to nothing.
func takeHash(tx kv.Tx, old, k *engine.Key) error {
	at := hashKey(k.Hash)
	value, err := tx.Get(at)
	if err == nil {
		owner, err := decode(value, readName)
		if err != nil {
			return err
		}
		if owner != k.ID {
			return fmt.Errorf("%w: another key has this secret", engine.ErrExists)
		}
	} else if !errors.Is(err, kv.ErrNotFound) {
		return err
	}
	if old != nil && old.Hash != k.Hash {
		if err := tx.Delete(hashKey(old.Hash)); err != nil {
			return err
		}
	}
	if value, err = encode(&k.ID, writeName); err != nil {
		return err
	}
	return tx.Put(at, value)
}

func hashKey(hash [32]byte) []byte { return append(under(hashKind), hash[:]...) }

func writeName(m *message, s *string) { m.str(1, *s) }

func readName(s *string, f *field) {
	if f.num == 1 {
		*s = f.str()
	}
}
