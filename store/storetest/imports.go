package storetest

import (
	"fmt"
	"sync"

	"github.com/sihai-network/sihai/engine"
)

// begin begins an import and stages rows, numbered from 1.
func (b *fixture) begin(merchant, id string, kind engine.ImportKind, rows ...engine.ImportRow) engine.ImportID {
	b.Helper()
	at := engine.ImportID{MerchantID: merchant, ID: id}
	i, err := b.BeginImport(b.ctx(), b.write(), engine.Import{ImportID: at, Kind: kind, Format: "csv"})
	b.ok(err)
	b.same(i.State, engine.ImportStaging)
	for n := range rows {
		rows[n].Row = n + 1
	}
	b.ok(b.StageRows(b.ctx(), at, rows))
	return at
}

func (b *fixture) commit(id engine.ImportID) engine.Import {
	b.Helper()
	done, err := b.CommitImport(b.ctx(), b.write(), engine.Import{ImportID: id, Rows: 9, Accepted: 9})
	b.ok(err)
	b.same(done.State, engine.ImportDone)
	read, err := b.Import(b.ctx(), id)
	b.ok(err)
	b.same(read, done)
	return done
}

func venueRow(id, chain string) engine.ImportRow {
	v := Venue("", id)
	v.Chain = chain
	return engine.ImportRow{Venue: &v}
}

func campaignRow(id string, venues ...string) engine.ImportRow {
	c := Campaign("", id, venues...)
	return engine.ImportRow{Campaign: &c}
}

func testImport(b *fixture) {
	b.merchant("m-1")
	old := b.venue("m-1", "v-1")
	position := b.position()
	rows := []engine.ImportRow{venueRow("v-2", "casa"), venueRow("v-1", "new"), venueRow("v-3", "casa")}
	id := b.begin("m-1", "i-1", engine.ImportVenues, rows...)
	_, err := b.Venue(b.ctx(), "m-1", "v-2")
	b.is(err, engine.ErrNotFound)
	same, err := b.Venue(b.ctx(), "m-1", "v-1")
	b.ok(err)
	b.same(same, old)
	b.same(b.position(), position)
	diffs, err := b.DiffRows(b.ctx(), "m-1", append(rows, venueRow("v-1", "casa"), engine.ImportRow{Row: 9}))
	b.ok(err)
	kinds := make([]engine.DiffKind, len(diffs))
	for i := range diffs {
		kinds[i] = diffs[i].Kind
	}
	b.same(kinds, []engine.DiffKind{engine.DiffAdded, engine.DiffChanged, engine.DiffAdded, engine.DiffSame, engine.DiffNone})
	b.same(diffs[1].Before.Venue, &old)

	w := b.write()
	report := engine.Import{ImportID: id, Rows: 4, Accepted: 3, Rejected: 1, MoreFaults: 2,
		Faults: []engine.RowFault{{Row: 2, Column: "lat", Fault: engine.Fault{Path: "lat", Code: "out_of_range", Message: "91"}}}}
	done, err := b.CommitImport(b.ctx(), w, report)
	b.ok(err)
	report.Kind, report.Format, report.State, report.Added, report.Changed = engine.ImportVenues, "csv", engine.ImportDone, 2, 1
	report.Started, report.Finished, report.By = done.Started, w.At, "key_1"
	b.same(done, report)
	v, err := b.Venue(b.ctx(), "m-1", "v-1")
	b.ok(err)
	want := Venue("m-1", "v-1")
	want.Chain, want.Meta = "new", engine.Meta{Version: 2, Created: old.Meta.Created, Updated: w.At, By: w.By}
	b.same(v, want)
	b.same(b.changes(position), []engine.Change{
		{Seq: position + 1, Kind: engine.ChangeVenue, MerchantID: "m-1", ID: "v-2", ImportID: "i-1", More: true, After: 1},
		{Seq: position + 2, Kind: engine.ChangeVenue, MerchantID: "m-1", ID: "v-1", ImportID: "i-1", More: true, Before: 1, After: 2},
		{Seq: position + 3, Kind: engine.ChangeVenue, MerchantID: "m-1", ID: "v-3", ImportID: "i-1", After: 1},
	})
	again, err := b.CommitImport(b.ctx(), b.write(), engine.Import{ImportID: id})
	b.ok(err)
	b.same(again, done)
	b.is(b.StageRows(b.ctx(), id, rows), engine.ErrStale)
	b.is(b.DropImport(b.ctx(), engine.Import{ImportID: id}), engine.ErrStale)
}

