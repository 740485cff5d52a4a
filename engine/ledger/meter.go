package ledger

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// Meter counts showings and clicks, and answers from the counts which limits keep an offer back. It is safe for concurrent
// use: Check takes shared locks only, of the campaign's shard and of the user's. What it counts is in memory alone; a Taker fills
// it from the event log.
//
// It needs about 100 bytes for each pair of a user and a campaign shown to them in the last 400 days, and 16 for each of
// their showings that a cap or period may still ask for.
type Meter struct {
	zones     Zones
	seeds     [2]maphash.Seed
	campaigns [campaignShards]campaignShard
	users     [userShards]userShard
	takings   takings // what was redeemed
	traffic   traffic
}

var (
	_ engine.Limits     = (*Meter)(nil)
	_ engine.Exhaustion = (*Meter)(nil)
)

// Zones tells the time zone of a venue.
type Zones interface {
	// Zone returns nil for a venue that is not known; its days are then counted in UTC.
	Zone(merchant, venue string) *time.Location
}

// The numbers of shards: enough that two requests seldom wait for one lock.
const (
	campaignShards = 64
	userShards     = 256
)

// campaignShard holds a part of the campaigns' counts.
type campaignShard struct {
	mu     sync.RWMutex // guards the rest
	counts map[engine.CampaignRef]*campaignCounts
}

type campaignCounts struct {
	changes     atomic.Uint64 // how often anything of this was counted, or taken of the campaign
	impressions calendar
	clicks      int64
	venues      map[string]*calendar // impressions by venue ID; nil: none
}

// NewMeter returns a meter that has counted nothing.
func NewMeter(zones Zones) *Meter {
	m := &Meter{zones: zones, seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}}
	for i := range m.campaigns {
		m.campaigns[i].counts = make(map[engine.CampaignRef]*campaignCounts)
	}
	m.takings.open(m.seeds[0])
	for i := range m.users {
		m.users[i].usages = make(map[userKey]*usage)
	}
	return m
}

// Count counts an event that has been kept. Each event is given once: a meter does not know duplicates. Events may come late and
// out of order; one from the future counts for the moment in which it was received.
func (m *Meter) Count(e *engine.Event) {
	ref := engine.CampaignRef{MerchantID: e.MerchantID, CampaignID: e.CampaignID}
	switch e.Type {
	case engine.EventClick:
		s := m.campaignShard(ref)
		s.mu.Lock()
		s.of(ref).clicks++
		s.mu.Unlock()
	case engine.EventImpression:
		m.countImpression(ref, e)
	}
}

func (m *Meter) countImpression(ref engine.CampaignRef, e *engine.Event) {
	at := e.Time
	if !e.Received.IsZero() && at.After(e.Received) {
		at = e.Received
	}
	zone := m.zones.Zone(e.MerchantID, e.VenueID)
	if zone == nil {
		zone = time.UTC
	}
	d := dayOf(at.In(zone))
	m.traffic.learn(zone, at, e.Received)

	s := m.campaignShard(ref)
	s.mu.Lock()
	c := s.of(ref)
	c.impressions.add(d)
	v := c.venues[e.VenueID]
	if v == nil {
		v = new(calendar)
		if c.venues == nil {
			c.venues = make(map[string]*calendar)
		}
		c.venues[e.VenueID] = v
	}
	v.add(d)
	c.changes.Add(1)
	s.mu.Unlock()

	if e.UserID != "" {
		k := m.userKey(e.UserID, m.campaignKey(ref))
		m.userShard(k).add(k, d, at.UnixMilli())
	}
}

// Popularity returns the impressions and clicks of each campaign that has any. The map is the caller's. Cost: linear in the campaigns.
func (m *Meter) Popularity() map[engine.CampaignRef]engine.Counts {
	out := make(map[engine.CampaignRef]engine.Counts)
	for i := range m.campaigns {
		s := &m.campaigns[i]
		s.mu.RLock()
		for ref, c := range s.counts {
			if c.impressions.total > 0 || c.clicks > 0 {
				out[ref] = engine.Counts{Impressions: float64(c.impressions.total), Clicks: float64(c.clicks)}
			}
		}
		s.mu.RUnlock()
	}
	return out
}

// Forget drops what a user has seen of every campaign, as if nobody had been shown it: of campaigns and venues the counts stay. What was redeemed is not counted here.
// Cost: linear in the campaigns that were shown.
func (m *Meter) Forget(user string) {
	var refs []engine.CampaignRef
	for i := range m.campaigns {
		s := &m.campaigns[i]
		s.mu.RLock()
		for ref := range s.counts {
			refs = append(refs, ref)
		}
		s.mu.RUnlock()
	}
	for _, ref := range refs {
		k := m.userKey(user, m.campaignKey(ref))
		s := m.userShard(k)
		s.mu.Lock()
		delete(s.usages, k)
		s.mu.Unlock()
	}
}

// Impressions returns how often a campaign was shown so far.
func (m *Meter) Impressions(ref engine.CampaignRef) int64 {
	s := m.campaignShard(ref)
	s.mu.RLock()
	defer s.mu.RUnlock()
	c := s.counts[ref]
	if c == nil {
		return 0
	}
	return c.impressions.total
}

func (m *Meter) campaignShard(ref engine.CampaignRef) *campaignShard {
	return &m.campaigns[maphash.Comparable(m.seeds[0], ref)%campaignShards]
}

// of returns the counts of a campaign, made when there are none. The shard is locked.
func (s *campaignShard) of(ref engine.CampaignRef) *campaignCounts {
	c := s.counts[ref]
	if c == nil {
		c = new(campaignCounts)
		s.counts[ref] = c
	}
	return c
}

// counts returns the counts of a campaign, made when there are none.
func (m *Meter) counts(ref engine.CampaignRef) *campaignCounts {
	s := m.campaignShard(ref)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.of(ref)
}

// took takes in the balances that a commit left.
func (m *Meter) took(ref engine.CampaignRef, balances []*engine.Balance) {
	m.takings.set(ref, balances)
	m.counts(ref).changes.Add(1)
}

// campaignKey is a campaign's part of a userKey.
func (m *Meter) campaignKey(ref engine.CampaignRef) userKey {
	return userKey{maphash.Comparable(m.seeds[0], ref), maphash.Comparable(m.seeds[1], ref)}
}

func (m *Meter) userKey(user string, campaign userKey) userKey {
	return userKey{maphash.String(m.seeds[0], user) + campaign[0], maphash.String(m.seeds[1], user) + campaign[1]}
}

func (m *Meter) userShard(k userKey) *userShard { return &m.users[k[0]%userShards] }
