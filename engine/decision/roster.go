package decision

import (
	"slices"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// roster says when something holds, by spans of the wall clock that belong to the day on which they begin.
type roster interface {
	// holds reports whether a span of a day holds at a minute of that day or, carried, of the day that followed.
	holds(on engine.Date, m engine.TimeOfDay, carried bool) bool
	// begins appends the minutes at which the spans of a day begin.
	begins(dst []engine.TimeOfDay, on engine.Date) []engine.TimeOfDay
}

// windows are those of a flight, without its bounds.
type windows engine.Flight

func (w *windows) holds(on engine.Date, m engine.TimeOfDay, carried bool) bool {
	if slices.Contains(w.Except, on) {
		return false
	}
	if len(w.Windows) == 0 {
		return !carried
	}
	weekday := weekdayOf(on)
	for i := range w.Windows {
		x := &w.Windows[i]
		if (len(x.Days) == 0 || slices.Contains(x.Days, weekday)) && within(x.From, x.To, m, carried) {
			return true
		}
	}
	return false
}

func (w *windows) begins(dst []engine.TimeOfDay, _ engine.Date) []engine.TimeOfDay {
	for _, x := range w.Windows {
		dst = append(dst, x.From)
	}
	return dst
}

// always reports whether no window or exception bounds the day.
func (w *windows) always() bool { return len(w.Windows) == 0 && len(w.Except) == 0 }

// hours are the opening hours of a venue, which has some.
type hours engine.OpeningHours

func (h hours) holds(on engine.Date, m engine.TimeOfDay, carried bool) bool {
	for _, s := range h[weekdayOf(on)] {
		if within(s.From, s.To, m, carried) {
			return true
		}
	}
	return false
}

func (h hours) begins(dst []engine.TimeOfDay, on engine.Date) []engine.TimeOfDay {
	for _, s := range h[weekdayOf(on)] {
		dst = append(dst, s.From)
	}
	return dst
}

// within reports whether a span of the wall clock holds at a minute of the day on which it begins or, carried, of the next.
func within(from, to, m engine.TimeOfDay, carried bool) bool {
	overnight := to <= from
	if carried {
		return overnight && m < to
	}
	return m >= from && (overnight || m < to)
}

// open reports whether a roster holds at an instant.
func open(r roster, l *local) bool {
	return r.holds(l.date, l.minute, false) || r.holds(l.eve(), l.minute, true)
}

// The search for an opening: by days a step, and how many in all.
const (
	searchStep = 8
	searchDays = 50 * searchStep
)

// opening returns the first instant after l, up to some 400 days, at which a roster holds that does not hold at l.
//
// A roster can begin to hold only where a span begins, where a day begins and one of the day before runs on, or where the
// zone's clock is put forward or back: those instants are tried in order.
func opening(r roster, l *local) (time.Time, bool) {
	var minutes []engine.TimeOfDay
	var tries []time.Time
	for first := -1; first < searchDays; first += searchStep {
		tries = tries[:0]
		for n := range searchStep + 1 {
			day := shift(l.date, first+n)
			minutes = r.begins(minutes[:0], day)
			tries = append(tries, day.StartIn(l.zone))
			for _, m := range minutes {
				tries = instants(tries, day, m, l.zone)
			}
		}
		slices.SortFunc(tries, time.Time.Compare)
		tries = changes(tries, tries[0], tries[len(tries)-1])
		slices.SortFunc(tries, time.Time.Compare)
		for _, t := range tries {
			if !t.After(l.at) {
				continue
			}
			if then := localAt(t, l.zone); open(r, &then) {
				return then.at, true
			}
		}
	}
	return time.Time{}, false
}

// changes appends the instants between two at which the clock of their zone is put forward or back.
func changes(dst []time.Time, from, to time.Time) []time.Time {
	for {
		_, next := from.ZoneBounds()
		if next.IsZero() || next.After(to) {
			return dst
		}
		dst = append(dst, next)
		from = next
	}
}
