package ledger

import (
	"fmt"
	"math"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// A budget of limit L is spread over the part of its period that lies in the flight, in the venue's own time; a total over the whole flight, which then needs an end.
// It follows what is expected, as Agarwal, Ghosh, Wei and You have it (Budget pacing for targeted online advertisements at LinkedIn, KDD 2014, section 3), but without
// drawing by lot: the same count at the same moment has the same answer. Where F is the share of the period's expected showings that lies behind, and f the same share
// of what is left of the period since the venue's day began, of which so many showings were counted before that day:
//
//	due = min(ceil(L × curve(F)), before + ceil((L − before) × curve(f))), from 1 to L
//
//	evenly       curve(f) = f
//	frontloaded  curve(f) = 1 − (1 − f)²: twice the even rate at first, falling in a line to none
//
// A campaign that is on its way has both the same. One that fell behind makes up for it by the second, over all that is left and not at once; it never gets ahead of
// the first. Expected is what the hours of the week brought in the zone of late, see traffic: without anything learnt each hour brings the same. Only time in the
// windows of the flight counts.

// schedule is how a budget is to be spent.
type schedule struct {
	flow
	pacing           engine.Pacing
	limit, before    int64
	begin, from, end float64 // masses until the period begins, until the day, and until the period ends
	now, last        int64   // instants in seconds since 1970: now, and the end of the period
}

// schedule returns how a budget is to be spent of which so much was used before the venue's day; false when it is not paced.
func (t *traffic) schedule(c *engine.Campaign, terms *engine.Terms, b *engine.Budget, before int64, now moment) (s schedule, ok bool) {
	if c.Pacing != engine.PacingEvenly && c.Pacing != engine.PacingFrontloaded {
		return s, false
	}
	begin, end := stretch(c, b.Period, now)
	if begin.IsZero() || end.IsZero() || !begin.Before(end) {
		return s, false
	}
	s = schedule{
		flow:   t.of(now.zone).outlook(now.day).flowOf(&c.Flight, terms),
		pacing: c.Pacing, limit: b.Limit, before: before, now: now.at.Unix(), last: end.Unix(),
	}
	s.begin, s.end = s.mass(begin.Unix()), s.mass(s.last)
	today := now.day.start(now.zone)
	if s.from = s.begin; begin.Before(today) {
		s.from = s.mass(today.Unix())
	}
	return s, true
}

// due returns how much is due at an instant of today.
func (s *schedule) due(at int64) int64 {
	m := s.mass(at)
	whole := curve(s.pacing, share(m-s.begin, s.end-s.begin))
	rest := curve(s.pacing, share(m-s.from, s.end-s.from))
	due := min(part(s.limit, whole), s.before+part(s.limit-s.before, rest))
	return min(max(due, 1), s.limit)
}

// steady reports whether what is due never falls on a day: with windows it may where the wall clock is put back.
func (s *schedule) steady(now moment) bool {
	return s.open == nil || (now.day+1).start(now.zone).Sub(now.day.start(now.zone)) == 24*time.Hour
}

// part returns a share of an amount, rounded up but for what is the floating point's.
func part(n int64, share float64) int64 { return int64(math.Ceil(float64(n) * share * (1 - 1e-12))) }

func share(behind, all float64) float64 {
	if all <= 0 {
		return 1 // nothing is expected any more
	}
	return min(max(behind/all, 0), 1)
}

func curve(p engine.Pacing, f float64) float64 {
	if p == engine.PacingFrontloaded {
		return 1 - (1-f)*(1-f)
	}
	return f
}

// inverse returns the share of what is expected after which a share of the budget is due.
func inverse(p engine.Pacing, part float64) float64 {
	if p == engine.PacingFrontloaded {
		return 1 - math.Sqrt(max(0, 1-part))
	}
	return part
}

// again returns after which instant more than n are due, when nothing is used meanwhile.
func (s *schedule) again(n int64, now moment) time.Time {
	whole := s.when(s.begin + (s.end-s.begin)*inverse(s.pacing, float64(n)/float64(s.limit)))
	rest := s.when(s.from + (s.end-s.from)*inverse(s.pacing, float64(n-s.before)/float64(s.limit-s.before)))
	at := max(whole, rest)
	if next := (now.day + 1).start(now.zone).Unix(); at > next {
		at = max(whole, next) // then before is n
	}
	return time.Unix(at, 0)
}

// when returns the first second, from now to the end of the period, until which a mass is reached.
func (s *schedule) when(mass float64) int64 {
	low, high := s.now, s.last
	for low < high {
		if mid := low + (high-low)/2; s.mass(mid) >= mass-1e-9 {
			high = mid
		} else {
			low = mid + 1
		}
	}
	return high
}

// used is how much of a budget is used, and how much of that on the venue's day or later.
type used struct{ n, today int64 }

// pacedOut reports whether a budget that is not used up is ahead of its pacing, with the reason. terms, by which the campaign's windows are remembered, may be nil.
func (t *traffic) pacedOut(c *engine.Campaign, terms *engine.Terms, b *engine.Budget, u used, now moment) (engine.Reason, bool) {
	s, ok := t.schedule(c, terms, b, u.n-u.today, now)
	if !ok {
		return engine.Reason{}, false
	}
	due := s.due(s.now)
	if u.n < due {
		return engine.Reason{}, false
	}
	return engine.Reason{
		Code:    engine.PacedOut,
		Message: fmt.Sprintf("%s, paced %s: %d due by now; again at %s", counted(u.n, *b), c.Pacing, due, clock(s.again(u.n, now), now.zone)),
	}, true
}

// pacedUntil returns when a budget that is ahead of its pacing is so no longer; false when it is not.
func (t *traffic) pacedUntil(c *engine.Campaign, b *engine.Budget, u used, now moment) (time.Time, bool) {
	s, ok := t.schedule(c, nil, b, u.n-u.today, now)
	if !ok || u.n < s.due(s.now) {
		return time.Time{}, false
	}
	return s.again(u.n, now).Add(time.Second), true
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
