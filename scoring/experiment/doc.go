// Package experiment compares policies on live travellers: it assigns users to arms, and tells differences by intervals that hold at all times, so that
// an experiment may be looked at every day and stopped at any.
//
// A Split gives each user an arm that never changes, and Traffic says which users take part. A Watch makes of a difference and its standard error an interval that holds the truth at every look with
// the chance it promises, and a verdict. Mismatch tells when the arms are not as large as they were meant to be, so that nothing about them can be believed.
//
//	split, err := experiment.NewSplit("home-2026-11", "", arms)
//	arm := split.Arm("u-81")
//	…
//	c := experiment.NewComparison(users)
//	c.Add(user, arm, clicks, showings) // of each user so far
//	look, err := experiment.Watch{Effect: 0.01}.Look(c)
package experiment
