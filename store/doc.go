// Package store keeps what a program must not lose: merchants, venues and campaigns with their versions, uploads, scoring
// profiles, reference rates, API keys, decisions and events, what campaigns gave away, and a feed of every change. It gives engine.Store its
// meaning once, over the ordered key-value seam of package kv; an engine below that seam knows bytes only.
//
// The main type is DB.
//
//	files, err := badgerkv.Open(badgerkv.Options{Dir: "data"})
//	…
//	db, err := store.Open(ctx, files, store.Options{})
//	…
//	defer db.Close()
//	venue, err := db.PutVenue(ctx, engine.Write{At: now, By: "cli"}, venue)
//
// # One operation, one transaction
//
// A write checks its condition, looks up its idempotency key, stores the new version, keeps the old one, and tells the change feed
// in one transaction of the engine. Only one thing is read before it: that the merchant exists, which never ceases to be true.
//
// An idempotency key is looked up where the write goes: in the partition of the merchant, of the profiles, of the keys, and so on. The
// same request always goes to the same one, so it happens once; a key that a client uses again for another merchant
// is not noticed. Receipts are kept for ever, as versions are.
//
// # Uploads
//
// The rows of an import are staged on disk in many small transactions, invisible. One record makes them current; from then
// on they are folded into the merchant's venues or campaigns in many small transactions, and told to the change feed after
// that. Reads and writes of that one merchant wait while it folds, some 30 µs a row, so that nobody sees a part of it. All changes of
// an import stand together in the feed, without another's between them, and each but the last has More. After a crash Open
// ends the fold of an import that was made current, and forgets the rows of one that was not.
//
// # What comes back
//
// What is read belongs to the caller. A list, a map or a text that is empty comes back nil, but for opening hours, where
// nil and empty differ. Geofences come back as they were uploaded, without Fence: who needs that calls Geofence.Compile.
// The store trusts values to have been validated; of its own it checks only what its keys and references rest on.
//
// Left out: validation (package catalog), the expiry of decisions and events, wake-ups between processes.
//
// The bytes of every key and value are drawn in FORMAT.md.
package store
