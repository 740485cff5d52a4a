package catalog_test

import (
	"slices"
	"testing"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
)

// TestCoveringsAreKept puts a campaign with a polygon and reads its covering from the store. One that comes from outside is not believed, and one that
// cannot be read is made anew.
func TestCoveringsAreKept(t *testing.T) {
	h := newHouse(t, 1, "m-1")
	square := []byte(`{"type":"Polygon","coordinates":[[[-80.2,25.7],[-80.1,25.7],[-80.1,25.8],[-80.2,25.8],[-80.2,25.7]]]}`)
	c := campaign("m-1", "c", "v-0")
	c.Geofences = []engine.Geofence{{GeoJSON: square, Covering: []byte("no covering")}, circle(miami, 300)}
	h.put(t, c)
	stored, err := h.db.Campaign(t.Context(), "m-1", "c")
	if err != nil {
		t.Fatal(err)
	}
	fence, err := geo.ParseGeometry(square)
	if err != nil {
		t.Fatal(err)
	}
	covering := geo.Cover(fence)
	if got := stored.Geofences[0].Covering; !slices.Equal(got, covering.AppendBinary(nil)) {
		t.Errorf("the polygon's covering is %x", got)
	}
	if got := stored.Geofences[1].Covering; got != nil {
		t.Errorf("a covering is kept of a circle: %x", got)
	}

	stored.Geofences[0].Covering = []byte{255}
	if _, err := h.db.PutCampaign(t.Context(), write(), stored); err != nil {
		t.Fatal(err)
	}
	p, log := openPublisher(t, h.db)
	if got := held(p.Snapshot(), geo.LatLng{Lat: 25.75, Lng: -80.15}); len(got) != 1 || log.String() != "" {
		t.Errorf("with a covering that cannot be read: %v %s", got, log)
	}
}
