package engine

import "time"

// Date is a day of the Gregorian calendar with no zone; the zero value is no date.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// Moment is a bound of a flight: an instant, or a date, which is its midnight at each venue. Both zero: no bound.
type Moment struct {
	Instant time.Time // with the offset it was given in
	Date    Date
}

// IsZero reports whether m bounds nothing.
func (m Moment) IsZero() bool { return m.Instant.IsZero() && m.Date.IsZero() }

// In returns the instant of m at a venue of a zone; zero for no bound. A date is the first instant of that day there.
func (m Moment) In(zone *time.Location) time.Time {
	if !m.Instant.IsZero() {
		return m.Instant.In(zone)
	}
	if m.Date.IsZero() {
		return time.Time{}
	}
	return m.Date.StartIn(zone)
}

// StartIn returns the first instant of d in a zone. That is not always midnight: where a clock is put forward at
// midnight the day begins later, and where it is put back across midnight the first of the two counts.
func (d Date) StartIn(zone *time.Location) time.Time {
	t := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, zone)
	begin, end := t.ZoneBounds()
	if DateOf(t).Before(d) && !end.IsZero() {
		return end
	}
	if !begin.IsZero() {
		_, now := t.Zone()
		_, was := begin.Add(-time.Second).Zone()
		if first := t.Add(time.Duration(now-was) * time.Second); first.Before(begin) && DateOf(first) == d {
			return first
		}
	}
	return t
}

// Flight says when a campaign holds, in each venue's own time zone.
type Flight struct {
	Start   Moment   // inclusive; none: since ever
	End     Moment   // exclusive; none: for ever
	Windows []Window // none: the whole day; otherwise one of them must hold
	Except  []Date   // days left out; a window that runs past midnight belongs to the day on which it began
	// Blackouts are spans in which nothing holds, whichever day a window belongs to: 24 December to the 27th ends a night that began on the 23rd at midnight.
	Blackouts []Blackout
}

// Dated reports whether a bound of f is a date, which comes at another moment in each zone.
func (f *Flight) Dated() bool { return !f.Start.Date.IsZero() || !f.End.Date.IsZero() }

// Blackout is a span in which a campaign does not hold.
type Blackout struct {
	Start Moment // inclusive; never zero
	End   Moment // exclusive; none: the day of Start alone, which is then a date
}

// Bounds returns the two ends of b at a venue of a zone.
func (b Blackout) Bounds(zone *time.Location) (start, end time.Time) {
	if !b.End.IsZero() {
		return b.Start.In(zone), b.End.In(zone)
	}
	d := b.Start.Date
	next := DateOf(time.Date(d.Year, d.Month, d.Day+1, 0, 0, 0, 0, time.UTC))
	return b.Start.In(zone), next.StartIn(zone)
}

// BlackedOut returns the end of the blackouts that hold at an instant at a venue of a zone; false when none does. Where one goes over into the next, it is the end
// of the last.
func (f *Flight) BlackedOut(at time.Time, zone *time.Location) (until time.Time, ok bool) {
	for more := true; more; {
		more = false
		for _, b := range f.Blackouts {
			start, end := b.Bounds(zone)
			if !at.Before(start) && at.Before(end) {
				at, until, ok, more = end, end, true, true
			}
		}
	}
	return until, ok
}

// Window is a span of the day on some weekdays. Where To is not after From it ends on the next day: 17:00 to 02:00.
type Window struct {
	Days []time.Weekday // ascending from Sunday; empty: every day
	From TimeOfDay
	To   TimeOfDay // exclusive; 24:00 is allowed
}

// TimeOfDay is minutes since midnight on the venue's wall clock, 0 to 1440.
type TimeOfDay int

// OpeningHours are the spans in which a venue is open, by the weekday on which they begin. A weekday without spans is
// a closed day; nil altogether is always open.
type OpeningHours map[time.Weekday][]Span

// Span is a part of a day; where To is not after From it ends on the next day.
type Span struct {
	From, To TimeOfDay
}

// IsZero reports whether d is no date.
func (d Date) IsZero() bool { return d == Date{} }

// After reports whether d is later than e.
func (d Date) After(e Date) bool { return e.Before(d) }

// Before reports whether d is earlier than e.
func (d Date) Before(e Date) bool {
	if d.Year != e.Year {
		return d.Year < e.Year
	}
	if d.Month != e.Month {
		return d.Month < e.Month
	}
	return d.Day < e.Day
}

// DateOf returns the day of t in t's own location.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// String returns d as YYYY-MM-DD.
func (d Date) String() string {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
}
