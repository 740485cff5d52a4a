package configs

import (
	"fmt"
	"math"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// setting is a path with the field that it fills.
type setting struct {
	path string
	field
}

// field takes a value of a file (string, bool, int, float64, list …), of a variable or of a flag (string).
type field interface {
	// set returns what is wrong with the value, or "" when the field took it.
	set(value any) string
	// check returns what is wrong with the field as it is, or "".
	check() string
}

type textField struct {
	to   *string
	rule func(string) string
}

func (f textField) set(value any) string {
	s, ok := value.(string)
	if !ok {
		return fmt.Sprintf("expected text, got %s", kind(value))
	}
	*f.to = s
	return ""
}

func (f textField) check() string { return f.rule(*f.to) }

func text(to *string) field {
	return textField{to, func(s string) string {
		if strings.TrimSpace(s) == "" {
			return "must not be empty"
		}
		return ""
	}}
}

func choice(to *string, words ...string) field {
	return textField{to, func(s string) string {
		if !slices.Contains(words, s) {
			return fmt.Sprintf("%q is not one of %s", s, strings.Join(words, ", "))
		}
		return ""
	}}
}

func address(to *string) field {
	return textField{to, func(s string) string {
		_, port, err := net.SplitHostPort(s)
		if err != nil {
			return fmt.Sprintf("%q is not host:port", s)
		}
		if n, err := strconv.ParseUint(port, 10, 16); err != nil {
			return fmt.Sprintf("port %q is not in [0, 65535]", port)
		} else if strconv.FormatUint(n, 10) != port {
			return fmt.Sprintf("port %q is not a plain number", port)
		}
		return ""
	}}
}

func currency(to *string) field {
	return textField{to, func(s string) string {
		if len(s) != 3 || strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			return fmt.Sprintf("%q is not an ISO 4217 code of three capitals", s)
		}
		return ""
	}}
}

type wholeField[T int | int64] struct {
	to       *T
	min, max T
}

func whole[T int | int64](to *T, min, max T) field { return wholeField[T]{to, min, max} }

func (f wholeField[T]) set(value any) string {
	switch v := value.(type) {
	case int:
		*f.to = T(v)
	case int64:
		*f.to = T(v)
	case float64: // a JSON number
		if v != math.Trunc(v) || math.Abs(v) > 1<<53 {
			return fmt.Sprintf("expected a whole number, got %v", v)
		}
		*f.to = T(v)
	case string:
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return fmt.Sprintf("expected a whole number, got %q", v)
		}
		*f.to = T(n)
	default:
		return fmt.Sprintf("expected a whole number, got %s", kind(value))
	}
	return ""
}

func (f wholeField[T]) check() string {
	if *f.to < f.min || *f.to > f.max {
		return fmt.Sprintf("%d is not in [%d, %d]", *f.to, f.min, f.max)
	}
	return ""
}

type numberField struct {
	to       *float64
	min, max float64
}

func number(to *float64, min, max float64) field { return numberField{to, min, max} }

func (f numberField) set(value any) string {
	switch v := value.(type) {
	case int:
		*f.to = float64(v)
	case int64:
		*f.to = float64(v)
	case float64:
		*f.to = v
	case string:
		n, err := strconv.ParseFloat(v, 64)
		if err != nil {
			return fmt.Sprintf("expected a number, got %q", v)
		}
		*f.to = n
	default:
		return fmt.Sprintf("expected a number, got %s", kind(value))
	}
	return ""
}

func (f numberField) check() string {
	if !(*f.to >= f.min && *f.to <= f.max) { // so that NaN is out of bounds
		return fmt.Sprintf("%v is not in [%v, %v]", *f.to, f.min, f.max)
	}
	return ""
}

type durationField struct{ to *time.Duration }

func duration(to *time.Duration) field { return durationField{to} }

func (f durationField) set(value any) string {
	s, ok := value.(string)
	if !ok {
		return fmt.Sprintf("expected a duration such as 30s, got %s", kind(value))
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return fmt.Sprintf("expected a duration such as 30s, got %q", s)
	}
	*f.to = d
	return ""
}

