package catalog_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/catalog"
	"github.com/sihai-network/sihai/geo"
	"github.com/sihai-network/sihai/store"
	"github.com/sihai-network/sihai/store/badgerkv"
)

// openExample opens a store in memory, as examples use it. A program opens a folder.
func openExample(ctx context.Context) (*store.DB, error) {
	files, err := badgerkv.Open(badgerkv.Options{InMemory: true})
	if err != nil {
		return nil, err
	}
	return store.Open(ctx, files, store.Options{})
}

func Example() {
	ctx := context.Background()
	db, err := openExample(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer db.Close()
	service := catalog.New(catalog.Options{Store: db, Zones: catalog.NewZones(), Random: rand.NewChaCha8([32]byte{})})
	publisher, err := catalog.OpenPublisher(ctx, catalog.PublisherOptions{Store: db, Packer: store.Packer{}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer publisher.Close()

	w := engine.Write{At: time.Date(2026, 11, 14, 12, 0, 0, 0, time.UTC), By: "cli"}
	_, err = service.PutMerchant(ctx, w, engine.Merchant{ID: "m-7", Name: engine.Text{"en": "Lincoln Food"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	cafe := engine.Venue{ID: "v-1", MerchantID: "m-7", Name: engine.Text{"en": "Café"}, Position: geo.LatLng{Lat: 25.7907, Lng: -80.1353}}
	cafe, err = service.PutVenue(ctx, w, cafe)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(cafe.TimeZone)
	_, err = service.PutCampaign(ctx, w, engine.Campaign{
		ID: "lincoln-15", MerchantID: "m-7", Title: engine.Text{"en": "15% off", "zh-Hans": "八五折"},
		Discount: engine.Discount{Type: engine.DiscountPercent, Percent: 1500},
		Venues:   engine.VenueSet{IDs: []string{"v-1"}}, Status: engine.StatusEnabled,
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	head, err := db.Position(ctx)
	if err == nil {
		err = publisher.AwaitVersion(ctx, head)
	}
	if err != nil {
		fmt.Println(err)
		return
	}
	snapshot := publisher.Snapshot()
	for _, handle := range snapshot.Fences.Lookup(nil, cafe.Position) {
		listing := snapshot.Holders.At(handle).Listing
		fmt.Println(listing.ID, listing.Languages.Tags)
	}
	// Output:
	// America/New_York
	// lincoln-15 [en zh-Hans]
}

func ExampleService_CheckCampaign() {
	service := catalog.New(catalog.Options{})
	faults := service.CheckCampaign(&engine.Campaign{
		ID: "lincoln-15", MerchantID: "m-7", Title: engine.Text{"english": "15% off"},
		Discount: engine.Discount{Type: engine.DiscountPercent, Percent: 15_000},
		Venues:   engine.VenueSet{All: true},
		Audience: engine.Audience{Expression: `venue.categroy == "5812"`},
	})
	for _, f := range faults {
		fmt.Println(f.Path, f.Code)
	}
	// Output:
	// title.english invalid
	// discount.percent out_of_range
	// audience.expression invalid
}

func ExampleRules() {
	rule, err := catalog.NewRules().Compile(`user.visits < 3 && now.getHours() >= 17`)
	if err != nil {
		fmt.Println(err)
		return
	}
	venue := &engine.Venue{ID: "v-1", TimeZone: "America/New_York"}
	at := time.Date(2026, 11, 14, 23, 0, 0, 0, time.UTC) // 18:00 in Miami

	known := &engine.Request{User: engine.User{Attributes: map[string]any{"visits": 2.0}}}
	fmt.Println(rule.Match(known, venue, at))
	fmt.Println(rule.Match(&engine.Request{}, venue, at))
	// Output:
	// true <nil>
	// false evaluate expression: visits is not given
}

func ExampleZones() {
	zone, err := catalog.NewZones().Zone(geo.LatLng{Lat: 25.7907, Lng: -80.1353})
	fmt.Println(zone, err)
	// Output: America/New_York <nil>
}
