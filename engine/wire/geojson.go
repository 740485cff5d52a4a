package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/sihai-network/sihai/engine"
)

// geoJSON reads the features of a FeatureCollection as they stream by. A feature's properties are the row; its geometry is a campaign's
// geofence, or the point of a venue; its id is the row's where the properties have none.
type geoJSON struct {
	file     io.Reader
	dec      *jsontext.Decoder // of file, once it is known how that is written
	raw      []byte            // the current feature
	bound    *boundedReader
	u        Upload
	row      int
	features bool // inside the list
	seen     bool // the list was there
	ended    error
}

func newGeoJSON(src io.Reader, u Upload) *geoJSON { return &geoJSON{file: src, u: u} }

// start finds how the file is written.
func (r *geoJSON) start() error {
	text, _, err := utf8Reader(r.file, r.u.Encoding, false)
	if err != nil {
		return err
	}
	r.bound = &boundedReader{src: text, most: r.u.MaxRowBytes + readAhead}
	r.bound.next()
	r.dec = jsontext.NewDecoder(r.bound, jsontext.AllowDuplicateNames(true))
	return nil
}

// Value returns the value of a path in the current feature: in its properties, or of the feature itself.
func (r *geoJSON) Value(_, path string) string {
	if value := valueAt(r.raw, "properties."+path); value != "" {
		return value
	}
	return valueAt(r.raw, path)
}

func (r *geoJSON) Next() (engine.ImportRow, error) {
	if r.ended == nil && r.dec == nil {
		r.ended = r.start()
	}
	if r.ended == nil && !r.features {
		r.ended = r.open()
	}
	if r.ended != nil {
		return engine.ImportRow{}, r.ended
	}
	if r.dec.PeekKind() == ']' {
		r.features = false
		if _, err := r.dec.ReadToken(); err != nil {
			r.ended = r.syntax(err)
		} else {
			r.ended = r.open()
		}
		return engine.ImportRow{}, r.ended
	}
	r.bound.next()
	r.row++
	raw, err := r.dec.ReadValue()
	if err != nil {
		r.ended = r.syntax(err)
		return engine.ImportRow{}, r.ended
	}
	r.raw = raw
	return r.feature(raw), nil
}

// open reads on to the features, or to the end of the file.
func (r *geoJSON) open() error {
	if r.dec.StackDepth() == 0 {
		token, err := r.dec.ReadToken()
		switch {
		case err != nil:
			return r.syntax(err)
		case token.Kind() != '{':
			return engine.Faults{{Code: "wrong_type", Message: "a GeoJSON file is a FeatureCollection object"}}
		}
	}
	for {
		token, err := r.dec.ReadToken()
		if err != nil {
			return r.syntax(err)
		}
		if token.Kind() == '}' {
			return r.close()
		}
		name := token.String()
		r.bound.next()
		switch {
		case name == "features" && r.dec.PeekKind() == '[' && !r.seen:
			r.features, r.seen = true, true
			_, err = r.dec.ReadToken()
			if err != nil {
				return r.syntax(err)
			}
			return nil
		case name == "features":
			return engine.Faults{{Path: "features", Code: "wrong_type", Message: "must be one list"}}
		case name == "type":
			token, err = r.dec.ReadToken()
			if err == nil && (token.Kind() != '"' || token.String() != "FeatureCollection") {
				return engine.Faults{{Path: "type", Code: "invalid", Message: "must be FeatureCollection"}}
			}
		default: // bbox, name, crs and other foreign members (RFC 7946, section 6.1)
			err = r.dec.SkipValue()
		}
		if err != nil {
			return r.syntax(err)
		}
	}
}

// close checks that nothing follows.
func (r *geoJSON) close() error {
	if !r.seen {
		return engine.Faults{{Path: "features", Code: "required", Message: "is missing"}}
	}
	_, err := r.dec.ReadToken()
	switch {
	case err == nil:
		return engine.Faults{{Code: "syntax", Message: "something follows the FeatureCollection"}}
	case errors.Is(err, io.EOF):
		return io.EOF
	}
	return r.syntax(err)
}

