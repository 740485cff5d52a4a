package store

import (
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
)

func writeRequest(m *message, r *engine.Request) {
	m.time(1, r.Time)
	m.sub(2, func() { writeUser(m, &r.User) })
	if l := r.Location; l != nil {
		m.sub(3, func() {
			writePosition(m, l.Position)
			m.float(3, float64(l.Accuracy))
			m.str(4, string(l.Type))
			m.int(5, int64(l.LastFix))
		})
	}
	m.str(4, r.Currency)
	m.float(5, float64(r.Radius))
	m.money(6, r.Purchase)
	m.str(7, string(r.Explain))
	for _, p := range r.Placements {
		m.sub(8, func() {
			m.str(1, p.ID)
			m.int(2, int64(p.Count))
			m.strs(3, p.Categories)
			m.strs(4, p.ExcludeMerchants)
		})
	}
	m.strs(9, r.Partners)
}

func readRequest(r *engine.Request, f *field) {
	switch f.num {
	case 1:
		r.Time = f.time()
	case 2:
		f.sub(func(f *field) { readUser(&r.User, f) })
	case 3:
		r.Location = readLocation(f)
	case 4:
		r.Currency = f.str()
	case 5:
		r.Radius = geo.Meters(f.float())
	case 6:
		r.Purchase = f.money()
	case 7:
		r.Explain = engine.Explain(f.str())
	case 8:
		r.Placements = append(r.Placements, readSlot(f))
	case 9:
		r.Partners = append(r.Partners, f.str())
	}
}

func readLocation(f *field) *engine.Location {
	l := new(engine.Location)
	f.sub(func(f *field) {
		switch f.num {
		case 3:
			l.Accuracy = geo.Meters(f.float())
		case 4:
			l.Type = engine.LocationType(f.str())
		case 5:
			l.LastFix = time.Duration(f.int())
		default:
			readPosition(&l.Position, f)
		}
	})
	return l
}

func readSlot(f *field) (p engine.PlacementRequest) {
	f.sub(func(f *field) {
		switch f.num {
		case 1:
			p.ID = f.str()
		case 2:
			p.Count = int(f.int())
		case 3:
			p.Categories = append(p.Categories, f.str())
		case 4:
			p.ExcludeMerchants = append(p.ExcludeMerchants, f.str())
		}
	})
	return p
}

func writeUser(m *message, u *engine.User) {
	m.str(1, u.ID)
	m.str(2, u.HomeCountry)
	m.strs(3, u.Languages)
	m.strs(4, u.Segments)
	m.str(5, u.SpendTier)
	for _, name := range sortedNames(u.Attributes) {
		m.sub(6, func() { writeAttribute(m, name, u.Attributes[name]) })
	}
	m.weights(7, u.CategoryAffinities)
}

func readUser(u *engine.User, f *field) {
	switch f.num {
	case 1:
		u.ID = f.str()
	case 2:
		u.HomeCountry = f.str()
	case 3:
		u.Languages = append(u.Languages, f.str())
	case 4:
		u.Segments = append(u.Segments, f.str())
	case 5:
		u.SpendTier = f.str()
	case 6:
		name, value := readAttribute(f)
		if u.Attributes == nil {
			u.Attributes = make(map[string]any)
		}
		u.Attributes[name] = value
	case 7:
		u.CategoryAffinities = f.weight(u.CategoryAffinities)
	}
}

// The kinds of an attribute's value.
const (
	attributeString = 1
	attributeNumber = 2
	attributeBool   = 3
)

func writeAttribute(m *message, name string, value any) {
	m.str(1, name)
	switch v := value.(type) {
	case nil:
	case string:
		m.uint(2, attributeString)
		m.str(3, v)
	case float64:
		m.uint(2, attributeNumber)
		m.float(4, v)
	case bool:
		m.uint(2, attributeBool)
		m.bool(5, v)
	default:
		m.refuse("attribute %q is a %T, not a string, a float64 or a bool", name, value)
	}
}

// readAttribute returns nil for a value of a kind that this release does not know.
func readAttribute(f *field) (name string, value any) {
	var kind uint64
	var text string
	var number float64
	var truth bool
	f.sub(func(f *field) {
		switch f.num {
		case 1:
			name = f.str()
		case 2:
			kind = f.uint()
		case 3:
			text = f.str()
		case 4:
			number = f.float()
		case 5:
			truth = f.bool()
		}
	})
	switch kind {
	case attributeString:
		return name, text
	case attributeNumber:
		return name, number
	case attributeBool:
		return name, truth
	}
	return name, nil
}
