package decision

import (
	"slices"
	"sync/atomic"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
	"github.com/sihai-network/sihai/scoring"
)

// match is a place that a request without explanations met and that its digest does not rule out.
type match struct {
	digest    *digest
	fence     *geo.Fence
	candidate int32 // its index; one of the following before that
	inside    bool  // one of its fences holds the position
	near      bool  // its venue is within the request's radius
}

const (
	unsettled int32 = -1 // not yet looked at closely
	ruledOut  int32 = -2 // it may not be offered
)

// voice is the language of an offer, and the feature that it gives.
type voice struct {
	spoken
	value float64
}

// isQuick reports whether a request can be answered from digests: no rejections are asked for, which need every reason against every candidate.
func (r *run) isQuick() bool {
	if r.full || r.digests == nil || r.request.Location == nil {
		return false
	}
	year := r.request.Time.UTC().Year()
	return year >= firstYear && year < lastYear
}

// answerQuickly decides as retrieve and answer do, and looks closely only at the matches whose bounds are high enough to be offered.
func (r *run) answerQuickly(id string) *engine.Decision {
	r.prepare()
	r.gather()
	r.enter()
	d := r.decision(id)
	for i := range r.request.Placements {
		d.Placements[i] = r.shortlist(&r.request.Placements[i])
	}
	return d
}

// prepare begins the memos of a request.
func (r *run) prepare() {
	r.nanos = r.request.Time.UnixNano()
	r.season = seasonOf(r.scorer, r.nanos)
	r.seasonNumber, r.base = r.digests.seasons.of(&r.season), r.season.base()
	r.axis = axisOf(r.request.Location.Position)
	r.epoch = r.digests.epochs.of(r.rates.source, r.snap.Popularity)
	r.open.forget()
	r.readers.forget()
	r.voices.forget()
	r.tastes.forget()
}

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
		v.spoken = r.spokenOf(d.listing)
		v.value = scoring.LanguageValue(v.rank)
	}
	return v.index >= 0
}

// tasteOf returns the traveller's affinity to an offer.
func (r *run) tasteOf(d *digest) float64 {
	if len(r.request.User.CategoryAffinities) == 0 {
		return scoring.UnknownAffinity
	}
	taste, known := r.tastes.at(d.taste)
	if !known {
		*taste = r.affinity(d.place)
	}
	return *taste
}

// enter makes entrants of the matches.
func (r *run) enter() {
	r.entrants = slices.Grow(r.entrants[:0], len(r.matches))
	for i := range r.matches {
		m := &r.matches[i]
		d := m.digest
		v, _ := r.voices.at(d.voice)
		e := scoring.Entrant{Bound: r.ceiling(m, v), Ref: int32(i), Merchant: d.merchant, Category: d.genre}
		if d.many {
			e.Campaign = r.campaignNumber(d.listing)
		}
		r.entrants = append(r.entrants, e)
	}
}

// shortlist fills one placement from the matches.
func (r *run) shortlist(p *engine.PlacementRequest) engine.Placement {
	entrants := r.entrants
	if len(p.Categories) > 0 || len(p.ExcludeMerchants) > 0 {
		r.allowed = r.allowed[:0]
		for _, e := range r.entrants {
			if at := r.matches[e.Ref].digest.place; categoryAllowed(p, at) && merchantAllowed(p, at) {
				r.allowed = append(r.allowed, e)
			}
		}
		entrants = r.allowed
	}
	r.chosen = r.chosen[:0]
	for _, i := range r.race.Top(entrants, p.Count, &r.snap.Profile, r) {
		r.chosen = append(r.chosen, int(r.matches[i].candidate))
	}
	return engine.Placement{ID: p.ID, Offers: r.offers(r.chosen)}
}

// campaignNumber numbers the campaigns of a request that may come with several venues.
func (r *run) campaignNumber(l *engine.Listing) uint32 {
	number, ok := r.campaigns[l]
	if !ok {
		number = uint32(len(r.campaigns) + 1)
		r.campaigns[l] = number
	}
	return number
}

// Score looks closely at a match: see scoring.Field.
func (r *run) Score(i int32) (score float64, ok bool) {
	m := &r.matches[i]
	if m.candidate == unsettled {
		m.candidate = r.settle(m)
	}
	if m.candidate == ruledOut {
		return 0, false
	}
	return r.scores[r.candidates[m.candidate].row], true
}

// settle asks the rules that are left and makes a candidate of a match that they all allow.
func (r *run) settle(m *match) int32 {
	d := m.digest
	v, _ := r.voices.at(d.voice)
	c := candidate{place: d.place, fence: m.fence, inside: m.inside, near: m.near, spoken: v.spoken, distance: -1, row: -1}
	if !r.inReach(&c) || !r.keepsRule(&c) || !r.withinLimits(&c) {
		return ruledOut
	}
	f := d.facts()
	if !r.request.Purchase.IsZero() {
		f.gains = r.gainsOf(d.place, r.request.Purchase)
	}
	r.addFeatures(&c, &f, r.tasteOf(d))
	r.scores = r.scorer.Extend(r.scores, &r.rows)
	r.candidates = append(r.candidates, c)
	return int32(len(r.candidates) - 1)
}

func (r *run) withinLimits(c *candidate) bool {
	limits := r.settings.limits
	if limits == nil {
		return true
	}
	r.limited = limits.Check(r.limited[:0], c.listing, c.site, r.request.User.ID, r.request.Time)
	return len(r.limited) == 0
}

// Before compares the offers' IDs: see scoring.Field.
func (r *run) Before(i, j int32) bool {
	r.names = r.appendID(r.names[:0], r.matches[i].digest.place)
	end := len(r.names)
	r.names = r.appendID(r.names, r.matches[j].digest.place)
	return string(r.names[:end]) < string(r.names[end:])
}
