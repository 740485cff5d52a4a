package catalog_test

import (
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/catalog"
)

// spent says of which campaigns everything is used up.
type spent map[string]bool

func (s spent) Exhausted(c *engine.Campaign, _ time.Time) bool { return s[c.ID] }

// TestStatesGoByTheClocksOfTheVenues asks in the hours in which a day has begun at one venue and not yet at another.
func TestStatesGoByTheClocksOfTheVenues(t *testing.T) {
	h := newHouse(t, 0, "m")
	for id, zone := range map[string]string{"tokyo": "Asia/Tokyo", "york": "America/New_York"} { // midnight at 15:00 UTC of the day before, and at 05:00 UTC
		v := venue("m", id, 1)
		v.TimeZone, v.Chain = zone, "chain-"+id
		if _, err := h.service.PutVenue(t.Context(), write(), v); err != nil {
			t.Fatal(err)
		}
	}
	states := catalog.NewStates(h.db, spent{"spent": true})
	for _, test := range []struct {
		name   string
		change func(*engine.Campaign)
		at     string
		want   engine.State
	}{
		{"draft", func(c *engine.Campaign) { c.Status = engine.StatusDraft }, "2026-12-02T00:00:00Z", engine.StateDraft},
		{"disabled", func(c *engine.Campaign) { c.Status = engine.StatusDisabled }, "2026-12-02T00:00:00Z", engine.StateDisabled},
		{"archived", func(c *engine.Campaign) { c.Status = engine.StatusArchived }, "2026-12-02T00:00:00Z", engine.StateArchived},
		{"begun in Kiribati only", func(c *engine.Campaign) { c.Venues.All = true }, "2026-11-30T14:59:59Z", engine.StateScheduled},
		{"begun in Tokyo", func(c *engine.Campaign) { c.Venues.All = true }, "2026-11-30T15:00:00Z", engine.StateRunning},
		{"not begun in New York", func(c *engine.Campaign) { c.Venues.IDs = []string{"york", "gone"} }, "2026-12-01T04:59:59Z", engine.StateScheduled},
		{"begun in New York", func(c *engine.Campaign) { c.Venues.IDs = []string{"york"} }, "2026-12-01T05:00:00Z", engine.StateRunning},
		{"over in Tokyo alone", func(c *engine.Campaign) { c.Venues.All = true }, "2026-12-31T15:00:00Z", engine.StateRunning},
		{"over in Tokyo, where it holds", func(c *engine.Campaign) { c.Venues.Chain = "chain-tokyo" }, "2026-12-31T15:00:00Z", engine.StateExpired},
		{"over everywhere", func(c *engine.Campaign) { c.Venues.All = true }, "2027-01-01T05:00:00Z", engine.StateExpired},
		{"at no venue", func(c *engine.Campaign) { c.Venues.Chain = "none" }, "2026-11-30T10:00:00Z", engine.StateRunning},
		{"by instants", func(c *engine.Campaign) {
			c.Venues.All, c.Flight.Start = true, engine.Moment{Instant: time.Date(2026, 12, 5, 0, 0, 0, 0, time.UTC)}
		}, "2026-12-04T23:59:59Z", engine.StateScheduled},
		{"shown ahead", func(c *engine.Campaign) {
			c.Venues.All, c.Display.Start = true, engine.Moment{Date: engine.Date{Year: 2026, Month: 11, Day: 1}}
		}, "2026-11-15T00:00:00Z", engine.StateScheduled},
		{"used up", func(c *engine.Campaign) { c.ID, c.Venues.All = "spent", true }, "2026-12-15T00:00:00Z", engine.StateExhausted},
		{"used up and over", func(c *engine.Campaign) { c.ID, c.Venues.All = "spent", true }, "2027-01-15T00:00:00Z", engine.StateExpired},
		{"used up and disabled", func(c *engine.Campaign) { c.ID, c.Status = "spent", engine.StatusDisabled }, "2026-12-15T00:00:00Z", engine.StateDisabled},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := engine.Campaign{ID: "c", MerchantID: "m", Status: engine.StatusEnabled, Flight: engine.Flight{
				Start: engine.Moment{Date: engine.Date{Year: 2026, Month: 12, Day: 1}}, End: engine.Moment{Date: engine.Date{Year: 2027, Month: 1, Day: 1}},
			}}
			test.change(&c)
			at, _ := time.Parse(time.RFC3339, test.at)
			if got, err := states.State(t.Context(), &c, at); err != nil || got != test.want {
				t.Errorf("%s, %v; want %s", got, err, test.want)
			}
		})
	}
}
