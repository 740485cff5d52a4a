package engine

import (
	"strings"
	"time"

	"github.com/sihai-network/sihai/geo"
	"github.com/sihai-network/sihai/scoring"
)

// Decision is the answer to one request, with the versions it rests on: enough to decide it again.
type Decision struct {
	ID             string
	Time           time.Time // of the request
	CatalogVersion uint64    // position in the change feed of the snapshot decided on
	Profile        ProfileRef
	RatesDate      Date // of the reference rates used; zero: none
	Request        *Request
	Placements     []Placement // in the request's order
	Epoch          uint64      // of the popularity decided with, see PopularityLog; 0: none
	PriceEpoch     uint64      // of the prices decided with, see PriceLog; 0: none
	BeliefEpoch    uint64      // of what was believed of the profile's weights, see BeliefLog; 0: nothing was, and the weights are its own
	Settings       *Settings   // nil in what earlier releases recorded
	// Withheld are the candidates that budgets, caps or pacing kept out, where the request does not ask for rejections, among which they are otherwise. Those of which it was not
	// asked, since others were better, are not there.
	Withheld []Withheld
	Coarse   bool // the exact position is no longer there, nor what tells it: the record cannot be decided again
	Erased   bool // the user is no longer there, nor what was told of them: the same
}

// Whole returns ErrForgotten for a decision of which a part was taken out since it was recorded.
func (d *Decision) Whole() error {
	if d.Coarse || d.Erased {
		return ErrForgotten
	}
	return nil
}

// Settings are what a decision takes of the program that makes it.
type Settings struct {
	DefaultSpend Money      // a purchase where the request tells none
	IPAccuracy   geo.Meters // of a fix by IP address that tells none
	WalkingSpeed float64    // metres a second by which a fix loses accuracy; 0: none
	Language     string     // BCP 47, for travellers of whose languages a text has none
}

// Withheld is a candidate that limits kept out.
type Withheld struct {
	CampaignRef
	VenueID string
}

// ProfileRef names a version of a scoring profile.
type ProfileRef struct {
	Name    string
	Version uint64
}

// Placement is the answer for one slot.
type Placement struct {
	ID       string
	Offers   []Offer     // best first, at most the count asked for
	Rejected []Rejection // ascending by offer ID
}

// Offer is what a traveller sees: a campaign at a venue, and what the request has to do with it.
type Offer struct {
	*Creative                    // never nil
	Position          int        // from 1
	Distance          geo.Meters // of the venue from the request's location, rounded to 0.1 m
	Saving            *Saving    // nil: unknown
	InsideProbability float64    // that the traveller is in the fence, [0, 1]
	Match             Match
	Score             float64              // less Price
	Price             float64              // what was taken from the score for what it is expected to take of its budgets; 0: nothing
	Propensity        float64              // chance of this offer at this position, (0, 1]; 1 without exploration
	Features          []float64            // the row that was scored, in the order of scoring.Features
	Explanation       *scoring.Explanation // nil unless explained
}

// Match says what made an offer a candidate.
type Match string

// The matches.
const (
	MatchFence  Match = "fence"  // the traveller is in its fence
	MatchRadius Match = "radius" // its venue is within the request's radius
)

// OfferVenue is the venue of an offer as the traveller reads it.
type OfferVenue struct {
	ID       string
	Name     string
	Position geo.LatLng
	Category string
	TimeZone string
}

// Saving is an estimate of what an offer saves.
type Saving struct {
	Money
	RateDate Date // of the reference rate used to convert; zero: not converted
}

// Rejection is a candidate that was not offered and every reason that kept it out.
type Rejection struct {
	OfferID    string
	CampaignID string
	MerchantID string
	VenueID    string
	Reasons    []Reason // ascending by code, at least one
}

// OfferID returns campaign@venue, the name of an offer.
func OfferID(campaign, venue string) string { return campaign + "@" + venue }

// QualifiedOfferID returns merchant/campaign@venue, the name of an offer where two merchants use the same campaign and venue IDs.
func QualifiedOfferID(merchant, campaign, venue string) string {
	return merchant + "/" + campaign + "@" + venue
}

// ParseOfferID undoes OfferID and QualifiedOfferID; merchant is empty for an unqualified one. IDs hold neither '/' nor '@'.
func ParseOfferID(id string) (merchant, campaign, venue string, ok bool) {
	if m, rest, found := strings.Cut(id, "/"); found {
		merchant, id = m, rest
		ok = merchant != ""
	} else {
		ok = true
	}
	campaign, venue, found := strings.Cut(id, "@")
	ok = ok && found && campaign != "" && venue != "" && !strings.ContainsAny(campaign+venue, "/@")
	return merchant, campaign, venue, ok
}
