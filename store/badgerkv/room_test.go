package badgerkv_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sihai-network/sihai/store/badgerkv"
	"github.com/sihai-network/sihai/store/kv"
)

// While the disk has no room, what writes is refused and what reads is answered, in an update too; then all goes on, log sequences as dense as before.
func TestFullDiskRefusesWritesOnly(t *testing.T) {
	e := openDir(t, t.TempDir())
	t.Cleanup(func() { _ = e.Close() })
	put := func(value string) error {
		return e.Update(t.Context(), "p", nil, func(tx kv.Tx) error {
			return errors.Join(tx.Put([]byte("k"), []byte(value)), tx.Emit("log", []byte(value)))
		})
	}
	read := func(read func(fn func(kv.Reader) error) error) string {
		t.Helper()
		var value []byte
		if err := read(func(r kv.Reader) (err error) { value, err = r.Get([]byte("k")); return err }); err != nil {
			t.Error(err)
		}
		return string(value)
	}
	if err := errors.Join(put("a"), e.SetKeepFree(math.MaxUint64/2)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := put("b"); !errors.Is(err, kv.ErrNoRoom) {
			t.Fatalf("a write on a full disk: %v", err)
		}
	}
	if _, err := e.AppendBlock(t.Context(), "s", time.UnixMilli(1), []byte("b")); !errors.Is(err, kv.ErrNoRoom) {
		t.Errorf("a block on a full disk: %v", err)
	}
	own := errors.New("own")
	if err := e.Update(t.Context(), "p", nil, func(kv.Tx) error { return own }); !errors.Is(err, own) {
		t.Errorf("an update with an error of its own: %v", err)
	}
	for _, got := range []string{
		read(func(fn func(kv.Reader) error) error { return e.View(t.Context(), "p", fn) }),
		read(func(fn func(kv.Reader) error) error {
			return e.Update(t.Context(), "p", nil, func(tx kv.Tx) error { return fn(tx) })
		}),
	} {
		if got != "a" {
			t.Errorf("%q is there", got)
		}
	}
	if err := errors.Join(e.SetKeepFree(1), put("c")); err != nil {
		t.Fatal(err)
	}
	entries, err := e.Changes(t.Context(), "log", 0, 9)
	if err != nil || len(entries) != 2 || entries[1].Seq != 2 || string(entries[1].Payload) != "c" {
		t.Errorf("%v, %v", entries, err)
	}
	if free, kept := e.Free(); free == 0 || kept == 0 {
		t.Errorf("%d free, %d kept", free, kept)
	}
}

// A commit that failed is told once, and nothing is written after it.
func TestFailedCommitIsTold(t *testing.T) {
	told := make(chan error, 9)
	e, err := badgerkv.Open(badgerkv.Options{Dir: t.TempDir(), Failed: func(err error) { told <- err }})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.FailCommit(); !errors.Is(err, kv.ErrUnknownOutcome) {
		t.Errorf("the commit that failed: %v", err)
	}
	if err := e.Update(t.Context(), "p", nil, func(tx kv.Tx) error { return tx.Put([]byte("k"), nil) }); !errors.Is(err, kv.ErrClosed) {
		t.Errorf("the next: %v", err)
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	if len(told) != 1 || <-told == nil {
		t.Errorf("%d failures were told", len(told))
	}
}

// A log takes of the disk what was written of it, not its length: opening asks for that much.
func TestSparseLogsAskForLittle(t *testing.T) {
	dir := t.TempDir()
	f, err := os.Create(filepath.Join(dir, "00001.mem"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Truncate(1<<42), f.Close(), badgerkv.CheckOpening(dir)); err != nil {
		t.Skipf("this file system keeps no sparse files: %v", err)
	}
	if err := badgerkv.CheckOpening(filepath.Join(dir, "none")); err != nil {
		t.Error(err)
	}
}
