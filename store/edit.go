package store

import (
	"context"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/kv"
)

// edit is one write of one resource: all that happens in its transaction.
type edit[T any] struct {
	resource[T]
	id    string
	write engine.Write
	// next makes the new content of the newest one, nil when there is none, and keeps what hangs on it. Nil for the new
	// content writes nothing: the newest version is the answer.
	next func(tx kv.Tx, old *T) (*T, error)
	// silent leaves the change feed alone.
	silent bool
}

// run writes a resource and returns the version that was written, or that which its idempotency key wrote earlier.
func run[T any](ctx context.Context, db *DB, e edit[T]) (written T, err error) {
	err = db.update(ctx, e.place, e.headKey(e.id), func(tx kv.Tx) error {
		written, err = e.apply(tx)
		return err
	})
	if err != nil {
		var none T
		return none, err
	}
	return written, nil
}

func (e edit[T]) apply(tx kv.Tx) (written T, err error) {
	if was, err := earlier(tx, e.write.Once, e.name); err != nil || was != nil {
		if err != nil {
			return written, err
		}
		return e.at(tx, was.id, was.version)
	}
	head, err := e.load(tx, e.id)
	if err != nil {
		return written, err
	}
	if err := meets(e.write.If, head); err != nil {
		return written, err
	}
	var old *T
	if head != nil {
		if old, err = e.value(*head); err != nil {
			return written, err
		}
	}
	fresh, err := e.next(tx, old)
	if err != nil {
		return written, err
	}
	if fresh == nil {
		return *old, remember(tx, e.write.Once, e.name, e.id, head.meta.Version)
	}
	body, err := encodeBody(fresh, e.resource.write)
	if err != nil {
		return written, err
	}
	now, err := e.supersede(tx, e.id, head, body, e.write.At, e.write.By)
	if err != nil {
		return written, err
	}
	if !e.silent {
		told := engine.Change{Kind: engine.ChangeKind(e.name), MerchantID: e.owner(e.id), ID: e.id, Before: head.version(), After: now.meta.Version}
		if err := emit(tx, told); err != nil {
			return written, err
		}
	}
	entry := auditOf(&e.write, engine.ChangeKind(e.name), e.auditOwner(fresh), e.id)
	entry.To = now.meta.Version
	if head != nil {
		entry.From = head.meta.Version
	}
	if err := audit(tx, entry); err != nil {
		return written, err
	}
	if err := remember(tx, e.write.Once, e.name, e.id, now.meta.Version); err != nil {
		return written, err
	}
	return written, e.into(&written, now)
}

// auditOwner is the merchant in whose audit log a write is told: of an API key the one whose key it is.
func (e edit[T]) auditOwner(v *T) string {
	if k, ok := any(v).(*engine.Key); ok {
		return k.MerchantID
	}
	return e.owner(e.id)
}

// owner is the merchant that a change of a resource tells of.
func (r resource[T]) owner(id string) string {
	if r.name == string(engine.ChangeMerchant) {
		return id
	}
	return r.merchant
}

// meets returns why a condition does not hold of the newest version, nil for none.
func meets(p engine.Precondition, head *record) error {
	switch {
	case p.Absent && head != nil:
		return engine.ErrExists
	case p.Version == 0:
		return nil
	case head == nil:
		return engine.ErrNotFound
	case head.meta.Version != p.Version:
		return engine.ErrStale
	}
	return nil
}

// supersede stores a body as the next version, and keeps the newest one so far, nil for none, as a past one.
func (r resource[T]) supersede(tx kv.Tx, id string, head *record, body []byte, at time.Time, by string) (record, error) {
	meta := engine.Meta{Version: 1, Created: stamp(at), Updated: stamp(at), By: by}
	if head != nil {
		meta.Version, meta.Created = head.meta.Version+1, head.meta.Created
		if err := tx.Put(r.pastKey(id, head.meta.Version), head.value); err != nil {
			return record{}, err
		}
	} else {
		last, err := lastVersion(tx, r.name, id)
		if err != nil {
			return record{}, err
		}
		meta.Version = last + 1
	}
	value, err := encodeRecord(meta, body)
	if err != nil {
		return record{}, err
	}
	return record{meta: meta, body: body, value: value}, tx.Put(r.headKey(id), value)
}

// stamp is an instant as it is kept.
func stamp(t time.Time) time.Time { return t.UTC().Round(0) }

func stampOrZero(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return stamp(t)
}
