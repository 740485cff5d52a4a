package webhook_test

import (
	"context"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine/wire"
)

// TestDatesAreToldWithTheStatus holds events of a campaign bounded by dates against the state that the API tells, while the day begins in the east, at a venue that is
// added there, and at home.
func TestDatesAreToldWithTheStatus(t *testing.T) {
	s := newShop(t, nil)
	r := newReceiver(t)
	s.hook(t, r.URL, "campaign.started", "campaign.expired")
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	day := time.Now().AddDate(0, 0, 10).In(zone)
	midnight := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, zone)
	east := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, time.FixedZone("", 14*60*60))
	percent := 10.0
	put := func(id string, venues wire.VenueSet) {
		do(t, func(ctx context.Context) error {
			_, err := s.PutCampaign(ctx, wire.Campaign{ID: id, MerchantID: "m", Title: wire.Text{"en": "C"}, Status: "enabled", Discount: wire.Discount{Type: "percent", Percent: &percent},
				Venues: venues, Flight: &wire.Flight{Start: midnight.Format(time.DateOnly), End: midnight.AddDate(0, 0, 1).Format(time.DateOnly)}})
			return err
		})
	}
	put("home", wire.VenueSet{IDs: []string{"v"}})
	put("all", wire.VenueSet{All: true})
	// told waits until what was sent of a campaign is what its state says, and holds the time of the last event against the moment at which it came about
	told := func(campaign, state string, n int, kind string, at time.Time) {
		t.Helper()
		c, err := s.Campaign(t.Context(), "m", campaign)
		if err != nil || c.State != state {
			t.Fatalf("%s is %s, want %s: %v", campaign, c.State, state, err)
		}
		do(t, s.world.Hooks.Look)
		var of []wire.CloudEvent
		eventually(t, func() bool {
			of = nil
			for _, g := range r.await(t, 0) {
				if g.event.Subject == campaign {
					of = append(of, g.event)
				}
			}
			return len(of) >= n
		})
		if len(of) != n {
			t.Fatalf("of %s, which is %s, %d events were sent: %+v", campaign, state, len(of), of)
		}
		if n > 0 && (of[n-1].Type != kind || of[n-1].Time != at.UTC().Format(time.RFC3339Nano)) {
			t.Errorf("of %s: %+v, want %s at %s", campaign, of[n-1], kind, at.UTC())
		}
	}
	ahead := func(at time.Time) { s.ahead.Store(int64(time.Until(at))) }

	ahead(east.Add(time.Hour))
	told("home", "scheduled", 0, "", time.Time{})
	told("all", "scheduled", 0, "", time.Time{})
	do(t, func(ctx context.Context) error {
		_, err := s.PutVenue(ctx, wire.Venue{ID: "kiritimati", MerchantID: "m", Name: wire.Text{"en": "K"}, Lat: 1.87, Lon: -157.4, TimeZone: "Pacific/Kiritimati"})
		return err
	})
	told("all", "running", 1, "campaign.started", east)
	told("home", "scheduled", 0, "", time.Time{})
	ahead(midnight.Add(time.Minute))
	told("home", "running", 1, "campaign.started", midnight)
	ahead(east.AddDate(0, 0, 1).Add(time.Minute))
	told("all", "running", 1, "campaign.started", east)
	ahead(midnight.AddDate(0, 0, 1).Add(time.Minute))
	told("home", "expired", 2, "campaign.expired", midnight.AddDate(0, 0, 1))
	told("all", "expired", 2, "campaign.expired", midnight.AddDate(0, 0, 1))
}
