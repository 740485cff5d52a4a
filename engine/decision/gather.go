package decision

import (
	"sync/atomic"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
)

// sighted is how many glances are sought before the first is read: they come from memory together.
const sighted = 64

// gather finds the matches, as retrieve finds the candidates, and bounds their scores.
func (r *run) gather() {
	position, radius := r.request.Location.Position, r.request.Radius
	r.hits = r.snap.Fences.Lookup(r.hits[:0], position)
	for hits := r.hits; len(hits) > 0; {
		n, first := min(len(hits), sighted), len(r.matches)
		r.see(hits[:n])
		r.sift(first)
		r.weigh(first, true)
		hits = hits[n:]
	}
	for _, handle := range r.odd {
		r.meetFence(handle)
	}
	if radius > 0 {
		r.gatherNear(position, radius)
	}
}

// see makes matches of what fences lead to, of which most are sifted out again. The few that their handle alone does not tell are odd.
func (r *run) see(handles []uint32) {
	odd := many | several
	if r.request.Radius > 0 {
		odd = plain
	}
	matches, open := r.matches, r.desk.glances
	for _, handle := range handles {
		n, at := int(handle/geo.ChunkLen), handle%geo.ChunkLen
		if n >= len(open) || open[n] == nil {
			if r.openPage(n) == nil {
				continue
			}
			open = r.desk.glances
		}
		g := &open[n][at]
		if g.state.Load() != ready || (g.traits|plain)&odd != 0 {
			r.odd = append(r.odd, handle)
			continue
		}
		matches = append(matches, match{handle: handle, special: -1})
	}
	r.matches = matches
}

// meetFence takes the places of a fence that cannot be told by its handle alone, that are to be found again, or that have no digest yet.
func (r *run) meetFence(handle uint32) {
	h := r.snap.Holders.At(handle)
	if h.Listing == nil {
		return
	}
	first := r.firstOf(handle, h)
	switch {
	case first == nil:
		return
	case first.sites != nil:
		r.gatherNearest(h, first.sites)
		return
	}
	for d := first; d != nil; d = d.next {
		r.take(d, h.Fence, r.request.Radius > 0 || d.traits&many != 0)
	}
}

// firstOf returns the digest of a fence, made at the first call; nil: it leads to no place.
func (r *run) firstOf(handle uint32, h engine.Holder) *digest {
	p, at := r.pageOf(handle), int(handle%geo.ChunkLen)
	if p.glances[at].state.Load() == ready {
		return p.digests[at]
	}
	d := r.describeHolder(h)
	p.set(at, d)
	return d
}

// gatherNearest takes the nearest of a fence's many venues.
func (r *run) gatherNearest(h engine.Holder, sites []atomic.Pointer[digest]) {
	r.near = h.Listing.Points.Nearest(r.near[:0], r.request.Location.Position, maxSites)
	for _, near := range r.near {
		d := sites[near.Handle].Load()
		if d == nil {
			d = r.describe(place{h.Listing, int(near.Handle)})
			sites[near.Handle].Store(d)
		}
		r.take(d, h.Fence, true)
	}
}

// gatherNear takes the venues within the request's radius.
func (r *run) gatherNear(position geo.LatLng, radius geo.Meters) {
	r.near = r.snap.Places.Within(r.near[:0], position, radius)
	shelf := r.digests.venues.view(r.snap.Residents.Len())
	for _, near := range r.near {
		at := r.snap.Residents.At(near.Handle).At
		slot := &shelf[near.Handle/shelfSize][near.Handle%shelfSize]
		first := slot.Load()
		if !first.describes(at, r.epoch) {
			first = r.describePlacings(at)
			slot.Store(first)
		}
		for d := first; d != nil; d = d.next {
			if s := r.take(d, nil, true); s != nil {
				s.near = true
			}
		}
	}
}

// describeHolder makes the digests of the places that a fence leads to.
func (r *run) describeHolder(h engine.Holder) (first *digest) {
	if h.Site != engine.AllSites {
		return r.describe(place{h.Listing, h.Site})
	}
	if n := len(h.Listing.Sites); n > maxSites && h.Listing.Points != nil {
		first = r.describe(place{h.Listing, 0})
		first.sites = make([]atomic.Pointer[digest], n)
		first.traits |= several
		return first
	}
	for site := len(h.Listing.Sites) - 1; site >= 0; site-- {
		d := r.describe(place{h.Listing, site})
		d.next, first = first, d
	}
	if first != nil && first.next != nil {
		first.traits |= several
	}
	return first
}

// describePlacings makes the digests of the campaigns at a venue.
func (r *run) describePlacings(at []engine.Placing) (first *digest) {
	for i := len(at) - 1; i >= 0; i-- {
		d := r.describe(place{at[i].Listing, at[i].Site})
		d.next, first = first, d
	}
	return first
}

// describes reports whether digests are those of the campaigns at a venue.
func (d *digest) describes(at []engine.Placing, epoch uint32) bool {
	for i := range at {
		if d == nil || d.epoch != epoch || d.listing != at[i].Listing || d.site != at[i].Site {
			return false
		}
		d = d.next
	}
	return d == nil
}

// take makes a special match of a place unless it may not be offered, and returns it, valid until the next call; nil: none. A place that can be met
// twice is taken once. The fence is one that holds the position; nil: none does.
func (r *run) take(d *digest, fence *geo.Fence, twice bool) *special {
	if twice {
		if i, ok := r.places[d.place]; ok {
			if i < 0 {
				return nil // it was sifted out before
			}
			s := &r.specials[i]
			if fence != nil {
				s.fence = fence
			}
			return s
		}
	}
	at, first := len(r.specials), len(r.matches)
	r.specials = append(r.specials, special{digest: d, fence: fence})
	r.matches = append(r.matches, match{special: int32(at)})
	if r.sift(first); len(r.matches) == first {
		r.specials = r.specials[:at]
		r.noteSpecial(d)
		if twice {
			r.places[d.place] = -1
		}
		return nil
	}
	if twice {
		r.places[d.place] = at
	}
	r.weigh(first, fence != nil)
	if d.traits&many != 0 {
		r.entrants[first].Campaign = r.campaignNumber(d.listing)
	}
	return &r.specials[at]
}
