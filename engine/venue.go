package engine

import (
	"github.com/sihai-network/sihai/geo"
)

// Venue is a place where an offer is used. Its ID is unique within its merchant.
type Venue struct {
	ID           string
	MerchantID   string
	Name         Text
	Position     geo.LatLng
	Category     string       // merchant category code, four digits (ISO 18245); empty: unknown
	Chain        string       // the merchant's own tag on venues; empty: none
	TimeZone     string       // IANA name; found from Position at upload when not given, so never empty once stored
	Currency     string       // ISO 4217; empty: unknown
	OpeningHours OpeningHours // nil: always open
	Partners     []string     // acquirers through which the venue accepts the wallet
	Address      string
	TypicalSpend Money // what a customer usually pays, for estimates; zero: unknown
	Meta         Meta
}
