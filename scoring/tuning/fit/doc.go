// Package fit fits weights to what came of decisions, and says what they are worth on data that the fit has not seen.
//
// Fit takes a data set and Options: a loss (logistic, pairwise or listwise), the features, buckets and crosses of features, signs that weights must
// have, and how strongly large weights are held down, of which it tries several and takes the best by a later part of the data. Clicks are
// corrected for the places at which offers were shown. The Result holds weights, a Report, and Profile makes a scoring profile of it.
//
//	result, err := fit.Fit(ctx, data, fit.Options{Loss: fit.Listwise, Features: fit.AllFeatures(data), Seed: 1})
//	profile, err := result.Profile("tuned")
//
// The same data, options and seed give the same result to the last bit, on any number of processors: sums are made in parts that do not depend on it.
package fit
