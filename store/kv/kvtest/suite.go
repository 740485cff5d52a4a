// Package kvtest holds the rules of package kv as a suite that every engine passes.
//
//	func TestEngine(t *testing.T) {
//		kvtest.Run(t, func(t testing.TB) func() kv.Engine {
//			dir := t.TempDir()
//			return func() kv.Engine { … open the engine in dir … }
//		})
//	}
//
// Left out: what happens when a process is killed, and how fast an engine is.
package kvtest

import (
	"errors"
	"reflect"
	"testing"

	"github.com/sihai-network/sihai/store/kv"
)

// Home makes an empty place for an engine and returns what opens it; that ends the test when it cannot. The suite closes
// an engine before it opens its place again.
type Home func(t testing.TB) (open func() kv.Engine)

// Run runs the suite. Cost: some 15 places.
func Run(t *testing.T, home Home) {
	for _, c := range []struct {
		name string
		test func(*fixture)
	}{
		{"pairs", testPairs},
		{"keys are ordered by bytes", testOrder},
		{"lists", testList},
		{"a transaction reads its own writes", testOwnWrites},
		{"a list within a transaction", testOwnList},
		{"partitions are apart", testPartitions},
		{"an update that fails writes nothing", testFailedUpdate},
		{"a view is one moment", testView},
		{"updates of a key at the same time", testContention},
		{"scans", testScan},
		{"logs", testLogs},
		{"entries become visible in order", testLogOrder},
		{"streams", testStreams},
		{"blocks join a transaction", testBlockInTransaction},
		{"blocks are replaced", testReplace},
		{"purges", testPurge},
		{"names", testNames},
		{"too big", testTooBig},
		{"contexts", testContexts},
		{"everything is there after a new start", testReopen},
		{"closed", testClosed},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fixture{T: t, open: home(t)}
			f.Engine = f.open()
			t.Cleanup(func() { _ = f.Close() })
			c.test(f)
		})
	}
}

// fixture is an engine under test.
type fixture struct {
	*testing.T
	kv.Engine
	open func() kv.Engine
}

func (f *fixture) ok(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) is(err, want error) {
	f.Helper()
	if !errors.Is(err, want) {
		f.Fatalf("got error %v, want %v", err, want)
	}
}

func (f *fixture) same(got, want any) {
	f.Helper()
	if !reflect.DeepEqual(got, want) {
		f.Fatalf("got  %v\nwant %v", got, want)
	}
}

// update runs fn in a transaction of a partition.
func (f *fixture) update(p kv.Part, fn func(kv.Tx) error) {
	f.Helper()
	f.ok(f.Update(f.Context(), p, nil, fn))
}

// put writes pairs, given as key, value, key, value …
func (f *fixture) put(p kv.Part, pairs ...string) {
	f.Helper()
	f.update(p, func(tx kv.Tx) error {
		for i := 0; i < len(pairs); i += 2 {
			if err := tx.Put([]byte(pairs[i]), []byte(pairs[i+1])); err != nil {
				return err
			}
		}
		return nil
	})
}

// get reads a key, "-" when there is none.
func (f *fixture) get(p kv.Part, key string) (value string) {
	f.Helper()
	f.ok(f.View(f.Context(), p, func(r kv.Reader) (err error) {
		value, err = read(r, key)
		return err
	}))
	return value
}

func read(r kv.Reader, key string) (string, error) {
	v, err := r.Get([]byte(key))
	if errors.Is(err, kv.ErrNotFound) {
		return "-", nil
	}
	return string(v), err
}

// list lists a partition as "key=value".
func (f *fixture) list(p kv.Part, prefix, after string, limit int) (pairs []string) {
	f.Helper()
	f.ok(f.View(f.Context(), p, func(r kv.Reader) (err error) {
		pairs, err = listed(r, prefix, after, limit)
		return err
	}))
	return pairs
}

// listed lists what comes after a key; the empty one is none.
func listed(r kv.Reader, prefix, after string, limit int) ([]string, error) {
	var cursor []byte
	if after != "" {
		cursor = []byte(after)
	}
	found, err := r.List([]byte(prefix), cursor, limit)
	pairs := make([]string, len(found))
	for i, p := range found {
		pairs[i] = string(p.Key) + "=" + string(p.Value)
	}
	return pairs, err
}
