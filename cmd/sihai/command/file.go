package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/sihai-network/sihai/engine/client"
	"github.com/sihai-network/sihai/engine/wire"
)

// file is an input that may be packed.
type file struct {
	io.Reader
	name string // without .gz or .zst
	end  []func()

	broken atomic.Pointer[error] // why it could not be read to its end; it may be read by a goroutine of a request
}

// noted keeps what a file's reader fails with.
type noted struct {
	io.Reader
	of *file
}

func (n noted) Read(p []byte) (int, error) {
	k, err := n.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		n.of.broken.CompareAndSwap(nil, &err)
	}
	return k, err
}

// failure tells why an upload of the file has come to no report, as one sees it who knows of files and merchants, and not of requests.
func (f *file) failure(ctx context.Context, merchant string, err error) error {
	var refused *client.Problem
	broken := f.broken.Load()
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("stopped before it was told what came of %s: imported again, it changes only what is not there yet: %w", f.name, ctx.Err())
	case broken != nil && errors.Is(*broken, io.ErrUnexpectedEOF):
		return fmt.Errorf("%s breaks off before its end: nothing was changed", f.name)
	case broken != nil:
		return fmt.Errorf("read %s: %w: nothing was changed", f.name, *broken)
	case errors.As(err, &refused) && refused.Code == "not_found" && merchant != "":
		return fmt.Errorf("there is no merchant %s, or it is not this key's; sihai merchants put makes one", merchant)
	}
	return err
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
	f.Reader = noted{unpacked, f}
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

// workbookHint says what to do with a workbook, empty for a file of another name.
func workbookHint(name string) string {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".xlsx", ".xls", ".ods", ".numbers":
		return "; a sheet of a workbook goes in once it is saved as CSV"
	}
	return ""
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
