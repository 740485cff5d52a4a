package experiment_test

import (
	"fmt"

	"github.com/sihai-network/sihai/scoring/experiment"
)

func ExampleSplit() {
	split, err := experiment.NewSplit("home-2026-11", "", []experiment.Arm{{Name: "control", Weight: 9}, {Name: "fitted", Weight: 1}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(split.Arm("u-81") == split.Arm("u-81"))
	fmt.Printf("%.1f\n", split.Shares())
	// Output:
	// true
	// [0.9 0.1]
}

func ExampleWatch() {
	c := experiment.NewComparison(2000)
	for user := range 2000 {
		arm := user % 2
		clicks := 0.0
		if user%10 < 2+arm*4 { // 2 of 10 users click in the old arm, and more in the new one
			clicks = 1
		}
		if err := c.Add(user, arm, clicks, 1); err != nil {
			fmt.Println(err)
			return
		}
	}
	look, err := experiment.Watch{Effect: 0.05}.Look(c)
	fmt.Println(look.Verdict() == experiment.Better, look.Guard(0.01) == experiment.Kept, err)
	// Output: true true <nil>
}
