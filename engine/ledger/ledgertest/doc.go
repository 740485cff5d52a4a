// Package ledgertest records what concurrent clients of a ledger were answered, and says whether a ledger that does everything at a moment of its own could
// have answered so: whether it is linearizable. The ledger may be called in process or over a network; the clients and the model are the same.
//
//	requests, err := ledgertest.Check(func(ctx context.Context, s ledgertest.Step) (ledgertest.Answer, error) { … }, ledgertest.Options{Campaign: "c", Seed: 1})
//
// The campaign of a history is fresh, takes Discount minor units off, and has budgets of Limit redemptions in all and of one for each user. Left out: budgets of
// spend, codes and time, which the simulation of package ledger has.
package ledgertest
