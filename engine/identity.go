package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
	"time"
)

// Clock tells the time; time.Now in production.
type Clock func() time.Time

// IDs makes identifiers.
type IDs struct {
	Random io.Reader // crypto/rand.Reader in production
}

// New returns a UUID version 7 (RFC 9562, section 5.7) for an instant: in text, ascending with time, with 74 random bits.
func (g IDs) New(at time.Time) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(g.Random, b[6:]); err != nil {
		return "", fmt.Errorf("read randomness: %w", err)
	}
	return UUID7(at, b), nil
}

// UUID7 lays an instant over the first six bytes of b, sets version and variant and returns the text.
func UUID7(at time.Time, b [16]byte) string {
	ms := uint64(at.UnixMilli())
	for i := range 6 {
		b[i] = byte(ms >> (40 - 8*i))
	}
	b[6] = b[6]&0x0f | 0x70
	b[8] = b[8]&0x3f | 0x80
	var text [36]byte
	hex.Encode(text[:8], b[:4])
	hex.Encode(text[9:13], b[4:6])
	hex.Encode(text[14:18], b[6:8])
	hex.Encode(text[19:23], b[8:10])
	hex.Encode(text[24:], b[10:])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return string(text[:])
}

// UUID7Time returns the instant of a UUID version 7, to the millisecond; false when id is none.
func UUID7Time(id string) (time.Time, bool) {
	if len(id) != 36 || id[8] != '-' || id[13] != '-' || id[14] != '7' || id[18] != '-' || id[23] != '-' {
		return time.Time{}, false
	}
	b, err := hex.DecodeString(id[:8] + id[9:13])
	if err != nil {
		return time.Time{}, false
	}
	var ms int64
	for _, x := range b {
		ms = ms<<8 | int64(x)
	}
	return time.UnixMilli(ms).UTC(), true
}

// UserHash returns what stands for a user in an account: half of the SHA-256 of the ID, in hexadecimal.
// That of an erased user is the same as before.
func UserHash(id string) string {
	if hash, erased := strings.CutPrefix(id, erasedPrefix); erased && len(hash) == 32 {
		if _, err := hex.DecodeString(hash); err == nil {
			return strings.ToLower(hash)
		}
	}
	h := sha256.Sum256([]byte(id))
	return hex.EncodeToString(h[:16])
}
