package decision

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// rule is a condition on a candidate, whatever the placement.
type rule struct {
	holds func(*run, *candidate) bool
	why   func(*run, *candidate) engine.Reason // asked when it does not hold
}

// rules are tried in this order, what is cheap to know first.
var rules = [...]rule{
	{(*run).isEnabled, (*run).whyNotEnabled},
	{(*run).isShown, (*run).whyNotShown},
	{(*run).openWhenShown, (*run).whyVenueClosed},
	{(*run).clearWhenShown, (*run).whyBlackedOut},
	{(*run).partnerAccepted, (*run).whyPartnerNotAccepted},
	{(*run).languageOffered, (*run).whyLanguageNotOffered},
	{(*run).inReach, (*run).whyNotInReach},
	{(*run).inAudience, (*run).whyNotInAudience},
}

// filter reports whether a candidate may be offered. With explanations it keeps every reason against it, ascending by code.
func (r *run) filter(c *candidate) bool {
	for i := range rules {
		if rules[i].holds(r, c) {
			continue
		}
		if !r.full {
			if r.marks != nil {
				c.first = rules[i].why(r, c).Code
			}
			return false
		}
		c.reasons = append(c.reasons, rules[i].why(r, c))
	}
	switch limits := r.settings.limits; {
	case limits == nil || !c.listing.Limited:
	case r.full:
		c.reasons = limits.Check(c.reasons, c.listing, c.site, r.request.User.ID, r.request.Time)
	case !r.withinLimits(c):
		c.first = r.firstLimit(c)
		return false
	}
	sortReasons(c.reasons)
	return len(c.reasons) == 0
}

func sortReasons(reasons []engine.Reason) {
	slices.SortStableFunc(reasons, func(a, b engine.Reason) int { return cmp.Compare(a.Code, b.Code) })
}

func (r *run) isEnabled(c *candidate) bool {
	return c.listing.Campaign().Status == engine.StatusEnabled
}

func (r *run) whyNotEnabled(c *candidate) engine.Reason {
	return engine.Reason{Code: engine.NotEnabled, Message: "the campaign is " + string(c.listing.Campaign().Status)}
}

func (r *run) inFlight(c *candidate) bool {
	f, zone := &c.listing.Campaign().Flight, c.zone()
	if start := r.bound(f.Start, zone); !start.IsZero() && r.request.Time.Before(start) {
		return false
	}
	if end := r.bound(f.End, zone); !end.IsZero() && !r.request.Time.Before(end) {
		return false
	}
	return r.inWindow(c.place)
}

func (r *run) inWindow(p place) bool {
	w := (*windows)(&p.listing.Campaign().Flight)
	return w.always() || open(w, r.local(p.zone()))
}

func (r *run) whyNotInFlight(c *candidate) engine.Reason {
	f, zone := &c.listing.Campaign().Flight, c.zone()
	now := r.local(zone)
	end := f.End.In(zone)
	reason := engine.Reason{Code: engine.NotInFlight}
	switch start := f.Start.In(zone); {
	case !end.IsZero() && !r.request.Time.Before(end):
		reason.Message = "ended " + stamp(end)
	case !start.IsZero() && now.at.Before(start) && f.Start.Instant.IsZero():
		reason.Message = "starts " + f.Start.Date.String()
	case !start.IsZero() && now.at.Before(start):
		reason.Message = "starts " + stamp(wholeMinute(start))
	default:
		next, found := opening((*windows)(f), now)
		if found && (end.IsZero() || next.Before(end)) {
			reason.Message = "opens " + clock(next, now)
		} else {
			reason.Message = "does not open again"
		}
	}
	return reason
}

func (r *run) venueOpen(c *candidate) bool { return r.isOpen(c.place) }

func (r *run) isOpen(p place) bool {
	h := p.venue().OpeningHours
	return h == nil || open(hours(h), r.local(p.zone()))
}

func (r *run) whyVenueClosed(c *candidate) engine.Reason {
	now := r.local(c.zone())
	message := "the venue does not open"
	if next, found := opening(hours(c.venue().OpeningHours), now); found {
		message = "the venue opens " + clock(next, now)
	}
	return engine.Reason{Code: engine.VenueClosed, Message: message}
}

func (r *run) languageOffered(c *candidate) bool {
	c.spoken = r.spokenOf(c.listing.Languages)
	return c.spoken.index >= 0
}

func (r *run) spokenOf(set *engine.LanguageSet) spoken {
	if set == nil {
		return spoken{index: -1}
	}
	return r.tongue.speak(set, r.settings.fallback)
}

func (r *run) whyLanguageNotOffered(c *candidate) engine.Reason {
	message := "the campaign has no text"
	if set := c.listing.Languages; set != nil {
		message = fmt.Sprintf("the campaign is in %s, the user reads %s", list(set.Tags), list(r.request.User.Languages))
	}
	return engine.Reason{Code: engine.LanguageNotOffered, Message: message}
}

// inReach reports whether the traveller is in one of the candidate's fences surely enough, or near its venue. A chance is told to
// six decimals, far below what a fix's accuracy is known to.
func (r *run) inReach(c *candidate) bool {
	if r.request.Location == nil {
		return false
	}
	c.probability = math.Round(r.insideProbability(c)*1e6) / 1e6
	switch {
	case c.inside && c.probability >= r.snap.Profile.MinInsideProbability:
		c.match = engine.MatchFence
	case c.near:
		c.match = engine.MatchRadius
	default:
		return false
	}
	return true
}

func (r *run) whyNotInReach(c *candidate) engine.Reason {
	switch {
	case r.request.Location == nil:
		return engine.Reason{Code: engine.LocationMissing, Message: "the request has no location"}
	case c.inside:
		return engine.Reason{Code: engine.LocationTooVague, Message: fmt.Sprintf(
			"inside with a probability of %.3f, %v is needed; the fix is accurate to %.0f m",
			c.probability, r.snap.Profile.MinInsideProbability, float64(r.accuracy))}
	}
	message := "less than 1 m outside"
	if d := r.outside(c); d >= 1 {
		message = fmt.Sprintf("%.0f m outside", float64(d))
	}
	return engine.Reason{Code: engine.OutsideGeofence, Message: message}
}

// wholeMinute returns the first whole minute from t on, so that who comes at the time told is not too early.
func wholeMinute(t time.Time) time.Time {
	if up := t.Truncate(time.Minute); up.Before(t) {
		return up.Add(time.Minute)
	}
	return t
}

// stamp writes an instant to the minute, with its zone: "2026-12-01 00:00 in America/New_York".
func stamp(t time.Time) string {
	return t.Format("2006-01-02 15:04") + " in " + t.Location().String()
}

// clock writes an instant as seen from now: "at 17:00 in America/New_York" for the same day, else with the day.
func clock(t time.Time, now *local) string {
	layout := "at 15:04"
	if engine.DateOf(t) != now.date {
		layout = "Mon 2006-01-02 at 15:04"
	}
	return t.Format(layout) + " in " + now.zone.String()
}
