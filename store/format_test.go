package store_test

import (
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store"
	"github.com/sihai-network/sihai/store/badgerkv"
	"github.com/sihai-network/sihai/store/kv"
)

// The example that FORMAT.md draws is what a store writes, byte by byte.
func TestFormatDrawsTheBytes(t *testing.T) {
	files, err := badgerkv.Open(badgerkv.Options{InMemory: true})
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), files, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	w := engine.Write{At: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), By: "cli"}
	if _, err := db.PutMerchant(t.Context(), w, engine.Merchant{ID: "m-7", Name: engine.Text{"en": "Casa"}}); err != nil {
		t.Fatal(err)
	}
	var written string
	err = files.View(t.Context(), "merchants", func(r kv.Reader) error {
		pairs, err := r.List(nil, nil, 10)
		for _, p := range pairs {
			written += hex.EncodeToString(p.Key) + hex.EncodeToString(p.Value)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("FORMAT.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(page), "and the value:\n")
	example, _, _ = strings.Cut(example, "\n## ")
	drawn := ""
	for _, line := range strings.Split(example, "\n") {
		if line = strings.TrimPrefix(line, "    "); line != "" {
			bytes, _, _ := strings.Cut(line, "   ") // the rest tells what they are
			drawn += strings.ReplaceAll(bytes, " ", "")
		}
	}
	if drawn != written {
		t.Fatalf("FORMAT.md draws %s\nthe store wrote  %s", drawn, written)
	}
}

// A store of a later release is refused in the engine room's own word.
func TestNewerStoreIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "FORMAT"), []byte("sihai store format 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := openDir(badgerkv.Options{Dir: dir})
	if !errors.Is(err, engine.ErrNewerFormat) || !errors.Is(err, kv.ErrNewerFormat) {
		t.Fatalf("got %v", err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("the folder now holds %v, %v", entries, err)
	}
}
