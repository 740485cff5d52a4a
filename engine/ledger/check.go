package ledger

import (
	"fmt"
	"strings"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// moment is when and where a limit is asked about.
type moment struct {
	at   time.Time
	zone *time.Location // of the venue
	day  day            // of at in zone
}

// Check appends the reasons against showing a listing at one of its sites to a user at a time, in ascending order of their
// codes: each budget that is used up (330, 341 for one of the user's own) or ahead of its pacing (331), and each
// frequency cap that is reached (340). Without a user ID the limits of users are not asked.
func (m *Meter) Check(dst []engine.Reason, l *engine.Listing, site int, userID string, at time.Time) []engine.Reason {
	if !l.Limited {
		return dst
	}
	s := m.standing(l)
	if v := m.verdict(s, l, site, at); v.barred {
		dst = m.checkBudgets(dst, l, site, at)
	}
	if userID != "" {
		q := m.question(s, l, site, userID, at)
		dst = q.caps(dst)
		dst = q.takings(dst)
	}
	return dst
}

// Within reports whether Check appends nothing.
func (m *Meter) Within(l *engine.Listing, site int, userID string, at time.Time) bool {
	if !l.Limited {
		return true
	}
	s := m.standing(l)
	if m.verdict(s, l, site, at).barred {
		return false
	}
	if userID == "" {
		return true
	}
	q := m.question(s, l, site, userID, at)
	q.silent = true
	return len(q.caps(nil)) == 0 && len(q.takings(nil)) == 0
}

// momentAt is a time as a site has it.
func momentAt(l *engine.Listing, site int, at time.Time) moment {
	return localMoment(at, l.Sites[site].Zone)
}

// checkBudgets appends the budgets of the campaign and its venue that are used up, and then those that are ahead of their pacing.
func (m *Meter) checkBudgets(dst []engine.Reason, l *engine.Listing, site int, at time.Time) []engine.Reason {
	c, now := l.Campaign(), momentAt(l, site, at)
	ref := engine.CampaignRef{MerchantID: c.MerchantID, CampaignID: c.ID}
	var paced []engine.Reason
	for i := range c.Budgets {
		b := &c.Budgets[i]
		if b.Per == engine.PerUser {
			continue
		}
		u := m.reached(ref, l.Sites[site].ID, b, now.day)
		if u.n >= b.Limit {
			dst = append(dst, engine.Reason{Code: engine.BudgetExhausted, Message: usedUp(u.n, *b, now)})
		} else if r, out := m.traffic.pacedOut(c, l.Terms, b, u, now); out {
			paced = append(paced, r)
		}
	}
	return append(dst, paced...)
}

// reached returns how far a budget of a campaign or a venue has been used.
func (m *Meter) reached(ref engine.CampaignRef, venue string, b *engine.Budget, d day) used {
	if b.Metric == engine.MetricImpressions {
		return m.impressions(ref, venue, b, d)
	}
	if balance := m.takings.balance(ref, balanceKey(b, venue, "")); balance != nil {
		return usedOf(balance, b, d)
	}
	return used{}
}

// Exhausted implements engine.Exhaustion.
func (m *Meter) Exhausted(c *engine.Campaign, at time.Time) bool {
	ref, today := engine.CampaignRef{MerchantID: c.MerchantID, CampaignID: c.ID}, dayOf(at.UTC())
	for i := range c.Budgets {
		b := &c.Budgets[i]
		if b.Period == engine.PeriodTotal && b.Per == engine.PerCampaign && m.reached(ref, "", b, today).n >= b.Limit {
			return true
		}
	}
	return false
}

// impressions returns the count that a budget of a campaign or a venue has reached.
func (m *Meter) impressions(ref engine.CampaignRef, venue string, b *engine.Budget, d day) used {
	s := m.campaignShard(ref)
	s.mu.RLock()
	defer s.mu.RUnlock()
	c := s.counts[ref]
	if c == nil {
		return used{}
	}
	of := &c.impressions
	if b.Per == engine.PerVenue {
		of = c.venues[venue]
	}
	return used{of.in(spanOf(b.Period, d)), of.in(span{d, spanOf(b.Period, d).next})}
}

var periodWords = map[engine.Period]string{engine.PeriodDay: "today", engine.PeriodWeek: "this week", engine.PeriodMonth: "this month"}

var scopeWords = map[engine.Scope]string{engine.PerVenue: " at this venue", engine.PerUser: " to this user"}

// counted says how far a budget has been used: "500 of 500 impressions at this venue today".
func counted(n int64, b engine.Budget) string {
	period := periodWords[b.Period]
	if period == "" {
		period = "in all"
	}
	what, scope := string(b.Metric), scopeWords[b.Per]
	switch {
	case b.Metric == engine.MetricSpend:
		what = b.Currency + " minor units"
		fallthrough
	case b.Metric == engine.MetricRedemptions:
		scope = strings.Replace(scope, " to ", " by ", 1)
	}
	return fmt.Sprintf("%d of %d %s%s %s", n, b.Limit, what, scope, period)
}

func usedUp(n int64, b engine.Budget, now moment) string {
	next := spanOf(b.Period, now.day).next
	if next == lastDay {
		return counted(n, b)
	}
	return counted(n, b) + "; again at " + clock(next.start(now.zone), now.zone)
}

// clock writes the first whole minute from t on: "2026-11-24 17:30 in America/New_York".
func clock(t time.Time, zone *time.Location) string {
	if up := t.Truncate(time.Minute); up.Before(t) {
		t = up.Add(time.Minute)
	}
	return t.In(zone).Format("2006-01-02 15:04") + " in " + zone.String()
}

// window writes a duration without its zero parts: "24h", "1h30m".
func window(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
