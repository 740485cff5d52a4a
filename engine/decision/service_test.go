package decision_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/decision"
	"github.com/sihai-network/sihai/store"
	"github.com/sihai-network/sihai/store/badgerkv"
)

// plainWorld has one campaign at one venue.
func plainWorld(t testing.TB) *engine.Snapshot {
	w := newWorld()
	w.venue("v", 30)
	w.campaign("c", []string{"v"})
	return w.snapshot(t)
}

func start(t testing.TB, o decision.Options) *decision.Service {
	t.Helper()
	o.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	s, err := decision.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestNewTellsEveryFault(t *testing.T) {
	_, err := decision.New(decision.Options{Language: "?", Queue: -1, IPAccuracy: -1, DefaultSpend: engine.Money{Amount: 1, Currency: "ABC"}})
	if err == nil {
		t.Fatal("no error")
	}
	for _, part := range []string{"snapshots", "log", "ids", "language", "queue", "ip accuracy", "default spend"} {
		if !strings.Contains(err.Error(), part+":") && !strings.Contains(err.Error(), part+" ") {
			t.Errorf("%q tells nothing of %s", err, part)
		}
	}
}

func TestUnavailableBeforeTheFirstSnapshotAndAfterClose(t *testing.T) {
	s := start(t, optionsFor(nil, newMemoryLog()))
	if _, err := s.Decide(t.Context(), ask(), nil); !errors.Is(err, engine.ErrUnavailable) {
		t.Errorf("without a snapshot: %v", err)
	}
	s = start(t, optionsFor(plainWorld(t), newMemoryLog()))
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, once := range []*engine.Once{nil, {Caller: "k", Key: "1"}} {
		if _, err := s.Decide(t.Context(), ask(), once); !errors.Is(err, engine.ErrUnavailable) {
			t.Errorf("after Close: %v", err)
		}
	}
}

// A decision can be read from the moment it is answered, while it waits, and is in the log after Close.
func TestDecisionsAreQueuedAndFlushed(t *testing.T) {
	log := newMemoryLog()
	gate := make(chan struct{})
	log.gate = gate
	s := start(t, optionsFor(plainWorld(t), log))
	var ids []string
	for range 300 {
		d, err := s.Decide(t.Context(), ask(), nil)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, d.ID)
	}
	for _, id := range ids {
		if d, err := s.Decision(t.Context(), id); err != nil || d.ID != id {
			t.Fatalf("decision %s while it waits: %v", id, err)
		}
	}
	if n := s.Queued(); n != 300 {
		t.Errorf("%d wait", n)
	}
	if _, err := s.Decision(t.Context(), "none"); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("unknown decision: %v", err)
	}
	close(gate)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		if _, err := log.Decision(t.Context(), id); err != nil {
			t.Errorf("decision %s after Close: %v", id, err)
		}
	}
	if len(log.blocks) == 300 || s.Dropped() != 0 || s.Queued() != 0 {
		t.Errorf("blocks %v, dropped %d, queued %d", log.blocks, s.Dropped(), s.Queued())
	}
}

