package decision_test

import (
	"slices"
	"testing"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/decision"
)

// unkept returns a decision without the forms that its creatives keep, so that what it says can be compared.
func unkept(d *engine.Decision) *engine.Decision {
	out := *d
	out.Placements = slices.Clone(d.Placements)
	for i := range out.Placements {
		p := &out.Placements[i]
		p.Offers = slices.Clone(p.Offers)
		for j := range p.Offers {
			c := *p.Offers[j].Creative
			c.Forms = nil
			p.Offers[j].Creative = &c
		}
	}
	return &out
}

// Travellers who are told of the same in the same languages share a creative; others have another one.
func TestCreativesAreShared(t *testing.T) {
	w := newWorld()
	w.venue("v", 30, func(v *engine.Venue) { v.Name = engine.Text{"en": "Café", "ja": "カフェ", "zh-Hans": "咖啡馆"} })
	w.campaign("c", []string{"v"}, func(c *engine.Campaign) { c.Title = engine.Text{"en": "Offer", "zh-Hans": "优惠"} })
	s := start(t, optionsFor(w.snapshot(t), newMemoryLog()))
	first := make(map[string]*engine.Creative)
	for range 2 {
		for _, c := range []struct{ reads, title, name string }{
			{"zh-Hans", "优惠", "咖啡馆"}, {"ja", "Offer", "カフェ"}, {"en", "Offer", "Café"}, {"zh-CN", "优惠", "咖啡馆"},
		} {
			d, err := s.Decide(t.Context(), ask(func(r *engine.Request) {
				r.Explain, r.User.Languages = engine.ExplainNone, []string{c.reads, "en"}
			}), nil)
			if err != nil {
				t.Fatal(err)
			}
			o := d.Placements[0].Offers[0]
			if o.Title != c.title || o.Venue.Name != c.name {
				t.Errorf("who reads %s is told %s at %s", c.reads, o.Title, o.Venue.Name)
			}
			if known := first[c.name]; known != nil && known != o.Creative {
				t.Errorf("who reads %s has another creative", c.reads)
			}
			first[c.name] = o.Creative
		}
	}
}

// An offer's ID names its merchant from the snapshot on in which another merchant has the same, though its listing is the same.
func TestCreativesFollowAmbiguity(t *testing.T) {
	w := newWorld()
	w.venue("v", 30)
	w.campaign("c", []string{"v"})
	snap := w.snapshot(t)
	shared := *snap
	shared.Ambiguous = map[string]bool{"c@v": true}
	worlds := &changing{snaps: []*engine.Snapshot{snap, &shared}}
	o := optionsFor(nil, newMemoryLog())
	o.Snapshots = worlds
	s := start(t, o)
	for n := range 6 {
		worlds.at = n / 2 % 2
		d, err := s.Decide(t.Context(), ask(func(r *engine.Request) { r.Explain = engine.ExplainNone }), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := d.Placements[0].Offers[0].ID, [...]string{"c@v", "m/c@v"}[worlds.at]; got != want {
			t.Errorf("request %d: %s, want %s", n, got, want)
		}
	}
}

// A decision is a few pieces of memory, however many offers it has.
func TestDecisionsAreFewAllocations(t *testing.T) {
	snap, quarters := benchWorld(t, 7000)
	for _, q := range quarters {
		log := newMemoryLog()
		log.gate = make(chan struct{})
		o := optionsFor(snap, log)
		o.Queue = 1 // the log takes one decision and holds it
		s, err := decision.New(o)
		if err != nil {
			t.Fatal(err)
		}
		requests, offers, n := q.requests(35), 0, 0
		next := func() {
			d, err := s.Decide(t.Context(), requests[n%len(requests)], nil)
			if err != nil {
				t.Fatal(err)
			}
			offers += len(d.Placements[0].Offers)
			n++
		}
		for range 2 * len(requests) {
			next()
		}
		var each []float64 // by itself, since under the race detector a pool forgets now and then, and what is new has to grow
		for range requests {
			each = append(each, testing.AllocsPerRun(1, next))
		}
		slices.Sort(each)
		if usual := each[len(each)/4]; usual > 5 {
			t.Errorf("%s: %v allocations", q.name, usual)
		}
		if q.name != "sparse" && offers < 15*n {
			t.Errorf("%s: %d offers of %d decisions", q.name, offers, n)
		}
		close(log.gate)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
