package analysis_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/analysis"
)

// TestLogJoinsWhatCame holds the join against a recount by maps over everything that was kept, with events that came late, twice and out of order.
func TestLogJoinsWhatCame(t *testing.T) {
	w := newTown(t, 3, 25)
	n := w.live(0, 5, 30)
	type offer struct {
		decision string
		position int
	}
	want := make(map[offer]analysis.Outcome)
	flags := map[engine.EventType]analysis.Outcome{
		engine.EventImpression: analysis.Shown, engine.EventClick: analysis.Clicked, engine.EventSave: analysis.Saved, engine.EventDismiss: analysis.Dismissed,
	}
	twice := 0
	seen := make(map[string]bool)
	w.ok(w.store.EachEvent(t.Context(), time.Time{}, func(e engine.Event) error {
		if seen[e.ID] {
			twice++
		}
		seen[e.ID] = true
		want[offer{e.DecisionID, e.Position}] |= flags[e.Type]
		return nil
	}))
	if twice == 0 {
		t.Fatal("no event came twice")
	}
	got := make(map[offer]analysis.Outcome)
	var ids []string
	var last time.Time
	inOrder := true
	q := analysis.Query{From: monday, Until: w.now, Outcomes: true}
	w.ok(w.log().Each(t.Context(), q, func(d *analysis.Logged) error {
		ids = append(ids, d.ID)
		inOrder = inOrder && !d.Time.Before(last)
		last = d.Time
		for i := range d.Placements[0].Offers {
			if o := d.Outcome(0, i); o != 0 {
				got[offer{d.ID, d.Placements[0].Offers[i].Position}] = o
			}
		}
		return nil
	}))
	if len(ids) != n || !inOrder {
		t.Errorf("%d decisions of %d, in order: %v", len(ids), n, inOrder)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%d offers with outcomes, want %d", len(got), len(want))
	}
	var parts []string
	for day := range 5 {
		q := analysis.Query{From: monday.AddDate(0, 0, day), Until: monday.AddDate(0, 0, day+1)}
		w.ok(w.log().Each(t.Context(), q, func(d *analysis.Logged) error { parts = append(parts, d.ID); return nil }))
	}
	if !slices.Equal(parts, ids) {
		t.Errorf("%d decisions day by day, %d at once", len(parts), len(ids))
	}
}

func TestLogEnds(t *testing.T) {
	w := newTown(t, 4, 5)
	w.live(0, 2, 20)
	q := analysis.Query{From: monday, Until: w.now, Outcomes: true}
	stop := errors.New("enough")
	n := 0
	if err := w.log().Each(t.Context(), q, func(*analysis.Logged) error { n++; return stop }); !errors.Is(err, stop) || n != 1 {
		t.Errorf("%d decisions, %v", n, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.log().Each(ctx, q, func(*analysis.Logged) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := w.log().Each(t.Context(), analysis.Query{From: monday}, func(*analysis.Logged) error { return nil }); err == nil {
		t.Error("a query without an end was read")
	}
}
