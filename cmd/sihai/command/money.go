package command

import (
	"strconv"
	"strings"

	"github.com/bojanz/currency"
)

// moneyText writes minor units by the currency's own exponent: 54.00 CNY, 1250 JPY.
func moneyText(amount int64, code string) string {
	digits, known := currency.GetDigits(code)
	if !known || digits == 0 {
		return strconv.FormatInt(amount, 10) + " " + code
	}
	text := strconv.FormatInt(amount, 10)
	sign := ""
	if rest, negative := strings.CutPrefix(text, "-"); negative {
		sign, text = "-", rest
	}
	if missing := int(digits) + 1 - len(text); missing > 0 {
		text = strings.Repeat("0", missing) + text
	}
	cut := len(text) - int(digits)
	return sign + text[:cut] + "." + text[cut:] + " " + code
}
