package engine

import "fmt"

// Money is an amount in the minor units of a currency: {1250, "USD"} is 12.50 dollars, {1250, "JPY"} is 1250 yen.
// It is never a float. The zero value is no money at all: its Currency is empty.
type Money struct {
	Amount   int64  // minor units by the currency's own exponent (ISO 4217)
	Currency string // ISO 4217 code, upper case
}

// IsZero reports whether m names no currency, which stands for "not given".
func (m Money) IsZero() bool { return m.Currency == "" }

// String gives the minor units and the code, for messages and logs; it does not place the decimal point.
func (m Money) String() string { return fmt.Sprintf("%d %s", m.Amount, m.Currency) }
