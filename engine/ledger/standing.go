package ledger

import (
	"sync/atomic"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// standing is what a meter found out about a campaign, kept at its terms: a decision asks for the same campaigns again and again, and mostly nothing has changed.
type standing struct {
	last         atomic.Pointer[verdict]
	counts       *campaignCounts
	key          userKey // the campaign's part
	frequency    []engine.FrequencyCap
	perVenue     bool // it has a budget per venue
	showsPerUser bool // it has a budget of impressions per user
	takesPerUser bool // it has a budget of redemptions or spend per user
}

// verdict is whether the budgets of a campaign and a venue bear another showing. It holds for as long as nothing is counted, from one instant until before another.
type verdict struct {
	site        int            // -1: each one
	zone        *time.Location // of the site
	changes     uint64         // of the counts
	expected    *outlook       // on which it rests while it may still change; nil: on none
	from, until int64          // in milliseconds since 1970
	barred      bool
}

// standing returns what is known of a campaign.
func (m *Meter) standing(l *engine.Listing) *standing {
	if f := l.Found.Load(); f != nil && f.By == any(m) {
		return f.What.(*standing)
	}
	c := l.Campaign()
	ref := engine.CampaignRef{MerchantID: c.MerchantID, CampaignID: c.ID}
	var near struct { // in memory, so that who finds the one has the other
		engine.Found
		standing
	}
	near.Found = engine.Found{By: m, What: &near.standing}
	s := &near.standing
	s.counts, s.key, s.frequency = m.counts(ref), m.campaignKey(ref), c.Caps
	for i := range c.Budgets {
		switch b := &c.Budgets[i]; b.Per {
		case engine.PerVenue:
			s.perVenue = true
		case engine.PerUser:
			s.showsPerUser = s.showsPerUser || b.Metric == engine.MetricImpressions
			s.takesPerUser = s.takesPerUser || b.Metric != engine.MetricImpressions
		}
	}
	l.Found.Store(&near.Found)
	return s
}

// verdict returns whether the budgets of the campaign and of one of its venues bear another showing at a time.
func (m *Meter) verdict(s *standing, l *engine.Listing, site int, at time.Time) *verdict {
	key := verdict{site: -1, zone: l.Sites[site].Zone, changes: s.counts.changes.Load(), from: at.UnixMilli()}
	if s.perVenue {
		key.site = site
	}
	if v := s.last.Load(); v != nil && v.holds(&key) {
		return v
	}
	v := m.judge(l, site, at)
	v.site, v.zone, v.changes, v.from = key.site, key.zone, key.changes, key.from
	s.last.Store(v)
	return v
}

// holds reports whether a verdict is also that of now, at its beginning.
func (v *verdict) holds(now *verdict) bool {
	return v.site == now.site && v.zone == now.zone && v.changes == now.changes && v.from <= now.from && now.from < v.until && (v.expected == nil || v.expected.current())
}

// judge looks at each budget. What bears a showing does so for the rest of the venue's day, since what is due only grows; what does not is asked again when it may.
func (m *Meter) judge(l *engine.Listing, site int, at time.Time) *verdict {
	c, now := l.Campaign(), momentAt(l, site, at)
	ref := engine.CampaignRef{MerchantID: c.MerchantID, CampaignID: c.ID}
	v := &verdict{until: (now.day + 1).start(now.zone).UnixMilli()}
	steady := true
	for i := range c.Budgets {
		b := &c.Budgets[i]
		if b.Per == engine.PerUser {
			continue
		}
		u := m.reached(ref, l.Sites[site].ID, b, now.day)
		if u.n >= b.Limit {
			v.barred = true
			continue
		}
		p, ok := m.traffic.schedule(c, l.Terms, b, u.n-u.today, now)
		if !ok {
			continue
		}
		steady = steady && p.steady(now)
		if !p.settled {
			v.expected = p.outlook
		}
		if u.n >= p.due(p.now) {
			v.barred = true
			v.until = min(v.until, p.again(u.n, now).UnixMilli())
		}
	}
	if !steady {
		v.until = now.at.UnixMilli() + 1
	}
	return v
}
