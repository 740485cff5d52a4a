package store

import (
	"bytes"
	"fmt"
	"math"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/sihai-network/sihai/engine"
)

// maxDepth bounds the nesting of messages that are read and written.
const maxDepth = 100

// field is one field of a value being read. Its methods read it as a kind; one that it has not makes the value corrupt.
type field struct {
	num   protowire.Number
	typ   protowire.Type
	n     uint64 // of a varint or a fixed number
	b     []byte // of bytes, a part of the value
	depth int
	err   error
}

// read calls fn for each field of a value that begins with its version. fn leaves out the numbers that it does not know.
// The error is engine.ErrNewerFormat for a version that this release does not know, engine.ErrCorrupt for anything else.
func read(value []byte, fn func(*field)) error {
	switch {
	case len(value) == 0:
		return corrupt("it is empty")
	case value[0] > valueVersion:
		return fmt.Errorf("%w: a value of version %d, this release knows up to %d", engine.ErrNewerFormat, value[0], valueVersion)
	case value[0] == 0:
		return corrupt("it has version 0")
	}
	return fields(value[1:], 1, fn)
}

// fields calls fn for each field of some bytes that lie in so many messages.
func fields(b []byte, depth int, fn func(*field)) error {
	f := &field{depth: depth}
	f.walk(b, fn)
	return f.err
}

// walk makes f each field of b in turn, until one is in error.
func (f *field) walk(b []byte, fn func(*field)) {
	if f.depth > maxDepth {
		f.err = corrupt("messages are nested more than %d deep", maxDepth)
		return
	}
	for len(b) > 0 {
		n := f.tag(b)
		if n < 0 {
			f.err = corrupt("tag: %v", protowire.ParseError(n))
			return
		}
		b = b[n:]
		f.n, f.b = 0, nil
		switch f.typ {
		case protowire.VarintType:
			f.n, n = protowire.ConsumeVarint(b)
		case protowire.Fixed64Type:
			f.n, n = protowire.ConsumeFixed64(b)
		case protowire.Fixed32Type:
			_, n = protowire.ConsumeFixed32(b)
		case protowire.BytesType:
			f.b, n = protowire.ConsumeBytes(b)
		default:
			f.err = corrupt("field %d has wire type %d", f.num, f.typ)
			return
		}
		if n < 0 {
			f.err = corrupt("field %d: %v", f.num, protowire.ParseError(n))
			return
		}
		b = b[n:]
		if fn(f); f.err != nil {
			return
		}
	}
}

// tag reads a field's number and type and returns how many bytes they take: one, but for the numbers above 15.
func (f *field) tag(b []byte) (n int) {
	if first := b[0]; first >= 1<<3 && first < 1<<7 {
		f.num, f.typ = protowire.Number(first>>3), protowire.Type(first&7)
		return 1
	}
	f.num, f.typ, n = protowire.ConsumeTag(b)
	return n
}

func (f *field) want(typ protowire.Type) {
	if f.typ != typ {
		f.refuse("wire type %d where %d was due", f.typ, typ)
	}
}

func (f *field) refuse(format string, args ...any) {
	if f.err == nil {
		f.err = corrupt("field %d: %s", f.num, fmt.Sprintf(format, args...))
	}
}

func (f *field) uint() uint64 { f.want(protowire.VarintType); return f.n }

func (f *field) int() int64 { return protowire.DecodeZigZag(f.uint()) }

func (f *field) bool() bool { return protowire.DecodeBool(f.uint()) }

func (f *field) float() float64 { f.want(protowire.Fixed64Type); return math.Float64frombits(f.n) }

func (f *field) str() string { f.want(protowire.BytesType); return string(f.b) }

// word is str for texts of which there are few: those that are known take no memory of their own.
func (f *field) word() string {
	f.want(protowire.BytesType)
	if known, ok := words[string(f.b)]; ok {
		return known
	}
	return string(f.b)
}

// part returns bytes that stay a part of the value.
func (f *field) part() []byte { f.want(protowire.BytesType); return f.b }

// bytes returns a copy; nil for none.
func (f *field) bytes() []byte {
	f.want(protowire.BytesType)
	if len(f.b) == 0 {
		return nil
	}
	return bytes.Clone(f.b)
}

// hash returns exactly 32 bytes.
func (f *field) hash() (h [32]byte) {
	f.want(protowire.BytesType)
	if copy(h[:], f.b) != len(h) || len(f.b) != len(h) {
		f.refuse("%d bytes where 32 were due", len(f.b))
	}
	return h
}

// sub reads a nested message, whose fields f is meanwhile.
func (f *field) sub(fn func(*field)) {
	f.want(protowire.BytesType)
	if f.err != nil {
		return
	}
	outer := *f
	f.depth++
	f.walk(f.b, fn)
	if f.err != nil {
		outer.err = fmt.Errorf("field %d: %w", outer.num, f.err)
	}
	*f = outer
}

func (f *field) floats() []float64 {
	f.want(protowire.BytesType)
	if len(f.b)%8 != 0 {
		f.refuse("%d bytes are no list of floats", len(f.b))
		return nil
	}
	if len(f.b) == 0 {
		return nil
	}
	list := make([]float64, 0, len(f.b)/8)
	for b := f.b; len(b) > 0; b = b[8:] {
		bits, _ := protowire.ConsumeFixed64(b)
		list = append(list, math.Float64frombits(bits))
	}
	return list
}

func (f *field) time() time.Time {
	var seconds, nanos, offset int64
	f.sub(func(f *field) {
		switch f.num {
		case 1:
			seconds = f.int()
		case 2:
			nanos = int64(f.uint() % uint64(time.Second))
		case 3:
			offset = f.int()
		}
	})
	t := time.Unix(seconds, nanos).UTC()
	if offset == 0 {
		return t
	}
	if offset <= -maxOffset || offset >= maxOffset {
		f.refuse("%d is no offset from UTC", offset)
		return time.Time{}
	}
	return t.In(time.FixedZone("", int(offset)))
}

// maxOffset bounds the seconds between a clock and UTC.
const maxOffset = 24 * 60 * 60

func (f *field) date() engine.Date {
	n := f.int()
	d := engine.Date{Year: int(n >> 9), Month: time.Month(n >> 5 & 15), Day: int(n & 31)}
	if d.Month < 1 || d.Month > 12 || d.Day < 1 || d.Year < -maxYear || d.Year > maxYear {
		f.refuse("%d is no date", n)
	}
	return d
}

// text adds one language to t, which may be nil.
func (f *field) text(t engine.Text) engine.Text {
	var tag, wording string
	f.sub(func(f *field) {
		switch f.num {
		case 1:
			tag = f.word()
		case 2:
			wording = f.str()
		}
	})
	if t == nil {
		t = make(engine.Text)
	}
	t[tag] = wording
	return t
}

func (f *field) money() (v engine.Money) {
	f.sub(func(f *field) {
		switch f.num {
		case 1:
			v.Amount = f.int()
		case 2:
			v.Currency = f.word()
		}
	})
	return v
}

// weight adds one number to by, which may be nil.
func (f *field) weight(by map[string]float64) map[string]float64 {
	var name string
	var value float64
	f.sub(func(f *field) {
		switch f.num {
		case 1:
			name = f.str()
		case 2:
			value = f.float()
		}
	})
	if by == nil {
		by = make(map[string]float64)
	}
	by[name] = value
	return by
}
