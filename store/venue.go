package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/kv"
)

func venues(merchant string) resource[engine.Venue] {
	return resource[engine.Venue]{
		place: merchantPlace(merchant), name: string(engine.ChangeVenue), head: 'v', past: 'V',
		write: writeVenue, read: readVenue,
		set: func(v *engine.Venue, meta engine.Meta) { v.MerchantID, v.Meta = merchant, meta },
	}
}

// Venue implements engine.Venues.
func (db *DB) Venue(ctx context.Context, merchant, id string) (engine.Venue, error) {
	return one(ctx, db, venues(merchant), id, 0)
}

// VenueVersion implements engine.History.
func (db *DB) VenueVersion(ctx context.Context, merchant, id string, version uint64) (engine.Venue, error) {
	return past(ctx, db, venues(merchant), id, version)
}

// ListVenues implements engine.Venues. A merchant that does not exist has none.
func (db *DB) ListVenues(ctx context.Context, merchant string, p engine.Page) ([]engine.Venue, string, error) {
	return list(ctx, db, venues(merchant), p)
}

// PutVenue implements engine.Venues. The versions of a venue that was deleted and put again go on counting.
func (db *DB) PutVenue(ctx context.Context, w engine.Write, v engine.Venue) (engine.Venue, error) {
	written, err := engine.Venue{}, checkID("id", v.ID)
	if err == nil {
		err = db.needMerchant(ctx, v.MerchantID)
	}
	if err == nil {
		written, err = run(ctx, db, edit[engine.Venue]{resource: venues(v.MerchantID), id: v.ID, write: w,
			next: func(kv.Tx, *engine.Venue) (*engine.Venue, error) { return &v, nil }})
	}
	if err != nil {
		return engine.Venue{}, fmt.Errorf("put venue %s: %w", v.ID, err)
	}
	return written, nil
}

// DeleteVenue implements engine.Venues. engine.ErrNotFound when there is none. Its versions are kept.
func (db *DB) DeleteVenue(ctx context.Context, w engine.Write, merchant, id string) error {
	r := venues(merchant)
	err := engine.ErrNotFound
	if validID(id) && validID(merchant) {
		err = db.update(ctx, r.place, r.headKey(id), func(tx kv.Tx) error { return r.remove(tx, w, id) })
	}
	if err != nil {
		return fmt.Errorf("delete venue %s: %w", id, err)
	}
	return nil
}

// deletion is the kind of a receipt for a deletion.
const deletion = "venue deletion"

func (r resource[T]) remove(tx kv.Tx, w engine.Write, id string) error {
	if was, err := earlier(tx, w.Once, deletion); err != nil || was != nil {
		return err
	}
	head, err := r.load(tx, id)
	if err != nil {
		return err
	}
	if head == nil {
		return engine.ErrNotFound
	}
	if err := meets(w.If, head); err != nil {
		return err
	}
	user, err := userOf(tx, id)
	if err != nil {
		return err
	}
	if user != "" {
		return fmt.Errorf("%w by campaign %s", engine.ErrInUse, user)
	}
	return errors.Join(
		r.takeAway(tx, id, head, auditOf(&w, engine.ChangeKind(r.name), r.merchant, id)),
		emit(tx, engine.Change{Kind: engine.ChangeKind(r.name), MerchantID: r.merchant, ID: id, Before: head.meta.Version}),
		remember(tx, w.Once, deletion, id, head.meta.Version),
	)
}

// userOf returns a campaign that names a venue and is not archived, empty for none.
func userOf(from kv.Reader, id string) (string, error) {
	users, err := from.List(under(useKind, id), nil, 1)
	if err != nil || len(users) == 0 {
		return "", err
	}
	return string(bytes.TrimPrefix(users[0].Key, under(useKind, id))), nil
}

// takeAway deletes the newest version, keeps it as a past one, and completes and keeps the entry of the audit log.
func (r resource[T]) takeAway(tx kv.Tx, id string, head *record, entry engine.AuditEntry) error {
	gone, err := encode(&head.meta.Version, writeVersion)
	if err != nil {
		return err
	}
	entry.Action, entry.From = engine.AuditDeleted, head.meta.Version
	return errors.Join(
		audit(tx, entry),
		tx.Put(r.pastKey(id, head.meta.Version), head.value),
		tx.Put(key(goneKind, id), gone),
		tx.Delete(r.headKey(id)),
	)
}

// lastVersion returns the last version of a resource that was deleted, 0 when it never was. Only venues are deleted.
func lastVersion(from kv.Reader, name, id string) (uint64, error) {
	if name != string(engine.ChangeVenue) {
		return 0, nil
	}
	value, err := from.Get(key(goneKind, id))
	if errors.Is(err, kv.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	version, err := decode(value, readVersion)
	if err != nil {
		return 0, fmt.Errorf("read deletion of %s %s: %w", name, id, err)
	}
	return version, nil
}

func writeVersion(m *message, v *uint64) { m.uint(1, *v) }

func readVersion(v *uint64, f *field) {
	if f.num == 1 {
		*v = f.uint()
	}
}
