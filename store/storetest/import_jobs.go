package storetest

import (
	"github.com/sihai-network/sihai/engine"
)

// A spooled import outlives a new start with what its record says of it; what was staged behind that is forgotten, and the end shows neither more nor less.
func testSpooledImport(b *fixture) {
	b.merchant("m-1")
	b.merchant("m-2")
	at := engine.ImportID{MerchantID: "m-1", ID: "i-1"}
	asked := engine.Import{ImportID: at, Kind: engine.ImportVenues, Format: "csv", State: engine.ImportQueued, Spooled: true, Size: 99,
		Feed: engine.FeedOptions{Delimiter: ";", Encoding: "gb18030", Decimal: "comma", Language: "zh-Hans"}, Prune: true, PruneShare: 0.5}
	begun, err := b.BeginImport(b.ctx(), b.write(), asked)
	b.ok(err)
	b.same(begun.State, engine.ImportQueued)
	b.begin("m-2", "i-2", engine.ImportVenues, venueRow("v-1", "casa")) // by a request, which a start ends
	rows := []engine.ImportRow{venueRow("v-1", "casa"), venueRow("v-2", "casa"), venueRow("v-3", "casa"), venueRow("v-4", "casa")}
	for i := range rows {
		rows[i].Row = i + 1
	}
	b.ok(b.StageRows(b.ctx(), at, rows[:2]))
	report := begun
	report.State, report.Rows, report.Accepted, report.Rejected, report.Through, report.Read = engine.ImportStaging, 3, 2, 1, 2, 40
	report.Faults = []engine.RowFault{{Row: 3, Column: "lat", Value: "91,0", Fault: engine.Fault{Path: "lat", Code: "out_of_range", Message: "too far"}}}
	report.Changes = []engine.RowChange{{Row: 1, ID: "v-1", Kind: engine.DiffChanged, Fields: []engine.FieldChange{{Path: "chain", Before: "a", After: "b"}}}}
	report.MoreChanges, report.PassedOver, report.Detail, report.Ended = 4, []string{"brand"}, "why", 5
	b.ok(b.SaveImport(b.ctx(), report))
	b.ok(b.StageRows(b.ctx(), at, rows[2:])) // the crash comes before the record tells of them
	b.reopen()

	open, err := b.OpenImports(b.ctx())
	b.ok(err)
	b.same(open, []engine.Import{report})
	again, err := b.RewindImport(b.ctx(), at)
	b.ok(err)
	b.same(again, report)
	again.Rejected, again.Faults, again.Changes = 0, nil, nil
	done, err := b.CommitImport(b.ctx(), b.write(), again)
	b.ok(err)
	b.same([]any{done.State, done.Added, done.Ended}, []any{engine.ImportDone, 2, 0})
	venues, _, err := b.ListVenues(b.ctx(), "m-1", engine.Page{Limit: 9})
	b.ok(err)
	b.same(len(venues), 2)
	b.is(b.SaveImport(b.ctx(), report), engine.ErrStale)
	_, err = b.RewindImport(b.ctx(), at)
	b.is(err, engine.ErrStale)
	open, err = b.OpenImports(b.ctx())
	b.ok(err)
	b.same(len(open), 0)
}

// A cancelled import leaves its record and nothing else, and cannot be gone on with.
func testCancelledImport(b *fixture) {
	b.merchant("m-1")
	at := engine.ImportID{MerchantID: "m-1", ID: "i-1"}
	begun, err := b.BeginImport(b.ctx(), b.write(), engine.Import{ImportID: at, Kind: engine.ImportVenues, State: engine.ImportQueued, Spooled: true})
	b.ok(err)
	row := venueRow("v-1", "casa")
	row.Row = 1
	b.ok(b.StageRows(b.ctx(), at, []engine.ImportRow{row}))
	begun.State = engine.ImportCancelled
	b.ok(b.SaveImport(b.ctx(), begun))
	b.reopen()
	i, err := b.Import(b.ctx(), at)
	b.ok(err)
	b.same(i.State, engine.ImportCancelled)
	b.is(b.StageRows(b.ctx(), at, []engine.ImportRow{row}), engine.ErrStale)
	_, err = b.CommitImport(b.ctx(), b.write(), i)
	b.is(err, engine.ErrStale)
	unknown := engine.ImportID{MerchantID: "m-1", ID: "i-9"}
	b.is(b.SaveImport(b.ctx(), engine.Import{ImportID: unknown}), engine.ErrNotFound)
	_, err = b.RewindImport(b.ctx(), unknown)
	b.is(err, engine.ErrNotFound)
}

// Rows that end something delete venues and archive campaigns with the import, and are counted as ended; a venue that is named stays with all the rest.
func testImportThatEnds(b *fixture) {
	b.merchant("m-1")
	old := b.venue("m-1", "v-1")
	b.venue("m-1", "v-2")
	b.commit(b.begin("m-1", "i-1", engine.ImportCampaigns, campaignRow("c-1", "v-2"), campaignRow("c-2", "v-2")))
	end := func(id string) engine.ImportRow {
		return engine.ImportRow{Venue: &engine.Venue{ID: id}, End: true}
	}
	diffs, err := b.DiffRows(b.ctx(), "m-1", []engine.ImportRow{end("v-1"), end("v-2"), end("v-9")})
	b.ok(err)
	b.same([]any{diffs[0].Kind, diffs[0].User, diffs[1].User, diffs[2].Kind}, []any{engine.DiffEnded, "", "c-1", engine.DiffSame})

	named := b.begin("m-1", "i-2", engine.ImportVenues, venueRow("v-3", "casa"), end("v-1"), end("v-2"))
	_, err = b.CommitImport(b.ctx(), b.write(), engine.Import{ImportID: named})
	b.fault(err, "rows[3].id", "in_use")
	_, err = b.Venue(b.ctx(), "m-1", "v-1")
	b.ok(err)

	position := b.position()
	done := b.commit(b.begin("m-1", "i-3", engine.ImportVenues, venueRow("v-3", "casa"), end("v-1"), end("v-9")))
	b.same([]int{done.Added, done.Ended, done.Same}, []int{1, 1, 1})
	_, err = b.Venue(b.ctx(), "m-1", "v-1")
	b.is(err, engine.ErrNotFound)
	changes := b.changes(position)
	b.same([]any{len(changes), changes[1].ID, changes[1].More}, []any{2, "v-1", false})
	back := b.venue("m-1", "v-1")
	b.same(back.Meta.Version, old.Meta.Version+1)

	archived := campaignRow("c-1", "v-2")
	archived.Campaign.Status, archived.End = engine.StatusArchived, true
	other := campaignRow("c-2", "v-1")
	done = b.commit(b.begin("m-1", "i-4", engine.ImportCampaigns, other, archived))
	b.same([]int{done.Changed, done.Ended}, []int{1, 1})
	b.ok(b.DeleteVenue(b.ctx(), b.write(), "m-1", "v-2"))
}
