package storetest

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// plainAccount is an account of the model.
type plainAccount struct {
	head        engine.AccountHead
	redemptions map[string]engine.Redemption
	codes       map[string]engine.Code
	movements   []engine.Movement
}

// simulateAccounts compares accounts with plain ones over random transactions, of which some fail, with new starts in between.
func simulateAccounts(f *ledgerFixture, seed uint64, steps int) {
	random := rand.New(rand.NewPCG(seed, 9))
	refs := []engine.CampaignRef{{MerchantID: "m-1", CampaignID: "c-1"}, {MerchantID: "m-2", CampaignID: "c-1"}}
	model := map[engine.CampaignRef]*plainAccount{}
	for _, ref := range refs {
		model[ref] = &plainAccount{
			head:        engine.AccountHead{Balance: engine.Balance{BalanceKey: engine.BalanceKey{Per: engine.PerCampaign}}},
			redemptions: map[string]engine.Redemption{}, codes: map[string]engine.Code{},
		}
	}
	own := errors.New("own")
	for step := range steps {
		ref := refs[random.IntN(2)]
		p := model[ref]
		next := plainAccount{p.head, maps.Clone(p.redemptions), maps.Clone(p.codes), slices.Clone(p.movements)}
		fail := random.IntN(6) == 0
		writes := make([]uint64, 1+random.IntN(5))
		for i := range writes {
			writes[i] = random.Uint64()
		}
		err := f.UpdateAccount(f.ctx(), ref, func(tx engine.AccountTx) error {
			next = plainAccount{p.head, maps.Clone(p.redemptions), maps.Clone(p.codes), slices.Clone(p.movements)} // it may run again
			for _, w := range writes {
				if err := next.write(tx, ref, w); err != nil {
					return err
				}
			}
			if fail {
				return own
			}
			return nil
		})
		if fail {
			f.is(err, own)
		} else {
			f.ok(err)
			*p = next
		}
		if random.IntN(50) == 0 {
			f.reopen()
		}
		if random.IntN(20) == 0 || step == steps-1 {
			for _, ref := range refs {
				model[ref].compare(f, ref)
			}
		}
	}
}

// write does one random write, in the model and in the transaction.
func (p *plainAccount) write(tx engine.AccountTx, ref engine.CampaignRef, w uint64) error {
	n := int(w / 8 % 6)
	switch w % 3 {
	case 0:
		r := Redemption(ref, n)
		r.ExpiresAt = r.ExpiresAt.Add(time.Duration(w/64%100) * time.Minute)
		r.Status = []engine.RedemptionStatus{engine.Reserved, engine.Confirmed, engine.Expired}[w/8/6%3]
		var was *engine.Redemption
		if old, known := p.redemptions[r.ID]; known {
			was = &old
		}
		p.redemptions[r.ID] = r
		return tx.PutRedemption(was, &r)
	case 1:
		c := engine.Code{Code: fmt.Sprint("K", n), Uses: int64(w/64%9) + 1}
		p.codes[c.Code] = c
		return tx.PutCode(&c)
	}
	p.head.Movements++
	m := Movement(ref, p.head.Movements)
	p.movements = append(p.movements, m)
	return errors.Join(tx.PutMovement(&m), tx.PutHead(&p.head))
}

// compare reads everything of an account.
func (p *plainAccount) compare(f *ledgerFixture, ref engine.CampaignRef) {
	f.Helper()
	var want []engine.Hold
	for _, id := range slices.Sorted(maps.Keys(p.redemptions)) {
		if r := p.redemptions[id]; r.Status == engine.Reserved {
			want = append(want, engine.Hold{ExpiresAt: r.ExpiresAt, ID: id})
		}
	}
	slices.SortStableFunc(want, func(a, b engine.Hold) int { return a.ExpiresAt.Compare(b.ExpiresAt) })
	f.view(ref, func(r engine.AccountReader) error {
		h, err := r.Head()
		f.ok(err)
		f.same(h, p.head)
		holds, err := r.Holds(time.Time{}, 100)
		f.ok(err)
		f.same(holds, want)
		return nil
	})
	var redemptions []engine.Redemption
	f.ok(f.EachRedemption(f.ctx(), ref, func(r engine.Redemption) error { redemptions = append(redemptions, r); return nil }))
	f.same(len(redemptions), len(p.redemptions))
	for _, r := range redemptions {
		f.same(r, p.redemptions[r.ID])
	}
	codes, _, err := f.ListCodes(f.ctx(), ref, engine.Page{Limit: 100})
	f.ok(err)
	f.same(len(codes), len(p.codes))
	for _, c := range codes {
		f.same(c, p.codes[c.Code])
	}
	movements, err := f.Movements(f.ctx(), ref, 0, 1000)
	f.ok(err)
	f.same(movements, p.movements)
}
