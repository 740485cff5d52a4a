package geo

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// ParseGeometry reads a GeoJSON Polygon or MultiPolygon (RFC 7946, section 3.1). Positions are longitude, latitude and, unread, altitude; rings
// must be closed. Members besides "type", "coordinates" and "bbox" are refused. The error is Faults with every fault found, with paths such as "coordinates[0][3][1]".
func ParseGeometry(data []byte) (*Fence, error) {
	if fence, ok := parseQuickly(data); ok {
		return fence, nil
	}
	return parseGeometry(data)
}

// parseGeometry reads any geometry, and tells what is wrong with it.
func parseGeometry(data []byte) (*Fence, error) {
	var faults Faults
	kind, coordinates := splitGeometry(&faults, data)
	if len(faults) > 0 {
		return nil, faults
	}
	var fence *Fence
	var err error
	switch kind {
	case "Polygon":
		rings := readRings(&faults, "coordinates", coordinates)
		if len(faults) == 0 {
			fence, err = NewPolygon(rings)
		}
	case "MultiPolygon":
		var parts [][][]LatLng
		for i, part := range readArray(&faults, "coordinates", coordinates) {
			parts = append(parts, readRings(&faults, fmt.Sprintf("coordinates[%d]", i), part))
		}
		if len(faults) == 0 {
			fence, err = NewMultiPolygon(parts)
		}
	default:
		faults.add("type", "invalid", "%.40q is not a kind of fence: use Polygon or MultiPolygon", kind)
	}
	var shape Faults
	if errors.As(err, &shape) {
		for _, f := range shape {
			faults.add("coordinates"+f.Path, f.Code, "%s", f.Message)
		}
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return fence, nil
}

// splitGeometry returns the type and the raw coordinates.
func splitGeometry(faults *Faults, data []byte) (kind string, coordinates json.RawMessage) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		faults.add("", "wrong_type", "a geometry is a JSON object")
		return "", nil
	}
	seen := map[string]bool{}
	for decoder.More() {
		token, err := decoder.Token()
		name, isName := token.(string)
		var value json.RawMessage
		if err == nil && isName {
			err = decoder.Decode(&value)
		}
		if err != nil || !isName {
			faults.add("", "syntax", "not valid JSON at byte %d", decoder.InputOffset())
			return "", nil
		}
		if seen[name] {
			faults.add(name, "duplicate", "given twice")
		}
		seen[name] = true
		switch name {
		case "type":
			if json.Unmarshal(value, &kind) != nil {
				faults.add("type", "wrong_type", "must be a string")
			}
		case "coordinates":
			coordinates = value
		case "bbox":
		default:
			faults.add(name, "unknown_field", "a geometry has no member of this name")
		}
	}
	if _, err := decoder.Token(); err != nil {
		faults.add("", "syntax", "not valid JSON at byte %d", decoder.InputOffset())
	} else if _, err := decoder.Token(); err != io.EOF {
		faults.add("", "syntax", "something follows the geometry")
	}
	for _, name := range []string{"type", "coordinates"} {
		if !seen[name] {
			faults.add(name, "required", "is missing")
		}
	}
	return kind, coordinates
}

func readArray(faults *Faults, path string, data json.RawMessage) []json.RawMessage {
	var items []json.RawMessage
	if json.Unmarshal(data, &items) != nil || items == nil {
		faults.add(path, "wrong_type", "must be an array")
	}
	return items
}

// readRings returns the rings of a polygon, or what could be read of them.
func readRings(faults *Faults, path string, data json.RawMessage) [][]LatLng {
	if rings, ok := plainRings(data); ok {
		return rings
	}
	var rings [][]LatLng
	for i, raw := range readArray(faults, path, data) {
		ringPath := fmt.Sprintf("%s[%d]", path, i)
		before := len(*faults)
		var vertices []LatLng
		for j, position := range readArray(faults, ringPath, raw) {
			vertices = append(vertices, readPosition(faults, ringPath+"["+strconv.Itoa(j)+"]", position))
		}
		n := len(vertices)
		if len(*faults) == before && (n < 4 || vertices[0] != vertices[n-1]) {
			faults.add(ringPath, "invalid", "a ring has at least 4 positions, the last equal to the first")
		}
		rings = append(rings, vertices)
	}
	return rings
}

// plainRings reads rings without fault at one go; ok is false where there is anything to tell.
func plainRings(data json.RawMessage) (rings [][]LatLng, ok bool) {
	var numbers [][][]float64
	if bytes.IndexByte(data, 'n') >= 0 || json.Unmarshal(data, &numbers) != nil { // a null would be read as 0
		return nil, false
	}
	rings = make([][]LatLng, len(numbers))
	for i, ring := range numbers {
		rings[i] = make([]LatLng, len(ring))
		for j, position := range ring {
			if len(position) < 2 || len(position) > 3 {
				return nil, false
			}
			rings[i][j] = LatLng{Lat: position[1], Lng: position[0]}
			if rings[i][j].Validate() != nil {
				return nil, false
			}
		}
		if n := len(ring); n < 4 || rings[i][0] != rings[i][n-1] {
			return nil, false
		}
	}
	return rings, true
}

func readPosition(faults *Faults, path string, data json.RawMessage) LatLng {
	var numbers []*float64
	if json.Unmarshal(data, &numbers) != nil || len(numbers) < 2 || len(numbers) > 3 {
		faults.add(path, "wrong_type", "a position is [longitude, latitude] in numbers")
		return LatLng{}
	}
	for i, number := range numbers {
		if number == nil {
			faults.add(fmt.Sprintf("%s[%d]", path, i), "wrong_type", "must be a number")
			return LatLng{}
		}
	}
	p := LatLng{Lat: *numbers[1], Lng: *numbers[0]}
	if p.Lng < -180 || p.Lng > 180 {
		faults.add(path+"[0]", "out_of_range", "longitude %v is not in [-180, 180]", p.Lng)
	}
	if p.Lat < -90 || p.Lat > 90 {
		faults.add(path+"[1]", "out_of_range", "latitude %v is not in [-90, 90]", p.Lat)
	}
	return p
}
