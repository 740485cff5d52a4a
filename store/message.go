package store

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/sihai-network/sihai/engine"
)

// valueVersion is the first byte of every value. It grows only when a release writes what older ones would misread:
// a new field needs no new version, since readers skip the fields that they do not know.
const valueVersion = 1

// message is a value being written, in the wire format of protocol buffers: numbered fields, of which those that are zero
// are left out. The same content always gives the same bytes.
type message struct {
	b   []byte
	err error // the first thing that cannot be kept
}

// newMessage begins a value.
func newMessage() *message { return &message{b: append(make([]byte, 0, 256), valueVersion)} }

// value returns the bytes, or why there are none.
func (m *message) value() ([]byte, error) {
	if m.err != nil {
		return nil, fmt.Errorf("encode: %w", m.err)
	}
	return m.b, nil
}

func (m *message) refuse(format string, args ...any) {
	if m.err == nil {
		m.err = fmt.Errorf(format, args...)
	}
}

func (m *message) uint(num protowire.Number, v uint64) {
	if v != 0 {
		m.b = protowire.AppendVarint(protowire.AppendTag(m.b, num, protowire.VarintType), v)
	}
}

func (m *message) int(num protowire.Number, v int64) { m.uint(num, protowire.EncodeZigZag(v)) }

func (m *message) bool(num protowire.Number, v bool) { m.uint(num, protowire.EncodeBool(v)) }

// float keeps every bit pattern but that of positive zero, which is left out and read as such.
func (m *message) float(num protowire.Number, v float64) {
	if bits := math.Float64bits(v); bits != 0 {
		m.b = protowire.AppendFixed64(protowire.AppendTag(m.b, num, protowire.Fixed64Type), bits)
	}
}

func (m *message) str(num protowire.Number, s string) {
	if s != "" {
		m.item(num, s)
	}
}

// item writes an element of a list, also an empty one.
func (m *message) item(num protowire.Number, s string) {
	m.b = protowire.AppendString(protowire.AppendTag(m.b, num, protowire.BytesType), s)
}

func (m *message) strs(num protowire.Number, list []string) {
	for _, s := range list {
		m.item(num, s)
	}
}

func (m *message) bytes(num protowire.Number, b []byte) {
	if len(b) != 0 {
		m.b = protowire.AppendBytes(protowire.AppendTag(m.b, num, protowire.BytesType), b)
	}
}

// sub writes a nested message, also an empty one.
func (m *message) sub(num protowire.Number, fields func()) { m.sized(num, 1, fields) }

// sized is sub for a message whose length probably takes so many bytes. Room for them is left before it; where it takes others, the message is moved.
func (m *message) sized(num protowire.Number, width int, fields func()) {
	m.b = protowire.AppendTag(m.b, num, protowire.BytesType)
	head := len(m.b)
	m.b = append(m.b, noLength[:width]...)
	start := len(m.b)
	fields()
	n := len(m.b) - start
	need := protowire.SizeVarint(uint64(n))
	if need > width {
		m.b = append(m.b, noLength[:need-width]...)
	}
	if need != width {
		copy(m.b[head+need:], m.b[start:start+n])
		m.b = m.b[:head+need+n]
	}
	binary.PutUvarint(m.b[head:], uint64(n))
}

// noLength is where a length will be.
var noLength [binary.MaxVarintLen64]byte

func (m *message) floats(num protowire.Number, list []float64) {
	if len(list) == 0 {
		return
	}
	m.b = protowire.AppendTag(m.b, num, protowire.BytesType)
	m.b = protowire.AppendVarint(m.b, uint64(8*len(list)))
	for _, v := range list {
		m.b = protowire.AppendFixed64(m.b, math.Float64bits(v))
	}
}

// time keeps the instant to the nanosecond and the offset that it is told with, but not the name of a zone.
func (m *message) time(num protowire.Number, t time.Time) {
	if t.IsZero() {
		return
	}
	_, offset := t.Zone()
	m.sub(num, func() {
		m.int(1, t.Unix())
		m.uint(2, uint64(t.Nanosecond()))
		m.int(3, int64(offset))
	})
}

func (m *message) date(num protowire.Number, d engine.Date) {
	if !d.IsZero() {
		m.int(num, m.day(d))
	}
}

// day packs a date so that later dates are larger numbers.
func (m *message) day(d engine.Date) int64 {
	if d.Month < 1 || d.Month > 12 || d.Day < 1 || d.Day > 31 || d.Year < -maxYear || d.Year > maxYear {
		m.refuse("%d-%d-%d is no date", d.Year, d.Month, d.Day)
		return 0
	}
	return int64(d.Year)<<9 | int64(d.Month)<<5 | int64(d.Day)
}

const maxYear = 1 << 20

func (m *message) text(num protowire.Number, t engine.Text) {
	var few [8]string
	tags := few[:0]
	for tag := range t {
		tags = append(tags, tag)
	}
	slices.Sort(tags)
	for _, tag := range tags {
		m.sub(num, func() {
			m.str(1, tag)
			m.str(2, t[tag])
		})
	}
}

func (m *message) money(num protowire.Number, v engine.Money) {
	if v == (engine.Money{}) {
		return
	}
	m.sub(num, func() {
		m.int(1, v.Amount)
		m.str(2, v.Currency)
	})
}

// weights writes numbers by name.
func (m *message) weights(num protowire.Number, by map[string]float64) {
	for _, name := range sortedNames(by) {
		m.sub(num, func() {
			m.str(1, name)
			m.float(2, by[name])
		})
	}
}

// sortedNames returns the keys of a map, ascending.
func sortedNames[V any](by map[string]V) []string {
	if len(by) == 0 {
		return nil
	}
	return slices.Sorted(maps.Keys(by))
}
