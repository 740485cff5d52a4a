package ledger

import (
	"fmt"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// date returns the day as an engine.Date.
func (d day) engineDate() engine.Date {
	y, m, dd := d.date()
	return engine.Date{Year: y, Month: m, Day: dd}
}

// takenOf returns how much of a budget of redemptions or spend a balance has used in the period that a day lies in. An amount beyond
// what can be counted is as much as there can be.
func takenOf(balance *engine.Balance, b *engine.Budget, d day) int64 {
	sum, ok := balance.Total, true
	if s := spanOf(b.Period, d); s.first != firstDay {
		sum, ok = balance.Between(s.first.engineDate(), s.next.engineDate())
	}
	switch {
	case !ok:
		return 1<<63 - 1
	case b.Metric == engine.MetricSpend:
		return sum.In(b.Currency)
	}
	return sum.Redemptions
}

// usedOf returns how much of a budget a balance has used, as takenOf does, and how much of that on a day or later.
func usedOf(balance *engine.Balance, b *engine.Budget, d day) (u used) {
	u.n = takenOf(balance, b, d)
	if u.today = u.n; b.Period != engine.PeriodDay {
		sum, ok := balance.Between(d.engineDate(), spanOf(engine.PeriodMonth, d+31).next.engineDate())
		if ok && b.Metric == engine.MetricSpend {
			u.today = min(sum.In(b.Currency), u.n)
		} else if ok {
			u.today = min(sum.Redemptions, u.n)
		}
	}
	return u
}

// balanceKey names the balance that a budget counts by.
func balanceKey(b *engine.Budget, venue, user string) engine.BalanceKey {
	switch b.Per {
	case engine.PerVenue:
		return engine.BalanceKey{Per: engine.PerVenue, ID: venue}
	case engine.PerUser:
		return engine.BalanceKey{Per: engine.PerUser, ID: engine.UserHash(user)}
	}
	return engine.BalanceKey{Per: engine.PerCampaign}
}

// localMoment is a time as a venue's calendar has it; a nil zone is UTC.
func localMoment(at time.Time, zone *time.Location) moment {
	if zone == nil {
		zone = time.UTC
	}
	return moment{at: at, zone: zone, day: dayOf(at.In(zone))}
}

// overBudget returns why a budget of which n are taken does not bear more besides.
func overBudget(b engine.Budget, n, more int64, now moment) engine.Reason {
	code := engine.BudgetExhausted
	if b.Per == engine.PerUser {
		code = engine.UserLimitReached
	}
	message := usedUp(n, b, now)
	if n < b.Limit && more > 1 {
		message = fmt.Sprintf("%d more do not fit: %s", more, message)
	}
	return engine.Reason{Code: code, Message: message}
}
