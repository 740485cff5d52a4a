package engine

import (
	"cmp"
	"sync/atomic"
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
	// Epoch numbers Popularity in the PopularityLog: 0 for none, and where nobody keeps one.
	Epoch uint64
	// Prices are those of budgets, where the profile asks for them; PriceEpoch numbers them in the PriceLog: 0 for none.
	Prices     map[CampaignRef]*Prices
	PriceEpoch uint64
	// BeliefEpoch numbers what is believed of the weights of Profile, which then are not those of its version: see scoring.Profile.Believing. 0: nothing is.
	BeliefEpoch uint64
	Listings    int // campaigns that can be offered or rejected
	// Keys holds the API keys that are not revoked, by hash.
	Keys map[[32]byte]Key
}

// CampaignRef names a campaign across merchants.
type CampaignRef struct{ MerchantID, CampaignID string }

// Compare orders by merchant and then by campaign.
func (r CampaignRef) Compare(o CampaignRef) int {
	return cmp.Or(cmp.Compare(r.MerchantID, o.MerchantID), cmp.Compare(r.CampaignID, o.CampaignID))
}

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

// Resident is a venue with the campaigns that hold there.
type Resident struct {
	Site *Site
	At   []Placing // ascending by campaign ID
}

// Placing is a listing and which of its sites.
type Placing struct {
	Listing *Listing
	Site    int
}

// Listing is a campaign at its venues, compiled for the decision path at publication.
type Listing struct {
	*Terms
	Merchant *Merchant
	Sites    []*Site     // its venues, ascending by ID
	Points   *geo.Points // positions of Sites, by index, where a fence of the campaign itself asks for the nearest; nil otherwise
}

// Terms are what a campaign says itself, whatever its venues; listings of one version share them. They must not be copied.
type Terms struct {
	ID        string // of the campaign
	Fences    []*geo.Fence
	Radius    geo.Meters // of the circle round each venue, where there are no Fences
	Languages *LanguageSet
	Audience  []language.Tag // of Campaign().Audience.Languages
	Rule      Rule           // nil: no expression
	Limited   bool           // it has budgets or frequency caps

	// Found is where the Limits that are asked for the campaign keep what they looked up for it.
	Found    atomic.Pointer[Found]
	campaign Packed[Campaign]
}

// Found is what somebody looked up. It never changes.
type Found struct {
	By   any // who, a pointer: another one looks for itself
	What any
}

// NewTerms returns what follows from a campaign alone, whose geofences are compiled; it is kept as it is until Pack.
func NewTerms(c *Campaign) *Terms {
	t := &Terms{ID: c.ID, Radius: c.Venues.Radius, Limited: len(c.Budgets) > 0 || len(c.Caps) > 0}
	if t.Radius == 0 {
		t.Radius = DefaultVenueRadius
	}
	if len(c.Geofences) > 0 {
		t.Fences = make([]*geo.Fence, len(c.Geofences))
	}
	for i := range c.Geofences {
		t.Fences[i] = c.Geofences[i].Fence
	}
	t.campaign.keep(c)
	return t
}

// Pack lets go of the campaign and keeps its bytes.
func (t *Terms) Pack(campaign []byte, in *Unpacked[Campaign]) { t.campaign.pack(campaign, in) }

// Campaign returns the campaign, which nobody changes, without its geofences: those are Fences. Cost: a load, or some microseconds where
// nobody asked for it of late.
func (t *Terms) Campaign() *Campaign { return t.campaign.get() }

// Site is a venue, compiled for the decision path; listings share it. It must not be copied.
type Site struct {
	ID       string
	Position geo.LatLng
	Zone     *time.Location
	Names    *LanguageSet

	venue Packed[Venue]
}

// NewSite returns what follows from a venue alone; it is kept as it is until Pack.
func NewSite(v *Venue) *Site {
	s := &Site{ID: v.ID, Position: v.Position}
	s.venue.keep(v)
	return s
}

// Pack lets go of the venue and keeps its bytes.
func (s *Site) Pack(venue []byte, in *Unpacked[Venue]) { s.venue.pack(venue, in) }

// Venue returns the venue, which nobody changes. Cost: as of Terms.Campaign.
func (s *Site) Venue() *Venue { return s.venue.get() }

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
