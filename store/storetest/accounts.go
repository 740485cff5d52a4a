package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// Ledger is what of a store the ledger works on.
type Ledger interface {
	engine.Accounts
	engine.Purchases
	engine.OnceIndex
	Close() error
}

// LedgerHome is Home for a Ledger.
type LedgerHome func(t testing.TB) (open func() Ledger)

// RunAccounts runs the suite of the ledger's seam, and a simulation of it over a few seeds. Cost: some 15 places, some seconds.
func RunAccounts(t *testing.T, home LedgerHome) {
	for _, c := range []struct {
		name string
		test func(*ledgerFixture)
	}{
		{"an account of which nothing is kept", testEmptyAccount},
		{"what is put is read, also after a new start", testAccountRows},
		{"a transaction reads what it wrote", testAccountTransaction},
		{"with an error nothing is kept", testAccountError},
		{"holds by their end", testHolds},
		{"keys are remembered", testMoveReceipts},
		{"keys know their campaign", testOnceIndex},
		{"movements are pages in order", testMovementPages},
		{"codes are pages in order", testCodePages},
		{"accounts are listed in order", testAccountList},
		{"accounts are apart", testAccountsApart},
		{"what is read is the caller's", testAccountOwnership},
		{"campaigns that cannot have an account", testBadAccounts},
		{"updates at the same time are all kept", testConcurrentAccounts},
		{"purchases", testPurchases},
		{"purchases at the same time", testConcurrentPurchases},
		{"a closed ledger", testClosedLedger},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(newLedgerFixture(t, home)) })
	}
	for _, seed := range []uint64{1, 2, 3} {
		t.Run(fmt.Sprint("simulation ", seed), func(t *testing.T) { simulateAccounts(newLedgerFixture(t, home), seed, 300) })
	}
}

// ledgerFixture is a ledger under test.
type ledgerFixture struct {
	*testing.T
	Ledger
	open func() Ledger
}

func newLedgerFixture(t *testing.T, home LedgerHome) *ledgerFixture {
	open := home(t)
	f := &ledgerFixture{T: t, Ledger: open(), open: open}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func (f *ledgerFixture) ctx() context.Context { return f.Context() }

func (f *ledgerFixture) reopen() {
	f.Helper()
	f.ok(f.Close())
	f.Ledger = f.open()
}

func (f *ledgerFixture) ok(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *ledgerFixture) is(err, want error) {
	f.Helper()
	if !errors.Is(err, want) {
		f.Fatalf("got error %v, want %v", err, want)
	}
}

func (f *ledgerFixture) same(got, want any) {
	f.Helper()
	if g, w := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); g != w {
		f.Fatalf("got  %s\nwant %s", g, w)
	}
}

// update changes an account, which must succeed.
func (f *ledgerFixture) update(c engine.CampaignRef, fn func(engine.AccountTx) error) {
	f.Helper()
	f.ok(f.UpdateAccount(f.ctx(), c, fn))
}

// view reads an account, which must succeed.
func (f *ledgerFixture) view(c engine.CampaignRef, fn func(engine.AccountReader) error) {
	f.Helper()
	f.ok(f.ViewAccount(f.ctx(), c, fn))
}

func testEmptyAccount(f *ledgerFixture) {
	f.view(account, func(r engine.AccountReader) error {
		h, err := r.Head()
		f.ok(err)
		f.same(h, engine.AccountHead{Balance: engine.Balance{BalanceKey: engine.BalanceKey{Per: engine.PerCampaign}}})
		b, err := r.Balance(engine.BalanceKey{Per: engine.PerVenue, ID: "v-1"})
		f.ok(err)
		f.same(b, engine.Balance{BalanceKey: engine.BalanceKey{Per: engine.PerVenue, ID: "v-1"}})
		_, err = r.Redemption(redemptionID(account, 1))
		f.is(err, engine.ErrNotFound)
		_, err = r.Code("ONCE")
		f.is(err, engine.ErrNotFound)
		_, err = r.Batch("b-1")
		f.is(err, engine.ErrNotFound)
		_, err = r.Movement(1)
		f.is(err, engine.ErrNotFound)
		holds, err := r.Holds(time.Time{}, 10)
		f.ok(err)
		f.same(len(holds), 0)
		return nil
	})
	f.same(f.accounts(), []engine.CampaignRef(nil))
}

// accounts lists every account.
func (f *ledgerFixture) accounts() (all []engine.CampaignRef) {
	f.Helper()
	f.ok(f.EachAccount(f.ctx(), func(c engine.CampaignRef) error { all = append(all, c); return nil }))
	return all
}

