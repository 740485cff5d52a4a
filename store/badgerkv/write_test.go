package badgerkv

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/dgraph-io/badger/v4"

	"github.com/sihai-network/sihai/store/kv"
)

// openMemory opens an engine of which nothing is kept.
func openMemory(t *testing.T) *Engine {
	t.Helper()
	e, err := Open(Options{InMemory: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close() })
	return e
}

// When a commit fails, so does all that was run on what it would have written. What was acknowledged is there, and nothing else is, and nothing is written any more.
func TestFailedCommitFailsWhatRestsOnIt(t *testing.T) {
	for round := range 20 {
		e := openMemory(t)
		const writers = 40
		var mu sync.Mutex
		acknowledged, failed := 0, 0
		var wg sync.WaitGroup
		for w := range writers {
			wg.Go(func() {
				for i := range 20 {
					err := e.update(t.Context(), "p", func(x *tx) error {
						if w == round && i == 7 { // Badger keeps this key to itself, and refuses the group
							return x.setShared([]byte("!badger!mine"), []byte("v"))
						}
						n := 0
						if was, err := x.Get([]byte("n")); err == nil {
							n, _ = strconv.Atoi(string(was))
						}
						return errors.Join(x.Put([]byte("n"), strconv.AppendInt(nil, int64(n+1), 10)), x.Put(fmt.Appendf(nil, "w/%d/%d", w, i), []byte("v")))
					})
					mu.Lock()
					switch {
					case err == nil:
						acknowledged++
					case errors.Is(err, kv.ErrUnknownOutcome) || errors.Is(err, kv.ErrClosed):
						failed++
					default:
						t.Error(err)
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		err := e.View(t.Context(), "p", func(r kv.Reader) error {
			n, err := r.Get([]byte("n"))
			if err != nil && acknowledged > 0 {
				return err
			}
			pairs, err := r.List([]byte("w/"), nil, 2*writers*20)
			if string(n) != strconv.Itoa(acknowledged) && acknowledged > 0 || len(pairs) != acknowledged {
				t.Errorf("%d acknowledged; counted %s, %d pairs", acknowledged, n, len(pairs))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if failed == 0 {
			t.Fatal("nothing failed")
		}
		own := errors.New("own")
		if err := e.Update(t.Context(), "p", nil, func(kv.Tx) error { return own }); !errors.Is(err, kv.ErrClosed) {
			t.Fatalf("after the failure: %v", err)
		}
	}
}

// An update sees what the ones before it wrote: those of its own group, those of the group that is under way to the disk, and what is stored; a list too.
func TestUpdatesSeeWhatIsUnderWay(t *testing.T) {
	e := openMemory(t)
	h := &heads{logs: map[kv.Log]uint64{}, streams: map[kv.Stream]kv.Place{}}
	read := func() *badger.Txn { return e.db.NewTransaction(false) }
	run := func(g *group, fn func(*tx) error) {
		t.Helper()
		task := &task{ctx: t.Context(), part: "p", fn: fn}
		if !g.run(task) || task.err != nil || task.panicked != nil {
			t.Fatal(task.err, task.panicked)
		}
	}
	put := func(pairs ...string) func(*tx) error {
		return func(x *tx) (err error) {
			for i := 0; i < len(pairs); i += 2 {
				if pairs[i+1] == "" {
					err = errors.Join(err, x.Delete([]byte(pairs[i])))
				} else {
					err = errors.Join(err, x.Put([]byte(pairs[i]), []byte(pairs[i+1])))
				}
			}
			return errors.Join(err, x.Emit("log", []byte("e")))
		}
	}
	stored := e.group(&group{heads: h}, read(), nil)
	run(stored, put("a", "1", "b", "1", "c", "1", "d", "1"))
	if err := stored.commit(e.db); err != nil {
		t.Fatal(err)
	}
	flying := e.group(&group{heads: h}, read(), nil)
	run(flying, put("b", "2", "c", "", "e", "2"))
	g := e.group(&group{heads: h}, read(), nil)
	g.before = flying
	run(g, put("e", "3", "f", "3"))
	run(g, func(x *tx) error {
		if err := put("f", "", "g", "4")(x); err != nil {
			return err
		}
		var got []string
		for key := 'a'; key < 'h'; key++ {
			if v, err := x.Get([]byte(string(key))); err == nil {
				got = append(got, string(key)+string(v))
			}
		}
		want := []string{"a1", "b2", "d1", "e3", "g4"}
		if !slices.Equal(got, want) {
			t.Errorf("it reads %v, want %v", got, want)
		}
		for limit := range 7 {
			pairs, err := x.List(nil, []byte("a"), limit)
			var listed []string
			for _, p := range pairs {
				listed = append(listed, string(p.Key)+string(p.Value))
			}
			if err != nil || !slices.Equal(listed, want[1:min(1+limit, len(want))]) {
				t.Errorf("it lists %v, %v", listed, err)
			}
		}
		return nil
	})
	if h.logs["log"] != 4 {
		t.Errorf("the log has %d entries", h.logs["log"])
	}
}
