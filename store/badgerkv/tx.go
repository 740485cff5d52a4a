package badgerkv

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dgraph-io/badger/v4"

	"github.com/sihai-network/sihai/store/kv"
)

// tx is one update: what it writes stays with it until its function has returned nil.
type tx struct {
	reader  // of the group's base
	g       *group
	writes  []write
	index   map[string]int // of writes by key, once they are many; with a zero byte before those of no partition
	few     [fewWrites]write
	size    int
	emits   []emit
	logs    map[kv.Log]uint64
	streams map[kv.Stream]kv.Place
}

// write is a pair that was put, or with a nil value one that was deleted.
type write struct {
	shared bool   // of no partition: key is the whole key
	key    []byte // in the partition
	value  []byte
}

// fewWrites are looked through one by one.
const fewWrites = 12

type emit struct {
	log     kv.Log
	payload []byte
}

var _ kv.Tx = (*tx)(nil)

func newTx(g *group, p kv.Part) *tx {
	x := &tx{g: g, reader: reader{txn: g.base}}
	if p != "" {
		x.prefix = partPrefix(p)
	}
	x.writes = x.few[:0]
	return x
}

func (x *tx) call(fn func(*tx) error) (panicked any, err error) {
	defer func() { panicked = recover() }()
	return nil, fn(x)
}

// set notes a write; a nil value deletes.
func (x *tx) set(w write) error {
	if n := len(x.prefix) + len(w.key); n > maxKey {
		return fmt.Errorf("%w: a key of %d bytes", kv.ErrTooBig, n)
	}
	if i, again := x.own(w.shared, w.key); again {
		x.size += len(w.value) - len(x.writes[i].value)
		x.writes[i].value = w.value
	} else {
		x.size += len(x.prefix) + len(w.key) + len(w.value) + overhead
		x.writes = append(x.writes, w)
		x.note(len(x.writes) - 1)
	}
	if x.size > x.g.maxSize || len(x.writes) > x.g.maxCount {
		return fmt.Errorf("%w: more than %d bytes or %d pairs", kv.ErrTooBig, x.g.maxSize, x.g.maxCount)
	}
	return nil
}

// setShared is set for a key of no partition.
func (x *tx) setShared(key, value []byte) error {
	return x.set(write{shared: true, key: key, value: value})
}

// note puts a write into the index, and all of them when they become many.
func (x *tx) note(i int) {
	if len(x.writes) <= fewWrites {
		return
	}
	if x.index == nil {
		x.index = make(map[string]int, 4*fewWrites)
		for j := range i {
			x.index[x.writes[j].name()] = j
		}
	}
	x.index[x.writes[i].name()] = i
}

func (w *write) name() string {
	if w.shared {
		return "s" + string(w.key)
	}
	return "p" + string(w.key)
}

// own finds a write of this update.
func (x *tx) own(shared bool, key []byte) (i int, found bool) {
	if x.index != nil {
		w := write{shared: shared, key: key}
		i, found = x.index[w.name()]
		return i, found
	}
	for i := range x.writes {
		if w := &x.writes[i]; w.shared == shared && bytes.Equal(w.key, key) {
			return i, true
		}
	}
	return 0, false
}

// before finds what the updates of the group before this one and those of the group under way have written; nil: it was deleted. The bytes are theirs.
func (x *tx) before(shared bool, key []byte) (value []byte, found bool) {
	prefix := x.prefix
	if shared {
		prefix = nil
	}
	for _, l := range []*layer{&x.g.layer, &x.g.before.layer} {
		if value, found = l.parts[string(prefix)][string(key)]; found {
			return value, true
		}
	}
	return nil, false
}

// Get implements kv.Reader.
func (x *tx) Get(key []byte) ([]byte, error) {
	if i, found := x.own(false, key); found {
		return copied(x.writes[i].value)
	}
	if value, found := x.before(false, key); found {
		return copied(value)
	}
	return x.reader.Get(key)
}

// shared reads a key of no partition.
func (x *tx) shared(key []byte) ([]byte, error) {
	if i, found := x.own(true, key); found {
		return copied(x.writes[i].value)
	}
	if value, found := x.before(true, key); found {
		return copied(value)
	}
	return get(x.txn, key)
}

