// Package ledger keeps count of what travellers did, and says which budgets, caps and pacing keep an offer back.
//
// Its main types are Taker, which validates batches of events, keeps them durably and then counts them; Book, which takes orders to
// use offers; and Meter, which holds the counts of both in memory and answers engine.Limits from them. Opening a Taker reads the
// event log into its Meter, and opening a Book the balances, so that all go on after a restart where they were.
//
//	meter := ledger.NewMeter(ledger.NewVenueZones(store, time.Now))
//	taker, err := ledger.OpenTaker(ctx, ledger.Options{Log: store, Decisions: decider, Meter: meter})
//	if err != nil { … }
//	err = taker.TakeEvents(ctx, nil, events)
//	…
//	book, err := ledger.OpenBook(ctx, ledger.BookOptions{Accounts: store, Purchases: store, Meter: meter, …})
//	held, err := book.Reserve(ctx, write, order)
//	used, err := book.Confirm(ctx, write, held.ID)
//
// A Pricer sets the prices of budgets from the same counts, for profiles that ask for it.
//
// # What is counted, and when
//
// A showing counts when its impression is reported, not when the offer is decided. Between the two other travellers may be
// given the same offer, so a budget of impressions can be passed by as many showings as are under way at once; one user's
// cap by those of one screen. Budgets of redemptions and of spend are never passed: see below.
//
// An impression belongs to the calendar day of its venue at that moment. A budget of a day, a week (from Monday, ISO 8601)
// or a month counts the impressions of those days, whatever the zones: a campaign of 100 showings a day with venues in two
// zones shows at most 100 on the 24th of November, although that day lasts longer than 24 hours.
//
// A traveller without a user ID meets no cap and no budget per user: there is nobody to count for.
//
// # Uses of offers
//
// A campaign has an account: balances of itself, of each venue and of each user, its redemptions, its voucher codes, and a
// movement for everything that ever happened to them. All of it lies in one partition of the store, the counters of its users
// included, since a limit of a user is one of this campaign's. So one transaction reads every limit that a use touches and writes
// every balance that it changes, and there is nothing to be agreed between two: a limit is never passed, by nobody and at no
// moment, and what was acknowledged is on disk.
//
// A reservation takes from the limits what it will use, on the venue's calendar day on which it is made, and gives it back when
// it is released, when its hold runs out, or when what was used is rolled back. Holds that have run out are ended by whatever
// touches the account next, and by a sweep every second. What it costs budgets of another currency is converted by the reference
// rates of that day, which the redemption names, and is given back by those. Pacing spreads showings: an order for an offer that a
// decision showed within the last day is not held back by it.
//
// Only what several campaigns have to do with one another lies elsewhere: the offers that meet in one purchase are noted on the
// purchase's record first and in the campaign's account after that, see meet.
//
// Amounts are whole minor units, every sum is checked for overflow, shares are rounded half away from zero, and no discount is
// above what is left of the purchase. The movements are enough to compute every balance anew: see Book.VerifyAccounts.
//
// # Pacing
//
// A paced budget follows what is expected over the rest of its period: the hours of the week as they were of late in the venue's zone, learnt from the showings and
// uses of all campaigns there, four weeks back, each week counting half as much as the one after it. Where little was seen all hours are taken to be alike. Opening
// hours of venues are not looked at but through what they brought. See pacedOut.
//
// # A clock that is wrong
//
// Movements are ordered by their numbers; their times are what the clock showed. A use counts on the day that the venue's calendar showed, and
// a budget bears its limit on each day, week or month that the clock shows, whatever it showed in between: a balance remembers engine.MaxBalanceDays days of
// use, those nearest to the present one. A clock that is ahead ends holds, as time does, and they stay ended. One that is put back makes holds last longer by as
// much, up to engine.MaxTTL: a hold that has more left than that ends at once. An order on its way to its account keeps its place in its purchase whatever the clock
// shows. Showings are remembered about the days that are counted now, and forgotten only when they are old by two sweeps.
//
// # Idempotency keys
//
// The receipt of a key lies in the account, in the transaction of what it did. That the key was used at all is noted beside it, for orders on other campaigns: such
// a key is engine.ErrOnceConflict. A key whose order was refused did nothing, and may be used again.
//
// Left out: a queue for each campaign that would put several movements into one transaction. The store commits those that wait
// together, whichever campaigns they are of, and runs the next ones meanwhile.
package ledger
