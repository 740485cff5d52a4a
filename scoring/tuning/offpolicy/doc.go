// Package offpolicy tells what a policy would have earned, from a log that another policy made, and refuses where the log cannot say.
//
// Rounds are decisions of which one candidate was shown with a known chance; Lists are decisions of which a whole list was. Each estimator gives its
// number with an interval over users, the effective sample size and the largest weight, or the reasons why it gives none (see Support).
//
//	rounds, err := offpolicy.RoundsOf(data, policy)
//	report, err := offpolicy.Evaluate(ctx, rounds, offpolicy.Options{})
//	for _, result := range report.Results {
//		if len(result.Refused) > 0 { … } // what is missing
//	}
//
// An estimator that uses weights is right whatever the world is like, as long as the chances in the log are; the direct method is right only where its
// model is, and says so.
package offpolicy
