package badgerkv

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/dgraph-io/badger/v4"

	"github.com/sihai-network/sihai/store/kv"
)

// view runs fn on one moment of the database.
func (e *Engine) view(ctx context.Context, fn func(*badger.Txn) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := e.enter(); err != nil {
		return err
	}
	defer e.leave()
	txn := e.db.NewTransaction(false)
	defer txn.Discard()
	return fn(txn)
}

// View implements kv.Engine.
func (e *Engine) View(ctx context.Context, p kv.Part, fn func(kv.Reader) error) error {
	if err := checkName(string(p)); err != nil {
		return err
	}
	return e.view(ctx, func(txn *badger.Txn) error { return fn(reader{txn, partPrefix(p)}) })
}

// reader reads a partition in a transaction.
type reader struct {
	txn    *badger.Txn
	prefix []byte
}

func (r reader) key(key []byte) []byte { return append(r.prefix[:len(r.prefix):len(r.prefix)], key...) }

// Get implements kv.Reader.
func (r reader) Get(key []byte) ([]byte, error) { return get(r.txn, r.key(key)) }

// List implements kv.Reader.
func (r reader) List(prefix, after []byte, limit int) ([]kv.KV, error) {
	var out []kv.KV
	if limit <= 0 {
		return nil, nil
	}
	from := prefix
	if after != nil && bytes.Compare(after, prefix) >= 0 {
		from = append(after[:len(after):len(after)], 0)
	}
	var room slab
	err := scan(r.txn, r.key(prefix), r.key(from), func(item *badger.Item) ([]byte, error) {
		key := room.copy(item.Key()[len(r.prefix):])
		var value []byte
		if err := item.Value(func(v []byte) error { value = room.copy(v); return nil }); err != nil {
			return nil, err
		}
		out = append(out, kv.KV{Key: key, Value: value})
		if len(out) == limit {
			return nil, errStop
		}
		return nil, nil
	})
	return out, err
}

// getter reads a key of no partition.
type getter func(key []byte) ([]byte, error)

func getFrom(txn *badger.Txn) getter {
	return func(key []byte) ([]byte, error) { return get(txn, key) }
}

func get(txn *badger.Txn, key []byte) ([]byte, error) {
	item, err := txn.Get(key)
	if errors.Is(err, badger.ErrKeyNotFound) {
		return nil, kv.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read key: %w", err)
	}
	value, err := item.ValueCopy(nil)
	if err != nil {
		return nil, fmt.Errorf("read value: %w", err)
	}
	return value, nil
}

var errStop = errors.New("stop")

// slab gives copies of bytes that lie together, so that a page of small pairs takes few pieces of memory.
type slab struct{ free []byte }

const slabSize = 16 << 10

func (s *slab) copy(b []byte) []byte {
	if len(b) > cap(s.free)-len(s.free) {
		if len(b) > slabSize/4 {
			return append(make([]byte, 0, len(b)), b...)
		}
		s.free = make([]byte, 0, slabSize)
	}
	from := len(s.free)
	s.free = append(s.free, b...)
	return s.free[from:len(s.free):len(s.free)]
}

// scan visits the keys with a prefix from a key on, ascending. The item is valid until visit returns where to go on when
// not at the next key, or errStop.
func scan(txn *badger.Txn, prefix, from []byte, visit func(item *badger.Item) (skipTo []byte, err error)) error {
	o := badger.DefaultIteratorOptions
	o.Prefix = prefix
	o.PrefetchValues = false // it would copy each, and start a goroutine for it
	it := txn.NewIterator(o)
	defer it.Close()
	for it.Seek(from); it.Valid(); {
		skipTo, err := visit(it.Item())
		if errors.Is(err, errStop) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("scan: %w", err)
		}
		if skipTo == nil {
			it.Next()
		} else {
			it.Seek(skipTo)
		}
	}
	return nil
}

