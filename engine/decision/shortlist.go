package decision

import (
	"slices"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
	"github.com/sihai-network/sihai/scoring"
)

// match is a place that a request without explanations meets. It holds no pointer: to write hundreds of them while the collector is at work takes longer
// than to find the glance again.
type match struct {
	handle  uint32 // of the fence by which it was met
	special int32  // index into specials; below 0: it is none
}

// special is a match of which its handle alone does not tell enough: it can be met by several fences, or by the request's radius.
type special struct {
	digest *digest
	fence  *geo.Fence // the last one met of those that hold the position; nil: none does
	near   bool       // its venue is within the request's radius
}

// glanceOf returns the glance of a match.
func (r *run) glanceOf(m match) *glance {
	if m.special >= 0 {
		return &r.specials[m.special].digest.glance
	}
	return &r.desk.glances[m.handle/geo.ChunkLen][m.handle%geo.ChunkLen]
}

// digestOf returns the digest of a match, which is far away in memory.
func (r *run) digestOf(m *match) *digest {
	if m.special >= 0 {
		return r.specials[m.special].digest
	}
	return r.pageOf(m.handle).digests[m.handle%geo.ChunkLen]
}

// What is known of a match besides the index of its candidate, from 1.
const (
	unsettled int32 = 0 // not yet looked at closely; below it is the number of a reason, with its sign turned, why it may not be offered
)

// voice is the language of an offer, and the feature that it gives.
type voice struct {
	spoken
	value float64
}

// voiceOf returns the voice of a text; its index is below 0 where none fits.
func (r *run) voiceOf(set *engine.LanguageSet) voice {
	s := r.spokenOf(set)
	return voice{s, scoring.LanguageValue(s.rank)}
}

// voiceFor returns the voice of a text whose languages have a number, found once for all of them. It is valid until the next call.
func (r *run) voiceFor(number uint32, set *engine.LanguageSet) *voice {
	v, known := r.voices.at(number)
	if !known {
		*v = r.voiceOf(set)
	}
	return v
}

// isQuick reports whether a request can be answered from digests: no rejections are asked for, which need every reason against every candidate, and nothing is
// explored, which needs the scores of many.
func (r *run) isQuick() bool {
	if r.full || r.digests == nil || r.request.Location == nil || r.explorer != nil {
		return false
	}
	year := r.request.Time.UTC().Year()
	return year >= firstYear && year < lastYear
}

// answerQuickly decides as retrieve and answer do, and looks closely only at the matches whose bounds are high enough to be offered.
func (r *run) answerQuickly(id string) *engine.Decision {
	r.prepare()
	r.gather()
	r.noteSifted(len(r.specials))
	r.settled = slices.Grow(r.settled[:0], len(r.matches))[:len(r.matches)]
	clear(r.settled)
	if r.scorer.HasTrees() {
		r.settleAll()
	}
	d := r.decision(id)
	for i := range r.request.Placements {
		d.Placements[i] = r.shortlist(&r.request.Placements[i])
	}
	d.Withheld = slices.Clone(r.withheld)
	return d
}

// prepare begins the memos of a request.
func (r *run) prepare() {
	r.nanos = r.request.Time.UnixNano()
	r.season = seasonOf(r.scorer, r.nanos)
	r.seasonNumber, r.base = r.digests.seasons.of(&r.season, sameSeason), r.season.base()
	r.tick, r.axis = tickOf(r.nanos), axisOf(r.request.Location.Position)
	r.hasTastes, r.spends = len(r.request.User.CategoryAffinities) > 0, !r.request.Purchase.IsZero()
	if !r.hasTastes {
		r.base += r.season.weights[scoring.CategoryAffinity] * scoring.UnknownAffinity
	}
	if r.accuracy > 0 {
		r.perAccuracy = float32(min(max(1/r.accuracy, 1e-20), 1e20)) // so that no product with it is without meaning
	}
	r.ground = epoch{rates: r.rates.source, popular: r.snap.Popularity}
	if r.priced {
		r.ground.prices = r.snap.Prices
	}
	r.epoch = r.digests.epochs.of(&r.ground, sameEpoch)
	r.open.forget()
	r.windows.forget()
	r.hours.forget()
	r.partners.forget()
	r.drops = r.drops[:0]
	r.readers.forget()
	r.spoken.forget()
	r.voices.forget()
	r.tastes.forget()
	r.matches, r.odd, r.entrants = r.matches[:0], r.odd[:0], r.entrants[:0]
}

// tasteOf returns the traveller's affinity to an offer.
func (r *run) tasteOf(m *match) float64 {
	if !r.hasTastes {
		return scoring.UnknownAffinity
	}
	taste, known := r.tastes.at(r.glanceOf(*m).taste)
	if !known {
		*taste = r.affinity(r.digestOf(m).place)
	}
	return *taste
}

