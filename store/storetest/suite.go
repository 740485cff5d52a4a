// Package storetest holds what every engine.Store does, whatever lies below it: one suite of contracts, and one simulation
// that compares a store with a plain model in memory over random operations.
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t testing.TB) func() engine.Store {
//			dir := t.TempDir()
//			return func() engine.Store { … open the store in dir … }
//		})
//	}
//
// RunAccounts does the same for what the ledger keeps.
//
// Left out: what happens when a process is killed, which needs a process; see the tests of package store.
package storetest

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// Home makes an empty place for a store and returns what opens it; that ends the test when it cannot. The suite closes a
// store before it opens its place again.
type Home func(t testing.TB) (open func() engine.Store)

// Run runs the suite, and the simulation over a few seeds. Cost: some 30 places, some seconds.
func Run(t *testing.T, home Home) {
	for _, c := range []struct {
		name string
		test func(*fixture)
	}{
		{"versions count and are kept", testVersions},
		{"conditions", testConditions},
		{"merchants come first", testMerchantsFirst},
		{"lists are pages in order", testPages},
		{"revisions are newest first", testRevisions},
		{"revisions of nothing", testRevisionsOfNothing},
		{"what is read is the caller's", testOwnership},
		{"IDs that cannot be keys", testBadIDs},
		{"a change of a campaign is one step", testUpdateCampaign},
		{"changes at the same time are all kept", testConcurrentUpdates},
		{"venues of a campaign exist", testVenueReferences},
		{"a venue that is named stays", testVenueInUse},
		{"a deleted venue counts on", testDeletedVenue},
		{"the audit log tells every change", testAudit},
		{"changes wait and are made once", testStagedChanges},
		{"idempotent writes", testOnce},
		{"idempotent deletion", testOnceDeletion},
		{"profiles", testProfiles},
		{"models of profiles", testModels},
		{"rates", testRates},
		{"keys", testKeys},
		{"the feed tells every change", testFeed},
		{"waiting for a change", testWaitChange},
		{"scans see all that is current", testScan},
		{"decisions", testDecisions},
		{"idempotent decisions", testDecisionOnce},
		{"popularity", testPopularity},
		{"prices", testPrices},
		{"beliefs", testBeliefs},
		{"events", testEvents},
		{"webhooks", testHooks},
		{"ends of imports", testImportEnds},
		{"erasures", testErasures},
		{"histories are changed in their places", testChanges},
		{"closed", testClosed},
		{"an import is invisible until it is current", testImport},
		{"an import that changes nothing", testSameImport},
		{"an import of unknown venues", testImportOfUnknownVenues},
		{"a dropped import", testDroppedImport},
		{"an import begins once", testImportOnce},
		{"an import of many transactions", testLargeImport},
		{"a reader sees none or all of an import", testAtomicImport},
		{"imports that were left open", testOpenImports},
		{"a spooled import goes on", testSpooledImport},
		{"a cancelled import", testCancelledImport},
		{"an import that ends what it does not name", testImportThatEnds},
		{"everything is there after a new start", testReopen},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(newFixture(t, home)) })
	}
	for _, seed := range []uint64{1, 2, 3} {
		t.Run("simulation", func(t *testing.T) { Simulate(t, home, seed, 400) })
	}
}

// fixture is a store under test.
type fixture struct {
	*testing.T
	engine.Store
	open  func() engine.Store
	hours int
}

func newFixture(t *testing.T, home Home) *fixture {
	open := home(t)
	b := &fixture{T: t, Store: open(), open: open}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func (b *fixture) ctx() context.Context { return b.Context() }

// reopen closes the store and opens it again.
func (b *fixture) reopen() {
	b.Helper()
	b.ok(b.Close())
	b.Store = b.open()
}

var epoch = time.Date(2026, 11, 24, 8, 0, 0, 5000, time.UTC)

// write returns a write an hour later than the last one.
func (b *fixture) write() engine.Write {
	b.hours++
	return engine.Write{At: epoch.Add(time.Duration(b.hours) * time.Hour), By: "key_1"}
}

func (b *fixture) when(p engine.Precondition) engine.Write {
	w := b.write()
	w.If = p
	return w
}

func (b *fixture) once(key string, body byte) engine.Write {
	w := b.write()
	w.Once = &engine.Once{Caller: "key_1", Key: key, Fingerprint: [32]byte{body}}
	return w
}

func (b *fixture) ok(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

func (b *fixture) is(err, want error) {
	b.Helper()
	if !errors.Is(err, want) {
		b.Fatalf("got error %v, want %v", err, want)
	}
}

func (b *fixture) same(got, want any) {
	b.Helper()
	if !reflect.DeepEqual(got, want) {
		b.Fatalf("got  %+v\nwant %+v", got, want)
	}
}

// fault checks that err tells exactly one fault.
func (b *fixture) fault(err error, path, code string) {
	b.Helper()
	var faults engine.Faults
	if !errors.As(err, &faults) || len(faults) != 1 || faults[0].Path != path || faults[0].Code != code {
		b.Fatalf("got error %v, want one fault %s at %s", err, code, path)
	}
}

// merchant puts a merchant.
func (b *fixture) merchant(id string) engine.Merchant {
	b.Helper()
	m, err := b.PutMerchant(b.ctx(), b.write(), engine.Merchant{ID: id, Name: engine.Text{"en": "Merchant " + id}})
	b.ok(err)
	return m
}

// venue puts a venue.
func (b *fixture) venue(merchant, id string) engine.Venue {
	b.Helper()
	v, err := b.PutVenue(b.ctx(), b.write(), Venue(merchant, id))
	b.ok(err)
	return v
}

// campaign puts a campaign.
func (b *fixture) campaign(c engine.Campaign) engine.Campaign {
	b.Helper()
	stored, err := b.PutCampaign(b.ctx(), b.write(), c)
	b.ok(err)
	return stored
}

// changes returns the feed after a position.
func (b *fixture) changes(after uint64) []engine.Change {
	b.Helper()
	changes, err := b.Changes(b.ctx(), after, 100_000)
	b.ok(err)
	return changes
}

func (b *fixture) position() uint64 {
	b.Helper()
	seq, err := b.Position(b.ctx())
	b.ok(err)
	return seq
}