// Scan implements kv.Engine.
func (e *Engine) Scan(ctx context.Context, bucket int, prefix []byte, after kv.Cursor, limit int) ([]kv.Row, error) {
	if bucket < 0 || bucket >= kv.Buckets {
		return nil, fmt.Errorf("scan: bucket %d is not in [0, %d)", bucket, kv.Buckets)
	}
	if limit <= 0 {
		return nil, nil
	}
	whole := bucketPrefix(bucket)
	from := append(whole[:3:3], after.Part...)
	if after.Part != "" {
		// The least key after the cursor.
		from = append(append(append(from, 0), after.Key...), 0)
	}
	var out []kv.Row
	err := e.view(ctx, func(txn *badger.Txn) error {
		return scan(txn, whole, from, func(item *badger.Item) ([]byte, error) {
			key := item.KeyCopy(nil)
			part, rest, ok := splitPair(key)
			if !ok {
				return nil, fmt.Errorf("key %x is not a pair's", key)
			}
			first := append(partPrefix(part), prefix...)
			switch {
			case bytes.HasPrefix(rest, prefix):
			case bytes.Compare(rest, prefix) < 0:
				return first, nil
			default:
				return append(append(whole[:3:3], part...), 1), nil // the next partition
			}
			value, err := item.ValueCopy(nil)
			if err != nil {
				return nil, err
			}
			out = append(out, kv.Row{Part: part, KV: kv.KV{Key: rest, Value: value}})
			if len(out) == limit {
				return nil, errStop
			}
			return nil, nil
		})
	})
	return out, err
}

// Head implements kv.Engine.
func (e *Engine) Head(ctx context.Context, log kv.Log) (seq uint64, err error) {
	if err := checkName(string(log)); err != nil {
		return 0, err
	}
	err = e.view(ctx, func(txn *badger.Txn) error {
		seq, err = logHead(getFrom(txn), log)
		return err
	})
	return seq, err
}

func logHead(get getter, log kv.Log) (uint64, error) {
	value, err := get(namePrefix(kindLogHead, string(log)))
	if errors.Is(err, kv.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if len(value) != 8 {
		return 0, fmt.Errorf("head of log %s is corrupt: %x", log, value)
	}
	return binary.BigEndian.Uint64(value), nil
}

func streamHead(get getter, s kv.Stream) (kv.Place, error) {
	value, err := get(namePrefix(kindStreamHead, string(s)))
	if errors.Is(err, kv.ErrNotFound) {
		return kv.Place{Time: fromMillis(0)}, nil
	}
	if err != nil {
		return kv.Place{}, err
	}
	place, ok := placeOf(value)
	if !ok || len(value) != 16 {
		return kv.Place{}, fmt.Errorf("head of stream %s is corrupt: %x", s, value)
	}
	return place, nil
}

// Changes implements kv.Engine.
func (e *Engine) Changes(ctx context.Context, log kv.Log, after uint64, limit int) ([]kv.Entry, error) {
	if err := checkName(string(log)); err != nil {
		return nil, err
	}
	if limit <= 0 || after == ^uint64(0) {
		return nil, nil
	}
	var out []kv.Entry
	prefix := namePrefix(kindLog, string(log))
	err := e.view(ctx, func(txn *badger.Txn) error {
		return scan(txn, prefix, logKey(log, after+1), func(item *badger.Item) ([]byte, error) {
			payload, err := item.ValueCopy(nil)
			if err != nil {
				return nil, err
			}
			seq := binary.BigEndian.Uint64(item.Key()[len(prefix):])
			if want := after + 1 + uint64(len(out)); seq != want {
				return nil, fmt.Errorf("log %s is corrupt: entry %d comes where %d was due", log, seq, want)
			}
			out = append(out, kv.Entry{Seq: seq, Payload: payload})
			if len(out) == limit {
				return nil, errStop
			}
			return nil, nil
		})
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Blocks implements kv.Engine.
func (e *Engine) Blocks(ctx context.Context, s kv.Stream, after kv.Place, limit int) ([]kv.Block, error) {
	if err := checkName(string(s)); err != nil {
		return nil, err
	}
	if limit <= 0 {
		return nil, nil
	}
	var out []kv.Block
	err := e.view(ctx, func(txn *badger.Txn) error {
		from := append(blockKey(s, after), 0)
		mark, err := trimmed(getFrom(txn), s)
		if err != nil {
			return err
		}
		if last := append(namePrefix(kindStream, string(s)), mark...); bytes.Compare(last, from) > 0 {
			from = append(last, 0)
		}
		return scan(txn, namePrefix(kindStream, string(s)), from, func(item *badger.Item) ([]byte, error) {
			data, err := item.ValueCopy(nil)
			if err != nil {
				return nil, err
			}
			place, _ := placeOf(item.Key())
			out = append(out, kv.Block{Place: place, Data: data})
			if len(out) == limit {
				return nil, errStop
			}
			return nil, nil
		})
	})
	return out, err
}
