// Package decision answers requests: from a traveller, a place and a moment to ranked offers, with the reasons for what was
// left out.
//
// Its main type is Service, an engine.Decider. At its heart is a pure function of a snapshot, the limits, the options and a
// request, so that the same request on the same snapshot has the same answer, byte for byte.
//
//	service, err := decision.New(decision.Options{
//		Snapshots: publisher, Limits: meter, Log: store, IDs: engine.IDs{Random: rand.Reader},
//	})
//	if err != nil { … }
//	defer service.Close()
//	d, err := service.Decide(ctx, request, nil)
//
// # From a request to a decision
//
// Retrieve (retrieve.go): the fences that hold the place give the candidates, each a campaign at a venue; a radius adds the
// venues within it. Filter (rules.go): status, flight, opening hours, audience, language, limits, place; without explanations
// the first reason ends it, with them every reason is kept. Score (features.go): a row of scoring's features for each that is
// left. Order (placement.go): for each placement its own filters, then scoring's total order, floor and diversity.
//
// Without explanations the same answer comes by a shorter way (shortlist.go): a digest of each place, kept from one request to the next, rules
// it out or bounds its score; and only those whose bound is high enough to be offered are looked at closely, see scoring.Race.
//
// At a crowded place hundreds of digests are met and some twenty offered, so that memory is what takes time. Of each digest a glance (glance.go),
// one cache line, lies among those of the neighbouring handles on a page (page.go), which is known as a whole to be current. The matches go by in blocks
// of sixty-four: gather.go seeks their glances, so that these come from memory together; sift.go keeps those that the rules shared by many allow; and
// bound.go bounds their scores. The digests themselves are read of those few that are settled.
//
// # Why not
//
// Where the log keeps tallies (tally.go), each decision leaves a mark for every offer that its place led to (marks.go): made, or the first thing found against
// it. The log's writer adds them up by campaign and quarter of an hour, and keeps them once a second with the decisions of the moment. What could not score high enough
// was outranked: nothing else was asked of it.
//
// # Place
//
// A fix is a normal distribution round the position it names. Its radius of 68 % is hypot(accuracy, walking speed × age of the
// fix); without an accuracy a fix is exact, but for one by IP address. A candidate is in reach when the position itself lies in
// one of its fences and the chance of being inside, the best of its fences, is at least the profile's; or, by its venue, when
// that is within the request's radius. Without a location nothing is in reach.
//
// # Prices
//
// Where the profile prices budgets (price.go), a score is lowered by what the offer is expected to take of its campaign's budgets, at the snapshot's prices. A price only
// lowers a score, so that the bounds of the quick way stay bounds. A decision names the epoch of its prices, and each offer tells its own.
//
// # Time
//
// Windows and opening hours are read on the venue's wall clock, as a shop keeps them: a window from 01:00 to 01:30 holds twice
// in the night in which the clock goes back, and not at all where the clock leaps over it. A span that runs past midnight
// belongs to the day on which it began, and goes on in the day that followed it in that zone, which is not always the next in
// the calendar. A blackout is from one moment to another, whatever windows there are.
//
// An offer may be shown ahead of its flight (shown.go): what bounds the day does not count then, since it cannot be used yet.
//
// # Money
//
// Estimates are integers of minor units throughout, see saving.go for each formula. Conversions are exact products of the
// day's reference rates, rounded half away from zero to the minor unit of the target. An estimate that needs a rate which is
// not known is absent.
//
// Not here: counting what was shown and pricing budgets (engine/ledger), compiling campaigns (engine/catalog), learning what explorations draw from (engine/analysis).
package decision
