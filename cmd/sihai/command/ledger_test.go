package command_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine/client"
	"github.com/sihai-network/sihai/engine/wire"
)

// tillCampaigns are sold by the trials of the ledger: one with limits, one with codes.
const tillCampaigns = `{"id": "few", "title": {"en": "Few"}, "discount": {"type": "percent", "percent": 10}, "venues": {"ids": ["v-0"]}, "status": "enabled",
 "budgets": [{"metric": "redemptions", "limit": 300, "period": "total", "per": "campaign"}, {"metric": "spend", "limit": 28000, "currency": "USD", "period": "total", "per": "campaign"}]}`

// sellFew makes a merchant with a venue and the campaign few.
func sellFew(ctx context.Context, c *client.Client) error {
	_, err := c.PutMerchant(ctx, wire.Merchant{ID: "till", Name: wire.Text{"en": "Till"}})
	if err != nil {
		return err
	}
	if _, err = c.PutVenue(ctx, wire.Venue{ID: "v-0", MerchantID: "till", Name: wire.Text{"en": "Venue"}, Lat: 25.79, Lon: -80.13, TimeZone: "America/New_York"}); err != nil {
		return err
	}
	var few wire.Campaign
	if err := json.Unmarshal([]byte(tillCampaigns), &few); err != nil {
		return err
	}
	few.MerchantID = "till"
	_, err = c.PutCampaign(ctx, few)
	return err
}

func tillOrder(user string, amount int64) wire.Order {
	return wire.Order{OfferID: "few@v-0", User: &wire.User{ID: user}, Purchase: wire.Money{Amount: amount, Currency: "USD"}, TTLSeconds: 2}
}

func TestLedgerVerb(t *testing.T) {
	onBothPlaces(t, func(t *testing.T, p place) {
		p.do(t, step{args: "ledger verify", out: `^0 accounts, 0 movements, 0 balances\n$`})
		p.do(t, step{args: "ledger export", out: `^$`})
		p.do(t, step{args: "ledger verify now", code: 2, err: `unknown command|accepts`})
	})
	s := serving(t, t.TempDir())
	if err := sellFew(t.Context(), s.client()); err != nil {
		t.Fatal(err)
	}
	r, err := s.client().Redeem(t.Context(), tillOrder("u", 1000))
	if err != nil {
		t.Fatal(err)
	}
	p := place{env: s.env()}
	p.do(t, step{args: "ledger verify", out: `^1 accounts, 1 movements, 3 balances\n$`})
	if a := asJSON[wire.Audit](t, p, "ledger verify --merchant till"); a.Movements != 1 || a.Faults == nil {
		t.Errorf("%+v", a)
	}
	p.do(t, step{args: "ledger verify --merchant other", out: `^0 accounts`})
	var m wire.Movement
	got := p.do(t, step{args: "ledger export"})
	if err := json.Unmarshal([]byte(got.out), &m); err != nil || m.RedemptionID != r.ID || m.Kind != "redeem" || len(m.Changes) != 3 || m.Changes[0].After.Spend[0].Amount != 100 {
		t.Errorf("%v: %s", err, got.out)
	}
}

// The program is killed while tills reserve, confirm, release, redeem and roll back. After each new start everything that was acknowledged is there as it was
// acknowledged, what had no answer is asked again with the same key and happens once, no budget is passed, and the ledger agrees with its movements.
func TestKilledProgramKeepsItsLedger(t *testing.T) {
	rounds := 6
	if os.Getenv("SIHAI_LONG") == "1" {
		rounds = 1000
	}
	const seed = 2026
	k := &killing{dir: t.TempDir(), files: t.TempDir(), moments: rand.New(rand.NewPCG(seed, 12))}
	l := &tills{known: map[string]wire.Redemption{}}
	for round := range rounds {
		p := k.start(t)
		if round == 0 {
			if err := sellFew(t.Context(), p.client); err != nil {
				t.Fatal(err)
			}
		}
		l.check(t, p.client)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		for n := range 4 {
			wg.Go(func() {
				l.trade(ctx, p.client, rand.New(rand.NewPCG(seed, uint64(round*10+n))), fmt.Sprintf("r%d-t%d", round, n))
			})
		}
		time.Sleep(time.Duration(20+k.moments.IntN(400)) * time.Millisecond)
		k.kill(t, p.cmd)
		cancel()
		wg.Wait()
	}
	p := k.start(t)
	l.check(t, p.client)
	time.Sleep(3500 * time.Millisecond) // the holds run out and are swept
	held := 0
	for id, was := range l.known {
		if now, err := p.client.Redemption(t.Context(), id); err != nil || was.Status == "reserved" && now.Status != "expired" && now.Status != "confirmed" && now.Status != "released" {
			t.Errorf("%s was %s: %+v, %v", id, was.Status, now, err)
		} else if now.Status == "expired" {
			held++
		}
	}
	t.Logf("seed %d: %d kills, %d acknowledged steps, %d refused, %d without an answer, of which %d were done at once or again; %d holds ran out",
		seed, k.kills, l.acknowledged, l.refused, l.unknown, l.settled, held)
	if l.acknowledged == 0 {
		t.Error("nothing was acknowledged")
	}
}

