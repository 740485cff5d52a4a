package webhook

import (
	"cmp"
	"slices"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

// news is something to tell of a campaign.
type news struct {
	kind    engine.HookType
	at      time.Time // when its cause was
	subject string
	data    any
}

// look is one look at a campaign: what it is, what happened to it since the last look, and what follows.
type look struct {
	campaign    *engine.Campaign
	now         time.Time
	zones       []*time.Location // of its venues; nil: the state does not hang on them
	impressions int64            // so far; -1: not known
	wants       func(engine.HookType) bool

	watch engine.HookWatch // as the look leaves it
	news  []news
}

func (l *look) tell(kind engine.HookType, at time.Time, subject string, data any) {
	if l.wants(kind) {
		l.news = append(l.news, news{kind, at.UTC(), subject, data})
	}
}

func (l *look) ref() engine.CampaignRef {
	return engine.CampaignRef{MerchantID: l.campaign.MerchantID, CampaignID: l.campaign.ID}
}

// follow takes in movements, in order. Those that a look before has taken in are passed over.
func (l *look) follow(movements []engine.Movement) {
	for i := range movements {
		m := &movements[i]
		if m.Number <= l.watch.Balance.Entry {
			continue
		}
		l.followOne(m)
		l.watch.Balance.Entry = m.Number
	}
}

func (l *look) followOne(m *engine.Movement) {
	switch m.Kind {
	case engine.MoveConfirm, engine.MoveRedeem:
		l.tell(engine.HookConfirmed, m.Time, m.RedemptionID, wire.HookRedemptionOf(l.ref(), m))
	case engine.MoveRollback:
		l.tell(engine.HookRolledBack, m.Time, m.RedemptionID, wire.HookRedemptionOf(l.ref(), m))
	}
	for i := range m.Changes {
		c := &m.Changes[i]
		if c.Per != engine.PerCampaign {
			continue
		}
		before := c.Before.Negative()
		delta, ok := c.After.Plus(&before)
		if ok && l.watch.Balance.Add(m.Day, &delta, m.Number) {
			l.weigh(m.Day, m.Time, false)
		}
	}
}

// told is the state of the campaign as the API tells it; full: a budget for all time is used up.
func (l *look) told(full bool) engine.State {
	state := l.campaign.StateIn(l.now, l.zones)
	if state == engine.StateRunning && full {
		return engine.StateExhausted
	}
	return state
}

// standing tells what follows from the campaign as it is now: of its flight, of limits that were changed, and of showings.
func (l *look) standing() {
	c := l.campaign
	l.weigh(engine.DateOf(l.now.UTC()), c.Meta.Updated, true)
	state := c.StateIn(l.now, l.zones)
	starts, ends := c.BoundsIn(l.zones)
	switch was := l.watch.State; {
	case state == engine.StateRunning && was != engine.StateRunning:
		l.tell(engine.HookCampaignStarted, later(starts, c.Meta.Updated), c.ID, wire.HookCampaignOf(c, l.told(l.watch.Exhausted), nil, 0, engine.Date{}))
	case state == engine.StateExpired && was != engine.StateExpired:
		l.tell(engine.HookCampaignExpired, later(ends, c.Meta.Updated), c.ID, wire.HookCampaignOf(c, state, nil, 0, engine.Date{}))
	}
	l.watch.State = state
}

// next returns when the campaign's flight may change its state by itself; zero: not any more.
func (l *look) next() (soonest time.Time) {
	if l.campaign.Status != engine.StatusEnabled {
		return time.Time{}
	}
	for _, at := range l.campaign.Turns(l.zones) {
		if at.After(l.now) && (soonest.IsZero() || at.Before(soonest)) {
			soonest = at
		}
	}
	return soonest
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// weigh compares the campaign's own budgets with what was taken, on a day. A mark is set when a budget reaches it, and taken back when the
// budget is no longer there, so that it may be told again. Showings are known as they stand only, so that they are weighed when everything is.
func (l *look) weigh(day engine.Date, at time.Time, all bool) {
	exhausted := false
	for i := range l.campaign.Budgets {
		b := &l.campaign.Budgets[i]
		if b.Per != engine.PerCampaign && b.Per != "" {
			continue
		}
		mark, n, known := l.taken(b, day)
		if b.Metric == engine.MetricImpressions {
			if !known {
				continue
			}
			if !all {
				exhausted = exhausted || b.Period == engine.PeriodTotal && n >= b.Limit && l.watch.Exhausted
				continue
			}
			at = l.now
		}
		l.near(b, mark, n, at)
		if mark.First.IsZero() && n >= b.Limit {
			if !exhausted && !l.watch.Exhausted {
				l.tell(engine.HookCampaignExhausted, at, l.campaign.ID, wire.HookCampaignOf(l.campaign, engine.StateExhausted, b, n, engine.Date{}))
			}
			exhausted = true
		}
	}
	l.watch.Exhausted = exhausted
	l.forget(day)
}

// taken returns how much of a budget is taken in the period that a day lies in.
func (l *look) taken(b *engine.Budget, day engine.Date) (mark engine.HookMark, n int64, known bool) {
	first, next := b.Period.Span(day)
	mark = engine.HookMark{Metric: b.Metric, Currency: b.Currency, Period: b.Period, First: first}
	if b.Metric == engine.MetricImpressions {
		return mark, l.impressions, l.impressions >= 0 && first.IsZero()
	}
	sum, ok := l.watch.Balance.Total, true
	if !first.IsZero() {
		sum, ok = l.watch.Balance.Between(first, next)
	}
	n = sum.Redemptions
	if b.Metric == engine.MetricSpend {
		n = sum.In(b.Currency)
	}
	return mark, n, ok
}

// near sets or takes back the mark of four fifths.
func (l *look) near(b *engine.Budget, mark engine.HookMark, n int64, at time.Time) {
	i, told := slices.BinarySearchFunc(l.watch.Near, mark, compareMarks)
	switch reached := n >= b.Limit-b.Limit/5; {
	case reached && !told:
		l.watch.Near = slices.Insert(l.watch.Near, i, mark)
		l.tell(engine.HookBudget80, at, l.campaign.ID, wire.HookCampaignOf(l.campaign, l.told(l.watch.Exhausted || mark.First.IsZero() && n >= b.Limit), b, n, mark.First))
	case !reached && told:
		l.watch.Near = slices.Delete(l.watch.Near, i, i+1)
	}
}

// forget drops the marks of periods that are long over: a movement counts on its own day, which may be an earlier one.
func (l *look) forget(day engine.Date) {
	old := engine.DateOf(time.Date(day.Year, day.Month, day.Day-engine.MaxBalanceDays-31, 0, 0, 0, 0, time.UTC))
	l.watch.Near = slices.DeleteFunc(l.watch.Near, func(m engine.HookMark) bool { return !m.First.IsZero() && m.First.Before(old) })
}

func compareMarks(a, b engine.HookMark) int {
	return cmp.Or(cmp.Compare(a.Metric, b.Metric), cmp.Compare(a.Currency, b.Currency), cmp.Compare(a.Period, b.Period), cmp.Compare(a.First.String(), b.First.String()))
}
