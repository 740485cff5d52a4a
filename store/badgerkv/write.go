package badgerkv

import (
	"context"
	"fmt"
	"time"

	"github.com/sihai-network/sihai/store/kv"
)

// maxGroup bounds the updates that are committed with one sync: those that came while the last group was committed are fewer, but for a flood.
const maxGroup = 1024

// task is an update that waits for the writer.
type task struct {
	ctx      context.Context
	part     kv.Part
	fn       func(*tx) error
	err      error
	panicked any
	done     chan struct{}
	alone    func() error // in place of fn: run while nothing else is written
}

// Update implements kv.Engine. All updates are serialisable against one another, so guard is not needed.
func (e *Engine) Update(ctx context.Context, p kv.Part, _ []byte, fn func(kv.Tx) error) error {
	if err := checkName(string(p)); err != nil {
		return err
	}
	return e.update(ctx, p, func(x *tx) error { return fn(x) })
}

// AppendBlock implements kv.Engine.
func (e *Engine) AppendBlock(ctx context.Context, s kv.Stream, at time.Time, block []byte) (kv.Place, error) {
	var place kv.Place
	err := e.update(ctx, "", func(x *tx) (err error) {
		place, err = x.AppendBlock(s, at, block)
		return err
	})
	if err != nil {
		return kv.Place{}, err
	}
	return place, nil
}

// update hands fn to the writer and waits. Once the writer has it there is no way back: the answer comes with the next commit.
func (e *Engine) update(ctx context.Context, p kv.Part, fn func(*tx) error) error {
	if err := e.enter(); err != nil {
		return err
	}
	defer e.leave()
	t := &task{ctx: ctx, part: p, fn: fn, done: make(chan struct{})}
	select {
	case e.tasks <- t:
	case <-ctx.Done():
		return ctx.Err()
	}
	<-t.done
	if t.panicked != nil {
		panic(t.panicked) // in the goroutine whose function it was
	}
	return t.err
}

// write is the writer goroutine: it takes what waits, up to maxGroup, and commits it.
func (e *Engine) write() {
	e.heads = heads{logs: make(map[kv.Log]uint64), streams: make(map[kv.Stream]kv.Place)}
	for first := range e.tasks {
		tasks := e.gather(first)
		for len(tasks) > 0 {
			n := e.commit(tasks)
			for _, t := range tasks[:n] {
				close(t.done)
			}
			tasks = tasks[n:]
		}
	}
}

func (e *Engine) gather(first *task) []*task {
	tasks := []*task{first}
	for len(tasks) < maxGroup {
		select {
		case t, ok := <-e.tasks:
			if !ok {
				return tasks
			}
			tasks = append(tasks, t)
		default:
			return tasks
		}
	}
	return tasks
}

// commit runs as many of the tasks as fit in one transaction, at least one, commits them and returns how many. No task is
// told its outcome, not even its own error, before that: it may rest on what another one of the group has written.
func (e *Engine) commit(tasks []*task) int {
	if e.broken != nil {
		for _, t := range tasks {
			t.err = fmt.Errorf("%w: no writes since a commit failed: %w", kv.ErrClosed, e.broken)
		}
		return len(tasks)
	}
	if tasks[0].alone != nil { // without a transaction of its own, which would keep old versions alive
		tasks[0].err = tasks[0].alone()
		return 1
	}
	txn := e.db.NewTransaction(true)
	defer txn.Discard()
	g := group{txn: txn, heads: &e.heads, logged: &e.logged, maxSize: e.maxSize, maxCount: e.maxCount}
	n := 0
	for _, t := range tasks {
		if t.alone != nil || !g.run(t) {
			break
		}
		n++
	}
	if g.count == 0 {
		return n
	}
	if err := txn.Commit(); err != nil {
		e.broken = err
		for _, t := range tasks[:n] {
			if t.err == nil {
				t.err = fmt.Errorf("%w: %w", kv.ErrUnknownOutcome, err)
			}
		}
	}
	return n
}
