package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/kv"
)

// decisionBatch bounds the bytes of decisions in one transaction.
const decisionBatch = 2 << 20

// AppendDecisions implements engine.DecisionLog. Some 2 MiB of decisions are one transaction, so that after an error some of a longer
// list may be kept. A decision whose ID is there already is left as it is, so the same list may be appended again.
// Cost: one sync of the disk for each transaction, and a lookup for each decision.
func (db *DB) AppendDecisions(ctx context.Context, ds []*engine.Decision) error {
	return db.appendAll(ctx, ds, nil, unknown)
}

// AppendTallied keeps decisions that are in no log yet, since their IDs were made for them, and tallies in the transaction of the last of them, or of their own. Some 2 MiB of decisions are one
// transaction, as with AppendDecisions; unlike there no ID is looked up, so after an error, when some of them may be kept, the list is appended again by AppendDecisions.
func (db *DB) AppendTallied(ctx context.Context, ds []*engine.Decision, tallies []engine.Tally) error {
	return db.appendAll(ctx, ds, tallies, allNew)
}

// novelty says what is known of decisions that are appended.
type novelty bool

const (
	unknown novelty = false // some may be there already
	allNew  novelty = true
)

func (db *DB) appendAll(ctx context.Context, ds []*engine.Decision, tallies []engine.Tally, are novelty) error {
	m := db.scratch.take()
	defer db.scratch.put(m)
	for first := true; len(ds) > 0 || first && len(tallies) > 0; first = false {
		n := 0
		m.b = m.b[:0]
		var bodies [][]byte
		for ; n < len(ds) && (n == 0 || len(m.b) < decisionBatch); n++ {
			body, err := decisionBody(m, ds[n])
			if err != nil {
				return fmt.Errorf("append decision %s: %w", ds[n].ID, err)
			}
			bodies = append(bodies, body)
		}
		at := db.clock()
		err := db.kv.Update(ctx, decisionsPlace().part, nil, func(tx kv.Tx) error {
			keys, bodies := placeKeys(ds[:n]), bodies
			if are == unknown {
				var err error
				if keys, bodies, err = onlyNew(tx, keys, bodies); err != nil {
					return err
				}
			}
			if err := appendDecisions(tx, at, keys, bodies); err != nil || n < len(ds) {
				return err
			}
			return appendTallies(tx, at, tallies)
		})
		if err != nil {
			return fmt.Errorf("append decisions: %w", Translate(err))
		}
		ds = ds[n:]
	}
	return nil
}

// onceDecision is the kind of a receipt for a decision.
const onceDecision = "decision"

// AppendDecisionOnce keeps a decision and the receipt of once in one transaction, and returns it. When the key of once was
// used before it keeps nothing and returns the first decision, or engine.ErrOnceConflict when that answered another request.
func (db *DB) AppendDecisionOnce(ctx context.Context, once *engine.Once, d *engine.Decision) (*engine.Decision, error) {
	return db.AppendTalliedOnce(ctx, once, d, nil)
}

// AppendTalliedOnce is AppendDecisionOnce, and keeps tallies where the decision is kept.
func (db *DB) AppendTalliedOnce(ctx context.Context, once *engine.Once, d *engine.Decision, tallies []engine.Tally) (*engine.Decision, error) {
	m := db.scratch.take()
	defer db.scratch.put(m)
	body, err := decisionBody(m, d)
	if err != nil {
		return nil, fmt.Errorf("append decision %s: %w", d.ID, err)
	}
	first, at := "", db.clock()
	err = db.kv.Update(ctx, decisionsPlace().part, nil, func(tx kv.Tx) error {
		first = d.ID
		if was, err := earlier(tx, once, onceDecision); err != nil {
			return err
		} else if was != nil {
			first = was.id
			return nil
		}
		keys, bodies, err := onlyNew(tx, placeKeys([]*engine.Decision{d}), [][]byte{body})
		if err != nil {
			return err
		}
		if err := appendDecisions(tx, at, keys, bodies); err != nil {
			return err
		}
		if err := appendTallies(tx, at, tallies); err != nil {
			return err
		}
		return remember(tx, once, onceDecision, d.ID, 1)
	})
	if err != nil {
		return nil, fmt.Errorf("append decision %s: %w", d.ID, Translate(err))
	}
	if first == d.ID {
		return d, nil
	}
	return db.Decision(ctx, first)
}

