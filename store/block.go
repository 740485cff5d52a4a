package store

import (
	"google.golang.org/protobuf/encoding/protowire"
)

// A block holds several bodies in one value, each as field 1, so that many small things are one write.

// blockSize is about how large a block grows; one that holds a single body may be larger.
const blockSize = 128 << 10

// pack puts bodies into blocks, in order, and returns for each block how many it holds.
func pack(bodies [][]byte) (blocks [][]byte, counts []int) {
	for len(bodies) > 0 {
		n, size := 0, 1
		for ; n < len(bodies); n++ {
			length := protowire.SizeTag(1) + protowire.SizeBytes(len(bodies[n]))
			if n > 0 && size+len(bodies[n]) > blockSize {
				break
			}
			size += length
		}
		b := append(make([]byte, 0, size), valueVersion)
		for _, body := range bodies[:n] {
			b = protowire.AppendBytes(protowire.AppendTag(b, 1, protowire.BytesType), body)
		}
		blocks, counts, bodies = append(blocks, b), append(counts, n), bodies[n:]
	}
	return blocks, counts
}

// unpack decodes the bodies of a block.
func unpack[T any](block []byte, fn func(*T, *field)) ([]T, error) {
	var out []T
	err := read(block, func(f *field) {
		if f.num != 1 {
			return
		}
		var v T
		f.sub(readInto(&v, fn))
		out = append(out, v)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
