package geo

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrCovering is returned for bytes that are not a covering's, and for a covering that is not ascending.
var ErrCovering = errors.New("not a covering")

// coveringVersion is the first byte of a covering. Version 1 held cells of H3.
const coveringVersion = 2

// AppendBinary appends the covering in the bytes that ParseCovering reads, about five for each square: the version, then the interior and the
// boundary squares. Either list is the number of its squares and then each of them, less one more than the one before. Numbers are unsigned varints. There is an
// error, that wraps ErrCovering, only for lists that are not strictly ascending or not of squares.
func (c Covering) AppendBinary(dst []byte) ([]byte, error) {
	dst = append(dst, coveringVersion)
	for _, squares := range [][]Square{c.Interior, c.Boundary} {
		dst = binary.AppendUvarint(dst, uint64(len(squares)))
		least := Square(0)
		for _, s := range squares {
			if s < least || !s.isValid() {
				return nil, fmt.Errorf("encode covering: square %#x: %w", uint64(s), ErrCovering)
			}
			dst = binary.AppendUvarint(dst, uint64(s-least))
			least = s + 1
		}
	}
	return dst, nil
}

// ParseCovering reads what AppendBinary wrote, and nothing else: of each covering there is one encoding. The error wraps ErrCovering. That the covering is that of a
// fence is not checked.
func ParseCovering(data []byte) (Covering, error) {
	if len(data) == 0 || data[0] != coveringVersion {
		return Covering{}, fmt.Errorf("decode covering: version: %w", ErrCovering)
	}
	r := coveringReader{data: data[1:]}
	c := Covering{Interior: r.squares(), Boundary: r.squares()}
	if r.bad || len(r.data) > 0 {
		return Covering{}, fmt.Errorf("decode covering: byte %d: %w", len(data)-len(r.data), ErrCovering)
	}
	return c, nil
}

// coveringReader reads numbers until one is bad.
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

func (r *coveringReader) squares() []Square {
	n := r.number()
	if n > uint64(len(r.data)) {
		r.bad = true
	}
	if r.bad || n == 0 {
		return nil
	}
	squares := make([]Square, 0, n)
	least := Square(0)
	for range n {
		s := least + Square(r.number())
		if r.bad || s < least || !s.isValid() {
			r.bad = true
			return nil
		}
		squares = append(squares, s)
		least = s + 1
	}
	return squares
}
