package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/kv"
)

// CommitImport implements engine.Imports. It fills Added, Changed and Same, and Kind from the first record. Of two rows
// with the same ID the later one holds. Before anything changes it checks the venues that campaigns name: engine.Faults with
// paths as "rows[3].venues.ids[0]". An import that is done already is returned as it is; engine.ErrStale for one that
// failed. A write's condition and idempotency key are not looked at: BeginImport does that.
// ctx counts until the rows are current; from then on the fold goes on to its end. Cost: some 50 µs a row.
func (db *DB) CommitImport(ctx context.Context, w engine.Write, report engine.Import) (engine.Import, error) {
	leave, err := db.calls.enter()
	if err != nil {
		return engine.Import{}, fmt.Errorf("commit import %s: %w", report.ID, err)
	}
	defer leave()
	u, err := db.commitImport(ctx, w, upload{Import: report})
	if err != nil {
		return engine.Import{}, fmt.Errorf("commit import %s: %w", report.ID, err)
	}
	return u.Import, nil
}

func (db *DB) commitImport(ctx context.Context, w engine.Write, u upload) (upload, error) {
	if !validID(u.MerchantID) || !validID(u.ID) {
		return u, engine.ErrNotFound
	}
	open := db.gates.shut(u.MerchantID)
	defer open()
	was, err := db.upload(ctx, u.ImportID)
	if err != nil {
		return u, err
	}
	switch was.State {
	case engine.ImportDone:
		return was, nil
	case engine.ImportFailed, engine.ImportCancelled:
		return u, fmt.Errorf("%w: its state is %s", engine.ErrStale, was.State)
	case engine.ImportCommitted:
		return db.finish(ctx, was)
	}
	u.inherit(was)
	u.at, u.by = stamp(w.At), w.By
	if u.Finished.IsZero() {
		u.Finished = u.at
	}
	if err := db.survey(ctx, &u); err != nil {
		return u, err
	}
	err = db.foldAtOnce(ctx, &u)
	if !errors.Is(err, errManyRows) && !errors.Is(err, kv.ErrTooBig) {
		if err == nil {
			db.forgetLater(u.ImportID)
		}
		return u, Translate(err)
	}
	u.State = engine.ImportCommitted
	err = db.kv.Update(ctx, merchantPlace(u.MerchantID).part, key(importKind, u.ID), func(tx kv.Tx) error {
		return putUpload(tx, &u)
	})
	if err != nil {
		return u, Translate(err)
	}
	return db.finish(ctx, u)
}

// finish folds an import that is current and tells the change feed. When it cannot, nobody may see what it did so far.
func (db *DB) finish(ctx context.Context, u upload) (upload, error) {
	ctx = context.WithoutCancel(ctx)
	err := db.fold(ctx, &u)
	db.gates.block(u.MerchantID, err)
	if errors.Is(err, kv.ErrNoRoom) {
		db.finishLater(u.ImportID)
	}
	return u, err
}

// roomWait lies between two looks whether a full disk has room.
const roomWait = time.Second

// finishLater goes on with an import that found the disk full half way, as soon as there is room. A store that is closed before leaves it to the next start.
func (db *DB) finishLater(id engine.ImportID) {
	leave, err := db.calls.enter()
	if err != nil {
		return
	}
	go func() {
		defer leave()
		for {
			select {
			case <-db.calls.ending:
				return
			case <-time.After(roomWait):
			}
			if err := db.finishNow(context.Background(), id); !errors.Is(err, kv.ErrNoRoom) {
				return
			}
		}
	}()
}

// finishNow folds an import unless another call has done so.
func (db *DB) finishNow(ctx context.Context, id engine.ImportID) error {
	open := db.gates.shut(id.MerchantID)
	defer open()
	u, err := db.upload(ctx, id)
	if err == nil && u.State == engine.ImportCommitted {
		err = db.fold(ctx, &u)
	}
	db.gates.block(id.MerchantID, err)
	return err
}

// upload reads the record of an import without passing the merchant's gate.
func (db *DB) upload(ctx context.Context, id engine.ImportID) (u upload, err error) {
	err = db.kv.View(ctx, merchantPlace(id.MerchantID).part, func(from kv.Reader) error {
		u, err = loadUpload(from, id)
		return err
	})
	return u, Translate(err)
}

// survey reads the staged rows, counts what they will do, and checks what they name. The merchant's gate is shut, so it
// still holds when the rows become current.
func (db *DB) survey(ctx context.Context, u *upload) error {
	u.Added, u.Changed, u.Same, u.Ended = 0, 0, 0, 0
	var faults engine.Faults
	t := tally{merchant: u.MerchantID, kind: u.Kind, venues: make(map[string]bool)}
	prefix := under(stagedKind, u.ID)
	var after []byte
	for {
		n := 0
		err := db.kv.View(ctx, merchantPlace(u.MerchantID).part, func(from kv.Reader) error {
			pairs, err := from.List(prefix, after, batchRows)
			for _, pair := range pairs {
				row, err := stagedRow(pair)
				if err != nil {
					return err
				}
				if err := t.count(from, row); err != nil {
					return err
				}
				if len(faults) < engine.MaxRowFaults {
					if err := t.check(from, row, &faults); err != nil {
						return err
					}
				}
				after = pair.Key
			}
			n = len(pairs)
			return err
		})
		if err != nil {
			return Translate(err)
		}
		if n < batchRows {
			u.Added, u.Changed, u.Same, u.Ended = t.added, t.changed, t.same, t.ended
			return faults.Err()
		}
	}
}

