package decision

import (
	"math"
	"slices"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
)

// The bounds of what is retrieved.
const (
	maxSites     = 16  // venues that a campaign with fences of its own offers, those nearest to the traveller
	nearMiss     = 400 // metres; with explanations, fences that end that near are told of too
	maxUnlocated = 100 // candidates that are told of when the location is missing
)

// retrieve finds the candidates: of the fences that hold the place and, with explanations, of those that nearly do; and of
// the venues within the request's radius. Their order means nothing.
func (r *run) retrieve() {
	location := r.request.Location
	if location == nil {
		if r.full {
			r.retrieveUnlocated()
		}
		return
	}
	r.hits = r.snap.Fences.Lookup(r.hits[:0], location.Position)
	for _, handle := range r.hits {
		r.meet(r.snap.Holders.At(handle), true)
	}
	if r.full {
		r.hits = r.snap.Fences.Within(r.hits[:0], location.Position, nearMiss)
		for _, handle := range r.hits {
			r.meet(r.snap.Holders.At(handle), false)
		}
	}
	if r.request.Radius <= 0 {
		return
	}
	r.near = r.snap.Places.Within(r.near[:0], location.Position, r.request.Radius)
	for _, near := range r.near {
		for _, at := range r.snap.Residents.At(near.Handle).At {
			r.candidate(at.Listing, at.Site).near = true
		}
	}
}

// meet makes candidates of a fence that a lookup found.
func (r *run) meet(h engine.Holder, inside bool) {
	l := h.Listing
	switch {
	case l == nil:
		return
	case h.Site != engine.AllSites:
		r.candidate(l, h.Site).found(h.Fence, inside)
	case l.Points != nil && len(l.Sites) > maxSites:
		r.near = l.Points.Nearest(r.near[:0], r.request.Location.Position, maxSites)
		for _, near := range r.near {
			r.candidate(l, int(near.Handle)).found(h.Fence, inside)
		}
	default:
		for site := range l.Sites {
			r.candidate(l, site).found(h.Fence, inside)
		}
	}
}

// candidate returns the candidate of a site, made at the first call for it. It is valid until the next call.
func (r *run) candidate(l *engine.Listing, site int) *candidate {
	key := place{l, site}
	if i, ok := r.places[key]; ok {
		return &r.candidates[i]
	}
	r.places[key] = len(r.candidates)
	r.candidates = append(r.candidates, candidate{place: key, distance: -1, row: -1})
	return &r.candidates[len(r.candidates)-1]
}

func (c *candidate) found(f *geo.Fence, inside bool) {
	if inside || c.fence == nil {
		c.fence = f
	}
	c.inside = c.inside || inside
}

// retrieveUnlocated takes the first placings there are by offer ID. Cost: linear in the placings.
func (r *run) retrieveUnlocated() {
	type named struct {
		id string
		at engine.Placing
	}
	var first []named
	compare := func(n named, id []byte) int {
		switch {
		case n.id < string(id):
			return -1
		case n.id > string(id):
			return 1
		}
		return 0
	}
	var id []byte
	for handle := range uint32(r.snap.Residents.Len()) {
		for _, at := range r.snap.Residents.At(handle).At {
			id = r.appendID(id[:0], place{at.Listing, at.Site})
			if len(first) == maxUnlocated && string(id) >= first[maxUnlocated-1].id {
				continue
			}
			i, found := slices.BinarySearchFunc(first, id, compare)
			if found {
				continue
			}
			first = slices.Insert(first, i, named{string(id), at})
			first = first[:min(len(first), maxUnlocated)]
		}
	}
	for _, n := range first {
		r.candidate(n.at.Listing, n.at.Site)
	}
}

// appendID appends the offer's ID, with its merchant's where two merchants share it.
func (r *run) appendID(dst []byte, p place) []byte {
	start := len(dst)
	dst = append(dst, p.listing.Merchant.ID...)
	dst = append(dst, '/')
	plain := len(dst)
	dst = append(dst, p.listing.ID...)
	dst = append(dst, '@')
	dst = append(dst, p.siteOf().ID...)
	if r.snap.Ambiguous[string(dst[plain:])] {
		return dst
	}
	return append(dst[:start], dst[plain:]...)
}

// chance is that of being inside a listing's own fences, the same for each of its sites.
type chance struct {
	listing *engine.Listing
	value   float64
}

// insideProbability returns the chance of being in the best of a candidate's fences.
func (r *run) insideProbability(c *candidate) float64 {
	if r.accuracy <= 0 {
		if c.inside {
			return 1
		}
		return 0
	}
	p := r.request.Location.Position
	if radius := c.circle(); radius > 0 {
		if r.isDeepInside(c, radius) {
			return 1
		}
		if f := c.ownFence(); f != nil {
			return f.InsideProbability(p, r.accuracy)
		}
		return 0
	}
	if r.shared.listing == c.listing {
		return r.shared.value
	}
	best := 0.0
	if c.fence != nil {
		best = c.fence.InsideProbability(p, r.accuracy)
	}
	for _, f := range c.listing.Fences {
		if f != c.fence {
			best = max(best, f.InsideProbability(p, r.accuracy))
		}
	}
	r.shared = chance{c.listing, best}
	return best
}

// circle returns the radius of the circle round the venue of a campaign without fences of its own; 0: it has some.
func (c *candidate) circle() geo.Meters {
	switch {
	case c.digest != nil && math.IsInf(float64(c.digest.radius), 1):
		return 0
	case c.digest != nil:
		return geo.Meters(c.digest.radius)
	case len(c.listing.Fences) == 0:
		return c.listing.Radius
	}
	return 0
}

// ownFence returns the circle round the venue of a campaign without fences of its own; nil for a radius out of range.
func (c *candidate) ownFence() *geo.Fence {
	if c.fence != nil {
		return c.fence
	}
	f, err := geo.NewCircle(c.siteOf().Position, c.listing.Radius)
	if err != nil {
		return nil
	}
	c.fence = f
	return f
}

// deep is how many accuracies within a circle a chance of being inside is 1 to six decimals: the disc of that radius round the position
// holds all but exp(-(1.5096 × 3.65)² / 2) = 2.6e-7 of the fix's distribution, see geo.Fence.InsideProbability.
const deep = 3.65

// isDeepInside reports whether the chance of being in the circle round a candidate's venue is 1 to six decimals, without its integral.
func (r *run) isDeepInside(c *candidate, radius geo.Meters) bool {
	return c.inside && radius-r.metres(c) > deep*r.accuracy
}

// outside returns how far the position is from the nearest of a candidate's fences.
func (r *run) outside(c *candidate) geo.Meters {
	p := r.request.Location.Position
	fences := c.listing.Fences
	if len(fences) == 0 {
		if f := c.ownFence(); f != nil {
			return f.Distance(p)
		}
		return 0
	}
	best := geo.Meters(math.Inf(1))
	if c.fence != nil {
		best = c.fence.Distance(p)
	}
	for _, f := range fences {
		best = min(best, f.Distance(p))
	}
	return best
}

// metres returns how far the venue is. The request has a location.
func (r *run) metres(c *candidate) geo.Meters {
	if c.distance < 0 {
		c.distance = r.request.Location.Position.Distance(c.position())
	}
	return c.distance
}

// position returns the venue's, out of the digest where there is one: the venue itself is far away in memory.
func (c *candidate) position() geo.LatLng {
	if c.digest != nil {
		return c.digest.at
	}
	return c.siteOf().Position
}
