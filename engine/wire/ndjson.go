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
	src  *bufio.Reader
	kind engine.ImportKind
	most int
	line int
	buf  []byte
}

func newNDJSON(src io.Reader, u Upload) *ndjson {
	return &ndjson{src: bufio.NewReaderSize(src, readAhead), kind: u.Kind, most: u.MaxRowBytes}
}

func (r *ndjson) Next() (engine.ImportRow, error) {
	for {
		data, long, err := r.readLine()
		if err != nil {
			return engine.ImportRow{}, err
		}
		r.line++
		if long {
			return faulty(r.line, "too_long", "the line has more than %d bytes", r.most), nil
		}
		if r.line == 1 {
			data = bytes.TrimPrefix(data, []byte("\ufeff"))
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
