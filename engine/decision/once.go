package decision

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// OnceLog keeps which decision answered an idempotency key first.
type OnceLog interface {
	// DecisionByOnce returns the decision that first answered once: ErrNotFound when its key was never used, ErrOnceConflict
	// when it was used with another fingerprint.
	DecisionByOnce(ctx context.Context, once *engine.Once) (*engine.Decision, error)
	// AppendDecisionOnce keeps d and the receipt of once in one transaction, durable when it returns nil. When the key was used
	// before it keeps nothing and returns the first decision, or ErrOnceConflict.
	AppendDecisionOnce(ctx context.Context, once *engine.Once, d *engine.Decision) (*engine.Decision, error)
}

// errNoReceipts is returned for a request with an idempotency key when the log keeps no receipts.
var errNoReceipts = errors.New("the decision log keeps no idempotency keys")

// receipts answers requests with an idempotency key, one at a time for each key.
type receipts struct {
	log   OnceLog    // nil: none
	marks *marksPool // nil: the log keeps no tallies

	mu     sync.Mutex           // guards busy and closed
	busy   map[onceKey][32]byte // fingerprint of the request under way
	closed bool
	active sync.WaitGroup
}

type onceKey struct{ caller, key string }

func newReceipts(log OnceLog, marks *marksPool) *receipts {
	return &receipts{log: log, marks: marks, busy: make(map[onceKey][32]byte)}
}

// answer returns the first answer to a key, or makes, keeps and returns it.
func (r *receipts) answer(ctx context.Context, once *engine.Once, decide func() (*engine.Decision, *marks, error)) (*engine.Decision, error) {
	if r.log == nil {
		return nil, fmt.Errorf("decide once: %w", errNoReceipts)
	}
	leave, err := r.enter(once)
	if err != nil {
		return nil, err
	}
	defer leave()

	first, err := r.log.DecisionByOnce(ctx, once)
	if err == nil {
		return first, nil
	}
	if !errors.Is(err, engine.ErrNotFound) {
		return nil, fmt.Errorf("read the answer to idempotency key %q: %w", once.Key, err)
	}
	d, m, err := decide()
	if err != nil {
		return nil, err
	}
	kept, err := r.keep(ctx, once, d, m)
	if err != nil {
		return nil, fmt.Errorf("keep the answer to idempotency key %q: %w", once.Key, err)
	}
	return kept, nil
}

// keep keeps a decision, with what became of its candidates where the log can.
func (r *receipts) keep(ctx context.Context, once *engine.Once, d *engine.Decision, m *marks) (*engine.Decision, error) {
	log, ok := r.log.(TallyOnceLog)
	if m == nil || !ok {
		return r.log.AppendDecisionOnce(ctx, once, d)
	}
	var sum tallier
	sum.add(m)
	r.marks.put(m)
	return log.AppendTalliedOnce(ctx, once, d, sum.take())
}

// enter claims a key until leave is called. ErrOnceBusy while another request has it, ErrOnceConflict when that one is another.
func (r *receipts) enter(once *engine.Once) (leave func(), err error) {
	k := onceKey{once.Caller, once.Key}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, fmt.Errorf("decide once: closed: %w", engine.ErrUnavailable)
	}
	if fingerprint, taken := r.busy[k]; taken {
		if fingerprint != once.Fingerprint {
			return nil, engine.ErrOnceConflict
		}
		return nil, engine.ErrOnceBusy
	}
	r.busy[k] = once.Fingerprint
	r.active.Add(1)
	return func() {
		r.mu.Lock()
		delete(r.busy, k)
		r.mu.Unlock()
		r.active.Done()
	}, nil
}

// close refuses new requests with a key, and returns when none is under way.
func (r *receipts) close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.active.Wait()
}

// onceID returns the ID of the decision that answers an idempotency key: the request's time, as of any decision, and in the place of
// the random bits the hash of the caller and the key.
func onceID(once *engine.Once, at time.Time) string {
	h := sha256.New()
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(once.Caller))))
	h.Write([]byte(once.Caller))
	h.Write([]byte(once.Key))
	return engine.UUID7(at, [16]byte(h.Sum(nil)))
}
