package store_test

import (
	"context"
	"testing"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store"
	"github.com/sihai-network/sihai/store/badgerkv"
	"github.com/sihai-network/sihai/store/storetest"
)

// onBadger keeps a store in a folder of the test. It does not wait for the disk: no test of the suite kills the machine, and the
// waits would be most of its time.
func onBadger(t testing.TB) func() engine.Store {
	dir := t.TempDir()
	return func() engine.Store {
		t.Helper()
		db, err := openDir(badgerkv.Options{Dir: dir, NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
}

func openDir(o badgerkv.Options) (*store.DB, error) {
	files, err := badgerkv.Open(o)
	if err != nil {
		return nil, store.Translate(err)
	}
	db, err := store.Open(context.Background(), files, store.Options{})
	if err != nil {
		_ = files.Close()
		return nil, err
	}
	return db, nil
}

func TestConformanceOnBadger(t *testing.T) { storetest.Run(t, onBadger) }

func TestAccountsOnBadger(t *testing.T) {
	storetest.RunAccounts(t, func(t testing.TB) func() storetest.Ledger {
		open := onBadger(t)
		return func() storetest.Ledger {
			ledger, ok := open().(storetest.Ledger)
			if !ok {
				t.Fatal("the store keeps no accounts")
			}
			return ledger
		}
	})
}
