package store

import (
	"math"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/sihai-network/sihai/engine"
)

// cursor goes over the fields of a message without calling anybody, for scans of much that is mostly skipped: see field for the careful way.
type cursor struct {
	rest []byte
	num  protowire.Number
	typ  protowire.Type
	n    uint64 // of a number
	b    []byte // of bytes
	err  *error // of the whole scan
}

// next goes to the next field; false at the end, and after an error.
func (c *cursor) next() bool {
	if len(c.rest) == 0 || *c.err != nil {
		return false
	}
	n := 1
	if first := c.rest[0]; first >= 1<<3 && first < 1<<7 {
		c.num, c.typ = protowire.Number(first>>3), protowire.Type(first&7)
	} else if c.num, c.typ, n = protowire.ConsumeTag(c.rest); n < 0 {
		return c.refuse("tag: %v", protowire.ParseError(n))
	}
	c.rest = c.rest[n:]
	c.n, c.b = 0, nil
	switch c.typ {
	case protowire.VarintType:
		c.n, n = protowire.ConsumeVarint(c.rest)
	case protowire.Fixed64Type:
		c.n, n = protowire.ConsumeFixed64(c.rest)
	case protowire.Fixed32Type:
		_, n = protowire.ConsumeFixed32(c.rest)
	case protowire.BytesType:
		c.b, n = protowire.ConsumeBytes(c.rest)
	default:
		return c.refuse("field %d has wire type %d", c.num, c.typ)
	}
	if n < 0 {
		return c.refuse("field %d: %v", c.num, protowire.ParseError(n))
	}
	c.rest = c.rest[n:]
	return true
}

func (c *cursor) refuse(format string, args ...any) bool {
	if *c.err == nil {
		*c.err = corrupt(format, args...)
	}
	return false
}

func (c *cursor) want(typ protowire.Type) bool {
	return c.typ == typ || c.refuse("field %d: wire type %d where %d was due", c.num, c.typ, typ)
}

// in returns a cursor over a nested message.
func (c *cursor) in() cursor {
	if !c.want(protowire.BytesType) {
		return cursor{err: c.err}
	}
	return cursor{rest: c.b, err: c.err}
}

func (c *cursor) uint() uint64 { c.want(protowire.VarintType); return c.n }

func (c *cursor) int() int64 { return protowire.DecodeZigZag(c.uint()) }

func (c *cursor) float() float64 {
	c.want(protowire.Fixed64Type)
	return math.Float64frombits(c.n)
}

func (c *cursor) str() string { c.want(protowire.BytesType); return string(c.b) }

// carefully reads the field by the code for whole values.
func (c *cursor) carefully(fn func(*field)) {
	f := &field{num: c.num, typ: c.typ, n: c.n, b: c.b, depth: 2}
	if fn(f); f.err != nil && *c.err == nil {
		*c.err = f.err
	}
}

// time is as field.time, with the zones that were met before.
func (c *cursor) time(zones map[int64]*time.Location) time.Time {
	var seconds, nanos, offset int64
	for in := c.in(); in.next(); {
		switch in.num {
		case 1:
			seconds = in.int()
		case 2:
			nanos = int64(in.uint() % uint64(time.Second))
		case 3:
			offset = in.int()
		}
	}
	t := time.Unix(seconds, nanos).UTC()
	if offset == 0 {
		return t
	}
	if offset <= -maxOffset || offset >= maxOffset {
		c.refuse("%d is no offset from UTC", offset)
		return time.Time{}
	}
	zone := zones[offset]
	if zone == nil {
		zone = time.FixedZone("", int(offset))
		zones[offset] = zone
	}
	return t.In(zone)
}

func (c *cursor) date() (d engine.Date) {
	c.carefully(func(f *field) { d = f.date() })
	return d
}

// phrases remembers texts that come again and again: those that are known take no memory of their own.
type phrases map[string]string

// maxPhrases bounds what is remembered; a phrase longer than maxPhrase is not.
const (
	maxPhrases = 1 << 16
	maxPhrase  = 256
)

// of returns the text of some bytes.
func (p phrases) of(b []byte) string {
	if known, ok := p[string(b)]; ok {
		return known
	}
	s := string(b)
	if len(s) > maxPhrase {
		return s
	}
	if len(p) >= maxPhrases {
		clear(p)
	}
	p[s] = s
	return s
}

func (c *cursor) phrase(p phrases) string { c.want(protowire.BytesType); return p.of(c.b) }
