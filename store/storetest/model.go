package storetest

import (
	"slices"
	"strconv"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
)

// model is what a store must be like, as plainly as it can be said: maps in memory, one operation at a time.
type model struct {
	merchants shelf[engine.Merchant]
	venues    map[string]*shelf[engine.Venue] // by merchant
	campaigns map[string]*shelf[engine.Campaign]
	profiles  shelf[scoring.Profile]
	keys      shelf[engine.Key]
	active    *scoring.Profile
	rates     map[engine.Date]engine.RateDay
	books     []engine.Rates // what the book of rates was before its version 1, 2 …
	imports   map[engine.ImportID]*modelImport
	decisions map[string]*engine.Decision
	events    []engine.Event
	changes   []engine.Change
	receipts  map[receiptID]answer
}

type modelImport struct {
	record engine.Import
	rows   []engine.ImportRow
}

// receiptID is an idempotency key where it was used.
type receiptID struct{ where, caller, key string }

type answer struct {
	fingerprint [32]byte
	what        string
	value       any
}

func newModel() *model {
	return &model{
		merchants: newShelf(func(m *engine.Merchant, meta engine.Meta) { m.Meta = meta }),
		venues:    make(map[string]*shelf[engine.Venue]),
		campaigns: make(map[string]*shelf[engine.Campaign]),
		profiles: newShelf(func(p *scoring.Profile, meta engine.Meta) {
			p.Version, p.Created, p.Author = meta.Version, meta.Updated, meta.By
		}),
		keys:      newShelf(func(k *engine.Key, meta engine.Meta) { k.Created = meta.Created }),
		rates:     make(map[engine.Date]engine.RateDay),
		imports:   make(map[engine.ImportID]*modelImport),
		decisions: make(map[string]*engine.Decision),
		receipts:  make(map[receiptID]answer),
	}
}

// shelf holds every version of every resource of a kind.
type shelf[T any] struct {
	versions map[string][]T
	meta     map[string][]engine.Meta
	gone     map[string]bool
	set      func(*T, engine.Meta)
}

func newShelf[T any](set func(*T, engine.Meta)) shelf[T] {
	return shelf[T]{make(map[string][]T), make(map[string][]engine.Meta), make(map[string]bool), set}
}

// head returns the newest version, nil when there is none.
func (s *shelf[T]) head(id string) *T {
	all := s.versions[id]
	if len(all) == 0 || s.gone[id] {
		return nil
	}
	return &all[len(all)-1]
}

// newest returns the newest version, 0 when there is none.
func (s *shelf[T]) newest(id string) uint64 {
	if s.head(id) == nil {
		return 0
	}
	return uint64(len(s.versions[id]))
}

// step completes the change that the next version of a resource makes.
func (s *shelf[T]) step(c engine.Change) engine.Change {
	c.Before, c.After = s.newest(c.ID), uint64(len(s.versions[c.ID])+1)
	return c
}

