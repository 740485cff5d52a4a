package store

import (
	"bytes"
	"slices"

	"github.com/klauspost/compress/s2"
	"google.golang.org/protobuf/encoding/protowire"
)

// A block holds several bodies in one value, each as field 1, so that many small things are one write. What is offered at one place is the same again and
// again: compressed, a block of decisions takes some fifth of its room, and what is not written costs nothing to sync.

// blockVersion is that of a compressed block; up to valueVersion it is not.
const blockVersion = 2

// maxBlock bounds what a block may say that it holds.
const maxBlock = 1 << 30

// blockSize is about how large a block grows; one that holds a single body may be larger.
const blockSize = 128 << 10

// pack puts bodies into blocks, in order, and returns for each block how many it holds.
func pack(bodies [][]byte) (blocks [][]byte, counts []int) {
	var fields, packed []byte // memory that the blocks of one call share
	for len(bodies) > 0 {
		n, size := 0, 0
		for ; n < len(bodies); n++ {
			length := protowire.SizeTag(1) + protowire.SizeBytes(len(bodies[n]))
			if n > 0 && size+len(bodies[n]) > blockSize {
				break
			}
			size += length
		}
		fields = slices.Grow(fields[:0], size)
		for _, body := range bodies[:n] {
			fields = protowire.AppendBytes(protowire.AppendTag(fields, 1, protowire.BytesType), body)
		}
		packed = compress(packed, fields)
		blocks, counts, bodies = append(blocks, bytes.Clone(packed)), append(counts, n), bodies[n:]
	}
	return blocks, counts
}

// compress makes a block of fields, in dst if it has room.
func compress(dst, fields []byte) []byte {
	dst = slices.Grow(dst[:0], 1+s2.MaxEncodedLen(len(fields)))
	dst = dst[:cap(dst)]
	dst[0] = blockVersion
	return dst[:1+len(s2.Encode(dst[1:], fields))]
}

// expand returns the fields of a block.
func expand(block []byte) ([]byte, error) {
	n, err := s2.DecodedLen(block[1:])
	if err == nil && n > maxBlock {
		return nil, corrupt("a block of %d bytes", n)
	}
	var fields []byte
	if err == nil {
		fields, err = s2.Decode(nil, block[1:])
	}
	if err != nil {
		return nil, corrupt("compressed block: %v", err)
	}
	return fields, nil
}

// readBlock calls fn for each field of a block, as read does for a value.
func readBlock(block []byte, fn func(*field)) error {
	if len(block) == 0 || block[0] != blockVersion {
		return read(block, fn)
	}
	body, err := expand(block)
	if err != nil {
		return err
	}
	return fields(body, 1, fn)
}

// unpack decodes the bodies of a block.
func unpack[T any](block []byte, fn func(*T, *field)) ([]T, error) {
	var out []T
	each := func(f *field) {
		if f.num != 1 {
			return
		}
		var v T
		f.sub(readInto(&v, fn))
		out = append(out, v)
	}
	if err := readBlock(block, each); err != nil {
		return nil, err
	}
	return out, nil
}
