package catalog

import (
	"time"

	"github.com/sihai-network/sihai/engine"
)

func (k *checker) flight(f *engine.Flight) {
	start := k.moment("flight.start", f.Start)
	end := k.moment("flight.end", f.End)
	if start && end && neverHolds(f.Start, f.End) {
		k.add("flight.end", "out_of_range", "the end, which is exclusive, is not after the start")
	}
	if k.count("flight.windows", len(f.Windows), MaxWindows) {
		for i, w := range f.Windows {
			k.window(at("flight.windows", i), w)
		}
	}
	k.blackouts(f.Blackouts)
	if !k.count("flight.except", len(f.Except), MaxExceptDates) {
		return
	}
	seen := make(map[string]int, len(f.Except))
	for i, d := range f.Except {
		if k.date(at("flight.except", i), d) {
			k.once("flight.except", i, d.String(), seen)
		}
	}
}

func (k *checker) blackouts(list []engine.Blackout) {
	if !k.count("flight.blackouts", len(list), MaxBlackouts) {
		return
	}
	for i, b := range list {
		path := at("flight.blackouts", i)
		if b.Start.IsZero() {
			k.add(path+".start", "required", "a blackout begins with a date or a time")
			continue
		}
		start, end := k.moment(path+".start", b.Start), k.moment(path+".end", b.End)
		switch {
		case b.End.IsZero() && b.Start.Date.IsZero():
			k.add(path+".end", "required", "a blackout that begins at a time has an end; one of a date may have none, and is that day")
		case start && end && neverHolds(b.Start, b.End):
			k.add(path+".end", "out_of_range", "the end, which is exclusive, is not after the start")
		}
	}
}

// display checks when a campaign is shown, its flight being known to be right or told of.
func (k *checker) display(d *engine.Display, f *engine.Flight) {
	start, end := k.moment("display.start", d.Start), k.moment("display.end", d.End)
	switch {
	case start && end && neverHolds(d.Start, d.End):
		k.add("display.end", "out_of_range", "the end, which is exclusive, is not after the start")
	case start && !f.End.IsZero() && neverHolds(d.Start, f.End):
		k.add("display.start", "out_of_range", "the flight has ended before it is shown")
	}
	if end && !f.End.IsZero() && endsAfter(d.End, f.End) {
		k.add("display.end", "out_of_range", "nothing is shown after the flight has ended")
	}
}

// endsAfter reports whether a bound is later than another in every time zone.
func endsAfter(a, b engine.Moment) bool {
	if !a.Date.IsZero() && !b.Date.IsZero() {
		return a.Date.After(b.Date)
	}
	return a.In(time.FixedZone("UTC+14", 14*60*60)).After(b.In(time.FixedZone("UTC-12", -12*60*60)))
}

// moment reports whether m bounds something and is right.
func (k *checker) moment(path string, m engine.Moment) bool {
	switch {
	case m.IsZero():
		return false
	case !m.Instant.IsZero() && !m.Date.IsZero():
		k.add(path, "invalid", "a bound is a time or a date, not both")
		return false
	case !m.Date.IsZero():
		return k.date(path, m.Date)
	}
	if y := m.Instant.Year(); y < MinYear || y > MaxYear {
		k.add(path, "out_of_range", "the year %d is not between %d and %d", y, MinYear, MaxYear)
		return false
	}
	return true
}

func (k *checker) date(path string, d engine.Date) bool {
	if engine.DateOf(time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)) != d {
		k.add(path, "invalid", "there is no such day as %04d-%02d-%02d", d.Year, int(d.Month), d.Day)
		return false
	}
	if d.Year < MinYear || d.Year > MaxYear {
		k.add(path, "out_of_range", "the year %d is not between %d and %d", d.Year, MinYear, MaxYear)
		return false
	}
	return true
}

// neverHolds reports whether a flight is over before it begins in every time zone of the earth, UTC+14 to UTC-12.
func neverHolds(start, end engine.Moment) bool {
	if !start.Date.IsZero() && !end.Date.IsZero() {
		return !start.Date.Before(end.Date)
	}
	earliest := start.In(time.FixedZone("UTC+14", 14*60*60))
	latest := end.In(time.FixedZone("UTC-12", -12*60*60))
	return !earliest.Before(latest)
}

func (k *checker) window(path string, w engine.Window) {
	for i, day := range w.Days {
		switch {
		case day < time.Sunday || day > time.Saturday:
			k.add(at(path+".days", i), "invalid", "the weekdays are mon, tue, wed, thu, fri, sat and sun")
		case i > 0 && w.Days[i-1] == day:
			k.add(at(path+".days", i), "duplicate", "%s is there already", weekday(day))
		case i > 0 && w.Days[i-1] > day:
			k.add(at(path+".days", i), "invalid", "the weekdays are in the order of the week from Sunday")
		}
	}
	k.span(path+".from", path+".to", w.From, w.To)
}
