package command

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sihai-network/sihai/engine/wire"
)

// file is an input that may be packed.
type file struct {
	io.Reader
	name string // without .gz or .zst
	end  []func()
}

func (f *file) close() {
	for _, end := range slices.Backward(f.end) {
		end()
	}
}

// openFile opens a file, or standard input for -, unpacks it where it is packed and shows progress on a terminal.
func (r *runner) openFile(name string) (*file, error) {
	f := &file{name: unpackedName(name)}
	var src io.Reader = r.In
	size := int64(-1)
	if name != "-" {
		opened, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		f.end = append(f.end, func() { _ = opened.Close() }) // it was only read
		if info, err := opened.Stat(); err == nil && info.Mode().IsRegular() {
			size = info.Size()
		}
		src = opened
	}
	src, done := r.progress(src, size, filepath.Base(name))
	f.end = append(f.end, done)
	unpacked, err := wire.Unpack(src, "")
	if err != nil {
		f.close()
		return nil, fmt.Errorf("unpack %s: %w", name, err)
	}
	f.Reader = unpacked
	f.end = append(f.end, func() { _ = unpacked.Close() })
	return f, nil
}

// unpackedName is a file's name without the suffix that tells how it is packed.
func unpackedName(name string) string {
	for _, suffix := range []string{".gz", ".zst"} {
		name = strings.TrimSuffix(name, suffix)
	}
	return name
}

// formatOf returns the format that a file's name tells, empty when it tells none.
func formatOf(name string) string {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".ndjson", ".jsonl":
		return "ndjson"
	case ".csv", ".tsv", ".tab":
		return "csv"
	case ".geojson":
		return "geojson"
	}
	return ""
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
