package catalog

import (
	"cmp"
	"log/slog"
	"maps"
	"slices"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
)

// builder keeps the catalog in the form from which the next snapshot is made, and knows what has changed since the last. It
// belongs to one goroutine; the snapshots that it gives out are immutable.
type builder struct {
	log       *slog.Logger
	compiler  *compiler
	tenants   map[string]*tenant
	shapes    shapes
	fences    handles
	places    handles
	ambiguity ambiguity
	dirty     map[engine.CampaignRef]bool // campaigns to list anew
	snapshot  engine.Snapshot             // as last built
}

func newBuilder(log *slog.Logger) *builder {
	return &builder{
		log: log, compiler: newCompiler(),
		tenants: make(map[string]*tenant), shapes: make(shapes),
		ambiguity: newAmbiguity(), dirty: make(map[engine.CampaignRef]bool),
	}
}

// handles gives out small integers, and again those that were given back.
type handles struct {
	next uint32
	free []uint32
}

func (h *handles) take() uint32 {
	if n := len(h.free); n > 0 {
		last := h.free[n-1]
		h.free = h.free[:n-1]
		return last
	}
	h.next++
	return h.next - 1
}

func (b *builder) tenant(merchant string) *tenant {
	t := b.tenants[merchant]
	if t == nil {
		t = newTenant()
		b.tenants[merchant] = t
	}
	return t
}

// setMerchant takes a merchant's new version.
func (b *builder) setMerchant(m engine.Merchant) {
	t := b.tenant(m.ID)
	t.merchant = &m
	for id := range t.campaigns {
		b.dirty[engine.CampaignRef{MerchantID: m.ID, CampaignID: id}] = true
	}
}

// setVenue takes a venue's new version. One that does not compile is as good as gone.
func (b *builder) setVenue(v engine.Venue) {
	site, err := b.compiler.site(&v)
	if err != nil {
		b.log.Error("venue left out of the catalog", "merchant", v.MerchantID, "venue", v.ID, "error", err)
	}
	b.putSite(v.MerchantID, v.ID, site)
}

// putSite puts a compiled venue in its place; nil removes it.
func (b *builder) putSite(merchant, id string, site *engine.Site) {
	b.tenant(merchant).setSite(id, site, func(campaign string) {
		b.dirty[engine.CampaignRef{MerchantID: merchant, CampaignID: campaign}] = true
	})
}

// setCampaign takes a campaign's new version. One that does not compile is as good as gone.
func (b *builder) setCampaign(c engine.Campaign) {
	if c.Status == engine.StatusArchived {
		b.putCampaign(c.MerchantID, c.ID, nil, terms{})
		return
	}
	compiled, err := b.compiler.terms(&c)
	if err != nil {
		b.log.Error("campaign left out of the catalog", "merchant", c.MerchantID, "campaign", c.ID, "error", err)
		b.putCampaign(c.MerchantID, c.ID, nil, terms{})
		return
	}
	b.putCampaign(c.MerchantID, c.ID, &c, compiled)
}

// putCampaign puts a compiled campaign in its place; nil removes it.
func (b *builder) putCampaign(merchant, id string, c *engine.Campaign, compiled terms) {
	b.tenant(merchant).setCampaign(id, c, compiled)
	b.dirty[engine.CampaignRef{MerchantID: merchant, CampaignID: id}] = true
}

// placeRef names a venue across merchants.
type placeRef struct{ merchant, venue string }

// edit is what the next snapshot has that the last has not.
type edit struct {
	gone     []uint32          // fences
	come     map[uint32]*shape // fences
	holders  map[uint32]engine.Holder
	touched  map[placeRef]bool // places whose campaigns changed
	left     []uint32          // places
	points   []geo.Point
	resident map[uint32]engine.Resident
}

// build makes the snapshot of everything taken so far. Cost: the coverings of new fences, the listings that changed with
// their sites, and what geo.Index.Apply and geo.Table.With say.
func (b *builder) build(version uint64) *engine.Snapshot {
	e := &edit{
		come: make(map[uint32]*shape), holders: make(map[uint32]engine.Holder),
		touched: make(map[placeRef]bool), resident: make(map[uint32]engine.Resident),
	}
	for _, ref := range sortedRefs(b.dirty) {
		b.relist(ref, e)
	}
	clear(b.dirty)
	for _, ref := range e.places() {
		b.resettle(ref, e)
	}
	s := &b.snapshot
	s.Version = version
	if len(e.gone) > 0 || len(e.come) > 0 {
		s.Fences = s.Fences.Apply(e.gone, e.items())
	}
	if len(e.holders) > 0 {
		s.Holders = s.Holders.With(e.holders)
	}
	if len(e.left) > 0 || len(e.points) > 0 {
		s.Places = s.Places.Apply(e.left, e.points)
	}
	if len(e.resident) > 0 {
		s.Residents = s.Residents.With(e.resident)
	}
	s.Ambiguous = b.ambiguity.resolve(b.tenants)

	// A handle that was given up is free for the next build: in this one it may be in use still by an item that came.
	b.fences.free = append(b.fences.free, e.gone...)
	b.places.free = append(b.places.free, e.left...)
	published := *s
	return &published
}

func sortedRefs(set map[engine.CampaignRef]bool) []engine.CampaignRef {
	return slices.SortedFunc(maps.Keys(set), func(x, y engine.CampaignRef) int {
		return cmp.Or(cmp.Compare(x.MerchantID, y.MerchantID), cmp.Compare(x.CampaignID, y.CampaignID))
	})
}

// places returns the places that were touched, in a fixed order, which is that of their handles.
func (e *edit) places() []placeRef {
	return slices.SortedFunc(maps.Keys(e.touched), func(x, y placeRef) int {
		return cmp.Or(cmp.Compare(x.merchant, y.merchant), cmp.Compare(x.venue, y.venue))
	})
}

// items covers the fences that came.
func (e *edit) items() []geo.Item {
	var wanting []*shape
	asked := make(map[*shape]bool)
	for _, s := range e.come {
		if s.covering == nil && !asked[s] {
			asked[s] = true
			wanting = append(wanting, s)
		}
	}
	cover(wanting)
	items := make([]geo.Item, 0, len(e.come))
	for _, handle := range slices.Sorted(maps.Keys(e.come)) {
		s := e.come[handle]
		items = append(items, geo.Item{Handle: handle, Fence: s.fence, Covering: s.covering})
	}
	return items
}
