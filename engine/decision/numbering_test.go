package decision

import "testing"

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
