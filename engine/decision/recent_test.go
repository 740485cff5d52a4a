package decision

import (
	"testing"

	"github.com/sihai-network/sihai/engine"
)

// Equal keys have one number for as long as they are remembered, and none ever has another's.
func TestRecent(t *testing.T) {
	var r recent[int]
	same := func(a, b *int) bool { return *a == *b }
	number := func(key int) uint32 { return r.of(&key, same) }
	if number(5) != 1 || number(6) != 2 || number(5) != 1 {
		t.Error("equal keys have several numbers")
	}
	for key := range maxRecent + 1 {
		number(100 + key)
	}
	if got := number(5); got != maxRecent+4 {
		t.Errorf("forgotten and asked for again: %d", got)
	}
}

// An epoch ends with the rates' day or the popularity.
func TestEpochs(t *testing.T) {
	days := make([]engine.RateDay, 2)
	one, other := map[engine.CampaignRef]engine.Counts{}, map[engine.CampaignRef]engine.Counts{}
	first := epoch{&days[0], one, nil}
	for _, e := range []epoch{{&days[1], one, nil}, {&days[0], other, nil}, {&days[0], nil, nil}, {nil, one, nil}, {&days[0], one, map[engine.CampaignRef]*engine.Prices{}}} {
		if sameEpoch(&first, &e) {
			t.Errorf("%+v is the same", e)
		}
	}
	if again := (epoch{&days[0], one, nil}); !sameEpoch(&first, &again) {
		t.Error("an epoch is not itself")
	}
}
