package storetest

import (
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
	"github.com/sihai-network/sihai/scoring"
)

// Venue returns a venue with everything that a venue can have, as it is before it is stored.
func Venue(merchant, id string) engine.Venue {
	return engine.Venue{
		ID: id, MerchantID: merchant,
		Name:     engine.Text{"en": "Lincoln Road " + id, "zh-Hans": "林肯路"},
		Position: geo.LatLng{Lat: 25.7907, Lng: -80.1353},
		Category: "5812", Chain: "casa", TimeZone: "America/New_York", Currency: "USD",
		OpeningHours: engine.OpeningHours{time.Sunday: {{From: 600, To: 1440}}, time.Monday: {{From: 600, To: 840}, {From: 1020, To: 60}}},
		Partners:     []string{"stripe"}, Address: "1 Lincoln Road",
		TypicalSpend: engine.Money{Amount: 4500, Currency: "USD"},
	}
}

// Campaign returns a campaign with everything that a campaign can have, as it is before it is stored.
func Campaign(merchant, id string, venues ...string) engine.Campaign {
	return engine.Campaign{
		ID: id, MerchantID: merchant,
		Title:       engine.Text{"en": "15% off", "zh-Hans": "八五折"},
		Description: engine.Text{"en": "On everything"},
		Terms:       engine.Text{"en": "Once a day"},
		ImageURL:    "https://example.com/a.png",
		Discount: engine.Discount{Type: engine.DiscountPercent, Percent: 1500,
			Max: engine.Money{Amount: 5000, Currency: "USD"}, MinSpend: engine.Money{Amount: 10000, Currency: "USD"}},
		Venues:     engine.VenueSet{IDs: venues, Chain: "casa", Radius: 300},
		Categories: []string{"5812"},
		Geofences: []engine.Geofence{
			{Circle: &engine.Circle{Center: geo.LatLng{Lat: 25.79, Lng: -80.13}, Radius: 800}},
			{GeoJSON: []byte(`{"type":"Polygon","coordinates":[[[-80.2,25.7],[-80.1,25.7],[-80.1,25.8],[-80.2,25.7]]]}`)},
			{Cells: []string{"8944a100003ffff"}, Covering: []byte{1, 2, 3}},
		},
		Flight: engine.Flight{
			Start:   engine.Moment{Date: engine.Date{Year: 2026, Month: 11, Day: 1}},
			End:     engine.Moment{Instant: time.Date(2027, 1, 1, 0, 0, 0, 0, time.FixedZone("", -5*60*60))},
			Windows: []engine.Window{{Days: []time.Weekday{time.Sunday, time.Monday}, From: 1020, To: 120}},
			Except:  []engine.Date{{Year: 2026, Month: 12, Day: 25}},
			Blackouts: []engine.Blackout{
				{Start: engine.Moment{Date: engine.Date{Year: 2026, Month: 11, Day: 26}}},
				{Start: engine.Moment{Date: engine.Date{Year: 2026, Month: 12, Day: 24}}, End: engine.Moment{Instant: time.Date(2026, 12, 27, 9, 0, 0, 0, time.UTC)}},
			},
		},
		Audience: engine.Audience{HomeCountries: []string{"CN"}, Languages: []string{"zh"}, Segments: []string{"tourist"},
			SpendTiers: []string{"super"}, Expression: "user.visits < 3"},
		Budgets:  []engine.Budget{{Metric: engine.MetricSpend, Limit: 500000, Currency: "USD", Period: engine.PeriodTotal, Per: engine.PerCampaign}},
		Caps:     []engine.FrequencyCap{{Count: 3, Window: 24 * time.Hour}},
		Pacing:   engine.PacingEvenly,
		Stacking: engine.Stacking{Group: "food", Mode: engine.StackExclusive, Priority: 2},
		Display: engine.Display{
			Start: engine.Moment{Date: engine.Date{Year: 2026, Month: 10, Day: 15}},
			End:   engine.Moment{Instant: time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)},
		},
		CodeRequired: true,
		Status:       engine.StatusEnabled,
	}
}

// Decision returns a decision with everything that a decision can have.
func Decision(id string, at time.Time) *engine.Decision {
	return &engine.Decision{
		ID: id, Time: at, CatalogVersion: 812,
		Profile:   engine.ProfileRef{Name: "default", Version: 3},
		RatesDate: engine.Date{Year: 2026, Month: 11, Day: 23},
		Request: &engine.Request{
			Time: at,
			User: engine.User{ID: "u-81", HomeCountry: "CN", Languages: []string{"zh-Hans", "en"}, Segments: []string{"tourist"}, SpendTier: "super",
				Attributes:         map[string]any{"visits": 2.0, "vip": true, "city": "上海"},
				CategoryAffinities: map[string]float64{"5812": 0.75}},
			Location: &engine.Location{Position: geo.LatLng{Lat: 25.7907, Lng: -80.1353}, Accuracy: 35, Type: engine.LocationGPS, LastFix: 5 * time.Second},
			Currency: "CNY", Radius: 1500, Purchase: engine.Money{Amount: 12000, Currency: "USD"}, Explain: engine.ExplainFull,
			Partners:   []string{"stripe"},
			Placements: []engine.PlacementRequest{{ID: "home", Count: 10, Categories: []string{"5812"}, ExcludeMerchants: []string{"m-9"}}},
		},
		Placements: []engine.Placement{{
			ID: "home",
			Offers: []engine.Offer{{
				Creative: &engine.Creative{
					ID: "lincoln-15@v-1", CampaignID: "lincoln-15", MerchantID: "m-7",
					Venue: engine.OfferVenue{ID: "v-1", Name: "林肯路", Position: geo.LatLng{Lat: 25.79, Lng: -80.13}, Category: "5812",
						TimeZone: "America/New_York"},
					Title: "八五折", Description: "d", Terms: "t", ImageURL: "https://example.com/a.png", Language: "zh-Hans",
					Discount: engine.Discount{Type: engine.DiscountPercent, Percent: 1500},
					EndsAt:   time.Date(2027, 1, 1, 0, 0, 0, 0, time.FixedZone("", -5*60*60)),
					StartsAt: time.Date(2026, 11, 1, 0, 0, 0, 0, time.FixedZone("", -4*60*60)), CodeRequired: true,
				},
				Position: 1, Distance: 214.6,
				Saving:            &engine.Saving{Money: engine.Money{Amount: 5400, Currency: "CNY"}, RateDate: engine.Date{Year: 2026, Month: 11, Day: 23}},
				InsideProbability: 0.93, Match: engine.MatchFence,
				Score: 0.4182, Price: 0.03, Propensity: 1, Features: []float64{0.5, 0, 1},
				Explanation: &scoring.Explanation{Value: 0.4182, Message: "score", Children: []*scoring.Explanation{{Value: 0.4182, Message: "distance"}}},
			}},
			Rejected: []engine.Rejection{{OfferID: "late@v-1", CampaignID: "late", MerchantID: "m-7", VenueID: "v-1",
				Reasons: []engine.Reason{{Code: engine.NotInFlight, Message: "opens at 17:00 in America/New_York"}}}},
		}},
	}
}
