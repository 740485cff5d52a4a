package engine

import (
	"sync/atomic"
	"time"
)

// Creative is what an offer shows to whoever is told of it in its language: all that follows from the versions of a campaign
// and a venue and from the languages chosen, and nothing that follows from the request. It is immutable, and many offers of many
// decisions may point to one.
type Creative struct {
	ID          string // of the offer, see OfferID
	CampaignID  string
	MerchantID  string
	Venue       OfferVenue
	Title       string
	Description string // empty: none
	Terms       string // empty: none
	ImageURL    string // empty: none
	Language    string // BCP 47 tag of Title among the campaign's own
	Discount    Discount
	EndsAt      time.Time // exclusive end of the flight at the venue, with its offset; zero: none
	// StartsAt is when a flight that is shown ahead starts at the venue, with its offset; zero: it is not shown ahead.
	StartsAt     time.Time
	CodeRequired bool   // it is used with a voucher code
	Forms        *Forms // nil: nobody else will point to it, so that no form of it is worth keeping
}

// Forms are what rooms made of a creative, to be used again by them. Each is nil until its room first needs it, is set to
// what follows from the creative alone, and is never changed after that; two that make one at the same time make the same.
type Forms struct {
	Told atomic.Pointer[Form] // as a client is told of it; engine/wire's
	Kept atomic.Pointer[Form] // as a log keeps it; the store's
}

// Form is a creative in writing, in parts between which goes what the request adds. The parts and their number are a matter of the
// room that writes them.
type Form struct {
	Text []byte
	Ends [4]int // of the parts in Text
}
