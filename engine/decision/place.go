package decision

import (
	"slices"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// place is a campaign at one of its venues: a candidate's identity within a snapshot.
type place struct {
	listing *engine.Listing
	site    int
}

func (p place) siteOf() *engine.Site { return p.listing.Sites[p.site] }

func (p place) venue() *engine.Venue { return p.siteOf().Venue() }

// zone returns the venue's; UTC for one that has none, which a stored venue always has.
func (p place) zone() *time.Location {
	if zone := p.siteOf().Zone; zone != nil {
		return zone
	}
	return time.UTC
}

// category returns the offer's first category: of the campaign where it names some, of the venue otherwise; empty: unknown.
func (p place) category() string {
	if own := p.listing.Campaign().Categories; len(own) > 0 {
		return own[0]
	}
	return p.venue().Category
}

// isIn reports whether one of the offer's categories is among some.
func (p place) isIn(categories []string) bool {
	own := p.listing.Campaign().Categories
	if len(own) == 0 {
		return slices.Contains(categories, p.venue().Category)
	}
	return meets(categories, own)
}
