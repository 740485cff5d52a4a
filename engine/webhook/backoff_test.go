package webhook

import (
	"bytes"
	"crypto/rand"
	"testing"
	"time"
)

// TestBackoffLastsForDays adds up the longest and the shortest waits.
func TestBackoffLastsForDays(t *testing.T) {
	b := Backoff{}.orDefault()
	sum := func(random []byte) (total time.Duration, waits int) {
		for tries := 1; ; tries++ {
			d, more := b.wait(tries, bytes.NewReader(bytes.Repeat(random, 8)))
			if !more {
				return total, waits
			}
			if d <= 0 || d > b.Most {
				t.Fatalf("wait %d is %v", tries, d)
			}
			total += d
			waits++
		}
	}
	longest, n := sum([]byte{0})
	shortest, _ := sum([]byte{255})
	if n != b.Tries-1 || longest < 4*24*time.Hour || longest > 5*24*time.Hour || shortest < 2*24*time.Hour || shortest < longest/2 {
		t.Errorf("%d waits of %v to %v", n, shortest, longest)
	}
	first, _ := b.wait(1, bytes.NewReader(make([]byte, 8)))
	second, _ := b.wait(2, bytes.NewReader(make([]byte, 8)))
	if first != 10*time.Second || second != 30*time.Second {
		t.Errorf("first waits are %v and %v", first, second)
	}
	seen := map[time.Duration]bool{}
	for range 20 {
		d, _ := b.wait(3, rand.Reader)
		seen[d] = true
	}
	if len(seen) < 10 {
		t.Errorf("20 waits have only %d lengths", len(seen))
	}
}
