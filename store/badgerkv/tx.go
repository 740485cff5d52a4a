package badgerkv

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/dgraph-io/badger/v4"

	"github.com/sihai-network/sihai/store/kv"
)

// heads are the newest sequences, as of the updates that ran: read from disk when first needed.
type heads struct {
	logs    map[kv.Log]uint64
	streams map[kv.Stream]kv.Place
}

// group is the Badger transaction of a group of updates.
type group struct {
	txn               *badger.Txn
	heads             *heads
	logged            *atomic.Bool
	size, count       int
	maxSize, maxCount int
}

// run runs a task and joins what it wrote to the group. It returns false when that does not fit any more: the task then
// runs again, first of another group.
func (g *group) run(t *task) bool {
	if t.err = t.ctx.Err(); t.err != nil {
		return true
	}
	x := &tx{g: g, reader: reader{txn: g.txn}, writes: make(map[string][]byte)}
	if t.part != "" {
		x.prefix = partPrefix(t.part)
	}
	t.panicked, t.err = x.call(t.fn)
	if t.err == nil && t.panicked == nil {
		t.err = x.seal()
	}
	if t.err != nil || t.panicked != nil {
		return true
	}
	if g.size+x.size > g.maxSize || g.count+len(x.writes) > g.maxCount {
		return false
	}
	t.err = g.join(x)
	return true
}

func (g *group) join(x *tx) error {
	for key, value := range x.writes {
		var err error
		if value == nil {
			err = g.txn.Delete([]byte(key))
		} else {
			err = g.txn.Set([]byte(key), value)
			if len(value) >= valueThreshold/2 && key[0] != kindFiller {
				g.logged.Store(true)
			}
		}
		if err != nil {
			// The sizes were checked, so Badger has no reason to refuse; but half an update must not be committed.
			panic(fmt.Sprintf("badger refused a checked write: %v", err))
		}
	}
	g.size += x.size
	g.count += len(x.writes)
	maps.Copy(g.heads.logs, x.logs)
	maps.Copy(g.heads.streams, x.streams)
	return nil
}

// tx is one update: what it writes stays with it until its function has returned nil.
type tx struct {
	reader
	g       *group
	writes  map[string][]byte // by whole key; nil: deleted
	size    int
	emits   []emit
	logs    map[kv.Log]uint64
	streams map[kv.Stream]kv.Place
}

type emit struct {
	log     kv.Log
	payload []byte
}

var _ kv.Tx = (*tx)(nil)

func (x *tx) call(fn func(*tx) error) (panicked any, err error) {
	defer func() { panicked = recover() }()
	return nil, fn(x)
}

// set notes a write; a nil value deletes.
func (x *tx) set(key, value []byte) error {
	const overhead = 48 // of Badger's, for an entry, from above
	if len(key) > maxKey {
		return fmt.Errorf("%w: a key of %d bytes", kv.ErrTooBig, len(key))
	}
	x.writes[string(key)] = value
	x.size += len(key) + len(value) + overhead
	if x.size > x.g.maxSize || len(x.writes) > x.g.maxCount {
		return fmt.Errorf("%w: more than %d bytes or %d pairs", kv.ErrTooBig, x.g.maxSize, x.g.maxCount)
	}
	return nil
}

// Get implements kv.Reader.
func (x *tx) Get(key []byte) ([]byte, error) {
	whole := x.key(key)
	if value, written := x.writes[string(whole)]; written {
		if value == nil {
			return nil, kv.ErrNotFound
		}
		return slices.Clone(value), nil
	}
	return get(x.txn, whole)
}

