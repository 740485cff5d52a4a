package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/sihai-network/sihai/engine"
)

// valueAt returns the value of a path in a JSON text as JSON, a string as it is, empty where there is none.
func valueAt(raw []byte, path string) string {
	if path == "" {
		return ""
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var value any
	if dec.Decode(&value) != nil {
		return ""
	}
	for _, part := range strings.Split(strings.ReplaceAll(path, "[", ".["), ".") {
		if index, isItem := strings.CutPrefix(part, "["); isItem {
			list, _ := value.([]any)
			i, err := strconv.Atoi(strings.TrimSuffix(index, "]"))
			if err != nil || i < 0 || i >= len(list) {
				return ""
			}
			value = list[i]
			continue
		}
		object, _ := value.(map[string]any)
		inner, there := object[part]
		if !there {
			return ""
		}
		value = inner
	}
	if text, ok := value.(string); ok {
		return text
	}
	out, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	return string(out)
}

// Expected says in words what a member of a venue or campaign is to be, as the schema has it: "a number from -90 to 90", "one of percent, amount".
// It is empty for a path that there is not.
func Expected(kind engine.ImportKind, path string) string {
	p := planOfKind(kind)
	if path == "" {
		return ""
	}
	for _, part := range strings.Split(strings.ReplaceAll(path, "[", ".["), ".") {
		switch {
		case p.shape == shapeList && strings.HasPrefix(part, "["), p.shape == shapeDict:
			p = p.elem
		case p.shape == shapeObject:
			i, known := p.byName[part]
			if !known {
				return ""
			}
			p = p.fields[i].plan
		case p.shape == shapeRaw:
			return p.expected()
		default:
			return ""
		}
	}
	return p.expected()
}

func (p *plan) expected() string {
	r := &p.rules
	switch {
	case len(r.enum) > 0:
		return "one of " + strings.Join(r.enum, ", ")
	case p.shape == shapeList && p.elem.shape == shapeText:
		if len(p.elem.rules.enum) > 0 {
			return "a list of " + strings.Join(p.elem.rules.enum, ", ")
		}
		return "a list of strings"
	case r.minimum != nil && r.maximum != nil:
		return fmt.Sprintf("%s from %v to %v", p.noun(), *r.minimum, *r.maximum)
	case r.minimum != nil:
		return fmt.Sprintf("%s from %v", p.noun(), *r.minimum)
	case r.maxLength > 0:
		return fmt.Sprintf("%s of at most %d characters", p.noun(), r.maxLength)
	case p.shape == shapeRaw:
		return "a GeoJSON geometry"
	}
	return p.noun()
}
