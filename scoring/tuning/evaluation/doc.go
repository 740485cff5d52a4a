// Package evaluation measures how well policies order the candidates of a data set whose labels are known, each measure with an interval over users and its
// difference from the first policy, paired by user.
//
// Only candidates with a label are ordered for measures of labels, so that on a log, which knows what came of what it showed, a policy is judged by how it orders what was
// shown. What it would have earned by showing something else is for package offpolicy.
//
//	profile, err := evaluation.Linear("mine", data, weights, 0)
//	report, err := evaluation.Evaluate(ctx, data, []evaluation.Policy{profile, evaluation.Random(data, 1)}, evaluation.Options{})
package evaluation
