package spool_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/spool"
)

func read(t *testing.T, f *spool.Folder, id string) string {
	t.Helper()
	file, err := f.Read(id)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	data, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// A file that was kept is there after a new start; one that was not finished is not.
func TestKeptFilesOutliveAStart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "uploads")
	f, err := spool.Open(dir, 100)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := f.Keep("m.a", iotest.OneByteReader(strings.NewReader("hello"))); n != 5 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "m.b.part"), []byte("cut"), 0o600); err != nil {
		t.Fatal(err)
	}
	if f, err = spool.Open(dir, 100); err != nil {
		t.Fatal(err)
	}
	ids, err := f.IDs()
	if err != nil || !slices.Equal(ids, []string{"m.a"}) || read(t, f, "m.a") != "hello" {
		t.Fatalf("%q, %v", ids, err)
	}
	if err := errors.Join(f.Remove("m.a"), f.Remove("m.a"), f.Remove("none")); err != nil {
		t.Error(err)
	}
	if _, err := f.Read("m.a"); !errors.Is(err, engine.ErrNotFound) {
		t.Error(err)
	}
}

// All files together have a bound, from the first byte of each on; what is refused or breaks off leaves nothing and takes no room.
func TestTheFolderIsBounded(t *testing.T) {
	f, err := spool.Open(t.TempDir(), 10)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Keep("a", strings.NewReader("123456")); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Keep("b", strings.NewReader("12345")); !errors.Is(err, engine.ErrUnavailable) {
		t.Error(err)
	}
	broken := errors.New("connection lost")
	if _, err := f.Keep("c", io.MultiReader(strings.NewReader("123"), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Error(err)
	}
	if _, err := f.Keep("d", strings.NewReader("1234")); err != nil {
		t.Error(err)
	}
	if err := f.Remove("a"); err != nil {
		t.Error(err)
	}
	if _, err := f.Keep("e", strings.NewReader("123456")); err != nil {
		t.Error(err)
	}
	if ids, err := f.IDs(); err != nil || !slices.Equal(ids, []string{"d", "e"}) {
		t.Errorf("%q, %v", ids, err)
	}
	for _, id := range []string{"", "../a", "a/b", ".a", "a.part"} {
		if _, err := f.Keep(id, strings.NewReader("")); err == nil {
			t.Errorf("%q was kept", id)
		}
	}
}
