package badgerkv_test

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/dgraph-io/badger/v4"

	"github.com/sihai-network/sihai/store/badgerkv"
	"github.com/sihai-network/sihai/store/kv"
	"github.com/sihai-network/sihai/store/kv/kvtest"
)

func TestRulesOfTheSeam(t *testing.T) {
	kvtest.Run(t, func(t testing.TB) func() kv.Engine {
		dir := t.TempDir()
		return func() kv.Engine {
			t.Helper()
			e, err := badgerkv.Open(badgerkv.Options{Dir: dir, NoSync: true}) // no test of the suite kills the machine
			if err != nil {
				t.Fatal(err)
			}
			return e
		}
	})
}

// A store of a later release is refused by its FORMAT file before a byte of it is touched, and by the record in the database where
// that file was not copied.
func TestNewerFormatIsRefused(t *testing.T) {
	dir := t.TempDir()
	e, err := badgerkv.Open(badgerkv.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	newer := "sihai store format 2\n"
	if err := os.WriteFile(filepath.Join(dir, "FORMAT"), []byte(newer), 0o600); err != nil {
		t.Fatal(err)
	}
	before := files(t, dir)
	if _, err := badgerkv.Open(badgerkv.Options{Dir: dir}); !errors.Is(err, kv.ErrNewerFormat) {
		t.Fatalf("got %v", err)
	}
	after := files(t, dir)
	if len(before) != len(after) {
		t.Fatalf("%d files became %d", len(before), len(after))
	}
	for name, data := range before {
		if after[name] != data {
			t.Errorf("%s was changed", name)
		}
	}

	if err := os.WriteFile(filepath.Join(dir, "FORMAT"), []byte("sihai store format 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := badger.Open(badger.DefaultOptions(dir).WithLogger(nil))
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(txn *badger.Txn) error { return txn.Set([]byte{1}, binary.AppendUvarint(nil, 2)) })
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := badgerkv.Open(badgerkv.Options{Dir: dir}); !errors.Is(err, kv.ErrNewerFormat) {
		t.Fatalf("got %v of a newer record", err)
	}
}

// A folder that is not a store is left alone.
func TestForeignFolderIsRefused(t *testing.T) {
	for name, text := range map[string]string{"MANIFEST": "x", "FORMAT": "something else"} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if e, err := badgerkv.Open(badgerkv.Options{Dir: dir}); err == nil {
			_ = e.Close()
			t.Errorf("a folder with a foreign %s was opened", name)
		}
		if got := files(t, dir); len(got) != 1 || got[name] != text {
			t.Errorf("a folder with a foreign %s now holds %v", name, got)
		}
	}
}

// files reads a folder whole.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := make(map[string]string)
	for _, entry := range entries {
		data, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		all[entry.Name()] = string(data)
	}
	return all
}
