package decision

import (
	"slices"
	"strings"

	"github.com/sihai-network/sihai/engine"
)

// inAudience reports whether each part of the audience that is set holds of the traveller.
func (r *run) inAudience(c *candidate) bool { return r.isListed(c.listing) && r.keepsRule(c) }

// isListed reports whether an audience's lists hold of the traveller.
func (r *run) isListed(l *engine.Listing) bool {
	a, u := &l.Campaign().Audience, &r.request.User
	if !allows(a.HomeCountries, u.HomeCountry) || !allows(a.SpendTiers, u.SpendTier) {
		return false
	}
	return r.readsOne(l) && meets(a.Segments, u.Segments)
}

// keepsRule reports whether an audience's expression, if it has one, holds.
func (r *run) keepsRule(c *candidate) bool {
	if c.listing.Rule == nil {
		return true
	}
	holds, err := r.matchRule(c)
	return holds && err == nil
}

func (r *run) matchRule(c *candidate) (bool, error) {
	return c.listing.Rule.Match(r.request, c.venue(), r.local(c.zone()).at)
}

// whyNotInAudience names every part that does not hold.
func (r *run) whyNotInAudience(c *candidate) engine.Reason {
	a, u := &c.listing.Campaign().Audience, &r.request.User
	var parts []string
	if !allows(a.HomeCountries, u.HomeCountry) {
		parts = append(parts, "home country "+orUnknown(u.HomeCountry)+" is not "+list(a.HomeCountries))
	}
	if !r.readsOne(c.listing) {
		parts = append(parts, "languages "+list(u.Languages)+" are not "+list(a.Languages))
	}
	if !meets(a.Segments, u.Segments) {
		parts = append(parts, "segments "+list(u.Segments)+" hold none of "+list(a.Segments))
	}
	if !allows(a.SpendTiers, u.SpendTier) {
		parts = append(parts, "spend tier "+orUnknown(u.SpendTier)+" is not "+list(a.SpendTiers))
	}
	if c.listing.Rule != nil {
		switch holds, err := r.matchRule(c); {
		case err != nil:
			parts = append(parts, "expression: "+err.Error())
		case !holds:
			parts = append(parts, "expression does not hold: "+a.Expression)
		}
	}
	return engine.Reason{Code: engine.AudienceNotMatched, Message: strings.Join(parts, "; ")}
}

// readsOne reports whether the traveller reads one of the audience's languages, if it has any.
func (r *run) readsOne(l *engine.Listing) bool {
	return len(l.Audience) == 0 || slices.ContainsFunc(l.Audience, r.tongue.reads)
}

// allows reports whether a list names a value; an empty list allows all.
func allows(list []string, value string) bool {
	return len(list) == 0 || slices.Contains(list, value)
}

// meets reports whether two lists share a value; an empty first list asks for none.
func meets(list, values []string) bool {
	return len(list) == 0 || slices.ContainsFunc(values, func(v string) bool { return slices.Contains(list, v) })
}

// maxListed bounds the values that a message lists.
const maxListed = 8

// list writes values for a message: "none", "a", "a, b".
func list(values []string) string {
	switch {
	case len(values) == 0:
		return "none"
	case len(values) > maxListed:
		return strings.Join(values[:maxListed], ", ") + ", …"
	}
	return strings.Join(values, ", ")
}

func orUnknown(value string) string {
	if value == "" {
		return "unknown"
	}
	return value
}
