package decision_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"testing"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/decision"
)

func ExampleService_Decide() {
	w := newWorld()
	w.venue("cafe", 120)
	w.campaign("breakfast", []string{"cafe"})
	service, err := decision.New(decision.Options{
		Snapshots: published{w.snapshot(new(testing.T))}, Log: newMemoryLog(), IDs: engine.IDs{Random: rand.Reader},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = service.Close() }()

	d, err := service.Decide(context.Background(), &engine.Request{
		Time:       noon,
		User:       engine.User{Languages: []string{"zh-CN"}},
		Location:   &engine.Location{Position: downtown},
		Placements: []engine.PlacementRequest{{ID: "home", Count: 10}},
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, o := range d.Placements[0].Offers {
		fmt.Printf("%s: %s, %.0f m, saves %s\n", o.ID, o.Title, float64(o.Distance), o.Saving.Money)
	}
	// Output: breakfast@cafe: 优惠breakfast, 120 m, saves 500 USD
}
