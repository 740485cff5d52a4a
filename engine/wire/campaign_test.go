package wire_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

const fullCampaign = `{"id": "lincoln-15", "merchant_id": "m-7", "title": {"en": "15% off", "zh-Hans": "八五折"}, "description": {"en": "d"}, "terms": {"en": "t"}, "image_url": "https://x.example/a.png",
 "discount": {"type": "percent", "percent": 12.5, "max": {"amount": 5000, "currency": "USD"}, "min_spend": {"amount": 10000, "currency": "USD"}},
 "venues": {"ids": ["v-1"], "chain": "c", "all": true, "radius": 300}, "categories": ["5812"],
 "geofences": [{"circle": {"lat": 25.79, "lon": -80.13, "radius": 800}}, {"geojson": {"type": "Polygon", "coordinates": [[[0,0],[1,0],[1,1],[0,0]]]}}, {"cells": ["8944a1072d7ffff"]}],
 "flight": {"start": "2026-11-01", "end": "2027-01-01T00:00:00+08:00", "windows": [{"days": ["mon", "tue"], "from": "17:00", "to": "02:00"}, {"from": "00:00", "to": "24:00"}], "except": ["2026-12-25"],
  "blackouts": [{"start": "2026-11-26"}, {"start": "2026-12-24T09:00:00-05:00", "end": "2026-12-27"}]}, "display": {"start": "2026-10-15", "end": "2026-12-31T00:00:00+08:00"}, "code_required": true,
 "audience": {"home_countries": ["CN"], "languages": ["zh"], "segments": ["tourist"], "spend_tiers": ["super"], "expression": "user.visits < 3"},
 "budgets": [{"metric": "spend", "limit": 500000, "currency": "USD", "period": "month", "per": "venue"}, {"metric": "impressions", "limit": 9}],
 "frequency_caps": [{"count": 3, "window": "7d"}, {"count": 1, "window": "90m"}], "pacing": "evenly", "stacking": {"group": "food", "mode": "stackable", "priority": 2}, "status": "enabled"}`

const fullVenue = `{"id": "v-1", "merchant_id": "m-7", "name": {"en": "Café"}, "lat": 25.79, "lon": -80.13, "category": "5812", "chain": "c", "time_zone": "America/New_York", "currency": "USD",
 "opening_hours": {"mon": ["10:00-14:00", "17:00-01:00"], "sun": []}, "partners": ["stripe"], "address": "1 Ocean Drive", "typical_spend": {"amount": 4000, "currency": "USD"}}`

