package decision

import (
	"math"
	"testing"
)

// The fall is at most fallError above the exponential function and never below it but for single precision.
func TestFall(t *testing.T) {
	f := newFall()
	for _, x := range []float64{math.Inf(-1), -1, 0} {
		if f.at(x) != 1 {
			t.Errorf("%v: %v, want 1", x, f.at(x))
		}
	}
	for x := 0.0; x < 30; x += 0.00037 {
		if got, want := f.at(x), math.Exp(-x); got > want+fallError || got < want-1e-7 {
			t.Fatalf("%v: %v, want %v", x, got, want)
		}
	}
	if got := f.at(math.Inf(1)); got != 0 {
		t.Errorf("far away: %v", got)
	}
}

// Equal things have one number, and what is known of them is forgotten with the request.
func TestNumberingIsStable(t *testing.T) {
	var n numbering[string]
	for range 2 {
		for i, name := range []string{"a", "b", "c"} {
			if got := n.of(name); got != uint32(i+1) {
				t.Errorf("%s: %d", name, got)
			}
		}
	}
	if n.len() != 3 {
		t.Errorf("%d numbers", n.len())
	}
	var m memo[int]
	for round := range 3 {
		m.forget()
		if _, known := m.at(40); known {
			t.Errorf("round %d: known", round)
		}
		if _, known := m.at(40); !known {
			t.Errorf("round %d: not known", round)
		}
	}
}
