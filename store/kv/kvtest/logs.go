package kvtest

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sihai-network/sihai/store/kv"
)

// at returns a time some milliseconds after a fixed one.
func at(ms int) time.Time { return time.UnixMilli(1_800_000_000_000 + int64(ms)).UTC() }

func (f *fixture) entries(log kv.Log, after uint64, limit int) (out []string) {
	f.Helper()
	entries, err := f.Changes(f.Context(), log, after, limit)
	f.ok(err)
	for _, e := range entries {
		out = append(out, fmt.Sprintf("%d:%s", e.Seq, e.Payload))
	}
	return out
}

func (f *fixture) blocks(s kv.Stream, after kv.Place, limit int) (out []string) {
	f.Helper()
	blocks, err := f.Blocks(f.Context(), s, after, limit)
	f.ok(err)
	for _, b := range blocks {
		out = append(out, fmt.Sprintf("%d:%s", b.Time.Sub(at(0)).Milliseconds(), b.Data))
	}
	return out
}

func testLogs(f *fixture) {
	for i := range 3 {
		f.update("p", func(tx kv.Tx) error {
			return errors.Join(tx.Emit("log", fmt.Appendf(nil, "a%d", i)), tx.Emit("log", nil), tx.Emit("other", []byte("x")))
		})
	}
	f.same(f.entries("log", 0, 99), []string{"1:a0", "2:", "3:a1", "4:", "5:a2", "6:"})
	f.same(f.entries("log", 2, 2), []string{"3:a1", "4:"})
	f.same(len(f.entries("log", 6, 9)), 0)
	f.same(len(f.entries("log", ^uint64(0), 9)), 0)
	f.same(len(f.entries("log", 0, 0)), 0)
	f.same(f.entries("other", 0, 9), []string{"1:x", "2:x", "3:x"})
	head, err := f.Head(f.Context(), "log")
	f.ok(err)
	f.same(head, uint64(6))
	head, err = f.Head(f.Context(), "none")
	f.ok(err)
	f.same(head, uint64(0))
}

// testLogOrder reads a log while others write it: what is there is always a beginning of it without a hole.
func testLogOrder(f *fixture) {
	const writers, each = 4, 25
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for range each {
				err := f.Update(f.Context(), kv.Part(fmt.Sprint("p", w)), nil, func(tx kv.Tx) error { return tx.Emit("log", []byte("x")) })
				if err != nil {
					f.Error(err)
				}
			}
		})
	}
	seen := uint64(0)
	for seen < writers*each && !f.Failed() {
		head, err := f.Head(f.Context(), "log")
		f.ok(err)
		entries, err := f.Changes(f.Context(), "log", seen, 1000)
		f.ok(err)
		for _, e := range entries {
			f.same(e.Seq, seen+1)
			seen++
		}
		if seen < head {
			f.Fatalf("the head is %d, but only %d entries are there", head, seen)
		}
	}
	wg.Wait()
}

func testStreams(f *fixture) {
	var places []kv.Place
	for i, ms := range []int{10, 10, 30, 20, 40} { // the fourth is late
		p, err := f.AppendBlock(f.Context(), "s", at(ms).Add(300*time.Microsecond), fmt.Appendf(nil, "b%d", i))
		f.ok(err)
		places = append(places, p)
	}
	_, err := f.AppendBlock(f.Context(), "other", at(1), nil)
	f.ok(err)
	all := []string{"10:b0", "10:b1", "30:b2", "30:b3", "40:b4"}
	f.same(f.blocks("s", kv.Place{}, 9), all)
	for i, p := range places {
		f.same(p.Time, at([]int{10, 10, 30, 30, 40}[i]))
		f.same(f.blocks("s", p, 9), append([]string(nil), all[i+1:]...))
		f.same(f.blocks("s", kv.Place{Time: p.Time, Seq: p.Seq - 1}, 1), all[i:i+1])
	}
	f.same(f.blocks("s", kv.Place{Time: at(30)}, 2), all[2:4])
	f.same(f.blocks("s", kv.Place{Time: at(11)}, 9), all[2:])
	f.ok(f.TrimBefore(f.Context(), "s", at(30)))
	f.same(f.blocks("s", kv.Place{}, 9), all[2:])
	f.ok(f.TrimBefore(f.Context(), "s", at(99)))
	f.same(len(f.blocks("s", kv.Place{}, 9)), 0)
	p, err := f.AppendBlock(f.Context(), "s", at(5), []byte("late"))
	f.ok(err)
	if p.Seq <= places[4].Seq || p.Time.Before(places[4].Time) {
		f.Fatalf("a block after a trim is at %v, before the newest of the stream %v", p, places[4])
	}
	f.same(f.blocks("other", kv.Place{}, 9), []string{"1:"})
	before1970 := time.Date(1960, 1, 1, 0, 0, 0, 0, time.UTC)
	p, err = f.AppendBlock(f.Context(), "old", before1970, nil)
	f.ok(err)
	f.same(p.Time, before1970)
}

func testBlockInTransaction(f *fixture) {
	var first, second kv.Place
	f.update("p", func(tx kv.Tx) (err error) {
		if first, err = tx.AppendBlock("s", at(1), []byte("a")); err != nil {
			return err
		}
		if second, err = tx.AppendBlock("s", at(2), []byte("b")); err != nil {
			return err
		}
		return errors.Join(tx.Put([]byte("k"), []byte("v")), tx.Emit("log", []byte("x")))
	})
	if second.Seq <= first.Seq {
		f.Fatalf("blocks of one transaction are at %v and %v", first, second)
	}
	f.same(f.blocks("s", first, 9), []string{"2:b"})
	f.same([]string{f.get("p", "k"), f.entries("log", 0, 9)[0]}, []string{"v", "1:x"})
}

func testReopen(f *fixture) {
	f.update("p", func(tx kv.Tx) error {
		_, err := tx.AppendBlock("s", at(7), []byte("a"))
		return errors.Join(err, tx.Put([]byte("k"), []byte("v")), tx.Emit("log", []byte("x")))
	})
	f.ok(f.Close())
	f.Engine = f.open()
	f.same(f.get("p", "k"), "v")
	f.update("p", func(tx kv.Tx) error {
		_, err := tx.AppendBlock("s", at(3), []byte("b"))
		return errors.Join(err, tx.Emit("log", []byte("y")))
	})
	f.same(f.entries("log", 0, 9), []string{"1:x", "2:y"})
	f.same(f.blocks("s", kv.Place{}, 9), []string{"7:a", "7:b"})
}

func testClosed(f *fixture) {
	f.put("p", "k", "v")
	f.ok(f.Close())
	f.ok(f.Close())
	f.is(f.Update(f.Context(), "p", nil, func(kv.Tx) error { return nil }), kv.ErrClosed)
	f.is(f.View(f.Context(), "p", func(kv.Reader) error { return nil }), kv.ErrClosed)
	_, err := f.Changes(f.Context(), "log", 0, 1)
	f.is(err, kv.ErrClosed)
	_, err = f.AppendBlock(f.Context(), "s", at(1), nil)
	f.is(err, kv.ErrClosed)
}
