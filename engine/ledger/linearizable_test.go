package ledger_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/sihai-network/sihai/engine"
)

// The limit and the users of the histories.
const (
	historyLimit = 3
	historyUsers = 3
)

// historyStep is a request of a history.
type historyStep struct {
	kind   engine.MovementKind
	user   string
	id     string // of the redemption that is confirmed, released or rolled back
	amount int64
	key    string // idempotency key; a retry has the same
}

// historyAnswer is an answer: the redemption as it was left, or nothing for a refusal.
type historyAnswer struct {
	id     string
	status engine.RedemptionStatus
	back   int64
}

// historyState is a campaign of which historyLimit redemptions may be live, and one for each user, each of 100 minor units. It is never changed.
type historyState struct {
	uses    map[string]historyUse
	answers map[string]historyAnswer
}

type historyUse struct {
	user   string
	status engine.RedemptionStatus
	back   int64
}

// historyModel says what a history may look like, were each request done at one moment between its beginning and its end.
var historyModel = porcupine.Model{
	Init: func() any { return historyState{} },
	Equal: func(a, b any) bool {
		x, y := a.(historyState), b.(historyState)
		return maps.Equal(x.uses, y.uses) && maps.Equal(x.answers, y.answers)
	},
	Step: func(state, input, output any) (bool, any) {
		s, in, out := state.(historyState), input.(historyStep), output.(historyAnswer)
		if first, known := s.answers[in.key]; known {
			return out == first, s
		}
		want, use := s.do(in, out.id)
		if out != want {
			return false, s
		}
		if out.id == "" {
			return true, s // a refusal keeps nothing
		}
		next := historyState{uses: maps.Clone(s.uses), answers: maps.Clone(s.answers)}
		if next.uses == nil {
			next.uses, next.answers = map[string]historyUse{}, map[string]historyAnswer{}
		}
		next.uses[out.id], next.answers[in.key] = use, out
		return true, next
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v → %+v", input, output) },
}

// do returns the answer to a request, with the ID that the ledger gave to a new redemption.
func (s historyState) do(in historyStep, fresh string) (historyAnswer, historyUse) {
	use, known := s.uses[in.id]
	switch in.kind {
	case engine.MoveReserve, engine.MoveRedeem:
		live, own := 0, 0
		for _, u := range s.uses {
			if u.status.Live() {
				live++
				if u.user == in.user {
					own++
				}
			}
		}
		if _, again := s.uses[fresh]; live >= historyLimit || own > 0 || again {
			return historyAnswer{}, use
		}
		use = historyUse{user: in.user, status: engine.Confirmed}
		if in.kind == engine.MoveReserve {
			use.status = engine.Reserved
		}
		return historyAnswer{id: fresh, status: use.status}, use
	case engine.MoveConfirm, engine.MoveRelease:
		if !known || use.status != engine.Reserved {
			return historyAnswer{}, use
		}
		use.status = engine.Confirmed
		if in.kind == engine.MoveRelease {
			use.status = engine.Released
		}
	case engine.MoveRollback:
		if !known || use.status != engine.Confirmed || use.back+in.amount > 100 {
			return historyAnswer{}, use
		}
		if use.back += in.amount; use.back == 100 {
			use.status = engine.RolledBack
		}
	}
	return historyAnswer{in.id, use.status, use.back}, use
}

// Concurrent clients that reserve, confirm, release, redeem and roll back, and repeat requests with their idempotency key, see the ledger as one that
// does everything at a moment of its own.
func TestHistoriesAreLinearizable(t *testing.T) {
	histories, seed := 60, uint64(2026)
	if long() {
		histories = 5000
	}
	var campaigns []engine.Campaign
	for i := range histories {
		campaigns = append(campaigns, engine.Campaign{
			ID: fmt.Sprintf("h%05d", i), Discount: engine.Discount{Type: engine.DiscountAmount, Amount: usd(100)},
			Budgets: []engine.Budget{count(historyLimit, engine.PerCampaign, engine.PeriodTotal), count(1, engine.PerUser, engine.PeriodTotal)},
		})
	}
	s := newShop(t, t.TempDir(), campaigns...)
	requests := 0
	for i := range histories {
		h := &recorder{shop: s, campaign: campaigns[i].ID, begun: time.Now()}
		var wg sync.WaitGroup
		for client := range 5 {
			wg.Go(func() { h.client(client, rand.New(rand.NewPCG(seed, uint64(i*10+client)))) })
		}
		wg.Wait()
		requests += len(h.operations)
		if got := porcupine.CheckOperationsTimeout(historyModel, h.operations, time.Minute); got != porcupine.Ok {
			for _, o := range h.operations {
				t.Log(o.Call, o.Return, historyModel.DescribeOperation(o.Input, o.Output))
			}
			t.Fatalf("seed %d, history %d: %s", seed, i, got)
		}
	}
	s.verify()
	t.Logf("seed %d: %d histories of %d requests", seed, histories, requests)
}

// recorder records a history.
type recorder struct {
	*shop
	campaign string
	begun    time.Time

	mu         sync.Mutex // guards the rest
	operations []porcupine.Operation
	ids        []string
}

// client does some requests, of which some are sent twice: at the same time, or after the answer.
func (h *recorder) client(n int, random *rand.Rand) {
	for i := range 7 {
		in := historyStep{key: fmt.Sprintf("%s-%d-%d", h.campaign, n, i), amount: []int64{100, 50, 60}[random.IntN(3)], user: fmt.Sprint("u", random.IntN(historyUsers))}
		in.kind = []engine.MovementKind{engine.MoveReserve, engine.MoveRedeem, engine.MoveConfirm, engine.MoveRelease, engine.MoveRollback, engine.MoveRollback}[random.IntN(6)]
		h.mu.Lock()
		if len(h.ids) == 0 {
			in.kind = engine.MoveReserve
		} else {
			in.id = h.ids[max(0, len(h.ids)-1-random.IntN(4))]
		}
		h.mu.Unlock()
		if in.kind == engine.MoveReserve || in.kind == engine.MoveRedeem {
			in.id = ""
		}
		twice := random.IntN(4)
		if twice == 0 {
			var wg sync.WaitGroup
			wg.Go(func() { h.send(n+100, in) })
			h.send(n, in)
			wg.Wait()
			continue
		}
		h.send(n, in)
		if twice == 1 {
			h.send(n, in)
		}
	}
}

func (h *recorder) send(client int, in historyStep) {
	ctx, w := context.Background(), h.once(in.key, 1)
	o := order(h.campaign, in.user, 1000)
	var r engine.Redemption
	var err error
	call := time.Since(h.begun)
	switch in.kind {
	case engine.MoveReserve:
		r, err = h.Reserve(ctx, w, o)
	case engine.MoveRedeem:
		r, err = h.Redeem(ctx, w, o)
	case engine.MoveConfirm:
		r, err = h.Confirm(ctx, w, in.id)
	case engine.MoveRelease:
		r, err = h.Release(ctx, w, in.id)
	case engine.MoveRollback:
		r, err = h.Rollback(ctx, w, in.id, usd(in.amount))
	}
	back := time.Since(h.begun)
	out := historyAnswer{r.ID, r.Status, r.RolledBack}
	if err != nil {
		if refusedWith(err) == "" {
			h.t.Errorf("%+v: %v", in, err)
		}
		out = historyAnswer{}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.operations = append(h.operations, porcupine.Operation{ClientId: client, Input: in, Call: int64(call), Output: out, Return: int64(back)})
	if err == nil && (in.kind == engine.MoveReserve || in.kind == engine.MoveRedeem) {
		h.ids = append(h.ids, r.ID)
	}
}
