package decision

import (
	"sync/atomic"

	"github.com/sihai-network/sihai/engine"
)

// creatives keeps creatives from one request to the next, of what was offered lately and at most maxCreatives of them. It is an array in
// which an offer in a language has one slot, where a newcomer drives out whoever is there. The zero value is empty. It is safe for concurrent use,
// without a lock.
type creatives [maxCreatives]atomic.Pointer[kept]

// maxCreatives bounds what is kept: with the forms that wire and the store make, a creative takes some 1.5 kB.
const maxCreatives = 1 << 15

// kept is a creative and what it was made for.
type kept struct {
	digest    uint32 // number
	ambiguous bool   // whether two merchants share its plain ID
	words     words
	estimate  estimate // for one who tells of no purchase
	plain     string   // its ID without the merchant
	engine.Creative
	forms engine.Forms
}

// words are the languages in which an offer is told: of its title and of its venue's name, by their index in the sets of the two.
type words struct{ title, name int }

// slot returns the slot of an offer in a language. Offers that were met one after another never share one.
func (c *creatives) slot(digest uint32, w words) *atomic.Pointer[kept] {
	return &c[(int(digest)+7919*w.title+12289*w.name)%maxCreatives]
}

// creativeOf returns the creative of a candidate that is offered and what it is thought to save: for one with a digest those of an
// earlier request, where they are kept.
func (r *run) creativeOf(c *candidate) (*engine.Creative, estimate) {
	d := c.digest
	if d == nil {
		w := words{title: c.spoken.index, name: -1}
		if set := c.listing.Sites[c.site].Names; set != nil && len(set.Tags) > 0 {
			w.name = max(r.tongue.speak(set, r.settings.fallback).index, 0)
		}
		made := new(engine.Creative)
		r.create(made, c.place, w)
		return made, r.estimateOf(c.place, r.request.Purchase)
	}
	k := r.keptOf(d, words{title: c.spoken.index, name: r.nameOf(d)})
	if !r.request.Purchase.IsZero() {
		return &k.Creative, r.estimateOf(c.place, r.request.Purchase)
	}
	return &k.Creative, k.estimate
}

// seek reads a word of what is kept of some candidates, so that all of it comes from memory together.
func (r *run) seek(chosen []int) (sum uint32) {
	for _, at := range chosen {
		c := &r.candidates[at]
		if c.digest == nil {
			continue
		}
		if k := r.digests.creatives.slot(c.digest.number, words{c.spoken.index, r.nameOf(c.digest)}).Load(); k != nil {
			sum += k.digest
		}
	}
	return sum
}

// keptOf returns what is kept of a digest in some words, made at the first need.
func (r *run) keptOf(d *digest, w words) *kept {
	slot := r.digests.creatives.slot(d.number, w)
	if k := slot.Load(); k != nil && k.digest == d.number && k.words == w && k.ambiguous == r.isAmbiguous(k.plain) {
		return k
	}
	k := &kept{digest: d.number, words: w, estimate: r.estimateOf(d.place, engine.Money{})}
	r.create(&k.Creative, d.place, w)
	k.Forms = &k.forms
	k.plain = engine.OfferID(k.CampaignID, k.Venue.ID)
	k.ambiguous = r.isAmbiguous(k.plain)
	slot.Store(k)
	return k
}

func (r *run) isAmbiguous(plain string) bool {
	return len(r.snap.Ambiguous) > 0 && r.snap.Ambiguous[plain]
}

// nameOf returns the language of the name of a digest's venue, by its index; -1: the venue has no name.
func (r *run) nameOf(d *digest) int {
	if d.name == 0 {
		return -1
	}
	return max(r.voiceFor(d.name, d.listing.Sites[d.site].Names).index, 0)
}

// create makes the creative of a place in some words.
func (r *run) create(made *engine.Creative, p place, w words) {
	campaign, site := p.listing.Campaign(), p.siteOf()
	venue := site.Venue()
	name := site.ID
	if w.name >= 0 {
		name = venue.Name[site.Names.Tags[w.name]]
	}
	tag := p.listing.Languages.Tags[w.title]
	r.names = r.appendID(r.names[:0], p)
	*made = engine.Creative{
		ID:         string(r.names),
		CampaignID: campaign.ID,
		MerchantID: campaign.MerchantID,
		Venue: engine.OfferVenue{
			ID: site.ID, Name: name, Position: site.Position, Category: venue.Category, TimeZone: venue.TimeZone,
		},
		Title:       campaign.Title[tag],
		Description: wording(campaign.Description, tag, r.settings.fallbackName),
		Terms:       wording(campaign.Terms, tag, r.settings.fallbackName),
		ImageURL:    campaign.ImageURL,
		Language:    tag,
		Discount:    campaign.Discount,
		EndsAt:      r.bound(campaign.Flight.End, p.zone()),

		CodeRequired: campaign.CodeRequired,
	}
	if !campaign.Display.Start.IsZero() {
		made.StartsAt = r.bound(campaign.Flight.Start, p.zone())
	}
}
