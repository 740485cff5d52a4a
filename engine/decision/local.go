package decision

import (
	"slices"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// local is an instant as the clocks of a zone show it.
type local struct {
	at     time.Time // in the zone
	zone   *time.Location
	date   engine.Date
	minute engine.TimeOfDay
	before engine.Date // see eve; zero: not yet asked
}

func localAt(at time.Time, zone *time.Location) local {
	at = at.In(zone)
	hour, minute, _ := at.Clock()
	return local{at: at, zone: zone, date: engine.DateOf(at), minute: engine.TimeOfDay(60*hour + minute)}
}

// eve returns the day that came before the date in the zone. It is not the one before in the calendar where a zone has
// skipped a day: in Apia the 29th of December 2011 was followed by the 31st.
func (l *local) eve() engine.Date {
	if l.before.IsZero() {
		l.before = engine.DateOf(l.date.StartIn(l.zone).Add(-1))
	}
	return l.before
}

// weekdayOf returns the day of the week of a date.
func weekdayOf(d engine.Date) time.Weekday {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Weekday()
}

// shift returns the date some days later in the calendar.
func shift(d engine.Date, days int) engine.Date {
	return engine.DateOf(time.Date(d.Year, d.Month, d.Day+days, 0, 0, 0, 0, time.UTC))
}

// instants appends the instants at which the clocks of a zone show a minute of a date: none where the clock leaps over it,
// two where it goes back.
func instants(dst []time.Time, d engine.Date, m engine.TimeOfDay, zone *time.Location) []time.Time {
	guess := time.Date(d.Year, d.Month, d.Day, 0, int(m), 0, 0, zone)
	wall := time.Date(d.Year, d.Month, d.Day, 0, int(m), 0, 0, time.UTC)
	begin, end := guess.ZoneBounds()
	around := []time.Time{guess}
	first := len(dst)
	if !begin.IsZero() {
		around = append(around, begin.Add(-1))
	}
	if !end.IsZero() {
		around = append(around, end)
	}
	for _, t := range around {
		_, offset := t.Zone()
		u := wall.Add(-time.Duration(offset) * time.Second).In(zone)
		if _, shown := u.Zone(); shown == offset && !slices.ContainsFunc(dst[first:], u.Equal) {
			dst = append(dst, u)
		}
	}
	return dst
}
