package storetest

import (
	"errors"
	"slices"
	"time"

	"github.com/sihai-network/sihai/engine"
)

func testHolds(f *ledgerFixture) {
	var all []engine.Hold
	f.update(account, func(tx engine.AccountTx) error {
		for _, n := range []int{3, 1, 2, 5, 4} {
			r := Redemption(account, n)
			r.ExpiresAt = r.ExpiresAt.Add(time.Duration(n/2) * time.Minute) // two end at once
			f.ok(tx.PutRedemption(nil, &r))
			all = append(all, engine.Hold{ExpiresAt: r.ExpiresAt, ID: r.ID})
		}
		return nil
	})
	slices.SortFunc(all, func(a, b engine.Hold) int {
		if c := a.ExpiresAt.Compare(b.ExpiresAt); c != 0 {
			return c
		}
		return compareText(a.ID, b.ID)
	})
	list := func(after time.Time, limit int) (holds []engine.Hold) {
		f.view(account, func(r engine.AccountReader) (err error) { holds, err = r.Holds(after, limit); return err })
		return holds
	}
	f.same(list(time.Time{}, 9), all)
	f.same(list(time.Time{}, 2), all[:2])
	f.same(list(all[0].ExpiresAt, 9), all[1:])
	f.same(list(all[0].ExpiresAt.Add(-time.Millisecond), 9), all)
	f.same(len(list(all[4].ExpiresAt, 9)), 0)
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func testMoveReceipts(f *ledgerFixture) {
	once := func(caller, key string, body byte) *engine.Once {
		return &engine.Once{Caller: caller, Key: key, Fingerprint: [32]byte{body}}
	}
	f.update(account, func(tx engine.AccountTx) error {
		return errors.Join(tx.Remember(nil, engine.MoveReserve, engine.MoveReceipt{ID: "none", Number: 1}),
			tx.Remember(once("key_1", "k", 1), engine.MoveReserve, engine.MoveReceipt{ID: "r-1", Number: 7}))
	})
	f.reopen()
	f.view(account, func(r engine.AccountReader) error {
		was, err := r.Earlier(once("key_1", "k", 1), engine.MoveReserve)
		f.ok(err)
		f.same(*was, engine.MoveReceipt{ID: "r-1", Number: 7})
		for _, o := range []*engine.Once{nil, once("key_2", "k", 1), once("key_1", "other", 1)} {
			was, err := r.Earlier(o, engine.MoveReserve)
			f.ok(err)
			f.same(was == nil, true)
		}
		_, err = r.Earlier(once("key_1", "k", 2), engine.MoveReserve)
		f.is(err, engine.ErrOnceConflict)
		_, err = r.Earlier(once("key_1", "k", 1), engine.MoveConfirm)
		f.is(err, engine.ErrOnceConflict)
		return nil
	})
}

func testOnceIndex(f *ledgerFixture) {
	other := engine.CampaignRef{MerchantID: "m-2", CampaignID: "c-1"}
	key := func(caller, key string) *engine.Once { return &engine.Once{Caller: caller, Key: key} }
	where := func(once *engine.Once) any {
		f.Helper()
		c, found, err := f.OnceCampaign(f.ctx(), once)
		f.ok(err)
		return []any{c, found}
	}
	f.same(where(key("key_1", "k")), []any{engine.CampaignRef{}, false})
	f.ok(f.NoteOnce(f.ctx(), key("key_1", "k"), account))
	f.ok(f.NoteOnce(f.ctx(), key("key_2", "k"), other))
	f.reopen()
	f.same(where(key("key_1", "k")), []any{account, true})
	f.same(where(key("key_2", "k")), []any{other, true})
	f.same(where(key("key_1", "K")), []any{engine.CampaignRef{}, false})
	f.ok(f.NoteOnce(f.ctx(), key("key_1", "k"), other))
	f.same(where(key("key_1", "k")), []any{other, true})
}

func testMovementPages(f *ledgerFixture) {
	const n = 600
	f.update(account, func(tx engine.AccountTx) error {
		for i := range uint64(n) {
			m := engine.Movement{Number: i + 1, Kind: engine.MoveRedeem, Time: epoch.Truncate(time.Millisecond), RedemptionID: redemptionID(account, int(i))}
			if err := tx.PutMovement(&m); err != nil {
				return err
			}
		}
		return nil
	})
	next := uint64(0)
	for {
		page, err := f.Movements(f.ctx(), account, next, 250)
		f.ok(err)
		for _, m := range page {
			next++
			f.same([]any{m.Number, m.RedemptionID}, []any{next, redemptionID(account, int(next-1))})
		}
		if len(page) < 250 {
			break
		}
	}
	f.same(next, uint64(n))
	page, err := f.Movements(f.ctx(), account, n, 9)
	f.ok(err)
	f.same(len(page), 0)
}

func testCodePages(f *ledgerFixture) {
	f.update(account, func(tx engine.AccountTx) error {
		for _, c := range []string{"B", "A", "AB", "C"} {
			f.ok(tx.PutCode(&engine.Code{Code: c, Uses: 1}))
		}
		return nil
	})
	var all []string
	p := engine.Page{Limit: 3}
	for {
		page, next, err := f.ListCodes(f.ctx(), account, p)
		f.ok(err)
		for _, c := range page {
			all = append(all, c.Code)
		}
		if p.After = next; next == "" {
			break
		}
	}
	f.same(all, []string{"A", "AB", "B", "C"})
}

func testAccountList(f *ledgerFixture) {
	want := []engine.CampaignRef{{MerchantID: "m-1", CampaignID: "c-1"}, {MerchantID: "m-1", CampaignID: "c-2"}, {MerchantID: "m-2", CampaignID: "c-1"}}
	for _, i := range []int{2, 0, 1, 0} {
		f.update(want[i], func(tx engine.AccountTx) error { return tx.PutBatch("b", nil) })
	}
	f.same(f.accounts(), want)
	f.reopen()
	f.same(f.accounts(), want)
}

func testAccountsApart(f *ledgerFixture) {
	refs := []engine.CampaignRef{{MerchantID: "m-1", CampaignID: "c-1"}, {MerchantID: "m-2", CampaignID: "c-1"}, {MerchantID: "m-1", CampaignID: "c-11"}}
	for i, ref := range refs {
		f.update(ref, func(tx engine.AccountTx) error { return tx.PutCode(&engine.Code{Code: "K", Uses: int64(i + 1)}) })
	}
	for i, ref := range refs {
		f.view(ref, func(r engine.AccountReader) error {
			c, err := r.Code("K")
			f.ok(err)
			f.same(c.Uses, int64(i+1))
			return nil
		})
	}
}

func testAccountOwnership(f *ledgerFixture) {
	r, m := Redemption(account, 1), Movement(account, 1)
	f.update(account, func(tx engine.AccountTx) error {
		return errors.Join(tx.PutRedemption(nil, &r), tx.PutMovement(&m))
	})
	r.Charges[0].Amount, m.Changes[0].After.Spend[0].Amount = 1, 1 // what was put is the store's
	for range 2 {
		f.view(account, func(from engine.AccountReader) error {
			r, err := from.Redemption(redemptionID(account, 1))
			f.ok(err)
			m, err := from.Movement(1)
			f.ok(err)
			f.same([]any{r, m}, []any{Redemption(account, 1), Movement(account, 1)})
			r.Charges[0].Amount, m.Changes[0].After.Spend[0].Amount = 2, 2 // what is read is the caller's
			return nil
		})
	}
}
