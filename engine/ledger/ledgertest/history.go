package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/sihai-network/sihai/engine"
)

// Do does a step on the ledger under test. A refusal is the zero Answer; an error is a failure, which no step may have.
type Do func(context.Context, Step) (Answer, error)

// Options say what a history is like.
type Options struct {
	Campaign string // begins its idempotency keys
	// Seed is of what the clients ask. Two histories of one seed differ in what happens at the same time.
	Seed    uint64
	Clients int // 0: 5
}

// Check records a history of clients that reserve, confirm, release, redeem and roll back at the same time, and that send some requests twice, at once or after the
// answer. It returns how many requests there were, and an error that tells all of them when no order explains the answers. Cost: some 50 requests, and
// milliseconds for the check, seldom more.
func Check(ctx context.Context, do Do, o Options) (requests int, err error) {
	if o.Clients == 0 {
		o.Clients = 5
	}
	h := &recorder{do: do, ctx: ctx, campaign: o.Campaign, begun: time.Now()}
	var wg sync.WaitGroup
	for n := range o.Clients {
		wg.Go(func() { h.client(n, rand.New(rand.NewPCG(o.Seed, uint64(n)))) })
	}
	wg.Wait()
	if err := errors.Join(h.failures...); err != nil {
		return len(h.operations), fmt.Errorf("history of %s, seed %d: %w", o.Campaign, o.Seed, err)
	}
	m := model()
	if got := porcupine.CheckOperationsTimeout(m, h.operations, time.Minute); got != porcupine.Ok {
		var told strings.Builder
		for _, op := range h.operations {
			fmt.Fprintln(&told, op.Call, op.Return, m.DescribeOperation(op.Input, op.Output))
		}
		return len(h.operations), fmt.Errorf("history of %s, seed %d: %s\n%s", o.Campaign, o.Seed, got, told.String())
	}
	return len(h.operations), nil
}

// recorder records a history.
type recorder struct {
	do       Do
	ctx      context.Context // of the whole history
	campaign string
	begun    time.Time

	mu         sync.Mutex // guards the rest
	operations []porcupine.Operation
	ids        []string
	failures   []error
}

// client does some requests, of which some are sent twice: at the same time, or after the answer.
func (h *recorder) client(n int, random *rand.Rand) {
	for i := range 7 {
		s := h.next(random)
		s.Key = fmt.Sprintf("%s-%d-%d", h.campaign, n, i)
		twice := random.IntN(4)
		if twice == 0 {
			var wg sync.WaitGroup
			wg.Go(func() { h.send(n+100, s) })
			h.send(n, s)
			wg.Wait()
			continue
		}
		h.send(n, s)
		if twice == 1 {
			h.send(n, s)
		}
	}
}

// next makes a step of any kind, on one of the newest redemptions.
func (h *recorder) next(random *rand.Rand) Step {
	kinds := []engine.MovementKind{engine.MoveReserve, engine.MoveRedeem, engine.MoveConfirm, engine.MoveRelease, engine.MoveRollback, engine.MoveRollback}
	s := Step{Amount: []int64{100, 50, 60}[random.IntN(3)], User: fmt.Sprint("u", random.IntN(users)), Kind: kinds[random.IntN(len(kinds))]}
	back := random.IntN(4)
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case len(h.ids) == 0:
		s.Kind = engine.MoveReserve
	case s.Kind != engine.MoveReserve && s.Kind != engine.MoveRedeem:
		s.ID = h.ids[max(0, len(h.ids)-1-back)]
	}
	return s
}

func (h *recorder) send(client int, s Step) {
	call := time.Since(h.begun)
	out, err := h.do(h.ctx, s)
	back := time.Since(h.begun)
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil {
		h.failures = append(h.failures, fmt.Errorf("%+v: %w", s, err))
	}
	h.operations = append(h.operations, porcupine.Operation{ClientId: client, Input: s, Call: int64(call), Output: out, Return: int64(back)})
	if out.ID != "" && (s.Kind == engine.MoveReserve || s.Kind == engine.MoveRedeem) {
		h.ids = append(h.ids, out.ID)
	}
}
