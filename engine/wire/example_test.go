package wire_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
	"github.com/sihai-network/sihai/geo"
	"github.com/sihai-network/sihai/scoring"
)

func ExampleDecodeRequest() {
	_, err := wire.DecodeRequest([]byte(`{"location": {"lat": 95, "lon": -80.13}, "placements": [{"id": "home", "count": 0, "catgories": []}]}`))
	var faults engine.Faults
	errors.As(err, &faults)
	for _, f := range faults {
		fmt.Printf("%s: %s (%s)\n", f.Path, f.Message, f.Code)
	}
	// Output:
	// location.lat: 95 is not between -90 and 90 (out_of_range)
	// placements[0].count: 0 is not between 1 and 100 (out_of_range)
	// placements[0].catgories: no such field; did you mean categories? (unknown_field)
}

// exampleDecision has one offer and one rejection.
func exampleDecision() *engine.Decision {
	newYork := time.FixedZone("", -5*60*60)
	return &engine.Decision{
		ID: "0193", Time: noon, CatalogVersion: 812, Profile: engine.ProfileRef{Name: "default", Version: 3}, RatesDate: engine.Date{Year: 2026, Month: 4, Day: 13},
		Request: &engine.Request{Explain: engine.ExplainFull, User: engine.User{ID: "u-81"}},
		Placements: []engine.Placement{{
			ID: "home",
			Offers: []engine.Offer{{
				Creative: &engine.Creative{
					ID: "c@v", CampaignID: "c", MerchantID: "m", Title: "八五折 \"<15%>\"", Language: "zh-Hans",
					Venue:    engine.OfferVenue{ID: "v", Name: "Café", Position: geo.LatLng{Lat: 25.79, Lng: -80.13}, TimeZone: "America/New_York"},
					Discount: engine.Discount{Type: engine.DiscountPercent, Percent: 1250, Max: engine.Money{Amount: 5000, Currency: "USD"}, Gift: engine.Text{"en": "x", "zh": "y"}, Buy: 2, Get: 1},
					EndsAt:   time.Date(2027, 1, 1, 0, 0, 0, 0, newYork),
				},
				Position: 1, Distance: 214.6,
				Saving: &engine.Saving{Money: engine.Money{Amount: 5400, Currency: "CNY"}, RateDate: engine.Date{Year: 2026, Month: 4, Day: 13}},
				Match:  engine.MatchFence, InsideProbability: 0.93, Score: 0.4182, Propensity: 1,
				Explanation: &scoring.Explanation{Value: 0.4182, Message: "score", Children: []*scoring.Explanation{{Value: 0.4182, Message: "distance"}}},
			}},
			Rejected: []engine.Rejection{{OfferID: "d@v", CampaignID: "d", MerchantID: "m", VenueID: "v", Reasons: []engine.Reason{{Code: engine.NotInFlight, Message: "opens at 17:00"}}}},
		}},
	}
}

// plainRequest is what a wallet mostly asks.
const plainRequest = `{"user":{"id":"u-1","home_country":"CN","languages":["zh-Hans","en"]},"location":{"lat":25.790612,"lon":-80.130011,"accuracy":35},"placements":[{"id":"home","count":10}]}`

func BenchmarkDecodeRequest(b *testing.B) {
	for _, request := range []struct{ name, body string }{
		{"plain", plainRequest},
		{"full", fullRequest},
		{"uncommon", strings.Replace(plainRequest, "u-1", `\u0075-1`, 1)}, // that jsontext reads
	} {
		b.Run(request.name, func(b *testing.B) {
			body := []byte(request.body)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := wire.DecodeRequest(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
