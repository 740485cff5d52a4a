package store

import (
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
)

func writeCampaign(m *message, c *engine.Campaign) { writeCampaignWith(m, c, c.Geofences) }

// writeBareCampaign leaves the geofences out.
func writeBareCampaign(m *message, c *engine.Campaign) { writeCampaignWith(m, c, nil) }

func writeCampaignWith(m *message, c *engine.Campaign, geofences []engine.Geofence) {
	m.str(1, c.ID)
	m.text(2, c.Title)
	m.text(3, c.Description)
	m.text(4, c.Terms)
	m.str(5, c.ImageURL)
	writeDiscount(m, 6, &c.Discount)
	m.sub(7, func() {
		m.strs(1, c.Venues.IDs)
		m.str(2, c.Venues.Chain)
		m.bool(3, c.Venues.All)
		m.float(4, float64(c.Venues.Radius))
	})
	m.strs(8, c.Categories)
	for i := range geofences {
		m.sub(9, func() { writeGeofence(m, &geofences[i]) })
	}
	m.sub(10, func() { writeFlight(m, &c.Flight) })
	m.sub(11, func() { writeAudience(m, &c.Audience) })
	for _, b := range c.Budgets {
		m.sub(12, func() {
			m.str(1, string(b.Metric))
			m.int(2, b.Limit)
			m.str(3, b.Currency)
			m.str(4, string(b.Period))
			m.str(5, string(b.Per))
		})
	}
	for _, limit := range c.Caps {
		m.sub(13, func() {
			m.int(1, int64(limit.Count))
			m.int(2, int64(limit.Window))
		})
	}
	m.str(14, string(c.Pacing))
	m.sub(15, func() {
		m.str(1, c.Stacking.Group)
		m.str(2, string(c.Stacking.Mode))
		m.int(3, int64(c.Stacking.Priority))
	})
	m.str(16, string(c.Status))
	if !c.Display.IsZero() {
		m.sub(17, func() {
			writeMoment(m, 1, c.Display.Start)
			writeMoment(m, 2, c.Display.End)
		})
	}
	m.bool(18, c.CodeRequired)
}

func readCampaign(c *engine.Campaign, f *field) {
	switch f.num {
	case 1:
		c.ID = f.str()
	case 2:
		c.Title = f.text(c.Title)
	case 3:
		c.Description = f.text(c.Description)
	case 4:
		c.Terms = f.text(c.Terms)
	case 5:
		c.ImageURL = f.str()
	case 6:
		c.Discount = readDiscount(f)
	case 7:
		f.sub(func(f *field) { readVenueSet(&c.Venues, f) })
	case 8:
		c.Categories = append(c.Categories, f.word())
	case 9:
		c.Geofences = append(c.Geofences, readGeofence(f))
	case 10:
		f.sub(func(f *field) { readFlight(&c.Flight, f) })
	case 11:
		f.sub(func(f *field) { readAudience(&c.Audience, f) })
	case 12:
		c.Budgets = append(c.Budgets, readBudget(f))
	case 13:
		c.Caps = append(c.Caps, readCap(f))
	case 14:
		c.Pacing = engine.Pacing(f.word())
	case 15:
		f.sub(func(f *field) { readStacking(&c.Stacking, f) })
	case 16:
		c.Status = engine.Status(f.word())
	case 17:
		c.Display.Start, c.Display.End = readMoments(f)
	case 18:
		c.CodeRequired = f.bool()
	}
}

func readVenueSet(s *engine.VenueSet, f *field) {
	switch f.num {
	case 1:
		s.IDs = append(s.IDs, f.str())
	case 2:
		s.Chain = f.str()
	case 3:
		s.All = f.bool()
	case 4:
		s.Radius = geo.Meters(f.float())
	}
}

func readAudience(a *engine.Audience, f *field) {
	switch f.num {
	case 1:
		a.HomeCountries = append(a.HomeCountries, f.word())
	case 2:
		a.Languages = append(a.Languages, f.word())
	case 3:
		a.Segments = append(a.Segments, f.str())
	case 4:
		a.SpendTiers = append(a.SpendTiers, f.str())
	case 5:
		a.Expression = f.str()
	}
}

func writeAudience(m *message, a *engine.Audience) {
	m.strs(1, a.HomeCountries)
	m.strs(2, a.Languages)
	m.strs(3, a.Segments)
	m.strs(4, a.SpendTiers)
	m.str(5, a.Expression)
}

func readBudget(f *field) (b engine.Budget) {
	f.sub(func(f *field) {
		switch f.num {
		case 1:
			b.Metric = engine.Metric(f.word())
		case 2:
			b.Limit = f.int()
		case 3:
			b.Currency = f.word()
		case 4:
			b.Period = engine.Period(f.word())
		case 5:
			b.Per = engine.Scope(f.word())
		}
	})
	return b
}

func readCap(f *field) (c engine.FrequencyCap) {
	f.sub(func(f *field) {
		switch f.num {
		case 1:
			c.Count = int(f.int())
		case 2:
			c.Window = time.Duration(f.int())
		}
	})
	return c
}

func readStacking(s *engine.Stacking, f *field) {
	switch f.num {
	case 1:
		s.Group = f.str()
	case 2:
		s.Mode = engine.StackingMode(f.word())
	case 3:
		s.Priority = int(f.int())
	}
}

// writeGeofence leaves out Fence, which follows from the rest.
func writeGeofence(m *message, g *engine.Geofence) {
	if g.Circle != nil {
		m.sub(1, func() {
			writePosition(m, g.Circle.Center)
			m.float(3, float64(g.Circle.Radius))
		})
	}
	m.bytes(2, g.GeoJSON)
	m.strs(3, g.Cells)
	m.bytes(4, g.Covering)
}

func readGeofence(f *field) (g engine.Geofence) {
	f.sub(func(f *field) {
		switch f.num {
		case 1:
			g.Circle = new(engine.Circle)
			f.sub(func(f *field) {
				readPosition(&g.Circle.Center, f)
				if f.num == 3 {
					g.Circle.Radius = geo.Meters(f.float())
				}
			})
		case 2:
			g.GeoJSON = f.bytes()
		case 3:
			g.Cells = append(g.Cells, f.str())
		case 4:
			g.Covering = f.bytes()
		}
	})
	return g
}