// ids returns what is there, ascending.
func (s *shelf[T]) ids() []string {
	var ids []string
	for id := range s.versions {
		if !s.gone[id] {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// current returns what is there, ascending by ID.
func (s *shelf[T]) current() []T {
	var out []T
	for _, id := range s.ids() {
		out = append(out, *s.head(id))
	}
	return out
}

func (s *shelf[T]) check(w engine.Write, id string) error {
	head := s.head(id)
	switch {
	case w.If.Absent && head != nil:
		return engine.ErrExists
	case w.If.Version == 0:
		return nil
	case head == nil:
		return engine.ErrNotFound
	case uint64(len(s.versions[id])) != w.If.Version:
		return engine.ErrStale
	}
	return nil
}

func (s *shelf[T]) put(w engine.Write, id string, v T) T {
	meta := engine.Meta{Version: uint64(len(s.versions[id]) + 1), Created: w.At, Updated: w.At, By: w.By}
	if s.head(id) != nil {
		meta.Created = s.meta[id][len(s.meta[id])-1].Created
	}
	s.set(&v, meta)
	s.versions[id] = append(s.versions[id], v)
	s.meta[id] = append(s.meta[id], meta)
	delete(s.gone, id)
	return v
}

// answered gives the first answer again, or else does the write and remembers its answer.
func answered[T any](m *model, where, what string, w engine.Write, do func() (T, error)) (T, error) {
	if w.Once == nil {
		return do()
	}
	at := receiptID{where, w.Once.Caller, w.Once.Key}
	if was, ok := m.receipts[at]; ok {
		var none T
		if was.fingerprint != w.Once.Fingerprint || was.what != what {
			return none, engine.ErrOnceConflict
		}
		return was.value.(T), nil
	}
	v, err := do()
	if err == nil {
		m.receipts[at] = answer{w.Once.Fingerprint, what, v}
	}
	return v, err
}

func (m *model) tell(c engine.Change) {
	c.Seq = uint64(len(m.changes) + 1)
	m.changes = append(m.changes, c)
}

func (m *model) putMerchant(w engine.Write, v engine.Merchant) (engine.Merchant, error) {
	return answered(m, "merchants", "merchant", w, func() (engine.Merchant, error) {
		if err := m.merchants.check(w, v.ID); err != nil {
			return engine.Merchant{}, err
		}
		if m.venues[v.ID] == nil {
			venues := newShelf(func(x *engine.Venue, meta engine.Meta) { x.MerchantID, x.Meta = v.ID, meta })
			campaigns := newShelf(func(x *engine.Campaign, meta engine.Meta) { x.MerchantID, x.Meta = v.ID, meta })
			m.venues[v.ID], m.campaigns[v.ID] = &venues, &campaigns
		}
		m.tell(m.merchants.step(engine.Change{Kind: engine.ChangeMerchant, MerchantID: v.ID, ID: v.ID}))
		return m.merchants.put(w, v.ID, v), nil
	})
}

func (m *model) putVenue(w engine.Write, v engine.Venue) (engine.Venue, error) {
	shelf := m.venues[v.MerchantID]
	if shelf == nil {
		return engine.Venue{}, engine.ErrNotFound
	}
	return answered(m, v.MerchantID, "venue", w, func() (engine.Venue, error) {
		if err := shelf.check(w, v.ID); err != nil {
			return engine.Venue{}, err
		}
		m.tell(shelf.step(engine.Change{Kind: engine.ChangeVenue, MerchantID: v.MerchantID, ID: v.ID}))
		return shelf.put(w, v.ID, v), nil
	})
}

func (m *model) deleteVenue(w engine.Write, merchant, id string) error {
	shelf := m.venues[merchant]
	if shelf == nil {
		return engine.ErrNotFound
	}
	_, err := answered(m, merchant, "deletion", w, func() (bool, error) {
		if shelf.head(id) == nil {
			return false, engine.ErrNotFound
		}
		if err := shelf.check(w, id); err != nil {
			return false, err
		}
		for _, c := range m.campaigns[merchant].current() {
			if c.Status != engine.StatusArchived && slices.Contains(c.Venues.IDs, id) {
				return false, engine.ErrInUse
			}
		}
		m.tell(engine.Change{Kind: engine.ChangeVenue, MerchantID: merchant, ID: id, Before: shelf.newest(id)})
		shelf.gone[id] = true
		return true, nil
	})
	return err
}

// unknown returns the paths of the venues that c names and its merchant has not.
func (m *model) unknown(merchant string, c *engine.Campaign) engine.Faults {
	var faults engine.Faults
	if c.Status == engine.StatusArchived {
		return nil
	}
	for i, id := range c.Venues.IDs {
		if m.venues[merchant].head(id) == nil {
			faults.Add("venues.ids["+strconv.Itoa(i)+"]", "unknown_venue", "")
		}
	}
	return faults
}

func (m *model) putCampaign(w engine.Write, c engine.Campaign) (engine.Campaign, error) {
	shelf := m.campaigns[c.MerchantID]
	if shelf == nil {
		return engine.Campaign{}, engine.ErrNotFound
	}
	return answered(m, c.MerchantID, "campaign", w, func() (engine.Campaign, error) {
		if err := shelf.check(w, c.ID); err != nil {
			return engine.Campaign{}, err
		}
		return m.keepCampaign(w, c)
	})
}

func (m *model) updateCampaign(w engine.Write, merchant, id string, change func(*engine.Campaign)) (engine.Campaign, error) {
	shelf := m.campaigns[merchant]
	if shelf == nil {
		return engine.Campaign{}, engine.ErrNotFound
	}
	return answered(m, merchant, "campaign", w, func() (engine.Campaign, error) {
		if err := shelf.check(w, id); err != nil {
			return engine.Campaign{}, err
		}
		if shelf.head(id) == nil {
			return engine.Campaign{}, engine.ErrNotFound
		}
		c := *shelf.head(id)
		change(&c)
		return m.keepCampaign(w, c)
	})
}

func (m *model) keepCampaign(w engine.Write, c engine.Campaign) (engine.Campaign, error) {
	if err := m.unknown(c.MerchantID, &c).Err(); err != nil {
		return engine.Campaign{}, err
	}
	m.tell(m.campaigns[c.MerchantID].step(engine.Change{Kind: engine.ChangeCampaign, MerchantID: c.MerchantID, ID: c.ID}))
	return m.campaigns[c.MerchantID].put(w, c.ID, c), nil
}
