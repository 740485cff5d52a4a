package badgerkv

import (
	"context"
	"fmt"
	"time"

	"github.com/dgraph-io/badger/v4"

	"github.com/sihai-network/sihai/store/kv"
)

// The updates that are committed with one sync: those that came while the last group was committed, up to maxGroup. A committer that waits for work is
// given a group once it has readyGroup of them, however many more wait, so that to run updates and to write them down goes on side by side.
const (
	maxGroup   = 1024
	readyGroup = 64
)

// task is an update that waits for the writer.
type task struct {
	ctx      context.Context
	part     kv.Part
	fn       func(*tx) error
	err      error
	panicked any
	done     chan struct{}
	alone    func() error // in place of fn: run while nothing else is written, and no transaction of the writer's is open
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

// update hands fn to the writer and waits. Once the writer has it there is no way back: the answer comes with the commit of its group.
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

// write is the writer goroutine: it runs what waits, in the order in which it came, and hands it in groups to the committer. A group runs while the one before it
// is committed, on what that one will have written; when that commit fails, so does everything that was run on it.
func (e *Engine) write() {
	defer close(e.groups)
	h := &heads{logs: make(map[kv.Log]uint64), streams: make(map[kv.Stream]kv.Place)}
	first := &group{heads: h, after: e.db.NewTransaction(false)}
	g := e.group(first, e.db.NewTransaction(false), nil)
	for {
		t, handed, open := e.next(g)
		switch {
		case handed:
			g = e.follow(g)
		case !open:
			if len(g.tasks) > 0 {
				e.groups <- g
			}
			return
		case t.alone != nil:
			g = e.standAside(g, t)
		case !g.run(t): // it does not fit any more: it runs again, first of another group
			e.groups <- g
			g = e.follow(g)
			g.full = e.room.check()
			g.run(t)
		}
	}
}

// next takes the next task for a group, or hands the group to the committer; neither, once there will be no more.
func (e *Engine) next(g *group) (t *task, handed, open bool) {
	switch n := len(g.tasks); {
	case n == 0:
		t, open = <-e.tasks
		g.full = e.room.check()
		return t, false, open
	case n == maxGroup:
		e.groups <- g
		return nil, true, true
	case n >= readyGroup:
		select {
		case e.groups <- g: // the committer waits for work
			return nil, true, true
		default:
		}
	}
	select {
	case t, open = <-e.tasks:
		return t, false, open
	default:
	}
	select {
	case t, open = <-e.tasks:
		return t, false, open
	case e.groups <- g:
		return nil, true, true
	}
}

// follow begins the group after one that was handed over. The committer took that one when it had ended with the one before, so what was committed there can be read.
func (e *Engine) follow(g *group) *group {
	if g.base != nil {
		g.base.Discard()
	}
	next := e.group(g, g.before.after, g.before.broken)
	g.before = nil
	return next
}

// standAside lets the committer run a task between two groups, after all that came before it, and begins the group after it. The transactions by which updates
// read are given up for it, since they would keep alive what was deleted or replaced, and are made anew afterwards.
func (e *Engine) standAside(g *group, t *task) *group {
	if len(g.tasks) > 0 {
		e.groups <- g
		g = e.follow(g)
	}
	if g.base != nil {
		g.base.Discard()
	}
	own := e.group(g.before, nil, g.broken)
	own.tasks, own.ended = []*task{t}, make(chan struct{})
	e.groups <- own
	<-own.ended
	own.before = nil
	if own.broken != nil {
		return e.group(own, nil, own.broken)
	}
	return e.group(own, e.db.NewTransaction(false), nil)
}

func (e *Engine) group(before *group, base *badger.Txn, broken error) *group {
	return &group{base: base, before: before, broken: broken, heads: before.heads, logged: &e.logged, maxSize: e.maxSize, maxCount: e.maxCount}
}

// commit is the committer goroutine: one group after the other, each on disk before the next is begun, so that nothing is written that rests on what is
// not there. No task is told its outcome, not even its own error, before that: it may rest on what another one has written.
func (e *Engine) commit() {
	var broken error
	for g := range e.groups {
		if broken != nil {
			g.fail(errBroken(broken), errBroken(broken))
		} else if g.ended != nil {
			g.runAlone()
		} else if broken = g.commit(e.db); broken != nil {
			g.fail(fmt.Errorf("%w: %w", kv.ErrUnknownOutcome, broken), errBroken(broken))
			e.failed(broken)
		}
		for _, t := range g.tasks {
			close(t.done)
		}
		if g.broken = broken; broken == nil {
			g.after = e.db.NewTransaction(false)
		}
		if g.ended != nil {
			close(g.ended)
		}
	}
}

func errBroken(cause error) error {
	return fmt.Errorf("%w: no writes since a commit failed: %w", kv.ErrClosed, cause)
}
