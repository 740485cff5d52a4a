package command_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine/client"
	"github.com/sihai-network/sihai/engine/wire"
)

// The limits of few.
const (
	fewUses  = 300
	fewSpend = 28000
)

// few is the campaign that the trials of the ledger sell, within limits.
const few = `{"id": "few", "title": {"en": "Few"}, "discount": {"type": "percent", "percent": 10}, "venues": {"ids": ["v-0"]}, "status": "enabled",
 "budgets": [{"metric": "redemptions", "limit": 300, "period": "total", "per": "campaign"}, {"metric": "spend", "limit": 28000, "currency": "USD", "period": "total", "per": "campaign"}]}`

// sellFew makes a merchant with a venue and the campaign few.
func sellFew(ctx context.Context, c *client.Client, merchant string) error {
	if _, err := c.PutMerchant(ctx, wire.Merchant{ID: merchant, Name: wire.Text{"en": "Till"}}); err != nil {
		return err
	}
	if _, err := c.PutVenue(ctx, wire.Venue{ID: "v-0", MerchantID: merchant, Name: wire.Text{"en": "Venue"}, Lat: 25.79, Lon: -80.13, TimeZone: "America/New_York"}); err != nil {
		return err
	}
	var sold wire.Campaign
	if err := json.Unmarshal([]byte(few), &sold); err != nil {
		return err
	}
	sold.MerchantID = merchant
	_, err := c.PutCampaign(ctx, sold)
	return err
}

func tillOrder(merchant, user string, amount int64) wire.Order {
	return wire.Order{OfferID: merchant + "/few@v-0", User: &wire.User{ID: user}, Purchase: wire.Money{Amount: amount, Currency: "USD"}, TTLSeconds: 2}
}

// tills are what the clients of a merchant know of its account.
type tills struct {
	merchant string

	mu      sync.Mutex // guards the rest
	known   map[string]wire.Redemption
	pending []pendingStep
	stopped []error // why a step had no answer
	tillCounts
}

// tillCounts counts steps. An unknown one had no answer; settled ones of those were taken when they were asked again.
type tillCounts struct{ acknowledged, refused, unknown, settled, held int }

func (c *tillCounts) add(o tillCounts) {
	c.acknowledged += o.acknowledged
	c.refused += o.refused
	c.unknown += o.unknown
	c.settled += o.settled
	c.held += o.held
}

func (c *tillCounts) String() string {
	return fmt.Sprintf("%d acknowledged steps, %d refused, %d without an answer, which gave %d answers when asked again; %d holds ran out",
		c.acknowledged, c.refused, c.unknown, c.settled, c.held)
}

func newTills(merchant string) *tills {
	return &tills{merchant: merchant, known: map[string]wire.Redemption{}}
}

// pendingStep is a request without an answer.
type pendingStep struct {
	key string
	do  func(context.Context, *client.Client) (wire.Redemption, error)
}

// trade sells until a request is not answered.
func (l *tills) trade(ctx context.Context, c *client.Client, random *rand.Rand, name string) {
	for n := 0; ; n++ {
		o := tillOrder(l.merchant, fmt.Sprint("u", random.IntN(9)), 500+random.Int64N(1000))
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
	l.stopped = append(l.stopped, err)
	l.unknown++
	return wire.Redemption{}, false
}

// settle asks again for what had no answer, and once more: the answer is the same.
func (l *tills) settle(t *testing.T, c *client.Client) {
	t.Helper()
	pending := l.pending
	l.pending = nil
	for _, s := range pending {
		var first wire.Redemption
		for i := range 2 {
			r, ok := l.step(t.Context(), c, s.key, s.do)
			if !ok {
				t.Fatalf("%s is not answered", s.key)
			}
			if i == 0 {
				first = r
			} else if first.ID != "" && (r.ID != first.ID || r.Status != first.Status || back(r) != back(first)) {
				t.Fatalf("%s was answered with %+v, and then with %+v", s.key, first, r)
			}
		}
		if first.ID != "" {
			l.settled++
		}
	}
}

// back is how much of a redemption was undone.
func back(r wire.Redemption) int64 {
	if r.RolledBack == nil {
		return 0
	}
	return r.RolledBack.Amount
}

// check compares the server with what is known, after what had no answer was settled.
func (l *tills) check(t *testing.T, c *client.Client) {
	t.Helper()
	l.settle(t, c)
	live, spent := 0, int64(0)
	for id, was := range l.known {
		now, err := c.Redemption(t.Context(), id)
		if err != nil {
			t.Fatalf("%s was %s: %v", id, was.Status, err)
		}
		if now.Status != was.Status && (was.Status != "reserved" || now.Status != "expired") || now.Discount != was.Discount || back(now) != back(was) {
			t.Fatalf("%+v was acknowledged, and there is %+v", was, now)
		}
		if now.Status != was.Status {
			l.held++
			l.known[id] = now // it has had its end, and has no other
		}
		if now.Status == "confirmed" || now.Status == "reserved" {
			live++
			spent += now.Discount.Amount - back(now)
		}
	}
	if live > fewUses || spent > fewSpend {
		t.Fatalf("%d redemptions of %d and %d of %d are live", live, fewUses, spent, fewSpend)
	}
	agrees(t, c, l.merchant)
}

// agrees fails the test unless the ledger, or that of one merchant, agrees with its movements.
func agrees(t *testing.T, c *client.Client, merchant string) wire.Audit {
	t.Helper()
	a, err := c.Audit(t.Context(), merchant)
	if err != nil || len(a.Faults) > 0 {
		t.Fatalf("%v: %s", err, strings.Join(a.Faults, "\n"))
	}
	return a
}

// outlive waits until every hold has run out, and checks that it is ended.
func (l *tills) outlive(t *testing.T, c *client.Client) {
	t.Helper()
	for id, was := range l.known {
		for until := time.Now().Add(patience); was.Status == "reserved"; time.Sleep(20 * time.Millisecond) {
			now, err := c.Redemption(t.Context(), id)
			if err != nil || time.Now().After(until) {
				t.Fatalf("%s is still held: %+v, %v", id, now, err)
			}
			was = now
		}
	}
	l.check(t, c)
}
