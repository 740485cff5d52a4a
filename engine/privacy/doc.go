// Package privacy lets what is known of travellers end: on request, and by age.
//
// The main type is Sweeper. EraseUser notes that a user's history is to be erased, and the sweeper, one owned goroutine, does it: it goes through the logs of
// decisions and events and the accounts of campaigns, changes what names the user in its place, and purges the files. How far it has come is kept, so that it goes
// on after a crash. The same walk makes what has become old coarser:
//
//	Positions   after so long a decision keeps the H3 cell of its request in place of the position, see Coarsen
//	Histories   after so long decisions and events name no user
//	Decisions   after so long decisions are forgotten
//
//	s, err := privacy.Open(privacy.Options{Histories: store, Forget: meter.Forget, …})
//	s.Start()
//	defer s.Close()
//
// # What an erasure leaves
//
// Decisions and events stay without the user, so that what was shown and tapped adds up as before; of a decision the attributes and affinities go too, and its
// position becomes coarse at once. Two decisions of the user can no longer be told to be of one. Counts of what the user has seen go, and with them the frequency
// caps: they begin anew.
//
// A redemption is a merchant's book entry and stays, with its money and time; in place of the user it has "erased:" and the hash by which the user counts in the
// campaign's account. The limits of a user on redemptions and spend are by that hash, and hold on: were they to begin anew, an erasure would be a way round them. The
// hash is told by no answer but the ledger's own, to operators.
//
// A purge rewrites the files, so that nobody who has them finds the ID; see store/kv. Backups that were made before hold it, and are their keeper's to end.
//
// Not here: what a merchant or an app keeps itself.
package privacy
