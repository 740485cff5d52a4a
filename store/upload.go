package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/kv"
)

// onceImport is the kind of a receipt for an import.
const onceImport = "import"

// BeginImport implements engine.Imports. engine.ErrNotFound when the merchant does not exist, engine.ErrExists when the
// import does. Started and By are those of the write where i leaves them empty. A write's condition is not looked at.
func (db *DB) BeginImport(ctx context.Context, w engine.Write, i engine.Import) (engine.Import, error) {
	u, err := db.beginImport(ctx, w, upload{Import: i})
	if err != nil {
		return engine.Import{}, fmt.Errorf("begin import %s: %w", i.ID, err)
	}
	return u.Import, nil
}

func (db *DB) beginImport(ctx context.Context, w engine.Write, u upload) (upload, error) {
	leave, err := db.calls.enter()
	if err != nil {
		return upload{}, err
	}
	defer leave()
	if err := checkID("id", u.ID); err != nil {
		return upload{}, err
	}
	if err := db.needMerchant(ctx, u.MerchantID); err != nil {
		return upload{}, err
	}
	if u.State != engine.ImportQueued || !u.Spooled {
		u.State = engine.ImportStaging
	}
	if u.Started.IsZero() {
		u.Started = w.At
	}
	u.Started = stamp(u.Started)
	if u.By == "" {
		u.By = w.By
	}
	if err := db.registerImport(ctx, u.ImportID); err != nil {
		return upload{}, err
	}
	err = db.kv.Update(ctx, merchantPlace(u.MerchantID).part, key(importKind, u.ID), func(tx kv.Tx) error {
		was, err := earlier(tx, w.Once, onceImport)
		if err != nil {
			return err
		}
		if was != nil {
			first, err := loadUpload(tx, engine.ImportID{MerchantID: u.MerchantID, ID: was.id})
			if err != nil || !brokeOff(&first) {
				u = first
				return err
			}
		}
		if _, err := loadUpload(tx, u.ImportID); !errors.Is(err, engine.ErrNotFound) {
			return errors.Join(err, engine.ErrExists)
		}
		return errors.Join(putUpload(tx, &u), remember(tx, w.Once, onceImport, u.ID, 1))
	})
	return u, Translate(err)
}

// brokeOff reports whether an import ended before its rows were judged, as with the process: it answered nobody, so that its
// idempotency key is free for another try.
func brokeOff(u *upload) bool { return u.State == engine.ImportFailed && u.Rejected == 0 }

// registerImport notes in one place that an import is open, before it is, so that Open finds it without looking at every
// merchant. Too many notes do no harm. Those of imports that have ended since go with the same write.
func (db *DB) registerImport(ctx context.Context, id engine.ImportID) error {
	ended := db.ended.take()
	err := db.kv.Update(ctx, uploadsPlace().part, nil, func(tx kv.Tx) error {
		for _, old := range ended {
			if err := tx.Delete(key(importKind, old.MerchantID, old.ID)); err != nil {
				return err
			}
		}
		return tx.Put(key(importKind, id.MerchantID, id.ID), []byte{valueVersion})
	})
	if err != nil {
		db.ended.put(ended...)
	}
	return Translate(err)
}

// forgetLater takes the note of an import that has ended back with the next write of notes: until then, or for the next start, it is one too many.
func (db *DB) forgetLater(id engine.ImportID) { db.ended.put(id) }

// ended are imports whose notes are to be taken back.
type ended struct {
	mu  sync.Mutex // guards ids
	ids []engine.ImportID
}

func (e *ended) put(ids ...engine.ImportID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.ids = append(e.ids, ids...)
}

func (e *ended) take() (ids []engine.ImportID) {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := min(len(e.ids), maxPage)
	ids, e.ids = e.ids[:n:n], e.ids[n:]
	return ids
}

// unregisterImport takes the note back once nothing is left to do.
func (db *DB) unregisterImport(ctx context.Context, id engine.ImportID) error {
	return Translate(db.kv.Update(ctx, uploadsPlace().part, nil, func(tx kv.Tx) error {
		return tx.Delete(key(importKind, id.MerchantID, id.ID))
	}))
}

// registered lists the imports that may be open, behind a key, and the last key.
func (db *DB) registered(ctx context.Context, after []byte) (ids []engine.ImportID, last []byte, err error) {
	prefix := under(importKind)
	err = db.kv.View(ctx, uploadsPlace().part, func(from kv.Reader) error {
		ids = nil
		pairs, err := from.List(prefix, after, maxPage)
		for _, pair := range pairs {
			merchant, id, ok := strings.Cut(string(pair.Key[len(prefix):]), "/")
			if !ok {
				return corrupt("%q is no key of an import", pair.Key)
			}
			ids, last = append(ids, engine.ImportID{MerchantID: merchant, ID: id}), pair.Key
		}
		return err
	})
	return ids, last, err
}

