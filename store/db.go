package store

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/kv"
)

// Options say what a DB needs besides its engine.
type Options struct {
	// Clock tells when a decision was kept and when an interrupted import was given up. Nil: time.Now.
	Clock engine.Clock
}

// DB is an engine.Store over a kv.Engine. All methods are safe for concurrent use.
type DB struct {
	kv    kv.Engine
	clock engine.Clock
	gates gates
	news  news
	calls calls // imports under way, which take more than one transaction
	ended ended
	// accounts are those that are known to be listed, by engine.CampaignRef.
	accounts sync.Map
	hooked   sync.Map // merchants that are known to be listed as having webhooks
	// scratch is memory in which decisions are encoded.
	scratch scratch

	// feed is held shared by each write that tells the change feed, and alone by an import while it tells its rows, so
	// that they stand together. It is taken after a gate, never before one.
	feed sync.RWMutex
}

var _ engine.Store = (*DB)(nil)

// Open makes a DB of an engine and ends what a crash left half done: it folds the imports that were current and drops the
// others. The engine then belongs to the DB; after an error it is still the caller's to close. Cost: the imports that
// were open, and nothing else of what is stored.
func Open(ctx context.Context, e kv.Engine, o Options) (*DB, error) {
	db := &DB{kv: e, clock: o.Clock}
	if db.clock == nil {
		db.clock = time.Now
	}
	db.gates.open()
	db.news.open()
	db.calls.open()
	if err := db.recoverImports(ctx); err != nil {
		return nil, fmt.Errorf("open store: %w", Translate(err))
	}
	return db, nil
}

// Close waits for the calls under way, wakes those that wait for a change, and closes the engine. Calls after it return
// engine.ErrUnavailable; a second Close does nothing.
func (db *DB) Close() error {
	db.news.close()
	db.calls.close()
	return Translate(db.kv.Close())
}

// view reads a partition of a merchant, or of none, at one consistent moment.
func (db *DB) view(ctx context.Context, p place, fn func(kv.Reader) error) error {
	leave, err := db.gates.enter(p.merchant)
	if err != nil {
		return err
	}
	defer leave()
	return Translate(db.kv.View(ctx, p.part, fn))
}

// update writes a partition in one transaction that may tell the change feed. guard is the key of what is changed.
func (db *DB) update(ctx context.Context, p place, guard []byte, fn func(kv.Tx) error) error {
	leave, err := db.gates.enter(p.merchant)
	if err != nil {
		return err
	}
	defer leave()
	db.feed.RLock()
	defer db.feed.RUnlock()
	if err := db.kv.Update(ctx, p.part, guard, fn); err != nil {
		return Translate(err)
	}
	db.news.wake()
	return nil
}
