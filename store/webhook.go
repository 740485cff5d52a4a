package store

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/kv"
)

var _ engine.Outbox = (*DB)(nil)

// hooksPart holds the webhooks of one merchant, hooksListPart which merchants may have some and how far the ends of imports were read.
func hooksPart(merchant string) kv.Part { return kv.Part("w/" + merchant) }

const (
	hooksListPart kv.Part = "webhooks"
	endsLog       kv.Log  = "import ends"
)

// UpdateHooks implements engine.Outbox. The first call for a merchant notes beforehand that it may have webhooks.
func (db *DB) UpdateHooks(ctx context.Context, merchant string, fn func(engine.HookTx) error) error {
	if !validID(merchant) {
		return engine.ErrNotFound
	}
	if _, known := db.hooked.Load(merchant); !known {
		err := db.kv.Update(ctx, hooksListPart, nil, func(tx kv.Tx) error {
			return tx.Put(key(hookMerchant, merchant), []byte{valueVersion})
		})
		if err != nil {
			return Translate(err)
		}
		db.hooked.Store(merchant, true)
	}
	return Translate(db.kv.Update(ctx, hooksPart(merchant), []byte{newestKind}, func(tx kv.Tx) error {
		return fn(&hookTx{hookReader{tx, merchant}, tx})
	}))
}

// ViewHooks implements engine.Outbox.
func (db *DB) ViewHooks(ctx context.Context, merchant string, fn func(engine.HookReader) error) error {
	if !validID(merchant) {
		return engine.ErrNotFound
	}
	return Translate(db.kv.View(ctx, hooksPart(merchant), func(from kv.Reader) error { return fn(&hookReader{from, merchant}) }))
}

// EachHookMerchant implements engine.Outbox.
func (db *DB) EachHookMerchant(ctx context.Context, fn func(string) error) error {
	prefix := under(hookMerchant)
	return db.eachPair(ctx, hooksListPart, prefix, func(p kv.KV) error { return fn(string(p.Key[len(prefix):])) })
}

// ListDeliveries implements engine.Outbox. Cost: the deliveries of all webhooks of the merchant on the way.
func (db *DB) ListDeliveries(ctx context.Context, merchant, webhook string, p engine.Page) (page []engine.Delivery, next string, err error) {
	if !validID(merchant) {
		return nil, "", engine.ErrNotFound
	}
	prefix := under(deliveryKind)
	var after []byte
	if p.After != "" {
		number, err := strconv.ParseUint(p.After, 10, 64)
		if err != nil || number == 0 {
			return nil, "", engine.Faults{{Path: "cursor", Code: "invalid", Message: "is not a next_cursor of this server"}}
		}
		after = deliveryKey("\xff", number) // after all of the event: an ID is ASCII
	}
	limit := pageLimit(p)
	for len(page) <= limit {
		var pairs []kv.KV
		err := db.kv.View(ctx, hooksPart(merchant), func(from kv.Reader) (err error) {
			pairs, err = from.List(prefix, after, scanPage)
			return err
		})
		if err != nil {
			return nil, "", Translate(err)
		}
		for _, pair := range pairs {
			after = pair.Key
			number, id, ok := splitDelivery(pair.Key)
			if !ok || id != webhook {
				continue
			}
			d, err := deliveryOf(id, number, pair.Value)
			if err != nil {
				return nil, "", err
			}
			page = append(page, d)
		}
		if len(pairs) < scanPage {
			break
		}
	}
	if len(page) > limit {
		page = page[:limit]
		next = strconv.FormatUint(page[limit-1].Number, 10)
	}
	return page, next, nil
}

// FirstHookEvent implements engine.Outbox. Cost: linear in the events before.
func (db *DB) FirstHookEvent(ctx context.Context, merchant string, since time.Time) (first uint64, err error) {
	err = db.eachPair(ctx, hooksPart(merchant), under(hookEventKind), func(p kv.KV) error {
		e, err := decode(p.Value, readHookEvent)
		if err == nil && first == 0 && !e.Time.Before(since) {
			first = rowNumber(p.Key)
			return errFound
		}
		return err
	})
	if err != nil && !errors.Is(err, errFound) {
		return 0, err
	}
	if first > 0 {
		return first, nil
	}
	err = db.ViewHooks(ctx, merchant, func(r engine.HookReader) error {
		newest, err := r.Newest()
		first = newest + 1
		return err
	})
	return first, err
}

