package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/kv"
)

var _ engine.TallyScan = (*DB)(nil)

// tallyQuarter is the unit in which the quarter of a tally is kept.
const tallyQuarter = 15 * time.Minute

// appendTallies keeps tallies in blocks of their own, in the transaction of the decisions that they count.
func appendTallies(tx kv.Tx, at time.Time, tallies []engine.Tally) error {
	bodies, m := make([][]byte, len(tallies)), new(message)
	for i := range tallies {
		begin := len(m.b)
		writeTally(m, &tallies[i])
		bodies[i] = m.b[begin:len(m.b):len(m.b)]
	}
	if _, err := m.value(); err != nil {
		return err
	}
	blocks, _ := pack(bodies)
	for _, b := range blocks {
		if _, err := tx.AppendBlock(tallyBlock, at, b); err != nil {
			return err
		}
	}
	return nil
}

// ScanTallies implements engine.TallyScan.
func (db *DB) ScanTallies(ctx context.Context, s engine.LogSpan, merchant string, fn func(*engine.Tally) error) error {
	r := tallyScanner{phrases: make(phrases)}
	err := db.scanBlocks(ctx, tallyBlock, engine.LogSpan{From: s.From, Until: s.Until}, func(body []byte) error {
		t, err := r.read(body, merchant)
		if err != nil || t == nil {
			return err
		}
		return fn(t)
	})
	if err != nil {
		return fmt.Errorf("scan tallies: %w", err)
	}
	return nil
}

func writeTally(m *message, t *engine.Tally) {
	m.str(1, t.MerchantID)
	m.str(2, t.CampaignID)
	m.int(3, t.Quarter.Unix()/int64(tallyQuarter/time.Second))
	counts, byCode := t.Counts, func(a, b engine.Tallied) int { return cmp.Compare(a.Code, b.Code) }
	if !slices.IsSortedFunc(counts, byCode) {
		counts = slices.SortedFunc(slices.Values(counts), byCode)
	}
	for _, c := range counts {
		m.sub(4, func() {
			m.int(1, int64(c.Code))
			m.int(2, c.Count)
		})
	}
}

// tallyScanner reads one tally after another into the same memory.
type tallyScanner struct {
	phrases phrases
	t       engine.Tally
	err     error
}

// read returns a tally, valid until the next call; nil for one of another merchant than is asked for, if one is.
func (r *tallyScanner) read(body []byte, merchant string) (*engine.Tally, error) {
	r.err = nil
	r.t = engine.Tally{Counts: r.t.Counts[:0], Quarter: time.Unix(0, 0).UTC()}
	for c := (cursor{rest: body, err: &r.err}); c.next(); {
		switch c.num {
		case 1:
			if merchant != "" && string(c.b) != merchant {
				return nil, r.err
			}
			r.t.MerchantID = c.phrase(r.phrases)
		case 2:
			r.t.CampaignID = c.phrase(r.phrases)
		case 3:
			r.t.Quarter = time.Unix(c.int()*int64(tallyQuarter/time.Second), 0).UTC()
		case 4:
			var one engine.Tallied
			for in := c.in(); in.next(); {
				switch in.num {
				case 1:
					one.Code = engine.ReasonCode(in.int())
				case 2:
					one.Count = in.int()
				}
			}
			r.t.Counts = append(r.t.Counts, one)
		}
	}
	if merchant != "" && r.t.MerchantID != merchant {
		return nil, r.err
	}
	return &r.t, r.err
}
