package ledger

import (
	"fmt"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// question asks whether a user's own limits bear another showing.
type question struct {
	meter *Meter
	*standing
	listing *engine.Listing
	site    int
	user    string
	at      time.Time
	silent  bool // reasons without words will do
}

func (m *Meter) question(s *standing, l *engine.Listing, site int, user string, at time.Time) question {
	return question{meter: m, standing: s, listing: l, site: site, user: user, at: at}
}

// caps appends the frequency caps and then the budgets of impressions that the user has reached.
func (q *question) caps(dst []engine.Reason) []engine.Reason {
	if len(q.frequency) == 0 && !q.showsPerUser {
		return dst
	}
	k := q.meter.userKey(q.user, q.key)
	s := q.meter.userShard(k)
	s.mu.RLock()
	defer s.mu.RUnlock()
	u := s.usages[k]
	if u == nil {
		return dst
	}
	for _, limit := range q.frequency {
		n, again, capped := u.capped(limit, q.at)
		if !capped {
			continue
		}
		r := engine.Reason{Code: engine.FrequencyCapped}
		if !q.silent {
			zone := momentAt(q.listing, q.site, q.at).zone
			r.Message = fmt.Sprintf("%d of %d showings in %s; again at %s", n, limit.Count, window(limit.Window), clock(again, zone))
		}
		dst = append(dst, r)
	}
	if !q.showsPerUser {
		return dst
	}
	now := momentAt(q.listing, q.site, q.at)
	for _, b := range q.listing.Campaign().Budgets {
		if b.Metric != engine.MetricImpressions || b.Per != engine.PerUser {
			continue
		}
		if n := u.days.in(spanOf(b.Period, now.day)); n >= b.Limit {
			dst = append(dst, engine.Reason{Code: engine.UserLimitReached, Message: usedUp(n, b, now)})
		}
	}
	return dst
}

// takings appends the budgets of redemptions and spend that the user has used up.
func (q *question) takings(dst []engine.Reason) []engine.Reason {
	if !q.takesPerUser {
		return dst
	}
	c := q.listing.Campaign()
	ref := engine.CampaignRef{MerchantID: c.MerchantID, CampaignID: c.ID}
	balance := q.meter.takings.balance(ref, engine.BalanceKey{Per: engine.PerUser, ID: engine.UserHash(q.user)})
	if balance == nil {
		return dst
	}
	now := momentAt(q.listing, q.site, q.at)
	for _, b := range c.Budgets {
		if b.Metric == engine.MetricImpressions || b.Per != engine.PerUser {
			continue
		}
		if n := takenOf(balance, &b, now.day); n >= b.Limit {
			dst = append(dst, overBudget(b, n, 0, now))
		}
	}
	return dst
}
