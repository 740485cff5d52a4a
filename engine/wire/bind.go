package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/sihai-network/sihai/engine"
)

// bind reads one JSON value into v, a pointer to a zero of the type of p, in one pass. It reads on behind a fault, so that all are told; only
// what is no JSON ends it. Members that are null count as absent.
//
// A text without faults and without anything uncommon is read by the scanner of this package; for every other one jsontext has the word.
func bind(data []byte, p *plan, v any) engine.Faults {
	value := reflect.ValueOf(v).Elem()
	if bindQuickly(string(data), p, value) {
		return nil
	}
	value.SetZero()
	b := binder{dec: jsontext.NewDecoder(bytes.NewBuffer(data), jsontext.AllowDuplicateNames(true))}
	err := b.value(p, value)
	if err == nil {
		if _, err = b.dec.ReadToken(); err == nil {
			b.faults.Add("", "syntax", "something follows the JSON value")
		} else if errors.Is(err, io.EOF) {
			err = nil
		}
	}
	if err != nil {
		b.faults.Add("", "syntax", "%s", syntaxMessage(err, b.dec.InputOffset()))
	}
	return b.faults
}

// bindQuickly binds what is common and without faults, and returns false for the rest, with v in any state.
func bindQuickly(text string, p *plan, v reflect.Value) bool {
	b := binder{scanner: scanner{text: text}}
	return b.value(p, v) == nil && b.scanner.atEnd()
}

func syntaxMessage(err error, at int64) string {
	var syntax *jsontext.SyntacticError
	if errors.As(err, &syntax) {
		return fmt.Sprintf("not valid JSON at byte %d: %v", syntax.ByteOffset, syntax.Err)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Sprintf("not valid JSON: ends early, at byte %d", at)
	}
	return fmt.Sprintf("not valid JSON at byte %d: %v", at, err)
}

// binder is one reading of one value.
type binder struct {
	dec     *jsontext.Decoder // nil: the scanner reads
	scanner scanner
	path    []byte
	faults  engine.Faults
}

// peek returns the kind of the next token; 0: a syntax error, which reading it finds.
func (b *binder) peek() jsontext.Kind {
	if b.dec != nil {
		return b.dec.PeekKind()
	}
	return b.scanner.peek()
}

// read reads the next token.
func (b *binder) read() (token, error) {
	if b.dec == nil {
		return b.scanner.read()
	}
	t, err := b.dec.ReadToken()
	if err != nil {
		return token{}, err
	}
	kind := t.Kind()
	if kind == '"' || kind == '0' {
		return token{kind, t.String()}, nil
	}
	return token{kind: kind}, nil
}

// skip reads the next value and forgets it.
func (b *binder) skip() error {
	if b.dec == nil {
		return b.scanner.skip()
	}
	return b.dec.SkipValue()
}

// fault adds a fault at the current path.
func (b *binder) fault(code, format string, args ...any) {
	if b.dec == nil {
		b.scanner.lost = true // jsontext will find it again, and words for it
		return
	}
	b.faults.Add(string(b.path), code, format, args...)
}

// member goes into a member of an object and returns what leave takes to come back.
func (b *binder) member(name string) int {
	n := len(b.path)
	if b.dec == nil {
		return n // no path is told
	}
	if n > 0 {
		b.path = append(b.path, '.')
	}
	b.path = append(b.path, name...)
	return n
}

// item goes into an item of a list.
func (b *binder) item(i int) int {
	n := len(b.path)
	if b.dec == nil {
		return n
	}
	b.path = append(b.path, '[')
	b.path = strconv.AppendInt(b.path, int64(i), 10)
	b.path = append(b.path, ']')
	return n
}

func (b *binder) leave(n int) { b.path = b.path[:n] }

