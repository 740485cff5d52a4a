package wire

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sihai-network/sihai/engine"
)

// Formats lists the file formats of an upload.
func Formats() []string { return []string{"ndjson", "csv", "geojson"} }

// Upload says what the rows of a file are and how large they may be.
type Upload struct {
	Kind        engine.ImportKind
	Format      string // one of Formats
	MaxRows     int    // 0: a million
	MaxRowBytes int    // 0: one mebibyte
	engine.FeedOptions
}

// The bounds of an upload that sets none.
const (
	defaultMaxRows     = 1_000_000
	defaultMaxRowBytes = 1 << 20
)

// NewRowReader reads the rows of src one by one, in bounded memory. A row that is faulty comes with its faults and with what could be read; the
// error of Next is engine.Faults where the rest of the file cannot be read, and the bytes of a reader must not change while it is used.
// Its own error is engine.Faults for a kind or format that does not exist.
func NewRowReader(src io.Reader, u Upload) (engine.RowReader, error) {
	if u.MaxRows <= 0 {
		u.MaxRows = defaultMaxRows
	}
	if u.MaxRowBytes <= 0 {
		u.MaxRowBytes = defaultMaxRowBytes
	}
	var faults engine.Faults
	if u.Kind != engine.ImportVenues && u.Kind != engine.ImportCampaigns {
		faults.Add("kind", "invalid", "%q is neither venues nor campaigns", clip(string(u.Kind)))
	}
	var rows engine.RowReader
	switch u.Format {
	case "ndjson":
		rows = newNDJSON(src, u)
	case "csv":
		rows = newCSV(src, u)
	case "geojson":
		rows = newGeoJSON(src, u)
	default:
		faults.Add("format", "invalid", "%q is none of %s", clip(u.Format), strings.Join(Formats(), ", "))
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return &countedRows{rows: rows, most: u.MaxRows}, nil
}

// countedRows ends an upload of too many rows, and tells of them what their file tells.
type countedRows struct {
	rows engine.RowReader
	n    int
	most int
}

var _ engine.RowTeller = (*countedRows)(nil)

func (c *countedRows) Next() (engine.ImportRow, error) {
	row, err := c.rows.Next()
	if err != nil {
		return row, err
	}
	if c.n++; c.n > c.most {
		return engine.ImportRow{}, engine.Faults{{Code: "too_many", Message: fmt.Sprintf("the file has more than %d rows", c.most)}}
	}
	return row, nil
}

// Column implements engine.RowTeller.
func (c *countedRows) Column(path string) string {
	if named, ok := c.rows.(interface{ Column(string) string }); ok {
		return named.Column(path)
	}
	return path
}

// Value implements engine.RowTeller.
func (c *countedRows) Value(column, path string) string {
	told := c.rows.(interface {
		Value(column, path string) string
	})
	return clipTo(strings.ToValidUTF8(told.Value(column, path), "\ufffd"), engine.MaxToldValue)
}

// PassedOver implements engine.RowTeller.
func (c *countedRows) PassedOver() []string {
	if told, ok := c.rows.(interface{ PassedOver() []string }); ok {
		return told.PassedOver()
	}
	return nil
}

// Compare implements engine.RowTeller.
func (c *countedRows) Compare(before, after *engine.ImportRow) []engine.FieldChange {
	return compareRows(before, after)
}

// readAhead is how much more than a row a reader below may have taken from the source.
const readAhead = 1 << 16

// errRowTooLong ends a file in which a row has no end in sight.
var errRowTooLong = errors.New("a row is too long")

// boundedReader bounds the bytes read for one row.
type boundedReader struct {
	src  io.Reader
	most int
	left int
}

// next begins another row.
func (r *boundedReader) next() { r.left = r.most }

func (r *boundedReader) Read(p []byte) (int, error) {
	if r.left <= 0 {
		return 0, errRowTooLong
	}
	n, err := r.src.Read(p[:min(len(p), r.left)])
	r.left -= n
	return n, err
}

// decodeRow reads one row as JSON. One that is no JSON comes with its faults alone.
func decodeRow(kind engine.ImportKind, row int, data []byte, column func(path string) string) engine.ImportRow {
	out := engine.ImportRow{Row: row}
	var faults engine.Faults
	if kind == engine.ImportVenues {
		v, f := DecodeVenue(data)
		out.Venue, faults = &v, f
	} else {
		c, f := DecodeCampaign(data)
		out.Campaign, faults = &c, f
	}
	if slices.ContainsFunc(faults, func(f engine.Fault) bool { return f.Code == "syntax" }) {
		out.Venue, out.Campaign = nil, nil // what was not read is not missing
	}
	out.Faults = rowFaults(row, faults, column)
	return out
}

func rowFaults(row int, faults engine.Faults, column func(path string) string) []engine.RowFault {
	if len(faults) == 0 {
		return nil
	}
	out := make([]engine.RowFault, len(faults))
	for i, f := range faults {
		out[i] = engine.RowFault{Row: row, Column: f.Path, Fault: f}
		if column != nil {
			out[i].Column = column(f.Path)
		}
	}
	return out
}

// faulty is a row of which nothing could be read.
func faulty(row int, code, format string, args ...any) engine.ImportRow {
	var faults engine.Faults
	faults.Add("", code, format, args...)
	return engine.ImportRow{Row: row, Faults: rowFaults(row, faults, nil)}
}
