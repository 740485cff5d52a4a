package tuning_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/sihai-network/sihai/scoring/tuning"
)

func ExampleReadNDJSON() {
	log := strings.NewReader(`{"user": "u-81", "candidates": [{"id": "a", "features": {"distance": 0.7}, "shown": true, "label": 1}, {"id": "b"}]}`)
	data, err := tuning.ReadNDJSON(context.Background(), log, tuning.ReadOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	from, to := data.Group(0)
	fmt.Println(data.Features, data.Values[from:to], data.Labels, data.Shown)

	_, err = tuning.ReadNDJSON(context.Background(), strings.NewReader(`{"candidates": [{"id": "a", "label": "yes"}]}`), tuning.ReadOptions{})
	fmt.Println(err)
	// Output:
	// [distance] [0.7 NaN] [1 NaN] [true false]
	// line 1: candidates[0].label: is a text and not a number
}
