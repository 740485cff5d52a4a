// Package wire holds the shapes that clients send and receive, and the rows of files: it takes bytes to the words of package
// engine, strictly, and back.
//
// The main types are Request and Decision, Campaign, Venue and Merchant, which are the JSON of each word; Decode fills one of them and
// tells every fault with its path; RowReader reads an upload in NDJSON, CSV or GeoJSON row by row; AppendDecision writes the answer that
// is asked for most.
//
//	request, err := wire.DecodeRequest(body)
//	var faults engine.Faults
//	if errors.As(err, &faults) { … } // every one: placements[0].count, location.lat, …
//
// A member that no rule knows is a fault, never ignored. Members that only an answer holds (version, created_at …) may be sent back and are
// not read. What the values mean together (does the currency exist, does the flight begin before it ends) is for package catalog to
// check.
//
// Not here: HTTP, and which fault gives which status.
package wire
