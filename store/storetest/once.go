package storetest

import (
	"errors"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
)

func asFaults(err error) (f engine.Faults, ok bool) {
	ok = errors.As(err, &f)
	return f, ok
}

func testOnce(b *fixture) {
	b.merchant("m-1")
	put := func(w engine.Write, chain string) (engine.Venue, error) {
		v := Venue("m-1", "v-1")
		v.Chain = chain
		return b.PutVenue(b.ctx(), w, v)
	}
	w := b.once("k-1", 1)
	first, err := put(w, "first")
	b.ok(err)
	_, err = put(b.write(), "second")
	b.ok(err)
	position := b.position()

	again, err := put(b.once("k-1", 1), "first")
	b.ok(err)
	b.same(again, first)
	_, err = put(b.once("k-1", 2), "third")
	b.is(err, engine.ErrOnceConflict)
	b.same(b.position(), position)
	now, err := b.Venue(b.ctx(), "m-1", "v-1")
	b.ok(err)
	b.same([]any{now.Chain, now.Meta.Version}, []any{"second", uint64(2)})

	other := b.once("k-1", 2)
	other.Once.Caller = "key_2"
	_, err = put(other, "of another caller")
	b.ok(err)

	refused := b.once("k-2", 1)
	refused.If.Version = 1
	_, err = put(refused, "refused")
	b.is(err, engine.ErrStale)
	refused.If.Version = 3
	_, err = put(refused, "what was refused did not happen")
	b.ok(err)

	b.reopen()
	again, err = put(b.once("k-1", 1), "first")
	b.ok(err)
	b.same(again, first)
	b.ok(b.DeleteVenue(b.ctx(), b.write(), "m-1", "v-1"))
	again, err = put(b.once("k-1", 1), "first")
	b.ok(err)
	b.same(again, first)
	_, err = b.Venue(b.ctx(), "m-1", "v-1")
	b.is(err, engine.ErrNotFound)
	b.onceOfTheRest()
}

// onceOfTheRest uses one key for one write of every other kind, twice.
func (b *fixture) onceOfTheRest() {
	b.Helper()
	b.campaign(Campaign("m-1", "c-1"))
	profile := scoring.Profile{Name: "p", Weights: map[string]float64{"distance": 1}}
	hash := [32]byte{1}
	day := engine.Rates{{Date: engine.Date{Year: 2026, Month: 1, Day: 2}, Rates: map[string]engine.Rate{"USD": {Mantissa: 11, Scale: 1}}}}
	for _, write := range []func() (any, error){
		func() (any, error) {
			return b.PutMerchant(b.ctx(), b.once("k", 1), engine.Merchant{ID: "m-2", Name: engine.Text{"en": "M"}})
		},
		func() (any, error) {
			return b.UpdateCampaign(b.ctx(), b.once("u", 1), "m-1", "c-1", func(c *engine.Campaign) error { c.Stacking.Priority++; return nil })
		},
		func() (any, error) { return b.PutCampaign(b.ctx(), b.once("c", 1), Campaign("m-1", "c-1")) },
		func() (any, error) { return b.PutProfile(b.ctx(), b.once("k", 1), profile) },
		func() (any, error) { return b.ActivateProfile(b.ctx(), b.once("a", 1), "p", 0) },
		func() (any, error) { return b.PutRates(b.ctx(), b.once("k", 1), day) },
		func() (any, error) {
			return b.PutKey(b.ctx(), b.once("k", 1), engine.Key{ID: "key_9", Hash: hash, Role: engine.RoleApp})
		},
		func() (any, error) { return b.RevokeKey(b.ctx(), b.once("r", 1), "key_9") },
	} {
		first, err := write()
		b.ok(err)
		position := b.position()
		again, err := write()
		b.ok(err)
		b.same(again, first)
		b.same(b.position(), position)
	}
}

func testOnceDeletion(b *fixture) {
	b.merchant("m-1")
	b.venue("m-1", "v-1")
	b.ok(b.DeleteVenue(b.ctx(), b.once("k", 1), "m-1", "v-1"))
	b.venue("m-1", "v-1")
	b.ok(b.DeleteVenue(b.ctx(), b.once("k", 1), "m-1", "v-1"))
	_, err := b.Venue(b.ctx(), "m-1", "v-1")
	b.ok(err)
	b.is(b.DeleteVenue(b.ctx(), b.once("k", 2), "m-1", "v-1"), engine.ErrOnceConflict)
	_, err = b.PutVenue(b.ctx(), b.once("k", 1), Venue("m-1", "v-2"))
	b.is(err, engine.ErrOnceConflict)
}
