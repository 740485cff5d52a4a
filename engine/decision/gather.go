package decision

import (
	"sync/atomic"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
)

// gather finds the matches, as retrieve finds the candidates.
func (r *run) gather() {
	position, radius := r.request.Location.Position, r.request.Radius
	r.hits = r.snap.Fences.Lookup(r.hits[:0], position)
	shelf := r.digests.fences.view(r.snap.Holders.Len())
	for _, handle := range r.hits {
		h := r.snap.Holders.At(handle)
		if h.Listing == nil {
			continue
		}
		slot := &shelf[handle/shelfSize][handle%shelfSize]
		first := slot.Load()
		if first == nil || first.listing != h.Listing || first.epoch != r.epoch || h.Site != engine.AllSites && first.site != h.Site {
			if first = r.describeHolder(h); first == nil {
				continue
			}
			slot.Store(first)
		}
		if first.sites != nil {
			r.gatherNearest(h, first.sites)
			continue
		}
		for d := first; d != nil; d = d.next {
			r.take(d, h.Fence, radius > 0 || d.many)
		}
	}
	if radius > 0 {
		r.gatherNear(position, radius)
	}
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
			if m := r.take(d, nil, true); m != nil {
				m.near = true
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
		return first
	}
	for site := len(h.Listing.Sites) - 1; site >= 0; site-- {
		d := r.describe(place{h.Listing, site})
		d.next, first = first, d
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

// take makes a match of a place unless its digest rules it out, and returns the match, valid until the next call; nil: none. A place that
// can be met twice is taken once. The fence is one that holds the position; nil: none does.
func (r *run) take(d *digest, fence *geo.Fence, twice bool) *match {
	if r.nanos < d.begins || r.nanos >= d.ends || !r.suits(d) {
		return nil
	}
	if twice {
		if i, ok := r.places[d.place]; ok {
			m := &r.matches[i]
			if fence != nil {
				m.fence, m.inside = fence, true
			}
			return m
		}
		r.places[d.place] = len(r.matches)
	}
	r.matches = append(r.matches, match{digest: d, fence: fence, inside: fence != nil, candidate: unsettled})
	return &r.matches[len(r.matches)-1]
}

// suits reports whether the rules hold that many places have in common, each asked once for all of them.
func (r *run) suits(d *digest) bool {
	open, known := r.open.at(d.hours)
	if !known {
		*open = r.inWindow(d.place) && r.isOpen(d.place)
	}
	if !*open {
		return false
	}
	listed, known := r.readers.at(d.readers)
	if !known {
		*listed = r.isListed(d.listing)
	}
	if !*listed {
		return false
	}
	v, known := r.voices.at(d.voice)
	if !known {
		*v = r.voiceOf(d.listing.Languages)
	}
	return v.index >= 0
}
