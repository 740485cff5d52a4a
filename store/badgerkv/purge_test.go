package badgerkv_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sihai-network/sihai/store/badgerkv"
	"github.com/sihai-network/sihai/store/kv"
)

// filesWith lists the files of a folder that hold some bytes.
func filesWith(t *testing.T, dir, text string) (names []string) {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range all {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(data, []byte(text)) {
			names = append(names, filepath.Base(name))
		}
	}
	return names
}

// What was deleted or replaced is in no file after a purge, in pairs and in blocks, small and large, and what was not is as it was.
func TestPurgedBytesLeaveTheDisk(t *testing.T) {
	dir := t.TempDir()
	open := func() *badgerkv.Engine {
		e, err := badgerkv.Open(badgerkv.Options{Dir: dir, NoSync: true}.WithValueLog(8 << 20))
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	e := open()
	random := rand.NewChaCha8([32]byte{7})
	body := func(n int, word string) []byte {
		b := make([]byte, n)
		_, _ = random.Read(b)
		return append(b, word...)
	}
	const kept = "that-stays-whatever-happens"
	var places []kv.Place
	var left [][]byte
	fill := func(round int) {
		for i := range 60 {
			size := []int{100, 40 << 10, 128 << 10}[i%3]
			word := kept
			if i%4 == 0 {
				word = "somebody-who-wants-to-go"
			}
			block := body(size, word)
			p, err := e.AppendBlock(t.Context(), "s", time.UnixMilli(int64(round)), block)
			if err != nil {
				t.Fatal(err)
			}
			places, left = append(places, p), append(left, block)
			key, value := fmt.Appendf(nil, "k-%d-%d", round, i), body(size/4, word)
			if err := e.Update(t.Context(), "p", nil, func(tx kv.Tx) error { return tx.Put(key, value) }); err != nil {
				t.Fatal(err)
			}
		}
	}
	fill(0)
	if err := e.Close(); err != nil { // some of it is in tables, some in the memory table
		t.Fatal(err)
	}
	e = open()
	fill(1)
	for i := range places {
		if i%4 != 0 {
			continue
		}
		left[i] = []byte("gone")
		round, n := i/60, i%60
		err := e.Update(t.Context(), "p", nil, func(tx kv.Tx) error {
			key := fmt.Appendf(nil, "k-%d-%d", round, n)
			if n%8 == 0 {
				return errors.Join(tx.ReplaceBlock("s", places[i], left[i]), tx.Delete(key))
			}
			return errors.Join(tx.ReplaceBlock("s", places[i], left[i]), tx.Put(key, []byte("gone")))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found := filesWith(t, dir, "somebody-who-wants-to-go"); len(found) == 0 {
		t.Fatal("nothing is there to be purged")
	}
	if err := e.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	if found := filesWith(t, dir, "somebody-who-wants-to-go"); len(found) > 0 {
		t.Errorf("still in %v", found)
	}
	check := func() {
		t.Helper()
		blocks, err := e.Blocks(t.Context(), "s", kv.Place{Time: time.UnixMilli(-1)}, 1000)
		if err != nil || len(blocks) != len(left) {
			t.Fatalf("%d blocks: %v", len(blocks), err)
		}
		for i, b := range blocks {
			if b.Place != places[i] || !bytes.Equal(b.Data, left[i]) {
				t.Fatalf("block %d is another", i)
			}
		}
	}
	check()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if found := filesWith(t, dir, "somebody-who-wants-to-go"); len(found) > 0 {
		t.Errorf("after the end in %v", found)
	}
	e = open()
	check()
	if got := strings.Join(filesWith(t, dir, kept), " "); got == "" {
		t.Error("what stays is in no file")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := e.Purge(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cut short: %v", err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}
