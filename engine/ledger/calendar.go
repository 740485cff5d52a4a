package ledger

import (
	"slices"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// day numbers a calendar day from 1 January 1970, a Thursday; it has no zone.
type day int32

// The day numbers of a span without bounds.
const (
	firstDay day = -1 << 31
	lastDay  day = 1<<31 - 1
)

const secondsPerDay = 24 * 60 * 60

// dayOf returns the day of t in t's own location.
func dayOf(t time.Time) day {
	y, m, d := t.Date()
	return dayOfDate(y, m, d)
}

func dayOfDate(y int, m time.Month, d int) day {
	return day(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / secondsPerDay)
}

// date returns the day as year, month and day of the month.
func (d day) date() (int, time.Month, int) {
	return time.Unix(int64(d)*secondsPerDay, 0).UTC().Date()
}

// start returns the first instant of the day in a zone.
func (d day) start(zone *time.Location) time.Time {
	y, m, dd := d.date()
	return engine.Date{Year: y, Month: m, Day: dd}.StartIn(zone)
}

// span is the days from first until before next.
type span struct{ first, next day }

// spanOf returns the days of the period that d lies in.
func spanOf(p engine.Period, d day) span {
	switch p {
	case engine.PeriodDay:
		return span{d, d + 1}
	case engine.PeriodWeek:
		monday := d - ((d+3)%7+7)%7
		return span{monday, monday + 7}
	case engine.PeriodMonth:
		y, m, _ := d.date()
		return span{dayOfDate(y, m, 1), dayOfDate(y, m+1, 1)}
	}
	return span{firstDay, lastDay}
}

// calendar counts by day and in all; of days it remembers maxDays. The zero value is empty.
type calendar struct {
	total int64
	days  []dayCount // ascending
}

type dayCount struct {
	day day
	n   uint32
}

// keepDays is how far from the days that are counted now a calendar remembers: a month of 31 days, whatever the zone, and the days by which
// an event may be late.
const keepDays = 31 + 3 + int(maxAge/(24*time.Hour))

// maxDays bounds the days: those of keepDays, and as many as half of that which a wrong clock may have counted on.
const maxDays = keepDays * 3 / 2

// add counts on a day. Of more than maxDays the day furthest from d goes, so that a clock that was wrong for a while takes the place of few that count.
func (c *calendar) add(d day) {
	c.total++
	i, found := slices.BinarySearchFunc(c.days, d, func(e dayCount, d day) int { return int(e.day) - int(d) })
	if found {
		c.days[i].n++
		return
	}
	c.days = slices.Insert(c.days, i, dayCount{d, 1})
	if last := len(c.days) - 1; len(c.days) > maxDays {
		if int64(d)-int64(c.days[0].day) >= int64(c.days[last].day)-int64(d) {
			c.days = slices.Delete(c.days, 0, 1)
		} else {
			c.days = c.days[:last]
		}
	}
}

// forget drops the days that are further than keepDays from d; the total keeps them.
func (c *calendar) forget(d day) {
	c.days = slices.DeleteFunc(c.days, func(e dayCount) bool { return e.day < d-day(keepDays) || e.day > d+day(keepDays) })
	if len(c.days) == 0 {
		c.days = nil
	}
}

// in returns the count of a span; a nil calendar has none.
func (c *calendar) in(s span) int64 {
	if c == nil {
		return 0
	}
	if s.first == firstDay {
		return c.total
	}
	var n int64
	for i := len(c.days) - 1; i >= 0 && c.days[i].day >= s.first; i-- {
		if c.days[i].day < s.next {
			n += int64(c.days[i].n)
		}
	}
	return n
}
