package kvtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/sihai-network/sihai/store/kv"
)

func testPairs(f *fixture) {
	f.put("p", "a", "1", "b", "", "a\x00b", "zero")
	f.same([]string{f.get("p", "a"), f.get("p", "b"), f.get("p", "a\x00b"), f.get("p", "c")}, []string{"1", "", "zero", "-"})
	f.put("p", "a", "2")
	f.update("p", func(tx kv.Tx) error { return errors.Join(tx.Delete([]byte("b")), tx.Delete([]byte("never"))) })
	f.same([]string{f.get("p", "a"), f.get("p", "b")}, []string{"2", "-"})

	// What is returned belongs to the caller.
	f.ok(f.View(f.Context(), "p", func(r kv.Reader) error {
		v, err := r.Get([]byte("a"))
		f.ok(err)
		v[0] = 'x'
		again, err := read(r, "a")
		f.same(again, "2")
		return err
	}))
}

func testOrder(f *fixture) {
	keys := []string{"\x00", "\x00\x00", "a", "a\x00", "a\x01", "aa", "b", "\x7f", "\x80", "\xff", "\xff\xff"}
	for i := range keys {
		f.put("p", keys[(i*7)%len(keys)], "")
	}
	slices.Sort(keys)
	var want []string
	for _, k := range keys {
		want = append(want, k+"=")
	}
	f.same(f.list("p", "", "", 100), want)
}

func testList(f *fixture) {
	f.put("p", "a/1", "1", "a/2", "2", "a/3", "3", "b/1", "4", "a", "5", "a0", "6")
	for _, c := range []struct {
		prefix, after string
		limit         int
		want          []string
	}{
		{"a/", "", 9, []string{"a/1=1", "a/2=2", "a/3=3"}},
		{"a/", "", 2, []string{"a/1=1", "a/2=2"}},
		{"a/", "a/1", 9, []string{"a/2=2", "a/3=3"}},
		{"a/", "a/1x", 1, []string{"a/2=2"}},
		{"a/", "a/3", 9, []string{}},
		{"a/", "b", 9, []string{}},
		{"a/", "A", 1, []string{"a/1=1"}},
		{"", "a/3", 9, []string{"a0=6", "b/1=4"}},
		{"c", "", 9, []string{}},
		{"a/", "", 0, []string{}},
	} {
		f.same(f.list("p", c.prefix, c.after, c.limit), c.want)
	}
}

func testOwnWrites(f *fixture) {
	f.put("p", "a", "1", "b", "2")
	f.update("p", func(tx kv.Tx) error {
		f.ok(errors.Join(tx.Put([]byte("a"), []byte("mine")), tx.Delete([]byte("b")), tx.Put([]byte("c"), nil)))
		for key, want := range map[string]string{"a": "mine", "b": "-", "c": "", "d": "-"} {
			got, err := read(tx, key)
			f.ok(err)
			f.same(got, want)
		}
		return tx.Delete([]byte("c"))
	})
	f.same(f.list("p", "", "", 9), []string{"a=mine"})
}

func testOwnList(f *fixture) {
	f.put("p", "k/1", "1", "k/2", "2", "k/4", "4", "l", "5")
	f.update("p", func(tx kv.Tx) error {
		f.ok(errors.Join(tx.Delete([]byte("k/1")), tx.Put([]byte("k/2"), []byte("new")), tx.Put([]byte("k/3"), []byte("3")), tx.Put([]byte("z"), nil)))
		for _, c := range []struct {
			after string
			limit int
			want  []string
		}{{"", 9, []string{"k/2=new", "k/3=3", "k/4=4"}}, {"", 1, []string{"k/2=new"}}, {"k/2", 1, []string{"k/3=3"}}, {"k/3", 9, []string{"k/4=4"}}} {
			got, err := listed(tx, "k/", c.after, c.limit)
			f.ok(err)
			f.same(got, c.want)
		}
		return nil
	})
}

func testPartitions(f *fixture) {
	parts := []kv.Part{"m/1", "m/10", "m", "n"}
	for i, p := range parts {
		f.put(p, "k", strconv.Itoa(i))
	}
	for i, p := range parts {
		f.same(f.list(p, "", "", 9), []string{"k=" + strconv.Itoa(i)})
	}
}

func testFailedUpdate(f *fixture) {
	f.put("p", "a", "1")
	own := errors.New("own")
	err := f.Update(f.Context(), "p", nil, func(tx kv.Tx) error {
		f.ok(errors.Join(tx.Put([]byte("a"), nil), tx.Put([]byte("b"), nil), tx.Emit("log", []byte("x"))))
		_, err := tx.AppendBlock("stream", at(1), []byte("x"))
		f.ok(err)
		return own
	})
	if err != own {
		f.Fatalf("got error %v, want the function's own as it is", err)
	}
	f.same(f.list("p", "", "", 9), []string{"a=1"})
	head, err := f.Head(f.Context(), "log")
	f.ok(err)
	f.same(head, uint64(0))
	f.same(len(f.blocks("stream", kv.Place{}, 9)), 0)
}

