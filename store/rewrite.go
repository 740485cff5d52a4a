package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/kv"
)

// What is kept of travellers is changed in its place: a block gets others of as many bodies in the same order, so that every spot leads where it led.

// ChangeDecisions implements engine.Histories.
func (db *DB) ChangeDecisions(ctx context.Context, after engine.LogPlace, before time.Time, limit int, change func(*engine.Decision) bool) (engine.LogPlace, bool, error) {
	last, more, err := db.changeBlocks(ctx, blocksOf{decisionBlock, decisionsPlace().part}, after, before, limit, func(block []byte) ([]byte, error) {
		return changeBlock(block, readDecision, writeDecision, change)
	})
	if err != nil {
		return last, false, fmt.Errorf("change decisions: %w", err)
	}
	return last, more, nil
}

// ChangeEvents implements engine.Histories.
func (db *DB) ChangeEvents(ctx context.Context, after engine.LogPlace, before time.Time, limit int, change func(*engine.Event) bool) (engine.LogPlace, bool, error) {
	last, more, err := db.changeBlocks(ctx, blocksOf{eventBlock, eventsPlace().part}, after, before, limit, func(block []byte) ([]byte, error) {
		return changeBlock(block, readEvent, writeEvent, change)
	})
	if err != nil {
		return last, false, fmt.Errorf("change events: %w", err)
	}
	return last, more, nil
}

// blocksOf names a stream and the partition in which its blocks are appended.
type blocksOf struct {
	stream kv.Stream
	part   kv.Part
}

// changeBlocks gives blocks to change, which returns nil for one that stays as it is.
func (db *DB) changeBlocks(ctx context.Context, of blocksOf, after engine.LogPlace, before time.Time, limit int, change func([]byte) ([]byte, error)) (last engine.LogPlace, more bool, err error) {
	last = after
	blocks, err := db.kv.Blocks(ctx, of.stream, placeAfter(after), limit)
	if err != nil {
		return last, false, Translate(err)
	}
	for _, b := range blocks {
		if !before.IsZero() && !b.Time.Before(before) {
			return last, false, nil
		}
		changed, err := change(b.Data)
		if err != nil {
			return last, false, fmt.Errorf("block %d: %w", b.Seq, err)
		}
		if changed != nil {
			err = db.kv.Update(ctx, of.part, nil, func(tx kv.Tx) error { return tx.ReplaceBlock(of.stream, b.Place, changed) })
			if err != nil && !errors.Is(err, kv.ErrNotFound) { // it was trimmed meanwhile
				return last, false, Translate(err)
			}
		}
		last = engine.LogPlace{Time: b.Time, Seq: b.Seq}
	}
	return last, len(blocks) == limit, nil
}

// placeAfter is before every block of an engine for the zero place: those are of a later time than year 1.
func placeAfter(p engine.LogPlace) kv.Place { return kv.Place{Time: p.Time, Seq: p.Seq} }

// changeBlock decodes the bodies of a block, and encodes them anew when one was changed; nil when none was.
func changeBlock[T any](block []byte, read func(*T, *field), write func(*message, *T), change func(*T) bool) ([]byte, error) {
	list, err := unpack(block, read)
	if err != nil {
		return nil, err
	}
	some := false
	for i := range list {
		some = change(&list[i]) || some
	}
	if !some {
		return nil, nil
	}
	var fields []byte
	for i := range list {
		body, err := encodeBody(&list[i], write)
		if err != nil {
			return nil, err
		}
		fields = protowire.AppendBytes(protowire.AppendTag(fields, 1, protowire.BytesType), body)
	}
	return compress(nil, fields), nil
}

// TrimDecisions implements engine.Histories. The spots go before the block: a decision of which only the block is left is not found. Blocks of one millisecond go
// together, since that is how a stream is trimmed.
func (db *DB) TrimDecisions(ctx context.Context, before time.Time, limit int) (more bool, err error) {
	var after kv.Place
	var last time.Time
	n := 0
	for whole := true; whole && !more; {
		blocks, err := db.kv.Blocks(ctx, decisionBlock, after, limit)
		if err != nil {
			return false, Translate(err)
		}
		whole = len(blocks) == limit
		for _, b := range blocks {
			if !b.Time.Before(before) {
				whole = false
				break
			}
			if n >= limit && !b.Time.Equal(last) {
				more = true
				break
			}
			if err := db.forgetSpots(ctx, b); err != nil {
				return false, fmt.Errorf("trim decisions of block %d: %w", b.Seq, err)
			}
			after, last = b.Place, b.Time
			n++
		}
	}
	if n == 0 {
		return false, nil
	}
	return more, Translate(db.kv.TrimBefore(ctx, decisionBlock, last.Add(time.Millisecond)))
}

// forgetSpots deletes where the decisions of a block are.
func (db *DB) forgetSpots(ctx context.Context, b kv.Block) error {
	ids, err := unpack(b.Data, func(id *string, f *field) {
		if f.num == 1 {
			*id = f.str()
		}
	})
	if err != nil {
		return err
	}
	return Translate(db.kv.Update(ctx, decisionsPlace().part, nil, func(tx kv.Tx) error {
		for _, id := range ids {
			if !validID(id) {
				continue
			}
			if err := tx.Delete(key(placeKind, id)); err != nil {
				return err
			}
		}
		return nil
	}))
}

// redemptionPage is how many redemptions are looked at in one transaction.
const redemptionPage = 200

// ChangeRedemptions implements engine.Histories. Cost: linear in the redemptions of the account.
func (db *DB) ChangeRedemptions(ctx context.Context, c engine.CampaignRef, change func(*engine.Redemption) bool) error {
	if err := checkAccount(c); err != nil {
		return err
	}
	prefix := under(redemptionKind)
	var after []byte
	for {
		var pairs []kv.KV
		var hits [][]byte
		err := db.kv.View(ctx, accountPlace(c), func(from kv.Reader) (err error) {
			pairs, err = from.List(prefix, after, redemptionPage)
			return err
		})
		if err != nil {
			return Translate(err)
		}
		for _, p := range pairs {
			after = p.Key
			r, err := redemptionOf(c, string(p.Key[len(prefix):]), p.Value)
			if err != nil {
				return err
			}
			if change(&r) {
				hits = append(hits, p.Key)
			}
		}
		if len(hits) > 0 {
			if err := db.changeRedemptions(ctx, c, hits, change); err != nil {
				return fmt.Errorf("change redemptions of campaign %s: %w", c.CampaignID, err)
			}
		}
		if len(pairs) < redemptionPage {
			return nil
		}
	}
}

// changeRedemptions changes some in one transaction, as they are then.
func (db *DB) changeRedemptions(ctx context.Context, c engine.CampaignRef, keys [][]byte, change func(*engine.Redemption) bool) error {
	return Translate(db.kv.Update(ctx, accountPlace(c), []byte{headKind}, func(tx kv.Tx) error {
		for _, at := range keys {
			value, err := tx.Get(at)
			if err != nil {
				return err
			}
			r, err := redemptionOf(c, string(at[2:]), value)
			if err != nil {
				return err
			}
			if !change(&r) {
				continue
			}
			if err := putValue(tx, at, &r, writeRedemption); err != nil {
				return err
			}
		}
		return nil
	}))
}

// Purge implements engine.Histories.
func (db *DB) Purge(ctx context.Context) error { return Translate(db.kv.Purge(ctx)) }
