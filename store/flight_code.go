package store

import (
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/sihai-network/sihai/engine"
)

func writeFlight(m *message, fl *engine.Flight) {
	writeMoment(m, 1, fl.Start)
	writeMoment(m, 2, fl.End)
	for _, w := range fl.Windows {
		m.sub(3, func() {
			for _, day := range w.Days {
				// Sunday is 0, so it is written as an element, not left out as a zero.
				m.b = protowire.AppendVarint(protowire.AppendTag(m.b, 1, protowire.VarintType), m.weekday(day))
			}
			m.int(2, int64(w.From))
			m.int(3, int64(w.To))
		})
	}
	for _, d := range fl.Except {
		m.int(4, m.day(d))
	}
	for _, b := range fl.Blackouts {
		m.sub(5, func() {
			writeMoment(m, 1, b.Start)
			writeMoment(m, 2, b.End)
		})
	}
}

func readFlight(fl *engine.Flight, f *field) {
	switch f.num {
	case 1:
		fl.Start = readMoment(f)
	case 2:
		fl.End = readMoment(f)
	case 3:
		fl.Windows = append(fl.Windows, readWindow(f))
	case 4:
		fl.Except = append(fl.Except, f.date())
	case 5:
		start, end := readMoments(f)
		fl.Blackouts = append(fl.Blackouts, engine.Blackout{Start: start, End: end})
	}
}

func readWindow(f *field) (w engine.Window) {
	f.sub(func(f *field) {
		switch f.num {
		case 1:
			w.Days = append(w.Days, f.weekday(f.uint()))
		case 2:
			w.From = engine.TimeOfDay(f.int())
		case 3:
			w.To = engine.TimeOfDay(f.int())
		}
	})
	return w
}

func writeMoment(m *message, num protowire.Number, at engine.Moment) {
	if at.IsZero() {
		return
	}
	m.sub(num, func() {
		m.time(1, at.Instant)
		m.date(2, at.Date)
	})
}

// readMoments reads the two ends of a span.
func readMoments(f *field) (start, end engine.Moment) {
	f.sub(func(f *field) {
		switch f.num {
		case 1:
			start = readMoment(f)
		case 2:
			end = readMoment(f)
		}
	})
	return start, end
}

func readMoment(f *field) (at engine.Moment) {
	f.sub(func(f *field) {
		switch f.num {
		case 1:
			at.Instant = f.time()
		case 2:
			at.Date = f.date()
		}
	})
	return at
}
