package store

import (
	"maps"
	"slices"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
)

// The functions of the *_code.go files write and read the content of each kind of value; FORMAT.md draws them. What a
// key tells (the merchant) and what the record holds (engine.Meta) is not in the content.

func writeMerchant(m *message, v *engine.Merchant) {
	m.str(1, v.ID)
	m.text(2, v.Name)
	m.str(3, string(v.Approval))
}

func readMerchant(v *engine.Merchant, f *field) {
	switch f.num {
	case 1:
		v.ID = f.str()
	case 2:
		v.Name = f.text(v.Name)
	case 3:
		v.Approval = engine.Approval(f.str())
	}
}

func writeVenue(m *message, v *engine.Venue) {
	m.str(1, v.ID)
	m.text(2, v.Name)
	m.float(3, v.Position.Lat)
	m.float(4, v.Position.Lng)
	m.str(5, v.Category)
	m.str(6, v.Chain)
	m.str(7, v.TimeZone)
	m.str(8, v.Currency)
	writeHours(m, v.OpeningHours)
	m.strs(10, v.Partners)
	m.str(11, v.Address)
	m.money(12, v.TypicalSpend)
}

func readVenue(v *engine.Venue, f *field) {
	switch f.num {
	case 1:
		v.ID = f.str()
	case 2:
		v.Name = f.text(v.Name)
	case 3:
		v.Position.Lat = f.float()
	case 4:
		v.Position.Lng = f.float()
	case 5:
		v.Category = f.word()
	case 6:
		v.Chain = f.str()
	case 7:
		v.TimeZone = f.str()
	case 8:
		v.Currency = f.word()
	case 9:
		v.OpeningHours = readHours(f)
	case 10:
		v.Partners = append(v.Partners, f.str())
	case 11:
		v.Address = f.str()
	case 12:
		v.TypicalSpend = f.money()
	}
}

// writeHours leaves out nil, which is always open, but not hours without a day, which is never open.
func writeHours(m *message, hours engine.OpeningHours) {
	if hours == nil {
		return
	}
	m.sub(9, func() {
		for _, day := range slices.Sorted(maps.Keys(hours)) {
			m.sub(1, func() {
				m.uint(1, m.weekday(day))
				for _, span := range hours[day] {
					m.sub(2, func() {
						m.int(1, int64(span.From))
						m.int(2, int64(span.To))
					})
				}
			})
		}
	})
}

func readHours(f *field) engine.OpeningHours {
	hours := make(engine.OpeningHours)
	f.sub(func(f *field) {
		if f.num != 1 {
			return
		}
		var day time.Weekday
		var spans []engine.Span
		f.sub(func(f *field) {
			switch f.num {
			case 1:
				day = f.weekday(f.uint())
			case 2:
				spans = append(spans, readSpan(f))
			}
		})
		hours[day] = spans
	})
	return hours
}

func readSpan(f *field) (s engine.Span) {
	f.sub(func(f *field) {
		switch f.num {
		case 1:
			s.From = engine.TimeOfDay(f.int())
		case 2:
			s.To = engine.TimeOfDay(f.int())
		}
	})
	return s
}

func (m *message) weekday(d time.Weekday) uint64 {
	if d < time.Sunday || d > time.Saturday {
		m.refuse("%d is no weekday", d)
		return 0
	}
	return uint64(d)
}

func (f *field) weekday(n uint64) time.Weekday {
	if n > uint64(time.Saturday) {
		f.refuse("%d is no weekday", n)
		return 0
	}
	return time.Weekday(n)
}

func writePosition(m *message, p geo.LatLng) {
	m.float(1, p.Lat)
	m.float(2, p.Lng)
}

// readPosition takes the fields 1 and 2 of a message that begins with a position.
func readPosition(p *geo.LatLng, f *field) {
	switch f.num {
	case 1:
		p.Lat = f.float()
	case 2:
		p.Lng = f.float()
	}
}
