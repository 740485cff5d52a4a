package decision

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/sihai-network/sihai/engine"
)

// Service answers requests on the current snapshot and keeps the decisions. It is safe for concurrent use.
type Service struct {
	snapshots engine.Snapshots
	log       engine.DecisionLog
	ids       engine.IDs
	settings  settings
	writer    *writer
	receipts  *receipts
	compiled  atomic.Pointer[compiled]
	curves    *curves
	runs      sync.Pool  // of *run
	marks     *marksPool // nil: the log keeps no tallies
}

var _ engine.Decider = (*Service)(nil)

// New starts a service; the error tells everything that is wrong with the options. Close ends it.
func New(o Options) (*Service, error) {
	s, err := o.settings()
	if err != nil {
		return nil, fmt.Errorf("decision options: %w", err)
	}
	logger := o.Logger
	if logger == nil {
		logger = slog.Default()
	}
	queue := o.Queue
	if queue == 0 {
		queue = defaultQueue
	}
	keeper := o.Receipts
	if keeper == nil {
		keeper, _ = o.Log.(OnceLog)
	}
	var pool *marksPool
	if _, ok := o.Log.(TallyLog); ok {
		pool = new(marksPool)
	}
	return &Service{
		snapshots: o.Snapshots,
		log:       o.Log,
		ids:       o.IDs,
		settings:  s,
		writer:    startWriter(o.Log, queue, logger, pool),
		receipts:  newReceipts(keeper, pool),
		marks:     pool,
		curves:    newCurves(),
		runs:      sync.Pool{New: func() any { return newRun() }},
	}, nil
}

// Decide answers a validated request and queues the decision for the log, or with once keeps it before it returns: see
// engine.Decider. The decision holds r, which the caller leaves unchanged from then on. ErrUnavailable before the first snapshot
// and after Close.
func (s *Service) Decide(ctx context.Context, r *engine.Request, once *engine.Once) (*engine.Decision, error) {
	if s.writer.closed() {
		return nil, fmt.Errorf("decide: closed: %w", engine.ErrUnavailable)
	}
	if once != nil {
		return s.receipts.answer(ctx, once, func() (*engine.Decision, *marks, error) {
			return s.decide(r, onceID(once, r.Time))
		})
	}
	id, err := s.ids.New(r.Time)
	if err != nil {
		return nil, fmt.Errorf("decide: make an id: %w", err)
	}
	d, m, err := s.decide(r, id)
	if err != nil {
		return nil, err
	}
	s.writer.add(d, m)
	return d, nil
}

// decide answers on the current snapshot, and says what became of the candidates where the log keeps it.
func (s *Service) decide(r *engine.Request, id string) (*engine.Decision, *marks, error) {
	snap := s.snapshots.Snapshot()
	if snap == nil {
		return nil, nil, fmt.Errorf("decide: no snapshot yet: %w", engine.ErrUnavailable)
	}
	work := s.runs.Get().(*run)
	defer s.runs.Put(work)
	way, arm := s.compile(snap).wayOf(r.User.ID, r.Time)
	work.digests, work.curves = way.digests, s.curves
	var m *marks
	if s.marks != nil {
		m = s.marks.take()
	}
	work.marks = m
	d := work.decide(&s.settings, way.snap, way.scorer, r, id)
	d.Arm = arm
	return d, m, nil
}

// compile returns what requests on a snapshot share, made once for the snapshot.
func (s *Service) compile(snap *engine.Snapshot) *compiled {
	last := s.compiled.Load()
	if last != nil && last.of == snap {
		return last
	}
	c := newCompiled(snap, last)
	s.compiled.Store(c)
	return c
}

// Decision returns a recorded decision, also one that still waits for the log; ErrNotFound when there is none, as for one that was
// dropped.
func (s *Service) Decision(ctx context.Context, id string) (*engine.Decision, error) {
	if d := s.writer.waiting(id); d != nil {
		return d, nil
	}
	d, err := s.log.Decision(ctx, id)
	if err != nil {
		if errors.Is(err, engine.ErrNotFound) {
			return nil, err
		}
		return nil, fmt.Errorf("read decision %s: %w", id, err)
	}
	return d, nil
}

// Dropped returns how many decisions were answered and not logged so far: the queue was full, or the log could not be written.
func (s *Service) Dropped() uint64 { return s.writer.dropped.Load() }

// Queued returns how many decisions wait for the log.
func (s *Service) Queued() int { return s.writer.queued() }

// Close waits for the decisions under way with an idempotency key, writes those that wait for the log, and ends the service. Later
// calls of Decide return ErrUnavailable. It may be called more than once.
func (s *Service) Close() error {
	s.receipts.close()
	s.writer.close()
	return nil
}