// DecisionByOnce returns the decision that first answered once: engine.ErrNotFound when its key was never used,
// engine.ErrOnceConflict when it answered another request.
func (db *DB) DecisionByOnce(ctx context.Context, once *engine.Once) (*engine.Decision, error) {
	id := ""
	err := db.view(ctx, decisionsPlace(), func(from kv.Reader) error {
		was, err := earlier(from, once, onceDecision)
		if err == nil && was == nil {
			err = engine.ErrNotFound
		}
		if err == nil {
			id = was.id
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("decision by idempotency key: %w", err)
	}
	return db.Decision(ctx, id)
}

// Decision implements engine.DecisionLog. Cost: one lookup of the ID, and the read of a block of some 128 KiB.
func (db *DB) Decision(ctx context.Context, id string) (*engine.Decision, error) {
	d, err := db.decision(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("decision %s: %w", id, err)
	}
	return d, nil
}

func (db *DB) decision(ctx context.Context, id string) (*engine.Decision, error) {
	if !validID(id) {
		return nil, engine.ErrNotFound
	}
	var at spot
	err := db.view(ctx, decisionsPlace(), func(from kv.Reader) error {
		value, err := from.Get(key(placeKind, id))
		if errors.Is(err, kv.ErrNotFound) {
			return engine.ErrNotFound
		}
		if err != nil {
			return err
		}
		at, err = decode(value, readSpot)
		if at.Time.IsZero() {
			at.Time = time.UnixMilli(0).UTC() // which is left out
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	blocks, err := db.kv.Blocks(ctx, decisionBlock, kv.Place{Time: at.Time, Seq: at.Seq - 1}, 1)
	if err != nil {
		return nil, Translate(err)
	}
	if len(blocks) == 0 || !blocks[0].Time.Equal(at.Time) || blocks[0].Seq != at.Seq {
		return nil, engine.ErrNotFound // its block was trimmed
	}
	return pick(blocks[0].Data, at.nth, id)
}

// pick decodes the nth decision of a block and skips the others.
func pick(block []byte, nth uint64, id string) (*engine.Decision, error) {
	d := new(engine.Decision)
	i := uint64(0)
	err := readBlock(block, func(f *field) {
		if f.num != 1 {
			return
		}
		if i == nth {
			f.sub(readInto(d, readDecision))
		}
		i++
	})
	if err != nil {
		return nil, err
	}
	if d.ID != id {
		return nil, corrupt("its block holds another one at its place")
	}
	return d, nil
}

// decisionBody encodes a decision whose ID can be a key behind what m holds. It is valid until m is written to otherwise.
func decisionBody(m *message, d *engine.Decision) ([]byte, error) {
	if err := checkID("id", d.ID); err != nil {
		return nil, err
	}
	start := len(m.b)
	writeDecision(m, d)
	b, err := m.value()
	if err != nil {
		return nil, err
	}
	return b[start:len(b):len(b)], nil
}

// placeKeys returns the keys under which it is kept where decisions are.
func placeKeys(ds []*engine.Decision) [][]byte {
	keys := make([][]byte, len(ds))
	for i, d := range ds {
		keys[i] = key(placeKind, d.ID)
	}
	return keys
}

// onlyNew leaves out the decisions that are kept already, and all but the first of those with the same key.
func onlyNew(tx kv.Tx, keys, bodies [][]byte) (newKeys, newBodies [][]byte, err error) {
	seen := make(map[string]bool, len(keys))
	for i, key := range keys {
		_, err := tx.Get(key)
		if err != nil && !errors.Is(err, kv.ErrNotFound) {
			return nil, nil, err
		}
		if err == nil || seen[string(key)] {
			continue
		}
		seen[string(key)] = true
		newKeys, newBodies = append(newKeys, key), append(newBodies, bodies[i])
	}
	return newKeys, newBodies, nil
}

// appendDecisions keeps decisions, and under their keys where each of them is.
func appendDecisions(tx kv.Tx, at time.Time, keys, bodies [][]byte) error {
	blocks, counts := pack(bodies)
	for i, block := range blocks {
		where, err := tx.AppendBlock(decisionBlock, at, block)
		if err != nil {
			return err
		}
		for nth, key := range keys[:counts[i]] {
			if err := tx.Put(key, spotValue(&spot{where, uint64(nth)})); err != nil {
				return err
			}
		}
		keys = keys[counts[i]:]
	}
	return nil
}

// spot is where a decision is: its block, and which of that block's decisions it is, from 0.
type spot struct {
	kv.Place
	nth uint64
}

// maxSpot is more than the value of a spot takes: three numbers.
const maxSpot = 40

func spotValue(s *spot) []byte {
	m := message{b: append(make([]byte, 0, maxSpot), valueVersion)}
	writeSpot(&m, s) // of numbers, which are never refused
	return m.b
}

func writeSpot(m *message, s *spot) {
	if !s.Time.IsZero() {
		m.int(1, s.Time.UnixMilli())
	}
	m.uint(2, s.Seq)
	m.uint(3, s.nth)
}

func readSpot(s *spot, f *field) {
	switch f.num {
	case 1:
		s.Time = time.UnixMilli(f.int()).UTC()
	case 2:
		s.Seq = f.uint()
	case 3:
		s.nth = f.uint()
	}
}
