package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store"
	"github.com/sihai-network/sihai/store/badgerkv"
	"github.com/sihai-network/sihai/store/storetest"
)

// loggedDecisions keeps decisions a minute apart, in blocks of some, each logged at its own time, and returns the store.
func loggedDecisions(tb testing.TB, begin time.Time, n, atOnce int) *store.DB {
	tb.Helper()
	now := begin
	disk, err := badgerkv.Open(badgerkv.Options{InMemory: true})
	if err != nil {
		tb.Fatal(err)
	}
	db, err := store.Open(tb.Context(), disk, store.Options{Clock: func() time.Time { return now }})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = db.Close() })
	for i := 0; i < n; i += atOnce {
		var ds []*engine.Decision
		for k := i; k < min(i+atOnce, n); k++ {
			at := begin.Add(time.Duration(k) * time.Minute)
			d := storetest.Decision(engine.UUID7(at, [16]byte{8: byte(k >> 8), 9: byte(k)}), at)
			d.Placements[0].Offers[0].Creative.MerchantID = fmt.Sprintf("merchant-%d", k%10)
			ds = append(ds, d)
		}
		now = ds[0].Time
		if err := db.AppendDecisions(tb.Context(), ds); err != nil {
			tb.Fatal(err)
		}
	}
	return db
}

func scanned(t *testing.T, db *store.DB, s engine.LogSpan, mentions string) (ids []string) {
	t.Helper()
	err := db.ScanDecisions(t.Context(), s, engine.PartOffers, mentions, func(d *engine.Decision) error {
		ids = append(ids, d.ID)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func TestScanDecisions(t *testing.T) {
	begin := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	db := loggedDecisions(t, begin, 1000, 5)
	all := scanned(t, db, engine.LogSpan{}, "")
	if len(all) != 1000 || !slices.IsSorted(all) {
		t.Fatalf("%d decisions, sorted: %v", len(all), slices.IsSorted(all))
	}
	hour := engine.LogSpan{From: begin.Add(time.Hour), Until: begin.Add(2 * time.Hour)}
	if got := scanned(t, db, hour, ""); !slices.Equal(got, all[60:120]) {
		t.Errorf("an hour has %d decisions, from %s", len(got), got[0])
	}
	if got := scanned(t, db, engine.LogSpan{}, "merchant-3"); len(got) != 100 || got[0] != all[3] {
		t.Errorf("%d decisions hold a merchant of a tenth", len(got))
	}
	if got := scanned(t, db, engine.LogSpan{From: begin.AddDate(1, 0, 0)}, ""); len(got) != 0 {
		t.Errorf("%d decisions of a time without", len(got))
	}
	n, err := db.DecisionsIn(t.Context(), engine.LogSpan{})
	if err != nil || n < 900 || n > 1100 {
		t.Errorf("estimated %d of 1000, %v", n, err)
	}
	n, err = db.DecisionsIn(t.Context(), hour)
	if err != nil || n < 55 || n > 65 {
		t.Errorf("estimated %d of 60, %v", n, err)
	}
	n, err = db.DecisionsIn(t.Context(), engine.LogSpan{Until: begin})
	if err != nil || n != 0 {
		t.Errorf("estimated %d of none, %v", n, err)
	}
}

// TestSampleOfTheLog draws the same decisions each time, about as many as were asked for, all over the log.
func TestSampleOfTheLog(t *testing.T) {
	begin := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	db := loggedDecisions(t, begin, 1000, 1)
	sample := engine.LogSpan{OneIn: 4}
	first := scanned(t, db, sample, "")
	if len(first) < 190 || len(first) > 310 {
		t.Errorf("one in four of 1000 are %d", len(first))
	}
	if again := scanned(t, db, sample, ""); !slices.Equal(first, again) {
		t.Error("another sample the second time")
	}
	middle, _ := engine.UUID7Time(first[len(first)/2])
	if share := middle.Sub(begin).Minutes() / 1000; share < 0.4 || share > 0.6 {
		t.Errorf("the middle of the sample lies at %v of the log", share)
	}
}

func TestScansEnd(t *testing.T) {
	db := loggedDecisions(t, time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), 50, 1)
	stop := errors.New("enough")
	n := 0
	err := db.ScanDecisions(t.Context(), engine.LogSpan{}, 0, "", func(*engine.Decision) error {
		if n++; n == 7 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || n != 7 {
		t.Errorf("%d decisions, %v", n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	n = 0
	err = db.ScanDecisions(ctx, engine.LogSpan{}, 0, "", func(*engine.Decision) error { n++; cancel(); return nil })
	if !errors.Is(err, context.Canceled) || n != 1 {
		t.Errorf("%d decisions, %v", n, err)
	}
}

func TestScanEvents(t *testing.T) {
	db := loggedDecisions(t, time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), 1, 1)
	begin := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for i := range 100 {
		// each batch holds an event that was received a while before its newest
		batch := []engine.Event{
			{ID: fmt.Sprint(i, "b"), Type: engine.EventClick, Received: begin.Add(time.Duration(i)*time.Minute - 30*time.Second)},
			{ID: fmt.Sprint(i, "a"), Type: engine.EventImpression, Received: begin.Add(time.Duration(i) * time.Minute)},
		}
		if _, err := db.AppendEvents(t.Context(), nil, batch); err != nil {
			t.Fatal(err)
		}
	}
	count := func(s engine.LogSpan) (n int) {
		if err := db.ScanEvents(t.Context(), s, func(e *engine.Event) error { n++; return nil }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	parts := 0
	for i := range 10 {
		parts += count(engine.LogSpan{From: begin.Add(time.Duration(10*i-1) * time.Minute), Until: begin.Add(time.Duration(10*i+9) * time.Minute)})
	}
	if parts != 199 || count(engine.LogSpan{}) != 200 { // the newest lies at the end of the last part
		t.Errorf("%d events in parts, %d in all", parts, count(engine.LogSpan{}))
	}
}

// BenchmarkScanDecisions reads a log of decisions with everything that a decision can have, for three purposes.
func BenchmarkScanDecisions(b *testing.B) {
	const n = 5000
	db := loggedDecisions(b, time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), n, 100)
	for _, c := range []struct {
		name  string
		parts engine.DecisionParts
	}{{"names", 0}, {"report", engine.PartLocation | engine.PartOffers}, {"features", engine.PartOffers | engine.PartFeatures}, {"all", engine.AllParts}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := db.ScanDecisions(b.Context(), engine.LogSpan{}, c.parts, "", func(*engine.Decision) error { return nil }); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "decisions/s")
		})
	}
}
