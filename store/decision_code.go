package store

import (
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
	"github.com/sihai-network/sihai/scoring"
)

func writeDecision(m *message, d *engine.Decision) {
	m.str(1, d.ID)
	m.time(2, d.Time)
	m.uint(3, d.CatalogVersion)
	m.str(4, d.Profile.Name)
	m.uint(5, d.Profile.Version)
	m.date(6, d.RatesDate)
	if d.Request != nil {
		m.sub(7, func() { writeRequest(m, d.Request) })
	}
	for i := range d.Placements {
		p := &d.Placements[i]
		m.sized(8, protowire.SizeVarint(uint64(placementSize(p))), func() { writePlacement(m, p) })
	}
	m.uint(9, d.Epoch)
	for i := range d.Withheld {
		m.sub(10, func() { writeWithheld(m, &d.Withheld[i]) })
	}
	if s := d.Settings; s != nil {
		m.sub(11, func() { writeSettings(m, s) })
	}
	m.bool(12, d.Coarse)
	m.bool(13, d.Erased)
	m.uint(15, d.PriceEpoch)
	m.uint(16, d.BeliefEpoch)
}

func readDecision(d *engine.Decision, f *field) {
	switch f.num {
	case 1:
		d.ID = f.str()
	case 2:
		d.Time = f.time()
	case 3:
		d.CatalogVersion = f.uint()
	case 4:
		d.Profile.Name = f.str()
	case 5:
		d.Profile.Version = f.uint()
	case 6:
		d.RatesDate = f.date()
	case 7:
		d.Request = new(engine.Request)
		f.sub(func(f *field) { readRequest(d.Request, f) })
	case 8:
		var p engine.Placement
		f.sub(func(f *field) { readPlacement(&p, f) })
		d.Placements = append(d.Placements, p)
	case 9:
		d.Epoch = f.uint()
	case 10:
		var w engine.Withheld
		f.sub(func(f *field) { readWithheld(&w, f) })
		d.Withheld = append(d.Withheld, w)
	case 11:
		d.Settings = new(engine.Settings)
		f.sub(func(f *field) { readSettings(d.Settings, f) })
	case 12:
		d.Coarse = f.bool()
	case 13:
		d.Erased = f.bool()
	case 15:
		d.PriceEpoch = f.uint()
	case 16:
		d.BeliefEpoch = f.uint()
	}
}

func writeSettings(m *message, s *engine.Settings) {
	m.money(1, s.DefaultSpend)
	m.float(2, float64(s.IPAccuracy))
	m.float(3, s.WalkingSpeed)
	m.str(4, s.Language)
}

func readSettings(s *engine.Settings, f *field) {
	switch f.num {
	case 1:
		s.DefaultSpend = f.money()
	case 2:
		s.IPAccuracy = geo.Meters(f.float())
	case 3:
		s.WalkingSpeed = f.float()
	case 4:
		s.Language = f.str()
	}
}

func writeWithheld(m *message, w *engine.Withheld) {
	m.str(1, w.MerchantID)
	m.str(2, w.CampaignID)
	m.str(3, w.VenueID)
}

func readWithheld(w *engine.Withheld, f *field) {
	switch f.num {
	case 1:
		w.MerchantID = f.str()
	case 2:
		w.CampaignID = f.str()
	case 3:
		w.VenueID = f.str()
	}
}

func writeReason(m *message, r engine.Reason) {
	m.int(1, int64(r.Code))
	m.str(2, r.Message)
}

func readReason(f *field) (r engine.Reason) {
	f.sub(func(f *field) {
		switch f.num {
		case 1:
			r.Code = engine.ReasonCode(f.int())
		case 2:
			r.Message = f.str()
		}
	})
	return r
}

// The sizes that offers and rejections mostly have.
const (
	offerSize     = 400
	rejectionSize = 150
)

// placementSize returns about how long the fields of a placement are.
func placementSize(p *engine.Placement) int {
	return len(p.ID) + len(p.Offers)*offerSize + len(p.Rejected)*rejectionSize
}

func writePlacement(m *message, p *engine.Placement) {
	m.str(1, p.ID)
	for i := range p.Offers {
		m.sized(2, protowire.SizeVarint(offerSize), func() { writeOffer(m, &p.Offers[i]) })
	}
	for i := range p.Rejected {
		m.sized(3, protowire.SizeVarint(rejectionSize), func() { writeRejection(m, &p.Rejected[i]) })
	}
}

func readPlacement(p *engine.Placement, f *field) {
	switch f.num {
	case 1:
		p.ID = f.str()
	case 2:
		o := engine.Offer{Creative: new(engine.Creative)}
		f.sub(func(f *field) { readOffer(&o, f) })
		p.Offers = append(p.Offers, o)
	case 3:
		var r engine.Rejection
		f.sub(func(f *field) { readRejection(&r, f) })
		p.Rejected = append(p.Rejected, r)
	}
}

func writeRejection(m *message, r *engine.Rejection) {
	m.str(1, r.OfferID)
	m.str(2, r.CampaignID)
	m.str(3, r.MerchantID)
	m.str(4, r.VenueID)
	for _, reason := range r.Reasons {
		m.sub(5, func() { writeReason(m, reason) })
	}
}

func readRejection(r *engine.Rejection, f *field) {
	switch f.num {
	case 1:
		r.OfferID = f.str()
	case 2:
		r.CampaignID = f.str()
	case 3:
		r.MerchantID = f.str()
	case 4:
		r.VenueID = f.str()
	case 5:
		r.Reasons = append(r.Reasons, readReason(f))
	}
}

// writeExplanation refuses a tree that would be too deep to read.
func writeExplanation(m *message, e *scoring.Explanation, depth int) {
	if depth > maxDepth/2 {
		m.refuse("an explanation is more than %d deep", maxDepth/2)
		return
	}
	m.float(1, e.Value)
	m.str(2, e.Message)
	for _, child := range e.Children {
		m.sub(3, func() { writeExplanation(m, child, depth+1) })
	}
}

func readExplanation(f *field, depth int) *scoring.Explanation {
	e := new(scoring.Explanation)
	if depth > maxDepth/2 {
		f.refuse("an explanation is more than %d deep", maxDepth/2)
		return e
	}
	f.sub(func(f *field) {
		switch f.num {
		case 1:
			e.Value = f.float()
		case 2:
			e.Message = f.str()
		case 3:
			e.Children = append(e.Children, readExplanation(f, depth+1))
		}
	})
	return e
}
