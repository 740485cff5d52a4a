package catalog

import "github.com/sihai-network/sihai/geo"

// The greatest lengths of texts, in characters.
const (
	MaxName        = 200 // of a merchant or a venue
	MaxTitle       = 200
	MaxDescription = 2_000
	MaxTerms       = 10_000
	MaxGift        = 200
	MaxImageURL    = 2_048
	MaxAddress     = 500
	MaxWord        = 64 // of a chain, a segment, a spend tier, a partner, a stacking group
	MaxKeyNote     = 200
	MaxExpression  = 2_000
	MaxTag         = 35 // of a language tag (RFC 5646, section 4.4.1)
)

// The greatest numbers of entries.
const (
	MaxTextLanguages = 50
	MaxVenueIDs      = 10_000
	MaxCategories    = 50
	MaxGeofences     = 100
	MaxWindows       = 50
	MaxExceptDates   = 366
	MaxBlackouts     = 100
	MaxHomeCountries = 300
	MaxLanguages     = 50
	MaxSegments      = 100
	MaxSpendTiers    = 20
	MaxBudgets       = 20
	MaxFrequencyCaps = 10
	MaxSpans         = 10 // of a weekday's opening hours
	MaxPartners      = 20
	MaxRateDays      = 50_000
	MaxRatesPerDay   = 300
)

// The bounds of numbers.
const (
	MaxAmount      int64      = 1_000_000_000_000_000 // minor units of a sum of money, and the limit of a budget
	MaxItems                  = 100                   // of buy and of get
	MaxPriority               = 1_000                 // of stacking, in size
	MinVenueRadius geo.Meters = 1
	MaxVenueRadius geo.Meters = 100_000
	MinYear                   = 1970 // of a date or an instant
	MaxYear                   = 9999
	MinSecret                 = 20 // bytes of a secret that is brought along
	MaxSecret                 = 200
)
