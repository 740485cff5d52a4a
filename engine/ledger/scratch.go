package ledger

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// scratch is a transaction that is never committed: what it writes lies over what is read, in memory. It answers what an order would do, by
// doing it.
type scratch struct {
	engine.AccountReader
	head        *engine.AccountHead
	balances    map[engine.BalanceKey]engine.Balance
	redemptions map[string]engine.Redemption
	codes       map[string]engine.Code
	holds       map[string]bool // changed here: whether it is held
}

var _ engine.AccountTx = (*scratch)(nil)

func newScratch(over engine.AccountReader) *scratch {
	return &scratch{
		AccountReader: over, balances: map[engine.BalanceKey]engine.Balance{}, redemptions: map[string]engine.Redemption{},
		codes: map[string]engine.Code{}, holds: map[string]bool{},
	}
}

func (s *scratch) Head() (engine.AccountHead, error) {
	if s.head != nil {
		return *s.head, nil
	}
	return s.AccountReader.Head()
}

func (s *scratch) Balance(k engine.BalanceKey) (engine.Balance, error) {
	if b, written := s.balances[k]; written {
		return b, nil
	}
	return s.AccountReader.Balance(k)
}

func (s *scratch) Redemption(id string) (engine.Redemption, error) {
	if r, written := s.redemptions[id]; written {
		return r, nil
	}
	return s.AccountReader.Redemption(id)
}

func (s *scratch) Code(code string) (engine.Code, error) {
	if c, written := s.codes[code]; written {
		return c, nil
	}
	return s.AccountReader.Code(code)
}

// Holds leaves out what was ended here; nothing that was begun here is asked for.
func (s *scratch) Holds(after time.Time, limit int) ([]engine.Hold, error) {
	holds, err := s.AccountReader.Holds(after, limit+len(s.holds))
	holds = slices.DeleteFunc(holds, func(h engine.Hold) bool { held, known := s.holds[h.ID]; return known && !held })
	slices.SortFunc(holds, func(a, b engine.Hold) int {
		if c := a.ExpiresAt.Compare(b.ExpiresAt); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
	return holds[:min(limit, len(holds))], err
}

func (s *scratch) PutHead(h *engine.AccountHead) error {
	own := *h
	s.head = &own
	return nil
}

func (s *scratch) PutBalance(b *engine.Balance) error {
	s.balances[b.BalanceKey] = *b
	return nil
}

func (s *scratch) PutRedemption(_, r *engine.Redemption) error {
	s.redemptions[r.ID], s.holds[r.ID] = *r, r.Status == engine.Reserved
	return nil
}

func (s *scratch) PutCode(c *engine.Code) error {
	s.codes[c.Code] = *c
	return nil
}

func (s *scratch) PutBatch(string, []string) error    { return nil }
func (s *scratch) PutMovement(*engine.Movement) error { return nil }
func (s *scratch) Remember(*engine.Once, engine.MovementKind, engine.MoveReceipt) error {
	return fmt.Errorf("nothing is remembered of what is only tried: %w", engine.ErrUnavailable)
}
