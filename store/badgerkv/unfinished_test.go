package badgerkv_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/sihai-network/sihai/store/badgerkv"
	"github.com/sihai-network/sihai/store/kv"
)

// A kill between the making of a log file and its first byte leaves an empty file. The next start passes it, and all that was written is there.
func TestEmptyLogFilesArePassed(t *testing.T) {
	for name, files := range map[string][]string{
		"a value log":     {"000099.vlog"},
		"a memory table":  {"00099.mem"},
		"several of each": {"000098.vlog", "000099.vlog", "00098.mem", "00099.mem"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			written := openDir(t, dir)
			err := written.Update(t.Context(), "p", nil, func(tx kv.Tx) error { return tx.Put([]byte("k"), []byte("v")) })
			if err != nil {
				t.Fatal(err)
			}
			if err := written.Close(); err != nil {
				t.Fatal(err)
			}
			for _, file := range files {
				if err := os.WriteFile(filepath.Join(dir, file), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 {
				again := openDir(t, dir)
				err := again.View(context.Background(), "p", func(r kv.Reader) error {
					value, err := r.Get([]byte("k"))
					if string(value) != "v" {
						t.Errorf("%q is there", value)
					}
					return err
				})
				if err != nil {
					t.Error(err)
				}
				if err := again.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func openDir(t *testing.T, dir string) *badgerkv.Engine {
	t.Helper()
	e, err := badgerkv.Open(badgerkv.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return e
}
