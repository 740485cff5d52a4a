package badgerkv

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// What is remembered of a key is what was last read or written there, however much is forgotten meanwhile.
func TestRecallNeverTellsWhatIsNoLongerSo(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 4))
	r := newRecall(2000)
	stored := make(map[string][]byte)
	known := 0
	for step := range 200_000 {
		key := fmt.Appendf(nil, "key %d", min(random.IntN(60), random.IntN(60)))
		value, remembered := r.get(r.at(nil, key))
		if remembered {
			known++
			if string(value) != string(stored[string(key)]) || (value == nil) != (stored[string(key)] == nil) {
				t.Fatalf("step %d: %q is %q, remembered as %q", step, key, stored[string(key)], value)
			}
		} else {
			r.add(key, stored[string(key)])
		}
		switch random.IntN(4) {
		case 0:
			stored[string(key)] = make([]byte, random.IntN(2)*random.IntN(2*recallValue)) // too large ones too
		case 1:
			stored[string(key)] = fmt.Append(nil, step)
		case 2:
			stored[string(key)] = nil
		default:
			continue
		}
		r.written(key, stored[string(key)])
	}
	if size := len(r.young) + len(r.old); known < 50_000 || size > 60 {
		t.Errorf("%d of 200000 remembered, %d entries", known, size)
	}
}
