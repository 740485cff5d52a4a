package store

import (
	"math"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
)

// decisionScanner reads one decision after another into the same memory, and of each only the parts that are asked for.
type decisionScanner struct {
	parts   engine.DecisionParts
	phrases phrases
	zones   map[int64]*time.Location
	err     error

	d          engine.Decision
	request    engine.Request
	location   engine.Location
	slots      []engine.PlacementRequest
	placements []engine.Placement
	offers     []engine.Offer
	creatives  []engine.Creative
	features   []float64
}

func newDecisionScanner(parts engine.DecisionParts) *decisionScanner {
	return &decisionScanner{parts: parts, phrases: make(phrases), zones: make(map[int64]*time.Location)}
}

// read returns a decision, valid until the next call.
func (r *decisionScanner) read(body []byte) (*engine.Decision, error) {
	r.err = nil
	r.d = engine.Decision{}
	r.placements, r.offers, r.creatives, r.features = r.placements[:0], r.offers[:0], r.creatives[:0], r.features[:0]
	for c := (cursor{rest: body, err: &r.err}); c.next(); {
		switch c.num {
		case 1:
			r.d.ID = c.str()
		case 2:
			r.d.Time = c.time(r.zones)
		case 3:
			r.d.CatalogVersion = c.uint()
		case 4:
			r.d.Profile.Name = c.phrase(r.phrases)
		case 5:
			r.d.Profile.Version = c.uint()
		case 6:
			r.d.RatesDate = c.date()
		case 7:
			r.readRequest(c.in())
		case 8:
			r.readPlacement(c.in())
		case 9:
			r.d.Epoch = c.uint()
		case 10:
			if r.parts.Has(engine.PartRejections) {
				c.carefully(func(f *field) { readDecision(&r.d, f) })
			}
		case 11:
			if r.parts.Has(engine.PartAsk) {
				c.carefully(func(f *field) { readDecision(&r.d, f) })
			}
		case 12:
			r.d.Coarse = c.uint() != 0
		case 13:
			r.d.Erased = c.uint() != 0
		case 15:
			r.d.PriceEpoch = c.uint()
		case 16:
			r.d.BeliefEpoch = c.uint()
		}
	}
	if r.err != nil {
		return nil, r.err
	}
	r.tie()
	return &r.d, nil
}

// tie points placements to their offers, and offers to what is theirs, now that no slice grows any more.
func (r *decisionScanner) tie() {
	offer, feature := 0, 0
	for i := range r.placements {
		p := &r.placements[i]
		n := len(p.Offers)
		if n == 0 {
			continue
		}
		p.Offers = r.offers[offer : offer+n : offer+n]
		for j := range p.Offers {
			o := &p.Offers[j]
			o.Creative = &r.creatives[offer+j]
			if k := len(o.Features); k > 0 {
				o.Features = r.features[feature : feature+k : feature+k]
				feature += k
			}
		}
		offer += n
	}
	if len(r.placements) > 0 {
		r.d.Placements = r.placements
	}
}

func (r *decisionScanner) readRequest(c cursor) {
	const some = engine.PartUser | engine.PartLocation | engine.PartAsk
	if r.parts&some == 0 {
		return
	}
	r.request = engine.Request{}
	r.slots = r.slots[:0]
	r.d.Request = &r.request
	ask := r.parts.Has(engine.PartAsk)
	for c.next() {
		switch {
		case c.num == 1:
			r.request.Time = c.time(r.zones)
		case c.num == 2 && r.parts.Has(engine.PartUser):
			r.readUser(c.in())
		case c.num == 3 && r.parts.Has(engine.PartLocation):
			r.readLocation(c)
		case c.num == 4 && ask:
			r.request.Currency = c.phrase(r.phrases)
		case c.num == 5 && ask:
			r.request.Radius = geo.Meters(c.float())
		case c.num == 6 && ask:
			c.carefully(func(f *field) { r.request.Purchase = f.money() })
		case c.num == 7 && ask:
			r.request.Explain = engine.Explain(c.phrase(r.phrases))
		case c.num == 8 && ask:
			r.readSlot(c.in())
		case c.num > 8 && ask:
			c.carefully(func(f *field) { readRequest(&r.request, f) })
		}
	}
	if len(r.slots) > 0 {
		r.request.Placements = r.slots
	}
}

func (r *decisionScanner) readLocation(whole cursor) {
	r.location = engine.Location{}
	r.request.Location = &r.location
	l := &r.location
	for c := whole.in(); c.next(); {
		switch c.num {
		case 1:
			l.Position.Lat = c.float()
		case 2:
			l.Position.Lng = c.float()
		case 3:
			l.Accuracy = geo.Meters(c.float())
		case 4:
			l.Type = engine.LocationType(c.phrase(r.phrases))
		case 5:
			l.LastFix = time.Duration(c.int())
		default: // what later releases add
			whole.carefully(func(f *field) { *l = *readLocation(f) })
			return
		}
	}
}

func (r *decisionScanner) readSlot(c cursor) {
	var p engine.PlacementRequest
	for c.next() {
		switch c.num {
		case 1:
			p.ID = c.phrase(r.phrases)
		case 2:
			p.Count = int(c.int())
		case 3:
			p.Categories = append(p.Categories, c.phrase(r.phrases))
		case 4:
			p.ExcludeMerchants = append(p.ExcludeMerchants, c.phrase(r.phrases))
		}
	}
	r.slots = append(r.slots, p)
}

