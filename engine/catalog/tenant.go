package catalog

import (
	"slices"
	"strings"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
)

// tenant is a merchant with what it owns, as the builder keeps it.
type tenant struct {
	id        string
	merchant  *engine.Merchant // nil before it was read
	steads    map[string]*stead
	inOrder   []*stead // that have a site, ascending by ID; nil after a change
	chains    map[string]map[*stead]bool
	campaigns map[string]*entry
	chained   map[string]map[*entry]bool // campaigns by the chain that they name
	everyone  map[*entry]bool            // campaigns at all venues
}

// stead is a venue's place in the builder: also of a venue that campaigns name and that is not there.
type stead struct {
	tenant *tenant
	id     string
	site   *engine.Site // nil: not there
	chain  string       // of the site
	naming []*entry     // the campaigns that name it by its ID

	published *engine.Site     // as last published; nil: it is not in the snapshot
	at        []engine.Placing // ascending by campaign ID; what a snapshot has of it is not changed
	own       bool             // at is in no snapshot yet
	touched   bool             // at or the site has changed since
	handle    uint32           // where published
}

// entry is a campaign, what it compiles to, and what of it is in the snapshot.
type entry struct {
	tenant  *tenant
	id      string
	draft                   // what it is made of; terms are nil once it is gone, archived or unreadable
	steads  []*stead        // of the venues that it names
	listing *engine.Listing // as last published; nil: none
	fences  []fenced        // in the index
	dirty   bool            // to be listed anew
}

// draft is a campaign's content, compiled.
type draft struct {
	terms  *engine.Terms
	shapes []*shape // by index of terms.Fences, of those that are not circles; nil: all are
	chain  string
	all    bool
}

// fenced is a fence in the index.
type fenced struct {
	fence  *geo.Fence
	stead  *stead // round whose venue it is; nil: a fence of the campaign itself
	handle uint32
}

// fencedSet finds the fences of a listing by their content.
type fencedSet struct {
	own   []fenced          // of the campaign itself
	round []fenced          // the circles round venues
	by    map[*stead]fenced // the same, where they are many
}

// manyRound is from how many venues on their circles are looked up in a map.
const manyRound = 9

func fencesOf(list []fenced) (s fencedSet) {
	for _, f := range list {
		s.add(f)
	}
	return s
}

func (s *fencedSet) add(f fenced) {
	if f.stead == nil {
		s.own = append(s.own, f)
		return
	}
	s.round = append(s.round, f)
	switch {
	case len(s.round) < manyRound:
		return
	case s.by == nil:
		s.by = make(map[*stead]fenced, 2*manyRound)
		for _, each := range s.round {
			s.by[each.stead] = each
		}
	}
	s.by[f.stead] = f
}

func (s *fencedSet) at(stead *stead) (fenced, bool) {
	if s.by != nil {
		f, ok := s.by[stead]
		return f, ok
	}
	for _, f := range s.round {
		if f.stead == stead {
			return f, true
		}
	}
	return fenced{}, false
}

// find returns the fence of the same content round the same venue.
func (s *fencedSet) find(stead *stead, fence *geo.Fence) (found fenced, ok bool) {
	same := func(f fenced) bool { return f.fence == fence || f.fence.SameCircle(fence) }
	if stead != nil {
		found, ok = s.at(stead)
		return found, ok && same(found)
	}
	if i := slices.IndexFunc(s.own, same); i >= 0 {
		return s.own[i], true
	}
	return found, false
}

func newTenant(id string) *tenant {
	return &tenant{
		id: id, steads: make(map[string]*stead), chains: make(map[string]map[*stead]bool), campaigns: make(map[string]*entry),
		chained: make(map[string]map[*entry]bool), everyone: make(map[*entry]bool),
	}
}

// include adds to a set of a map of sets, and exclude takes away.
func include[K, V comparable](sets map[K]map[V]bool, key K, member V) {
	if sets[key] == nil {
		sets[key] = make(map[V]bool)
	}
	sets[key][member] = true
}

func exclude[K, V comparable](sets map[K]map[V]bool, key K, member V) {
	delete(sets[key], member)
	if len(sets[key]) == 0 {
		delete(sets, key)
	}
}

