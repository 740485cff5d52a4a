// Package metrics measures lists and scores: how good an order is (NDCG, average precision, reciprocal rank, recall, hits), how well scores part what
// was liked from what was not (AUC), how true they are as chances (log loss, Brier score, calibration error), and how various what is offered is.
//
// A list is the labels of its items from the top: 0 is nothing, above 0 is liked, a grade says how much. Where a measure is not defined, such as recall of a list in
// which nothing was liked, it says so, and such lists are left out of means.
//
//	ndcg, ok := metrics.NDCG([]float64{0, 1, 0}, 10)
//	auc, ok := metrics.AUC(scores, labels, nil)
//
// Intervals are made in package interval, from what each user adds.
package metrics