// there reports whether a key of no partition has a value, without reading it.
func (x *tx) there(key []byte) (bool, error) {
	if i, found := x.own(true, key); found {
		return x.writes[i].value != nil, nil
	}
	if value, found := x.before(true, key); found {
		return value != nil, nil
	}
	_, err := x.txn.Get(key)
	if errors.Is(err, badger.ErrKeyNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read key: %w", err)
	}
	return true, nil
}

func copied(value []byte) ([]byte, error) {
	if value == nil {
		return nil, kv.ErrNotFound
	}
	return bytes.Clone(value), nil
}

// List implements kv.Reader: what is stored, with what the updates before and this one have written laid over it.
func (x *tx) List(prefix, after []byte, limit int) ([]kv.KV, error) {
	over := x.over(prefix, after)
	if len(over) == 0 || limit <= 0 {
		return x.reader.List(prefix, after, limit)
	}
	// Each write hides at most one stored pair, so that as many more are enough.
	stored, err := x.reader.List(prefix, after, limit+len(over))
	if err != nil {
		return nil, err
	}
	merged := slices.DeleteFunc(stored, func(p kv.KV) bool {
		_, hidden := over[string(p.Key)]
		return hidden
	})
	for key, value := range over {
		if value != nil {
			merged = append(merged, kv.KV{Key: []byte(key), Value: bytes.Clone(value)})
		}
	}
	slices.SortFunc(merged, func(a, b kv.KV) int { return bytes.Compare(a.Key, b.Key) })
	return merged[:min(limit, len(merged))], nil
}

// over returns what was written of the partition under a prefix and after a key.
func (x *tx) over(prefix, after []byte) map[string][]byte {
	over := make(map[string][]byte)
	lay := func(key string, value []byte) {
		if strings.HasPrefix(key, string(prefix)) && (after == nil || key > string(after)) {
			over[key] = value
		}
	}
	for _, l := range []*layer{&x.g.before.layer, &x.g.layer} {
		for key, value := range l.parts[string(x.prefix)] {
			lay(key, value)
		}
	}
	for i := range x.writes {
		if w := &x.writes[i]; !w.shared {
			lay(string(w.key), w.value)
		}
	}
	return over
}

// Put implements kv.Tx.
func (x *tx) Put(key, value []byte) error {
	if value == nil {
		value = []byte{}
	}
	return x.set(write{key: key, value: value})
}

// Delete implements kv.Tx.
func (x *tx) Delete(key []byte) error { return x.set(write{key: key}) }

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
			if head, err = streamHead(x.shared, s); err != nil {
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
	return place, errors.Join(x.setShared(blockKey(s, place), block), x.setShared(namePrefix(kindStreamHead, string(s)), placeValue(place)))
}

// ReplaceBlock implements kv.Tx.
func (x *tx) ReplaceBlock(s kv.Stream, at kv.Place, block []byte) error {
	if err := checkName(string(s)); err != nil {
		return err
	}
	key := blockKey(s, at)
	if there, err := x.there(key); err != nil {
		return err
	} else if !there {
		return kv.ErrNotFound
	}
	mark, err := trimmed(x.shared, s)
	if err != nil {
		return err
	}
	if bytes.Compare(placeValue(at), mark) <= 0 {
		return kv.ErrNotFound
	}
	if block == nil {
		block = []byte{}
	}
	return x.setShared(key, block)
}

// seal gives the emitted entries their sequences: the next ones after those of the updates before, so that they are dense.
func (x *tx) seal() error {
	for _, m := range x.emits {
		seq, ok := x.logs[m.log]
		if !ok {
			if seq, ok = x.g.heads.logs[m.log]; !ok {
				var err error
				if seq, err = logHead(x.shared, m.log); err != nil {
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
		if err := x.setShared(logKey(m.log, seq), payload); err != nil {
			return err
		}
	}
	for log, seq := range x.logs {
		if err := x.setShared(namePrefix(kindLogHead, string(log)), binary.BigEndian.AppendUint64(nil, seq)); err != nil {
			return err
		}
	}
	return nil
}
