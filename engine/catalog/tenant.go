package catalog

import (
	"maps"
	"slices"

	"github.com/sihai-network/sihai/engine"
)

// tenant is a merchant with what it owns, as the builder keeps it.
type tenant struct {
	merchant  *engine.Merchant // nil before it was read
	sites     map[string]*engine.Site
	inOrder   []string // IDs of sites, ascending; nil after a change
	chains    index    // IDs of venues by chain
	campaigns map[string]*entry
	naming    index           // IDs of campaigns by the venue that they name
	chained   index           // IDs of campaigns by the chain that they name
	everyone  map[string]bool // IDs of campaigns at all venues
	places    map[string]*place
}

// entry is a campaign, what it compiles to, and what of it is in the snapshot.
type entry struct {
	campaign *engine.Campaign // nil once gone, archived or unreadable
	terms    terms
	listing  *engine.Listing // as last published; nil: none
	fences   map[fenceKey]*fenced
}

// fenceKey tells the fences of a campaign apart.
type fenceKey struct {
	shape shapeKey
	venue string // empty for a fence of the campaign itself
}

// fenced is a fence in the index.
type fenced struct {
	handle uint32
	shape  *shape
}

// place is a venue at which campaigns hold.
type place struct {
	handle   uint32
	venue    *engine.Venue // as last published; nil: not in the snapshot
	placings map[string]engine.Placing
}

// index is a set of IDs by name.
type index map[string]map[string]bool

func (x index) add(name, id string) {
	if x[name] == nil {
		x[name] = make(map[string]bool)
	}
	x[name][id] = true
}

func (x index) remove(name, id string) {
	delete(x[name], id)
	if len(x[name]) == 0 {
		delete(x, name)
	}
}

func newTenant() *tenant {
	return &tenant{
		sites: make(map[string]*engine.Site), chains: make(index),
		campaigns: make(map[string]*entry),
		naming:    make(index), chained: make(index), everyone: make(map[string]bool),
		places: make(map[string]*place),
	}
}

// setSite puts a venue in the place of the one with its ID; nil removes that. touched is told the campaigns that include
// the old one or the new one.
func (t *tenant) setSite(id string, s *engine.Site, touched func(campaign string)) {
	tell := func(chain string) {
		for campaign := range t.chained[chain] {
			touched(campaign)
		}
	}
	old := t.sites[id]
	if old == nil && s == nil {
		return
	}
	if old != nil && old.Venue.Chain != "" {
		tell(old.Venue.Chain)
		t.chains.remove(old.Venue.Chain, id)
	}
	if old == nil || s == nil {
		t.inOrder = nil
	}
	delete(t.sites, id)
	if s != nil {
		t.sites[id] = s
		if s.Venue.Chain != "" {
			tell(s.Venue.Chain)
			t.chains.add(s.Venue.Chain, id)
		}
	}
	for campaign := range t.naming[id] {
		touched(campaign)
	}
	for campaign := range t.everyone {
		touched(campaign)
	}
}

// setCampaign puts a campaign in the place of the one with its ID; nil removes that.
func (t *tenant) setCampaign(id string, c *engine.Campaign, compiled terms) {
	e := t.campaigns[id]
	if e == nil {
		if c == nil {
			return
		}
		e = &entry{fences: make(map[fenceKey]*fenced)}
		t.campaigns[id] = e
	}
	if old := e.campaign; old != nil {
		for _, venue := range old.Venues.IDs {
			t.naming.remove(venue, id)
		}
		t.chained.remove(old.Venues.Chain, id)
		delete(t.everyone, id)
	}
	e.campaign, e.terms = c, compiled
	if c == nil {
		return
	}
	for _, venue := range c.Venues.IDs {
		t.naming.add(venue, id)
	}
	if c.Venues.Chain != "" {
		t.chained.add(c.Venues.Chain, id)
	}
	if c.Venues.All {
		t.everyone[id] = true
	}
}

// sitesOf returns the sites of a set of venues, ascending by ID.
func (t *tenant) sitesOf(v *engine.VenueSet) []engine.Site {
	ids := t.ids()
	if !v.All {
		set := make(map[string]bool, len(v.IDs))
		for _, id := range v.IDs {
			set[id] = t.sites[id] != nil
		}
		for id := range t.chains[v.Chain] {
			set[id] = true
		}
		ids = slices.Sorted(maps.Keys(set))
		ids = slices.DeleteFunc(ids, func(id string) bool { return !set[id] })
	}
	sites := make([]engine.Site, len(ids))
	for i, id := range ids {
		sites[i] = *t.sites[id]
	}
	return sites
}

// ids returns the IDs of all sites, ascending.
func (t *tenant) ids() []string {
	if t.inOrder == nil {
		t.inOrder = slices.Sorted(maps.Keys(t.sites))
	}
	return t.inOrder
}

// placeOf returns the place of a venue, made if need be.
func (t *tenant) placeOf(venue string) *place {
	p := t.places[venue]
	if p == nil {
		p = &place{placings: make(map[string]engine.Placing)}
		t.places[venue] = p
	}
	return p
}
