package command

import (
	"strconv"
	"time"

	"github.com/sihai-network/sihai/engine/wire"
)

// stop is a place and a moment of a visitor's day, and what the phone asks there.
type stop struct {
	at       string // Miami's wall clock, of the day of the story or, past midnight, of the next
	heading  string
	location *wire.Location
	radius   float64
	purchase *wire.Money
	count    int
	places   []string // merchant category codes; none: any
	seen     int      // how many of the offers are then shown, the first of them tapped
	again    bool     // and shown once more
}

// storyStart is the midnight in Miami on which the day of the story begins.
func storyStart() time.Time {
	return time.Date(2026, time.November, 27, 0, 0, 0, 0, time.FixedZone("", -5*60*60))
}

// visitor is who walks through the story.
func visitor() *wire.User {
	return &wire.User{
		ID: "visitor-1", HomeCountry: "CN", Languages: []string{"zh-Hans", "en"}, Segments: []string{"tourist"}, SpendTier: "super",
		Attributes:         map[string]any{"visits": 2.0},
		CategoryAffinities: map[string]float64{"5812": 0.9, "7991": 0.8, "5651": 0.7, "5813": 0.4},
	}
}

// story is the day, stop by stop.
func story() []stop {
	return []stop{
		{
			at: "09:40", heading: "Just landed, at the arrivals of Miami International Airport; the phone knows its place to 60 m", count: 4, seen: 4,
			location: &wire.Location{Lat: 25.7973, Lon: -80.2768, Accuracy: 60},
		},
		{
			at: "10:50", heading: "On the way downtown the phone knows no more than its internet address: too vague for any geofence but the largest", count: 3,
			location: &wire.Location{Lat: 25.7783, Lon: -80.1868, Type: "ip"},
		},
		{
			at: "12:30", heading: "Lunch time at Bayside Marketplace: only places to eat", count: 4, seen: 2, places: []string{"5812", "5814"},
			location: &wire.Location{Lat: 25.7783, Lon: -80.1866, Accuracy: 20},
		},
		{
			at: "15:10", heading: "Under the murals of Wynwood", count: 4, seen: 3,
			location: &wire.Location{Lat: 25.8008, Lon: -80.1993, Accuracy: 30},
		},
		{
			at: "17:45", heading: "Shopping on Lincoln Road, about to pay 120 dollars; shops within 300 m count besides", count: 5, seen: 5, radius: 300,
			location: &wire.Location{Lat: 25.7906, Lon: -80.1366, Accuracy: 15}, purchase: &wire.Money{Amount: 12000, Currency: "USD"},
		},
		{
			at: "23:30", heading: "Ocean Drive by night; the visitor looks twice", count: 4, seen: 4, again: true,
			location: &wire.Location{Lat: 25.7794, Lon: -80.1311, Accuracy: 25},
		},
		{
			at: "24:40", heading: "Past midnight, a few doors on: what was shown often enough is not shown again, and windows of the night begin", count: 4,
			location: &wire.Location{Lat: 25.7790, Lon: -80.1310, Accuracy: 25},
		},
	}
}

// request is what the phone asks at a stop.
func (s *stop) request() wire.Request {
	return wire.Request{
		User: visitor(), Location: s.location, Currency: "CNY", Radius: s.radius, Purchase: s.purchase, Explain: "full",
		Placements: []wire.PlacementRequest{{ID: "home", Count: s.count, Categories: s.places}},
	}
}

// time is the moment of the stop.
func (s *stop) time() time.Time {
	h, m := int(s.at[0]-'0')*10+int(s.at[1]-'0'), int(s.at[3]-'0')*10+int(s.at[4]-'0')
	return storyStart().Add(time.Duration(h)*time.Hour + time.Duration(m)*time.Minute)
}

// events are what the visitor then did: offers shown, the first of them tapped.
func (s *stop) events(d *wire.Decision) []wire.Event {
	offers := d.Placements[0].Offers
	var events []wire.Event
	for i, o := range offers[:min(s.seen, len(offers))] {
		looks := []string{d.DecisionID}
		if s.again {
			looks = append(looks, d.DecisionID+"-again")
		}
		for _, look := range looks {
			events = append(events, wire.Event{ID: look + "-" + strconv.Itoa(i), Type: "impression", DecisionID: d.DecisionID, OfferID: o.OfferID})
		}
		if i == 0 {
			events = append(events, wire.Event{Type: "click", DecisionID: d.DecisionID, OfferID: o.OfferID})
		}
	}
	return events
}
