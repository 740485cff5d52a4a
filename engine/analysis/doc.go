// Package analysis makes numbers of the logs: what offers won and why others were not shown, what a campaign would win, and what a
// scoring profile is worth.
//
// Its main types are Log, which reads decisions together with what came of them; Reporter, whose reports say what was shown, tapped, saved, dismissed,
// redeemed and spent; Forecaster, which replays the last days with a campaign among the candidates; DatasetSource, the log as a data set for fits; Evaluator, which
// judges profiles by it and makes decisions again under them; Learner, which learns the weights of profiles that ask for it; ExperimentReader, which tells what came
// of the arms of an experiment; and ExperimentWatch, which stops one that does harm.
//
//	log := analysis.NewLog(analysis.Sources{Decisions: store, Events: store, Accounts: store})
//	err := log.Each(ctx, analysis.Query{From: from, Until: until, Parts: engine.PartOffers, Outcomes: true}, func(d *analysis.Logged) error {
//		if d.Outcome(0, 0).Has(analysis.Clicked) { … }
//		return nil
//	})
//
// # Days
//
// What came of an offer counts on the day on which the offer was made, by the clock of its venue, however late the phone tells of it; a redemption counts on
// the day that the ledger has it on. An offer that was tapped twice was tapped.
//
// # Forecasts
//
// forecast.go draws the way from logged decisions to a campaign's week, and predict.go that from the week that would have been to the spread of the one
// that will be.
//
// Not here: the mathematics of fits and judgements (scoring/tuning), counting for limits (engine/ledger).
package analysis
