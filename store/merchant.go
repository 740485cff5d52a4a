package store

import (
	"context"
	"fmt"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/kv"
)

func merchants() resource[engine.Merchant] {
	return resource[engine.Merchant]{
		place: merchantsPlace(), name: string(engine.ChangeMerchant), head: 'm', past: 'M',
		write: writeMerchant, read: readMerchant,
		set: func(v *engine.Merchant, meta engine.Meta) { v.Meta = meta },
	}
}

// Merchant implements engine.Merchants.
func (db *DB) Merchant(ctx context.Context, id string) (engine.Merchant, error) {
	return one(ctx, db, merchants(), id, 0)
}

// MerchantVersion implements engine.History.
func (db *DB) MerchantVersion(ctx context.Context, id string, version uint64) (engine.Merchant, error) {
	return past(ctx, db, merchants(), id, version)
}

// ListMerchants implements engine.Merchants. It lists at most 10,000, as all lists do.
func (db *DB) ListMerchants(ctx context.Context, p engine.Page) ([]engine.Merchant, string, error) {
	return list(ctx, db, merchants(), p)
}

// PutMerchant implements engine.Merchants.
func (db *DB) PutMerchant(ctx context.Context, w engine.Write, m engine.Merchant) (engine.Merchant, error) {
	written, err := engine.Merchant{}, checkID("id", m.ID)
	if err == nil {
		written, err = run(ctx, db, edit[engine.Merchant]{resource: merchants(), id: m.ID, write: w,
			next: func(kv.Tx, *engine.Merchant) (*engine.Merchant, error) { return &m, nil }})
	}
	if err != nil {
		return engine.Merchant{}, fmt.Errorf("put merchant %s: %w", m.ID, err)
	}
	return written, nil
}

// needMerchant returns engine.ErrNotFound unless there is such a merchant. Merchants are never deleted, so what it says goes on to hold.
func (db *DB) needMerchant(ctx context.Context, id string) error {
	if _, err := one(ctx, db, merchants(), id, 0); err != nil {
		return err
	}
	return nil
}

// one reads a version of a resource; 0 is the newest.
func one[T any](ctx context.Context, db *DB, r resource[T], id string, version uint64) (v T, err error) {
	err = engine.ErrNotFound
	if validID(id) && (r.merchant == "" || validID(r.merchant)) {
		err = db.view(ctx, r.place, func(from kv.Reader) (err error) {
			v, err = r.at(from, id, version)
			return err
		})
	}
	if err != nil {
		return v, fmt.Errorf("%s %s: %w", r.name, id, err)
	}
	return v, nil
}

// past reads one version, engine.ErrNotFound for version 0.
func past[T any](ctx context.Context, db *DB, r resource[T], id string, version uint64) (v T, err error) {
	if version == 0 {
		return v, fmt.Errorf("%s %s: version 0: %w", r.name, id, engine.ErrNotFound)
	}
	return one(ctx, db, r, id, version)
}

// list reads a page of the newest versions.
func list[T any](ctx context.Context, db *DB, r resource[T], p engine.Page) (page []T, next string, err error) {
	if r.merchant != "" && !validID(r.merchant) {
		return nil, "", nil
	}
	err = db.view(ctx, r.place, func(from kv.Reader) (err error) {
		page, next, err = r.page(from, p)
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list %ss: %w", r.name, err)
	}
	return page, next, nil
}

// history reads a page of the versions of one resource.
func history[T any](ctx context.Context, db *DB, r resource[T], id string, p engine.Page) (page []T, next string, err error) {
	err = engine.ErrNotFound
	if validID(id) && (r.merchant == "" || validID(r.merchant)) {
		err = db.view(ctx, r.place, func(from kv.Reader) (err error) {
			page, next, err = r.versions(from, id, p)
			return err
		})
	}
	if err != nil {
		return nil, "", fmt.Errorf("list versions of %s %s: %w", r.name, id, err)
	}
	return page, next, nil
}
