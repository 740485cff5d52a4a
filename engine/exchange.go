package engine

import (
	"math"
	"math/big"
	"math/bits"

	"github.com/bojanz/currency"
)

// Euro is the currency in which the reference rates are told: their units for one euro.
const Euro = "EUR"

// Exchange converts money by one day's reference rates. The zero value knows no rate. It remembers what it was asked for and is not safe
// for concurrent use.
type Exchange struct {
	Day   RateDay
	known bool
	pairs [4]pair // found last
	found int     // pairs in all
}

// NewExchange returns the exchange by the rates of a day.
func NewExchange(day RateDay) Exchange { return Exchange{Day: day, known: true} }

// On returns the exchange by the rates in force on a day, which may be of an earlier one; where there are none, the zero value.
func (r Rates) On(d Date) Exchange {
	day, known := r.At(d)
	if !known {
		return Exchange{}
	}
	return NewExchange(day)
}

// pair is what an amount of one currency is multiplied and divided by to be one of another: rate, and a power of ten.
type pair struct {
	from, to string
	num, den int64
	power    int
	ok       bool
}

// rate returns the units of a currency for one euro.
func (x *Exchange) rate(code string) (Rate, bool) {
	if code == Euro {
		return Rate{Mantissa: 1}, x.known
	}
	r, found := x.Day.Rates[code]
	return r, found && r.Mantissa > 0 && r.Scale <= maxScale
}

// maxScale is the greatest scale of a rate, see Rate.
const maxScale = 18

// Convert returns an amount in another currency: amount × rate(to) / rate(from), with the places of the two minor units,
// exact and then rounded half away from zero. It is false when a rate or a currency is not known, or the amount too large.
func (x *Exchange) Convert(m Money, to string) (Money, bool) {
	if m.Currency == to {
		return m, true
	}
	p := x.pair(m.Currency, to)
	if !p.ok {
		return Money{}, false
	}
	amount, ok := Scaled(m.Amount, p.num, p.den, p.power)
	return Money{Amount: amount, Currency: to}, ok
}

// pair returns that of two currencies, from memory where it was asked for lately. It is valid until the next call.
func (x *Exchange) pair(from, to string) *pair {
	for i := range x.pairs {
		if p := &x.pairs[i]; p.from == from && p.to == to {
			return p
		}
	}
	p := &x.pairs[x.found%len(x.pairs)]
	x.found++
	*p = pair{from: from, to: to}
	divisor, ok := x.rate(from)
	if !ok {
		return p
	}
	factor, ok := x.rate(to)
	if !ok {
		return p
	}
	fromDigits, ok := currency.GetDigits(from)
	if !ok {
		return p
	}
	toDigits, ok := currency.GetDigits(to)
	if !ok {
		return p
	}
	p.num, p.den, p.ok = factor.Mantissa, divisor.Mantissa, true
	p.power = int(toDigits) - int(fromDigits) + int(divisor.Scale) - int(factor.Scale)
	return p
}

// Scaled returns a × b / c × 10^power, rounded half away from zero; false when that is no int64. b and c are above 0.
func Scaled(a, b, c int64, power int) (int64, bool) {
	size := uint64(a)
	if a < 0 {
		size = -size
	}
	num, den := uint64(b), uint64(c)
	for ; power > 0; power-- {
		if hi, _ := bits.Mul64(num, 10); hi != 0 {
			return scaledBig(a, num, den, power)
		}
		num *= 10
	}
	for ; power < 0; power++ {
		if hi, _ := bits.Mul64(den, 10); hi != 0 {
			return scaledBig(a, num, den, power)
		}
		den *= 10
	}
	hi, lo := bits.Mul64(size, num)
	if hi >= den {
		return 0, false
	}
	q, rest := bits.Div64(hi, lo, den)
	if rest >= den-rest {
		q++
	}
	if q > math.MaxInt64 {
		return 0, false
	}
	if a < 0 {
		return -int64(q), true
	}
	return int64(q), true
}

// scaledBig is Scaled for factors beyond 64 bits.
func scaledBig(a int64, b, c uint64, power int) (int64, bool) {
	num := new(big.Int).SetUint64(b)
	den := new(big.Int).SetUint64(c)
	ten := big.NewInt(10)
	if power > 0 {
		num.Mul(num, ten.Exp(ten, big.NewInt(int64(power)), nil))
	} else {
		den.Mul(den, ten.Exp(ten, big.NewInt(int64(-power)), nil))
	}
	num.Mul(num, new(big.Int).Abs(big.NewInt(a)))
	q, rest := num.QuoRem(num, den, new(big.Int))
	if rest.Lsh(rest, 1).Cmp(den) >= 0 {
		q.Add(q, big.NewInt(1))
	}
	if a < 0 {
		q.Neg(q)
	}
	return q.Int64(), q.IsInt64()
}
