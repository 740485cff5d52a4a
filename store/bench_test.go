package store

import (
	"encoding/json"
	"testing"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
)

// benchCampaign is a campaign as merchants have them: a few texts, a circle, a flight.
func benchCampaign() engine.Campaign {
	return engine.Campaign{
		ID:    "lincoln-15",
		Title: engine.Text{"en": "15% off", "zh-Hans": "八五折"}, Description: engine.Text{"en": "On everything, all week", "zh-Hans": "全场"},
		Discount:  engine.Discount{Type: engine.DiscountPercent, Percent: 1500, Max: engine.Money{Amount: 5000, Currency: "USD"}},
		Venues:    engine.VenueSet{IDs: []string{"v-1"}},
		Geofences: []engine.Geofence{{Circle: &engine.Circle{Center: geo.LatLng{Lat: 25.79, Lng: -80.13}, Radius: 800}}},
		Flight: engine.Flight{Start: engine.Moment{Date: engine.Date{Year: 2026, Month: 11, Day: 1}},
			Windows: []engine.Window{{From: 1020, To: 120}}},
		Status: engine.StatusEnabled,
	}
}

// The stored form beside its naive twin, encoding/json on the same struct.
func BenchmarkEncodeCampaign(b *testing.B) {
	c := benchCampaign()
	b.Run("stored", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			v, err := encodeBody(&c, writeCampaign)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(len(v)), "bytes/campaign")
		}
	})
	b.Run("json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			v, err := json.Marshal(&c)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(len(v)), "bytes/campaign")
		}
	})
}

func BenchmarkDecodeCampaign(b *testing.B) {
	c := benchCampaign()
	b.Run("stored", func(b *testing.B) {
		v, err := encodeBody(&c, writeCampaign)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := decodeBody(v, readCampaign); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("json", func(b *testing.B) {
		v, err := json.Marshal(&c)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			var back engine.Campaign
			if err := json.Unmarshal(v, &back); err != nil {
				b.Fatal(err)
			}
		}
	})
}