// DropImport implements engine.Imports. engine.ErrStale when the import was made current.
func (db *DB) DropImport(ctx context.Context, report engine.Import) error {
	leave, err := db.calls.enter()
	if err != nil {
		return fmt.Errorf("drop import %s: %w", report.ID, err)
	}
	defer leave()
	if !validID(report.MerchantID) || !validID(report.ID) {
		return fmt.Errorf("drop import %s: %w", report.ID, engine.ErrNotFound)
	}
	if err := db.drop(ctx, upload{Import: report}); err != nil {
		return fmt.Errorf("drop import %s: %w", report.ID, err)
	}
	return nil
}

// drop keeps u as the record in state failed and forgets the rows.
func (db *DB) drop(ctx context.Context, u upload) error {
	err := db.kv.Update(ctx, merchantPlace(u.MerchantID).part, key(importKind, u.ID), func(tx kv.Tx) error {
		was, err := loadUpload(tx, u.ImportID)
		if err != nil {
			return err
		}
		if !isOpen(was.State) && was.State != engine.ImportFailed {
			return fmt.Errorf("%w: its state is %s", engine.ErrStale, was.State)
		}
		u.inherit(was)
		if u.State != engine.ImportCancelled {
			u.State = engine.ImportFailed
		}
		if was.State == engine.ImportFailed {
			return replaceUpload(tx, &u)
		}
		return putUpload(tx, &u)
	})
	if err != nil {
		return Translate(err)
	}
	return db.forgetRows(ctx, u.ImportID)
}

// inherit takes what the first record of an import said and a report need not repeat.
func (u *upload) inherit(was upload) {
	u.Kind = was.Kind
	if u.Format == "" {
		u.Format = was.Format
	}
	if u.Started.IsZero() {
		u.Started = was.Started
	}
	if u.By == "" {
		u.By = was.By
	}
	u.Started, u.Finished = stampOrZero(u.Started), stampOrZero(u.Finished)
}

// forgetRows deletes the staged rows of an import that failed, and the note that it was open.
func (db *DB) forgetRows(ctx context.Context, id engine.ImportID) error {
	prefix := under(stagedKind, id.ID)
	var after []byte
	for {
		var pairs []kv.KV
		err := db.kv.Update(ctx, merchantPlace(id.MerchantID).part, key(importKind, id.ID), func(tx kv.Tx) (err error) {
			if pairs, err = tx.List(prefix, after, batchRows); err != nil {
				return err
			}
			for _, pair := range pairs {
				if err := tx.Delete(pair.Key); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return Translate(err)
		}
		if len(pairs) < batchRows {
			return db.unregisterImport(ctx, id)
		}
		after = pairs[len(pairs)-1].Key
	}
}

// isOpen reports whether rows may still be staged.
func isOpen(s engine.ImportState) bool {
	return s == engine.ImportQueued || s == engine.ImportStaging
}

// Import implements engine.Imports. It does not wait for an import that folds.
func (db *DB) Import(ctx context.Context, id engine.ImportID) (engine.Import, error) {
	var u upload
	err := error(engine.ErrNotFound)
	if validID(id.MerchantID) && validID(id.ID) {
		err = db.kv.View(ctx, merchantPlace(id.MerchantID).part, func(from kv.Reader) (err error) {
			u, err = loadUpload(from, id)
			return err
		})
	}
	if err != nil {
		return engine.Import{}, fmt.Errorf("import %s: %w", id.ID, Translate(err))
	}
	return u.Import, nil
}

// ListImports implements engine.Imports. It does not wait for an import that folds.
func (db *DB) ListImports(ctx context.Context, merchant string, p engine.Page) (page []engine.Import, next string, err error) {
	if !validID(merchant) {
		return nil, "", nil
	}
	limit, prefix := pageLimit(p), under(importKind)
	err = db.kv.View(ctx, merchantPlace(merchant).part, func(from kv.Reader) error {
		page, next = nil, ""
		pairs, err := from.List(prefix, append(prefix[:len(prefix):len(prefix)], p.After...), limit+1)
		for _, pair := range pairs[:min(limit, len(pairs))] {
			u, err := decode(pair.Value, readUpload)
			if err != nil {
				return fmt.Errorf("read import at %q: %w", pair.Key, err)
			}
			u.MerchantID = merchant
			page = append(page, u.Import)
		}
		if len(pairs) > limit {
			next = page[limit-1].ID
		}
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list imports: %w", Translate(err))
	}
	return page, next, nil
}

func loadUpload(from kv.Reader, id engine.ImportID) (upload, error) {
	value, err := from.Get(key(importKind, id.ID))
	if errors.Is(err, kv.ErrNotFound) {
		return upload{}, engine.ErrNotFound
	}
	if err != nil {
		return upload{}, err
	}
	u, err := decode(value, readUpload)
	if err != nil {
		return upload{}, fmt.Errorf("read import %s: %w", id.ID, err)
	}
	u.MerchantID = id.MerchantID
	return u, nil
}

// putUpload keeps a step of an import, and tells of the last one.
func putUpload(tx kv.Tx, u *upload) error {
	if u.State.Ended() {
		if err := emitEnd(tx, u); err != nil {
			return err
		}
	}
	return replaceUpload(tx, u)
}

func replaceUpload(tx kv.Tx, u *upload) error {
	value, err := encode(u, writeUpload)
	if err != nil {
		return err
	}
	return tx.Put(key(importKind, u.ID), value)
}
