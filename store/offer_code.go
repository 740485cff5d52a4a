package store

import (
	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
)

func writeOffer(m *message, o *engine.Offer) {
	m.str(1, o.ID)
	m.str(2, o.CampaignID)
	m.str(3, o.MerchantID)
	m.int(4, int64(o.Position))
	m.sub(5, func() { writeOfferVenue(m, &o.Venue) })
	m.str(6, o.Title)
	m.str(7, o.Description)
	m.str(8, o.Terms)
	m.str(9, o.ImageURL)
	m.str(10, o.Language)
	writeDiscount(m, 11, &o.Discount)
	if o.Saving != nil {
		m.sub(12, func() {
			m.money(1, o.Saving.Money)
			m.date(2, o.Saving.RateDate)
		})
	}
	m.float(13, o.InsideProbability)
	m.str(14, string(o.Match))
	m.time(15, o.EndsAt)
	m.float(16, o.Score)
	m.float(17, o.Propensity)
	m.floats(18, o.Features)
	if o.Explanation != nil {
		m.sub(19, func() { writeExplanation(m, o.Explanation, 1) })
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
		f.sub(func(f *field) { readOfferVenue(&o.Venue, f) })
	case 11:
		o.Discount = readDiscount(f)
	case 12:
		o.Saving = readSaving(f)
	case 14:
		o.Match = engine.Match(f.str())
	case 15:
		o.EndsAt = f.time()
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
	}
}

func writeOfferVenue(m *message, v *engine.OfferVenue) {
	writePosition(m, v.Position)
	m.str(3, v.ID)
	m.str(4, v.Name)
	m.str(5, v.Category)
	m.str(6, v.TimeZone)
	m.float(7, float64(v.Distance))
}

func readOfferVenue(v *engine.OfferVenue, f *field) {
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
		v.Distance = geo.Meters(f.float())
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
