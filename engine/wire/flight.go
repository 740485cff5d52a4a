package wire

import (
	"slices"
	"strconv"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// Flight says when a campaign holds, by each venue's own clock.
type Flight struct {
	Start     string     `json:"start,omitempty" doc:"a date (midnight at each venue) or an RFC 3339 time; inclusive" example:"2026-11-01"`
	End       string     `json:"end,omitempty" doc:"a date or an RFC 3339 time; exclusive" example:"2027-01-01"`
	Windows   []Window   `json:"windows,omitempty" doc:"one of them must hold; without any the whole day does"`
	Except    []string   `json:"except,omitempty" doc:"dates left out; a window that runs past midnight belongs to the day on which it began"`
	Blackouts []Blackout `json:"blackouts,omitempty" doc:"spans in which nothing holds, whichever day a window belongs to"`
}

// Display says when a campaign is shown, where that is not while its flight lasts.
type Display struct {
	Start string `json:"start,omitempty" doc:"a date or an RFC 3339 time; inclusive; the start of the flight when left out. From here until the flight starts offers are shown, with the time at which they start, and cannot be used" example:"2026-10-15"`
	End   string `json:"end,omitempty" doc:"a date or an RFC 3339 time; exclusive; the end of the flight when left out"`
}

// Blackout is a span in which a campaign does not hold.
type Blackout struct {
	Start string `json:"start" minLength:"1" doc:"a date (midnight at each venue) or an RFC 3339 time; inclusive" example:"2026-12-24"`
	End   string `json:"end,omitempty" doc:"a date or an RFC 3339 time; exclusive; after a date it may be left out: that day" example:"2026-12-27"`
}

// Window is a span of the day on some weekdays.
type Window struct {
	Days []string `json:"days,omitempty" enum:"mon,tue,wed,thu,fri,sat,sun" doc:"every day when left out"`
	From string   `json:"from" minLength:"1" doc:"HH:MM" example:"17:00"`
	To   string   `json:"to" minLength:"1" doc:"HH:MM, exclusive, up to 24:00; not after from: on the next day" example:"02:00"`
}

// item is the path of an item of a list.
func item(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

func (f *Flight) engine(faults *engine.Faults) engine.Flight {
	var out engine.Flight
	if f == nil {
		return out
	}
	out.Start = moment("flight.start", f.Start, faults)
	out.End = moment("flight.end", f.End, faults)
	for i, w := range f.Windows {
		path := item("flight.windows", i)
		out.Windows = append(out.Windows, engine.Window{
			Days: w.days(path, faults), From: clock(path+".from", w.From, faults), To: clock(path+".to", w.To, faults),
		})
	}
	for i, text := range f.Except {
		date, ok := parseDate(text)
		if !ok {
			faults.Add(item("flight.except", i), "invalid", "%q is not a date such as 2026-12-25", clip(text))
		}
		out.Except = append(out.Except, date)
	}
	for i, b := range f.Blackouts {
		path := item("flight.blackouts", i)
		out.Blackouts = append(out.Blackouts, engine.Blackout{Start: moment(path+".start", b.Start, faults), End: moment(path+".end", b.End, faults)})
	}
	return out
}

func moment(path, text string, faults *engine.Faults) engine.Moment {
	m, ok := parseMoment(text)
	if !ok {
		faults.Add(path, "invalid", "%q is neither a date such as 2026-11-01 nor a time such as 2026-11-01T09:00:00-05:00", clip(text))
	}
	return m
}

// clock reads a time of day; an empty one was told of as missing.
func clock(path, text string, faults *engine.Faults) engine.TimeOfDay {
	t, ok := parseClock(text)
	if !ok && text != "" {
		faults.Add(path, "invalid", "%q is not a time of day such as 17:00", clip(text))
	}
	return t
}

// days returns the weekdays ascending, each once.
func (w *Window) days(path string, faults *engine.Faults) []time.Weekday {
	var days []time.Weekday
	for i, name := range w.Days {
		day, ok := weekday(name)
		switch {
		case !ok: // told of by its enum
		case slices.Contains(days, day):
			faults.Add(item(path+".days", i), "duplicate", "%s is given twice", name)
		default:
			days = append(days, day)
		}
	}
	slices.Sort(days)
	return days
}

func (d *Display) engine(faults *engine.Faults) engine.Display {
	if d == nil {
		return engine.Display{}
	}
	return engine.Display{Start: moment("display.start", d.Start, faults), End: moment("display.end", d.End, faults)}
}

func displayOf(d engine.Display) *Display {
	if d.IsZero() {
		return nil
	}
	return &Display{Start: momentText(d.Start), End: momentText(d.End)}
}

func flightOf(f *engine.Flight) *Flight {
	if f.Start.IsZero() && f.End.IsZero() && len(f.Windows)+len(f.Except)+len(f.Blackouts) == 0 {
		return nil
	}
	out := &Flight{Start: momentText(f.Start), End: momentText(f.End)}
	for _, w := range f.Windows {
		window := Window{From: clockText(w.From), To: clockText(w.To)}
		for _, day := range w.Days {
			window.Days = append(window.Days, weekdayNames[day])
		}
		out.Windows = append(out.Windows, window)
	}
	for _, d := range f.Except {
		out.Except = append(out.Except, d.String())
	}
	for _, b := range f.Blackouts {
		out.Blackouts = append(out.Blackouts, Blackout{Start: momentText(b.Start), End: momentText(b.End)})
	}
	return out
}
