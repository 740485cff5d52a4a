package wire

import (
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sihai-network/sihai/engine"
)

// csvRows reads a row a record. A column is named by the path of its member: title.en, discount.percent, geofences.circle.radius. The items of a
// list are separated by |; an empty cell is a member left out. Each record is written as the JSON that it stands for, and read as that.
type csvRows struct {
	file    io.Reader
	src     *csv.Reader
	bound   *boundedReader
	table   Table
	u       Upload
	root    *cell
	columns []column       // of the header, in order, and those that follow from it
	feed    *promotionFeed // nil: the columns are the members'
	passed  []string
	cells   cells
	row     int
	ended   error
	buf     []byte
}

func newCSV(src io.Reader, u Upload) *csvRows { return &csvRows{file: src, u: u} }

// open finds how the file is written.
func (r *csvRows) open() error {
	table, err := OpenTable(r.file, r.u.FeedOptions)
	if err != nil {
		return err
	}
	r.table = table
	r.bound = &boundedReader{src: table.Text, most: r.u.MaxRowBytes + readAhead}
	r.bound.next()
	r.src = csv.NewReader(r.bound)
	r.src.Comma = table.Delimiter
	r.src.FieldsPerRecord = -1
	r.src.ReuseRecord = true
	r.cells = cells{decimal: table.Decimal, language: r.u.Language}
	if r.cells.language == "" {
		r.cells.language = "en"
	}
	return nil
}

func (r *csvRows) Next() (engine.ImportRow, error) {
	if r.ended != nil {
		return engine.ImportRow{}, r.ended
	}
	r.cells.notes, r.cells.record = nil, nil
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
	}
	for len(record) > r.width() && record[len(record)-1] == "" {
		record = record[:len(record)-1] // a spreadsheet writes empty columns to the right
	}
	if len(record) != r.width() {
		return faulty(r.row, "invalid", "has %d columns, the header %d", len(record), r.width()), nil
	}
	return r.decode(record), nil
}

// width is how many columns the header has.
func (r *csvRows) width() int {
	if r.feed != nil {
		return r.feed.width
	}
	return len(r.columns)
}

// decode reads a record.
func (r *csvRows) decode(record []string) engine.ImportRow {
	r.cells.record = record
	for i, text := range record {
		if !utf8.ValidString(text) || r.table.Encoding != "utf-8" && strings.ContainsRune(text, utf8.RuneError) {
			r.cells.note(r.columns[i].name, r.columns[i].path, "encoding", "holds bytes that are no %s: say in which encoding the file is, of %s", r.table.Encoding, strings.Join(Encodings(), ", "))
		}
	}
	if r.feed != nil {
		r.feed.extend(&r.cells)
	}
	r.buf = r.root.appendJSON(r.buf[:0], &r.cells)
	row := decodeRow(r.u.Kind, r.row, r.buf, r.Column)
	if len(r.cells.notes) == 0 {
		return row
	}
	kept := r.cells.notes
	var known engine.Faults
	for i := range kept {
		kept[i].Row = r.row
		if kept[i].Column == "" {
			kept[i].Column = r.Column(kept[i].Path)
		}
		known = append(known, kept[i].Fault)
	}
	for _, f := range row.Faults {
		if len(known.Merge(engine.Faults{f.Fault})) > len(known) {
			kept = append(kept, f)
		}
	}
	row.Faults = kept
	return row
}

// readHeader plans the columns. A name that is no member is told of, and its cells are not read.
func (r *csvRows) readHeader() ([]engine.RowFault, error) {
	if err := r.open(); err != nil {
		return nil, err
	}
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
	header = slices.Clone(header)
	for i := range header {
		header[i] = strings.TrimSpace(header[i])
	}
	for len(header) > 1 && header[len(header)-1] == "" {
		header = header[:len(header)-1]
	}
	r.root = &cell{plan: planOfKind(r.u.Kind), column: -1}
	if r.u.Kind == engine.ImportCampaigns && isPromotionFeed(header) {
		r.feed = newPromotionFeed(header)
	}
	var faults engine.Faults
	for i, name := range header {
		path, problem := "", ""
		if target, known := r.feed.target(name); !known {
			path, problem = r.root.add(name, i)
		} else if target != "" {
			path, problem = r.root.add(strings.ReplaceAll(target, "*", r.cells.language), i)
		}
		if problem != "" {
			faults.Add(clip(name), "unknown_field", "%s", problem)
		}
		r.columns = append(r.columns, column{name, path})
	}
	if r.feed != nil {
		r.columns = append(r.columns, r.feed.follow(r.root)...)
		r.passed = r.feed.passed
	}
	return rowFaults(1, faults, func(path string) string { return path }), nil
}

func planOfKind(kind engine.ImportKind) *plan {
	if kind == engine.ImportVenues {
		return venuePlan
	}
	return campaignPlan
}

// column is a column of the header and the path of its member; an empty path is none.
type column struct{ name, path string }

// Column returns the column that holds the member of a path, or lies nearest above or below it; the path itself when there is none.
func (r *csvRows) Column(path string) string {
	if i := r.columnAt(path); i >= 0 {
		return r.columns[i].name
	}
	return path
}

func (r *csvRows) columnAt(path string) int {
	for i, c := range r.columns {
		if c.path != "" && c.path == path {
			return i
		}
	}
	for i, c := range r.columns {
		if c.path != "" && (under(path, c.path) || under(c.path, path)) {
			return i
		}
	}
	return -1
}

// Value returns the cell of a column in the current row, as it stands in the file.
func (r *csvRows) Value(column, _ string) string {
	for i, c := range r.columns[:min(r.width(), len(r.columns))] {
		if c.name == column && i < len(r.cells.record) {
			return r.cells.record[i]
		}
	}
	return ""
}

// PassedOver lists the columns that were understood and have no member here.
func (r *csvRows) PassedOver() []string { return r.passed }

// under reports whether a path lies under another.
func under(path, above string) bool {
	rest, found := strings.CutPrefix(path, above)
	return found && above != "" && rest != "" && (rest[0] == '.' || rest[0] == '[')
}
