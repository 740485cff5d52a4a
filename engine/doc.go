// Package engine holds the words of Sihai and the seams between its rooms: plain types without tags, transport or storage,
// and the interfaces by which one room uses another without importing it.
//
// The main types are Merchant, Venue and Campaign, which are uploaded; Request, Decision, Offer and Rejection, which are
// asked and answered; Snapshot, the whole catalog as a decision reads it; and Store, what a program keeps.
//
//	decision, err := decider.Decide(ctx, &engine.Request{
//		Time:       time.Now(),
//		Location:   &engine.Location{Position: geo.LatLng{Lat: 25.7907, Lng: -80.1353}},
//		Placements: []engine.PlacementRequest{{ID: "home", Count: 10}},
//	}, nil)
//
// # The house
//
// Sihai is one module and one binary. Each folder is a room that speaks its own words:
//
//	cmd/sihai/command   the command line, one verb a file; app.go puts the rooms together, top to bottom
//	configs             settings: defaults, file, variables, flags
//	geo                 positions, fences, coverings, the index from a place to its fences; the only room that knows H3
//	scoring             features, weights, the scorer, explanations that sum to the score
//	scoring/trees       models of boosted trees that XGBoost and LightGBM have trained
//	scoring/pricing     prices of budgets, so that what is scarce goes where it is worth most
//	scoring/interval    how sure a number is that was computed from what users did
//	scoring/experiment  which user is in which arm, and differences that may be looked at every day
//	scoring/tuning      data sets of decisions and what came of them, which weights are fitted to and judged by
//	scoring/tuning/evaluation  how well policies order candidates of which it is known what came of them, beside baselines
//	scoring/tuning/offpolicy   what a policy would have earned, from a log that another one made; or why that cannot be said
//	scoring/tuning/bandit  what is believed of weights, learnt batch by batch, for profiles that explore
//	scoring/tuning/fit  weights found in what came of decisions, and what they are worth on data that the fit has not seen
//	scoring/metrics     how good an order is, how true scores are, how various a list is
//	engine              this package
//	engine/catalog      campaigns in: validation, imports, publication of the next snapshot
//	engine/decision     a request to a decision: retrieve, filter, score, order, explain
//	engine/ledger       limits, what travellers did, and what was sold: reservations, redemptions, their undoing; prices of budgets
//	engine/ledger/ledgertest  histories of concurrent clients, and whether a ledger that does one thing at a time explains them
//	engine/analysis     the logs read with what came of each offer: reports, forecasts, data sets, what profiles are worth and learn, and how experiments stand
//	engine/privacy      the end of what is known of travellers: erasure, coarser positions, trims by age
//	engine/webhook      what merchants are told of it: events, deliveries, signed requests
//	engine/wire         JSON and file shapes, strictly decoded
//	engine/api          HTTP: one file a resource, keys and roles, the OpenAPI document
//	engine/client       the Go client of that API
//	store               the typed seams of this package over an ordered key-value seam; its bytes are drawn in store/FORMAT.md
//	store/kv            that seam
//	store/badgerkv      Badger under it
//	store/spool         files of uploads that wait to be read
//	store/storetest     the conformance suite that every storage engine passes
//	testdata            worlds, scenarios with golden replies
//
// The imports between rooms are a table in cmd/sihai/command/arrows_test.go, and any other import fails that test. The inner
// rooms (catalog, decision, ledger, analysis) never import one another: what two of them need is a word of this package.
//
// # Three jobs, each top to bottom
//
// An offers request: api and wire make a Request of the body and validate it once; the decision room loads the current
// Snapshot by one atomic pointer, looks up the fences that hold the place, keeps or rejects each candidate with all its
// reasons, makes a feature row of each, scores, takes off what its budgets are worth elsewhere, orders and explains; the Decision goes out through wire and is queued to
// the decision log by one owned writer. No lock and no disk read of campaigns is on this path.
//
// A use of an offer: api and wire make an Order of the body; the ledger finds the listing in the Snapshot, lets the decision room's rules
// speak, and reads and writes the campaign's account in one transaction; when that is on disk the new balances are told to the
// limits that decisions ask.
//
// An upload: wire makes rows of the file; the catalog room validates each and tells every fault; the store keeps all rows
// or none in one commit and tells the change feed; one builder follows the feed and publishes the next Snapshot by one
// atomic swap.
package engine
