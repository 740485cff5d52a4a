package wire

import (
	"encoding/json"
	"strconv"
	"strings"
)

// cell is a node of the JSON that a CSV record stands for: an object, a list of objects, or a leaf that is a column.
type cell struct {
	plan   *plan
	name   string  // of the member; empty for an item of a list
	parts  []*cell // members, or items
	column int     // of a leaf; -1 otherwise
}

// maxColumnItems bounds the items that columns can name by an index.
const maxColumnItems = 100

// add puts a column of a dotted name at its place and returns the path of the member, or what is wrong with the name.
func (c *cell) add(name string, column int) (path, problem string) {
	at := c
	for _, part := range strings.Split(name, ".") {
		part, index, problem := splitIndex(part)
		if problem != "" {
			return "", problem
		}
		next, problem := at.member(part)
		if problem != "" {
			return "", problem
		}
		at = next
		path = strings.TrimPrefix(path+"."+part, ".")
		if at.plan.shape == shapeList && at.plan.elem.shape == shapeObject {
			if at.column >= 0 {
				return "", "is given twice"
			}
			at = at.itemAt(index)
			path = item(path, index)
		} else if index > 0 {
			return "", "only lists of objects are named by an index; other lists are written in one cell, separated by |"
		}
	}
	switch {
	case at.plan.shape == shapeObject || at.plan.shape == shapeDict:
		return "", "names an object: name its members, as in " + name + "." + at.plan.firstMember()
	case at.column >= 0:
		return "", "is given twice"
	}
	at.column = column
	return path, ""
}

// splitIndex splits windows[1] into windows and 1.
func splitIndex(part string) (name string, index int, problem string) {
	name, rest, found := strings.Cut(part, "[")
	if !found {
		return name, 0, ""
	}
	digits, closed := strings.CutSuffix(rest, "]")
	index, err := strconv.Atoi(digits)
	if !closed || err != nil || index < 0 || index >= maxColumnItems {
		return "", 0, "an index is a whole number from 0 to " + strconv.Itoa(maxColumnItems-1)
	}
	return name, index, ""
}

// member returns the member of a name, made when it is new.
func (c *cell) member(name string) (*cell, string) {
	var shape *plan
	switch c.plan.shape {
	case shapeObject:
		i, known := c.plan.byName[name]
		if !known {
			if near := c.plan.nearest(name); near != "" {
				return nil, "no such column; did you mean " + near + "?"
			}
			return nil, "no such column: columns are named by the path of a member"
		}
		shape = c.plan.fields[i].plan
	case shapeDict:
		if name == "" {
			return nil, "ends in a point"
		}
		shape = c.plan.elem
	default:
		return nil, "has no members"
	}
	for _, part := range c.parts {
		if part.name == name {
			return part, ""
		}
	}
	made := &cell{plan: shape, name: name, column: -1}
	c.parts = append(c.parts, made)
	return made, ""
}

// itemAt returns an item of a list, made with those before it.
func (c *cell) itemAt(index int) *cell {
	for len(c.parts) <= index {
		c.parts = append(c.parts, &cell{plan: c.plan.elem, column: -1})
	}
	return c.parts[index]
}

func (p *plan) firstMember() string {
	if p.shape == shapeDict {
		return "en"
	}
	return p.fields[0].name
}

// isEmpty reports whether every cell of c is empty in a record.
func (c *cell) isEmpty(record []string) bool {
	if c.column >= 0 && record[c.column] != "" {
		return false
	}
	for _, part := range c.parts {
		if !part.isEmpty(record) {
			return false
		}
	}
	return true
}

// appendJSON appends what c is in a record.
func (c *cell) appendJSON(dst []byte, record []string) []byte {
	if c.column >= 0 {
		return c.appendLeaf(dst, record[c.column])
	}
	if c.plan.shape == shapeList {
		return c.appendItems(dst, record)
	}
	dst = append(dst, '{')
	n := 0
	for _, part := range c.parts {
		if part.isEmpty(record) {
			continue
		}
		dst = comma(dst, n)
		n++
		dst = quote(dst, part.name)
		dst = append(dst, ':')
		dst = part.appendJSON(dst, record)
	}
	return append(dst, '}')
}

// appendItems leaves out empty items at the end only, so that the others keep their index.
func (c *cell) appendItems(dst []byte, record []string) []byte {
	last := len(c.parts)
	for last > 0 && c.parts[last-1].isEmpty(record) {
		last--
	}
	dst = append(dst, '[')
	for i, part := range c.parts[:last] {
		dst = comma(dst, i)
		dst = part.appendJSON(dst, record)
	}
	return append(dst, ']')
}

// appendLeaf writes a cell's text as its member wants it; what is none of that is written as a string, which is then told of as a wrong type.
func (c *cell) appendLeaf(dst []byte, text string) []byte {
	switch c.plan.shape {
	case shapeList:
		dst = append(dst, '[')
		for i, part := range strings.Split(text, "|") {
			dst = comma(dst, i)
			dst = c.leafOf(c.plan.elem, dst, strings.TrimSpace(part))
		}
		return append(dst, ']')
	default:
		return c.leafOf(c.plan, dst, text)
	}
}

func (c *cell) leafOf(p *plan, dst []byte, text string) []byte {
	trimmed := strings.TrimSpace(text)
	switch p.shape {
	case shapeInteger, shapeNumber:
		if isNumber(trimmed) {
			return append(dst, trimmed...)
		}
	case shapeFlag:
		if lower := strings.ToLower(trimmed); lower == "true" || lower == "false" {
			return append(dst, lower...)
		}
	case shapeRaw:
		if json.Valid([]byte(trimmed)) {
			return append(dst, trimmed...)
		}
	}
	return quote(dst, text)
}

// isNumber reports whether text is a JSON number.
func isNumber(text string) bool {
	return text != "" && (text[0] == '-' || text[0] >= '0' && text[0] <= '9') && json.Valid([]byte(text))
}
