package wire

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/klauspost/compress/zstd"

	"github.com/sihai-network/sihai/engine"
)

// maxZstdWindow bounds the memory that a frame of Zstandard may ask for; zstd -19 asks for 8 MiB.
const maxZstdWindow = 32 << 20

// Codings lists the codings of a file that Unpack undoes.
func Codings() []string { return []string{"gzip", "identity", "zstd"} }

// Unpack returns the bytes of a file that may be packed by gzip or Zstandard. An empty coding is found from the first bytes; a named one must hold. The
// error is engine.Faults where the coding is none of Codings or the bytes are not of it, and the source's own otherwise. The caller closes what is
// returned, which does not close src.
func Unpack(src io.Reader, coding string) (io.ReadCloser, error) {
	buffered, ok := src.(*bufio.Reader)
	if !ok || buffered.Size() < readAhead {
		buffered = bufio.NewReaderSize(src, readAhead)
	}
	if coding == "" || coding == "identity" {
		coding = "identity"
		magic, err := buffered.Peek(4)
		if err != nil && err != io.EOF {
			return nil, err
		}
		switch text := string(magic); {
		case strings.HasPrefix(text, "\x1f\x8b"):
			coding = "gzip"
		case text == "\x28\xb5\x2f\xfd":
			coding = "zstd"
		}
	}
	var faults engine.Faults
	switch coding {
	case "identity":
		return io.NopCloser(buffered), nil
	case "gzip":
		unpacked, err := gzip.NewReader(buffered)
		if err != nil {
			faults.Add("", "syntax", "not gzip: %v", err)
			return nil, faults
		}
		return unpacked, nil
	case "zstd":
		unpacked, err := zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxZstdWindow), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, fmt.Errorf("unpack zstd: %w", err)
		}
		return unpacked.IOReadCloser(), nil
	}
	faults.Add("", "invalid", "%q is none of %s", clip(coding), strings.Join(Codings(), ", "))
	return nil, faults
}

// OpenKept reads the rows of a file that was kept as it was sent, packed or not, of at most some bytes once it is unpacked. What is wrong with the file
// is engine.Faults; other errors are those of reading it.
func OpenKept(src io.Reader, u Upload, most int64) (engine.RowReader, error) {
	unpacked, err := Unpack(src, "")
	if err != nil {
		return nil, err
	}
	return NewRowReader(&keptReader{unpacked, most}, u)
}

// keptReader bounds a file and tells what is wrong with it.
type keptReader struct {
	src  io.Reader
	left int64
}

func (k *keptReader) Read(p []byte) (int, error) {
	n, err := k.src.Read(p)
	k.left -= int64(n)
	var elsewhere *fs.PathError
	switch {
	case k.left < 0:
		return 0, engine.Faults{{Code: "too_long", Message: "the upload is longer than is taken here"}}
	case err == nil, errors.Is(err, io.EOF), errors.As(err, &elsewhere):
		return n, err
	}
	return n, engine.Faults{{Code: "syntax", Message: "cannot be unpacked: " + err.Error()}}
}
