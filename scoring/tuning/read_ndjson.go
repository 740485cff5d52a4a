package tuning

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// ReadNDJSON reads a decision a line:
//
//	{"id": "d-1", "user": "u-81", "time": "2026-11-01T12:00:00Z", "context": {"hour": 12, "country": "CN"},
//	 "candidates": [{"id": "lincoln-15@lincoln", "merchant": "sunny", "features": {"distance": 0.7, "saving": 0.2},
//	   "shown": true, "position": 1, "propensity": 0.25, "score": 0.41, "label": 1, "weight": 1}]}
//
// Only candidates, and the id of each, must be there; null counts as absent. A feature, and a label, is a number or a truth value; a member of the context may be a text too. A feature that a
// candidate does not have is missing, and one with a position was shown. Unknown and repeated members are faults, and so are two candidates of one ID, and two at one position, in a decision. The error is *Faults, ctx's or src's.
func ReadNDJSON(ctx context.Context, src io.Reader, o ReadOptions) (*Dataset, error) {
	r := &decisionReader{b: NewBuilder(math.NaN()), seen: map[string]bool{}, places: map[int32]bool{}}
	r.dec = jsontext.NewDecoder(&r.buf)
	if err := scan(ctx, src, o.withDefaults(), &r.faults, r.b, r.line); err != nil {
		return nil, fmt.Errorf("read decisions: %w", err)
	}
	if err := r.faults.err(); err != nil {
		return nil, err
	}
	return r.b.Dataset(), nil
}

// decisionReader reads decisions. A decision is gathered whole before it is built, since its members come in any order.
type decisionReader struct {
	b      *Builder
	faults faults
	n      int // line
	path   []byte
	buf    bytes.Buffer
	dec    *jsontext.Decoder

	group    Group
	context  []contextValue
	rows     []Row
	columns  []int
	values   []float64
	ends     []int // of each row's part of columns
	hasRows  bool
	seen     map[string]bool
	places   map[int32]bool
	faultsAt int
}

type contextValue struct {
	name, text string
	value      float64
	isText     bool
}

func (r *decisionReader) line(n int, data []byte) {
	r.n, r.path, r.faultsAt = n, r.path[:0], r.faults.total
	r.group, r.context, r.hasRows = Group{Time: MinTime}, r.context[:0], false
	r.rows, r.columns, r.values, r.ends = r.rows[:0], r.columns[:0], r.values[:0], r.ends[:0]
	r.buf.Reset()
	r.buf.Write(data)
	r.dec.Reset(&r.buf)
	err := r.object(r.member)
	if err == nil {
		if _, err = r.dec.ReadToken(); err == nil {
			r.fault("syntax", "something follows the decision")
		} else if errors.Is(err, io.EOF) {
			err = nil
		}
	}
	if err != nil {
		r.syntax(err)
		return
	}
	if !r.hasRows && r.faults.total == r.faultsAt {
		r.path = append(r.path[:0], "candidates"...)
		r.fault("required", "a decision has candidates")
	}
	if r.faults.total == r.faultsAt {
		r.build()
	}
}

func (r *decisionReader) build() {
	r.b.Begin(r.group)
	for _, c := range r.context {
		var err error
		if c.isText {
			err = r.b.Text(c.name, c.text)
		} else {
			err = r.b.Number(c.name, c.value)
		}
		if err != nil {
			r.faults.add(r.n, "context."+c.name, "invalid", "%v", err)
		}
	}
	from := 0
	for i, row := range r.rows {
		r.b.Add(row, r.columns[from:r.ends[i]], r.values[from:r.ends[i]])
		from = r.ends[i]
	}
}

func (r *decisionReader) fault(code, format string, args ...any) {
	r.faults.add(r.n, string(r.path), code, format, args...)
}

func (r *decisionReader) syntax(err error) {
	var syntax *jsontext.SyntacticError
	r.path = r.path[:0]
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF):
		r.fault("syntax", "not valid JSON: ends early")
	case errors.As(err, &syntax):
		if errors.Is(err, jsontext.ErrDuplicateName) {
			r.path = append(r.path, pointerPath(string(syntax.JSONPointer))...)
			r.fault("duplicate", "the member comes twice")
			return
		}
		r.fault("syntax", "not valid JSON at byte %d: %v", syntax.ByteOffset, syntax.Err)
	default:
		r.fault("syntax", "not valid JSON: %v", err)
	}
}