// shortlist fills one placement from the matches.
func (r *run) shortlist(p *engine.PlacementRequest) engine.Placement {
	entrants := r.entrants
	if len(p.Categories) > 0 || len(p.ExcludeMerchants) > 0 {
		r.allowed = r.allowed[:0]
		for _, e := range r.entrants {
			if at := r.digestOf(&r.matches[e.Ref]).place; categoryAllowed(p, at) && merchantAllowed(p, at) {
				r.allowed = append(r.allowed, e)
			}
		}
		entrants = r.allowed
	}
	r.chosen = r.chosen[:0]
	top := r.race.Top(entrants, p.Count, &r.snap.Profile, r)
	r.notePlacement(p, top)
	for _, i := range top {
		r.chosen = append(r.chosen, int(r.settled[i]-1))
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
	if r.settled[i] == unsettled {
		r.settled[i] = r.settle(&r.matches[i])
	}
	if r.settled[i] < unsettled {
		return 0, false
	}
	return r.worth(&r.candidates[r.settled[i]-1]), true
}

// settle asks the rules that are left and makes a candidate of a match that they all allow.
func (r *run) settle(m *match) int32 {
	d := r.digestOf(m)
	v, _ := r.voices.at(d.voice)
	r.candidates = append(r.candidates, candidate{place: d.place, digest: d, spoken: v.spoken, distance: -1, row: -1})
	c := &r.candidates[len(r.candidates)-1]
	if m.special >= 0 {
		s := &r.specials[m.special]
		c.fence, c.inside, c.near = s.fence, s.fence != nil, s.near
	} else {
		c.fence, c.inside = r.snap.Holders.At(m.handle).Fence, true
	}
	switch {
	case !r.inReach(c):
		return -int32(engine.LocationTooVague)
	case d.traits&ruled != 0 && !r.keepsRule(c):
		return -int32(engine.AudienceNotMatched)
	case d.traits&limited != 0 && !r.withinLimits(c):
		return -int32(r.firstLimit(c))
	}
	f := d.facts()
	if r.spends {
		f.gains = r.gainsOf(d.place, r.request.Purchase)
	}
	r.addFeatures(c, &f, r.tasteOf(m))
	if c.price = d.price; r.spends {
		c.price = r.priceOf(d.place, r.request.Purchase)
	}
	if !r.scorer.HasTrees() {
		r.scores = r.scorer.Extend(r.scores, &r.rows)
	}
	return int32(len(r.candidates))
}

// settleAll looks closely at every match and scores in one block those that may be offered: no bound of weights holds where trees score. The entrants
// that are left are bound by their scores.
func (r *run) settleAll() {
	n := 0
	for _, e := range r.entrants {
		if r.settled[e.Ref] = r.settle(&r.matches[e.Ref]); r.settled[e.Ref] > 0 {
			r.entrants[n] = e
			n++
		}
	}
	r.entrants = r.entrants[:n]
	r.scores = r.scorer.Score(r.scores, &r.rows)
	for i := range r.entrants {
		e := &r.entrants[i]
		e.Bound = r.worth(&r.candidates[r.settled[e.Ref]-1])
	}
}

// withinLimits reports whether no limit keeps a candidate out, and notes one that is kept out.
func (r *run) withinLimits(c *candidate) bool {
	limits := r.settings.limits
	if limits == nil || limits.Within(c.listing, c.site, r.request.User.ID, r.request.Time) {
		return true
	}
	r.withheld = append(r.withheld, engine.Withheld{
		CampaignRef: engine.CampaignRef{MerchantID: c.listing.Merchant.ID, CampaignID: c.listing.ID}, VenueID: c.listing.Sites[c.site].ID,
	})
	return false
}

// firstLimit returns the least code of the limits that keep a candidate out, for those who count them.
func (r *run) firstLimit(c *candidate) engine.ReasonCode {
	if r.marks == nil {
		return engine.BudgetExhausted
	}
	least := engine.BudgetExhausted // also where it is no longer kept out
	for i, reason := range r.settings.limits.Check(nil, c.listing, c.site, r.request.User.ID, r.request.Time) {
		if i == 0 || reason.Code < least {
			least = reason.Code
		}
	}
	return least
}

// Before compares the offers' IDs: see scoring.Field.
func (r *run) Before(i, j int32) bool {
	r.names = r.appendID(r.names[:0], r.digestOf(&r.matches[i]).place)
	end := len(r.names)
	r.names = r.appendID(r.names, r.digestOf(&r.matches[j]).place)
	return string(r.names[:end]) < string(r.names[end:])
}