func testAccountRows(f *ledgerFixture) {
	venue, user := engine.BalanceKey{Per: engine.PerVenue, ID: "v-1"}, engine.BalanceKey{Per: engine.PerUser, ID: engine.UserHash("u-81")}
	head := engine.AccountHead{Movements: 7, Codes: 3, NextExpiry: epoch.Truncate(time.Millisecond), LastExpiry: epoch.Add(time.Hour).Truncate(time.Millisecond), Balance: AccountBalance(engine.BalanceKey{Per: engine.PerCampaign}, 7)}
	v, u, r, m := AccountBalance(venue, 5), AccountBalance(user, 6), Redemption(account, 1), Movement(account, 7)
	c := engine.Code{Code: "ONCE", Uses: 4, Used: 1, Batch: "b-1"}
	f.update(account, func(tx engine.AccountTx) error {
		return errors.Join(tx.PutHead(&head), tx.PutBalance(&v), tx.PutBalance(&u), tx.PutRedemption(nil, &r), tx.PutMovement(&m), tx.PutCode(&c), tx.PutBatch("b-1", []string{"ONCE", "TWICE"}))
	})
	for range 2 {
		f.view(account, func(from engine.AccountReader) error {
			gotHead, err := from.Head()
			f.ok(err)
			f.same(gotHead, head)
			for _, want := range []engine.Balance{v, u} {
				got, err := from.Balance(want.BalanceKey)
				f.ok(err)
				f.same(got, want)
			}
			gotRedemption, err := from.Redemption(r.ID)
			f.ok(err)
			f.same(gotRedemption, r)
			gotMovement, err := from.Movement(7)
			f.ok(err)
			f.same(gotMovement, m)
			gotCode, err := from.Code("ONCE")
			f.ok(err)
			f.same(gotCode, c)
			batch, err := from.Batch("b-1")
			f.ok(err)
			f.same(batch, []string{"ONCE", "TWICE"})
			return nil
		})
		var balances []engine.Balance
		f.ok(f.EachBalance(f.ctx(), account, func(b engine.Balance) error { balances = append(balances, b); return nil }))
		slices.SortFunc(balances, func(a, b engine.Balance) int { return int(a.Entry) - int(b.Entry) })
		f.same(balances, []engine.Balance{v, u})
		var redemptions []engine.Redemption
		f.ok(f.EachRedemption(f.ctx(), account, func(r engine.Redemption) error { redemptions = append(redemptions, r); return nil }))
		f.same(redemptions, []engine.Redemption{r})
		f.reopen()
	}
}

func testAccountTransaction(f *ledgerFixture) {
	f.update(account, func(tx engine.AccountTx) error {
		h := engine.AccountHead{Movements: 1, Balance: engine.Balance{BalanceKey: engine.BalanceKey{Per: engine.PerCampaign}}}
		r := Redemption(account, 1)
		f.ok(errors.Join(tx.PutHead(&h), tx.PutRedemption(nil, &r)))
		got, err := tx.Head()
		f.ok(err)
		f.same(got, h)
		was, err := tx.Redemption(r.ID)
		f.ok(err)
		f.same(was, r)
		holds, err := tx.Holds(time.Time{}, 9)
		f.ok(err)
		f.same(holds, []engine.Hold{{ExpiresAt: r.ExpiresAt, ID: r.ID}})
		r.Status = engine.Confirmed
		f.ok(tx.PutRedemption(&was, &r))
		holds, err = tx.Holds(time.Time{}, 9)
		f.ok(err)
		f.same(len(holds), 0)
		return nil
	})
}

func testAccountError(f *ledgerFixture) {
	own := errors.New("own")
	f.is(f.UpdateAccount(f.ctx(), account, func(tx engine.AccountTx) error {
		r := Redemption(account, 1)
		return errors.Join(tx.PutRedemption(nil, &r), own)
	}), own)
	f.view(account, func(r engine.AccountReader) error {
		_, err := r.Redemption(redemptionID(account, 1))
		f.is(err, engine.ErrNotFound)
		return nil
	})
	f.is(f.ViewAccount(f.ctx(), account, func(engine.AccountReader) error { return own }), own)
	f.is(f.EachAccount(f.ctx(), func(engine.CampaignRef) error { return own }), own)
}

func testBadAccounts(f *ledgerFixture) {
	long := string(make([]byte, 300))
	for _, c := range []engine.CampaignRef{{}, {MerchantID: "m"}, {CampaignID: "c"}, {MerchantID: "m/x", CampaignID: "c"}, {MerchantID: "m", CampaignID: "a\x00b"}, {MerchantID: "m", CampaignID: long}} {
		f.is(f.UpdateAccount(f.ctx(), c, func(engine.AccountTx) error { return nil }), engine.ErrNotFound)
		f.is(f.ViewAccount(f.ctx(), c, func(engine.AccountReader) error { return nil }), engine.ErrNotFound)
		_, err := f.Movements(f.ctx(), c, 0, 1)
		f.is(err, engine.ErrNotFound)
		_, _, err = f.ListCodes(f.ctx(), c, engine.Page{})
		f.is(err, engine.ErrNotFound)
	}
	f.same(f.accounts(), []engine.CampaignRef(nil))
}

func testConcurrentAccounts(f *ledgerFixture) {
	refs := []engine.CampaignRef{{MerchantID: "m-1", CampaignID: "c-1"}, {MerchantID: "m-1", CampaignID: "c-2"}}
	const clients, each = 12, 15
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			for range each {
				if err := f.UpdateAccount(context.Background(), refs[i%2], func(tx engine.AccountTx) error {
					h, err := tx.Head()
					if err != nil {
						return err
					}
					h.Movements++
					return errors.Join(tx.PutHead(&h), tx.PutMovement(&engine.Movement{Number: h.Movements}))
				}); err != nil {
					f.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for _, ref := range refs {
		f.view(ref, func(r engine.AccountReader) error {
			h, err := r.Head()
			f.ok(err)
			f.same(h.Movements, uint64(clients/2*each))
			return nil
		})
		all, err := f.Movements(f.ctx(), ref, 0, 1000)
		f.ok(err)
		f.same(len(all), clients/2*each)
	}
}

func testClosedLedger(f *ledgerFixture) {
	f.ok(f.Close())
	f.is(f.UpdateAccount(f.ctx(), account, func(engine.AccountTx) error { return nil }), engine.ErrUnavailable)
	f.is(f.ViewAccount(f.ctx(), account, func(engine.AccountReader) error { return nil }), engine.ErrUnavailable)
	_, err := f.Purchase(f.ctx(), "m", "p")
	f.is(err, engine.ErrUnavailable)
}
