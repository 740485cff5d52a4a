package badgerkv

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/dgraph-io/badger/v4"

	"github.com/sihai-network/sihai/store/kv"
)

// TrimBefore implements kv.Engine. It deletes in transactions of some thousand blocks; the files in which large ones lie
// go some time later, see collect.
func (e *Engine) TrimBefore(ctx context.Context, s kv.Stream, t time.Time) error {
	if err := checkName(string(s)); err != nil {
		return err
	}
	end := millis(t)
	return e.trim(ctx, s, func(p kv.Place) bool { return millis(p.Time) < end })
}

// trim deletes the first blocks of a stream, as long as they are to go, and notes the last of them: what is not behind it is not read, since Badger may bring
// back a deleted value when it rewrites the file that holds it while the tables that say so are merged (value.go of v4.9.6: rewrite asks for the version that it rewrites,
// and puts that back, where the merge drops it together with what deleted it).
func (e *Engine) trim(ctx context.Context, s kv.Stream, gone func(kv.Place) bool) error {
	const step = 2000
	prefix := namePrefix(kindStream, string(s))
	for {
		var keys [][]byte
		err := e.view(ctx, func(txn *badger.Txn) error {
			return scan(txn, prefix, prefix, func(item *badger.Item) ([]byte, error) {
				key := item.KeyCopy(nil)
				if place, _ := placeOf(key); !gone(place) || len(keys) == step {
					return nil, errStop
				}
				keys = append(keys, key)
				return nil, nil
			})
		})
		if err != nil || len(keys) == 0 {
			return err
		}
		err = e.update(ctx, "", func(x *tx) error {
			mark, err := trimmed(x.shared, s)
			if err != nil {
				return err
			}
			if last := keys[len(keys)-1][len(prefix):]; bytes.Compare(last, mark) > 0 {
				mark = last
			}
			if err := x.setShared(namePrefix(kindStreamTrim, string(s)), mark); err != nil {
				return err
			}
			for _, key := range keys {
				if err := x.setShared(key, nil); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

// trimmed returns the end of the key of the last block that was trimmed, nil for none.
func trimmed(get getter, s kv.Stream) ([]byte, error) {
	value, err := get(namePrefix(kindStreamTrim, string(s)))
	if errors.Is(err, kv.ErrNotFound) {
		return nil, nil
	}
	return value, err
}

// trimAgain deletes the blocks that were trimmed and came back.
func (e *Engine) trimAgain(ctx context.Context) error {
	marks := make(map[kv.Stream][]byte)
	err := e.view(ctx, func(txn *badger.Txn) error {
		prefix := []byte{kindStreamTrim}
		return scan(txn, prefix, prefix, func(item *badger.Item) ([]byte, error) {
			name, _, _ := bytes.Cut(item.Key()[1:], []byte{0})
			return nil, item.Value(func(mark []byte) error {
				marks[kv.Stream(name)] = bytes.Clone(mark)
				return nil
			})
		})
	})
	for s, mark := range marks {
		if err == nil {
			err = e.trim(ctx, s, func(p kv.Place) bool { return bytes.Compare(placeValue(p), mark) <= 0 })
		}
	}
	return err
}
