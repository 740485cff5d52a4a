package api_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine/api/apitest/generated"
)

// till is an app's backend: the client that a public generator made of the document, with the app's key.
type till struct {
	*generated.ClientWithResponses
	t *testing.T
}

// till returns a client whose requests and answers are held against the document, or plain, for what has to be fast.
func (w *world) till(t *testing.T, plain bool) till {
	t.Helper()
	h := w.checked
	if plain {
		h = w.HTTP
	}
	c, err := generated.NewClientWithResponses(w.URL, generated.WithHTTPClient(h),
		generated.WithRequestEditorFn(func(_ context.Context, req *http.Request) error {
			req.Header.Set("Authorization", "Bearer "+w.keys["app"])
			return nil
		}))
	if err != nil {
		t.Fatal(err)
	}
	return till{c, t}
}

// refused is a refusal of the ledger, with the names of its reasons.
type refused struct{ reasons string }

func (r *refused) Error() string { return "refused: " + r.reasons }

// errBusy is the answer to a request whose idempotency key is at work.
var errBusy = errors.New("in progress")

// outcome makes of an answer a redemption, a refusal, errBusy or a failure.
func outcome(r *generated.Redemption, p *generated.Problem, err error, body []byte) (generated.Redemption, error) {
	switch {
	case err != nil:
		return generated.Redemption{}, err
	case r != nil:
		return *r, nil
	case p == nil:
		return generated.Redemption{}, fmt.Errorf("neither an answer nor a problem: %s", body)
	case p.Code == "in_progress":
		return generated.Redemption{}, errBusy
	case p.Code != "refused" || p.Reasons == nil || len(*p.Reasons) == 0:
		return generated.Redemption{}, fmt.Errorf("%d %s: %s", p.Status, p.Code, body)
	}
	var names []string
	for _, reason := range *p.Reasons {
		names = append(names, reason.Name)
	}
	return generated.Redemption{}, &refused{strings.Join(names, " ")}
}

// again sends a request with an idempotency key until it is answered, as a backend does: it waits while the key is at work.
func again(ctx context.Context, do func() (generated.Redemption, error)) (generated.Redemption, error) {
	for {
		r, err := do()
		if !errors.Is(err, errBusy) {
			return r, err
		}
		select {
		case <-ctx.Done():
			return r, ctx.Err()
		case <-time.After(time.Duration(1+rand.IntN(4)) * time.Millisecond):
		}
	}
}

func (c till) reserve(ctx context.Context, key *string, o generated.Order) (generated.Redemption, error) {
	a, err := c.ReserveWithResponse(ctx, &generated.ReserveParams{IdempotencyKey: key}, o)
	if err != nil {
		return generated.Redemption{}, err
	}
	return outcome(a.JSON201, a.ApplicationproblemJSON4XX, nil, a.Body)
}

func (c till) redeem(ctx context.Context, key *string, o generated.Order) (generated.Redemption, error) {
	a, err := c.RedeemWithResponse(ctx, &generated.RedeemParams{IdempotencyKey: key}, o)
	if err != nil {
		return generated.Redemption{}, err
	}
	return outcome(a.JSON201, a.ApplicationproblemJSON4XX, nil, a.Body)
}

func (c till) confirm(ctx context.Context, key *string, id string) (generated.Redemption, error) {
	a, err := c.ConfirmReservationWithResponse(ctx, id, &generated.ConfirmReservationParams{IdempotencyKey: key})
	if err != nil {
		return generated.Redemption{}, err
	}
	return outcome(a.JSON200, a.ApplicationproblemJSON4XX, nil, a.Body)
}

func (c till) release(ctx context.Context, key *string, id string) (generated.Redemption, error) {
	a, err := c.ReleaseReservationWithResponse(ctx, id, &generated.ReleaseReservationParams{IdempotencyKey: key})
	if err != nil {
		return generated.Redemption{}, err
	}
	return outcome(a.JSON200, a.ApplicationproblemJSON4XX, nil, a.Body)
}

func (c till) rollBack(ctx context.Context, key *string, id string, amount int64) (generated.Redemption, error) {
	a, err := c.RollBackRedemptionWithResponse(ctx, id, &generated.RollBackRedemptionParams{IdempotencyKey: key},
		generated.Rollback{Amount: &generated.Money{Amount: amount, Currency: "USD"}})
	if err != nil {
		return generated.Redemption{}, err
	}
	return outcome(a.JSON200, a.ApplicationproblemJSON4XX, nil, a.Body)
}

// orderFor buys for so much at v-1, with an offer of merchant m-1.
func orderFor(campaign, user string, amount int64) generated.Order {
	return generated.Order{OfferId: campaign + "@v-1", User: &generated.User{Id: &user}, Purchase: generated.Money{Amount: amount, Currency: "USD"}}
}

// inPurchase puts an order into a purchase.
func inPurchase(purchase string, o generated.Order) generated.Order {
	o.PurchaseId = &purchase
	return o
}

// atOnce runs n at the same time and counts those that succeed; the others must be refused.
func atOnce(t *testing.T, n int, do func(i int) error) int {
	t.Helper()
	var done atomic.Int64
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			var r *refused
			switch err := do(i); {
			case err == nil:
				done.Add(1)
			case !errors.As(err, &r):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	return int(done.Load())
}

// wantRefusal fails the test unless a step was refused for just these reasons.
func (c till) wantRefusal(err error, reasons string) {
	c.t.Helper()
	var r *refused
	if !errors.As(err, &r) || r.reasons != reasons {
		c.t.Errorf("%v, want a refusal for %s", err, reasons)
	}
}

// settled fails the test unless the ledger agrees with itself.
func (w *world) settled(t *testing.T) {
	t.Helper()
	var a struct{ Faults []string }
	w.get(t, "operator", "/v1/ledger/audit").want(t, 200).decode(t, &a)
	if len(a.Faults) > 0 {
		t.Error(a.Faults)
	}
}