func testSameImport(b *fixture) {
	b.merchant("m-1")
	b.venue("m-1", "v-1")
	position := b.position()
	done := b.commit(b.begin("m-1", "i-1", engine.ImportVenues, venueRow("v-1", "casa")))
	b.same([]int{done.Added, done.Changed, done.Same}, []int{0, 0, 1})
	done = b.commit(b.begin("m-1", "i-2", engine.ImportCampaigns))
	b.same([]int{done.Added, done.Changed, done.Same}, []int{0, 0, 0})
	b.same(b.position(), position)
	v, err := b.Venue(b.ctx(), "m-1", "v-1")
	b.ok(err)
	b.same(v.Meta.Version, uint64(1))
	page, next, err := b.ListImports(b.ctx(), "m-1", engine.Page{Limit: 1})
	b.ok(err)
	b.same([]string{page[0].ID, next}, []string{"i-1", "i-1"})
	page, next, err = b.ListImports(b.ctx(), "m-1", engine.Page{Limit: 1, After: next})
	b.ok(err)
	b.same([]any{page[0], next}, []any{done, ""})
}

func testImportOfUnknownVenues(b *fixture) {
	b.merchant("m-1")
	b.venue("m-1", "v-1")
	id := b.begin("m-1", "i-1", engine.ImportCampaigns, campaignRow("c-1", "v-1"), campaignRow("c-2", "v-1", "v-2"), campaignRow("c-3"))
	position := b.position()
	_, err := b.CommitImport(b.ctx(), b.write(), engine.Import{ImportID: id})
	b.fault(err, "rows[2].venues.ids[1]", "unknown_venue")
	_, err = b.Campaign(b.ctx(), "m-1", "c-1")
	b.is(err, engine.ErrNotFound)
	b.same(b.position(), position)
	b.venue("m-1", "v-2")
	b.commit(id)
	b.is(b.DeleteVenue(b.ctx(), b.write(), "m-1", "v-2"), engine.ErrInUse)
	b.commit(b.begin("m-1", "i-2", engine.ImportCampaigns, campaignRow("c-2", "v-1")))
	b.ok(b.DeleteVenue(b.ctx(), b.write(), "m-1", "v-2"))
	revisions, _, err := b.CampaignRevisions(b.ctx(), "m-1", "c-2", engine.Page{Limit: 9})
	b.ok(err)
	b.same([]any{len(revisions), revisions[1].Venues.IDs}, []any{2, []string{"v-1", "v-2"}})
}

func testDroppedImport(b *fixture) {
	b.merchant("m-1")
	position := b.position()
	id := b.begin("m-1", "i-1", engine.ImportVenues, venueRow("v-1", "casa"))
	b.ok(b.DropImport(b.ctx(), engine.Import{ImportID: id, Rows: 1, Rejected: 1}))
	b.ok(b.DropImport(b.ctx(), engine.Import{ImportID: id, Rows: 1, Rejected: 1}))
	i, err := b.Import(b.ctx(), id)
	b.ok(err)
	b.same([]any{i.State, i.Rejected, i.Kind, i.By}, []any{engine.ImportFailed, 1, engine.ImportVenues, "key_1"})
	_, err = b.CommitImport(b.ctx(), b.write(), engine.Import{ImportID: id})
	b.is(err, engine.ErrStale)
	b.is(b.StageRows(b.ctx(), id, []engine.ImportRow{venueRow("v-1", "casa")}), engine.ErrStale)
	unknown := engine.ImportID{MerchantID: "m-1", ID: "i-2"}
	_, err = b.Import(b.ctx(), unknown)
	b.is(err, engine.ErrNotFound)
	b.is(b.DropImport(b.ctx(), engine.Import{ImportID: unknown}), engine.ErrNotFound)
	b.is(b.StageRows(b.ctx(), unknown, []engine.ImportRow{venueRow("v-1", "casa")}), engine.ErrNotFound)
	_, err = b.CommitImport(b.ctx(), b.write(), engine.Import{ImportID: unknown})
	b.is(err, engine.ErrNotFound)
	b.same(b.position(), position)
}

