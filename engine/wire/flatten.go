package wire

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// flattener takes a venue or a campaign apart into the cells that stand for it in a table: what cell.go puts together.
type flattener struct {
	emit func(path, cell string)
	// whole reports whether a list of n objects is to be one cell of JSON. nil: none is.
	whole func(path string, n int) bool
}

func (f *flattener) value(p *plan, v reflect.Value, path string) {
	if p.pointer {
		if v.IsNil() {
			return
		}
		v = v.Elem()
	}
	switch p.shape {
	case shapeObject:
		for i := range p.fields {
			field := &p.fields[i]
			member := field.of(v)
			if field.readOnly || !field.required && member.IsZero() {
				continue
			}
			f.value(field.plan, member, strings.TrimPrefix(path+"."+field.name, "."))
		}
	case shapeDict:
		for _, name := range sortedNames(v) {
			f.value(p.elem, v.MapIndex(reflect.ValueOf(name)), path+"."+name)
		}
	case shapeList:
		f.list(p, v, path)
	case shapeRaw:
		if v.Len() > 0 {
			f.emit(path, string(v.Bytes()))
		}
	default:
		f.emit(path, cellOf(v))
	}
}

func (f *flattener) list(p *plan, v reflect.Value, path string) {
	if p.elem.shape == shapeText {
		f.emit(path, listCell(v.Interface().([]string)))
		return
	}
	if f.whole != nil && f.whole(path, v.Len()) {
		f.emit(path, string(plainJSON(v.Interface())))
		return
	}
	for i := range v.Len() {
		f.value(p.elem, v.Index(i), item(path, i))
	}
}

func sortedNames(v reflect.Value) []string {
	var names []string
	for _, key := range v.MapKeys() {
		names = append(names, key.String())
	}
	slices.Sort(names)
	return names
}

// cellOf writes a scalar. A text that CSV cannot hold, or that would be taken for one, is written as JSON.
func cellOf(v reflect.Value) string {
	switch v.Kind() {
	case reflect.String:
		text := v.String()
		if _, literal := quotedText(text); literal || strings.Contains(text, "\r") {
			return string(plainJSON(text))
		}
		return text
	case reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'f', -1, 64)
	}
	return strconv.FormatInt(v.Int(), 10)
}

// listCell joins the items of a list by |, or writes it as JSON where an item does not stand that.
func listCell(items []string) string {
	plain := len(items) > 0 && items[0] != "" && items[0][0] != '['
	for _, text := range items {
		if _, literal := quotedText(text); literal || text == "" || text != strings.TrimSpace(text) || strings.ContainsAny(text, "|\r") {
			plain = false
		}
	}
	if plain {
		return strings.Join(items, "|")
	}
	return string(plainJSON(items))
}

// plainJSON writes a value that always can be, without escapes for web pages.
func plainJSON(value any) []byte {
	var buf strings.Builder
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(value); err != nil {
		return nil
	}
	return []byte(strings.TrimSuffix(buf.String(), "\n"))
}

// compareRows tells the members in which two venues, or two campaigns, differ, in the order of their paths.
func compareRows(before, after *engine.ImportRow) []engine.FieldChange {
	was, is := flatRow(before), flatRow(after)
	var out []engine.FieldChange
	for _, path := range sortedKeys(was) {
		if now, there := is[path]; !there || now != was[path] {
			out = append(out, engine.FieldChange{Path: path, Before: clipTo(was[path], engine.MaxToldValue), After: clipTo(now, engine.MaxToldValue)})
		}
	}
	for _, path := range sortedKeys(is) {
		if _, there := was[path]; !there {
			out = append(out, engine.FieldChange{Path: path, After: clipTo(is[path], engine.MaxToldValue)})
		}
	}
	slices.SortFunc(out, func(a, b engine.FieldChange) int { return strings.Compare(a.Path, b.Path) })
	return out
}

// flatRow returns the cells of a row by path, none for a row without anything.
func flatRow(row *engine.ImportRow) map[string]string {
	cells := make(map[string]string)
	f := flattener{emit: func(path, cell string) { cells[path] = cell }}
	switch {
	case row.Venue != nil:
		f.value(venuePlan, reflect.ValueOf(VenueOf(row.Venue)), "")
	case row.Campaign != nil:
		c := CampaignOf(row.Campaign, time.Time{})
		c.Status = string(row.Campaign.Status)
		f.value(campaignPlan, reflect.ValueOf(c), "")
	}
	delete(cells, "merchant_id")
	return cells
}
