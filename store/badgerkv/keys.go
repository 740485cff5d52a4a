package badgerkv

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/sihai-network/sihai/store/kv"
)

// The first byte of every key says what it is; store/FORMAT.md draws the rest.
const (
	kindFormat     = 0x01
	kindPair       = 'p'
	kindLog        = 'l'
	kindLogHead    = 'm'
	kindStream     = 's'
	kindStreamHead = 't'
	kindStreamTrim = 'w'
	kindFiller     = 'z' // for a moment, see purge.go
)

var formatKey = []byte{kindFormat}

const (
	maxName = 200
	maxKey  = 60_000
)

func checkName(name string) error {
	if name == "" || len(name) > maxName || strings.IndexByte(name, 0) >= 0 {
		return fmt.Errorf("%w: %.40q", kv.ErrName, name)
	}
	return nil
}

// bucketPrefix begins the key of each pair of a bucket.
func bucketPrefix(bucket int) []byte {
	return binary.BigEndian.AppendUint16([]byte{kindPair}, uint16(bucket))
}

// partPrefix begins the key of each pair of a partition. The zero byte after the name keeps the order of names.
func partPrefix(p kv.Part) []byte {
	return append(append(bucketPrefix(p.Bucket()), p...), 0)
}

// splitPair undoes partPrefix and the key after it.
func splitPair(key []byte) (p kv.Part, rest []byte, ok bool) {
	if len(key) < 3 {
		return "", nil, false
	}
	name, rest, ok := bytes.Cut(key[3:], []byte{0})
	return kv.Part(name), rest, ok
}

func namePrefix(kind byte, name string) []byte {
	return append(append([]byte{kind}, name...), 0)
}

func logKey(log kv.Log, seq uint64) []byte {
	return binary.BigEndian.AppendUint64(namePrefix(kindLog, string(log)), seq)
}

// millis orders times before 1970 too.
func millis(t time.Time) uint64 { return uint64(t.UnixMilli()) ^ 1<<63 }

func fromMillis(m uint64) time.Time { return time.UnixMilli(int64(m ^ 1<<63)).UTC() }

func blockKey(s kv.Stream, p kv.Place) []byte {
	key := binary.BigEndian.AppendUint64(namePrefix(kindStream, string(s)), millis(p.Time))
	return binary.BigEndian.AppendUint64(key, p.Seq)
}

// placeOf reads the place at the end of a block's key, and in the value of a stream's head.
func placeOf(b []byte) (kv.Place, bool) {
	if len(b) < 16 {
		return kv.Place{}, false
	}
	b = b[len(b)-16:]
	return kv.Place{Time: fromMillis(binary.BigEndian.Uint64(b)), Seq: binary.BigEndian.Uint64(b[8:])}, true
}

func placeValue(p kv.Place) []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, millis(p.Time)), p.Seq)
}