var errFound = errors.New("found")

// TrimHooks implements engine.Outbox.
func (db *DB) TrimHooks(ctx context.Context, merchant string, before time.Time, limit int) (n int, err error) {
	err = db.kv.Update(ctx, hooksPart(merchant), []byte{newestKind}, func(tx kv.Tx) error {
		n = 0
		events, err := tx.List(under(hookEventKind), nil, limit)
		if err != nil {
			return err
		}
		for _, p := range events {
			e, err := decode(p.Value, readHookEvent)
			if err != nil {
				return fmt.Errorf("read event at %q: %w", p.Key, err)
			}
			if !e.Time.Before(before) {
				return nil
			}
			if err := forgetEvent(tx, rowNumber(p.Key)); err != nil {
				return err
			}
			n++
		}
		return nil
	})
	return n, Translate(err)
}

// forgetEvent deletes an event and its deliveries, also those of webhooks that are gone.
func forgetEvent(tx kv.Tx, number uint64) error {
	deliveries, err := tx.List(deliveryKey("", number), nil, maxPage)
	if err != nil {
		return err
	}
	for _, p := range deliveries {
		_, id, _ := splitDelivery(p.Key)
		d, err := deliveryOf(id, number, p.Value)
		if err != nil {
			return err
		}
		if d.State == engine.DeliveryPending {
			err = tx.Delete(dueKey(&d))
		}
		if err = errors.Join(err, tx.Delete(p.Key)); err != nil {
			return err
		}
	}
	return tx.Delete(numbered(under(hookEventKind), number))
}

// emitEnd tells of the end of an import, in the transaction that ends it.
func emitEnd(tx kv.Tx, u *upload) error {
	name := u.MerchantID + "/" + u.ID
	payload, err := encode(&name, writeName)
	if err != nil {
		return err
	}
	return tx.Emit(endsLog, payload)
}

// ImportEnds implements engine.Outbox.
func (db *DB) ImportEnds(ctx context.Context, after uint64, limit int) ([]engine.ImportEnd, error) {
	entries, err := db.kv.Changes(ctx, endsLog, after, min(limit, maxPage))
	if err != nil {
		return nil, Translate(err)
	}
	out := make([]engine.ImportEnd, len(entries))
	for i, e := range entries {
		name, err := decode(e.Payload, readName)
		if err != nil {
			return nil, fmt.Errorf("read end %d of an import: %w", e.Seq, err)
		}
		merchant, id, ok := strings.Cut(name, "/")
		if !ok {
			return nil, corrupt("%q is no name of an import", name)
		}
		out[i] = engine.ImportEnd{Seq: e.Seq, ImportID: engine.ImportID{MerchantID: merchant, ID: id}}
	}
	return out, nil
}

// ImportEndsRead implements engine.Outbox.
func (db *DB) ImportEndsRead(ctx context.Context) (seq uint64, err error) {
	err = db.kv.View(ctx, hooksListPart, func(from kv.Reader) error {
		seq, _, err = value(from, []byte{newestKind}, readVersion)
		return err
	})
	return seq, Translate(err)
}

// SetImportEndsRead implements engine.Outbox.
func (db *DB) SetImportEndsRead(ctx context.Context, seq uint64) error {
	return Translate(db.kv.Update(ctx, hooksListPart, nil, func(tx kv.Tx) error {
		return putValue(tx, []byte{newestKind}, &seq, writeVersion)
	}))
}

// deliveryKey puts the newest event first. Of an empty webhook it is the prefix of the event's deliveries.
func deliveryKey(webhook string, number uint64) []byte {
	return append(numbered(under(deliveryKind), ^number), webhook...)
}

func splitDelivery(key []byte) (number uint64, webhook string, ok bool) {
	if len(key) < 10 {
		return 0, "", false
	}
	return ^binary.BigEndian.Uint64(key[2:10]), string(key[10:]), true
}

func dueKey(d *engine.Delivery) []byte {
	return numbered(numbered(under(dueKind, d.WebhookID), uint64(d.Next.UnixMilli())), d.Number)
}
