package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// template makes one campaign of each row of a file: a campaign as JSON, in whose texts {column} stands for the row's value.
type template struct{ root any }

// placeholder is a column's name in braces.
var placeholder = regexp.MustCompile(`\{[A-Za-z0-9_.:-]+\}`)

// parseTemplate reads a JSON object. Numbers keep their digits.
func parseTemplate(data []byte) (template, error) {
	dec := json.NewDecoder(strings.NewReader(string(data)))
	dec.UseNumber()
	var t template
	if err := dec.Decode(&t.root); err != nil {
		return t, fmt.Errorf("parse template: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return t, errors.New("parse template: more than one JSON value")
	}
	if _, ok := t.root.(map[string]any); !ok {
		return t, errors.New("parse template: not a JSON object")
	}
	return t, nil
}

// check returns an error that names the placeholders for which there is no column.
func (t template) check(header []string) error {
	var missing []string
	walk(t.root, func(s string) string {
		for _, name := range placeholder.FindAllString(s, -1) {
			if !slices.Contains(header, name[1:len(name)-1]) && !slices.Contains(missing, name) {
				missing = append(missing, name)
			}
		}
		return s
	})
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	return fmt.Errorf("template: no column for %s; there are %s", strings.Join(missing, ", "), strings.Join(header, ", "))
}

// ndjson writes a campaign for each row.
func (t template) ndjson(dst io.Writer, r *rows) error {
	if err := t.check(r.header); err != nil {
		return err
	}
	enc := json.NewEncoder(dst)
	enc.SetEscapeHTML(false)
	values := make(map[string]string, len(r.header))
	for {
		record, err := r.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for i, name := range r.header {
			values["{"+name+"}"] = record[i]
		}
		campaign := walk(t.root, func(s string) string {
			return placeholder.ReplaceAllStringFunc(s, func(name string) string { return values[name] })
		})
		if err := enc.Encode(campaign); err != nil {
			return err
		}
	}
}

// walk copies a JSON value with fn done to each text in it; names of members stay.
func walk(value any, fn func(string) string) any {
	switch v := value.(type) {
	case string:
		return fn(v)
	case []any:
		out := make([]any, len(v))
		for i, member := range v {
			out[i] = walk(member, fn)
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, member := range v {
			out[name] = walk(member, fn)
		}
		return out
	}
	return value
}
