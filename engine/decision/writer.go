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
)

// writer appends decisions to the log in blocks, from one goroutine that it owns.
type writer struct {
	log     engine.DecisionLog
	logger  *slog.Logger
	limit   int
	dropped atomic.Uint64

	mu      sync.Mutex // guards the rest
	queue   []*engine.Decision
	pending map[string]*engine.Decision // by ID: of the queue and of the block being written
	ended   bool

	wake chan struct{} // of capacity 1: there is something to write
	stop chan struct{} // closed by close
	done chan struct{} // closed when the goroutine has ended
}

func startWriter(log engine.DecisionLog, limit int, logger *slog.Logger) *writer {
	w := &writer{
		log: log, logger: logger, limit: limit,
		pending: make(map[string]*engine.Decision),
		wake:    make(chan struct{}, 1),
		stop:    make(chan struct{}),
		done:    make(chan struct{}),
	}
	go w.run()
	return w
}

// add queues a decision, or counts it as dropped when the queue is full or closed.
func (w *writer) add(d *engine.Decision) {
	w.mu.Lock()
	full := w.ended || len(w.pending) >= w.limit
	if !full {
		w.queue = append(w.queue, d)
		w.pending[d.ID] = d
	}
	waiting := len(w.queue)
	w.mu.Unlock()

	if full {
		w.dropped.Add(1)
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
		case <-w.stop:
			w.flush()
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
		for _, d := range block {
			delete(w.pending, d.ID)
		}
		w.mu.Unlock()
	}
}

// append writes a block. While the disk is full it waits for room, and what is decided meanwhile is queued as far as the queue goes.
func (w *writer) append(block []*engine.Decision) error {
	for {
		// Without a deadline: a block that was cut short might be on disk or not.
		err := w.log.AppendDecisions(context.Background(), block)
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
