package store_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store"
	"github.com/sihai-network/sihai/store/storetest"
)

// TestPacker packs a venue and a campaign that have every field, and reads them again: all is there but the geofences.
func TestPacker(t *testing.T) {
	meta := engine.Meta{Version: 7, Created: time.Unix(1_800_000_000, 5).UTC(), Updated: time.Unix(1_800_000_900, 0).UTC(), By: "k-1"}
	v, c := storetest.Venue("m-1", "v-1"), storetest.Campaign("m-1", "c-1", "v-1")
	v.Meta, c.Meta = meta, meta

	packed, err := store.Packer{}.PackVenue(&v)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := (store.Packer{}).UnpackVenue(packed); err != nil || !reflect.DeepEqual(got, v) {
		t.Errorf("venue: %v\n%+v\n%+v", err, got, v)
	}
	packed, err = store.Packer{}.PackCampaign(&c)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Geofences) == 0 {
		t.Fatal("the sample has no geofences, and packing took them away")
	}
	c.Geofences = nil
	if got, err := (store.Packer{}).UnpackCampaign(packed); err != nil || !reflect.DeepEqual(got, c) {
		t.Errorf("campaign: %v\n%+v\n%+v", err, got, c)
	}
	for cut := range packed {
		_, _ = store.Packer{}.UnpackCampaign(packed[:cut]) // must not panic
	}
}
