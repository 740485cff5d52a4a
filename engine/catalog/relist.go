package catalog

import (
	"slices"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
)

// relist makes the listing of a campaign anew and notes what that changes: fences whose content is still there keep their
// handles.
func (b *builder) relist(at *entry, e *edit) {
	old := at.listing
	var steads []*stead
	at.listing = nil
	if at.terms != nil && at.tenant.merchant != nil {
		if steads = at.tenant.sitesOf(at); len(steads) > 0 { // there is nothing to offer without a merchant or a venue
			at.listing = newListing(at.terms, at.tenant.merchant, steads)
		}
	}
	b.refence(at, steads, e)
	b.unplace(at, old)
	if l := at.listing; l != nil {
		for i, s := range steads {
			s.place(at.id, engine.Placing{Listing: l, Site: i})
			b.touch(s)
		}
	}
	switch {
	case old == nil && at.listing != nil:
		b.snapshot.Listings++
	case old != nil && at.listing == nil:
		b.snapshot.Listings--
	}
	b.ambiguity.touch(at)
	if at.terms == nil {
		delete(at.tenant.campaigns, at.id)
	}
}

// unplace takes a campaign off the venues where its old listing held and the new one does not.
func (b *builder) unplace(at *entry, old *engine.Listing) {
	if old == nil || at.listing != nil && slices.Equal(at.listing.Sites, old.Sites) {
		return
	}
	for _, site := range old.Sites {
		s := at.tenant.steads[site.ID]
		s.place(at.id, engine.Placing{})
		b.touch(s)
	}
}

// refence brings the fences of a listing into the index, and takes those out that it no longer has.
func (b *builder) refence(at *entry, steads []*stead, e *edit) {
	before, list := fencesOf(at.fences), at.fences
	at.fences = nil
	var now fencedSet
	if at.listing != nil {
		b.eachFence(at, steads, func(s *stead, site int, fence *geo.Fence, known *shape) *geo.Fence {
			if f, ok := now.find(s, fence); ok {
				return f.fence
			}
			f, ok := before.find(s, fence)
			if !ok {
				f = fenced{fence: fence, stead: s, handle: b.fences.take()}
				item := geo.Item{Handle: f.handle, Fence: fence}
				if known != nil && known.covering != nil {
					item.Covering = known.covering
					e.covered = append(e.covered, known)
				}
				e.come = append(e.come, item)
			}
			now.add(f)
			at.fences = append(at.fences, f)
			e.holders.Set(f.handle, engine.Holder{Listing: at.listing, Site: site, Fence: f.fence})
			return f.fence
		})
	}
	for _, f := range list {
		if _, stays := now.find(f.stead, f.fence); !stays {
			e.gone = append(e.gone, f.handle)
			e.holders.Set(f.handle, engine.Holder{})
		}
	}
}

// eachFence calls fn for every fence of a listing, with the venue round which it is, the site for which it holds and its shape, if any. fn returns the fence of the same
// content that is in the index, which takes the place of the campaign's own.
func (b *builder) eachFence(at *entry, steads []*stead, fn func(s *stead, site int, fence *geo.Fence, known *shape) *geo.Fence) {
	own := at.terms.Fences
	at.fences = make([]fenced, 0, max(len(own), 1))
	if len(own) > 0 {
		for i, fence := range own {
			var known *shape
			if at.shapes != nil {
				known = at.shapes[i]
			}
			if shared := fn(nil, engine.AllSites, fence, known); shared != fence {
				own[i] = shared // of terms that are in no snapshot yet: in any other these are the same
			}
		}
		return
	}
	at.fences = slices.Grow(at.fences, len(steads))
	for i, s := range steads {
		circle, err := geo.NewCircle(s.site.Position, at.terms.Radius)
		if err != nil {
			b.log.Error("circle round venue left out of the catalog", "merchant", at.tenant.id, "venue", s.id, "error", err)
			continue
		}
		fn(s, i, circle, nil)
	}
}

// resettle makes the resident of a place anew.
func (b *builder) resettle(s *stead, e *edit) {
	s.own = false
	if len(s.at) == 0 {
		if s.published != nil {
			e.left = append(e.left, s.handle)
			e.residents.Set(s.handle, engine.Resident{})
		}
		s.published, s.at = nil, nil
		s.tenant.forget(s)
		return
	}
	if s.published == nil {
		s.handle = b.places.take()
	}
	if s.published == nil || s.published.Position != s.site.Position {
		e.points = append(e.points, geo.Point{Handle: s.handle, At: s.site.Position})
	}
	s.published = s.site
	s.at = slices.Clip(s.at)
	e.residents.Set(s.handle, engine.Resident{Site: s.site, At: s.at})
}