func encode(t testing.TB, v any) []byte {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestCampaignComesBackAsItWasSent(t *testing.T) {
	c, faults := wire.DecodeCampaign([]byte(fullCampaign))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if c.Discount.Percent != 1250 || c.Caps[0].Window != 7*24*time.Hour || c.Flight.Windows[0].To != 120 || c.Flight.Windows[1].To != 1440 {
		t.Errorf("campaign: %+v", c)
	}
	if c.Budgets[1].Period != engine.PeriodTotal || c.Budgets[1].Per != engine.PerCampaign {
		t.Errorf("a budget's defaults: %+v", c.Budgets[1])
	}
	again, faults := wire.DecodeCampaign(encode(t, wire.CampaignOf(&c, noon)))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if !reflect.DeepEqual(again, c) {
		t.Errorf("campaign changed on its way:\n got %+v\nwant %+v", again, c)
	}
}

func TestVenueComesBackAsItWasSent(t *testing.T) {
	v, faults := wire.DecodeVenue([]byte(fullVenue))
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	if got := v.OpeningHours[time.Monday]; !slices.Equal(got, []engine.Span{{From: 600, To: 840}, {From: 1020, To: 60}}) {
		t.Errorf("opening hours: %v", got)
	}
	again, faults := wire.DecodeVenue(encode(t, wire.VenueOf(&v)))
	if len(faults) > 0 || !reflect.DeepEqual(again, v) {
		t.Errorf("venue changed on its way: %v\n got %+v\nwant %+v", faults, again, v)
	}
}

func TestStatusIsWhatWasAskedFor(t *testing.T) {
	c, _ := wire.DecodeCampaign([]byte(fullCampaign))
	for _, test := range []struct {
		at   string
		want string
	}{{"2026-10-01T00:00:00Z", "scheduled"}, {"2026-11-24T12:00:00Z", "running"}, {"2027-01-03T00:00:00Z", "expired"}} {
		at, _ := time.Parse(time.RFC3339, test.at)
		sent := wire.CampaignOf(&c, at)
		if sent.Status != "enabled" || sent.State != test.want {
			t.Errorf("at %s: %s and %s, want %s", test.at, sent.Status, sent.State, test.want)
		}
		sent.Status = sent.State // as earlier releases answered
		if again, faults := wire.DecodeCampaign(encode(t, sent)); len(faults) > 0 || again.Status != engine.StatusEnabled {
			t.Errorf("status %s sent back is %s, %v", sent.Status, again.Status, faults)
		}
	}
}

func TestCampaignFaults(t *testing.T) {
	body := `{"id": "c", "title": {"en": "x"}, "discount": {"type": "free", "percent": 12.345, "max": {"amount": 1.5}},
	 "venues": {"id": "v-1"}, "geofences": [{"circle": {"lat": "25"}}],
	 "flight": {"start": "soon", "windows": [{"days": ["Monday"], "from": "5pm", "to": "25:00"}], "except": ["2026-02-30"]},
	 "budgets": [{"metric": "spend", "limit": "many"}], "frequency_caps": [{"count": 1, "window": "a day"}], "version": 7}`
	_, faults := wire.DecodeCampaign([]byte(body))
	want := []string{
		"discount.type invalid", "discount.max.amount wrong_type", "discount.max.currency required", "venues.id unknown_field",
		"geofences[0].circle.lat wrong_type", "geofences[0].circle.lon required", "geofences[0].circle.radius required",
		"flight.windows[0].days[0] invalid", "budgets[0].limit wrong_type",
		"discount.percent invalid", "flight.start invalid", "flight.windows[0].from invalid", "flight.windows[0].to invalid",
		"flight.except[0] invalid", "frequency_caps[0].window invalid",
	}
	if got := list(faults); !slices.Equal(got, want) {
		t.Errorf("faults\n got %q\nwant %q", got, want)
	}
}

func TestAppendDecisionWritesDecision(t *testing.T) {
	d := exampleDecision()
	data := wire.AppendDecision(nil, d)
	if !bytes.Equal(data, wire.AppendDecision(nil, d)) {
		t.Error("two writings differ")
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var read wire.Decision
	if err := dec.Decode(&read); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	o := read.Placements[0].Offers[0]
	if o.OfferID != "c@v" || o.EstimatedSaving.Amount != 5400 || o.Title != "八五折 \"<15%>\"" || *o.Discount.Percent != 12.5 || o.Venue.Distance != 214.6 {
		t.Errorf("offer: %+v", o)
	}
	if o.Explanation.Children[0].Value != 0.4182 || o.EndsAt != "2027-01-01T00:00:00-05:00" {
		t.Errorf("offer: %+v", o)
	}
	if got := read.Placements[0].Rejected[0].Reasons[0]; got.Code != 320 || got.Name != "not_in_flight" {
		t.Errorf("reason: %+v", got)
	}
	var generic, want map[string]any
	if json.Unmarshal(data, &generic) != nil || json.Unmarshal(encode(t, read), &want) != nil || !reflect.DeepEqual(generic, want) {
		t.Errorf("what is written is not what Decision says:\n%v\n%v", generic, want)
	}
	record, err := wire.AppendRecord(nil, d)
	if err != nil || !bytes.Contains(record, []byte(`"request":{"user":{"id":"u-81"}`)) {
		t.Errorf("record: %s, %v", record, err)
	}
}
