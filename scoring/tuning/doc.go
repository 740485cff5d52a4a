// Package tuning holds what weights are fitted to and judged by: decisions, their candidates as rows of numbers, and what came of them.
//
// The main type is Dataset, which holds all of it in few slices. A Source loads one; the readers of this package make one of a file in NDJSON
// (ReadNDJSON), of a ranking file as LibSVM has it (ReadRanking), or of a table (ReadCSV), strictly: every fault is told with its line and path.
//
//	data, err := tuning.ReadNDJSON(ctx, file, tuning.ReadOptions{})
//	for g := range data.Groups() {
//		from, to := data.Group(g) // the rows of the candidates of decision g
//		…
//	}
//
// It runs off the path of requests, and knows no campaign and no store.
package tuning
