package catalog

import (
	"slices"

	"github.com/sihai-network/sihai/engine"
)

// ambiguity finds the offer IDs that two merchants share. Only campaigns whose ID two merchants use are looked at.
type ambiguity struct {
	first  map[string]*entry   // a listed campaign by its ID
	others map[string][]*entry // those of other merchants
	dirty  map[string]bool     // IDs of campaigns that changed
	shared map[string][]string // offer IDs by ID of the campaign, ascending
	offers map[string]bool     // all of shared, as last given out
}

func newAmbiguity() ambiguity {
	return ambiguity{
		first: make(map[string]*entry), others: make(map[string][]*entry), dirty: make(map[string]bool),
		shared: make(map[string][]string), offers: make(map[string]bool),
	}
}

// touch notes that a campaign was listed anew, or is listed no more.
func (a *ambiguity) touch(e *entry) {
	if e.listing != nil {
		a.add(e)
	} else {
		a.remove(e)
	}
	if len(a.others[e.id]) > 0 || a.shared[e.id] != nil {
		a.dirty[e.id] = true
	}
}

func (a *ambiguity) add(e *entry) {
	switch first := a.first[e.id]; {
	case first == nil:
		a.first[e.id] = e
	case first != e && !slices.Contains(a.others[e.id], e):
		a.others[e.id] = append(a.others[e.id], e)
	}
}

func (a *ambiguity) remove(e *entry) {
	others := slices.DeleteFunc(a.others[e.id], func(other *entry) bool { return other == e })
	if a.first[e.id] == e {
		delete(a.first, e.id)
		if len(others) > 0 {
			a.first[e.id], others = others[0], others[1:]
		}
	}
	if len(others) > 0 {
		a.others[e.id] = others
	} else {
		delete(a.others, e.id)
	}
}

// resolve returns the offer IDs that are shared now. The map is not changed afterwards.
func (a *ambiguity) resolve() map[string]bool {
	changed := false
	for id := range a.dirty {
		before := a.shared[id]
		now := a.sharedOffers(id)
		if slices.Equal(before, now) {
			continue
		}
		changed = true
		delete(a.shared, id)
		if len(now) > 0 {
			a.shared[id] = now
		}
	}
	clear(a.dirty)
	if !changed {
		return a.offers
	}
	a.offers = make(map[string]bool)
	for _, offers := range a.shared {
		for _, offer := range offers {
			a.offers[offer] = true
		}
	}
	return a.offers
}

// sharedOffers returns the offer IDs of a campaign's ID that more than one merchant has, ascending.
func (a *ambiguity) sharedOffers(campaign string) (offers []string) {
	count := make(map[string]int)
	tally := func(e *entry) {
		for _, s := range e.listing.Sites {
			count[s.ID]++
		}
	}
	if first := a.first[campaign]; first != nil {
		tally(first)
	}
	for _, e := range a.others[campaign] {
		tally(e)
	}
	for venue, n := range count {
		if n > 1 {
			offers = append(offers, engine.OfferID(campaign, venue))
		}
	}
	slices.Sort(offers)
	return offers
}
