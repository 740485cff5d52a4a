package tuning

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// Table says what the columns of a CSV table are. Each is the name of a column; empty: the table has none.
type Table struct {
	Label                              string // must be there
	Query, User, Time                  string // of the decision; rows of one query stand together, and without a query each row is a decision
	Item, Merchant, Propensity, Weight string
	Shown                              string // 1, true, 0 or false
	Position                           string
	// AllShown says that every row was shown: the table is a log of what was.
	AllShown bool
	// Features are the columns of numbers; nil: all others.
	Features []string
	// Texts are columns of texts, of which each value becomes a feature of 0 and 1, named column=value.
	Texts []string
	// Ignore are columns that are not read.
	Ignore []string
}

// roles returns the columns that are no features, with what they are.
func (t *Table) roles() map[string]string {
	out := make(map[string]string)
	for role, name := range map[string]string{
		"label": t.Label, "query": t.Query, "user": t.User, "time": t.Time, "item": t.Item, "merchant": t.Merchant,
		"propensity": t.Propensity, "weight": t.Weight, "shown": t.Shown, "position": t.Position,
	} {
		if name != "" {
			out[name] = role
		}
	}
	return out
}

// BanditTable is the table of a log of one action a round, as the Open Bandit Pipeline has it: action, position, reward, propensity and whatever was known of the round.
func BanditTable() Table {
	return Table{Label: "reward", Item: "action", Position: "position", Propensity: "propensity", AllShown: true}
}

// ReadCSV reads a table with a header. An empty cell, NaN, NA and null are missing numbers. The error is *Faults, ctx's or src's; faults of the header are on line 1.
func ReadCSV(ctx context.Context, src io.Reader, t Table, o ReadOptions) (*Dataset, error) {
	o = o.withDefaults()
	in := csv.NewReader(src)
	in.ReuseRecord = true
	r := &tableReader{t: t, b: NewBuilder(math.NaN()), seen: map[string]bool{}, in: in}
	header, err := in.Read()
	if errors.Is(err, io.EOF) {
		return nil, &Faults{List: []Fault{{Line: 1, Code: "required", Message: "the table is empty"}}}
	}
	if err != nil {
		return nil, tableError(err, &r.faults)
	}
	r.header(slices.Clone(header))
	if err := r.faults.err(); err != nil {
		return nil, err
	}
	for n := 0; ; n++ {
		if n%256 == 0 && ctx.Err() != nil {
			return nil, fmt.Errorf("read rows: %w", ctx.Err())
		}
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, tableError(err, &r.faults)
		}
		r.row(record)
		if r.b.Rows() > o.MaxRows {
			r.faults.add(r.at, "", "too_many", "more than %d rows", o.MaxRows)
			break
		}
	}
	if err := r.faults.err(); err != nil {
		return nil, err
	}
	return r.b.Dataset(), nil
}

// tableError makes a fault of what is no CSV.
func tableError(err error, f *faults) error {
	var parse *csv.ParseError
	if !errors.As(err, &parse) {
		return fmt.Errorf("read rows: %w", err)
	}
	f.add(parse.Line, "", "syntax", "column %d: %v", parse.Column, parse.Err)
	return f.err()
}

// tableReader reads rows of a table.
type tableReader struct {
	t      Table
	b      *Builder
	in     *csv.Reader
	faults faults
	at     int // line
	names  []string
	roles  []string // of each column: a role, "feature", "text", or empty for one that is not read
	query  string
	began  bool
	seen   map[string]bool
	items  []string // of this query

	features []int // column of each table column that is a feature
	columns  []int
	values   []float64
}

func (r *tableReader) header(names []string) {
	names[0] = strings.TrimPrefix(names[0], "\ufeff")
	roles := r.t.roles()
	if r.t.Label == "" {
		r.faults.add(1, "", "required", "which column is the label?")
	}
	wanted := slices.Concat(r.t.Features, r.t.Texts, r.t.Ignore)
	for name := range roles {
		wanted = append(wanted, name)
	}
	slices.Sort(wanted)
	for _, name := range slices.Compact(wanted) {
		if !slices.Contains(names, name) {
			r.faults.add(1, name, "required", "there is no such column; there are %s", clip(strings.Join(names, ", ")))
		}
	}
	r.names = names
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			r.faults.add(1, name, "duplicate", "the column comes twice")
		}
		role := roles[name]
		switch {
		case role != "":
		case slices.Contains(r.t.Ignore, name):
		case slices.Contains(r.t.Texts, name):
			role = "text"
		case r.t.Features == nil || slices.Contains(r.t.Features, name):
			role = "feature"
		}
		column := -1
		if role == "feature" {
			var err error
			if column, err = r.b.Column(name); err != nil {
				r.faults.add(1, name, "too_many", "%v", err)
			}
		}
		r.roles, r.features = append(r.roles, role), append(r.features, column)
	}
}

