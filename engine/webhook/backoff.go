package webhook

import (
	"encoding/binary"
	"io"
	"time"
)

// Backoff says when a delivery is tried again: after First, each time Factor times as long, never longer than Most, until it was tried Tries times. Each wait
// is cut by up to half at random, so that many deliveries that failed together do not come together again. The zero value is the default: waits of at most 10 s,
// 30 s, 90 s, 4.5 min, 13.5 min, 40 min, 2 h, 6 h, 12 h, 12 h …, 17 tries over some three days.
type Backoff struct {
	First, Most time.Duration
	Factor      float64
	Tries       int
}

func (b Backoff) orDefault() Backoff {
	if b == (Backoff{}) {
		return Backoff{First: 10 * time.Second, Most: 12 * time.Hour, Factor: 3, Tries: 17}
	}
	return b
}

// wait returns how long to wait after so many tries, from 1; false: no more.
func (b Backoff) wait(tries int, random io.Reader) (time.Duration, bool) {
	if tries >= b.Tries {
		return 0, false
	}
	d := float64(b.First)
	for i := 1; i < tries && d < float64(b.Most); i++ {
		d *= b.Factor
	}
	d = min(d, float64(b.Most))
	var r [8]byte
	_, _ = io.ReadFull(random, r[:]) // without randomness the wait is whole
	share := float64(binary.LittleEndian.Uint64(r[:])>>11) / (1 << 53)
	return time.Duration(d * (1 - share/2)), true
}
