package ledger_test

import (
	"context"
	"fmt"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/ledger"
	"github.com/sihai-network/sihai/store"
	"github.com/sihai-network/sihai/store/badgerkv"
)

func ExampleMeter() {
	meter := ledger.NewMeter(zones{})
	l := listing(engine.Campaign{ID: "a", Caps: []engine.FrequencyCap{{Count: 1, Window: 24 * time.Hour}}}, time.UTC)
	meter.Count(&engine.Event{Type: engine.EventImpression, Time: noon, MerchantID: "m", CampaignID: "a", VenueID: "v", UserID: "u-81"})
	for _, r := range meter.Check(nil, l, 0, "u-81", noon) {
		fmt.Println(int(r.Code), r.Code, r.Message)
	}
	// Output: 340 frequency_capped 1 of 1 showings in 24h; again at 2026-11-25 17:00 in UTC
}

func ExampleTaker() {
	ctx := context.Background()
	kv, err := badgerkv.Open(badgerkv.Options{InMemory: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	db, err := store.Open(ctx, kv, store.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = db.Close() }()

	meter := ledger.NewMeter(ledger.NewVenueZones(db, time.Now))
	known := decisions{"d1": decided("d1", "u-81", "a")}
	taker, err := ledger.OpenTaker(ctx, ledger.Options{Log: db, Decisions: known, Meter: meter})
	if err != nil {
		fmt.Println(err)
		return
	}
	seen := engine.Event{Type: engine.EventImpression, DecisionID: "d1", CampaignID: "a", VenueID: "v"}
	fmt.Println(taker.TakeEvents(ctx, nil, []engine.Event{seen}), impressionsOf(meter, "a"))
	seen.Type = "look"
	fmt.Println(taker.TakeEvents(ctx, nil, []engine.Event{seen}))
	// Output:
	// <nil> 1
	// events[0].type: "look" is none of impression, click, save, dismiss
}
