package store_test

import (
	"context"
	"fmt"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store"
	"github.com/sihai-network/sihai/store/badgerkv"
)

func ExampleDB() {
	ctx := context.Background()
	files, err := badgerkv.Open(badgerkv.Options{InMemory: true}) // Dir: "data" in a program
	if err != nil {
		fmt.Println(err)
		return
	}
	db, err := store.Open(ctx, files, store.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = db.Close() }()

	w := engine.Write{At: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), By: "cli"}
	_, err = db.PutMerchant(ctx, w, engine.Merchant{ID: "m-7", Name: engine.Text{"en": "Casa Lincoln"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	venue, err := db.PutVenue(ctx, w, engine.Venue{ID: "v-1", MerchantID: "m-7", TimeZone: "America/New_York"})
	fmt.Println(venue.ID, venue.Meta.Version, err)

	w.If = engine.Precondition{Version: 1}
	venue, err = db.PutVenue(ctx, w, engine.Venue{ID: "v-1", MerchantID: "m-7", TimeZone: "America/New_York", Chain: "casa"})
	fmt.Println(venue.Chain, venue.Meta.Version, err)
	_, err = db.PutVenue(ctx, w, engine.Venue{ID: "v-1", MerchantID: "m-7", TimeZone: "America/New_York", Chain: "other"})
	fmt.Println(err)

	changes, err := db.Changes(ctx, 1, 10)
	for _, c := range changes {
		fmt.Println(c.Seq, c.Kind, c.MerchantID, c.ID, err)
	}
	// Output:
	// v-1 1 <nil>
	// casa 2 <nil>
	// put venue v-1: version is stale
	// 2 venue m-7 v-1 <nil>
	// 3 venue m-7 v-1 <nil>
}

func ExampleDB_CommitImport() {
	ctx := context.Background()
	files, err := badgerkv.Open(badgerkv.Options{InMemory: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	db, err := store.Open(ctx, files, store.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = db.Close() }()
	w := engine.Write{At: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), By: "cli"}
	if _, err := db.PutMerchant(ctx, w, engine.Merchant{ID: "m-7"}); err != nil {
		fmt.Println(err)
		return
	}

	id := engine.ImportID{MerchantID: "m-7", ID: "2026-11-24"}
	if _, err := db.BeginImport(ctx, w, engine.Import{ImportID: id, Kind: engine.ImportVenues}); err != nil {
		fmt.Println(err)
		return
	}
	err = db.StageRows(ctx, id, []engine.ImportRow{
		{Row: 1, Venue: &engine.Venue{ID: "v-1", TimeZone: "America/New_York"}},
		{Row: 2, Venue: &engine.Venue{ID: "v-2", TimeZone: "America/New_York"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = db.Venue(ctx, "m-7", "v-1")
	fmt.Println(err)

	report, err := db.CommitImport(ctx, w, engine.Import{ImportID: id, Rows: 2, Accepted: 2})
	fmt.Println(report.State, report.Added, report.Changed, report.Same, err)
	changes, err := db.Changes(ctx, 1, 10)
	for _, c := range changes {
		fmt.Println(c.Seq, c.Kind, c.ID, c.ImportID, c.More, err)
	}
	// Output:
	// venue v-1: not found
	// done 2 0 0 <nil>
	// 2 venue v-1 2026-11-24 true <nil>
	// 3 venue v-2 2026-11-24 false <nil>
}
