package ledger_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/ledger"
)

// slowAccounts hold a campaign's transactions back, before or after they are on disk.
type slowAccounts struct {
	engine.Accounts
	campaign string
	held     chan struct{} // one is held back
	goOn     chan struct{} // closed when they may go on
	before   bool
}

func (s *slowAccounts) UpdateAccount(ctx context.Context, c engine.CampaignRef, fn func(engine.AccountTx) error) error {
	wait := func() {
		if c.CampaignID == s.campaign {
			s.held <- struct{}{}
			<-s.goOn
		}
	}
	if s.before {
		wait()
		return s.Accounts.UpdateAccount(ctx, c, fn)
	}
	err := s.Accounts.UpdateAccount(ctx, c, fn)
	wait()
	return err
}

// A campaign whose commit is held back holds nobody else back: not the sales of another one, not its own decisions, not its reads.
func TestHeldBackCommitHoldsBackNobodyElse(t *testing.T) {
	for _, before := range []bool{true, false} {
		t.Run(fmt.Sprint("before=", before), func(t *testing.T) {
			budgets := []engine.Budget{count(100, engine.PerCampaign, engine.PeriodDay), count(100, engine.PerUser, engine.PeriodTotal)}
			s := newShop(t, t.TempDir(), engine.Campaign{ID: "a", Budgets: budgets}, engine.Campaign{ID: "b", Budgets: budgets})
			s.redeem(order("a", "u", 1000))
			slow := &slowAccounts{Accounts: s.store, campaign: "a", held: make(chan struct{}, 8), goOn: make(chan struct{}), before: before}
			book, err := ledger.OpenBook(t.Context(), ledger.BookOptions{Accounts: slow, Purchases: s.store, Snapshots: &s.offer, Rules: &s.offer, Decisions: &s.offer,
				Meter: s.meter, IDs: engine.IDs{Random: rand.Reader}, Now: s.now, SweepEvery: -1})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = book.Close() }()
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					if _, err := book.Redeem(context.Background(), s.write(), order("a", "u", 1000)); err != nil {
						t.Error(err)
					}
				})
			}
			for range 8 {
				<-slow.held
			}
			for i := range 20 {
				user := fmt.Sprint("u", i%3)
				held, err := book.Reserve(t.Context(), s.once(fmt.Sprint("k", i), 1), order("b", user, 1000))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := book.Confirm(t.Context(), s.write(), held.ID); err != nil {
					t.Fatal(err)
				}
				for _, campaign := range []string{"a", "b"} {
					l, site := s.listing(campaign)
					if got := s.meter.Check(nil, l, site, user, s.now()); len(got) != 0 {
						t.Errorf("%s: %v", campaign, got)
					}
					if v, err := book.Validate(t.Context(), s.now(), order(campaign, user, 1000)); err != nil || !v.Holds {
						t.Errorf("%s: %+v, %v", campaign, v, err)
					}
				}
			}
			close(slow.goOn)
			wg.Wait()
		})
	}
}

// While a campaign is sold to a crowd that never ends, each other one is sold too, and so is what the crowd waits for.
func TestCrowdAtOneCampaignStarvesNobody(t *testing.T) {
	crowd, sales := 300, 20
	if long() {
		crowd, sales = 4000, 200
	}
	const limit = 50
	s := newShop(t, t.TempDir(), engine.Campaign{ID: "hot", Budgets: []engine.Budget{count(limit, engine.PerCampaign, engine.PeriodTotal)}}, engine.Campaign{ID: "b"}, engine.Campaign{ID: "c"})
	var over atomic.Bool
	var sold, refused atomic.Int64
	var wg sync.WaitGroup
	for i := range crowd {
		wg.Go(func() {
			for first := true; first || !over.Load(); first = false {
				switch _, err := s.Redeem(context.Background(), s.write(), order("hot", fmt.Sprint("u", i), 1000)); {
				case err == nil:
					sold.Add(1)
				case refusedWith(err) == fmt.Sprint([]int{int(engine.BudgetExhausted)}):
					refused.Add(1)
				default:
					t.Error(err)
					return
				}
			}
		})
	}
	for i := range sales {
		s.redeem(order([]string{"b", "c"}[i%2], "u", 1000))
	}
	over.Store(true)
	wg.Wait()
	if sold.Load() != limit || refused.Load() < int64(crowd-limit) {
		t.Errorf("%d sold of %d, %d refused", sold.Load(), limit, refused.Load())
	}
	s.verify()
}
