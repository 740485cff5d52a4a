package decision_test

import (
	"context"
	"sync"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/decision"
)

// memoryLog is a decision log that a test can hold up or let fail, which a real store cannot.
type memoryLog struct {
	mu       sync.Mutex // guards the rest
	kept     map[string]*engine.Decision
	blocks   []int // sizes, in order
	receipts map[string]receipt
	fail     error
	gate     chan struct{} // an append waits until it is closed; nil: open
	waiting  int           // appends that came to the gate
}

type receipt struct {
	fingerprint [32]byte
	id          string
}

var (
	_ engine.DecisionLog = (*memoryLog)(nil)
	_ decision.OnceLog   = (*memoryLog)(nil)
)

func newMemoryLog() *memoryLog {
	return &memoryLog{kept: make(map[string]*engine.Decision), receipts: make(map[string]receipt)}
}

func (l *memoryLog) AppendDecisions(_ context.Context, ds []*engine.Decision) error {
	l.mu.Lock()
	gate := l.gate
	l.waiting++
	l.mu.Unlock()
	if gate != nil {
		<-gate
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail != nil {
		return l.fail
	}
	l.blocks = append(l.blocks, len(ds))
	for _, d := range ds {
		l.kept[d.ID] = d
	}
	return nil
}

func (l *memoryLog) Decision(_ context.Context, id string) (*engine.Decision, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if d, ok := l.kept[id]; ok {
		return d, nil
	}
	return nil, engine.ErrNotFound
}

func (l *memoryLog) DecisionByOnce(_ context.Context, once *engine.Once) (*engine.Decision, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r, ok := l.receipts[once.Caller+"\x00"+once.Key]
	switch {
	case !ok:
		return nil, engine.ErrNotFound
	case r.fingerprint != once.Fingerprint:
		return nil, engine.ErrOnceConflict
	}
	return l.kept[r.id], nil
}

func (l *memoryLog) AppendDecisionOnce(ctx context.Context, once *engine.Once, d *engine.Decision) (*engine.Decision, error) {
	if err := l.AppendDecisions(ctx, []*engine.Decision{d}); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.receipts[once.Caller+"\x00"+once.Key] = receipt{once.Fingerprint, d.ID}
	return d, nil
}

// waiters returns how many appends have come to the gate.
func (l *memoryLog) waiters() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.waiting
}
