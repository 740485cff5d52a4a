package command

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

// columns takes a foreign CSV file to the columns of an import: the ones named in take under other names, the rest left
// out, and constant ones besides. The zero value takes every column as it is.
type columns struct {
	take  []rename // in the order given; none: all
	fixed []rename // from is the value, to is the column
	feed  engine.FeedOptions
}

type rename struct{ from, to string }

// parseColumns reads --map FROM=TO (FROM alone keeps its name) and --set COLUMN=VALUE.
func parseColumns(take, fixed []string) (columns, error) {
	var c columns
	var names []string
	for _, pair := range take {
		from, to, found := strings.Cut(pair, "=")
		if !found {
			to = from
		}
		if from == "" || to == "" {
			return c, usagef("--map %q is not FROM=TO", pair)
		}
		c.take = append(c.take, rename{from, to})
		names = append(names, to)
	}
	for _, pair := range fixed {
		to, value, found := strings.Cut(pair, "=")
		if !found || to == "" {
			return c, usagef("--set %q is not COLUMN=VALUE", pair)
		}
		c.fixed = append(c.fixed, rename{value, to})
		names = append(names, to)
	}
	slices.Sort(names)
	for i := 1; i < len(names); i++ {
		if names[i] == names[i-1] {
			return c, usagef("column %s is given twice by --map and --set", names[i])
		}
	}
	return c, nil
}

// rows reads a CSV file under its new columns.
type rows struct {
	src    *csv.Reader
	header []string // the new names
	pick   []int    // index in the source's record of each taken column
	fixed  []string // values of the columns after those
}

// open finds how the file is written and reads the header.
func (c columns) open(src io.Reader) (*rows, error) {
	table, err := wire.OpenTable(src, c.feed)
	if err != nil {
		return nil, err
	}
	r := csv.NewReader(table.Text)
	r.Comma = table.Delimiter
	r.ReuseRecord = true
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("read header: file is empty")
	}
	if err != nil {
		return nil, fmt.Errorf("read header: %w", err)
	}
	header = slices.Clone(header)
	take := c.take
	if len(take) == 0 {
		for _, name := range header {
			take = append(take, rename{name, name})
		}
	}
	out := &rows{src: r}
	for _, t := range take {
		i := slices.Index(header, t.from)
		if i < 0 {
			return nil, fmt.Errorf("read header: no column %q; there are %s", t.from, strings.Join(header, ", "))
		}
		out.header, out.pick = append(out.header, t.to), append(out.pick, i)
	}
	for _, f := range c.fixed {
		if slices.Contains(out.header, f.to) {
			return nil, fmt.Errorf("read header: column %q is in the file and in --set", f.to)
		}
		out.header, out.fixed = append(out.header, f.to), append(out.fixed, f.from)
	}
	return out, nil
}

// next returns the next record under the new columns; io.EOF after the last. The slice is the caller's.
func (r *rows) next() ([]string, error) {
	record, err := r.src.Read()
	if err != nil {
		return nil, err
	}
	out := make([]string, 0, len(r.header))
	for _, i := range r.pick {
		out = append(out, record[i])
	}
	return append(out, r.fixed...), nil
}

// csv copies the rows as CSV.
func (r *rows) csv(dst io.Writer) error {
	w := csv.NewWriter(dst)
	if err := w.Write(r.header); err != nil {
		return err
	}
	for {
		record, err := r.next()
		if errors.Is(err, io.EOF) {
			w.Flush()
			return w.Error()
		}
		if err != nil {
			return err
		}
		if err := w.Write(record); err != nil {
			return err
		}
	}
}

// piped runs a writer of rows beside its reader. Closing the reader ends the writer; its error comes out of Read.
func piped(write func(io.Writer) error) io.ReadCloser {
	pr, pw := io.Pipe()
	go func() { pw.CloseWithError(write(pw)) }()
	return pr
}
