package ledgertest

import (
	"fmt"
	"maps"

	"github.com/anishathalye/porcupine"

	"github.com/sihai-network/sihai/engine"
)

// The campaign of a history.
const (
	Limit    = 3   // redemptions that may be live
	Discount = 100 // minor units that each takes off
)

// users ask in a history.
const users = 3

// Step is a request of a history.
type Step struct {
	Kind   engine.MovementKind // reserve, redeem, confirm, release or rollback
	User   string              // of reserve and redeem
	ID     string              // of the redemption that is confirmed, released or rolled back
	Amount int64               // minor units to roll back
	Key    string              // idempotency key; a retry has the same
}

// Answer is an answer: the redemption as it was left, or nothing for a refusal.
type Answer struct {
	ID     string
	Status engine.RedemptionStatus
	Back   int64 // minor units rolled back in all
}

// state is what the campaign gave away and answered. It is never changed.
type state struct {
	uses    map[string]use
	answers map[string]Answer // by idempotency key
}

type use struct {
	user   string
	status engine.RedemptionStatus
	back   int64
}

// model says what a history may look like, were each request done at one moment between its beginning and its end.
func model() porcupine.Model {
	return porcupine.Model{
		Init: func() any { return state{} },
		Equal: func(a, b any) bool {
			x, y := a.(state), b.(state)
			return maps.Equal(x.uses, y.uses) && maps.Equal(x.answers, y.answers)
		},
		Step: func(was, input, output any) (bool, any) {
			ok, next := was.(state).step(input.(Step), output.(Answer))
			return ok, next
		},
		DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v → %+v", input, output) },
	}
}

// step reports whether a request may have an answer, and returns what is then.
func (s state) step(in Step, out Answer) (bool, state) {
	if first, known := s.answers[in.Key]; known {
		return out == first, s
	}
	want, u := s.do(in, out.ID)
	if out != want {
		return false, s
	}
	if out.ID == "" {
		return true, s // a refusal keeps nothing
	}
	next := state{uses: maps.Clone(s.uses), answers: maps.Clone(s.answers)}
	if next.uses == nil {
		next.uses, next.answers = map[string]use{}, map[string]Answer{}
	}
	next.uses[out.ID], next.answers[in.Key] = u, out
	return true, next
}

// do returns the answer to a request, with the ID that the ledger gave to a new redemption.
func (s state) do(in Step, fresh string) (Answer, use) {
	u, known := s.uses[in.ID]
	switch in.Kind {
	case engine.MoveReserve, engine.MoveRedeem:
		return s.take(in, fresh)
	case engine.MoveConfirm, engine.MoveRelease:
		if !known || u.status != engine.Reserved {
			return Answer{}, u
		}
		u.status = engine.Confirmed
		if in.Kind == engine.MoveRelease {
			u.status = engine.Released
		}
	case engine.MoveRollback:
		if !known || u.status != engine.Confirmed || u.back+in.Amount > Discount {
			return Answer{}, u
		}
		if u.back += in.Amount; u.back == Discount {
			u.status = engine.RolledBack
		}
	}
	return Answer{in.ID, u.status, u.back}, u
}

func (s state) take(in Step, fresh string) (Answer, use) {
	live, own := 0, 0
	for _, u := range s.uses {
		if u.status.Live() {
			live++
			if u.user == in.User {
				own++
			}
		}
	}
	if _, again := s.uses[fresh]; live >= Limit || own > 0 || again {
		return Answer{}, use{}
	}
	u := use{user: in.User, status: engine.Confirmed}
	if in.Kind == engine.MoveReserve {
		u.status = engine.Reserved
	}
	return Answer{ID: fresh, Status: u.status}, u
}
