package catalog_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/catalog"
	"github.com/sihai-network/sihai/geo"
)

func TestZonesOfTheEarth(t *testing.T) {
	zones := catalog.NewZones()
	var done sync.WaitGroup
	for name, p := range map[string]geo.LatLng{
		"America/New_York":    {Lat: 25.7907, Lng: -80.1353},
		"America/Chicago":     {Lat: 30.4213, Lng: -87.2169}, // Pensacola, in the same state as Miami
		"Asia/Shanghai":       {Lat: 31.2304, Lng: 121.4737},
		"Australia/Lord_Howe": {Lat: -31.5553, Lng: 159.0821},
		"Pacific/Apia":        {Lat: -13.8333, Lng: -171.7667},
		"Etc/GMT+3":           {Lat: 0.5, Lng: -40}, // on the Atlantic
	} {
		done.Go(func() {
			got, err := zones.Zone(p)
			if err != nil || got != name {
				t.Errorf("%v: %q, %v; want %s", p, got, err, name)
			}
			if _, err := time.LoadLocation(got); err != nil {
				t.Error(err)
			}
		})
	}
	done.Wait()
}

func TestVenueGetsItsZone(t *testing.T) {
	h := newHouse(t, 0, "m-1")
	v := venue("m-1", "v-1", 0)
	v.TimeZone = ""
	stored, err := h.service.PutVenue(t.Context(), write(), v)
	if err != nil || stored.TimeZone != "America/New_York" {
		t.Errorf("zone %q, %v", stored.TimeZone, err)
	}
	v.Position.Lng = -86
	_, err = h.service.PutVenue(t.Context(), write(), v)
	var faults engine.Faults
	if !errors.As(err, &faults) {
		t.Fatal(err)
	}
	mustEqual(t, "no zone there", told(faults), []string{"time_zone unknown_zone"})

	v.TimeZone = "America/Chicago"
	if _, err := h.service.PutVenue(t.Context(), write(), v); err != nil {
		t.Errorf("a zone that is named is not looked for: %v", err)
	}
}
