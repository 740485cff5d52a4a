package wire

import (
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/sihai-network/sihai/engine"
)

// csvRows reads a row a record. A column is named by the path of its member: title.en, discount.percent, geofences.circle.radius. The items of a
// list are separated by |; an empty cell is a member left out. Each record is written as the JSON that it stands for, and read as that.
type csvRows struct {
	src     *csv.Reader
	bound   *boundedReader
	u       Upload
	root    *cell
	columns []column // of the header, in order
	row     int
	ended   error
	buf     []byte
}

func newCSV(src *boundedReader, u Upload) *csvRows {
	r := csv.NewReader(src)
	r.FieldsPerRecord = -1
	r.ReuseRecord = true
	return &csvRows{src: r, bound: src, u: u}
}

func (r *csvRows) Next() (engine.ImportRow, error) {
	if r.ended != nil {
		return engine.ImportRow{}, r.ended
	}
	if r.row == 0 {
		faults, err := r.readHeader()
		if err != nil {
			r.ended = err
			return engine.ImportRow{}, err
		}
		if len(faults) > 0 {
			return engine.ImportRow{Row: 1, Faults: faults}, nil
		}
	}
	r.row++
	r.bound.next()
	record, err := r.src.Read()
	var syntax *csv.ParseError
	switch {
	case errors.As(err, &syntax):
		return faulty(r.row, "syntax", "not valid CSV at line %d, column %d: %v", syntax.Line, syntax.Column, syntax.Err), nil
	case errors.Is(err, errRowTooLong):
		r.ended = io.EOF
		return faulty(r.row, "too_long", "the record has more than %d bytes; nothing behind it was read", r.u.MaxRowBytes), nil
	case err != nil:
		r.ended = err
		return engine.ImportRow{}, err
	case len(record) != len(r.columns):
		return faulty(r.row, "invalid", "has %d columns, the header %d", len(record), len(r.columns)), nil
	}
	r.buf = r.root.appendJSON(r.buf[:0], record)
	return decodeRow(r.u.Kind, r.row, r.buf, r.Column), nil
}

// readHeader plans the columns. A name that is no member is told of, and its cells are not read.
func (r *csvRows) readHeader() ([]engine.RowFault, error) {
	header, err := r.src.Read()
	var syntax *csv.ParseError
	switch {
	case errors.Is(err, io.EOF):
		return nil, engine.Faults{{Code: "required", Message: "the file is empty: a CSV file begins with a header"}}
	case errors.As(err, &syntax), errors.Is(err, errRowTooLong):
		return nil, engine.Faults{{Code: "syntax", Message: "the header is not valid CSV: " + err.Error()}}
	case err != nil:
		return nil, err
	}
	r.row = 1
	shape := campaignPlan
	if r.u.Kind == engine.ImportVenues {
		shape = venuePlan
	}
	r.root = &cell{plan: shape, column: -1}
	var faults engine.Faults
	for i, name := range slices.Clone(header) {
		if i == 0 {
			name = strings.TrimPrefix(name, "\ufeff")
		}
		name = strings.TrimSpace(name)
		path, problem := r.root.add(name, i)
		if problem != "" {
			faults.Add(clip(name), "unknown_field", "%s", problem)
		}
		r.columns = append(r.columns, column{name, path})
	}
	return rowFaults(1, faults, func(path string) string { return path }), nil
}

// column is a column of the header and the path of its member; an empty path is none.
type column struct{ name, path string }

// Column returns the column that holds the member of a path, or lies nearest above or below it; the path itself when there is none.
func (r *csvRows) Column(path string) string {
	for _, c := range r.columns {
		if c.path == path {
			return c.name
		}
	}
	for _, c := range r.columns {
		if c.path != "" && (under(path, c.path) || under(c.path, path)) {
			return c.name
		}
	}
	return path
}

// under reports whether a path lies under another.
func under(path, above string) bool {
	rest, found := strings.CutPrefix(path, above)
	return found && above != "" && rest != "" && (rest[0] == '.' || rest[0] == '[')
}
