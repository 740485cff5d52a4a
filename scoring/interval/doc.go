// Package interval tells how sure a number is that was computed from what users did.
//
// What is measured on a log is nearly always a sum of ratios of sums: clicks by showings, a weighted mean, the difference of two means. Ratios holds
// the sums of each user, because what one user does hangs together, and gives the estimate, its standard error and an interval.
//
//	r := interval.NewRatios(users, 1, 0)
//	r.Add(user, 0, clicks, showings)
//	estimate, err := r.Estimate(interval.Options{Seed: 1})
//
// An interval that cannot be had is an error that says what is missing; it is never a guess.
package interval
