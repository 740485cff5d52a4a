package ledger_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sihai-network/sihai/engine"
)

// busyShop has two campaigns, one with codes, and some of everything in their accounts.
func busyShop(t *testing.T) *shop {
	s := newShop(t, "", engine.Campaign{ID: "a"}, engine.Campaign{ID: "b"})
	ref := engine.CampaignRef{MerchantID: "m", CampaignID: "b"}
	if _, err := s.AddCodes(t.Context(), s.write(), ref, engine.CodeBatch{Uses: 9, Codes: []string{"K0", "K1", "K2"}}); err != nil {
		t.Fatal(err)
	}
	for n := range 12 {
		o := order("a", fmt.Sprint("u", n%5), 1000)
		o.VenueID = fmt.Sprint("v", n%3)
		if n%2 == 1 {
			o.CampaignID, o.Code = "b", fmt.Sprint("K", n%3)
		}
		r := s.reserve(o)
		var err error
		switch n % 4 {
		case 0:
			_, err = s.Confirm(t.Context(), s.write(), r.ID)
		case 1:
			_, err = s.Release(t.Context(), s.write(), r.ID)
		case 2:
			s.redeem(o)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// A verification finds every kind of thing that does not agree, whether it holds an account at once or in parts.
func TestVerificationFindsWhatWasChanged(t *testing.T) {
	a, b := engine.CampaignRef{MerchantID: "m", CampaignID: "a"}, engine.CampaignRef{MerchantID: "m", CampaignID: "b"}
	venue := engine.BalanceKey{Per: engine.PerVenue, ID: "v0"}
	for name, c := range map[string]struct {
		of    engine.CampaignRef
		want  string
		wrong func(engine.AccountTx) error
	}{
		"a balance": {a, "the balance of venue v0 is", func(tx engine.AccountTx) error {
			balance, err := tx.Balance(venue)
			balance.Total.Redemptions++
			return errors.Join(err, tx.PutBalance(&balance))
		}},
		"a balance on a day": {a, "the balance of venue v0 is", func(tx engine.AccountTx) error {
			balance, err := tx.Balance(venue)
			balance.Days[0].Date.Day--
			return errors.Join(err, tx.PutBalance(&balance))
		}},
		"a balance that no movement made": {b, "the balance of venue v9 says movement 3", func(tx engine.AccountTx) error {
			return tx.PutBalance(&engine.Balance{BalanceKey: engine.BalanceKey{Per: engine.PerVenue, ID: "v9"}, Entry: 3, Total: engine.Taken{Redemptions: 1}})
		}},
		"the campaign's balance": {a, "the balance of campaign  is", func(tx engine.AccountTx) error {
			h, err := tx.Head()
			h.Balance.Total.Spend[0].Amount--
			return errors.Join(err, tx.PutHead(&h))
		}},
		"movements that were lost": {a, "movements of", func(tx engine.AccountTx) error {
			h, err := tx.Head()
			h.Movements += 2
			return errors.Join(err, tx.PutHead(&h))
		}},
		"a movement": {a, "movement 3: ", func(tx engine.AccountTx) error {
			m, err := tx.Movement(3)
			m.Changes[0].Before.Redemptions++
			return errors.Join(err, tx.PutMovement(&m))
		}},
		"a redemption": {a, "is released with 0 rolled back, and no movement says so", func(tx engine.AccountTx) error {
			m, err := tx.Movement(2)
			r, err2 := tx.Redemption(m.RedemptionID)
			r.Status = engine.Released
			return errors.Join(err, err2, tx.PutRedemption(nil, &r))
		}},
		"the uses of a code": {b, "a code was used", func(tx engine.AccountTx) error {
			m, err := tx.Movement(3)
			m.CodeAfter += 2
			return errors.Join(err, tx.PutMovement(&m))
		}},
		"a code": {b, "a code is used 9 times, by the movements", func(tx engine.AccountTx) error {
			return tx.PutCode(&engine.Code{Code: "K1", Uses: 9, Used: 9})
		}},
		"the number of codes": {b, "codes were added, and the account says", func(tx engine.AccountTx) error {
			h, err := tx.Head()
			h.Codes++
			return errors.Join(err, tx.PutHead(&h))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			s := busyShop(t)
			whole := s.verify()
			s.AuditBy(3)
			if parts := s.verify(); fmt.Sprint(parts) != fmt.Sprint(whole) {
				t.Errorf("in parts %+v, at once %+v", parts, whole)
			}
			if err := s.store.UpdateAccount(t.Context(), c.of, c.wrong); err != nil {
				t.Fatal(err)
			}
			var told [2][]string
			for i, entries := range []uint64{1000, 3} {
				s.AuditBy(entries)
				audit, err := s.VerifyAccounts(t.Context(), "")
				if err != nil {
					t.Fatal(err)
				}
				told[i] = audit.Faults
			}
			if !slices.ContainsFunc(told[0], func(f string) bool { return strings.Contains(f, c.want) }) || !slices.Equal(told[0], told[1]) {
				t.Errorf("%q and in parts %q, want %q", told[0], told[1], c.want)
			}
		})
	}
}

// An export that is broken off goes on after the movement that arrived last, and has all of them once, in order.
func TestExportGoesOn(t *testing.T) {
	s := busyShop(t)
	export := func(after string, most int) (places []string, err error) {
		err = s.EachMovement(t.Context(), "", after, func(m *engine.AccountMovement) error {
			if places = append(places, m.Place()); len(places) == most {
				return errStop
			}
			return nil
		})
		return places, err
	}
	whole, err := export("", -1)
	if err != nil || uint64(len(whole)) != s.verify().Movements || whole[0] != "m/a/1" {
		t.Fatalf("%v, %v", whole, err)
	}
	for each := 1; each < 8; each++ {
		var all []string
		for after := ""; ; after = all[len(all)-1] {
			part, err := export(after, each)
			all = append(all, part...)
			if err == nil {
				break
			}
			if !errors.Is(err, errStop) {
				t.Fatal(err)
			}
		}
		if !slices.Equal(all, whole) {
			t.Errorf("by %d: %v", each, all)
		}
	}
	for _, wrong := range []string{"m", "m/a", "m/a/x", "/a/1", "m/a/1/2"} {
		var faults engine.Faults
		if _, err := export(wrong, -1); !errors.As(err, &faults) || faults[0].Path != "after" {
			t.Errorf("%q: %v", wrong, err)
		}
	}
}

var errStop = errors.New("stop")
