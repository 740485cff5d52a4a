package decision

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// The bounds of a block of decisions.
const (
	blockSize = 256
	blockWait = 50 * time.Millisecond // for more decisions after the first one
	roomWait  = time.Second           // between two looks whether a full disk has room

	// tallyWait is how long tallies are added up before they are written with the decisions of the moment. At a crowded place each decision tells of hundreds of campaigns, but a thousand
	// decisions of no more than ten do: to write them with each block took longer than the decisions.
	tallyWait = time.Second
)

// queued is a decision that waits, and what became of its candidates; nil: nobody asks.
type queued struct {
	d *engine.Decision
	m *marks
}

// writer appends decisions to the log in blocks, from one goroutine that it owns.
type writer struct {
	log     engine.DecisionLog
	logger  *slog.Logger
	limit   int
	dropped atomic.Uint64
	marks   *marksPool // nil: the log keeps no tallies
	sum     tallier    // of the goroutine alone
	tallied time.Time  // likewise: when tallies were written last

	mu      sync.Mutex // guards the rest
	queue   []queued
	pending map[string]*engine.Decision // by ID: of the queue and of the block being written
	ended   bool

	wake chan struct{} // of capacity 1: there is something to write
	stop chan struct{} // closed by close
	done chan struct{} // closed when the goroutine has ended
}

func startWriter(log engine.DecisionLog, limit int, logger *slog.Logger, marks *marksPool) *writer {
	w := &writer{
		log: log, logger: logger, limit: limit, marks: marks,
		pending: make(map[string]*engine.Decision),
		wake:    make(chan struct{}, 1),
		stop:    make(chan struct{}),
		done:    make(chan struct{}),
	}
	go w.run()
	return w
}

// add queues a decision, or counts it as dropped when the queue is full or closed.
func (w *writer) add(d *engine.Decision, m *marks) {
	w.mu.Lock()
	full := w.ended || len(w.pending) >= w.limit
	if !full {
		w.queue = append(w.queue, queued{d, m})
		w.pending[d.ID] = d
	}
	waiting := len(w.queue)
	w.mu.Unlock()

	if full {
		w.dropped.Add(1)
		if m != nil {
			w.marks.put(m)
		}
		return
	}
	if waiting == 1 || waiting == blockSize {
		w.signal()
	}
}

func (w *writer) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// run writes blocks until the writer is closed and its queue empty.
func (w *writer) run() {
	defer close(w.done)
	for {
		select {
		case <-w.wake:
			w.gather()
			w.flush()
		case <-w.tallyDue():
			w.keepTallies()
		case <-w.stop:
			w.flush()
			w.keepTallies()
			return
		}
	}
}

// gather waits until a block is full, a while has passed or the writer is closed.
func (w *writer) gather() {
	timer := time.NewTimer(blockWait)
	defer timer.Stop()
	for w.queueLen() < blockSize {
		select {
		case <-w.wake:
		case <-timer.C:
			return
		case <-w.stop:
			return
		}
	}
}

func (w *writer) queueLen() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.queue)
}

// flush writes everything that is queued.
func (w *writer) flush() {
	for {
		w.mu.Lock()
		n := min(len(w.queue), blockSize)
		block := w.queue[:n:n]
		w.queue = w.queue[n:]
		if len(w.queue) == 0 {
			w.queue = nil
		}
		w.mu.Unlock()
		if n == 0 {
			return
		}

		if err := w.append(block); err != nil {
			w.dropped.Add(uint64(n))
			w.logger.Error("append decisions to the log", "decisions", n, "error", err)
		}
		w.mu.Lock()
		for _, q := range block {
			delete(w.pending, q.d.ID)
		}
		w.mu.Unlock()
	}
}

// append keeps a block, and the tallies so far if their time has come.
func (w *writer) append(block []queued) error {
	ds := make([]*engine.Decision, len(block))
	for i := range block {
		ds[i] = block[i].d
	}
	log, ok := w.log.(TallyLog)
	if !ok || w.marks == nil {
		return w.keep(func(ctx context.Context) error { return w.log.AppendDecisions(ctx, ds) })
	}
	for i := range block {
		w.sum.add(block[i].m)
		w.marks.put(block[i].m)
	}
	var tallies []engine.Tally
	if time.Since(w.tallied) >= tallyWait {
		tallies = w.takeTallies()
	}
	again := false
	return w.keep(func(ctx context.Context) error {
		if !again {
			again = true
			return log.AppendTallied(ctx, ds, tallies)
		}
		if err := w.log.AppendDecisions(ctx, ds); err != nil { // which leaves out what was kept before the disk was full
			return err
		}
		return log.AppendTallied(ctx, nil, tallies)
	})
}

// tallyDue returns a channel on which something comes when it is time to write tallies; nil: there are none.
func (w *writer) tallyDue() <-chan time.Time {
	if w.sum.isEmpty() {
		return nil
	}
	return time.After(tallyWait - time.Since(w.tallied))
}

func (w *writer) takeTallies() []engine.Tally {
	w.tallied = time.Now()
	return w.sum.take()
}

// keepTallies writes the tallies so far, if there are any, without decisions.
func (w *writer) keepTallies() {
	log, ok := w.log.(TallyLog)
	if !ok || w.sum.isEmpty() {
		return
	}
	tallies := w.takeTallies()
	if err := w.keep(func(ctx context.Context) error { return log.AppendTallied(ctx, nil, tallies) }); err != nil {
		w.logger.Error("append tallies to the log", "campaigns", len(tallies), "error", err)
	}
}

// keep writes to the log. While the disk is full it waits for room, and what is decided meanwhile is queued as far as the queue goes.
func (w *writer) keep(write func(context.Context) error) error {
	for {
		err := write(context.Background()) // without a deadline: a block that was cut short might be on disk or not
		if !errors.Is(err, engine.ErrDiskFull) {
			return err
		}
		select {
		case <-time.After(roomWait):
		case <-w.stop:
			return err
		}
	}
}

// waiting returns a decision that is not yet in the log; nil: none.
func (w *writer) waiting(id string) *engine.Decision {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.pending[id]
}

func (w *writer) queued() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.pending)
}

func (w *writer) closed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ended
}

// close refuses new decisions, and returns when those that were queued are written.
func (w *writer) close() {
	w.mu.Lock()
	first := !w.ended
	w.ended = true
	w.mu.Unlock()
	if first {
		close(w.stop)
	}
	<-w.done
}