// value reads the next value; its error is a syntax error.
func (b *binder) value(p *plan, v reflect.Value) error {
	kind := b.peek()
	if !p.accepts(kind) {
		if kind != 0 { // zero: a syntax error, which skipping finds
			b.fault("wrong_type", "must be %s, not %s", p.noun(), kindNoun(kind))
		}
		return b.skip()
	}
	if p.pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	switch p.shape {
	case shapeObject:
		return b.object(p, v)
	case shapeDict:
		return b.dict(p, v)
	case shapeList:
		return b.list(p, v)
	case shapeRaw:
		if b.dec == nil {
			return errUncommon
		}
		raw, err := b.dec.ReadValue()
		if err == nil {
			compact := bytes.Buffer{}
			err = json.Compact(&compact, raw)
			v.SetBytes(compact.Bytes())
		}
		return err
	}
	t, err := b.read()
	if err != nil {
		return err
	}
	b.scalar(p, v, t)
	return nil
}

// accepts reports whether a value of a kind can be bound.
func (p *plan) accepts(kind jsontext.Kind) bool {
	switch p.shape {
	case shapeObject, shapeDict:
		return kind == '{'
	case shapeList:
		return kind == '['
	case shapeText:
		return kind == '"'
	case shapeInteger, shapeNumber:
		return kind == '0'
	case shapeFlag:
		return kind == 't' || kind == 'f'
	case shapeScalar:
		return kind == '"' || kind == '0' || kind == 't' || kind == 'f'
	}
	return kind != 0
}

func (p *plan) noun() string {
	switch p.shape {
	case shapeObject, shapeDict:
		return "an object"
	case shapeList:
		return "a list"
	case shapeText:
		return "a string"
	case shapeInteger:
		return "a whole number"
	case shapeNumber:
		return "a number"
	case shapeFlag:
		return "true or false"
	}
	return "a string, a number, true or false"
}

func kindNoun(kind jsontext.Kind) string {
	switch kind {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a string"
	case '0':
		return "a number"
	case 'n':
		return "null"
	}
	return "true or false"
}

func (b *binder) object(p *plan, v reflect.Value) error {
	if _, err := b.read(); err != nil {
		return err
	}
	var seen, given uint64
	for b.peek() != '}' {
		t, err := b.read()
		if err != nil {
			return err
		}
		i, known := p.byName[t.text]
		if !known {
			if err := b.unknown(p, t.text); err != nil {
				return err
			}
			continue
		}
		f := &p.fields[i]
		n := b.member(f.name)
		if seen&(1<<i) != 0 {
			b.fault("duplicate", "is given twice")
		}
		seen |= 1 << i
		if f.readOnly || b.peek() == 'n' {
			err = b.skip()
		} else {
			given |= 1 << i
			err = b.value(f.plan, f.of(v))
		}
		b.leave(n)
		if err != nil {
			return err
		}
	}
	for i := range p.fields {
		if f := &p.fields[i]; f.required && !f.readOnly && given&(1<<i) == 0 {
			n := b.member(f.name)
			b.fault("required", "is missing")
			b.leave(n)
		}
	}
	_, err := b.read()
	return err
}

// unknown tells of a member that p does not have, and of the nearest that it has.
func (b *binder) unknown(p *plan, name string) error {
	n := b.member(clip(name))
	if near := p.nearest(name); near != "" {
		b.fault("unknown_field", "no such field; did you mean %s?", near)
	} else {
		b.fault("unknown_field", "no such field")
	}
	b.leave(n)
	return b.skip()
}

func (b *binder) dict(p *plan, v reflect.Value) error {
	if numbers, ok := v.Addr().Interface().(*map[string]float64); ok && b.dec == nil {
		return b.numbers(p, numbers)
	}
	if _, err := b.read(); err != nil {
		return err
	}
	made := reflect.MakeMap(v.Type())
	item := reflect.New(v.Type().Elem()).Elem()
	for b.peek() != '}' {
		t, err := b.read()
		if err != nil {
			return err
		}
		name := t.text
		n := b.member(clip(name))
		key := reflect.ValueOf(name)
		if made.MapIndex(key).IsValid() {
			b.fault("duplicate", "is given twice")
		}
		if p.rules.maxItems > 0 && made.Len() == p.rules.maxItems {
			b.fault("too_many", "at most %d members", p.rules.maxItems)
		}
		item.SetZero()
		if b.peek() == 'n' {
			err = b.skip()
		} else {
			err = b.value(p.elem, item)
			made.SetMapIndex(key, item)
		}
		b.leave(n)
		if err != nil {
			return err
		}
	}
	v.Set(made)
	_, err := b.read()
	return err
}

