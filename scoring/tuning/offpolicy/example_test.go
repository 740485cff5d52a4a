package offpolicy_test

import (
	"context"
	"fmt"

	"github.com/sihai-network/sihai/scoring/tuning/offpolicy"
)

func ExampleEvaluate() {
	// 400 users were shown one of two offers by lot; the second earns twice as often
	rounds := &offpolicy.Rounds{UserCount: 400}
	for user := range 400 {
		offer := user % 2
		reward, target := 0.0, 0.0
		if user%20 < 4*(1+offer) {
			reward = 1
		}
		if offer == 1 {
			target = 1 // the policy in question always shows the second
		}
		rounds.Users = append(rounds.Users, int32(user))
		rounds.Rewards = append(rounds.Rewards, reward)
		rounds.Logged = append(rounds.Logged, 0.5)
		rounds.Target = append(rounds.Target, target)
	}
	report, err := offpolicy.Evaluate(context.Background(), rounds, offpolicy.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	snips := report.Results[1]
	fmt.Printf("the log earned %.2f, the policy would earn %.2f, effective size %.0f\n", report.Logged.Value, snips.Estimate.Value, snips.Support.EffectiveSize)
	// Output: the log earned 0.30, the policy would earn 0.40, effective size 200
}
