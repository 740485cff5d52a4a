package command

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// file is an input that may be gzipped.
type file struct {
	io.Reader
	name string // without .gz
	end  []func()
}

func (f *file) close() {
	for _, end := range slices.Backward(f.end) {
		end()
	}
}

// openFile opens a file, or standard input for -, unpacks it where it is gzipped and shows progress on a terminal.
func (r *runner) openFile(name string) (*file, error) {
	f := &file{name: strings.TrimSuffix(name, ".gz")}
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
	buffered := bufio.NewReaderSize(src, 1<<16)
	f.Reader = buffered
	if magic, err := buffered.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		unpacked, err := gzip.NewReader(buffered)
		if err != nil {
			f.close()
			return nil, fmt.Errorf("unpack %s: %w", name, err)
		}
		f.Reader = unpacked
	}
	return f, nil
}

// formatOf returns the format that a file's name tells, empty when it tells none.
func formatOf(name string) string {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".ndjson", ".jsonl":
		return "ndjson"
	case ".csv":
		return "csv"
	case ".geojson":
		return "geojson"
	}
	return ""
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
