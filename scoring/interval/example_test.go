package interval_test

import (
	"fmt"

	"github.com/sihai-network/sihai/scoring/interval"
)

func ExampleRatios() {
	const users = 50
	r := interval.NewRatios(users, 1, 0)
	for user := range users {
		clicks, showings := float64(user%4), float64(5+user%3)
		r.Add(user, 0, clicks, showings)
	}
	e, err := r.Estimate(interval.Options{Seed: 1})
	fmt.Printf("%.2f clicks a showing, %.2f to %.2f, %v\n", e.Value, e.Interval.Low, e.Interval.High, err)
	// Output: 0.24 clicks a showing, 0.19 to 0.30, <nil>
}
