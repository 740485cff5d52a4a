// Package pricing gives budgets prices, so that what is scarce goes where it is worth most.
//
// A Pacer holds a price for each budget: what a unit of it is worth elsewhere. An option is worth its value less the prices of what it takes; Choose takes the
// option that is worth most, or none, and Learn moves the prices by what was taken. Prices of budgets that are taken too fast rise, those of others fall to 0.
//
//	pacer, err := pricing.NewPacer([]float64{1000, 250}, 100_000)
//	for each request:
//		choice := pacer.Choose(options)
//		pacer.Learn(options, choice)
//
// A Budget moves a price a round at a time, for a service that learns late what came of its answers: it keeps nothing itself.
//
// It knows no campaign: budgets have small numbers. It is deterministic, works off one goroutine, and keeps a number for each budget.
package pricing
