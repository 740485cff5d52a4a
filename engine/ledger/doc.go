// Package ledger keeps count of what travellers did, and says which budgets, caps and pacing keep an offer back.
//
// Its main types are Taker, which validates batches of events, keeps them durably and then counts them, and Meter, which
// holds the counts in memory and answers engine.Limits from them. Opening a Taker reads the event log into its Meter, so
// that both go on after a restart where they were.
//
//	meter := ledger.NewMeter(ledger.NewVenueZones(store, time.Now))
//	taker, err := ledger.OpenTaker(ctx, ledger.Options{Log: store, Decisions: decider, Meter: meter})
//	if err != nil { … }
//	err = taker.TakeEvents(ctx, nil, events)
//
// # What is counted, and when
//
// A showing counts when its impression is reported, not when the offer is decided. Between the two other travellers may be
// given the same offer, so a budget of impressions can be passed by as many showings as are under way at once; one user's
// cap by those of one screen. Budgets of redemptions and of spend are not held here: nothing redeems yet, so they keep
// nothing back.
//
// An impression belongs to the calendar day of its venue at that moment. A budget of a day, a week (from Monday, ISO 8601)
// or a month counts the impressions of those days, whatever the zones: a campaign of 100 showings a day with venues in two
// zones shows at most 100 on the 24th of November, although that day lasts longer than 24 hours.
//
// A traveller without a user ID meets no cap and no budget per user: there is nobody to count for.
package ledger
