package store

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/kv"
)

// resource says where and how one kind of versioned resource is kept: the newest version under its ID, the earlier ones
// under ID and version, newest first.
type resource[T any] struct {
	place
	name       string // for errors, receipts and the change feed
	head, past byte   // first letters of the keys
	write      func(*message, *T)
	read       func(*T, *field)
	set        func(*T, engine.Meta) // puts what the body leaves out
	version    byte                  // of a new record; 0: valueVersion
}

func (r resource[T]) headKey(id string) []byte { return key(r.head, id) }

func (r resource[T]) pastKey(id string, version uint64) []byte {
	return numbered(under(r.past, id), ^version)
}

// value decodes a record.
func (r resource[T]) value(rec record) (*T, error) {
	v := new(T)
	return v, r.into(v, rec)
}

// into decodes a record into a zero value.
func (r resource[T]) into(v *T, rec record) error {
	if err := decodeInto(v, rec.body, r.read); err != nil {
		return fmt.Errorf("read %s: %w", r.name, err)
	}
	r.set(v, rec.meta)
	return nil
}

// load returns the newest version's record, or nil when there is none.
func (r resource[T]) load(from kv.Reader, id string) (*record, error) {
	return r.loadKey(from, r.headKey(id), id)
}

func (r resource[T]) loadKey(from kv.Reader, key []byte, id string) (*record, error) {
	value, err := from.Get(key)
	if errors.Is(err, kv.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	rec, err := decodeRecord(value)
	if err != nil {
		return nil, fmt.Errorf("read %s %s: %w", r.name, id, err)
	}
	return &rec, nil
}

// at returns one version, or the newest for version 0; engine.ErrNotFound when there is none.
func (r resource[T]) at(from kv.Reader, id string, version uint64) (T, error) {
	var none T
	rec, err := r.load(from, id)
	if err != nil {
		return none, err
	}
	if version != 0 && (rec == nil || rec.meta.Version != version) {
		rec, err = r.loadKey(from, r.pastKey(id, version), id)
		if err != nil {
			return none, err
		}
	}
	if rec == nil {
		return none, engine.ErrNotFound
	}
	v, err := r.value(*rec)
	return *v, err
}

// maxPage bounds what one call lists.
const maxPage = 10_000

func pageLimit(p engine.Page) int { return min(max(p.Limit, 1), maxPage) }

// page lists the newest versions in the order of their IDs.
func (r resource[T]) page(from kv.Reader, p engine.Page) ([]T, string, error) {
	limit := pageLimit(p)
	prefix := under(r.head)
	pairs, err := from.List(prefix, append(prefix[:len(prefix):len(prefix)], p.After...), limit+1)
	if err != nil {
		return nil, "", err
	}
	out := make([]T, min(limit, len(pairs)))
	for i := range out {
		if err := r.pair(&out[i], pairs[i]); err != nil {
			return nil, "", err
		}
	}
	if len(pairs) <= limit {
		return out, "", nil
	}
	return out, string(pairs[limit-1].Key[len(prefix):]), nil
}

func (r resource[T]) pair(v *T, pair kv.KV) error {
	rec, err := decodeRecord(pair.Value)
	if err != nil {
		return fmt.Errorf("read %s at %q: %w", r.name, pair.Key, err)
	}
	return r.into(v, rec)
}

// versions lists the versions of one resource, newest first. The page's After is a version in decimal.
func (r resource[T]) versions(from kv.Reader, id string, p engine.Page) ([]T, string, error) {
	limit, below := pageLimit(p), ^uint64(0)
	if p.After != "" {
		var err error
		if below, err = strconv.ParseUint(p.After, 10, 64); err != nil {
			var f engine.Faults
			f.Add("cursor", "invalid", "%.40q is no version", p.After)
			return nil, "", f
		}
	}
	newest, err := r.load(from, id)
	if err != nil {
		return nil, "", err
	}
	if newest == nil {
		return nil, "", engine.ErrNotFound
	}
	pairs, err := from.List(under(r.past, id), r.pastKey(id, below), limit+1)
	if err != nil {
		return nil, "", err
	}
	var records []record
	if newest.meta.Version < below {
		records = append(records, *newest)
	}
	for _, pair := range pairs {
		rec, err := decodeRecord(pair.Value)
		if err != nil {
			return nil, "", fmt.Errorf("read %s at %q: %w", r.name, pair.Key, err)
		}
		records = append(records, rec)
	}
	next := ""
	if len(records) > limit {
		records = records[:limit]
		next = strconv.FormatUint(records[limit-1].meta.Version, 10)
	}
	out := make([]T, len(records))
	for i, rec := range records {
		if err := r.into(&out[i], rec); err != nil {
			return nil, "", err
		}
	}
	return out, next, nil
}
