package catalog

import (
	"cmp"
	"log/slog"
	"slices"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
)

// builder keeps the catalog in the form from which the next snapshot is made, and knows what has changed since the last. It
// belongs to one goroutine; the snapshots that it gives out are immutable.
type builder struct {
	log       *slog.Logger
	room      room
	compiler  *compiler
	tenants   map[string]*tenant
	shapes    shapes
	fences    handles
	places    handles
	ambiguity ambiguity
	dirty     []*entry // to be listed anew
	touched   []*stead
	snapshot  engine.Snapshot // as last built
}

func newBuilder(packer engine.Packer, room room, log *slog.Logger) *builder {
	return &builder{
		log: log, room: room, compiler: newCompiler(packer), tenants: make(map[string]*tenant), shapes: make(shapes), ambiguity: newAmbiguity(),
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
		t = newTenant(merchant)
		b.tenants[merchant] = t
	}
	return t
}

// soil notes that a campaign is to be listed anew.
func (b *builder) soil(e *entry) {
	if !e.dirty {
		e.dirty = true
		b.dirty = append(b.dirty, e)
	}
}

// touch notes that the campaigns at a venue, or the venue itself, changed.
func (b *builder) touch(s *stead) {
	if !s.touched {
		s.touched = true
		b.touched = append(b.touched, s)
	}
}

// setMerchant takes a merchant's new version.
func (b *builder) setMerchant(m engine.Merchant) {
	t := b.tenant(m.ID)
	t.merchant = &m
	for _, e := range t.campaigns {
		b.soil(e)
	}
}

// setVenue takes a venue's new version. One that does not compile is as good as gone.
func (b *builder) setVenue(v *engine.Venue) {
	b.putSite(v.MerchantID, v.ID, b.compileVenue(v), v.Chain)
}

// compileVenue returns the site of a venue; nil for one that does not compile. Safe for concurrent use.
func (b *builder) compileVenue(v *engine.Venue) *engine.Site {
	site, err := b.compiler.site(v)
	if err != nil {
		b.log.Error("venue left out of the catalog", "merchant", v.MerchantID, "venue", v.ID, "error", err)
	}
	return site
}

// putSite puts a compiled venue in its place; nil removes it.
func (b *builder) putSite(merchant, id string, site *engine.Site, chain string) {
	if site != nil {
		id = site.ID
	}
	b.tenant(merchant).setSite(id, site, chain, b.soil)
}

// setCampaign takes a campaign's new version. One that does not compile is as good as gone.
func (b *builder) setCampaign(c *engine.Campaign) {
	b.putCampaign(c.MerchantID, c.ID, b.compile(c))
}

// compile returns what a campaign is made of; nothing for one that is archived or does not compile. Safe for concurrent use.
func (b *builder) compile(c *engine.Campaign) compiled {
	if c.Status == engine.StatusArchived {
		return compiled{}
	}
	out, err := b.compiler.compile(c)
	if err != nil {
		b.log.Error("campaign left out of the catalog", "merchant", c.MerchantID, "campaign", c.ID, "error", err)
		return compiled{}
	}
	return out
}

// putCampaign puts a compiled campaign in its place; one without terms removes it.
func (b *builder) putCampaign(merchant, id string, c compiled) {
	for i, own := range c.shapes {
		if own != nil {
			c.shapes[i] = b.shapes.use(own)
			c.terms.Fences[i] = c.shapes[i].fence
		}
	}
	t := b.tenant(merchant)
	var before []*shape
	if e := t.campaigns[id]; e != nil {
		before = e.shapes
	}
	if e := t.setCampaign(id, c.draft, c.venues); e != nil {
		b.soil(e)
	}
	for _, s := range before {
		if s != nil {
			b.shapes.leave(s)
		}
	}
}

// edit is what the next snapshot has that the last has not.
type edit struct {
	gone      []uint32   // fences
	come      []geo.Item // fences
	covered   []*shape   // whose coverings are not needed once they have come
	holders   *geo.TableEdit[engine.Holder]
	left      []uint32 // places
	points    []geo.Point
	residents *geo.TableEdit[engine.Resident]
}

// build makes the snapshot of everything taken so far. Cost: the coverings of new fences, the listings that changed with
// their sites, and what geo.Index.Apply and geo.Table.Edit say.
func (b *builder) build(version uint64) *engine.Snapshot {
	s := &b.snapshot
	e := &edit{holders: s.Holders.Edit(), residents: s.Residents.Edit()}
	b.arrange()
	for _, at := range b.dirty {
		at.dirty = false
		b.relist(at, e)
	}
	changed := len(b.dirty) > 0
	b.dirty = b.dirty[:0]
	for _, at := range b.touched {
		at.touched = false
		b.resettle(at, e)
	}
	clear(b.touched)
	b.touched = b.touched[:0]

	s.Version = version
	if len(e.gone) > 0 || len(e.come) > 0 {
		cover(e.come)
		s.Fences = s.Fences.Apply(e.gone, e.come)
		for _, shape := range e.covered {
			shape.covering = nil
		}
	}
	if changed {
		s.Holders, s.Residents = e.holders.Table(), e.residents.Table()
	}
	if len(e.left) > 0 || len(e.points) > 0 {
		s.Places = s.Places.Apply(e.left, e.points)
	}
	s.Ambiguous = b.ambiguity.resolve()

	// A handle that was given up is free for the next build: in this one it may be in use still by an item that came.
	b.fences.free = append(b.fences.free, e.gone...)
	b.places.free = append(b.places.free, e.left...)
	published := *s
	return &published
}

// arrange brings what is to be listed anew into an order in which neighbours on earth get neighbouring handles, where it is much: what a decision
// reads of the fences at one place then lies together.
func (b *builder) arrange() {
	if len(b.dirty) < 1_000 {
		return
	}
	type placed struct {
		order uint64
		*entry
	}
	all := make([]placed, len(b.dirty))
	for i, e := range b.dirty {
		all[i].entry = e
		if sites := e.tenant.sitesOf(e); len(sites) > 0 {
			all[i].order = sites[0].site.Position.Order()
		}
	}
	slices.SortFunc(all, func(x, y placed) int {
		return cmp.Or(cmp.Compare(x.order, y.order), cmp.Compare(x.tenant.id, y.tenant.id), cmp.Compare(x.id, y.id))
	})
	for i := range all {
		b.dirty[i] = all[i].entry
	}
}