// pointerPath turns /candidates/2/id into candidates.2.id.
func pointerPath(pointer string) string {
	out := bytes.ReplaceAll([]byte(pointer), []byte("/"), []byte("."))
	return string(bytes.TrimPrefix(out, []byte(".")))
}

// object reads an object, and lets visit read the value of each member, at its path. Anything else is a fault.
func (r *decisionReader) object(visit func(name string) error) error {
	if kind := r.dec.PeekKind(); kind != '{' {
		if err := r.dec.SkipValue(); err != nil {
			return err
		}
		r.fault("invalid", "is %s and not an object", kindName(kind))
		return nil
	}
	if _, err := r.dec.ReadToken(); err != nil {
		return err
	}
	depth := len(r.path)
	for r.dec.PeekKind() != '}' {
		raw, err := r.dec.ReadValue()
		if err != nil {
			return err
		}
		name := unquote(raw)
		if depth > 0 {
			r.path = append(r.path, '.')
		}
		r.path = append(r.path, name...)
		if err := visit(name); err != nil {
			return err
		}
		r.path = r.path[:depth]
	}
	_, err := r.dec.ReadToken()
	return err
}

// unquote returns the text of a JSON string.
func unquote(raw []byte) string {
	inner := raw[1 : len(raw)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return string(inner)
	}
	out, err := jsontext.AppendUnquote(nil, raw)
	if err != nil {
		return string(inner) // the decoder has checked it
	}
	return string(out)
}

func kindName(k jsontext.Kind) string {
	switch k {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a text"
	case '0':
		return "a number"
	case 't', 'f':
		return "a truth value"
	case 'n':
		return "null"
	}
	return "something else"
}

func (r *decisionReader) member(name string) error {
	switch name {
	case "id":
		return r.text(&r.group.Query)
	case "user":
		return r.text(&r.group.User)
	case "time":
		var text string
		if err := r.text(&text); err != nil || text == "" {
			return err
		}
		at, ok := instant(text)
		if !ok {
			r.fault("invalid", "%q is no time such as 2026-11-01T12:00:00Z", clip(text))
			return nil
		}
		r.group.Time = at
		return nil
	case "context":
		if r.dec.PeekKind() == 'n' {
			return r.dec.SkipValue()
		}
		return r.object(r.contextMember)
	case "candidates":
		return r.candidates()
	}
	r.fault("unknown_field", "no such member; a decision has id, user, time, context and candidates")
	return r.dec.SkipValue()
}

// clip shortens a text for a message.
func clip(text string) string {
	if len(text) <= 60 {
		return text
	}
	end := 57
	for end > 57-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "..."
}

func (r *decisionReader) text(into *string) error {
	kind := r.dec.PeekKind()
	raw, err := r.dec.ReadValue()
	switch {
	case err != nil:
		return err
	case kind == '"':
		*into = unquote(raw)
	case kind != 'n':
		r.fault("invalid", "is %s and not a text", kindName(kind))
	}
	return nil
}

// number reads a number or a truth value; there is none where it is null or faulty.
func (r *decisionReader) number() (value float64, there bool, err error) {
	kind := r.dec.PeekKind()
	raw, err := r.dec.ReadValue()
	switch {
	case err != nil:
		return 0, false, err
	case kind == 't':
		return 1, true, nil
	case kind == 'f':
		return 0, true, nil
	case kind == 'n':
		return 0, false, nil
	case kind != '0':
		r.fault("invalid", "is %s and not a number", kindName(kind))
		return 0, false, nil
	}
	value, wrong := strconv.ParseFloat(string(raw), 64)
	if wrong != nil || math.IsInf(value, 0) {
		r.fault("out_of_range", "%s is too large", clip(string(raw)))
		return 0, false, nil
	}
	return value, true, nil
}

