package engine_test

import (
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/sihai-network/sihai/engine"
)

// TestUnpackedKeepsFew asks for many packed campaigns from several goroutines where there is room for four: each is always its own, those asked for
// again at once are not unpacked again, and no more lie unpacked than there is room for.
func TestUnpackedKeepsFew(t *testing.T) {
	var mu sync.Mutex
	unpacked := 0
	room := engine.NewUnpacked(4, func(b []byte) (engine.Campaign, error) {
		mu.Lock()
		defer mu.Unlock()
		unpacked++
		return engine.Campaign{ID: string(b)}, nil
	})
	terms := make([]*engine.Terms, 32)
	for i := range terms {
		id := strconv.Itoa(i)
		terms[i] = engine.NewTerms(&engine.Campaign{ID: "whole"})
		if terms[i].Campaign().ID != "whole" {
			t.Fatal("what is not packed is not as it was given")
		}
		terms[i].Pack([]byte(id), room)
	}
	for range 3 {
		for _, i := range []int{1, 2, 3} {
			if got := terms[i].Campaign(); got != terms[i].Campaign() || got.ID != strconv.Itoa(i) {
				t.Fatalf("campaign %d is %v", i, got.ID)
			}
		}
	}
	if unpacked != 3 {
		t.Errorf("three campaigns were unpacked %d times", unpacked)
	}
	var all sync.WaitGroup
	faults := make(chan error, 4)
	for g := range 4 {
		all.Go(func() {
			for n := range 2_000 {
				i := (n*7 + g) % len(terms)
				if got := terms[i].Campaign().ID; got != strconv.Itoa(i) {
					faults <- fmt.Errorf("campaign %d is %q", i, got)
					return
				}
			}
		})
	}
	all.Wait()
	close(faults)
	for err := range faults {
		t.Error(err)
	}
	before := unpacked
	for _, x := range terms {
		x.Campaign()
	}
	if again := unpacked - before; again < len(terms)-4 {
		t.Errorf("only %d of %d were unpacked again: more than four had stayed", again, len(terms))
	}
}
