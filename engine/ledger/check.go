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
	c := l.Campaign()
	zone := l.Sites[site].Zone
	if zone == nil {
		zone = time.UTC
	}
	now := moment{at: at, zone: zone, day: dayOf(at.In(zone))}
	ref := engine.CampaignRef{MerchantID: c.MerchantID, CampaignID: c.ID}

	var paced []engine.Reason
	for _, b := range c.Budgets {
		if b.Per == engine.PerUser {
			continue
		}
		n := m.reached(ref, l.Sites[site].ID, &b, now.day)
		if n >= b.Limit {
			dst = append(dst, engine.Reason{Code: engine.BudgetExhausted, Message: usedUp(n, b, now)})
		} else if r, out := pacedOut(c, b, n, now); out {
			paced = append(paced, r)
		}
	}
	dst = append(dst, paced...)
	if userID != "" {
		dst = m.checkUser(dst, c, m.userKey(userID, ref), now)
		dst = m.checkUserTakings(dst, c, ref, userID, now)
	}
	return dst
}

// reached returns how far a budget of a campaign or a venue has been used.
func (m *Meter) reached(ref engine.CampaignRef, venue string, b *engine.Budget, d day) int64 {
	if b.Metric == engine.MetricImpressions {
		return m.impressions(ref, venue, *b, d)
	}
	if balance := m.takings.balance(ref, balanceKey(b, venue, "")); balance != nil {
		return takenOf(balance, b, d)
	}
	return 0
}

// Exhausted implements engine.Exhaustion.
func (m *Meter) Exhausted(c *engine.Campaign, at time.Time) bool {
	ref, today := engine.CampaignRef{MerchantID: c.MerchantID, CampaignID: c.ID}, dayOf(at.UTC())
	for i := range c.Budgets {
		b := &c.Budgets[i]
		if b.Period == engine.PeriodTotal && b.Per == engine.PerCampaign && m.reached(ref, "", b, today) >= b.Limit {
			return true
		}
	}
	return false
}

// checkUserTakings appends the budgets of redemptions and spend that a user has used up.
func (m *Meter) checkUserTakings(dst []engine.Reason, c *engine.Campaign, ref engine.CampaignRef, user string, now moment) []engine.Reason {
	var balance *engine.Balance
	for i := range c.Budgets {
		b := &c.Budgets[i]
		if b.Metric == engine.MetricImpressions || b.Per != engine.PerUser {
			continue
		}
		if balance == nil {
			if balance = m.takings.balance(ref, balanceKey(b, "", user)); balance == nil {
				return dst
			}
		}
		if n := takenOf(balance, b, now.day); n >= b.Limit {
			dst = append(dst, overBudget(*b, n, 0, now))
		}
	}
	return dst
}

// impressions returns the count that a budget of a campaign or a venue has reached.
func (m *Meter) impressions(ref engine.CampaignRef, venue string, b engine.Budget, d day) int64 {
	s := m.campaignShard(ref)
	s.mu.RLock()
	defer s.mu.RUnlock()
	c := s.counts[ref]
	if c == nil {
		return 0
	}
	if b.Per == engine.PerVenue {
		return c.venues[venue].in(spanOf(b.Period, d))
	}
	return c.impressions.in(spanOf(b.Period, d))
}

// checkUser appends the caps and then the budgets that a user has reached.
func (m *Meter) checkUser(dst []engine.Reason, c *engine.Campaign, k userKey, now moment) []engine.Reason {
	if len(c.Caps) == 0 && !hasUserBudget(c) {
		return dst
	}
	s := m.userShard(k)
	s.mu.RLock()
	defer s.mu.RUnlock()
	u := s.usages[k]
	if u == nil {
		return dst
	}
	for _, limit := range c.Caps {
		if n, again, capped := u.capped(limit, now.at); capped {
			message := fmt.Sprintf("%d of %d showings in %s; again at %s", n, limit.Count, window(limit.Window), clock(again, now.zone))
			dst = append(dst, engine.Reason{Code: engine.FrequencyCapped, Message: message})
		}
	}
	for _, b := range c.Budgets {
		if b.Metric != engine.MetricImpressions || b.Per != engine.PerUser {
			continue
		}
		if n := u.days.in(spanOf(b.Period, now.day)); n >= b.Limit {
			dst = append(dst, engine.Reason{Code: engine.UserLimitReached, Message: usedUp(n, b, now)})
		}
	}
	return dst
}

func hasUserBudget(c *engine.Campaign) bool {
	for _, b := range c.Budgets {
		if b.Metric == engine.MetricImpressions && b.Per == engine.PerUser {
			return true
		}
	}
	return false
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