// List implements kv.Reader: what is stored, with this transaction's own writes laid over it.
func (x *tx) List(prefix, after []byte, limit int) ([]kv.KV, error) {
	if len(x.writes) == 0 || limit <= 0 {
		return x.reader.List(prefix, after, limit)
	}
	var own []kv.KV
	removed := 0
	for whole, value := range x.writes {
		key, ok := strings.CutPrefix(whole, string(x.prefix))
		if !ok || !strings.HasPrefix(key, string(prefix)) || (after != nil && key <= string(after)) {
			continue
		}
		own = append(own, kv.KV{Key: []byte(key), Value: slices.Clone(value)})
		removed++
	}
	// Each own write hides at most one stored pair, so that many more are enough.
	stored, err := x.reader.List(prefix, after, limit+removed)
	if err != nil {
		return nil, err
	}
	merged := slices.DeleteFunc(stored, func(p kv.KV) bool {
		_, hidden := x.writes[string(x.key(p.Key))]
		return hidden
	})
	for _, p := range own {
		if x.writes[string(x.key(p.Key))] != nil {
			merged = append(merged, p)
		}
	}
	slices.SortFunc(merged, func(a, b kv.KV) int { return strings.Compare(string(a.Key), string(b.Key)) })
	return merged[:min(limit, len(merged))], nil
}

// Put implements kv.Tx.
func (x *tx) Put(key, value []byte) error {
	if value == nil {
		value = []byte{}
	}
	return x.set(x.key(key), value)
}

// Delete implements kv.Tx.
func (x *tx) Delete(key []byte) error { return x.set(x.key(key), nil) }

// Emit implements kv.Tx.
func (x *tx) Emit(log kv.Log, payload []byte) error {
	if err := checkName(string(log)); err != nil {
		return err
	}
	x.emits = append(x.emits, emit{log, payload})
	return nil
}

// AppendBlock implements kv.Tx.
func (x *tx) AppendBlock(s kv.Stream, at time.Time, block []byte) (kv.Place, error) {
	if err := checkName(string(s)); err != nil {
		return kv.Place{}, err
	}
	head, ok := x.streams[s]
	if !ok {
		if head, ok = x.g.heads.streams[s]; !ok {
			var err error
			if head, err = streamHead(x.txn, s); err != nil {
				return kv.Place{}, err
			}
		}
	}
	place := kv.Place{Time: fromMillis(max(millis(at), millis(head.Time))), Seq: head.Seq + 1}
	if x.streams == nil {
		x.streams = make(map[kv.Stream]kv.Place)
	}
	x.streams[s] = place
	if block == nil {
		block = []byte{}
	}
	return place, errors.Join(x.set(blockKey(s, place), block), x.set(namePrefix(kindStreamHead, string(s)), placeValue(place)))
}

// ReplaceBlock implements kv.Tx.
func (x *tx) ReplaceBlock(s kv.Stream, at kv.Place, block []byte) error {
	if err := checkName(string(s)); err != nil {
		return err
	}
	key := blockKey(s, at)
	if _, own := x.writes[string(key)]; !own {
		if _, err := x.txn.Get(key); errors.Is(err, badger.ErrKeyNotFound) {
			return kv.ErrNotFound
		} else if err != nil {
			return fmt.Errorf("read block: %w", err)
		}
	}
	mark, err := trimmed(x.txn, s)
	if err != nil {
		return err
	}
	if bytes.Compare(placeValue(at), mark) <= 0 {
		return kv.ErrNotFound
	}
	if block == nil {
		block = []byte{}
	}
	return x.set(key, block)
}

// seal gives the emitted entries their sequences: the next ones after those of the updates before, so that they are dense.
func (x *tx) seal() error {
	for _, m := range x.emits {
		seq, ok := x.logs[m.log]
		if !ok {
			if seq, ok = x.g.heads.logs[m.log]; !ok {
				var err error
				if seq, err = logHead(x.txn, m.log); err != nil {
					return err
				}
			}
		}
		seq++
		if x.logs == nil {
			x.logs = make(map[kv.Log]uint64)
		}
		x.logs[m.log] = seq
		payload := m.payload
		if payload == nil {
			payload = []byte{}
		}
		if err := x.set(logKey(m.log, seq), payload); err != nil {
			return err
		}
	}
	for log, seq := range x.logs {
		if err := x.set(namePrefix(kindLogHead, string(log)), binary.BigEndian.AppendUint64(nil, seq)); err != nil {
			return err
		}
	}
	return nil
}
