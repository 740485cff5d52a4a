package command_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sihai-network/sihai/cmd/sihai/command"
)

// replayCounts is what a replay of a log prints.
type replayCounts struct {
	Decisions, Same, Unknown uint64
	Otherwise                []string
}

// replayFolder makes the decisions of a data folder again, a day after the worlds of sihai bench: the places of its decisions are still exact.
func replayFolder(t *testing.T, dir string) (n replayCounts) {
	t.Helper()
	var out, errs bytes.Buffer
	code := command.Run(t.Context(), []string{"replay", "--data", dir, "--output", "json"}, command.Environment{
		In: strings.NewReader(""), Out: &out, Err: &errs, Random: rand.Reader,
		Now: func() time.Time { return time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC) },
	})
	if code != 0 {
		t.Errorf("code %d: %s", code, errs.String())
	}
	if err := json.Unmarshal(out.Bytes(), &n); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	return n
}

// TestReplayOfAnEarlierRelease upgrades a store that an earlier release wrote, and makes its decisions again, twice: what the first opening brings up to date changes none of them.
func TestReplayOfAnEarlierRelease(t *testing.T) {
	dir := unpackStore(t, "first.tar.gz")
	for range 2 {
		if n := replayFolder(t, dir); n.Decisions != 284 || n.Same != 284 || n.Unknown != 0 {
			t.Fatalf("%+v", n)
		}
	}
}

// TestReplayOfManyDecisions makes a world of campaigns, decides at its places while campaigns are published anew, closes the store, opens it again and makes every decision again:
// a million with SIHAI_LONG=1.
func TestReplayOfManyDecisions(t *testing.T) {
	dir, least, args := t.TempDir(), uint64(500), "--campaigns 500 --duration 1s --rate 1000 --publications 50"
	if os.Getenv("SIHAI_LONG") == "1" {
		least, args = 1_000_000, "--campaigns 20000 --duration 10m --rate 2200 --publications 20"
	}
	p := place{args: []string{"--data", dir}}
	p.do(t, step{args: "bench --clients 2 --seed 3 " + args, out: "Log"}) // a machine that is busy with other work may not keep up: what is in the log counts
	n := replayFolder(t, dir)
	t.Logf("%d decisions, %d the same", n.Decisions, n.Same)
	if n.Decisions < least || n.Same != n.Decisions {
		t.Errorf("%+v", n)
	}
}

// unpackStore unpacks a store of testdata into a folder of its own.
func unpackStore(t *testing.T, name string) (dir string) {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "..", "..", "testdata", "stores", name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	unzipped, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	for from := tar.NewReader(unzipped); ; {
		head, err := from.Next()
		if errors.Is(err, io.EOF) {
			return dir
		}
		if err != nil {
			t.Fatal(err)
		}
		if head.Typeflag != tar.TypeReg {
			continue
		}
		content, err := io.ReadAll(from)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, filepath.Base(head.Name)), content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
