package ledger

import (
	"context"
	"fmt"
	"hash/maphash"
	"sync"

	"github.com/sihai-network/sihai/engine"
)

// takings holds the balances of every account in memory, as of the last commit that this process made. It is safe for concurrent use.
type takings struct {
	seed   maphash.Seed
	shards [campaignShards]takingsShard
}

type takingsShard struct {
	mu       sync.RWMutex // guards the map; a balance in it never changes
	balances map[takingsKey]*engine.Balance
}

type takingsKey struct {
	ref engine.CampaignRef
	key engine.BalanceKey
}

func (t *takings) open(seed maphash.Seed) {
	t.seed = seed
	for i := range t.shards {
		t.shards[i].balances = make(map[takingsKey]*engine.Balance)
	}
}

func (t *takings) shard(ref engine.CampaignRef) *takingsShard {
	return &t.shards[maphash.Comparable(t.seed, ref)%campaignShards]
}

// balance returns a balance, which nobody changes; nil for one that was never touched.
func (t *takings) balance(ref engine.CampaignRef, k engine.BalanceKey) *engine.Balance {
	s := t.shard(ref)
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.balances[takingsKey{ref, k}]
}

// set takes in balances of a commit. Commits may be told in another order than they were made in: the newest counts.
func (t *takings) set(ref engine.CampaignRef, balances []*engine.Balance) {
	s := t.shard(ref)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range balances {
		k := takingsKey{ref, b.BalanceKey}
		if was := s.balances[k]; b.Entry > 0 && (was == nil || was.Entry < b.Entry) {
			s.balances[k] = b
		}
	}
}

// load reads the balances of every account. Cost: linear in the users and venues of the accounts.
func (m *Meter) load(ctx context.Context, accounts engine.Accounts, each func(engine.CampaignRef, engine.AccountHead)) error {
	return accounts.EachAccount(ctx, func(ref engine.CampaignRef) error {
		var head engine.AccountHead
		err := accounts.ViewAccount(ctx, ref, func(r engine.AccountReader) (err error) {
			head, err = r.Head()
			return err
		})
		if err == nil {
			m.took(ref, []*engine.Balance{&head.Balance})
			each(ref, head)
			err = accounts.EachBalance(ctx, ref, func(b engine.Balance) error {
				m.takings.set(ref, []*engine.Balance{&b})
				return nil
			})
			m.took(ref, nil)
		}
		if err != nil {
			return fmt.Errorf("read account of campaign %s of merchant %s: %w", ref.CampaignID, ref.MerchantID, err)
		}
		return nil
	})
}
