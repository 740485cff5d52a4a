package decision

import (
	"fmt"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
)

var _ engine.Trials = (*Service)(nil)

// trial tries one listing against requests, with the rules and the features of a decision.
type trial struct {
	settings settings
	snap     *engine.Snapshot
	listing  *engine.Listing
	fences   *geo.Index // by handle: of the sites, where the campaign has no fences of its own
	points   *geo.Points
	run      *run

	hits []uint32
}

// Trial implements engine.Trials. Cost: the coverings of the listing's fences.
func (s *Service) Trial(snap *engine.Snapshot, l *engine.Listing) (engine.Trial, error) {
	t := &trial{settings: s.settings, snap: snap, listing: l, run: newRun()}
	var items []geo.Item
	for i, f := range l.Fences {
		items = append(items, geo.Item{Handle: uint32(i), Fence: f})
	}
	at := make([]geo.LatLng, len(l.Sites))
	for i, site := range l.Sites {
		at[i] = site.Position
		if len(l.Fences) > 0 {
			continue
		}
		f, err := geo.NewCircle(site.Position, l.Radius)
		if err != nil {
			return nil, fmt.Errorf("try campaign %s: circle round venue %s: %w", l.ID, site.ID, err)
		}
		items = append(items, geo.Item{Handle: uint32(i), Fence: f})
	}
	t.fences, t.points = (*geo.Index)(nil).Apply(nil, items), geo.NewPoints(at)
	return t, nil
}

// Try implements engine.Trial.
func (t *trial) Try(dst []engine.TrialOffer, request *engine.Request) []engine.TrialOffer {
	if request.Location == nil || len(t.listing.Sites) == 0 {
		return dst
	}
	position := request.Location.Position
	t.hits = t.fences.Lookup(t.hits[:0], position)
	r := t.run
	if request.Radius > 0 {
		r.near = t.points.Within(r.near[:0], position, request.Radius)
	} else {
		r.near = r.near[:0]
	}
	if len(t.hits) == 0 && len(r.near) == 0 {
		return dst
	}
	r.begin(&t.settings, t.snap, nil, request)
	defer r.end()
	for _, n := range r.near {
		r.candidate(t.listing, int(n.Handle)).near = true
	}
	t.meet(position)
	for i := range r.candidates {
		dst = append(dst, t.judge(&r.candidates[i]))
	}
	return dst
}

// meet makes candidates of the fences that hold the position, as retrieve does.
func (t *trial) meet(position geo.LatLng) {
	r, l := t.run, t.listing
	for _, handle := range t.hits {
		switch {
		case len(l.Fences) == 0:
			r.candidate(l, int(handle)).found(nil, true)
		case len(l.Sites) > maxSites:
			r.near = t.points.Nearest(r.near[:0], position, maxSites)
			for _, n := range r.near {
				r.candidate(l, int(n.Handle)).found(l.Fences[handle], true)
			}
		default:
			for site := range l.Sites {
				r.candidate(l, site).found(l.Fences[handle], true)
			}
		}
	}
}

// judge tells the first reason against a candidate, or its features.
func (t *trial) judge(c *candidate) engine.TrialOffer {
	r := t.run
	o := engine.TrialOffer{Site: c.site}
	for _, rule := range rules[1:] { // whether it is enabled is not asked: the first reason against it is what counts
		if !rule.holds(r, c) {
			o.Against = rule.why(r, c).Code
			return o
		}
	}
	f := r.factsOf(c.place, r.request.Purchase)
	r.addFeatures(c, &f, r.affinity(c.place))
	copy(o.Features[:], r.rows.Row(c.row))
	o.Distance = r.metres(c)
	if e := r.estimateOf(c.place, r.request.Purchase); e.known {
		o.Saving = e.saving
	}
	return o
}
