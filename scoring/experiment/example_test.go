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
	fmt.Printf("%.1f of users are in %s; u-81 is in %s\n", split.Shares()[1], split.Name(1), split.Name(split.Arm("u-81")))
	// Output: 0.1 of users are in fitted; u-81 is in control
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