func (b *binder) list(p *plan, v reflect.Value) error {
	if texts, ok := v.Addr().Interface().(*[]string); ok && b.dec == nil && p.elem.shape == shapeText {
		return b.texts(p, texts)
	}
	if _, err := b.read(); err != nil {
		return err
	}
	made := reflect.MakeSlice(v.Type(), 0, 1)
	for i := 0; b.peek() != ']'; i++ {
		if p.rules.maxItems > 0 && i >= p.rules.maxItems {
			if i == p.rules.maxItems {
				b.fault("too_many", "has more than %d items", p.rules.maxItems)
			}
			if err := b.skip(); err != nil {
				return err
			}
			continue
		}
		n := b.item(i)
		made = reflect.Append(made, reflect.Zero(v.Type().Elem()))
		err := b.value(p.elem, made.Index(i))
		b.leave(n)
		if err != nil {
			return err
		}
	}
	if made.Len() < p.rules.minItems {
		b.fault("required", "needs at least %d items", p.rules.minItems)
	}
	v.Set(made)
	_, err := b.read()
	return err
}

// scalar binds a string, a number or a bool.
func (b *binder) scalar(p *plan, v reflect.Value, t token) {
	switch p.shape {
	case shapeText:
		b.text(p, v, t.text)
	case shapeFlag:
		v.SetBool(t.kind == 't')
	case shapeInteger:
		b.integer(p, v, t.text)
	case shapeNumber:
		if x, ok := b.number(t.text); ok {
			b.between(p, x, t.text)
			v.SetFloat(x)
		}
	case shapeScalar:
		switch t.kind {
		case '"':
			v.Set(reflect.ValueOf(t.text))
		case '0':
			if x, ok := b.number(t.text); ok {
				v.Set(reflect.ValueOf(x))
			}
		default:
			v.Set(reflect.ValueOf(t.kind == 't'))
		}
	}
}

func (b *binder) text(p *plan, v reflect.Value, s string) {
	r := &p.rules
	switch {
	case len(r.enum) > 0 && !slices.Contains(r.enum, s):
		b.fault("invalid", "%q is none of %s", clip(s), strings.Join(r.enum, ", "))
		return
	case r.maxLength > 0 && utf8.RuneCountInString(s) > r.maxLength:
		b.fault("too_long", "has more than %d characters", r.maxLength)
	case r.minLength > 0 && utf8.RuneCountInString(s) < r.minLength:
		b.fault("required", "must not be empty")
	}
	v.SetString(s)
}

func (b *binder) integer(p *plan, v reflect.Value, literal string) {
	n, err := strconv.ParseInt(literal, 10, 64)
	if err != nil {
		if errors.Is(err, strconv.ErrRange) {
			b.fault("out_of_range", "%s is too large", clip(literal))
		} else {
			b.fault("wrong_type", "must be a whole number without a point or an exponent, not %s", clip(literal))
		}
		return
	}
	if v.Kind() == reflect.Uint64 {
		if n < 0 {
			b.fault("out_of_range", "%d is below 0", n)
			return
		}
		v.SetUint(uint64(n))
	} else {
		v.SetInt(n)
	}
	b.between(p, float64(n), literal)
}

func (b *binder) number(literal string) (float64, bool) {
	x, err := strconv.ParseFloat(literal, 64)
	if err != nil || math.IsInf(x, 0) {
		b.fault("out_of_range", "%s is too large", clip(literal))
		return 0, false
	}
	return x, true
}

// between tells of a number outside the bounds of p.
func (b *binder) between(p *plan, x float64, literal string) {
	low, high := p.rules.minimum, p.rules.maximum
	switch {
	case low != nil && high != nil && (x < *low || x > *high):
		b.fault("out_of_range", "%s is not between %v and %v", clip(literal), *low, *high)
	case low != nil && x < *low:
		b.fault("out_of_range", "%s is below %v", clip(literal), *low)
	case high != nil && x > *high:
		b.fault("out_of_range", "%s is above %v", clip(literal), *high)
	}
}

// clip shortens a client's text for a message.
func clip(s string) string { return clipTo(s, 60) }

func clipTo(s string, most int) string {
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
