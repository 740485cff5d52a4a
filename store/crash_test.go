package store_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store"
	"github.com/sihai-network/sihai/store/badgerkv"
	"github.com/sihai-network/sihai/store/kv"
)

// breaking is an engine that stops for good after some updates, as a machine does.
type breaking struct {
	kv.Engine
	left atomic.Int64
}

var errBroken = errors.New("the disk is gone")

func (b *breaking) Update(ctx context.Context, p kv.Part, guard []byte, fn func(kv.Tx) error) error {
	if b.left.Add(-1) < 0 {
		return errBroken
	}
	return b.Engine.Update(ctx, p, guard, fn)
}

// An import that stops after any of its transactions is afterwards there with all its rows, told to the change feed once
// and to the end, or it never was. In between nobody sees a part of it.
func TestImportThatStopsAnywhereIsWholeOrAbsent(t *testing.T) {
	const rows, old = 2300, 700
	whole, absent := 0, 0
	for updates := int64(0); ; updates++ {
		files, err := badgerkv.Open(badgerkv.Options{InMemory: true})
		if err != nil {
			t.Fatal(err)
		}
		finished := stopAfter(t, files, updates, rows, old, &whole, &absent)
		if err := files.Close(); err != nil {
			t.Fatal(err)
		}
		if finished {
			break
		}
	}
	if whole < 5 || absent < 5 {
		t.Fatalf("it was whole after %d of the stops and absent after %d: they do not cover its course", whole, absent)
	}
}

// stopAfter runs an import on an engine that stops after some updates, opens the store again and checks it. It reports
// whether the import came to its end.
func stopAfter(t *testing.T, files kv.Engine, updates int64, rows, old int, whole, absent *int) (finished bool) {
	t.Helper()
	ctx := t.Context()
	w := engine.Write{At: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC), By: "cli"}
	id := engine.ImportID{MerchantID: "m", ID: "i-2"}
	engineThatStops := &breaking{Engine: files}
	engineThatStops.left.Store(1 << 40)
	db, err := store.Open(ctx, engineThatStops, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.PutMerchant(ctx, w, engine.Merchant{ID: "m"}); err != nil {
		t.Fatal(err)
	}
	if _, err := importVenues(ctx, db, w, engine.ImportID{MerchantID: "m", ID: "i-1"}, old, "old"); err != nil {
		t.Fatal(err)
	}
	position, err := db.Position(ctx)
	if err != nil {
		t.Fatal(err)
	}

	engineThatStops.left.Store(updates)
	_, importErr := importVenues(ctx, db, w, id, rows, "new")
	page, _, err := db.ListVenues(ctx, "m", engine.Page{Limit: 10_000})
	if err == nil {
		checkWhole(t, page, rows, old)
	} else if importErr == nil || !errors.Is(err, engine.ErrUnavailable) {
		t.Fatalf("after %d updates: %v", updates, err)
	}

	if db, err = store.Open(ctx, files, store.Options{}); err != nil {
		t.Fatalf("after %d updates: %v", updates, err)
	}
	page, _, err = db.ListVenues(ctx, "m", engine.Page{Limit: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	isWhole := checkWhole(t, page, rows, old)
	changes, err := db.Changes(ctx, position, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	state := engine.ImportFailed
	if isWhole {
		*whole++
		state = engine.ImportDone
		checkTold(t, changes, rows)
	} else {
		*absent++
		if len(changes) > 0 || importErr == nil {
			t.Fatalf("after %d updates: %d changes and error %v, but no rows", updates, len(changes), importErr)
		}
	}
	record, err := db.Import(ctx, id)
	if err == nil && record.State != state || err != nil && (isWhole || !errors.Is(err, engine.ErrNotFound)) {
		t.Fatalf("after %d updates: the import is %s, %v", updates, record.State, err)
	}
	return importErr == nil
}

// importVenues imports venues v-0000 and so on, all with one chain.
func importVenues(ctx context.Context, db *store.DB, w engine.Write, id engine.ImportID, rows int, chain string) (engine.Import, error) {
	report := engine.Import{ImportID: id, Kind: engine.ImportVenues, Rows: rows}
	if _, err := db.BeginImport(ctx, w, report); err != nil {
		return report, err
	}
	var staged []engine.ImportRow
	for i := range rows {
		staged = append(staged, engine.ImportRow{Row: i + 1, Venue: &engine.Venue{ID: fmt.Sprintf("v-%04d", i), Chain: chain}})
	}
	if err := db.StageRows(ctx, id, staged); err != nil {
		return report, err
	}
	return db.CommitImport(ctx, w, report)
}

// checkWhole reports whether all new venues are there; otherwise all old ones must be.
func checkWhole(t *testing.T, page []engine.Venue, rows, old int) bool {
	t.Helper()
	n, chain, version := old, "old", uint64(1)
	if page[0].Chain == "new" {
		n, chain, version = rows, "new", 2
	}
	if len(page) != n {
		t.Fatalf("%d venues of %d are there", len(page), n)
	}
	for i, v := range page {
		if i >= old {
			version = 1
		}
		if v.Chain != chain || v.Meta.Version != version {
			t.Fatalf("venue %s is %s in version %d, the first one %s", v.ID, v.Chain, v.Meta.Version, chain)
		}
	}
	return chain == "new"
}

func checkTold(t *testing.T, changes []engine.Change, rows int) {
	t.Helper()
	if len(changes) != rows {
		t.Fatalf("%d changes of %d rows were told", len(changes), rows)
	}
	for i, c := range changes {
		if c.ID != fmt.Sprintf("v-%04d", i) || c.More != (i < rows-1) {
			t.Fatalf("change %d of %d is %+v", i+1, rows, c)
		}
	}
}
