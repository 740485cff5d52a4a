package catalog

import (
	"maps"
	"slices"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
)

// relist makes the listing of a campaign anew and notes what that changes: fences whose content is still there keep their
// handles.
func (b *builder) relist(ref engine.CampaignRef, e *edit) {
	t := b.tenants[ref.MerchantID]
	if t == nil || t.campaigns[ref.CampaignID] == nil {
		return
	}
	entry := t.campaigns[ref.CampaignID]
	old := entry.listing
	entry.listing = b.list(t, entry)
	b.replaceFences(entry, e)
	unplace(ref, t, old, e)
	if l := entry.listing; l != nil {
		for i := range l.Sites {
			id := l.Sites[i].Venue.ID
			t.placeOf(id).placings[ref.CampaignID] = engine.Placing{Listing: l, Site: i}
			e.touched[placeRef{ref.MerchantID, id}] = true
		}
	}
	switch {
	case old == nil && entry.listing != nil:
		b.snapshot.Listings++
	case old != nil && entry.listing == nil:
		b.snapshot.Listings--
	}
	b.ambiguity.touch(ref, entry.listing != nil)
	if entry.campaign == nil {
		delete(t.campaigns, ref.CampaignID)
	}
}

// list returns the listing of a campaign, or nil when there is nothing to offer: without a merchant or a venue.
func (b *builder) list(t *tenant, entry *entry) *engine.Listing {
	if entry.campaign == nil || t.merchant == nil {
		return nil
	}
	sites := t.sitesOf(&entry.campaign.Venues)
	if len(sites) == 0 {
		return nil
	}
	return newListing(entry.campaign, entry.terms, t.merchant, sites)
}

// unplace takes a listing off the places where it held.
func unplace(ref engine.CampaignRef, t *tenant, old *engine.Listing, e *edit) {
	if old == nil {
		return
	}
	for i := range old.Sites {
		id := old.Sites[i].Venue.ID
		delete(t.places[id].placings, ref.CampaignID)
		e.touched[placeRef{ref.MerchantID, id}] = true
	}
}

// replaceFences brings the fences of a listing into the index, and takes those out that it no longer has.
func (b *builder) replaceFences(entry *entry, e *edit) {
	before := entry.fences
	entry.fences = make(map[fenceKey]*fenced)
	b.eachFence(entry, func(key fenceKey, site int, fence *geo.Fence) *geo.Fence {
		if again := entry.fences[key]; again != nil {
			return again.shape.fence
		}
		at := before[key]
		if at == nil {
			at = &fenced{b.fences.take(), b.shapes.use(key.shape, fence)}
			e.come[at.handle] = at.shape
		}
		delete(before, key)
		entry.fences[key] = at
		e.holders[at.handle] = engine.Holder{Listing: entry.listing, Site: site, Fence: at.shape.fence}
		return at.shape.fence
	})
	gone := make([]uint32, 0, len(before))
	for _, at := range before {
		gone = append(gone, at.handle)
		e.holders[at.handle] = engine.Holder{}
		b.shapes.leave(at.shape)
	}
	slices.Sort(gone)
	e.gone = append(e.gone, gone...)
}

// eachFence calls fn for every fence of a listing, with the site for which it holds. fn returns the fence of the same content
// that is in the index, which takes the place of the campaign's own.
func (b *builder) eachFence(entry *entry, fn func(key fenceKey, site int, fence *geo.Fence) *geo.Fence) {
	l := entry.listing
	if l == nil {
		return
	}
	if fences := l.Campaign.Geofences; len(fences) > 0 {
		for i := range fences {
			key := fenceKey{shape: keyOfGeofence(&fences[i])}
			if shared := fn(key, engine.AllSites, fences[i].Fence); shared != fences[i].Fence {
				entry.shareFence(i, shared)
			}
		}
		return
	}
	radius := l.Campaign.Venues.Radius
	if radius == 0 {
		radius = engine.DefaultVenueRadius
	}
	for i := range l.Sites {
		v := l.Sites[i].Venue
		circle, err := geo.NewCircle(v.Position, radius)
		if err != nil {
			b.log.Error("circle round venue left out of the catalog", "merchant", v.MerchantID, "venue", v.ID, "error", err)
			continue
		}
		key := shapeKey{circle: engine.Circle{Center: v.Position, Radius: radius}}
		fn(fenceKey{key, v.ID}, i, circle)
	}
}

// shareFence gives a geofence the fence of the same content that is in the index. The campaign may be in a snapshot already, so
// that it is changed in a copy.
func (e *entry) shareFence(i int, shared *geo.Fence) {
	c := *e.campaign
	c.Geofences = slices.Clone(c.Geofences)
	c.Geofences[i].Fence = shared
	e.campaign = &c
	e.listing.Campaign = &c
}

// resettle makes the resident of a place anew.
func (b *builder) resettle(ref placeRef, e *edit) {
	t := b.tenants[ref.merchant]
	p := t.places[ref.venue]
	if len(p.placings) == 0 {
		if p.venue != nil {
			e.left = append(e.left, p.handle)
			e.resident[p.handle] = engine.Resident{}
		}
		delete(t.places, ref.venue)
		return
	}
	v := t.sites[ref.venue].Venue
	if p.venue == nil {
		p.handle = b.places.take()
	}
	if p.venue == nil || p.venue.Position != v.Position {
		e.points = append(e.points, geo.Point{Handle: p.handle, At: v.Position})
	}
	p.venue = v
	at := make([]engine.Placing, 0, len(p.placings))
	for _, id := range slices.Sorted(maps.Keys(p.placings)) {
		at = append(at, p.placings[id])
	}
	e.resident[p.handle] = engine.Resident{Venue: v, At: at}
}
