package wire

import (
	"math"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/sihai-network/sihai/engine"
)

// quote appends a JSON string; bytes that are no UTF-8 become the replacement character.
func quote(dst []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			dst, _ = jsontext.AppendQuote(dst, s)
			return dst
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}

func optional(dst []byte, name, s string) []byte {
	if s == "" {
		return dst
	}
	return quote(append(dst, name...), s)
}

func money(dst []byte, name string, m engine.Money) []byte {
	if m.IsZero() {
		return dst
	}
	dst = append(dst, name...)
	dst = append(dst, `{"amount":`...)
	dst = strconv.AppendInt(dst, m.Amount, 10)
	dst = append(dst, `,"currency":`...)
	dst = quote(dst, m.Currency)
	return append(dst, '}')
}

// number appends the shortest decimal that reads back as x; what is no number is 0, which no field here is ever given.
func number(dst []byte, x float64) []byte {
	if x == 1 {
		return append(dst, '1')
	}
	if x >= 1e-6 && x < 1e6 {
		if n := int64(x*billion + 0.5); float64(n)/billion == x {
			return appendBillionths(dst, uint64(n))
		}
	}
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return append(dst, '0')
	}
	if a := math.Abs(x); a != 0 && (a < 1e-6 || a >= 1e21) {
		return strconv.AppendFloat(dst, x, 'e', -1, 64)
	}
	return strconv.AppendFloat(dst, x, 'f', -1, 64)
}

// billion is the unit of what most numbers here are whole multiples of: distances, chances, scores.
const billion = 1_000_000_000

// appendBillionths appends n / 10⁹ without zeros at its end. Below 10¹⁵ that has at most 15 digits, and two decimals of at most 15 digits never
// read as the same float64 (C, DBL_DIG), so that what reads back as the float64 nearest to n / 10⁹ and is shortest can only be this.
func appendBillionths(dst []byte, n uint64) []byte {
	whole, rest := n/billion, uint32(n%billion)
	if whole < 10 {
		dst = append(dst, byte('0'+whole))
	} else {
		dst = strconv.AppendUint(dst, whole, 10)
	}
	if rest == 0 {
		return dst
	}
	low, high := 2*(rest%10_000), 2*(rest/10_000%10_000)
	a, b, c, d := high/200*2, high%200, low/200*2, low%200
	dst = append(dst, '.', byte('0'+rest/100_000_000), pairs[a], pairs[a+1], pairs[b], pairs[b+1], pairs[c], pairs[c+1], pairs[d], pairs[d+1])
	for dst[len(dst)-1] == '0' {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// pairs are the numbers below 100, of two digits each.
const pairs = "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748495051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899"

// appendDate appends a date as the JSON string of its text.
func appendDate(dst []byte, d engine.Date) []byte {
	if d.Year < 0 || d.Year > 9999 || d.Month < time.January || d.Month > time.December || d.Day < 1 || d.Day > monthDays[d.Month] {
		return quote(dst, d.String())
	}
	dst = append(dst, '"')
	dst = twoDigits(twoDigits(dst, d.Year/100), d.Year%100)
	dst = twoDigits(append(dst, '-'), int(d.Month))
	dst = twoDigits(append(dst, '-'), d.Day)
	return append(dst, '"')
}

// monthDays are the days that a month always has.
var monthDays = [...]int{1: 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}

func twoDigits(dst []byte, n int) []byte { return append(dst, pairs[2*n], pairs[2*n+1]) }