// syntax tells what is wrong with the file; an error of its source is returned as it is.
func (r *geoJSON) syntax(err error) error {
	var wrong *jsontext.SyntacticError
	switch {
	case errors.Is(err, errRowTooLong):
		return engine.Faults{{Path: item("features", r.row-1), Code: "too_long", Message: fmt.Sprintf("the feature has more than %d bytes", r.u.MaxRowBytes)}}
	case errors.As(err, &wrong), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return engine.Faults{{Code: "syntax", Message: syntaxMessage(err, r.dec.InputOffset())}}
	}
	return err
}

// feature is a row as GeoJSON has it.
type feature struct {
	Type       string          `json:"type" enum:"Feature"`
	ID         any             `json:"id,omitempty"`
	Geometry   json.RawMessage `json:"geometry,omitempty"`
	Properties json.RawMessage `json:"properties"`
	BBox       json.RawMessage `json:"bbox,omitempty"`
}

var featurePlan = planOf(reflect.TypeFor[feature]())

func (r *geoJSON) feature(raw []byte) engine.ImportRow {
	var f feature
	faults := bind(raw, featurePlan, &f)
	if len(f.Properties) == 0 || f.Properties[0] != '{' {
		if len(faults) == 0 {
			faults.Add("properties", "wrong_type", "must be an object")
		}
		return engine.ImportRow{Row: r.row, Faults: rowFaults(r.row, faults, nil)}
	}
	row := decodeRow(r.u.Kind, r.row, r.withID(&f), nil)
	if row.Venue != nil {
		faults = append(faults, venuePoint(row.Venue, &row.Faults, f.Geometry)...)
	} else {
		addFence(row.Campaign, f.Geometry)
	}
	row.Faults = append(rowFaults(r.row, faults, nil), row.Faults...)
	return row
}

// withID returns the properties with the feature's id where they have none of their own.
func (r *geoJSON) withID(f *feature) []byte {
	var id string
	switch x := f.ID.(type) {
	case string:
		id = x
	case float64:
		id = string(number(nil, x))
	}
	if id == "" || hasMember(f.Properties, "id") {
		return f.Properties
	}
	out := append([]byte(`{"id":`), quote(nil, id)...)
	if rest := bytes.TrimSpace(f.Properties[1:]); len(rest) > 0 && rest[0] != '}' {
		out = append(out, ',')
	}
	return append(out, f.Properties[1:]...)
}

func hasMember(object []byte, name string) bool {
	dec := jsontext.NewDecoder(bytes.NewBuffer(object), jsontext.AllowDuplicateNames(true))
	if _, err := dec.ReadToken(); err != nil {
		return false
	}
	for dec.PeekKind() == '"' {
		token, err := dec.ReadToken()
		if err != nil || token.String() == name {
			return err == nil
		}
		if dec.SkipValue() != nil {
			return false
		}
	}
	return false
}

func isNull(raw json.RawMessage) bool { return len(raw) == 0 || string(raw) == "null" }

// addFence takes the geometry as the campaign's first geofence.
func addFence(c *engine.Campaign, geometry json.RawMessage) {
	if !isNull(geometry) {
		c.Geofences = append([]engine.Geofence{{GeoJSON: geometry}}, c.Geofences...)
	}
}

// venuePoint takes the geometry as the venue's position, which the properties then need not have.
func venuePoint(v *engine.Venue, told *[]engine.RowFault, geometry json.RawMessage) engine.Faults {
	var faults engine.Faults
	if isNull(geometry) {
		return nil
	}
	var point struct {
		Type        string     `json:"type"`
		Coordinates []*float64 `json:"coordinates"`
	}
	if err := json.Unmarshal(geometry, &point); err != nil || point.Type != "Point" || len(point.Coordinates) < 2 || point.Coordinates[0] == nil || point.Coordinates[1] == nil {
		faults.Add("geometry", "invalid", "a venue's geometry is a Point with [longitude, latitude]")
		return faults
	}
	v.Position.Lng, v.Position.Lat = *point.Coordinates[0], *point.Coordinates[1]
	kept := (*told)[:0]
	for _, f := range *told {
		if f.Code != "required" || f.Path != "lat" && f.Path != "lon" {
			kept = append(kept, f)
		}
	}
	*told = kept
	return nil
}
