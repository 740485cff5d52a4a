package engine

import (
	"context"

	"github.com/sihai-network/sihai/geo"
	"github.com/sihai-network/sihai/scoring"
)

// Compiler makes a listing of a campaign that need not be stored, at the venues of its merchant as they are now.
type Compiler interface {
	// Listing returns ErrNotFound when the merchant does not exist. A campaign that holds at no venue has a listing without sites. The campaign has been
	// checked: see Catalog.CheckCampaign.
	Listing(ctx context.Context, c *Campaign) (*Listing, error)
}

// Trials tries campaigns that are in no snapshot.
type Trials interface {
	// Trial returns a trial of a listing, as if it were in the snapshot and enabled.
	Trial(s *Snapshot, l *Listing) (Trial, error)
}

// Trial says what a campaign would be in the answers to requests. It is not safe for concurrent use.
type Trial interface {
	// Try appends an offer for each of the campaign's venues that a request would meet, with the first reason against it. Limits are not asked, nor what a
	// placement itself leaves out. Cost: for a request out of reach, a lookup among the campaign's own fences.
	Try(dst []TrialOffer, r *Request) []TrialOffer
}

// TrialOffer is a campaign at one of its venues as a request meets it.
type TrialOffer struct {
	Site     int        // index into Listing.Sites
	Against  ReasonCode // the first reason why it may not be offered; 0: it may, and then the rest is set
	Features [scoring.Width]float64
	Distance geo.Meters
	Saving   Money // in the discount's currency; zero: unknown
}