func (r *tableReader) row(record []string) {
	r.at, _ = r.in.FieldPos(0)
	before := r.faults.total
	row, group := NewRow(), Group{Time: MinTime}
	if r.t.AllShown {
		row.Shown, row.ShownKnown = true, true
	}
	r.columns, r.values = r.columns[:0], r.values[:0]
	for i, cell := range record {
		r.cell(i, cell, &row, &group)
	}
	if r.faults.total == before {
		r.begin(group, row.Item)
	}
	if r.faults.total == before {
		r.b.Add(row, r.columns, r.values)
	}
}

// begin begins a group where the row is the first of one.
func (r *tableReader) begin(g Group, item string) {
	if r.t.Query == "" {
		r.b.Begin(g)
		return
	}
	if !r.began || g.Query != r.query {
		if r.seen[g.Query] {
			r.faults.add(r.at, r.t.Query, "duplicate", "the rows of query %q do not stand together", clip(g.Query))
			return
		}
		r.seen[g.Query] = true
		r.began, r.query, r.items = true, g.Query, r.items[:0]
		r.b.Begin(g)
	}
	if item != "" && slices.Contains(r.items, item) {
		r.faults.add(r.at, r.t.Item, "duplicate", "%q comes twice in the query", clip(item))
	}
	r.items = append(r.items, item)
}

func (r *tableReader) cell(i int, cell string, row *Row, g *Group) {
	switch r.roles[i] {
	case "":
	case "item":
		row.Item = cell
	case "merchant":
		row.Merchant = cell
	case "query":
		g.Query = cell
	case "user":
		g.User = cell
	case "time":
		r.time(i, cell, g)
	case "shown":
		r.shown(i, cell, row)
	case "text":
		r.text(i, cell)
	default:
		r.number(i, cell, row)
	}
}

func (r *tableReader) time(i int, cell string, g *Group) {
	if cell == "" {
		return
	}
	at, ok := instant(cell)
	if !ok {
		r.faults.add(r.at, r.names[i], "invalid", "%q is neither a time such as 2026-11-01T12:00:00Z nor seconds since 1970", clip(cell))
		return
	}
	g.Time = at
}

func (r *tableReader) shown(i int, cell string, row *Row) {
	switch strings.ToLower(cell) {
	case "":
	case "1", "true":
		row.Shown, row.ShownKnown = true, true
	case "0", "false":
		row.Shown, row.ShownKnown = false, true
	default:
		r.faults.add(r.at, r.names[i], "invalid", "%q is none of 1, true, 0 and false", clip(cell))
	}
}

func (r *tableReader) text(i int, cell string) {
	if cell == "" {
		return
	}
	column, err := r.b.Flag(r.names[i] + "=" + cell)
	if err != nil {
		r.faults.add(r.at, r.names[i], "too_many", "%v: %q is one text more", err, clip(cell))
		return
	}
	r.columns, r.values = append(r.columns, column), append(r.values, 1)
}

func (r *tableReader) number(i int, cell string, row *Row) {
	value, ok := number(cell)
	if !ok {
		r.faults.add(r.at, r.names[i], "invalid", "%q is no number", clip(cell))
		return
	}
	if math.IsNaN(value) {
		return
	}
	wrong := func(what string) { r.faults.add(r.at, r.names[i], "out_of_range", "%v is %s", value, what) }
	switch r.roles[i] {
	case "feature":
		r.columns, r.values = append(r.columns, r.features[i]), append(r.values, value)
	case "label":
		row.Label = value
	case "weight":
		if value < 0 {
			wrong("below 0")
		}
		row.Weight = value
	case "propensity":
		if !(value > 0 && value <= 1) {
			wrong("not above 0 and at most 1")
		}
		row.Propensity = value
	case "position":
		if value != math.Trunc(value) || value < 0 || value > math.MaxInt32-1 {
			wrong("no position")
			return
		}
		row.Position = int32(value)
	}
}
