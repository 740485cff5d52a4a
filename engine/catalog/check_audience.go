package catalog

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/language"

	"github.com/sihai-network/sihai/engine"
)

func (k *checker) audience(a *engine.Audience, rules *Rules) {
	const countries = "audience.home_countries"
	if k.count(countries, len(a.HomeCountries), MaxHomeCountries) {
		seen := make(map[string]int, len(a.HomeCountries))
		for i, code := range a.HomeCountries {
			if !isCountry(code) {
				k.add(at(countries, i), "invalid", "%.20q is not the code of a country (ISO 3166-1 alpha-2, upper case)", code)
			}
			k.once(countries, i, code, seen)
		}
	}
	k.languages("audience.languages", a.Languages)
	k.words("audience.segments", a.Segments, MaxSegments)
	k.words("audience.spend_tiers", a.SpendTiers, MaxSpendTiers)
	if a.Expression == "" {
		return
	}
	const expression = "audience.expression"
	if !utf8.ValidString(a.Expression) {
		k.add(expression, "invalid", "an expression is text in UTF-8")
	} else if n := utf8.RuneCountInString(a.Expression); n > MaxExpression {
		k.add(expression, "too_long", "an expression has at most %d characters, not %d", MaxExpression, n)
	} else if _, err := rules.Compile(a.Expression); err != nil {
		k.add(expression, "invalid", "%v", err)
	}
}

// noCountries lists the codes that x/text counts as countries and ISO 3166-1 does not assign: reserved ones and those of
// former countries. Kosovo's XK, of the user-assigned range, is in common use and let through.
const noCountries = "AC AN CP CQ CS DG EA EZ FQ IC NT PC SU TA UN YU"

// isCountry reports whether code is a country's in ISO 3166-1 alpha-2.
func isCountry(code string) bool {
	if len(code) != 2 || code != strings.ToUpper(code) || strings.Contains(noCountries, code) {
		return false
	}
	region, err := language.ParseRegion(code)
	return err == nil && region.IsCountry() && region.String() == code && region.Canonicalize() == region
}
