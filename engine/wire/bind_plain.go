package wire

import (
	"slices"
	"unicode/utf8"
)

// texts is list for plain strings, as the scanner reads them.
func (b *binder) texts(p *plan, made *[]string) error {
	if _, err := b.read(); err != nil {
		return err
	}
	list := make([]string, 0, 4)
	for i := 0; b.peek() == '"'; i++ {
		t, err := b.read()
		if err != nil {
			return err
		}
		if p.rules.maxItems > 0 && i >= p.rules.maxItems || !p.elem.rules.suit(t.text) {
			return errUncommon
		}
		list = append(list, t.text)
	}
	if len(list) < p.rules.minItems {
		return errUncommon
	}
	*made = list
	t, err := b.read()
	if err == nil && t.kind != ']' {
		err = errUncommon
	}
	return err
}

// suit reports whether a text is within bounds.
func (r *rules) suit(s string) bool {
	return (len(r.enum) == 0 || slices.Contains(r.enum, s)) && (r.maxLength == 0 || utf8.RuneCountInString(s) <= r.maxLength) &&
		utf8.RuneCountInString(s) >= r.minLength
}

// numbers is dict for plain numbers, as the scanner reads them.
func (b *binder) numbers(p *plan, made *map[string]float64) error {
	if _, err := b.read(); err != nil {
		return err
	}
	all, n := make(map[string]float64), 0
	for ; b.peek() == '"'; n++ {
		name, err := b.read()
		if err != nil {
			return err
		}
		if b.peek() != '0' || p.elem.rules.minimum != nil || p.elem.rules.maximum != nil {
			return errUncommon
		}
		number, err := b.read()
		if err != nil {
			return err
		}
		x, ok := b.number(number.text)
		if !ok {
			return errUncommon
		}
		all[name.text] = x
	}
	if len(all) < n || p.rules.maxItems > 0 && n > p.rules.maxItems {
		return errUncommon
	}
	*made = all
	end, err := b.read()
	if err == nil && end.kind != '}' {
		err = errUncommon
	}
	return err
}
