package storetest

import (
	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
)

func testProfiles(b *fixture) {
	_, err := b.ActiveProfile(b.ctx())
	b.is(err, engine.ErrNotFound)
	_, err = b.ActivateProfile(b.ctx(), b.write(), "p", 0)
	b.is(err, engine.ErrNotFound)
	var put []scoring.Profile
	for i := range 3 {
		w := b.write()
		p := scoring.Default()
		p.Name, p.Bias = "p", float64(i)/4
		stored, err := b.PutProfile(b.ctx(), w, p)
		b.ok(err)
		p.Version, p.Author, p.Created = uint64(i+1), w.By, w.At
		b.same(stored, p)
		put = append(put, p)
	}
	other, err := b.PutProfile(b.ctx(), b.write(), scoring.Profile{Name: "a"})
	b.ok(err)
	b.same(b.position(), uint64(0))

	for version, want := range []scoring.Profile{put[2], put[0], put[1], put[2]} {
		got, err := b.Profile(b.ctx(), "p", uint64(version))
		b.ok(err)
		b.same(got, want)
	}
	_, err = b.Profile(b.ctx(), "p", 4)
	b.is(err, engine.ErrNotFound)
	list, next, err := b.ListProfiles(b.ctx(), engine.Page{Limit: 9})
	b.ok(err)
	b.same([]any{list, next}, []any{[]scoring.Profile{other, put[2]}, ""})
	versions, next, err := b.ProfileVersions(b.ctx(), "p", engine.Page{Limit: 2})
	b.ok(err)
	b.same([]any{versions, next}, []any{[]scoring.Profile{put[2], put[1]}, "2"})

	for _, version := range []uint64{2, 0} {
		_, err = b.ActivateProfile(b.ctx(), b.write(), "p", version)
		b.ok(err)
		active, err := b.ActiveProfile(b.ctx())
		b.ok(err)
		b.same(active, put[(version+2)%3])
	}
	_, err = b.ActivateProfile(b.ctx(), b.write(), "p", 9)
	b.is(err, engine.ErrNotFound)
	b.same(b.changes(0), []engine.Change{{Seq: 1, Kind: engine.ChangeProfile, ID: "p", After: 2}, {Seq: 2, Kind: engine.ChangeProfile, ID: "p", After: 3}})
}

func testRates(b *fixture) {
	day := func(d int, usd int64) engine.RateDay {
		return engine.RateDay{Date: engine.Date{Year: 2026, Month: 11, Day: d},
			Rates: map[string]engine.Rate{"USD": {Mantissa: usd, Scale: 4}, "JPY": {Mantissa: 16212, Scale: 2}}}
	}
	none, err := b.Rates(b.ctx())
	b.ok(err)
	b.same(len(none), 0)
	for _, step := range []struct {
		put     engine.Rates
		changed int
		want    engine.Rates
	}{
		{engine.Rates{day(20, 10500), day(23, 10600)}, 2, engine.Rates{day(20, 10500), day(23, 10600)}},
		{engine.Rates{day(20, 10500)}, 0, engine.Rates{day(20, 10500), day(23, 10600)}},
		{engine.Rates{day(19, 1), day(20, 2), day(23, 10600)}, 2, engine.Rates{day(19, 1), day(20, 2), day(23, 10600)}},
	} {
		changed, err := b.PutRates(b.ctx(), b.write(), step.put)
		b.ok(err)
		b.same(changed, step.changed)
		got, err := b.Rates(b.ctx())
		b.ok(err)
		b.same(got, step.want)
	}
	old := engine.Rates{{Date: engine.Date{Year: 1999, Month: 1, Day: 4}, Rates: map[string]engine.Rate{"USD": {Mantissa: 11789, Scale: 4}}}}
	_, err = b.PutRates(b.ctx(), b.write(), old)
	b.ok(err)
	got, err := b.Rates(b.ctx())
	b.ok(err)
	b.same(got[0], old[0])
	b.same(b.position(), uint64(3))
}

func testKeys(b *fixture) {
	w := b.write()
	k := engine.Key{ID: "key_a", Hash: [32]byte{1, 2, 3}, Role: engine.RoleMerchant, MerchantID: "m-1", Note: "till"}
	put, err := b.PutKey(b.ctx(), w, k)
	b.ok(err)
	k.Created = w.At
	b.same(put, k)
	found, err := b.KeyByHash(b.ctx(), k.Hash)
	b.ok(err)
	b.same(found, k)
	_, err = b.KeyByHash(b.ctx(), [32]byte{9})
	b.is(err, engine.ErrNotFound)
	_, err = b.PutKey(b.ctx(), b.write(), engine.Key{ID: "key_b", Hash: k.Hash, Role: engine.RoleApp})
	b.is(err, engine.ErrExists)

	w = b.write()
	revoked, err := b.RevokeKey(b.ctx(), w, "key_a")
	b.ok(err)
	k.Revoked = w.At
	b.same(revoked, k)
	again, err := b.RevokeKey(b.ctx(), b.write(), "key_a")
	b.ok(err)
	b.same(again, k)
	found, err = b.KeyByHash(b.ctx(), k.Hash)
	b.ok(err)
	b.same(found, k)
	_, err = b.RevokeKey(b.ctx(), b.write(), "key_b")
	b.is(err, engine.ErrNotFound)

	old := k.Hash
	k.Hash = [32]byte{7}
	_, err = b.PutKey(b.ctx(), b.write(), k)
	b.ok(err)
	_, err = b.KeyByHash(b.ctx(), old)
	b.is(err, engine.ErrNotFound)
	keys, next, err := b.ListKeys(b.ctx(), engine.Page{Limit: 5})
	b.ok(err)
	b.same([]any{keys, next}, []any{[]engine.Key{k}, ""})
}
