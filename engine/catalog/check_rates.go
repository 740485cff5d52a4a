package catalog

import (
	"maps"
	"slices"

	"github.com/sihai-network/sihai/engine"
)

// checkRates tells everything that is wrong with days of reference rates. Codes need only look like a currency's: a
// history holds currencies that are out of use.
func checkRates(days engine.Rates) engine.Faults {
	var k checker
	if !k.count("", len(days), MaxRateDays) {
		return k.faults
	}
	for i, day := range days {
		path := at("", i)
		sound := k.date(path+".date", day.Date)
		if sound && i > 0 && !days[i-1].Date.Before(day.Date) {
			k.add(path+".date", "invalid", "days ascend, each once; %v comes after %v", day.Date, days[i-1].Date)
		}
		if !k.count(path+".rates", len(day.Rates), MaxRatesPerDay) {
			continue
		}
		for _, code := range slices.Sorted(maps.Keys(day.Rates)) {
			k.rate(path+".rates", code, day.Rates[code])
		}
	}
	return k.faults
}

func (k *checker) rate(path, code string, rate engine.Rate) {
	if len(code) != 3 || slices.ContainsFunc([]byte(code), func(c byte) bool { return c < 'A' || c > 'Z' }) {
		k.add(path, "invalid", "%.20q is not a currency code of three capital letters", code)
		return
	}
	path += "." + code
	if code == "EUR" {
		k.add(path, "invalid", "rates are units for one euro, whose own is implied")
	}
	if rate.Mantissa < 1 || rate.Scale > 18 {
		k.add(path, "out_of_range", "a rate is above zero and has at most 18 decimals")
	}
}