// tills are what the clients know.
type tills struct {
	mu      sync.Mutex // guards the rest
	known   map[string]wire.Redemption
	pending []pendingStep

	acknowledged, refused, unknown, settled int
}

// pendingStep is a request without an answer.
type pendingStep struct {
	key string
	do  func(context.Context, *client.Client) (wire.Redemption, error)
}

// trade sells until a request is not answered.
func (l *tills) trade(ctx context.Context, c *client.Client, random *rand.Rand, name string) {
	for n := 0; ; n++ {
		o := tillOrder(fmt.Sprint("u", random.IntN(9)), 500+random.Int64N(1000))
		do := func(ctx context.Context, c *client.Client) (wire.Redemption, error) { return c.Redeem(ctx, o) }
		if random.IntN(2) == 0 {
			do = func(ctx context.Context, c *client.Client) (wire.Redemption, error) { return c.Reserve(ctx, o) }
		}
		r, ok := l.step(ctx, c, fmt.Sprintf("%s-%d", name, n), do)
		if !ok {
			return
		}
		if r.ID == "" {
			continue
		}
		next := func(ctx context.Context, c *client.Client) (wire.Redemption, error) {
			return c.Rollback(ctx, r.ID, &wire.Money{Amount: r.Discount.Amount, Currency: "USD"})
		}
		if r.Status == "reserved" {
			switch random.IntN(3) {
			case 0:
				continue // its hold runs out
			case 1:
				next = func(ctx context.Context, c *client.Client) (wire.Redemption, error) { return c.Confirm(ctx, r.ID) }
			case 2:
				next = func(ctx context.Context, c *client.Client) (wire.Redemption, error) { return c.Release(ctx, r.ID) }
			}
		} else if random.IntN(3) == 0 {
			continue
		}
		if _, ok = l.step(ctx, c, fmt.Sprintf("%s-%d-next", name, n), next); !ok {
			return
		}
	}
}

// step does a step and notes its answer; ok is false when there was none. A refusal is an answer.
func (l *tills) step(ctx context.Context, c *client.Client, key string, do func(context.Context, *client.Client) (wire.Redemption, error)) (wire.Redemption, bool) {
	r, err := do(client.Once(ctx, key), c)
	l.mu.Lock()
	defer l.mu.Unlock()
	var problem *client.Problem
	switch {
	case err == nil:
		l.known[r.ID] = r
		l.acknowledged++
		return r, true
	case errors.As(err, &problem) && problem.Code == "refused":
		l.refused++
		return wire.Redemption{}, true
	}
	l.pending = append(l.pending, pendingStep{key, do})
	l.unknown++
	return wire.Redemption{}, false
}

// check compares the server with what is known.
func (l *tills) check(t *testing.T, c *client.Client) {
	t.Helper()
	pending := l.pending
	l.pending = nil
	for _, s := range pending {
		for range 2 { // and once more: the answer is the same
			r, ok := l.step(t.Context(), c, s.key, s.do)
			if !ok {
				t.Fatalf("%s is not answered after a new start", s.key)
			}
			if r.ID != "" {
				l.settled++
			}
		}
	}
	live, spent := 0, int64(0)
	for id, was := range l.known {
		now, err := c.Redemption(t.Context(), id)
		if err != nil {
			t.Fatalf("%s was %s: %v", id, was.Status, err)
		}
		if now.Status != was.Status && (was.Status != "reserved" || now.Status != "expired") || now.Discount != was.Discount {
			t.Fatalf("%+v was acknowledged, and there is %+v", was, now)
		}
		if now.Status == "expired" {
			delete(l.known, id) // it has had its end
		}
		if now.Status == "confirmed" || now.Status == "reserved" {
			live++
			spent += now.Discount.Amount
		}
	}
	a, err := c.Audit(t.Context(), "")
	if err != nil || len(a.Faults) > 0 {
		t.Fatalf("%v: %s", err, strings.Join(a.Faults, "\n"))
	}
	if live > 300 || spent > 28000 {
		t.Fatalf("%d redemptions of 300 and %d of 28000 are live", live, spent)
	}
}
