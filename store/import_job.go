package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/kv"
)

// SaveImport implements engine.ImportJobs.
func (db *DB) SaveImport(ctx context.Context, report engine.Import) error {
	leave, err := db.calls.enter()
	if err != nil {
		return fmt.Errorf("save import %s: %w", report.ID, err)
	}
	defer leave()
	u := upload{Import: report}
	err = db.editUpload(ctx, u.ImportID, func(tx kv.Tx, was upload) error {
		u.inherit(was)
		return putUpload(tx, &u)
	})
	if err == nil && u.State.Ended() {
		err = db.forgetRows(ctx, u.ImportID)
	}
	if err != nil {
		return fmt.Errorf("save import %s: %w", report.ID, err)
	}
	return nil
}

// RewindImport implements engine.ImportJobs.
func (db *DB) RewindImport(ctx context.Context, id engine.ImportID) (engine.Import, error) {
	leave, err := db.calls.enter()
	if err != nil {
		return engine.Import{}, fmt.Errorf("rewind import %s: %w", id.ID, err)
	}
	defer leave()
	var u upload
	for more := true; more && err == nil; {
		err = db.editUpload(ctx, id, func(tx kv.Tx, was upload) error {
			u = was
			prefix := under(stagedKind, id.ID)
			pairs, err := tx.List(prefix, numbered(under(stagedKind, id.ID), uint64(was.Through)), batchRows)
			if err != nil {
				return err
			}
			more = len(pairs) == batchRows
			for _, pair := range pairs {
				if err := tx.Delete(pair.Key); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil {
		return engine.Import{}, fmt.Errorf("rewind import %s: %w", id.ID, err)
	}
	return u.Import, nil
}

// editUpload changes what hangs on an import that is queued or staging.
func (db *DB) editUpload(ctx context.Context, id engine.ImportID, edit func(tx kv.Tx, was upload) error) error {
	if !validID(id.MerchantID) || !validID(id.ID) {
		return engine.ErrNotFound
	}
	return Translate(db.kv.Update(ctx, merchantPlace(id.MerchantID).part, key(importKind, id.ID), func(tx kv.Tx) error {
		was, err := loadUpload(tx, id)
		if err != nil {
			return err
		}
		if !isOpen(was.State) {
			return fmt.Errorf("%w: its state is %s", engine.ErrStale, was.State)
		}
		return edit(tx, was)
	}))
}

// OpenImports implements engine.ImportJobs. Cost: the imports that may be open.
func (db *DB) OpenImports(ctx context.Context) ([]engine.Import, error) {
	var out []engine.Import
	var after []byte
	for {
		ids, last, err := db.registered(ctx, after)
		if err != nil {
			return nil, fmt.Errorf("list open imports: %w", Translate(err))
		}
		if len(ids) == 0 {
			return out, nil
		}
		for _, id := range ids {
			u, err := db.upload(ctx, id)
			if errors.Is(err, engine.ErrNotFound) {
				continue // its note came before it did
			}
			if err != nil {
				return nil, fmt.Errorf("list open imports: %w", err)
			}
			if u.Spooled && isOpen(u.State) {
				out = append(out, u.Import)
			}
		}
		after = last
	}
}
