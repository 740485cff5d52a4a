package store

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/kv"
)

// An import that was made current is ended in two passes over its staged rows, each of them idempotent by what it leaves
// behind: the fold makes a version of each row and leaves the row's ID, or nothing where the row is equal to what is
// there; the telling emits a change for each row that was left and deletes it. What a crash interrupts goes on where it stopped.

// fold ends an import whose record is in state committed, and sets that to done.
func (db *DB) fold(ctx context.Context, u *upload) error {
	if err := db.foldRows(ctx, u); err != nil {
		return fmt.Errorf("fold: %w", Translate(err))
	}
	if err := db.tellRows(ctx, u); err != nil {
		return fmt.Errorf("tell changes: %w", Translate(err))
	}
	return db.unregisterImport(ctx, u.ImportID)
}

// errManyRows says that an import does not fit into one transaction.
var errManyRows = errors.New("an import of many rows")

// foldAtOnce makes an import current, folds and tells it, all in one transaction, where its rows are few. Otherwise it does nothing and returns errManyRows or
// kv.ErrTooBig. An unknown outcome is either all of it or nothing.
func (db *DB) foldAtOnce(ctx context.Context, u *upload) error {
	db.feed.RLock()
	defer db.feed.RUnlock()
	done := *u
	done.State = engine.ImportDone
	err := db.kv.Update(ctx, merchantPlace(u.MerchantID).part, key(importKind, u.ID), func(tx kv.Tx) error {
		pairs, err := tx.List(under(stagedKind, u.ID), nil, batchRows+1)
		if err != nil {
			return err
		}
		written := 0
		var changed []staged
		for _, pair := range pairs {
			row, err := stagedRow(pair)
			if err != nil {
				return err
			}
			if written += len(row.body); written > batchBytes || len(pairs) > batchRows {
				return errManyRows
			}
			n, left, err := u.foldRow(tx, row)
			if err != nil {
				return err
			}
			if n > 0 {
				changed = append(changed, left)
			}
			if err := tx.Delete(pair.Key); err != nil {
				return err
			}
		}
		for i := range changed {
			if err := emit(tx, u.change(&changed[i], i < len(changed)-1)); err != nil {
				return err
			}
		}
		return putUpload(tx, &done)
	})
	if err != nil {
		return err
	}
	*u = done
	db.news.wake()
	return nil
}

// change is what the feed is told of a row.
func (u *upload) change(row *staged, more bool) engine.Change {
	kind := engine.ChangeVenue
	if u.Kind == engine.ImportCampaigns {
		kind = engine.ChangeCampaign
	}
	return engine.Change{
		Kind: kind, MerchantID: u.MerchantID, ID: row.id, ImportID: u.ID, More: more, Before: row.before, After: row.after,
	}
}

