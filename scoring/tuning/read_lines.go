package tuning

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"strconv"
	"time"
)

// ReadOptions bound what is read. The zero value is good.
type ReadOptions struct {
	MaxLineBytes int // 0: 16 MiB
	MaxRows      int // 0: MaxRows
}

func (o ReadOptions) withDefaults() ReadOptions {
	if o.MaxLineBytes == 0 {
		o.MaxLineBytes = 16 << 20
	}
	if o.MaxRows == 0 {
		o.MaxRows = MaxRows
	}
	return o
}

// lines reads line by line.
type lines struct {
	src  *bufio.Reader
	most int
	n    int // lines so far
	buf  []byte
}

func newLines(src io.Reader, most int) *lines {
	return &lines{src: bufio.NewReaderSize(src, 1<<18), most: most}
}

// next returns a line without its end, valid until the next call; io.EOF after the last. One that is too long is read to its end and told so.
func (l *lines) next() (line []byte, long bool, err error) {
	l.buf = l.buf[:0]
	for {
		part, err := l.src.ReadSlice('\n')
		if err == nil && len(l.buf) == 0 && !long { // as nearly always
			return l.line(part), len(part) > l.most+1, nil
		}
		if !long {
			l.buf = append(l.buf, part...)
			long = len(l.buf) > l.most+1
		}
		switch {
		case err == nil || errors.Is(err, io.EOF) && (len(l.buf) > 0 || long):
			return l.line(l.buf), long, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, false, err
		}
	}
}

func (l *lines) line(data []byte) []byte {
	l.n++
	if l.n == 1 {
		data = bytes.TrimPrefix(data, []byte("\ufeff"))
	}
	return bytes.TrimRight(data, "\r\n")
}

// scan calls read with each line that is not blank, until ctx ends or more rows have come than may. Faults of lines go to f.
func scan(ctx context.Context, src io.Reader, o ReadOptions, f *faults, b *Builder, read func(n int, line []byte)) error {
	l := newLines(src, o.MaxLineBytes)
	for {
		if l.n%256 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		line, long, err := l.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if long {
			f.add(l.n, "", "too_long", "the line has more than %d bytes", o.MaxLineBytes)
			continue
		}
		if len(bytes.TrimSpace(line)) > 0 {
			read(l.n, line)
		}
		if b.Rows() > o.MaxRows {
			f.add(l.n, "", "too_many", "more than %d candidates", o.MaxRows)
			return nil
		}
	}
}

// number reads a finite number, or what stands for a missing one: nothing, NaN, NA, null.
func number(text string) (value float64, ok bool) {
	value, err := strconv.ParseFloat(text, 64)
	if err == nil && !math.IsInf(value, 0) {
		return value, true
	}
	switch text {
	case "", "NaN", "nan", "NA", "null":
		return math.NaN(), true
	}
	return 0, false
}

// instant reads a time: RFC 3339, or seconds since 1970.
func instant(text string) (nanos int64, ok bool) {
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil && t.Year() > 1700 && t.Year() < 2200 {
		return t.UnixNano(), true
	}
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || !(math.Abs(seconds) < 7e9) {
		return 0, false
	}
	whole := math.Floor(seconds)
	return int64(whole)*1e9 + int64(math.Round((seconds-whole)*1e9)), true
}
