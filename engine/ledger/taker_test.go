package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/ledger"
)

func TestOpenTakerTellsWhatIsMissing(t *testing.T) {
	if _, err := ledger.OpenTaker(t.Context(), ledger.Options{}); err == nil {
		t.Error("opened without a log")
	}
}

func TestFaultsOfEvents(t *testing.T) {
	two := decided("d2", "", "a")
	two.Placements = append(two.Placements, engine.Placement{ID: "second"})
	shared := decided("d3", "", "a", "a")
	shared.Placements[0].Offers[1].MerchantID = "n"
	known := decisions{"d1": decided("d1", "u", "a", "b"), "d2": two, "d3": shared}
	taker, meter := openTaker(t, openStore(t, ""), known, &clock{noon})
	change := func(f func(*engine.Event)) engine.Event {
		e := impression("d1", "b")
		f(&e)
		return e
	}
	cases := []struct {
		name, path, code string
		event            engine.Event
	}{
		{"no type", "events[1].type", "required", change(func(e *engine.Event) { e.Type = "" })},
		{"another type", "events[1].type", "invalid", change(func(e *engine.Event) { e.Type = "view" })},
		{"no decision", "events[1].decision_id", "required", change(func(e *engine.Event) { e.DecisionID = "" })},
		{"an unknown decision", "events[1].decision_id", "unknown_decision", change(func(e *engine.Event) { e.DecisionID = "d9" })},
		{"no offer", "events[1].offer_id", "required", change(func(e *engine.Event) { e.CampaignID = "" })},
		{"an offer of no such campaign", "events[1].offer_id", "unknown_offer", change(func(e *engine.Event) { e.CampaignID = "z" })},
		{"an offer at another venue", "events[1].offer_id", "unknown_offer", change(func(e *engine.Event) { e.VenueID = "z" })},
		{"an offer of another merchant", "events[1].offer_id", "unknown_offer", change(func(e *engine.Event) { e.MerchantID = "z" })},
		{"an offer of two merchants", "events[1].offer_id", "ambiguous_offer", impression("d3", "a")},
		{"another position", "events[1].position", "invalid", change(func(e *engine.Event) { e.Position = 1 })},
		{"one placement of two", "events[1].placement", "required", impression("d2", "a")},
		{"no such placement", "events[1].placement", "unknown_placement", change(func(e *engine.Event) { e.Placement = "x" })},
		{"another user", "events[1].user_id", "invalid", change(func(e *engine.Event) { e.UserID = "w" })},
		{"in the future", "events[1].time", "out_of_range", change(func(e *engine.Event) { e.Time = noon.Add(5*time.Minute + 1) })},
		{"long ago", "events[1].time", "out_of_range", change(func(e *engine.Event) { e.Time = noon.Add(-7*24*time.Hour - 1) })},
		{"a long ID", "events[1].id", "too_long", change(func(e *engine.Event) { e.ID = string(make([]byte, ledger.MaxEventID+1)) })},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			err := taker.TakeEvents(t.Context(), nil, []engine.Event{impression("d1", "a"), c.event})
			var faults engine.Faults
			if !errors.As(err, &faults) || len(faults) != 1 || faults[0].Path != c.path || faults[0].Code != c.code {
				t.Errorf("got %+v, want %s %s", err, c.path, c.code)
			}
		})
	}
	var faults engine.Faults
	bad := impression("d9", "a")
	bad.Type = ""
	if err := taker.TakeEvents(t.Context(), nil, []engine.Event{bad, bad}); !errors.As(err, &faults) || len(faults) != 4 {
		t.Errorf("two faults of two events: %v", err)
	}
	if err := taker.TakeEvents(t.Context(), nil, nil); !errors.As(err, &faults) || faults[0].Code != "required" {
		t.Errorf("no events: %v", err)
	}
	if err := taker.TakeEvents(t.Context(), nil, make([]engine.Event, ledger.MaxBatch+1)); !errors.As(err, &faults) || faults[0].Code != "too_many" {
		t.Errorf("too many events: %v", err)
	}
	if len(meter.Popularity()) != 0 {
		t.Errorf("faulty batches were counted: %v", meter.Popularity())
	}
}

// What follows from the decision is filled in, and the batch of the caller left as it was.
func TestEventsAreFilledIn(t *testing.T) {
	db := openStore(t, "")
	taker, _ := openTaker(t, db, decisions{"d1": decided("d1", "u", "a", "b")}, &clock{noon})
	batch := []engine.Event{{Type: engine.EventClick, DecisionID: "d1", CampaignID: "b", VenueID: "v", ID: "mine"}}
	if err := taker.TakeEvents(t.Context(), nil, batch); err != nil {
		t.Fatal(err)
	}
	if batch[0].UserID != "" || batch[0].ID != "mine" {
		t.Errorf("the caller's batch became %+v", batch[0])
	}
	var kept []engine.Event
	err := db.EachEvent(t.Context(), time.Time{}, func(e engine.Event) error {
		kept = append(kept, e)
		return nil
	})
	if err != nil || len(kept) != 1 {
		t.Fatalf("kept %v, %v", kept, err)
	}
	e := kept[0]
	if e.Placement != "home" || e.Position != 2 || e.UserID != "u" || e.MerchantID != "m" || !e.Time.Equal(noon) || !e.Received.Equal(noon) || len(e.ID) != 36 {
		t.Errorf("kept %+v", e)
	}
}

