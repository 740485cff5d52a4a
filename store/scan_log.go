package store

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/klauspost/compress/s2"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/kv"
)

var (
	_ engine.DecisionScan = (*DB)(nil)
	_ engine.EventScan    = (*DB)(nil)
)

// ScanDecisions implements engine.DecisionScan.
func (db *DB) ScanDecisions(ctx context.Context, s engine.LogSpan, parts engine.DecisionParts, mentions string, fn func(*engine.Decision) error) error {
	r := newDecisionScanner(parts)
	name := []byte(mentions)
	err := db.scanBlocks(ctx, decisionBlock, s, func(body []byte) error {
		if len(name) > 0 && !bytes.Contains(body, name) {
			return nil
		}
		d, err := r.read(body)
		if err != nil {
			return err
		}
		return fn(d)
	})
	if err != nil {
		return fmt.Errorf("scan decisions: %w", err)
	}
	return nil
}

// ScanEvents implements engine.EventScan.
func (db *DB) ScanEvents(ctx context.Context, s engine.LogSpan, fn func(*engine.Event) error) error {
	r := newEventScanner()
	blocks := engine.LogSpan{From: s.From}
	if !s.Until.IsZero() {
		blocks.Until = s.Until.Add(eventSlack) // a block has the time of its newest event
	}
	err := db.scanBlocks(ctx, eventBlock, blocks, func(body []byte) error {
		e, err := r.read(body)
		if err != nil || e.Received.Before(s.From) || !s.Until.IsZero() && !e.Received.Before(s.Until) {
			return err
		}
		return fn(e)
	})
	if err != nil {
		return fmt.Errorf("scan events: %w", err)
	}
	return nil
}

// eventSlack is how much later than its events a block may say that it is: a clock that was put back by more loses their order.
const eventSlack = time.Hour

// blocksAtOnce is how many blocks lie in memory.
const blocksAtOnce = 16

// scanBlocks calls fn for the bodies of the blocks of a span, in order, outside of any transaction. The bytes are fn's until it returns.
func (db *DB) scanBlocks(ctx context.Context, stream kv.Stream, s engine.LogSpan, fn func(body []byte) error) error {
	after := kv.Place{Time: s.From}
	var memory []byte
	for {
		blocks, err := db.kv.Blocks(ctx, stream, after, blocksAtOnce)
		if err != nil {
			return Translate(err)
		}
		for _, b := range blocks {
			if !s.Until.IsZero() && !b.Time.Before(s.Until) {
				return nil
			}
			after = b.Place
			if !drawn(b.Seq, s.OneIn) {
				continue
			}
			if err := ctx.Err(); err != nil {
				return err
			}
			if memory, err = eachBody(b.Data, memory, fn); err != nil {
				return fmt.Errorf("block %d: %w", b.Seq, err)
			}
		}
		if len(blocks) < blocksAtOnce {
			return nil
		}
	}
}

// drawn reports whether a block is in a sample of one in so many: by the finalizer of MurmurHash3 (Appleby, 2011), so that neighbours are drawn independently.
func drawn(seq, oneIn uint64) bool {
	if oneIn <= 1 {
		return true
	}
	h := seq
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return (h^h>>33)%oneIn == 0
}

// eachBody calls fn for each body of a block. It decompresses into memory and returns it, grown where it had to be.
func eachBody(block, memory []byte, fn func(body []byte) error) ([]byte, error) {
	var err error
	fields := block
	switch {
	case len(block) == 0:
		return memory, corrupt("it is empty")
	case block[0] == blockVersion:
		n, err := s2.DecodedLen(block[1:])
		if err != nil {
			return memory, corrupt("compressed block: %v", err)
		}
		if n > maxBlock {
			return memory, corrupt("a block of %d bytes", n)
		}
		if cap(memory) < n {
			memory = make([]byte, n)
		}
		if fields, err = s2.Decode(memory[:n], block[1:]); err != nil {
			return memory, corrupt("compressed block: %v", err)
		}
	case block[0] == valueVersion:
		fields = block[1:]
	case block[0] == 0:
		return memory, corrupt("it has version 0")
	default:
		return memory, fmt.Errorf("%w: a block of version %d, this release knows up to %d", engine.ErrNewerFormat, block[0], blockVersion)
	}
	for c := (cursor{rest: fields, err: &err}); c.next(); {
		if c.num == 1 && c.want(protowire.BytesType) {
			if err := fn(c.b); err != nil {
				return memory, err
			}
		}
	}
	return memory, err
}

// DecisionsIn implements engine.DecisionScan: from the numbers of the first and the last block, and the decisions in some of them.
func (db *DB) DecisionsIn(ctx context.Context, s engine.LogSpan) (uint64, error) {
	first, found, err := db.blockFrom(ctx, s.From)
	if err != nil || !found || !s.Until.IsZero() && !first.Time.Before(s.Until) {
		return 0, err
	}
	until := s.Until
	if until.IsZero() {
		until = db.clock().AddDate(1, 0, 0)
	}
	// From high on, in milliseconds, there is none, or it is not asked for.
	low, high := first, until.UnixMilli()
	blocks, decisions := uint64(1), countBodies(first.Data)
	for low.Time.UnixMilli()+1 < high {
		middle := low.Time.UnixMilli() + (high-low.Time.UnixMilli())/2
		b, found, err := db.blockFrom(ctx, time.UnixMilli(middle))
		if err != nil {
			return 0, err
		}
		if !found || b.Time.UnixMilli() >= high {
			high = middle
			continue
		}
		low = b
		blocks, decisions = blocks+1, decisions+countBodies(b.Data)
	}
	return (low.Seq - first.Seq + 1) * decisions / blocks, nil
}

// blockFrom returns the first block of decisions at or after a time.
func (db *DB) blockFrom(ctx context.Context, at time.Time) (kv.Block, bool, error) {
	blocks, err := db.kv.Blocks(ctx, decisionBlock, kv.Place{Time: at}, 1)
	if err != nil || len(blocks) == 0 {
		return kv.Block{}, false, Translate(err)
	}
	return blocks[0], true, nil
}

// countBodies counts what a block holds, 0 where it cannot be read.
func countBodies(block []byte) (n uint64) {
	_, _ = eachBody(block, nil, func([]byte) error { n++; return nil })
	return n
}
