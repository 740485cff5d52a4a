package wire

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/bojanz/currency"
)

// looseNumeral is numeral, but a number that JSON knows is that where the file's mark is not known.
func looseNumeral(text string, decimal byte) (json, problem string) {
	if decimal != ',' && isNumber(text) {
		return text, ""
	}
	return numeral(text, decimal)
}

// numeral writes a number as people and spreadsheets write it (1.234,56, 1 234.56, 25,7906) as JSON does. decimal is the file's mark, 0 where it
// is not known. A problem says why it is none.
func numeral(text string, decimal byte) (json, problem string) {
	text = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '\'' || r == '’' {
			return -1 // groups of digits
		}
		return r
	}, text)
	digits, negative := strings.CutPrefix(text, "-")
	digits = strings.TrimPrefix(digits, "+")
	mark, problem := markIn(digits, decimal)
	if problem != "" {
		return "", problem
	}
	whole, part := digits, ""
	if mark >= 0 {
		whole, part = digits[:mark], digits[mark+1:]
	}
	groups := strings.FieldsFunc(whole, func(r rune) bool { return r == '.' || r == ',' })
	for i, group := range groups {
		if !allDigits(group) || i > 0 && len(group) != 3 {
			return "", fmt.Sprintf("%q is not a number", clip(text))
		}
	}
	if len(groups) == 0 || mark >= 0 && !allDigits(part) {
		return "", fmt.Sprintf("%q is not a number", clip(text))
	}
	out := strings.TrimLeft(strings.Join(groups, ""), "0")
	if out == "" {
		out = "0"
	}
	if part != "" {
		out += "." + part
	}
	if negative {
		out = "-" + out
	}
	return out, ""
}

// markIn returns where the decimal mark of a number stands, -1 where it has none.
func markIn(digits string, decimal byte) (at int, problem string) {
	points, commas := strings.Count(digits, "."), strings.Count(digits, ",")
	last := strings.LastIndexAny(digits, ".,")
	switch {
	case last < 0:
		return -1, ""
	case points > 0 && commas > 0:
		return last, ""
	case points > 1 || commas > 1:
		return -1, ""
	case digits[last] == decimal || surelyDecimal(digits) != 0 && decimal == 0:
		return last, ""
	case decimal != 0 && len(digits)-last-1 == 3:
		return -1, ""
	case decimal != 0:
		return 0, fmt.Sprintf("%q is not a number with a decimal %s", clip(digits), markName(decimal))
	}
	return 0, fmt.Sprintf("%q may be read in two ways: say whether the file's decimal mark is a point or a comma", clip(digits))
}

func markName(mark byte) string {
	if mark == ',' {
		return "comma"
	}
	return "point"
}

// moneyText reads an amount with its currency, as in 10.00 USD, USD 10 or 1.234,56 EUR, into minor units of that currency.
func moneyText(text string, decimal byte) (m Money, problem string) {
	text = strings.TrimSpace(text)
	number, code := text, ""
	if len(text) > 3 {
		switch head, tail := text[:3], text[len(text)-3:]; {
		case isLetters(tail):
			number, code = text[:len(text)-3], tail
		case isLetters(head):
			number, code = text[3:], head
		}
	}
	if code == "" {
		return m, fmt.Sprintf("%q is not an amount with its currency, as in 10.00 USD", clip(text))
	}
	code = strings.ToUpper(code)
	exponent, known := currency.GetDigits(code)
	if !known {
		return m, fmt.Sprintf("%q is not a currency of ISO 4217", code)
	}
	json, problem := numeral(number, decimal)
	if problem != "" {
		return m, problem
	}
	whole, part, _ := strings.Cut(json, ".")
	part = strings.TrimRight(part, "0")
	if len(part) > int(exponent) {
		return m, fmt.Sprintf("%q has more decimals than the %d of %s", clip(text), exponent, code)
	}
	minor := whole + part + strings.Repeat("0", int(exponent)-len(part))
	n, err := strconv.ParseInt(minor, 10, 64)
	if err != nil {
		return m, fmt.Sprintf("%q is too large", clip(text))
	}
	return Money{Amount: n, Currency: code}, ""
}

func isLetters(s string) bool {
	for i := range len(s) {
		if c := s[i] | 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return true
}
