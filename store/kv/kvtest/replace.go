package kvtest

import (
	"errors"
	"fmt"
	"sync"

	"github.com/sihai-network/sihai/store/kv"
)

// testReplace puts other blocks in the places of some, also in one transaction with the rest.
func testReplace(f *fixture) {
	var places []kv.Place
	for i := range 4 {
		p, err := f.AppendBlock(f.Context(), "s", at(10*i), fmt.Appendf(nil, "b%d", i))
		f.ok(err)
		places = append(places, p)
	}
	replace := func(p kv.Place, block []byte) error {
		return f.Update(f.Context(), "p", nil, func(tx kv.Tx) error { return tx.ReplaceBlock("s", p, block) })
	}
	f.ok(replace(places[1], []byte("a longer one")))
	f.ok(replace(places[2], nil))
	f.same(f.blocks("s", kv.Place{}, 9), []string{"0:b0", "10:a longer one", "20:", "30:b3"})
	f.same(f.blocks("s", places[0], 1), []string{"10:a longer one"})

	f.is(replace(kv.Place{Time: at(10), Seq: 99}, []byte("x")), kv.ErrNotFound)
	f.is(replace(kv.Place{Time: at(11), Seq: places[1].Seq}, []byte("x")), kv.ErrNotFound)
	f.is(f.Update(f.Context(), "p", nil, func(tx kv.Tx) error { return tx.ReplaceBlock("other", places[1], nil) }), kv.ErrNotFound)
	f.is(f.Update(f.Context(), "p", nil, func(tx kv.Tx) error { return tx.ReplaceBlock("", places[1], nil) }), kv.ErrName)
	failed := errors.New("on purpose")
	f.is(f.Update(f.Context(), "p", nil, func(tx kv.Tx) error { return errors.Join(tx.ReplaceBlock("s", places[0], []byte("x")), failed) }), failed)

	f.update("p", func(tx kv.Tx) error { // with an append, a pair and itself
		own, err := tx.AppendBlock("s", at(40), []byte("fresh"))
		return errors.Join(err, tx.ReplaceBlock("s", own, []byte("fresher")), tx.ReplaceBlock("s", places[3], []byte("c")), tx.ReplaceBlock("s", places[3], []byte("d")),
			tx.Put([]byte("cursor"), []byte("3")))
	})
	want := []string{"0:b0", "10:a longer one", "20:", "30:d", "40:fresher"}
	f.same(f.blocks("s", kv.Place{}, 9), want)
	f.same(f.get("p", "cursor"), "3")

	f.ok(f.Close())
	f.Engine = f.open()
	f.same(f.blocks("s", kv.Place{}, 9), want)
	f.ok(f.TrimBefore(f.Context(), "s", at(20)))
	f.is(replace(places[1], []byte("x")), kv.ErrNotFound)
	f.ok(replace(places[2], []byte("y")))
	f.same(f.blocks("s", kv.Place{}, 9), []string{"20:y", "30:d", "40:fresher"})
}

// testPurge purges while others write: everything is there afterwards, also after a new start.
func testPurge(f *fixture) {
	for i := range 20 {
		p, err := f.AppendBlock(f.Context(), "s", at(i), make([]byte, 30_000))
		f.ok(err)
		f.put("p", "k", fmt.Sprint("old-", i))
		f.update("p", func(tx kv.Tx) error { return tx.ReplaceBlock("s", p, fmt.Appendf(nil, "b%d", i)) })
		f.update("p", func(tx kv.Tx) error { return tx.Emit("log", fmt.Appendf(nil, "x%d", i)) })
	}
	f.ok(f.TrimBefore(f.Context(), "s", at(10)))
	var writer sync.WaitGroup
	stop := make(chan struct{})
	written := 0
	writer.Go(func() {
		for ; ; written++ {
			select {
			case <-stop:
				return
			default:
			}
			key := fmt.Appendf(nil, "w-%05d", written)
			if err := f.Update(f.Context(), "q", nil, func(tx kv.Tx) error { return tx.Put(key, key) }); err != nil {
				f.Error(err)
				return
			}
		}
	})
	f.ok(f.Purge(f.Context()))
	f.ok(f.Purge(f.Context()))
	close(stop)
	writer.Wait()
	check := func() {
		f.same(f.get("p", "k"), "old-19")
		f.same(len(f.blocks("s", kv.Place{}, 99)), 10)
		f.same(f.blocks("s", kv.Place{}, 1), []string{"10:b10"})
		f.same(len(f.entries("log", 0, 99)), 20)
		f.same(len(f.list("q", "w-", "", written+1)), written)
	}
	check()
	f.ok(f.Close())
	f.is(f.Purge(f.Context()), kv.ErrClosed)
	f.Engine = f.open()
	check()
}
