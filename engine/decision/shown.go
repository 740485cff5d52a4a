package decision

import (
	"time"

	"github.com/sihai-network/sihai/engine"
)

// A campaign is shown from one moment to another, and used from one to another; mostly these are the same. Where it is shown before its flight has started, an
// offer is told ahead: neither windows nor opening hours nor blackouts keep it from being shown then.

// shown returns when a campaign is shown at its venue; zero: no bound.
func (r *run) shown(p place) (from, to time.Time) {
	c, zone := p.listing.Campaign(), p.zone()
	return r.bound(c.ShownFrom(), zone), r.bound(c.ShownUntil(zone), zone)
}

// isAhead reports whether the flight of a campaign that is shown ahead has not started yet.
func (r *run) isAhead(p place) bool {
	c := p.listing.Campaign()
	if c.Display.Start.IsZero() {
		return false
	}
	start := r.bound(c.Flight.Start, p.zone())
	return !start.IsZero() && r.request.Time.Before(start)
}

// isShown reports whether the request comes while the campaign is shown.
func (r *run) isShown(c *candidate) bool {
	from, to := r.shown(c.place)
	if !from.IsZero() && r.request.Time.Before(from) || !to.IsZero() && !r.request.Time.Before(to) {
		return false
	}
	return r.isAhead(c.place) || r.inWindow(c.place)
}

func (r *run) whyNotShown(c *candidate) engine.Reason {
	campaign := c.listing.Campaign()
	if campaign.Display.IsZero() {
		return r.whyNotInFlight(c)
	}
	from, to := r.shown(c.place)
	switch {
	case !to.IsZero() && !r.request.Time.Before(to) && (campaign.Flight.End.IsZero() || r.request.Time.Before(campaign.Flight.End.In(c.zone()))):
		return engine.Reason{Code: engine.NotInFlight, Message: "is shown no longer since " + stamp(to)}
	case !from.IsZero() && r.request.Time.Before(from):
		return engine.Reason{Code: engine.NotInFlight, Message: "is shown from " + stamp(wholeMinute(from)) + " on"}
	}
	return r.whyNotInFlight(c)
}

func (r *run) openWhenShown(c *candidate) bool { return r.isAhead(c.place) || r.isOpen(c.place) }

func (r *run) clearWhenShown(c *candidate) bool {
	return r.isAhead(c.place) || !r.isBlackedOut(c.place)
}

func (r *run) notBlackedOut(c *candidate) bool { return !r.isBlackedOut(c.place) }

// isBlackedOut reports whether the request comes in a blackout of the campaign.
func (r *run) isBlackedOut(p place) bool {
	f := &p.listing.Campaign().Flight
	if len(f.Blackouts) == 0 {
		return false
	}
	_, out := f.BlackedOut(r.request.Time, p.zone())
	return out
}

func (r *run) whyBlackedOut(c *candidate) engine.Reason {
	until, _ := c.listing.Campaign().Flight.BlackedOut(r.request.Time, c.zone())
	return engine.Reason{Code: engine.BlackedOut, Message: "does not hold until " + stamp(wholeMinute(until))}
}

func (r *run) partnerAccepted(c *candidate) bool { return r.accepts(c.place) }

// accepts reports whether the venue accepts the wallet through one of the partners that it works with, if those are known.
func (r *run) accepts(p place) bool { return meets(r.request.Partners, p.venue().Partners) }

func (r *run) whyPartnerNotAccepted(c *candidate) engine.Reason {
	return engine.Reason{
		Code: engine.PartnerNotAccepted, Message: "the venue accepts the wallet through " + list(c.venue().Partners) + ", the wallet works with " + list(r.request.Partners),
	}
}
