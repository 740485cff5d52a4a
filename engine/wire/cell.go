package wire

import (
	"strconv"
	"strings"
)

// cell is a node of the JSON that a CSV record stands for: an object, a list of objects, or a leaf that is a column.
type cell struct {
	plan   *plan
	name   string // of the member; empty for an item of a list
	path   string
	parts  []*cell // members, or items
	column int     // of a leaf; -1 otherwise
}

// maxColumnItems bounds the items that columns can name by an index.
const maxColumnItems = 100

// add puts a column of a dotted name at its place and returns the path of the member, or what is wrong with the name. A column may name an object or a
// list of objects too: its cells are then JSON, or an amount with its currency, or a text in one language.
func (c *cell) add(name string, column int) (path, problem string) {
	at := c
	parts := strings.Split(name, ".")
	for i, part := range parts {
		part, index, problem := splitIndex(part)
		if problem != "" {
			return "", problem
		}
		if at.column >= 0 {
			return "", "is given twice: by " + at.path + " too"
		}
		next, problem := at.member(part)
		if problem != "" {
			return "", problem
		}
		at = next
		path = strings.TrimPrefix(path+"."+part, ".")
		whole := i == len(parts)-1 && !strings.Contains(parts[i], "[")
		if at.plan.shape == shapeList && at.plan.elem.shape == shapeObject && !whole {
			if at.column >= 0 {
				return "", "is given twice"
			}
			at = at.itemAt(index)
			path = item(path, index)
		} else if index > 0 {
			return "", "only lists of objects are named by an index; other lists are written in one cell, separated by |"
		}
	}
	if at.column >= 0 || len(at.parts) > 0 {
		return "", "is given twice"
	}
	at.column, at.path = column, path
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
