package store

import (
	"github.com/sihai-network/sihai/engine"
)

// record is a version of a resource as it is kept: what the store knows of it, and its content.
type record struct {
	meta  engine.Meta
	body  []byte // the fields of the content, a part of value
	value []byte // all of it, as it was read
}

// version is that of a record, 0 of none.
func (r *record) version() uint64 {
	if r == nil {
		return 0
	}
	return r.meta.Version
}

// encodeRecord lays out a new version.
func encodeRecord(meta engine.Meta, body []byte) ([]byte, error) {
	m := newMessage()
	m.uint(1, meta.Version)
	m.time(2, meta.Created)
	m.time(3, meta.Updated)
	m.str(4, meta.By)
	m.bytes(5, body)
	return m.value()
}

func decodeRecord(value []byte) (record, error) {
	r := record{value: value}
	err := read(value, func(f *field) {
		switch f.num {
		case 1:
			r.meta.Version = f.uint()
		case 2:
			r.meta.Created = f.time()
		case 3:
			r.meta.Updated = f.time()
		case 4:
			r.meta.By = f.str()
		case 5:
			r.body = f.part()
		}
	})
	if err != nil {
		return record{}, err
	}
	if r.meta.Version == 0 {
		return record{}, corrupt("a record has no version")
	}
	return r, nil
}

// encode returns a value of its own: a version byte and fields.
func encode[T any](v *T, write func(*message, *T)) ([]byte, error) {
	m := newMessage()
	write(m, v)
	return m.value()
}

// decode undoes encode.
func decode[T any](value []byte, field func(*T, *field)) (v T, err error) {
	err = read(value, readInto(&v, field))
	return v, err
}

// encodeBody returns fields that stand within another value.
func encodeBody[T any](v *T, write func(*message, *T)) ([]byte, error) {
	m := &message{b: make([]byte, 0, 256)}
	write(m, v)
	return m.value()
}

// decodeBody undoes encodeBody.
func decodeBody[T any](body []byte, set func(*T, *field)) (*T, error) {
	v := new(T)
	return v, decodeInto(v, body, set)
}

// decodeInto undoes encodeBody into a zero value.
func decodeInto[T any](v *T, body []byte, set func(*T, *field)) error {
	return fields(body, 1, func(f *field) { set(v, f) })
}

func readInto[T any](v *T, fn func(*T, *field)) func(*field) {
	return func(f *field) { fn(v, f) }
}
