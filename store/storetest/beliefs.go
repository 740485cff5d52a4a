package storetest

import (
	"errors"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
)

// testBeliefs keeps beliefs of versions of profiles, of which one's name is the other's beginning, and reads each epoch again.
func testBeliefs(b *fixture) {
	refs := []engine.ProfileRef{{Name: "a", Version: 1}, {Name: "a", Version: 257}, {Name: "ab", Version: 1}}
	at := time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC)
	belief := func(ref engine.ProfileRef, epoch uint64) engine.Belief {
		x := float64(epoch) + float64(ref.Version)/1000
		return engine.Belief{Profile: ref, Epoch: epoch, From: at, Until: at.Add(time.Duration(epoch) * time.Hour), Belief: scoring.Belief{
			Means: map[string]float64{"saving": x, "distance": -x}, Deviations: map[string]float64{"saving": 1 / x, "distance": 2}, Bias: -3, BiasDeviation: 0.5, Examples: int(epoch) * 100,
		}}
	}
	for _, ref := range refs {
		if _, err := b.Belief(b.ctx(), ref, 0); !errors.Is(err, engine.ErrNotFound) {
			b.ok(errors.Join(errors.New("nothing is believed yet"), err))
		}
		for epoch := range uint64(3) {
			next := belief(ref, epoch+1)
			b.ok(b.KeepBelief(b.ctx(), &next))
			if err := b.KeepBelief(b.ctx(), &next); !errors.Is(err, engine.ErrStale) {
				b.ok(errors.Join(errors.New("an epoch that is kept"), err))
			}
		}
	}
	b.reopen()
	for _, ref := range refs {
		newest, err := b.Belief(b.ctx(), ref, 0)
		b.ok(err)
		b.same(newest, belief(ref, 3))
		for epoch := range uint64(3) {
			got, err := b.Belief(b.ctx(), ref, epoch+1)
			b.ok(err)
			b.same(got, belief(ref, epoch+1))
		}
	}
	if _, err := b.Belief(b.ctx(), refs[0], 4); !errors.Is(err, engine.ErrNotFound) {
		b.ok(errors.Join(errors.New("an epoch to come"), err))
	}
	if _, _, err := b.ListProfiles(b.ctx(), engine.Page{Limit: 10}); err != nil {
		b.ok(err)
	}
}
