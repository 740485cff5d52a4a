package engine

import "sort"

// RateDay holds one day's reference rates: units of each currency for one euro.
type RateDay struct {
	Date  Date
	Rates map[string]Rate // ISO 4217 → rate; EUR itself is implied
}

// Rate is an exact decimal: Mantissa / 10^Scale, greater than zero.
type Rate struct {
	Mantissa int64
	Scale    uint8 // 0 to 18
}

// Rates is a history of reference rates, ascending by date. It is immutable; the nil one is empty.
type Rates []RateDay

// At returns the latest day not after d, or false when there is none.
func (r Rates) At(d Date) (RateDay, bool) {
	n := sort.Search(len(r), func(i int) bool { return r[i].Date.After(d) })
	if n == 0 {
		return RateDay{}, false
	}
	return r[n-1], true
}