// DiffRows implements engine.Imports.
func (db *DB) DiffRows(ctx context.Context, merchant string, rows []engine.ImportRow) (out []engine.RowDiff, err error) {
	if !validID(merchant) {
		return nil, fmt.Errorf("compare rows: %w", engine.ErrNotFound)
	}
	err = db.view(ctx, merchantPlace(merchant), func(from kv.Reader) error {
		out = make([]engine.RowDiff, len(rows))
		for i := range rows {
			if rows[i].Venue == nil && rows[i].Campaign == nil {
				continue
			}
			s, err := stagedOf(&rows[i])
			if err != nil {
				return fmt.Errorf("row %d: %w", rows[i].Row, err)
			}
			t := tally{merchant: merchant, kind: engine.ImportVenues}
			if rows[i].Venue == nil {
				t.kind = engine.ImportCampaigns
			}
			if out[i], err = t.diff(from, numberedRow{uint64(rows[i].Row), s}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("compare rows: %w", err)
	}
	return out, nil
}

// numberedRow is a staged row and its number.
type numberedRow struct {
	number uint64
	staged
}

func stagedRow(pair kv.KV) (numberedRow, error) {
	s, err := decode(pair.Value, readStaged)
	if err != nil {
		return numberedRow{}, fmt.Errorf("read staged row at %q: %w", pair.Key, err)
	}
	return numberedRow{rowNumber(pair.Key), s}, nil
}

// tally compares rows with what is stored.
type tally struct {
	merchant                    string
	kind                        engine.ImportKind
	added, changed, same, ended int
	venues                      map[string]bool // looked up already: does it exist
}

// judge returns what a row will make of what is stored, and that; nil where nothing is.
func (t *tally) judge(from kv.Reader, row numberedRow) (engine.DiffKind, *record, error) {
	headKey := key('v', row.id)
	if t.kind == engine.ImportCampaigns {
		headKey = key('c', row.id)
	}
	value, err := from.Get(headKey)
	if errors.Is(err, kv.ErrNotFound) && row.end {
		return engine.DiffSame, nil, nil
	}
	if errors.Is(err, kv.ErrNotFound) {
		return engine.DiffAdded, nil, nil
	}
	if err != nil {
		return engine.DiffNone, nil, err
	}
	head, err := decodeRecord(value)
	switch {
	case err != nil:
		return engine.DiffNone, nil, fmt.Errorf("read %s: %w", row.id, err)
	case row.end && t.kind == engine.ImportVenues:
		return engine.DiffEnded, &head, nil
	case bytes.Equal(head.body, row.body):
		return engine.DiffSame, &head, nil
	case row.end:
		return engine.DiffEnded, &head, nil
	}
	return engine.DiffChanged, &head, nil
}

// diff tells what a row will do, with what it changes.
func (t *tally) diff(from kv.Reader, row numberedRow) (d engine.RowDiff, err error) {
	kind, head, err := t.judge(from, row)
	if err != nil {
		return d, err
	}
	d.Kind = kind
	switch {
	case kind == engine.DiffChanged && t.kind == engine.ImportVenues:
		d.Before.Venue, err = venues(t.merchant).value(*head)
	case kind == engine.DiffChanged:
		d.Before.Campaign, err = campaigns(t.merchant).value(*head)
	case kind == engine.DiffEnded && t.kind == engine.ImportVenues:
		d.User, err = userOf(from, row.id)
	}
	return d, err
}

func (t *tally) count(from kv.Reader, row numberedRow) error {
	kind, _, err := t.judge(from, row)
	switch kind {
	case engine.DiffAdded:
		t.added++
	case engine.DiffChanged:
		t.changed++
	case engine.DiffSame:
		t.same++
	case engine.DiffEnded:
		t.ended++
	}
	return err
}

// check adds a fault for each venue that a campaign's row names and the merchant has not.
func (t *tally) check(from kv.Reader, row numberedRow, faults *engine.Faults) error {
	path := "rows[" + strconv.FormatUint(row.number, 10) + "]"
	if t.kind != engine.ImportCampaigns {
		if !row.end {
			return nil
		}
		user, err := userOf(from, row.id)
		if user != "" {
			faults.Add(path+".id", "in_use", "venue %s cannot be deleted: campaign %s names it", row.id, user)
		}
		return err
	}
	c, err := decodeBody(row.body, readCampaign)
	if err != nil {
		return fmt.Errorf("read staged row %d: %w", row.number, err)
	}
	if c.Status == engine.StatusArchived {
		return nil
	}
	c.MerchantID = t.merchant
	known := true
	for _, id := range c.Venues.IDs {
		known = known && t.venues[id]
	}
	if known {
		return nil
	}
	unknown, err := unknownVenues(from, c)
	if err != nil {
		return err
	}
	if len(unknown) == 0 {
		for _, id := range c.Venues.IDs {
			t.venues[id] = true
		}
	}
	*faults = append(*faults, unknown.Under(path)...)
	return nil
}