func (f durationField) check() string {
	if *f.to < time.Millisecond || *f.to > maxTimeout {
		return fmt.Sprintf("%v is not in [%v, %v]", *f.to, time.Millisecond, maxTimeout)
	}
	return ""
}

// ageField is a duration of days, or as of durationField; 0 is one too.
type ageField struct{ to *time.Duration }

func age(to *time.Duration) field { return ageField{to} }

func (f ageField) set(value any) string {
	text := fmt.Sprint(value)
	if text == "0" {
		*f.to = 0
		return ""
	}
	if number, ok := strings.CutSuffix(text, "d"); ok {
		if n, err := strconv.ParseUint(number, 10, 16); err == nil {
			*f.to = time.Duration(n) * 24 * time.Hour
			return ""
		}
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return fmt.Sprintf("expected an age such as 7d or 36h, got %s", kind(value))
	}
	*f.to = d
	return ""
}

func (f ageField) check() string {
	if *f.to < 0 || *f.to > maxAge {
		return fmt.Sprintf("%v is not in [0, %v]", *f.to, maxAge)
	}
	return ""
}

type truthField struct{ to *bool }

func truth(to *bool) field { return truthField{to} }

func (f truthField) set(value any) string {
	switch v := value.(type) {
	case bool:
		*f.to = v
		return ""
	case string:
		if v == "true" || v == "false" {
			*f.to = v == "true"
			return ""
		}
	}
	return fmt.Sprintf("expected true or false, got %s", kind(value))
}

func (f truthField) check() string { return "" }

type networksField struct{ to *[]netip.Prefix }

func networks(to *[]netip.Prefix) field { return networksField{to} }

// set takes a list of networks, or text in which they are separated by commas.
func (f networksField) set(value any) string {
	parts, wrong := items(value)
	if wrong != nil {
		return fmt.Sprintf("expected networks such as 10.0.0.0/8, got %s", kind(*wrong))
	}
	list := make([]netip.Prefix, 0, len(parts))
	for _, text := range parts {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return fmt.Sprintf("expected networks such as 10.0.0.0/8, got %q", text)
		}
		list = append(list, p.Masked())
	}
	*f.to = list
	return ""
}

func (f networksField) check() string { return "" }

// items returns the texts of a list, or of text in which they are separated by commas, or else what is no text.
func items(value any) (list []string, wrong *any) {
	switch v := value.(type) {
	case string:
		return strings.FieldsFunc(v, func(r rune) bool { return r == ',' || r == ' ' }), nil
	case []any:
		for _, item := range v {
			text, ok := item.(string)
			if !ok {
				return nil, &item
			}
			list = append(list, text)
		}
		return list, nil
	}
	return nil, &value
}

type wordsField struct{ to *[]string }

func words(to *[]string) field { return wordsField{to} }

func (f wordsField) set(value any) string {
	list, wrong := items(value)
	if wrong != nil {
		return fmt.Sprintf("expected names such as [stripe, adyen], got %s", kind(*wrong))
	}
	*f.to = list
	return ""
}

// check refuses names that no venue could have.
func (f wordsField) check() string {
	for i, word := range *f.to {
		switch {
		case word == "" || word != strings.TrimSpace(word) || len(word) > maxWord || strings.ContainsFunc(word, unicode.IsControl):
			return fmt.Sprintf("%q is not a name of at most %d bytes without space at its ends", word, maxWord)
		case slices.Contains((*f.to)[:i], word):
			return fmt.Sprintf("%q is there twice", word)
		}
	}
	return ""
}

// kind names the kind of a decoded value for people.
func kind(value any) string {
	switch v := value.(type) {
	case nil:
		return "nothing"
	case bool, int, int64, uint64, float64:
		return fmt.Sprint(v)
	case string:
		return strconv.Quote(v)
	case []any:
		return "a list"
	case map[string]any, map[any]any:
		return "a group of settings"
	}
	return fmt.Sprintf("a %T", value)
}
