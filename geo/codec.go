package geo

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrCovering is returned for bytes that are not a covering's, and for a covering that is not ascending.
var ErrCovering = errors.New("not a covering")

// coveringVersion is the first byte of a covering.
const coveringVersion = 1

// AppendBinary appends the covering in the bytes that ParseCovering reads, about two for each cell: the version, then the interior and the
// boundary cells. Either list is the number of its cells and, for each resolution in it, ascending, the resolution, the number of its cells and the cells, ascending:
// base cell and digits of the index as one number, less one more than that of the cell before. Numbers are unsigned varints. There is an error, that wraps ErrCovering, only for lists
// that are not strictly ascending or not of cells.
func (c Covering) AppendBinary(dst []byte) ([]byte, error) {
	dst = append(dst, coveringVersion)
	for _, cells := range [][]Cell{c.Interior, c.Boundary} {
		dst = binary.AppendUvarint(dst, uint64(len(cells)))
		for len(cells) > 0 {
			resolution := cells[0].Resolution()
			n := 1
			for n < len(cells) && cells[n].Resolution() == resolution {
				n++
			}
			dst = binary.AppendUvarint(dst, uint64(resolution))
			dst = binary.AppendUvarint(dst, uint64(n))
			least := uint64(0)
			for _, cell := range cells[:n] {
				number := cellNumber(cell, resolution)
				if number < least || cellOf(number, resolution) != cell || !cell.IsValid() {
					return nil, fmt.Errorf("encode covering: cell %s: %w", cell, ErrCovering)
				}
				dst = binary.AppendUvarint(dst, number-least)
				least = number + 1
			}
			if cells = cells[n:]; len(cells) > 0 && cells[0].Resolution() < resolution {
				return nil, fmt.Errorf("encode covering: cell %s: %w", cells[0], ErrCovering)
			}
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
	c := Covering{Interior: r.cells(), Boundary: r.cells()}
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

// number reads an unsigned varint of the shortest form.
func (r *coveringReader) number() uint64 {
	v, n := binary.Uvarint(r.data)
	if n <= 0 || n > 1 && r.data[n-1] == 0 {
		r.bad = true
		return 0
	}
	r.data = r.data[n:]
	return v
}

func (r *coveringReader) cells() []Cell {
	total := r.number()
	if total == 0 || r.bad || total > uint64(len(r.data)) {
		r.bad = r.bad || total > 0
		return nil
	}
	cells := make([]Cell, 0, total)
	least := uint64(0) // resolution
	for uint64(len(cells)) < total && !r.bad {
		resolution, n := r.number(), r.number()
		if resolution < least || resolution > 15 || n == 0 || n > total-uint64(len(cells)) {
			r.bad = true
			break
		}
		least = resolution + 1
		cells = r.run(cells, int(resolution), n)
	}
	return cells
}

// run reads n cells of a resolution.
func (r *coveringReader) run(cells []Cell, resolution int, n uint64) []Cell {
	limit := uint64(1) << cellBits(resolution)
	least := uint64(0)
	for ; n > 0 && !r.bad; n-- {
		step := r.number()
		if step >= limit-least {
			r.bad = true
			break
		}
		cell := cellOf(least+step, resolution)
		r.bad = r.bad || !cell.IsValid()
		cells = append(cells, cell)
		least += step + 1
	}
	return cells
}

// The parts of an H3 index (h3geo.org, H3 Index Bit Layout): the mode, 1 for a cell, in bits 59 to 62, the resolution in 52 to 55, the base cell in 45 to 51, and
// below it a digit of three bits for each resolution, those that are not in use all ones.
const (
	modeShift       = 59
	resolutionShift = 52
	baseCellBits    = 7
	maxResolution   = 15
)

// cellBits is the number of bits of base cell and digits.
func cellBits(resolution int) int { return baseCellBits + 3*resolution }

func unusedBits(resolution int) int { return 3 * (maxResolution - resolution) }

// cellNumber is the base cell and the digits of an index.
func cellNumber(cell Cell, resolution int) uint64 {
	return uint64(cell) >> unusedBits(resolution) & (1<<cellBits(resolution) - 1)
}

func cellOf(number uint64, resolution int) Cell {
	unused := unusedBits(resolution)
	return Cell(1<<modeShift | uint64(resolution)<<resolutionShift | number<<unused | (1<<unused - 1))
}
