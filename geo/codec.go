package geo

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
)

// ErrCovering is returned for bytes that are not a covering's, or are one of another version or of another kind of processor, whose floating point may cover a fence
// otherwise: whoever kept them covers the fence anew.
var ErrCovering = errors.New("not a covering")

// coveringVersion is the first byte of a covering: a new one for each change of what Cover gives. Version 1 held cells of H3, 2 squares alone.
const coveringVersion = 3

// architecture is the second byte.
var architecture = map[string]byte{"amd64": 1, "arm64": 2, "386": 3, "arm": 4, "riscv64": 5, "ppc64le": 6, "s390x": 7, "loong64": 8, "wasm": 9}[runtime.GOARCH]

// The third byte.
const (
	formListed = iota
	formAnew   // no more follows: covering the fence again is cheaper than reading its covering
)

// AppendBinary appends the covering in the bytes that ParseCovering reads: the version, the processor, the form, and then for each kind of posting their number
// and the postings. Each is its square less that before it, and what there is of it besides: of a clip twice the number of its vertices, and one more if the bit is set, and then the
// vertices, four bytes each, the lowest first; of a mark its bits. Other numbers are unsigned varints. Of a circle there are but three bytes.
func (c *Covering) AppendBinary(dst []byte) []byte {
	dst = append(dst, coveringVersion, architecture, formListed)
	var counts [kinds]uint64
	c.each(func(_ square, k kind, _ []uint32) { counts[k]++ })
	if c.anew || counts[round] > 0 {
		dst[len(dst)-1] = formAnew
		return dst
	}
	next, least := whole, square(0)
	c.each(func(s square, k kind, data []uint32) {
		for ; next <= k; next++ {
			dst, least = binary.AppendUvarint(dst, counts[next]), 0
		}
		dst = binary.AppendUvarint(dst, uint64(s-least))
		least = s
		switch k {
		case clipped:
			dst = binary.AppendUvarint(dst, uint64(len(data)-1)<<1|uint64(data[0]>>8&1))
			for _, v := range data[1:] {
				dst = binary.LittleEndian.AppendUint32(dst, v)
			}
		case marked:
			dst = binary.AppendUvarint(dst, uint64(data[0]))
		}
	})
	for ; next < kinds; next++ {
		dst = binary.AppendUvarint(dst, 0)
	}
	return dst
}

// ParseCovering reads what AppendBinary wrote, and nothing else: of each covering there is one encoding. The error wraps ErrCovering. That the covering is that of a
// fence is not checked: lookups of an index that has another's are wrong, and nothing worse.
func ParseCovering(data []byte) (*Covering, error) {
	if len(data) < 3 || data[0] != coveringVersion || data[1] != architecture || architecture == 0 {
		return nil, fmt.Errorf("decode covering: version or processor: %w", ErrCovering)
	}
	r := coveringReader{data: data[3:], bad: data[2] > formAnew}
	c := &Covering{anew: data[2] == formAnew}
	if !c.anew && !r.bad {
		c.words = make([]uint32, 0, len(data)/2)
		for k := range kinds {
			r.postings(c, k)
		}
	}
	if r.bad || len(r.data) > 0 {
		return nil, fmt.Errorf("decode covering: byte %d: %w", len(data)-len(r.data), ErrCovering)
	}
	return c, nil
}

// coveringReader reads until something is bad.
type coveringReader struct {
	data []byte
	bad  bool
}

// number reads a varint in its shortest form.
func (r *coveringReader) number() uint64 {
	n, size := binary.Uvarint(r.data)
	if size <= 0 || size > 1 && r.data[size-1] == 0 {
		r.bad = true
		return 0
	}
	r.data = r.data[size:]
	return n
}

func (r *coveringReader) postings(c *Covering, k kind) {
	n := r.number()
	if n > uint64(len(r.data)) || n > 0 && k == round {
		r.bad = true
	}
	s := square(0)
	for i := uint64(0); i < n && !r.bad; i++ {
		step := square(r.number())
		if i > 0 && step == 0 || s+step < s || !(s + step).isValid() || (s+step).level()%levelStep != 0 {
			r.bad = true
		}
		s += step
		switch {
		case r.bad:
		case k == clipped:
			r.clip(c, s)
		case k == marked:
			marks := r.number()
			r.bad = r.bad || marks == 0 || marks >= 1<<(maxResolution+1)
			c.append(s, k, uint32(marks))
		default:
			c.append(s, k)
		}
	}
}

func (r *coveringReader) clip(c *Covering, s square) {
	head := r.number()
	n := head >> 1
	if n == 0 || n > maxClip || 4*n > uint64(len(r.data)) {
		r.bad = true
		return
	}
	clip := make([]uint32, 1+n)
	for i := range n {
		clip[1+i] = binary.LittleEndian.Uint32(r.data[4*i:])
	}
	r.data = r.data[4*n:]
	clip[0] = clipHead(clip[1:], head&1 == 1)
	c.append(s, clipped, clip...)
}
