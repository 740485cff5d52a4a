package wire

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"reflect"

	"github.com/sihai-network/sihai/engine"
)

// maxListColumns is how many items of a list of objects have columns of their own in a table; longer lists are one cell of JSON.
const maxListColumns = 3

// Columns collects the columns that a table of venues or campaigns needs: those of every row, in the order in which they are met.
type Columns struct {
	names   []string
	known   map[string]bool
	longest map[string]int // of each list of objects
}

// Add counts a row in, a Venue or a Campaign.
func (c *Columns) Add(row any) {
	if c.known == nil {
		c.known, c.longest = make(map[string]bool), make(map[string]int)
	}
	f := flattener{
		emit:  func(path, _ string) { c.put(path) },
		whole: func(path string, n int) bool { c.longest[path] = max(c.longest[path], n); return true },
	}
	f.value(rowPlan(row), reflect.ValueOf(row), "")
	// the members of short lists
	f.whole = func(path string, n int) bool { return n > maxListColumns }
	f.value(rowPlan(row), reflect.ValueOf(row), "")
}

func (c *Columns) put(path string) {
	if !c.known[path] {
		c.known[path] = true
		c.names = append(c.names, path)
	}
}

// header returns the columns that are written: of a list either its items' members or the list as one.
func (c *Columns) header() (names []string) {
	for _, name := range c.names {
		wanted := name != "merchant_id"
		for list, n := range c.longest {
			if name == list && n <= maxListColumns || under(name, list) && n > maxListColumns {
				wanted = false
			}
		}
		if wanted {
			names = append(names, name)
		}
	}
	return names
}

func rowPlan(row any) *plan {
	if _, ok := row.(Venue); ok {
		return venuePlan
	}
	return campaignPlan
}

// RowWriter writes venues or campaigns as a file that can be uploaded again and then changes nothing. What the store says of a row, and its merchant,
// are left out.
type RowWriter struct {
	dst    io.Writer
	format string
	table  *csv.Writer
	header []string
	lists  map[string]int
	record []string
	n      int
}

// NewRowWriter begins a file of one of Formats. columns are those of all rows to come, and are needed for csv only. The error is engine.Faults for a format that there is not.
func NewRowWriter(dst io.Writer, format string, columns *Columns) (*RowWriter, error) {
	w := &RowWriter{dst: dst, format: format}
	switch format {
	case "ndjson":
		return w, nil
	case "geojson":
		_, err := io.WriteString(dst, `{"type":"FeatureCollection","features":[`)
		return w, err
	case "csv":
		w.table, w.header, w.lists = csv.NewWriter(dst), columns.header(), columns.longest
		if len(w.header) == 0 {
			w.header = []string{"id"}
		}
		return w, w.table.Write(w.header)
	}
	var faults engine.Faults
	faults.Add("format", "invalid", "%q is none of ndjson, csv, geojson", clip(format))
	return nil, faults
}

// Write writes a row, a Venue or a Campaign.
func (w *RowWriter) Write(row any) error {
	w.n++
	switch r := row.(type) {
	case Venue:
		r.Meta, r.MerchantID = Meta{}, ""
		row = r
	case Campaign:
		r.Meta, r.MerchantID = Meta{}, ""
		r.Status = string(statusOf(r.Status))
		row = r
	}
	switch w.format {
	case "ndjson":
		_, err := w.dst.Write(append(plainJSON(row), '\n'))
		return err
	case "geojson":
		return w.feature(row)
	}
	cells := make(map[string]string)
	f := flattener{
		emit:  func(path, cell string) { cells[path] = cell },
		whole: func(path string, _ int) bool { return w.lists[path] > maxListColumns },
	}
	f.value(rowPlan(row), reflect.ValueOf(row), "")
	w.record = w.record[:0]
	for _, name := range w.header {
		w.record = append(w.record, cells[name])
	}
	return w.table.Write(w.record)
}

// feature writes a row with its place as the geometry: a venue's point, or the area of a campaign's first geofence if that is one.
func (w *RowWriter) feature(row any) error {
	geometry := json.RawMessage("null")
	switch r := row.(type) {
	case Venue:
		geometry = plainJSON(map[string]any{"type": "Point", "coordinates": []float64{r.Lon, r.Lat}})
	case Campaign:
		if len(r.Geofences) > 0 && len(r.Geofences[0].GeoJSON) > 0 {
			geometry = r.Geofences[0].GeoJSON
			r.Geofences = r.Geofences[1:]
			row = r
		}
	}
	separator := ",\n"
	if w.n == 1 {
		separator = "\n"
	}
	_, err := fmt.Fprintf(w.dst, `%s{"type":"Feature","geometry":%s,"properties":%s}`, separator, geometry, plainJSON(row))
	return err
}

// Close ends the file; it does not close what is below.
func (w *RowWriter) Close() error {
	switch w.format {
	case "geojson":
		_, err := io.WriteString(w.dst, "\n]}\n")
		return err
	case "csv":
		w.table.Flush()
		return w.table.Error()
	}
	return nil
}
