package engine

import (
	"time"

	"golang.org/x/text/language"

	"github.com/sihai-network/sihai/geo"
	"github.com/sihai-network/sihai/scoring"
)

// Snapshot is the whole catalog as the decision path reads it: immutable, published by one atomic swap.
type Snapshot struct {
	Version uint64 // position in the change feed
	// Fences holds a handle for each fence of each campaign that is not archived; Holders says whose it is.
	Fences  *geo.Index
	Holders Table[Holder]
	// Places holds a handle for each venue that has a campaign; Residents says which campaigns hold there.
	Places    *geo.Points
	Residents Table[Resident]
	// Ambiguous holds the offer IDs that two merchants share.
	Ambiguous  map[string]bool
	Profile    scoring.Profile
	Rates      Rates
	Popularity map[CampaignRef]Counts
	Listings   int // campaigns that can be offered or rejected
	// Keys holds the API keys that are not revoked, by hash.
	Keys map[[32]byte]Key
}

// CampaignRef names a campaign across merchants.
type CampaignRef struct{ MerchantID, CampaignID string }

// Counts are what became of a campaign's showings so far.
type Counts struct{ Impressions, Clicks float64 }

// Holder says whose fence a handle is.
type Holder struct {
	Listing *Listing
	Site    int // index into Listing.Sites; AllSites for a fence of the campaign itself
	Fence   *geo.Fence
}

// AllSites marks a fence that holds for each of a campaign's venues.
const AllSites = -1

// Resident is a campaign at a venue that has it.
type Resident struct {
	Venue *Venue
	At    []Placing
}

// Placing is a listing and which of its sites.
type Placing struct {
	Listing *Listing
	Site    int
}

// Listing is a campaign, compiled for the decision path at publication.
type Listing struct {
	Campaign  *Campaign
	Merchant  *Merchant
	Sites     []Site      // its venues, ascending by ID
	Points    *geo.Points // positions of Sites, by index, where a fence of the campaign itself asks for the nearest; nil otherwise
	Languages *LanguageSet
	Audience  []language.Tag // of Campaign.Audience.Languages
	Rule      Rule           // nil: no expression
}

// Site is a venue of a listing.
type Site struct {
	Venue *Venue
	Zone  *time.Location
	Names *LanguageSet
}

// LanguageSet is the languages of a text with their matcher; texts with the same languages share one.
type LanguageSet struct {
	Tags    []string // ascending, with "en" first where it is there
	Matcher language.Matcher
}

// Rule is a compiled audience expression.
type Rule interface {
	// Match evaluates the rule within its cost limit. An error means that it does not match, and says why.
	Match(r *Request, v *Venue, at time.Time) (bool, error)
}

// Table is an immutable array by handle: see geo.Table.
type Table[T any] = geo.Table[T]