func TestFullQueueAndFailingLogCountDrops(t *testing.T) {
	log := newMemoryLog()
	gate := make(chan struct{})
	log.gate = gate
	o := optionsFor(plainWorld(t), log)
	o.Queue = 5
	s := start(t, o)
	for range 8 {
		if _, err := s.Decide(t.Context(), ask(), nil); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.Dropped(); n != 3 {
		t.Errorf("%d dropped while the queue is full, want 3", n)
	}
	log.mu.Lock()
	log.fail = errors.New("disk full")
	log.mu.Unlock()
	close(gate)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if n := s.Dropped(); n != 8 {
		t.Errorf("%d dropped in all, want 8", n)
	}
}

// What is decided while the disk is full is logged once there is room.
func TestLogWaitsForRoomOnTheDisk(t *testing.T) {
	log := newMemoryLog()
	log.fail = fmt.Errorf("append: %w", engine.ErrDiskFull)
	s := start(t, optionsFor(plainWorld(t), log))
	d, err := s.Decide(t.Context(), ask(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for log.waiters() < 1 {
		runtime.Gosched()
	}
	log.mu.Lock()
	log.fail = nil
	log.mu.Unlock()
	for s.Queued() > 0 {
		time.Sleep(time.Millisecond)
	}
	if kept, err := log.Decision(t.Context(), d.ID); err != nil || kept.ID != d.ID || s.Dropped() != 0 {
		t.Errorf("%v, %v, %d dropped", kept, err, s.Dropped())
	}
}

func TestOnceInProgress(t *testing.T) {
	log := newMemoryLog()
	gate := make(chan struct{})
	log.gate = gate
	s := start(t, optionsFor(plainWorld(t), log))
	once := engine.Once{Caller: "k", Key: "1", Fingerprint: [32]byte{1}}
	other := once
	other.Fingerprint[0] = 2
	var wg sync.WaitGroup
	var first *engine.Decision
	wg.Go(func() {
		var err error
		if first, err = s.Decide(context.Background(), ask(), &once); err != nil {
			t.Error(err)
		}
	})
	busy := func(o *engine.Once) error {
		_, err := s.Decide(t.Context(), ask(), o)
		return err
	}
	waitFor(t, func() bool { return log.waiters() > 0 })
	if err := busy(&once); !errors.Is(err, engine.ErrOnceBusy) {
		t.Errorf("the same request meanwhile: %v", err)
	}
	if err := busy(&other); !errors.Is(err, engine.ErrOnceConflict) {
		t.Errorf("another request meanwhile: %v", err)
	}
	close(gate)
	wg.Wait()
	again, err := s.Decide(t.Context(), ask(), &once)
	if err != nil || again.ID != first.ID {
		t.Errorf("the same request afterwards: %v %v", again, err)
	}
}

func waitFor(t *testing.T, holds func() bool) {
	t.Helper()
	for range 5000 {
		if holds() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("waited in vain")
}

// On the real store: the first answer to a key is given again, also by the next process and on another catalog.
func TestOnceOnTheStore(t *testing.T) {
	dir := t.TempDir()
	open := func() *store.DB {
		kv, err := badgerkv.Open(badgerkv.Options{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		db, err := store.Open(t.Context(), kv, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
	once := &engine.Once{Caller: "k", Key: "1", Fingerprint: [32]byte{1}}
	var first string
	for round := range 3 {
		db := open()
		s := start(t, optionsFor(plainWorld(t), db))
		for n := range 2 {
			r := ask(func(r *engine.Request) { r.Time = noon.Add(time.Duration(2*round+n) * time.Hour) })
			d, err := s.Decide(t.Context(), r, once)
			if err != nil {
				t.Fatal(err)
			}
			if first == "" {
				first = d.ID
			}
			if d.ID != first || !d.Time.Equal(noon) || len(d.Placements[0].Offers) != 1 {
				t.Errorf("round %d: decision %s of %v, want %s", round, d.ID, d.Time, first)
			}
			if kept, err := s.Decision(t.Context(), d.ID); err != nil || kept.Placements[0].Offers[0].ID != "c@v" {
				t.Errorf("round %d: read %v", round, err)
			}
		}
		conflict := *once
		conflict.Fingerprint[0] = 9
		if _, err := s.Decide(t.Context(), ask(), &conflict); !errors.Is(err, engine.ErrOnceConflict) {
			t.Errorf("another body: %v", err)
		}
		if d, err := s.Decide(t.Context(), ask(), &engine.Once{Caller: "other", Key: "1"}); err != nil || round == 0 && d.ID == first {
			t.Errorf("another caller's key: %v %v", d, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// Many requests at once have the answers that they have alone.
func TestConcurrentRequests(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	snap := randomWorld(random).snapshot(t)
	s := start(t, optionsFor(snap, newMemoryLog()))
	var requests []*engine.Request
	var want []*engine.Decision
	for range 40 {
		r := randomRequest(random)
		d, err := s.Decide(t.Context(), r, nil)
		if err != nil {
			t.Fatal(err)
		}
		requests, want = append(requests, r), append(want, d)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i, r := range requests {
				d, err := s.Decide(t.Context(), r, nil)
				if err != nil {
					t.Error(err)
					return
				}
				same := *d
				same.ID = want[i].ID
				if !reflect.DeepEqual(unkept(&same), unkept(want[i])) {
					t.Errorf("request %d: another answer", i)
				}
			}
		})
	}
	wg.Wait()
}
