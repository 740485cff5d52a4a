package wire

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/sihai-network/sihai/engine"
)

// cells is a record on its way to JSON.
type cells struct {
	record   []string
	decimal  byte   // the file's mark; 0: not known
	language string // of a text whose column names none
	notes    []engine.RowFault
}

// note tells of a cell that cannot be read; its member is then left out.
func (r *cells) note(column, path, code, format string, args ...any) {
	r.notes = append(r.notes, engine.RowFault{Column: column, Fault: engine.Fault{Path: path, Code: code, Message: fmt.Sprintf(format, args...)}})
}

// appendJSON appends what c is in a record.
func (c *cell) appendJSON(dst []byte, r *cells) []byte {
	if c.column >= 0 {
		return c.appendLeaf(dst, r)
	}
	if c.plan.shape == shapeList {
		return c.appendItems(dst, r)
	}
	dst = append(dst, '{')
	n := 0
	for _, part := range c.parts {
		if part.isEmpty(r.record) {
			continue
		}
		dst = comma(dst, n)
		n++
		dst = quote(dst, part.name)
		dst = append(dst, ':')
		dst = part.appendJSON(dst, r)
	}
	return append(dst, '}')
}

// appendItems leaves out empty items at the end only, so that the others keep their index.
func (c *cell) appendItems(dst []byte, r *cells) []byte {
	last := len(c.parts)
	for last > 0 && c.parts[last-1].isEmpty(r.record) {
		last--
	}
	dst = append(dst, '[')
	for i, part := range c.parts[:last] {
		dst = comma(dst, i)
		dst = part.appendJSON(dst, r)
	}
	return append(dst, ']')
}

// appendLeaf writes a cell's text as its member wants it; what is none of that is written as a string, which is then told of as a wrong type.
func (c *cell) appendLeaf(dst []byte, r *cells) []byte {
	text := r.record[c.column]
	trimmed := strings.TrimSpace(text)
	switch c.plan.shape {
	case shapeList:
		if isJSON(trimmed, '[') {
			return append(dst, trimmed...)
		}
		if c.plan.elem.shape == shapeObject {
			return c.broken(dst, r, "must be a list of objects as JSON")
		}
		dst = append(dst, '[')
		for i, part := range strings.Split(text, "|") {
			dst = comma(dst, i)
			dst = c.leafOf(c.plan.elem, dst, strings.TrimSpace(part), r)
		}
		return append(dst, ']')
	case shapeObject, shapeDict:
		return c.appendWhole(dst, trimmed, r)
	}
	return c.leafOf(c.plan, dst, text, r)
}

// appendWhole writes a cell that is a whole object: JSON, an amount with its currency, or a text in the file's language.
func (c *cell) appendWhole(dst []byte, text string, r *cells) []byte {
	switch {
	case isJSON(text, '{'):
		return append(dst, text...)
	case c.plan.goType == reflect.TypeFor[Money]():
		m, problem := moneyText(text, r.decimal)
		if problem != "" {
			return c.broken(dst, r, problem)
		}
		return fmt.Appendf(dst, `{"amount":%d,"currency":%q}`, m.Amount, m.Currency)
	case c.plan.goType == reflect.TypeFor[Text]():
		dst = quote(append(dst, '{'), r.language)
		return append(quote(append(dst, ':'), r.record[c.column]), '}')
	}
	return c.broken(dst, r, "must be an object as JSON; its members may have columns of their own")
}

// broken leaves the member out and says why.
func (c *cell) broken(dst []byte, r *cells, problem string) []byte {
	r.note("", c.path, "invalid", "%s", problem)
	return append(dst, "null"...)
}

func (c *cell) leafOf(p *plan, dst []byte, text string, r *cells) []byte {
	trimmed := strings.TrimSpace(text)
	switch p.shape {
	case shapeInteger, shapeNumber:
		if r.decimal != ',' && isNumber(trimmed) {
			return append(dst, trimmed...)
		}
		number := trimmed
		if c.name == "percent" {
			number = strings.TrimSpace(strings.TrimSuffix(number, "%"))
		}
		if !strings.ContainsAny(number, "0123456789") {
			break
		}
		json, problem := looseNumeral(number, r.decimal)
		if problem != "" {
			r.note("", c.path, "wrong_type", "%s", problem)
			return append(dst, "null"...)
		}
		return append(dst, json...)
	case shapeFlag:
		if lower := strings.ToLower(trimmed); lower == "true" || lower == "false" {
			return append(dst, lower...)
		}
	case shapeRaw:
		if json.Valid([]byte(trimmed)) {
			return append(dst, trimmed...)
		}
	case shapeText:
		if len(p.rules.enum) > 0 || p.rules.maxLength > 0 {
			text = trimmed // a name or a code, in which a spreadsheet's blanks mean nothing
		}
		if literal, ok := quotedText(text); ok {
			return append(dst, literal...)
		}
	}
	return quote(dst, text)
}

// quotedText returns a cell that is a JSON string with an escaped carriage return in it, which CSV cannot hold as it is.
func quotedText(text string) (string, bool) {
	ok := len(text) > 1 && text[0] == '"' && strings.Contains(text, `\r`) && json.Valid([]byte(text))
	return text, ok
}

// isJSON reports whether a text is JSON that begins with a bracket.
func isJSON(text string, bracket byte) bool {
	return text != "" && text[0] == bracket && json.Valid([]byte(text))
}

// isNumber reports whether text is a JSON number.
func isNumber(text string) bool {
	return text != "" && (text[0] == '-' || text[0] >= '0' && text[0] <= '9') && json.Valid([]byte(text))
}