// stead returns the place of a venue, made if need be.
func (t *tenant) stead(id string) *stead {
	s := t.steads[id]
	if s == nil {
		s = &stead{tenant: t, id: id}
		t.steads[id] = s
	}
	return s
}

// forget drops the place of a venue that is not there and that nothing names.
func (t *tenant) forget(s *stead) {
	if s.site == nil && len(s.naming) == 0 && s.published == nil && len(s.at) == 0 {
		delete(t.steads, s.id)
	}
}

// setSite puts a venue in the place of the one with its ID; nil removes that. touched is told the campaigns that include
// the old one or the new one.
func (t *tenant) setSite(id string, site *engine.Site, chain string, touched func(*entry)) {
	s := t.stead(id)
	if s.site == nil && site == nil {
		t.forget(s)
		return
	}
	tell := func(chain string) {
		for e := range t.chained[chain] {
			touched(e)
		}
	}
	if s.chain != "" {
		tell(s.chain)
		exclude(t.chains, s.chain, s)
	}
	if s.site == nil || site == nil {
		t.inOrder = nil
	}
	s.site, s.chain = site, ""
	if site != nil && chain != "" {
		s.chain = chain
		tell(chain)
		include(t.chains, chain, s)
	}
	for _, e := range s.naming {
		touched(e)
	}
	for e := range t.everyone {
		touched(e)
	}
	t.forget(s)
}

// setCampaign puts a campaign in the place of the one with its ID and returns its entry; a draft without terms removes it. venues
// are those that it names.
func (t *tenant) setCampaign(id string, d draft, venues []string) *entry {
	e := t.campaigns[id]
	if e == nil {
		if d.terms == nil {
			return nil
		}
		id = d.terms.ID
		e = &entry{tenant: t, id: id}
		t.campaigns[id] = e
	}
	for _, s := range e.steads {
		s.naming = slices.DeleteFunc(s.naming, func(other *entry) bool { return other == e })
		t.forget(s)
	}
	if e.chain != "" {
		exclude(t.chained, e.chain, e)
	}
	delete(t.everyone, e)
	e.draft, e.steads = d, nil
	if len(venues) > 0 {
		e.steads = make([]*stead, 0, len(venues))
	}
	for _, id := range venues {
		s := t.stead(id)
		if !slices.Contains(e.steads, s) {
			e.steads = append(e.steads, s)
			s.naming = append(s.naming, e)
		}
	}
	if d.chain != "" {
		include(t.chained, d.chain, e)
	}
	if d.all {
		t.everyone[e] = true
	}
	return e
}

// sitesOf returns the places of the venues of a campaign that are there, ascending by ID.
func (t *tenant) sitesOf(e *entry) []*stead {
	if e.all {
		return t.ordered()
	}
	set := e.steads
	if chain := t.chains[e.chain]; e.chain != "" && len(chain) > 0 {
		set = slices.Clone(set)
		for s := range chain {
			if !slices.Contains(e.steads, s) {
				set = append(set, s)
			}
		}
	}
	there := func(s *stead) bool { return s.site != nil }
	if len(set) == 1 && there(set[0]) {
		return set
	}
	set = slices.DeleteFunc(slices.Clone(set), func(s *stead) bool { return !there(s) })
	slices.SortFunc(set, byID)
	return set
}

func byID(a, b *stead) int { return strings.Compare(a.id, b.id) }

// ordered returns the places of all venues that are there, ascending by ID.
func (t *tenant) ordered() []*stead {
	if t.inOrder == nil {
		for _, s := range t.steads {
			if s.site != nil {
				t.inOrder = append(t.inOrder, s)
			}
		}
		slices.SortFunc(t.inOrder, byID)
	}
	return t.inOrder
}

// place puts a placing of a campaign at the venue, instead of the one that it has, or takes that away where the listing is nil.
func (s *stead) place(campaign string, p engine.Placing) {
	if !s.own {
		s.at, s.own = slices.Clone(s.at), true
	}
	i, found := slices.BinarySearchFunc(s.at, campaign, func(p engine.Placing, id string) int { return strings.Compare(p.Listing.ID, id) })
	switch {
	case p.Listing == nil && found:
		s.at = slices.Delete(s.at, i, i+1)
	case p.Listing == nil:
	case found:
		s.at[i] = p
	default:
		s.at = slices.Insert(s.at, i, p)
	}
}