func (r *decisionReader) contextMember(name string) error {
	if r.dec.PeekKind() == '"' {
		v := contextValue{name: name, isText: true}
		err := r.text(&v.text)
		r.context = append(r.context, v)
		return err
	}
	value, there, err := r.number()
	if there {
		r.context = append(r.context, contextValue{name: name, value: value})
	}
	return err
}

func (r *decisionReader) candidates() error {
	if kind := r.dec.PeekKind(); kind != '[' {
		r.hasRows = kind != 'n'
		if r.hasRows {
			r.fault("invalid", "is %s and not a list", kindName(kind))
		}
		return r.dec.SkipValue()
	}
	r.hasRows = true
	if _, err := r.dec.ReadToken(); err != nil {
		return err
	}
	clear(r.seen)
	clear(r.places)
	depth := len(r.path)
	for i := 0; r.dec.PeekKind() != ']'; i++ {
		r.path = append(strconv.AppendInt(append(r.path, '['), int64(i), 10), ']')
		r.rows = append(r.rows, NewRow())
		if err := r.object(r.candidateMember); err != nil {
			return err
		}
		r.ends = append(r.ends, len(r.columns))
		r.checkCandidate(&r.rows[i])
		r.path = r.path[:depth]
	}
	_, err := r.dec.ReadToken()
	return err
}

func (r *decisionReader) checkCandidate(row *Row) {
	switch {
	case row.Item == "":
		r.fault("required", "a candidate has an id")
	case r.seen[row.Item]:
		r.fault("duplicate", "a candidate %q comes before", clip(row.Item))
	default:
		r.seen[row.Item] = true
	}
	if row.Position == 0 {
		return
	}
	if row.ShownKnown && !row.Shown {
		r.fault("invalid", "has a position and was not shown")
	}
	row.Shown, row.ShownKnown = true, true
	if r.places[row.Position] {
		r.fault("duplicate", "another candidate is at position %d", row.Position)
	}
	r.places[row.Position] = true
}

func (r *decisionReader) candidateMember(name string) error {
	row := &r.rows[len(r.rows)-1]
	switch name {
	case "id":
		return r.text(&row.Item)
	case "merchant":
		return r.text(&row.Merchant)
	case "features":
		if r.dec.PeekKind() == 'n' {
			return r.dec.SkipValue()
		}
		return r.object(r.feature)
	case "shown":
		return r.truth(row)
	case "position", "propensity", "score", "label", "weight":
		value, there, err := r.number()
		if there {
			r.numberOf(row, name, value)
		}
		return err
	}
	r.fault("unknown_field", "no such member; a candidate has id, merchant, features, shown, position, propensity, score, label and weight")
	return r.dec.SkipValue()
}

func (r *decisionReader) truth(row *Row) error {
	kind := r.dec.PeekKind()
	switch kind {
	case 't', 'f':
		row.Shown, row.ShownKnown = kind == 't', true
	case 'n':
	default:
		r.fault("invalid", "is %s and not a truth value", kindName(kind))
	}
	return r.dec.SkipValue()
}

// numberOf keeps a number of a row that is in its range.
func (r *decisionReader) numberOf(row *Row, name string, value float64) {
	switch name {
	case "position":
		if value != math.Trunc(value) || value < 1 || value > math.MaxInt32 {
			r.fault("out_of_range", "%v is no position: they count from 1", value)
			return
		}
		row.Position = int32(value)
	case "propensity":
		if !(value > 0 && value <= 1) {
			r.fault("out_of_range", "%v is not above 0 and at most 1", value)
			return
		}
		row.Propensity = value
	case "score":
		row.Score = value
	case "label":
		row.Label = value
	case "weight":
		if value < 0 {
			r.fault("out_of_range", "%v is below 0", value)
			return
		}
		row.Weight = value
	}
}

func (r *decisionReader) feature(name string) error {
	value, there, err := r.number()
	if !there || err != nil {
		return err
	}
	column, wrong := r.b.Column(name)
	if wrong != nil {
		r.fault("too_many", "%v", wrong)
		return nil
	}
	r.columns, r.values = append(r.columns, column), append(r.values, value)
	return nil
}