func (db *DB) foldRows(ctx context.Context, u *upload) error {
	prefix := under(stagedKind, u.ID)
	var after []byte
	for more := true; more; {
		last := after
		err := db.kv.Update(ctx, merchantPlace(u.MerchantID).part, key(importKind, u.ID), func(tx kv.Tx) error {
			pairs, err := tx.List(prefix, after, batchRows)
			if err != nil {
				return err
			}
			more = len(pairs) == batchRows
			written := 0
			for i, pair := range pairs {
				n, err := u.foldStaged(tx, pair)
				if err != nil {
					return err
				}
				last = pair.Key
				if written += n; written > batchBytes {
					more = more || i < len(pairs)-1
					return nil
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		after = last
	}
	return nil
}

// foldStaged makes a version of a row, unless that was done before the crash, leaves its ID in its place, and returns about how many bytes it wrote.
func (u *upload) foldStaged(tx kv.Tx, pair kv.KV) (int, error) {
	row, err := stagedRow(pair)
	if err != nil || row.folded {
		return 0, err
	}
	n, left, err := u.foldRow(tx, row)
	if err != nil {
		return 0, err
	}
	if n == 0 {
		return 0, tx.Delete(pair.Key)
	}
	value, err := encode(&left, writeStaged)
	if err != nil {
		return 0, err
	}
	return n, tx.Put(pair.Key, value)
}

// foldRow makes a version of a row and returns about how many bytes it wrote and what is left of the row; 0 where the row is equal to what is there.
func (u *upload) foldRow(tx kv.Tx, row numberedRow) (n int, left staged, err error) {
	switch {
	case u.Kind == engine.ImportVenues && row.end:
		n, left, err = foldEnd(tx, u, venues(u.MerchantID), row)
	case u.Kind == engine.ImportVenues:
		n, left, err = foldOne(tx, u, venues(u.MerchantID), row, func(*engine.Venue, *engine.Venue) error { return nil })
	default:
		n, left, err = foldOne(tx, u, campaigns(u.MerchantID), row, func(old, c *engine.Campaign) error {
			return linksOf(old).relink(tx, linksOf(c), row.id)
		})
	}
	if err != nil {
		return 0, staged{}, fmt.Errorf("row %d: %w", row.number, err)
	}
	return n, left, nil
}

// foldEnd deletes what a row ends.
func foldEnd[T any](tx kv.Tx, u *upload, r resource[T], row numberedRow) (int, staged, error) {
	head, err := r.load(tx, row.id)
	if err != nil || head == nil {
		return 0, staged{}, err
	}
	entry := engine.AuditEntry{Time: u.at, By: u.by, Kind: engine.ChangeKind(r.name), MerchantID: u.MerchantID, ID: row.id, ImportID: u.ID}
	return len(head.value), staged{id: row.id, folded: true, before: head.meta.Version}, r.takeAway(tx, row.id, head, entry)
}

// foldOne stores a row as the next version unless it is equal to the newest one. link keeps what hangs on it.
func foldOne[T any](tx kv.Tx, u *upload, r resource[T], row numberedRow, link func(old, fresh *T) error) (int, staged, error) {
	head, err := r.load(tx, row.id)
	if err != nil {
		return 0, staged{}, err
	}
	if head != nil && bytes.Equal(head.body, row.body) {
		return 0, staged{}, nil
	}
	n := len(row.body)
	var old *T
	if head != nil {
		n += len(head.value)
		if old, err = r.value(*head); err != nil {
			return 0, staged{}, err
		}
	}
	fresh, err := decodeBody(row.body, r.read)
	if err != nil {
		return 0, staged{}, err
	}
	now, err := r.supersede(tx, row.id, head, row.body, u.at, u.by)
	if err != nil {
		return 0, staged{}, err
	}
	entry := engine.AuditEntry{Time: u.at, By: u.by, Kind: engine.ChangeKind(r.name), MerchantID: u.MerchantID, ID: row.id, To: now.meta.Version, ImportID: u.ID}
	if head != nil {
		entry.From = head.meta.Version
	}
	if err := audit(tx, entry); err != nil {
		return 0, staged{}, err
	}
	return n, staged{id: row.id, folded: true, before: head.version(), after: now.meta.Version}, link(old, fresh)
}

// tellRows emits a change for each row that the fold left. It holds the feed alone, so that the changes stand together.
func (db *DB) tellRows(ctx context.Context, u *upload) error {
	db.feed.Lock()
	defer db.feed.Unlock()
	prefix := under(stagedKind, u.ID)
	var after []byte
	for more := true; more; {
		var last []byte
		err := db.kv.Update(ctx, merchantPlace(u.MerchantID).part, key(importKind, u.ID), func(tx kv.Tx) error {
			pairs, err := tx.List(prefix, after, batchRows+1)
			if err != nil {
				return err
			}
			more = len(pairs) > batchRows
			pairs = pairs[:min(len(pairs), batchRows)]
			for i, pair := range pairs {
				row, err := stagedRow(pair)
				if err != nil {
					return err
				}
				if err := errors.Join(emit(tx, u.change(&row.staged, more || i < len(pairs)-1)), tx.Delete(pair.Key)); err != nil {
					return err
				}
				last = pair.Key
			}
			if more {
				return nil
			}
			u.State = engine.ImportDone
			return putUpload(tx, u)
		})
		if err != nil {
			return err
		}
		after = last
		db.news.wake()
	}
	return nil
}

// recoverImports ends what a crash left open, in the order of merchants and imports. Spooled imports that have not ended go on by their files.
func (db *DB) recoverImports(ctx context.Context) error {
	var after []byte
	for {
		ids, last, err := db.registered(ctx, after)
		if err != nil || len(ids) == 0 {
			return err
		}
		for _, id := range ids {
			if err := db.recoverImport(ctx, id); err != nil {
				return fmt.Errorf("recover import %s of merchant %s: %w", id.ID, id.MerchantID, err)
			}
		}
		after = last
	}
}

func (db *DB) recoverImport(ctx context.Context, id engine.ImportID) error {
	u, err := db.upload(ctx, id)
	if errors.Is(err, engine.ErrNotFound) {
		return db.unregisterImport(ctx, id)
	}
	if err != nil {
		return err
	}
	if u.Spooled && (u.State == engine.ImportQueued || u.State == engine.ImportStaging) {
		return nil
	}
	switch u.State {
	case engine.ImportCommitted:
		return db.fold(ctx, &u)
	case engine.ImportQueued, engine.ImportStaging:
		u.Finished = stamp(db.clock())
		return db.drop(ctx, u)
	case engine.ImportFailed, engine.ImportCancelled:
		return db.forgetRows(ctx, id)
	}
	return db.unregisterImport(ctx, id)
}

// rowNumber is the number at the end of a staged row's key.
func rowNumber(k []byte) uint64 {
	if len(k) < 8 {
		return 0
	}
	return binary.BigEndian.Uint64(k[len(k)-8:])
}