func testImportOnce(b *fixture) {
	b.merchant("m-1")
	at := func(id string) engine.Import {
		return engine.Import{ImportID: engine.ImportID{MerchantID: "m-1", ID: id}, Kind: engine.ImportVenues}
	}
	first, err := b.BeginImport(b.ctx(), b.once("k", 1), at("i-1"))
	b.ok(err)
	again, err := b.BeginImport(b.ctx(), b.once("k", 1), at("i-2"))
	b.ok(err)
	b.same(again, first)
	_, err = b.BeginImport(b.ctx(), b.once("k", 2), at("i-2"))
	b.is(err, engine.ErrOnceConflict)
	_, err = b.BeginImport(b.ctx(), b.write(), at("i-1"))
	b.is(err, engine.ErrExists)
	b.ok(b.StageRows(b.ctx(), first.ImportID, []engine.ImportRow{venueRow("v-1", "casa")}))
	done := b.commit(first.ImportID)
	b.reopen()
	again, err = b.BeginImport(b.ctx(), b.once("k", 1), at("i-3"))
	b.ok(err)
	b.same(again, done)
	_, err = b.Import(b.ctx(), at("i-3").ImportID)
	b.is(err, engine.ErrNotFound)
}

func testLargeImport(b *fixture) {
	const rows = 2500
	b.merchant("m-1")
	b.merchant("m-2")
	var staged []engine.ImportRow
	for i := range rows {
		staged = append(staged, campaignRow(fmt.Sprintf("c-%04d", i)))
	}
	position := b.position()
	id := b.begin("m-1", "i-1", engine.ImportCampaigns, staged...)
	stop := make(chan struct{})
	var others sync.WaitGroup
	w := b.write()
	others.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
			}
			if _, err := b.PutVenue(b.ctx(), w, Venue("m-2", "v")); err != nil {
				b.Error(err)
				return
			}
		}
	})
	done := b.commit(id)
	close(stop)
	others.Wait()
	b.same(done.Added, rows)
	n := 0
	for _, c := range b.changes(position) {
		if c.ImportID == "" {
			if n != 0 && n != rows {
				b.Fatalf("a change of %s stands between those of an import", c.MerchantID)
			}
			continue
		}
		b.same([]any{c.ID, c.More}, []any{fmt.Sprintf("c-%04d", n), n < rows-1})
		n++
	}
	b.same(n, rows)
}

// testAtomicImport imports the same venues over and over, more than one transaction holds, while readers look at all of them.
func testAtomicImport(b *fixture) {
	const rows, rounds = 2500, 3
	b.merchant("m-1")
	stop := make(chan struct{})
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				page, _, err := b.ListVenues(b.ctx(), "m-1", engine.Page{Limit: 2 * rows})
				if err != nil {
					b.Error(err)
					return
				}
				for _, v := range page {
					if v.Chain != page[0].Chain || len(page) != rows {
						b.Errorf("%d venues, of %s and of %s", len(page), page[0].Chain, v.Chain)
						return
					}
				}
			}
		})
	}
	for round := range rounds {
		var staged []engine.ImportRow
		for i := range rows {
			staged = append(staged, venueRow(fmt.Sprintf("v-%04d", i), fmt.Sprint("round-", round)))
		}
		b.commit(b.begin("m-1", fmt.Sprint("i-", round), engine.ImportVenues, staged...))
	}
	close(stop)
	readers.Wait()
}

func testOpenImports(b *fixture) {
	b.merchant("m-1")
	open := b.begin("m-1", "i-1", engine.ImportVenues, venueRow("v-1", "casa"))
	position := b.position()
	b.reopen()
	i, err := b.Import(b.ctx(), open)
	b.ok(err)
	b.same([]any{i.State, i.Finished.IsZero()}, []any{engine.ImportFailed, false})
	_, err = b.Venue(b.ctx(), "m-1", "v-1")
	b.is(err, engine.ErrNotFound)
	b.is(b.StageRows(b.ctx(), open, []engine.ImportRow{venueRow("v-1", "casa")}), engine.ErrStale)
	b.same(b.position(), position)
	b.reopen()
	again, err := b.Import(b.ctx(), open)
	b.ok(err)
	b.same(again, i)
}
