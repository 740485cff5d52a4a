package catalog

import (
	"maps"
	"slices"

	"github.com/sihai-network/sihai/engine"
)

// ambiguity finds the offer IDs that two merchants share. Only campaigns whose ID two merchants use are looked at.
type ambiguity struct {
	owners map[string]map[string]bool // merchants by ID of a listed campaign
	dirty  map[string]bool            // IDs of campaigns that changed
	shared map[string][]string        // offer IDs by ID of the campaign, ascending
	offers map[string]bool            // all of shared, as last given out
}

func newAmbiguity() ambiguity {
	return ambiguity{
		owners: make(map[string]map[string]bool), dirty: make(map[string]bool),
		shared: make(map[string][]string), offers: make(map[string]bool),
	}
}

// touch notes that a campaign was listed anew, or is listed no more.
func (a *ambiguity) touch(ref engine.CampaignRef, listed bool) {
	merchants := a.owners[ref.CampaignID]
	if listed && merchants == nil {
		merchants = make(map[string]bool, 1)
		a.owners[ref.CampaignID] = merchants
	}
	if listed {
		merchants[ref.MerchantID] = true
	} else {
		delete(merchants, ref.MerchantID)
	}
	if len(merchants) == 0 {
		delete(a.owners, ref.CampaignID)
	}
	if len(merchants) > 1 || a.shared[ref.CampaignID] != nil {
		a.dirty[ref.CampaignID] = true
	}
}

// resolve returns the offer IDs that are shared now. The map is not changed afterwards.
func (a *ambiguity) resolve(tenants map[string]*tenant) map[string]bool {
	changed := false
	for id := range a.dirty {
		before := a.shared[id]
		now := sharedOffers(tenants, id, a.owners[id])
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

// sharedOffers returns the offer IDs of a campaign's ID that more than one of its merchants has, ascending.
func sharedOffers(tenants map[string]*tenant, campaign string, merchants map[string]bool) []string {
	count := make(map[string]int)
	for merchant := range merchants {
		l := tenants[merchant].campaigns[campaign].listing
		for i := range l.Sites {
			count[l.Sites[i].Venue.ID]++
		}
	}
	maps.DeleteFunc(count, func(_ string, n int) bool { return n < 2 })
	var offers []string
	for venue := range count {
		offers = append(offers, engine.OfferID(campaign, venue))
	}
	slices.Sort(offers)
	return offers
}
