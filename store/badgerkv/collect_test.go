package badgerkv_test

import (
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/sihai-network/sihai/store/badgerkv"
	"github.com/sihai-network/sihai/store/kv"
)

// Blocks that were trimmed leave the disk, and those that stay can be read.
func TestTrimmedBlocksLeaveTheDisk(t *testing.T) {
	const blocks, kept = 160, 8
	dir := t.TempDir()
	var e *badgerkv.Engine
	open := func() {
		var err error
		if e, err = badgerkv.Open(badgerkv.Options{Dir: dir}.WithValueLog(4 << 20)); err != nil {
			t.Fatal(err)
		}
	}
	shut := func() {
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	open()
	random := rand.NewChaCha8([32]byte{5})
	block := make([]byte, 128<<10)
	for i := range blocks {
		_, _ = random.Read(block)
		block[0] = byte(i)
		if _, err := e.AppendBlock(t.Context(), "s", time.UnixMilli(int64(i)), append([]byte(nil), block...)); err != nil {
			t.Fatal(err)
		}
	}
	logs := func() int {
		names, err := filepath.Glob(filepath.Join(dir, "*.vlog"))
		if err != nil {
			t.Fatal(err)
		}
		return len(names)
	}
	before := logs()
	if before < 5 {
		t.Fatalf("%d value logs before", before)
	}
	if err := e.TrimBefore(t.Context(), "s", time.UnixMilli(blocks-kept)); err != nil {
		t.Fatal(err)
	}
	for i := range 6 { // each leaves a table, until so many are merged
		shut()
		open()
		if _, err := e.AppendBlock(t.Context(), "other", time.UnixMilli(int64(i)), []byte("small")); err != nil {
			t.Fatal(err)
		}
	}
	defer shut()
	for start := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		if err := e.Collect(t.Context()); err != nil {
			t.Fatal(err)
		}
		if logs() <= before/2 {
			break
		}
		if time.Since(start) > 30*time.Second {
			t.Fatalf("%d value logs after the trim, %d before", logs(), before)
		}
	}
	left, err := e.Blocks(t.Context(), "s", kv.Place{}, blocks)
	if err != nil || len(left) != kept {
		t.Fatalf("%d blocks are left: %v", len(left), err)
	}
	for i, b := range left {
		if b.Data[0] != byte(blocks-kept+i) || len(b.Data) != len(block) {
			t.Errorf("block %d is another", i)
		}
	}
}

// A trimmed block that comes back is not read, and those that came after it are.
func TestTrimmedBlocksStayAway(t *testing.T) {
	e, err := badgerkv.Open(badgerkv.Options{InMemory: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = e.Close() }()
	at := time.UnixMilli(1_800_000_000_000)
	for _, text := range []string{"old", "new"} {
		if _, err := e.AppendBlock(t.Context(), "s", at, []byte(text)); err != nil {
			t.Fatal(err)
		}
		at = at.Add(time.Second)
	}
	all, err := e.Blocks(t.Context(), "s", kv.Place{}, 9)
	if err != nil || len(all) != 2 {
		t.Fatal(all, err)
	}
	if err := e.TrimBefore(t.Context(), "s", all[1].Time); err != nil {
		t.Fatal(err)
	}
	see := func() {
		left, err := e.Blocks(t.Context(), "s", kv.Place{}, 9)
		if err != nil || len(left) != 1 || string(left[0].Data) != "new" {
			t.Errorf("%v %v", left, err)
		}
	}
	if err := e.BringBack(t.Context(), "s", all[0], see); err != nil {
		t.Fatal(err)
	}
	see()
}
