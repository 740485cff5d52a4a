package store

import (
	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
)

// The parts of a creative's fields, in the order in which they stand in an offer. Each ends where a field follows that the request added.
const (
	keptNames = iota // fields 1 to 3
	keptVenue        // of field 5: 1 to 6
	keptWords        // 6 to 11
	keptEnd          // 15, 20 and 21
)

// writeOffer writes the parts of the creative, and between them what the request added.
func writeOffer(m *message, o *engine.Offer) {
	c := o.Creative
	f := keptForm(m, c)
	writeKept(m, c, f, keptNames)
	m.int(4, int64(o.Position))
	m.sub(5, func() {
		writeKept(m, c, f, keptVenue)
		m.float(7, float64(o.Distance))
	})
	writeKept(m, c, f, keptWords)
	if o.Saving != nil {
		m.sub(12, func() {
			m.money(1, o.Saving.Money)
			m.date(2, o.Saving.RateDate)
		})
	}
	m.float(13, o.InsideProbability)
	m.str(14, string(o.Match))
	writeKept(m, c, f, keptEnd)
	m.float(16, o.Score)
	m.float(17, o.Propensity)
	m.floats(18, o.Features)
	if o.Explanation != nil {
		m.sub(19, func() { writeExplanation(m, o.Explanation, 1) })
	}
	m.float(22, o.Price)
}

// keptForm returns the form of a creative, made at its first use; nil for a creative that keeps none.
func keptForm(m *message, c *engine.Creative) *engine.Form {
	if c.Forms == nil {
		return nil
	}
	if f := c.Forms.Kept.Load(); f != nil {
		return f
	}
	f, text := new(engine.Form), &message{b: make([]byte, 0, 512)}
	for part := range f.Ends {
		writeKept(text, c, nil, part)
		f.Ends[part] = len(text.b)
	}
	if text.err != nil {
		m.refuse("%w", text.err)
		return nil
	}
	f.Text = append([]byte(nil), text.b...)
	c.Forms.Kept.Store(f)
	return f
}

// writeKept writes a part of a creative, off its form if there is one.
func writeKept(m *message, c *engine.Creative, f *engine.Form, part int) {
	if f != nil {
		begin := 0
		if part > 0 {
			begin = f.Ends[part-1]
		}
		m.b = append(m.b, f.Text[begin:f.Ends[part]]...)
		return
	}
	switch part {
	case keptNames:
		m.str(1, c.ID)
		m.str(2, c.CampaignID)
		m.str(3, c.MerchantID)
	case keptVenue:
		writePosition(m, c.Venue.Position)
		m.str(3, c.Venue.ID)
		m.str(4, c.Venue.Name)
		m.str(5, c.Venue.Category)
		m.str(6, c.Venue.TimeZone)
	case keptWords:
		m.str(6, c.Title)
		m.str(7, c.Description)
		m.str(8, c.Terms)
		m.str(9, c.ImageURL)
		m.str(10, c.Language)
		writeDiscount(m, 11, &c.Discount)
	case keptEnd:
		m.time(15, c.EndsAt)
		m.time(20, c.StartsAt)
		m.bool(21, c.CodeRequired)
	}
}

func readOffer(o *engine.Offer, f *field) {
	switch f.num {
	case 1:
		o.ID = f.str()
	case 2:
		o.CampaignID = f.str()
	case 3:
		o.MerchantID = f.str()
	case 4:
		o.Position = int(f.int())
	case 5:
		f.sub(func(f *field) { readOfferVenue(o, f) })
	case 11:
		o.Discount = readDiscount(f)
	case 12:
		o.Saving = readSaving(f)
	case 14:
		o.Match = engine.Match(f.str())
	case 15:
		o.EndsAt = f.time()
	case 20:
		o.StartsAt = f.time()
	case 21:
		o.CodeRequired = f.bool()
	case 6, 7, 8, 9, 10:
		readOfferTexts(o, f)
	default:
		readOfferScore(o, f)
	}
}

func readOfferTexts(o *engine.Offer, f *field) {
	switch f.num {
	case 6:
		o.Title = f.str()
	case 7:
		o.Description = f.str()
	case 8:
		o.Terms = f.str()
	case 9:
		o.ImageURL = f.str()
	case 10:
		o.Language = f.str()
	}
}

func readOfferScore(o *engine.Offer, f *field) {
	switch f.num {
	case 13:
		o.InsideProbability = f.float()
	case 16:
		o.Score = f.float()
	case 17:
		o.Propensity = f.float()
	case 18:
		o.Features = f.floats()
	case 19:
		o.Explanation = readExplanation(f, 1)
	case 22:
		o.Price = f.float()
	}
}

func readOfferVenue(o *engine.Offer, f *field) {
	v := &o.Venue
	switch f.num {
	case 3:
		v.ID = f.str()
	case 4:
		v.Name = f.str()
	case 5:
		v.Category = f.str()
	case 6:
		v.TimeZone = f.str()
	case 7:
		o.Distance = geo.Meters(f.float())
	default:
		readPosition(&v.Position, f)
	}
}

func readSaving(f *field) *engine.Saving {
	s := new(engine.Saving)
	f.sub(func(f *field) {
		switch f.num {
		case 1:
			s.Money = f.money()
		case 2:
			s.RateDate = f.date()
		}
	})
	return s
}
