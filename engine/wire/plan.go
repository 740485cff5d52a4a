package wire

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// shape is the kind of JSON value that a plan expects.
type shape int

const (
	shapeObject  shape = iota // struct
	shapeDict                 // map by string
	shapeList                 // slice
	shapeText                 // string
	shapeInteger              // int, int64, uint64
	shapeNumber               // float64
	shapeFlag                 // bool
	shapeScalar               // any: a string, number or bool
	shapeRaw                  // json.RawMessage
)

// plan is how to read one Go type. It is made once for each type that is decoded, and then only read.
type plan struct {
	shape   shape
	pointer bool         // the Go value is a pointer to what the rest says
	goType  reflect.Type // without the pointer
	elem    *plan
	fields  []field
	byName  map[string]int
	rules   rules
}

// field is a member of an object.
type field struct {
	name     string
	index    []int // of the Go field, through embedded structs
	plan     *plan
	required bool
	readOnly bool
}

// of returns the field of a struct.
func (f *field) of(v reflect.Value) reflect.Value {
	if len(f.index) == 1 {
		return v.Field(f.index[0])
	}
	return v.FieldByIndex(f.index)
}

// rules are the bounds that a field's tags set: the same tags from which its schema is made.
type rules struct {
	minimum, maximum   *float64
	minLength          int
	maxLength          int // 0: none
	minItems, maxItems int // maxItems 0: none
	enum               []string
}

// planOf returns the plan of a type. It panics on a type or tag that no plan can be made of: those are fixed when this package is built.
func planOf(t reflect.Type) *plan { return planOfField(t, "") }

func planOfField(t reflect.Type, tag reflect.StructTag) *plan {
	p := &plan{rules: rulesOf(tag)}
	if t.Kind() == reflect.Pointer {
		p.pointer = true
		t = t.Elem()
	}
	p.goType = t
	if t == reflect.TypeFor[json.RawMessage]() {
		p.shape = shapeRaw
		return p
	}
	switch t.Kind() {
	case reflect.String:
		p.shape = shapeText
	case reflect.Int, reflect.Int64, reflect.Uint64:
		p.shape = shapeInteger
	case reflect.Float64:
		p.shape = shapeNumber
	case reflect.Bool:
		p.shape = shapeFlag
	case reflect.Interface:
		p.shape = shapeScalar
	case reflect.Slice:
		p.shape = shapeList
		p.elem = planOfField(t.Elem(), "")
		p.elem.rules.enum, p.rules.enum = p.rules.enum, nil
		p.elem.rules.maxLength, p.rules.maxLength = p.rules.maxLength, 0
	case reflect.Map:
		p.shape = shapeDict
		p.elem = planOf(t.Elem())
	case reflect.Struct:
		p.shape = shapeObject
		p.fields, p.byName = fieldsOf(t)
	default:
		panic(fmt.Sprintf("wire: no plan for %v", t))
	}
	return p
}

func fieldsOf(t reflect.Type) ([]field, map[string]int) {
	byName := make(map[string]int, t.NumField())
	var fields []field
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || name == "" || name == "-" {
			continue
		}
		byName[name] = len(fields)
		fields = append(fields, field{
			name: name, index: f.Index, plan: planOfField(f.Type, f.Tag),
			required: !strings.Contains(options, "omitempty"),
			readOnly: f.Tag.Get("readOnly") == "true",
		})
	}
	return fields, byName
}

func rulesOf(tag reflect.StructTag) rules {
	number := func(name string) *float64 {
		text, found := tag.Lookup(name)
		if !found {
			return nil
		}
		x, err := strconv.ParseFloat(text, 64)
		if err != nil {
			panic(fmt.Sprintf("wire: tag %s:%q: %v", name, text, err))
		}
		return &x
	}
	count := func(name string) int {
		if x := number(name); x != nil {
			return int(*x)
		}
		return 0
	}
	r := rules{
		minimum: number("minimum"), maximum: number("maximum"),
		minLength: count("minLength"), maxLength: count("maxLength"),
		minItems: count("minItems"), maxItems: count("maxItems"),
	}
	if enum, found := tag.Lookup("enum"); found {
		r.enum = strings.Split(enum, ",")
	}
	return r
}
