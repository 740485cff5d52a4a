package store

import (
	"google.golang.org/protobuf/encoding/protowire"
)

// A block holds several bodies in one value, each as field 1, so that many small things are one write.

// blockSize is about how large a block grows; one that holds a single body may be larger.
const blockSize = 128 << 10

// pack puts bodies into blocks, in order, and returns for each block how many it holds.
func pack(bodies [][]byte) (blocks [][]byte, counts []int) {
	var m *message
	for _, body := range bodies {
		if m == nil || len(m.b)+len(body) > blockSize {
			m = newMessage()
			blocks, counts = append(blocks, nil), append(counts, 0)
		}
		m.b = protowire.AppendBytes(protowire.AppendTag(m.b, 1, protowire.BytesType), body)
		blocks[len(blocks)-1] = m.b
		counts[len(counts)-1]++
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
