package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/kv"
)

var _ engine.Accounts = (*DB)(nil)

// accountPlace holds the account of one campaign.
func accountPlace(c engine.CampaignRef) kv.Part {
	return kv.Part("c/" + c.MerchantID + "/" + c.CampaignID)
}

// accountsPart lists the accounts that there may be.
const accountsPart kv.Part = "accounts"

// checkAccount refuses IDs of which no partition can be named.
func checkAccount(c engine.CampaignRef) error {
	if !validID(c.MerchantID) || !validID(c.CampaignID) || len(accountPlace(c)) > 200 {
		return fmt.Errorf("account of campaign %.40q: %w", c.CampaignID, engine.ErrNotFound)
	}
	return nil
}

// UpdateAccount implements engine.Accounts. The first call for a campaign notes beforehand, in a transaction of its own, that it has an account: who lists
// the accounts may meet one that is empty and misses none.
func (db *DB) UpdateAccount(ctx context.Context, c engine.CampaignRef, fn func(engine.AccountTx) error) error {
	if err := checkAccount(c); err != nil {
		return err
	}
	if _, known := db.accounts.Load(c); !known {
		err := db.kv.Update(ctx, accountsPart, nil, func(tx kv.Tx) error {
			return tx.Put(key(accountKind, c.MerchantID, c.CampaignID), []byte{valueVersion})
		})
		if err != nil {
			return fmt.Errorf("open account of campaign %s: %w", c.CampaignID, Translate(err))
		}
		db.accounts.Store(c, true)
	}
	return Translate(db.kv.Update(ctx, accountPlace(c), []byte{headKind}, func(tx kv.Tx) error {
		return fn(&accountTx{accountReader{tx, c}, tx})
	}))
}

// ViewAccount implements engine.Accounts.
func (db *DB) ViewAccount(ctx context.Context, c engine.CampaignRef, fn func(engine.AccountReader) error) error {
	if err := checkAccount(c); err != nil {
		return err
	}
	return Translate(db.kv.View(ctx, accountPlace(c), func(from kv.Reader) error { return fn(&accountReader{from, c}) }))
}

// EachAccount implements engine.Accounts, in the order of merchants and campaigns.
func (db *DB) EachAccount(ctx context.Context, fn func(engine.CampaignRef) error) error {
	prefix := under(accountKind)
	return db.eachPair(ctx, accountsPart, prefix, func(p kv.KV) error {
		merchant, campaign, found := strings.Cut(string(p.Key[len(prefix):]), "/")
		if !found {
			return corrupt("%q is no key of an account", p.Key)
		}
		return fn(engine.CampaignRef{MerchantID: merchant, CampaignID: campaign})
	})
}

// EachBalance implements engine.Accounts.
func (db *DB) EachBalance(ctx context.Context, c engine.CampaignRef, fn func(engine.Balance) error) error {
	if err := checkAccount(c); err != nil {
		return err
	}
	for _, kind := range []byte{userBalance, venueBalance} {
		err := db.eachPair(ctx, accountPlace(c), under(kind), func(p kv.KV) error {
			b, err := decode(p.Value, readBalance)
			if err != nil {
				return fmt.Errorf("read balance at %q: %w", p.Key, err)
			}
			b.BalanceKey = balanceKeyOf(p.Key)
			return fn(b)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// EachRedemption implements engine.Accounts, in the order of IDs.
func (db *DB) EachRedemption(ctx context.Context, c engine.CampaignRef, fn func(engine.Redemption) error) error {
	if err := checkAccount(c); err != nil {
		return err
	}
	prefix := under(redemptionKind)
	return db.eachPair(ctx, accountPlace(c), prefix, func(p kv.KV) error {
		r, err := redemptionOf(c, string(p.Key[len(prefix):]), p.Value)
		if err != nil {
			return err
		}
		return fn(r)
	})
}

// Movements implements engine.Accounts.
func (db *DB) Movements(ctx context.Context, c engine.CampaignRef, after uint64, limit int) (found []engine.Movement, err error) {
	if err := checkAccount(c); err != nil {
		return nil, err
	}
	prefix := under(movementKind)
	err = db.kv.View(ctx, accountPlace(c), func(from kv.Reader) error {
		found = nil
		pairs, err := from.List(prefix, numbered(prefix[:len(prefix):len(prefix)], after), min(limit, maxPage))
		for _, p := range pairs {
			m, err := movementOf(p.Value, rowNumber(p.Key))
			if err != nil {
				return err
			}
			found = append(found, m)
		}
		return err
	})
	return found, Translate(err)
}

// ListCodes implements engine.Accounts, in the order of codes.
func (db *DB) ListCodes(ctx context.Context, c engine.CampaignRef, p engine.Page) (page []engine.Code, next string, err error) {
	if err := checkAccount(c); err != nil {
		return nil, "", err
	}
	limit, prefix := pageLimit(p), under(voucherKind)
	err = db.kv.View(ctx, accountPlace(c), func(from kv.Reader) error {
		page, next = nil, ""
		pairs, err := from.List(prefix, append(prefix[:len(prefix):len(prefix)], p.After...), limit+1)
		for _, pair := range pairs[:min(limit, len(pairs))] {
			code, err := decode(pair.Value, readVoucher)
			if err != nil {
				return fmt.Errorf("read code at %q: %w", pair.Key, err)
			}
			code.Code = string(pair.Key[len(prefix):])
			page = append(page, code)
		}
		if len(pairs) > limit {
			next = page[limit-1].Code
		}
		return err
	})
	return page, next, Translate(err)
}

// eachPair calls fn for each pair of a partition under a prefix, outside of any transaction.
func (db *DB) eachPair(ctx context.Context, part kv.Part, prefix []byte, fn func(kv.KV) error) error {
	var after []byte
	for {
		var pairs []kv.KV
		err := db.kv.View(ctx, part, func(from kv.Reader) (err error) {
			pairs, err = from.List(prefix, after, scanPage)
			return err
		})
		if err != nil {
			return Translate(err)
		}
		for _, p := range pairs {
			if err := fn(p); err != nil {
				return err
			}
			after = p.Key
		}
		if len(pairs) < scanPage {
			return nil
		}
	}
}

// absent turns a missing key into the engine's word for it.
func absent(err error) error {
	if errors.Is(err, kv.ErrNotFound) {
		return engine.ErrNotFound
	}
	return err
}