func testView(f *fixture) {
	f.put("p", "a", "1", "b", "1")
	f.ok(f.View(f.Context(), "p", func(r kv.Reader) error {
		before, err := read(r, "a")
		f.ok(err)
		f.put("p", "a", "2", "b", "2", "c", "2")
		pairs, err := listed(r, "", "", 9)
		f.same(append(pairs, before), []string{"a=1", "b=1", "1"})
		return err
	}))
	f.same(f.list("p", "", "", 9), []string{"a=2", "b=2", "c=2"})
	own := errors.New("own")
	f.is(f.View(f.Context(), "p", func(kv.Reader) error { return own }), own)
}

func testContention(f *fixture) {
	const writers, each = 8, 20
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for range each {
				err := f.Update(f.Context(), "p", []byte("n"), func(tx kv.Tx) error {
					v, err := tx.Get([]byte("n"))
					if err != nil && !errors.Is(err, kv.ErrNotFound) {
						return err
					}
					return tx.Put([]byte("n"), append(v, '+'))
				})
				if err != nil {
					f.Error(err)
				}
			}
		})
	}
	wg.Wait()
	f.same(f.get("p", "n"), strings.Repeat("+", writers*each))
}

func testScan(f *fixture) {
	// Partitions of one bucket, found by trial.
	bucket := kv.Part("m/0").Bucket()
	var parts []string
	for i := 0; len(parts) < 3; i++ {
		if p := kv.Part(fmt.Sprint("m/", i)); p.Bucket() == bucket {
			parts = append(parts, string(p))
		}
	}
	slices.Sort(parts)
	var want []string
	for _, p := range parts {
		f.put(kv.Part(p), "a", "1", "k/1", "2", "k/2", "3", "l", "4")
		want = append(want, p+":k/1=2", p+":k/2=3")
	}
	f.put("other", "k/1", "x")
	for limit := 1; limit <= 7; limit++ {
		var got []string
		var after kv.Cursor
		for {
			rows, err := f.Scan(f.Context(), bucket, []byte("k/"), after, limit)
			f.ok(err)
			for _, r := range rows {
				got = append(got, fmt.Sprintf("%s:%s=%s", r.Part, r.Key, r.Value))
				after = kv.Cursor{Part: r.Part, Key: r.Key}
			}
			if len(rows) < limit {
				break
			}
		}
		f.same(got, want)
	}
	if _, err := f.Scan(f.Context(), kv.Buckets, nil, kv.Cursor{}, 1); err == nil {
		f.Fatal("a bucket that does not exist was scanned")
	}
}

func testNames(f *fixture) {
	nothing := func(kv.Tx) error { return nil }
	for _, name := range []string{"", "a\x00b", strings.Repeat("a", 201)} {
		f.is(f.Update(f.Context(), kv.Part(name), nil, nothing), kv.ErrName)
		f.is(f.View(f.Context(), kv.Part(name), func(kv.Reader) error { return nil }), kv.ErrName)
		_, err := f.Head(f.Context(), kv.Log(name))
		f.is(err, kv.ErrName)
		_, err = f.Changes(f.Context(), kv.Log(name), 0, 1)
		f.is(err, kv.ErrName)
		_, err = f.AppendBlock(f.Context(), kv.Stream(name), at(1), nil)
		f.is(err, kv.ErrName)
		_, err = f.Blocks(f.Context(), kv.Stream(name), kv.Place{}, 1)
		f.is(err, kv.ErrName)
		f.is(f.TrimBefore(f.Context(), kv.Stream(name), at(1)), kv.ErrName)
		f.is(f.Update(f.Context(), "p", nil, func(tx kv.Tx) error { return tx.Emit(kv.Log(name), nil) }), kv.ErrName)
	}
	f.put(kv.Part(strings.Repeat("a", 200)), "k", "v")
}

func testTooBig(f *fixture) {
	big := make([]byte, 1<<20)
	f.is(f.Update(f.Context(), "p", nil, func(tx kv.Tx) error {
		for i := range 64 {
			if err := tx.Put([]byte{byte(i)}, big); err != nil {
				return err
			}
		}
		return nil
	}), kv.ErrTooBig)
	f.same(f.list("p", "", "", 1), []string{})
	f.put("p", "k", strings.Repeat("v", 512<<10))
	f.same(len(f.get("p", "k")), 512<<10)
}

func testContexts(f *fixture) {
	done, cancel := context.WithCancel(f.Context())
	cancel()
	f.is(f.Update(done, "p", nil, func(kv.Tx) error { return nil }), context.Canceled)
	f.is(f.View(done, "p", func(kv.Reader) error { return nil }), context.Canceled)
}
