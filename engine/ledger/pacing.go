package ledger

import (
	"fmt"
	"math"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// pacedOut reports whether a budget that is not used up is ahead of its pacing, with the reason.
//
// A budget of limit L is spread over the part of its period that lies in the flight, in the venue's own time; a total over
// the whole flight, which then needs an end. After a share f of that time, ceil(L × curve(f)) showings are due, at least one:
//
//	evenly       curve(f) = f
//	frontloaded  curve(f) = 1 − (1 − f)²: twice the even rate at first, falling in a line to none
//
// Nothing is drawn by lot: the same count at the same moment has the same answer. The windows of a flight do not bend the
// curve, so that what was not shown outside of them is made up within.
func pacedOut(c *engine.Campaign, b engine.Budget, n int64, now moment) (engine.Reason, bool) {
	if c.Pacing != engine.PacingEvenly && c.Pacing != engine.PacingFrontloaded {
		return engine.Reason{}, false
	}
	begin, end := stretch(c, b.Period, now)
	if begin.IsZero() || end.IsZero() || !begin.Before(end) {
		return engine.Reason{}, false
	}
	length := end.Sub(begin)
	due := dueBy(c.Pacing, b.Limit, share(now.at.Sub(begin), length))
	if n < due {
		return engine.Reason{}, false
	}
	again := caughtUp(c.Pacing, n, b.Limit, begin, length)
	return engine.Reason{
		Code:    engine.PacedOut,
		Message: fmt.Sprintf("%s, paced %s: %d due by now; again at %s", counted(n, b), c.Pacing, due, clock(again, now.zone)),
	}, true
}

// pacedUntil returns when a budget that is ahead of its pacing is so no longer; false when it is not.
func pacedUntil(c *engine.Campaign, b engine.Budget, n int64, now moment) (time.Time, bool) {
	if _, out := pacedOut(c, b, n, now); !out {
		return time.Time{}, false
	}
	begin, end := stretch(c, b.Period, now)
	return caughtUp(c.Pacing, n, b.Limit, begin, end.Sub(begin)).Add(time.Second), true
}

// caughtUp returns when more than n of a limit are due.
func caughtUp(p engine.Pacing, n, limit int64, begin time.Time, length time.Duration) time.Time {
	return begin.Add(time.Duration(inverse(p, float64(n)/float64(limit)) * float64(length)))
}

// stretch returns the instants over which a budget is spread, as seen from a venue; zero where there is no bound.
func stretch(c *engine.Campaign, p engine.Period, now moment) (begin, end time.Time) {
	begin, end = c.Flight.Start.In(now.zone), c.Flight.End.In(now.zone)
	if p == engine.PeriodTotal || p == "" {
		if begin.IsZero() {
			begin = c.Meta.Created
		}
		return begin, end
	}
	s := spanOf(p, now.day)
	if first := s.first.start(now.zone); begin.Before(first) {
		begin = first
	}
	if next := s.next.start(now.zone); end.IsZero() || next.Before(end) {
		end = next
	}
	return begin, end
}

func share(elapsed, length time.Duration) float64 {
	return min(max(float64(elapsed)/float64(length), 0), 1)
}

// dueBy returns the showings that are due after a share of the time, from 1 to limit.
func dueBy(p engine.Pacing, limit int64, f float64) int64 {
	curve := f
	if p == engine.PacingFrontloaded {
		curve = 1 - (1-f)*(1-f)
	}
	return min(max(int64(math.Ceil(float64(limit)*curve)), 1), limit)
}

// inverse returns the share of the time after which a share of the budget is due.
func inverse(p engine.Pacing, part float64) float64 {
	if p == engine.PacingFrontloaded {
		return 1 - math.Sqrt(1-part)
	}
	return part
}
