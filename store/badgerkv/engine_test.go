package badgerkv_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/sihai-network/sihai/store/badgerkv"
	"github.com/sihai-network/sihai/store/kv"
)

// Writers at the same time each see their update on disk, and the log counts them without a hole, after a new start too.
func TestConcurrentUpdatesSurviveAndCountWithoutHole(t *testing.T) {
	dir := t.TempDir()
	e, err := badgerkv.Open(badgerkv.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	const writers, each = 8, 25
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				part := kv.Part(fmt.Sprintf("m/%d", w%3))
				err := e.Update(t.Context(), part, nil, func(tx kv.Tx) error {
					if err := tx.Put(fmt.Appendf(nil, "k/%d/%d", w, i), []byte("v")); err != nil {
						return err
					}
					return tx.Emit("catalog", fmt.Appendf(nil, "%d/%d", w, i))
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if e, err = badgerkv.Open(badgerkv.Options{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	entries, err := e.Changes(t.Context(), "catalog", 0, writers*each+1)
	if err != nil || len(entries) != writers*each {
		t.Fatalf("got %d changes, %v", len(entries), err)
	}
	for i, entry := range entries {
		if entry.Seq != uint64(i+1) {
			t.Fatalf("change %d has sequence %d", i, entry.Seq)
		}
	}
	found := 0
	for w := range 3 {
		err := e.View(t.Context(), kv.Part(fmt.Sprintf("m/%d", w)), func(r kv.Reader) error {
			pairs, err := r.List([]byte("k/"), nil, 1000)
			found += len(pairs)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found != writers*each {
		t.Fatalf("found %d pairs, wrote %d", found, writers*each)
	}
}

// An update whose function fails writes nothing, and its error comes back as it is.
func TestFailedUpdateWritesNothing(t *testing.T) {
	e, err := badgerkv.Open(badgerkv.Options{InMemory: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	own := errors.New("own")
	err = e.Update(t.Context(), "p", nil, func(tx kv.Tx) error {
		if err := tx.Put([]byte("k"), []byte("v")); err != nil {
			return err
		}
		if v, err := tx.Get([]byte("k")); err != nil || string(v) != "v" {
			t.Errorf("a transaction reads %q, %v of its own write", v, err)
		}
		return own
	})
	if !errors.Is(err, own) {
		t.Fatalf("got %v", err)
	}
	err = e.View(t.Context(), "p", func(r kv.Reader) error {
		_, err := r.Get([]byte("k"))
		return err
	})
	if !errors.Is(err, kv.ErrNotFound) {
		t.Fatalf("the key of a failed update: %v", err)
	}
}

// A second opener is told that the folder is taken.
func TestOpenTwiceIsRefused(t *testing.T) {
	dir := t.TempDir()
	e, err := badgerkv.Open(badgerkv.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	if _, err := badgerkv.Open(badgerkv.Options{Dir: dir}); !errors.Is(err, kv.ErrLocked) {
		t.Fatalf("got %v", err)
	}
}
