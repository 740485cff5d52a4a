package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/kv"
)

// Staged rows are written, folded and deleted in transactions of about this size.
const (
	batchRows  = 1000
	batchBytes = 1 << 20
)

// StageRows implements engine.Imports. Rows are known by their Row: the same row again replaces the earlier one. A row
// has a venue or a campaign; its MerchantID is not looked at. engine.ErrStale when the import is no longer staging, engine.Faults for
// an ID that cannot be kept. After an error some of the rows may be staged.
func (db *DB) StageRows(ctx context.Context, id engine.ImportID, rows []engine.ImportRow) error {
	leave, err := db.calls.enter()
	if err != nil {
		return err
	}
	defer leave()
	for len(rows) > 0 && err == nil {
		var n int
		n, err = db.stageSome(ctx, id, rows)
		rows = rows[n:]
	}
	if err != nil {
		return fmt.Errorf("stage rows of import %s: %w", id.ID, err)
	}
	return nil
}

// stageSome stages the first rows that fit in one transaction and returns how many.
func (db *DB) stageSome(ctx context.Context, id engine.ImportID, rows []engine.ImportRow) (n int, err error) {
	var pairs []kv.KV
	for size := 0; n < len(rows) && n < batchRows && size < batchBytes; n++ {
		pair, err := stagedPair(id, &rows[n])
		if err != nil {
			return n, fmt.Errorf("row %d: %w", rows[n].Row, err)
		}
		pairs = append(pairs, pair)
		size += len(pair.Value)
	}
	if !validID(id.MerchantID) || !validID(id.ID) {
		return n, engine.ErrNotFound
	}
	err = db.kv.Update(ctx, merchantPlace(id.MerchantID).part, key(importKind, id.ID), func(tx kv.Tx) error {
		u, err := loadUpload(tx, id)
		if err != nil {
			return err
		}
		if !isOpen(u.State) {
			return fmt.Errorf("%w: its state is %s", engine.ErrStale, u.State)
		}
		for _, p := range pairs {
			if err := tx.Put(p.Key, p.Value); err != nil {
				return err
			}
		}
		return nil
	})
	return n, Translate(err)
}

func stagedPair(id engine.ImportID, row *engine.ImportRow) (kv.KV, error) {
	s, err := stagedOf(row)
	if err != nil {
		return kv.KV{}, err
	}
	if err := checkID("id", s.id); err != nil {
		return kv.KV{}, err
	}
	value, err := encode(&s, writeStaged)
	return kv.KV{Key: numbered(under(stagedKind, id.ID), uint64(row.Row)), Value: value}, err
}

// stagedOf encodes what a row holds.
func stagedOf(row *engine.ImportRow) (s staged, err error) {
	s.end = row.End
	switch {
	case row.Venue != nil && row.End:
		s.id = row.Venue.ID
	case row.Venue != nil:
		s.id = row.Venue.ID
		s.body, err = encodeBody(row.Venue, writeVenue)
	case row.Campaign != nil:
		s.id = row.Campaign.ID
		s.body, err = encodeBody(row.Campaign, writeCampaign)
	default:
		err = errors.New("it has neither a venue nor a campaign")
	}
	return s, err
}
