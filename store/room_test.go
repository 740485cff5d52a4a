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

// filling is an engine whose disk is full after some updates, until it is emptied.
type filling struct {
	kv.Engine
	left atomic.Int64
}

func (f *filling) Update(ctx context.Context, p kv.Part, guard []byte, fn func(kv.Tx) error) error {
	if f.left.Add(-1) < 0 {
		return fmt.Errorf("%w: none is free", kv.ErrNoRoom)
	}
	return f.Engine.Update(ctx, p, guard, fn)
}

// An import that is current and finds the disk full on its way is ended by itself once there is room, whole, and its merchant can be read again.
func TestImportGoesOnOnceTheDiskHasRoom(t *testing.T) {
	const rows = 2300
	files, err := badgerkv.Open(badgerkv.Options{InMemory: true})
	if err != nil {
		t.Fatal(err)
	}
	disk := &filling{Engine: files}
	disk.left.Store(1 << 40)
	db, err := store.Open(t.Context(), disk, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	w := engine.Write{At: time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC), By: "cli"}
	half := 0
	for updates := int64(1); updates < 12; updates++ {
		merchant := fmt.Sprint("m", updates)
		disk.left.Store(1 << 40)
		if _, err := db.PutMerchant(t.Context(), w, engine.Merchant{ID: merchant}); err != nil {
			t.Fatal(err)
		}
		disk.left.Store(updates)
		_, importErr := importVenues(t.Context(), db, w, engine.ImportID{MerchantID: merchant, ID: "i"}, rows, "new")
		if importErr != nil && !errors.Is(importErr, engine.ErrDiskFull) {
			t.Fatal(importErr)
		}
		_, _, err := db.ListVenues(t.Context(), merchant, engine.Page{})
		if err == nil {
			continue // it had not begun, or was done
		}
		half++
		disk.left.Store(1 << 40)
		for until := time.Now().Add(time.Minute); err != nil; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(until) || !errors.Is(err, engine.ErrUnavailable) {
				t.Fatalf("after %d updates: %v", updates, err)
			}
			_, _, err = db.ListVenues(t.Context(), merchant, engine.Page{})
		}
		page, _, err := db.ListVenues(t.Context(), merchant, engine.Page{Limit: 10_000})
		report, importErr := db.Import(t.Context(), engine.ImportID{MerchantID: merchant, ID: "i"})
		if err != nil || len(page) != rows || importErr != nil || report.State != engine.ImportDone {
			t.Fatalf("after %d updates: %d venues, %v; %+v, %v", updates, len(page), err, report, importErr)
		}
	}
	if half == 0 {
		t.Error("no import found the disk full half way")
	}
}
