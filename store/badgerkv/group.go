package badgerkv

import (
	"maps"
	"sync/atomic"

	"github.com/dgraph-io/badger/v4"

	"github.com/sihai-network/sihai/store/kv"
)

// heads are the newest sequences, as of the updates that ran: read from disk when first needed. They are the writer goroutine's own.
type heads struct {
	logs    map[kv.Log]uint64
	streams map[kv.Stream]kv.Place
}

// group is the updates that are committed together. The writer goroutine fills it; once it was handed over it is the committer's, and what it wrote stays as it is.
type group struct {
	tasks    []*task
	layer    layer
	heads    *heads
	logged   *atomic.Bool // see Engine
	base     *badger.Txn  // what the group reads that neither it nor the one before it has written
	before   *group       // which may be under way to the disk; nil once this one is
	full     error        // of a disk without room: what would write is refused with it
	maxSize  int
	maxCount int
	ended    chan struct{} // of a group of one task that runs alone: closed when after and broken are set

	// What the committer leaves when it has ended with the group.
	after  *badger.Txn // sees the group; nil when it is broken
	broken error       // of this commit or an earlier one. Set from the beginning: nothing is run any more
}

// run runs a task and joins what it wrote to the group. It returns false when that does not fit any more: the task then
// runs again, first of another group.
func (g *group) run(t *task) bool {
	if g.broken != nil {
		t.err = errBroken(g.broken)
		g.tasks = append(g.tasks, t)
		return true
	}
	if t.err = t.ctx.Err(); t.err != nil {
		g.tasks = append(g.tasks, t)
		return true
	}
	x := newTx(g, t.part)
	t.panicked, t.err = x.call(t.fn)
	if t.err == nil && t.panicked == nil {
		t.err = x.seal()
	}
	if t.err == nil && t.panicked == nil && len(x.writes) > 0 {
		if g.full != nil {
			t.err = g.full
			g.tasks = append(g.tasks, t)
			return true
		}
		if g.layer.size+x.size > g.maxSize || g.layer.count+len(x.writes) > g.maxCount {
			return false
		}
		g.join(x)
	}
	g.tasks = append(g.tasks, t)
	return true
}

func (g *group) join(x *tx) {
	for i := range x.writes {
		g.layer.put(&x.writes[i], x.prefix)
	}
	maps.Copy(g.heads.logs, x.logs)
	maps.Copy(g.heads.streams, x.streams)
}

// commit writes what the updates of the group wrote in one Badger transaction, with one sync.
func (g *group) commit(db *badger.DB) error {
	if g.layer.count == 0 {
		return nil
	}
	txn := db.NewTransaction(true)
	defer txn.Discard()
	for prefix, pairs := range g.layer.parts {
		for key, value := range pairs {
			whole := append(append(make([]byte, 0, len(prefix)+len(key)), prefix...), key...)
			var err error
			if value == nil {
				err = txn.Delete(whole)
			} else {
				err = txn.Set(whole, value)
				if len(value) >= valueThreshold/2 && whole[0] != kindFiller {
					g.logged.Store(true)
				}
			}
			if err != nil {
				return err // the sizes were checked, so Badger has no reason; but half a group is never committed
			}
		}
	}
	return txn.Commit()
}

// runAlone runs the task of a group that is nothing else.
func (g *group) runAlone() {
	if g.before.after != nil {
		g.before.after.Discard()
	}
	t := g.tasks[0]
	if t.err = t.ctx.Err(); t.err == nil {
		t.err = t.alone()
	}
}

// fail tells the tasks of a group that is not on disk: those that wrote, and those that failed by themselves, perhaps because of what is not on disk either.
func (g *group) fail(wrote, failed error) {
	for _, t := range g.tasks {
		if t.err == nil {
			t.err = wrote
		} else {
			t.err = failed
		}
	}
}

// layer is what a group wrote: the last value of each key, nil for a deleted one, by the prefix of the partition and the key in it; keys of no
// partition are under the empty prefix. The zero value is empty.
type layer struct {
	parts       map[string]map[string][]byte
	size, count int // of Badger's entries, from above
}

// overhead is Badger's for an entry, from above.
const overhead = 48

func (l *layer) put(w *write, prefix []byte) {
	if w.shared {
		prefix = nil
	}
	pairs := l.parts[string(prefix)]
	if pairs == nil {
		if l.parts == nil {
			l.parts = make(map[string]map[string][]byte)
		}
		pairs = make(map[string][]byte)
		l.parts[string(prefix)] = pairs
	}
	if was, again := pairs[string(w.key)]; again {
		l.size += len(w.value) - len(was)
	} else {
		l.size += len(prefix) + len(w.key) + len(w.value) + overhead
		l.count++
	}
	pairs[string(w.key)] = w.value
}