func TestRepeatedEventsCountOnce(t *testing.T) {
	dir := t.TempDir()
	db := openStore(t, dir)
	known := decisions{"d1": decided("d1", "u", "a"), "d2": decided("d2", "u", "a")}
	now := &clock{noon}
	taker, meter := openTaker(t, db, known, now)
	take := func(once *engine.Once, events ...engine.Event) {
		t.Helper()
		if err := taker.TakeEvents(t.Context(), once, events); err != nil {
			t.Fatal(err)
		}
	}
	named := impression("d1", "a")
	named.ID = "second showing"
	once := &engine.Once{Caller: "k", Key: "1", Fingerprint: [32]byte{1}}
	steps := []struct {
		name string
		do   func()
		want float64
	}{
		{"the first", func() { take(nil, impression("d1", "a")) }, 1},
		{"the same again", func() { take(nil, impression("d1", "a")) }, 1},
		{"twice in a batch, and another decision", func() { take(nil, impression("d1", "a"), impression("d2", "a"), impression("d2", "a")) }, 2},
		{"one of another name", func() { take(nil, named) }, 3},
		{"with a key", func() { e := named; e.ID = "third"; take(once, e) }, 4},
		{"with that key again", func() { e := named; e.ID = "third"; take(once, e) }, 4},
		{"a week later", func() { now.at = noon.Add(7 * 24 * time.Hour); take(nil, impression("d1", "a")) }, 4},
	}
	for _, s := range steps {
		if s.do(); impressionsOf(meter, "a") != s.want {
			t.Errorf("%s: %v counted, want %v", s.name, impressionsOf(meter, "a"), s.want)
		}
	}
	other := *once
	other.Fingerprint[0] = 2
	e := named
	e.ID = "fourth"
	if err := taker.TakeEvents(t.Context(), &other, []engine.Event{e}); !errors.Is(err, engine.ErrOnceConflict) {
		t.Errorf("the key with another body: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	taker, meter = openTaker(t, openStore(t, dir), known, now)
	take(nil, impression("d1", "a"))
	if n := impressionsOf(meter, "a"); n != 4 {
		t.Errorf("after a new start: %v counted", n)
	}
}

// brokenLog keeps events or not, and then fails.
type brokenLog struct {
	engine.EventLog
	before, after bool
}

var errBroken = errors.New("broken")

func (l *brokenLog) AppendEvents(ctx context.Context, once *engine.Once, events []engine.Event) (bool, error) {
	if l.before {
		return false, errBroken
	}
	appended, err := l.EventLog.AppendEvents(ctx, once, events)
	if l.after {
		return false, errBroken
	}
	return appended, err
}

// After an error the same batch can be given again, whether the log had kept it or not, and counts once, now and after a new start.
func TestRetryAfterAnError(t *testing.T) {
	for _, kept := range []bool{false, true} {
		for _, once := range []*engine.Once{nil, {Caller: "k", Key: "1"}} {
			t.Run(fmt.Sprintf("kept %v, key %v", kept, once != nil), func(t *testing.T) {
				db := openStore(t, "")
				log := &brokenLog{EventLog: db, before: !kept, after: kept}
				known := decisions{"d1": decided("d1", "u", "a")}
				taker, meter := openTaker(t, log, known, &clock{noon})
				if err := taker.TakeEvents(t.Context(), once, []engine.Event{impression("d1", "a")}); !errors.Is(err, errBroken) {
					t.Fatalf("got %v", err)
				}
				if n := impressionsOf(meter, "a"); n != 0 {
					t.Errorf("%v counted although the log failed", n)
				}
				log.before, log.after = false, false
				if err := taker.TakeEvents(t.Context(), once, []engine.Event{impression("d1", "a")}); err != nil {
					t.Fatal(err)
				}
				_, again := openTaker(t, db, known, &clock{noon})
				if a, b := impressionsOf(meter, "a"), impressionsOf(again, "a"); a != 1 || b != 1 {
					t.Errorf("%v counted, %v after a new start", a, b)
				}
			})
		}
	}
}

// Many callers bring overlapping batches while limits are asked.
func TestConcurrentTakers(t *testing.T) {
	db := openStore(t, "")
	known := make(decisions)
	const shown = 120
	for i := range shown {
		id := fmt.Sprintf("d%d", i)
		known[id] = decided(id, fmt.Sprintf("u%d", i%3), "a")
	}
	taker, meter := openTaker(t, db, known, &clock{noon})
	l := listing(engine.Campaign{
		ID: "a", Budgets: []engine.Budget{{Metric: engine.MetricImpressions, Limit: shown, Per: engine.PerCampaign}},
		Caps: []engine.FrequencyCap{{Count: shown / 3, Window: time.Hour}},
	}, time.UTC)
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := 0; i < shown; i += 5 {
				var batch []engine.Event
				for n := range 10 {
					batch = append(batch, impression(fmt.Sprintf("d%d", (i+n+7*w)%shown), "a"))
				}
				if err := taker.TakeEvents(context.Background(), nil, batch); err != nil {
					t.Error(err)
				}
				meter.Check(nil, l, 0, "u1", noon)
				meter.Popularity()
			}
		})
	}
	wg.Wait()
	if n := impressionsOf(meter, "a"); n != shown {
		t.Errorf("%v counted, want %d", n, shown)
	}
	if got := codes(meter.Check(nil, l, 0, "u1", noon)); got != "[330 340]" {
		t.Errorf("limits %s", got)
	}
	_, again := openTaker(t, db, known, &clock{noon})
	if n := impressionsOf(again, "a"); n != shown {
		t.Errorf("%v after a new start", n)
	}
}

func codes(reasons []engine.Reason) string {
	var out []int
	for _, r := range reasons {
		out = append(out, int(r.Code))
	}
	return fmt.Sprint(out)
}
