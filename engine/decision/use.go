package decision

import (
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
)

var _ engine.OfferRules = (*Service)(nil)

// usable are the rules that bear on a use of an offer. That it is told in a language is a matter of showing it; and where a till does not say
// where it is, it is at its venue.
var usable = [...]rule{
	{(*run).isEnabled, (*run).whyNotEnabled},
	{(*run).inFlight, (*run).whyNotInFlight},
	{(*run).venueOpen, (*run).whyVenueClosed},
	{(*run).notBlackedOut, (*run).whyBlackedOut},
	{(*run).partnerAccepted, (*run).whyPartnerNotAccepted},
	{(*run).inAudience, (*run).whyNotInAudience},
}

// CheckOffer implements engine.OfferRules. It asks the rules of a decision, one by one.
func (s *Service) CheckOffer(dst []engine.Reason, snap *engine.Snapshot, request *engine.Request, l *engine.Listing, site int) []engine.Reason {
	r := s.runs.Get().(*run)
	defer s.runs.Put(r)
	r.begin(&s.settings, snap, nil, request)
	defer r.end()
	c := candidate{place: place{l, site}, distance: -1, row: -1}
	begin := len(dst)
	for i := range usable {
		if !usable[i].holds(r, &c) {
			dst = append(dst, usable[i].why(r, &c))
		}
	}
	if request.Location != nil {
		for _, f := range c.fences() {
			c.found(f, f.Contains(request.Location.Position))
		}
		if !r.inReach(&c) {
			dst = append(dst, r.whyNotInReach(&c))
		}
	}
	sortReasons(dst[begin:])
	return dst
}

// fences are those of the campaign, or the circle round the venue.
func (c *candidate) fences() []*geo.Fence {
	if own := c.listing.Fences; len(own) > 0 {
		return own
	}
	if f := c.ownFence(); f != nil {
		return []*geo.Fence{f}
	}
	return nil
}

// maxOpenings bounds how often an opening of the one is looked for at a time at which the other is closed.
const maxOpenings = 1000

// NextOpening implements engine.OfferRules.
func (s *Service) NextOpening(l *engine.Listing, site int, at time.Time) (time.Time, bool) {
	p := place{l, site}
	zone, flight, opens := p.zone(), &l.Campaign().Flight, p.venue().OpeningHours
	end := flight.End.In(zone)
	if start := flight.Start.In(zone); !start.IsZero() && at.Before(start) {
		at = start
	}
	at = wholeMinute(at)
	for range maxOpenings {
		if !end.IsZero() && !at.Before(end) {
			return time.Time{}, false
		}
		if until, ok := flight.BlackedOut(at, zone); ok {
			at = wholeMinute(until)
			continue
		}
		now := localAt(at, zone)
		var closed roster
		switch w := (*windows)(flight); {
		case !w.always() && !open(w, &now):
			closed = w
		case opens != nil && !open(hours(opens), &now):
			closed = hours(opens)
		default:
			return at, true
		}
		next, found := opening(closed, &now)
		if !found || !next.After(at) {
			return time.Time{}, false
		}
		at = next
	}
	return time.Time{}, false
}