func (r *decisionScanner) readUser(c cursor) {
	u := &r.request.User
	for c.next() {
		switch c.num {
		case 1:
			u.ID = c.str()
		case 2:
			u.HomeCountry = c.phrase(r.phrases)
		case 3:
			u.Languages = append(u.Languages, c.phrase(r.phrases))
		case 4:
			u.Segments = append(u.Segments, c.phrase(r.phrases))
		case 5:
			u.SpendTier = c.phrase(r.phrases)
		default:
			c.carefully(func(f *field) { readUser(u, f) })
		}
	}
}

func (r *decisionScanner) readPlacement(c cursor) {
	var p engine.Placement
	n := 0
	for c.next() {
		switch {
		case c.num == 1:
			p.ID = c.phrase(r.phrases)
		case c.num == 2 && r.parts.Has(engine.PartOffers):
			r.readOffer(c.in())
			n++
		case c.num == 3 && r.parts.Has(engine.PartRejections):
			var x engine.Rejection
			c.carefully(func(f *field) { f.sub(func(f *field) { readRejection(&x, f) }) })
			p.Rejected = append(p.Rejected, x)
		}
	}
	if n > 0 {
		p.Offers = r.offers[len(r.offers)-n:] // see tie
	}
	r.placements = append(r.placements, p)
}

func (r *decisionScanner) readOffer(c cursor) {
	r.offers, r.creatives = append(r.offers, engine.Offer{}), append(r.creatives, engine.Creative{})
	o := &r.offers[len(r.offers)-1]
	o.Creative = &r.creatives[len(r.creatives)-1]
	texts := r.parts.Has(engine.PartTexts)
	for c.next() {
		switch c.num {
		case 1:
			o.ID = c.phrase(r.phrases)
		case 2:
			o.CampaignID = c.phrase(r.phrases)
		case 3:
			o.MerchantID = c.phrase(r.phrases)
		case 4:
			o.Position = int(c.int())
		case 5:
			r.readVenue(o, c.in())
		case 10:
			o.Language = c.phrase(r.phrases)
		case 13:
			o.InsideProbability = c.float()
		case 14:
			o.Match = engine.Match(c.phrase(r.phrases))
		case 16:
			o.Score = c.float()
		case 17:
			o.Propensity = c.float()
		case 18:
			if r.parts.Has(engine.PartFeatures) {
				r.features = r.features[:len(r.features)-len(o.Features)] // of a field that came twice the last counts
				o.Features = r.readFeatures(&c)
			}
		case 19:
			if r.parts.Has(engine.PartExplanations) {
				c.carefully(func(f *field) { readOffer(o, f) })
			}
		case 22:
			o.Price = c.float()
		default:
			if texts {
				c.carefully(func(f *field) { readOffer(o, f) })
			}
		}
	}
}

func (r *decisionScanner) readVenue(o *engine.Offer, c cursor) {
	v := &o.Venue
	for c.next() {
		switch c.num {
		case 1:
			v.Position.Lat = c.float()
		case 2:
			v.Position.Lng = c.float()
		case 3:
			v.ID = c.phrase(r.phrases)
		case 4:
			v.Name = c.phrase(r.phrases)
		case 5:
			v.Category = c.phrase(r.phrases)
		case 6:
			v.TimeZone = c.phrase(r.phrases)
		case 7:
			o.Distance = geo.Meters(c.float())
		}
	}
}

func (r *decisionScanner) readFeatures(c *cursor) []float64 {
	if !c.want(protowire.BytesType) || len(c.b)%8 != 0 {
		c.refuse("field %d: %d bytes are no list of floats", c.num, len(c.b))
		return nil
	}
	begin := len(r.features)
	for b := c.b; len(b) > 0; b = b[8:] {
		bits, _ := protowire.ConsumeFixed64(b)
		r.features = append(r.features, math.Float64frombits(bits))
	}
	if len(r.features) == begin {
		return nil
	}
	return r.features[begin:]
}

// eventScanner reads one event after another into the same memory.
type eventScanner struct {
	phrases phrases
	zones   map[int64]*time.Location
	err     error
	e       engine.Event

	decision string // of the event before: those of one decision mostly come together
}

func newEventScanner() *eventScanner {
	return &eventScanner{phrases: make(phrases), zones: make(map[int64]*time.Location)}
}

// read returns an event, valid until the next call.
func (r *eventScanner) read(body []byte) (*engine.Event, error) {
	r.err, r.e = nil, engine.Event{}
	e := &r.e
	for c := (cursor{rest: body, err: &r.err}); c.next(); {
		switch c.num {
		case 1:
			e.ID = c.str()
		case 2:
			e.Type = engine.EventType(c.phrase(r.phrases))
		case 3:
			e.Time = c.time(r.zones)
		case 4:
			e.Received = c.time(r.zones)
		case 5:
			if r.decision != string(c.b) {
				r.decision = c.str()
			}
			e.DecisionID = r.decision
		case 6:
			e.Placement = c.phrase(r.phrases)
		case 7:
			e.Position = int(c.int())
		case 8:
			e.UserID = c.phrase(r.phrases)
		case 9:
			e.MerchantID = c.phrase(r.phrases)
		case 10:
			e.CampaignID = c.phrase(r.phrases)
		case 11:
			e.VenueID = c.phrase(r.phrases)
		}
	}
	return e, r.err
}
