package wire

import (
	"bufio"
	"bytes"
	"errors"
	"io"

	"github.com/sihai-network/sihai/engine"
)

// ndjson reads one JSON object a line. Blank lines are passed over and counted.
type ndjson struct {
	file io.Reader
	u    Upload
	src  *bufio.Reader // of file, once it is known how that is written
	kind engine.ImportKind
	most int
	line int
	buf  []byte
}

func newNDJSON(src io.Reader, u Upload) *ndjson {
	return &ndjson{file: src, u: u, kind: u.Kind, most: u.MaxRowBytes}
}

func (r *ndjson) Next() (engine.ImportRow, error) {
	if r.src == nil {
		text, _, err := utf8Reader(r.file, r.u.Encoding, false)
		if err != nil {
			return engine.ImportRow{}, err
		}
		r.src = text
	}
	for {
		data, long, err := r.readLine()
		if err != nil {
			return engine.ImportRow{}, err
		}
		r.line++
		if long {
			return faulty(r.line, "too_long", "the line has more than %d bytes", r.most), nil
		}
		if data = bytes.TrimSpace(data); len(data) > 0 {
			return decodeRow(r.kind, r.line, data, nil), nil
		}
	}
}

// readLine returns a line, valid until the next call, or that it is too long. The last line needs no end.
func (r *ndjson) readLine() (line []byte, long bool, err error) {
	r.buf = r.buf[:0]
	for {
		part, err := r.src.ReadSlice('\n')
		if !long {
			r.buf = append(r.buf, part...)
			long = len(r.buf) > r.most+1
		}
		switch {
		case err == nil:
			return r.buf, long, nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && (len(r.buf) > 0 || long):
			return r.buf, long, nil
		default:
			return nil, false, err
		}
	}
}

// Value returns the value of a path in the current line.
func (r *ndjson) Value(_, path string) string { return valueAt(r.buf, path) }
