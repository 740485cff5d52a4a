package catalog_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/catalog"
	"github.com/sihai-network/sihai/scoring"
	"github.com/sihai-network/sihai/store"
)

// trial is an experiment of two versions of the default profile.
func trial(id string) engine.Experiment {
	return engine.Experiment{
		ID:      id,
		Arms:    []engine.Arm{{Name: "a", Profile: engine.ProfileRef{Name: "default", Version: 1}, Share: 0.5}, {Name: "b", Profile: engine.ProfileRef{Name: "default"}, Share: 0.5}},
		Primary: engine.PrimaryMetric{Measure: engine.Measure{Metric: engine.TapRate}, Effect: 0.01},
		Guards:  []engine.GuardMetric{{Measure: engine.Measure{Metric: engine.RedeemedMoney, Currency: "USD"}, Harm: 5}},
	}
}

// laboratory has a default profile of two versions, of which the first is active.
func laboratory(t *testing.T) house {
	t.Helper()
	h := newHouse(t, 1, "m")
	if err := h.service.Seed(t.Context(), noon); err != nil {
		t.Fatal(err)
	}
	if _, err := h.service.PutProfile(t.Context(), write(), scoring.Profile{Name: "default", Weights: map[string]float64{"distance": 1}}); err != nil {
		t.Fatal(err)
	}
	return h
}

func TestExperimentsTellEveryFault(t *testing.T) {
	h := laboratory(t)
	for name, c := range map[string]struct {
		change func(*engine.Experiment)
		want   []string
	}{
		"nothing is wrong": {func(*engine.Experiment) {}, nil},
		"nothing is there": {func(e *engine.Experiment) { *e = engine.Experiment{} }, []string{"id required", "arms too_few", "primary.metric required", "primary.effect out_of_range"}},
		"shares":           {func(e *engine.Experiment) { e.Arms[0].Share = 0.6 }, []string{"arms invalid"}},
		"everything": {func(e *engine.Experiment) {
			e.ID, e.Note, e.Salt = "a/b", strings.Repeat("x", 1001), strings.Repeat("s", 65)
			e.Arms = []engine.Arm{{Name: "a", Share: 1.5}, {Name: "a", Profile: engine.ProfileRef{Name: "default", Version: 9}, Share: math.NaN()}, {Name: "c", Profile: engine.ProfileRef{Name: "none"}, Share: 0.1}}
			e.Traffic = engine.Traffic{From: 0.5, Until: 0.5}
			e.Start, e.End = noon.Add(2*time.Hour), noon.Add(time.Hour)
			e.Primary = engine.PrimaryMetric{Measure: engine.Measure{Metric: "luck"}, Effect: -1}
			e.Guards = []engine.GuardMetric{
				{Measure: engine.Measure{Metric: engine.TapRate, Currency: "USD"}, Harm: 1}, {Measure: engine.Measure{Metric: engine.PurchaseMoney, Currency: "XXY"}, Harm: math.Inf(1)},
				{Measure: engine.Measure{Metric: engine.TapRate, Currency: "USD"}, Harm: 2},
			}
			e.Alpha = 0.7
		}, []string{
			"id invalid", "note too_long", "salt too_long", "arms[0].profile.name required", "arms[0].share out_of_range", "arms[1] duplicate", "arms[1].share out_of_range", "traffic out_of_range",
			"end out_of_range", "primary.metric invalid", "primary.effect out_of_range", "guards[0].currency invalid", "guards[1].currency invalid", "guards[1].harm out_of_range",
			"guards[2].currency invalid", "guards[2] duplicate", "alpha out_of_range", "arms[1].profile unknown_profile", "arms[2].profile.name unknown_profile",
		}},
		"an end that has come": {func(e *engine.Experiment) { e.End = noon }, []string{"end out_of_range"}},
	} {
		t.Run(name, func(t *testing.T) {
			e := trial("x")
			c.change(&e)
			put, err := h.service.PutExperiment(t.Context(), write(), e)
			var faults engine.Faults
			if err != nil && !errors.As(err, &faults) {
				t.Fatal(err)
			}
			mustEqual(t, "faults", told(faults), c.want)
			if err == nil && (put.Arms[1].Profile.Version != 2 || put.Alpha != catalog.DefaultAlpha || put.Traffic != (engine.Traffic{Until: 1}) || put.State != engine.ExperimentDraft) {
				t.Errorf("left out was %+v", put)
			}
		})
	}
}

// at is a write at a time after noon.
func at(d time.Duration) engine.Write { return engine.Write{At: noon.Add(d), By: "cli"} }

// TestExperimentsOfTheSameUsersDoNotRunTogether starts experiments on parts of the traffic and at times that overlap, or do not.
func TestExperimentsOfTheSameUsersDoNotRunTogether(t *testing.T) {
	h := laboratory(t)
	ctx := t.Context()
	for _, c := range []struct {
		id          string
		from, until float64
		start, end  time.Duration // after noon; 0: none
		want        error
	}{
		{"half", 0, 0.5, 0, 3 * time.Hour, nil},
		{"whole", 0, 1, 0, 0, engine.ErrOverlap},
		{"other half", 0.5, 1, 0, 0, nil},
		{"within", 0.2, 0.3, 0, 0, engine.ErrOverlap},
		{"afterwards", 0, 0.5, 3 * time.Hour, 5 * time.Hour, nil},
		{"too early", 0, 0.1, 2*time.Hour + 59*time.Minute, 0, engine.ErrOverlap},
		{"into the later", 0, 0.1, 4 * time.Hour, 0, engine.ErrOverlap},
		{"at last", 0.4, 0.5, 5 * time.Hour, 0, nil},
	} {
		e := trial(strings.ReplaceAll(c.id, " ", "-"))
		e.Traffic = engine.Traffic{From: c.from, Until: c.until}
		if c.start > 0 {
			e.Start = noon.Add(c.start)
		}
		if c.end > 0 {
			e.End = noon.Add(c.end)
		}
		if _, err := h.service.PutExperiment(ctx, at(0), e); err != nil {
			t.Fatalf("%s: %v", c.id, err)
		}
		started, err := h.service.StartExperiment(ctx, at(time.Minute), e.ID)
		if !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v", c.id, err)
		}
		if wanted := max(c.start, time.Minute); err == nil && (started.State != engine.ExperimentRunning || !started.Start.Equal(noon.Add(wanted))) {
			t.Errorf("%s: %+v", c.id, started)
		}
	}
	// where one was stopped its users are free
	if _, err := h.service.StopExperiment(ctx, at(time.Hour), "half", "enough"); err != nil {
		t.Fatal(err)
	}
	soon := trial("soon")
	soon.Traffic, soon.End = engine.Traffic{Until: 0.5}, noon.Add(2*time.Hour)
	if _, err := h.service.PutExperiment(ctx, at(time.Hour), soon); err != nil {
		t.Fatal(err)
	}
	if _, err := h.service.StartExperiment(ctx, at(time.Hour), "soon"); err != nil {
		t.Error(err)
	}
}

func TestExperimentsEnd(t *testing.T) {
	h := laboratory(t)
	ctx := t.Context()
	e := trial("x")
	e.End = noon.Add(3 * time.Hour)
	for _, id := range []string{"x", "y", "z"} {
		e.ID = id
		if _, err := h.service.PutExperiment(ctx, at(0), e); err != nil {
			t.Fatal(err)
		}
	}
	is := func(got engine.Experiment, err error) func(engine.ExperimentState, error) {
		return func(state engine.ExperimentState, want error) {
			t.Helper()
			if !errors.Is(err, want) || want == nil && (err != nil || got.State != state) {
				t.Errorf("state %q, %v; want %q, %v", got.State, err, state, want)
			}
		}
	}
	is(h.service.StopExperiment(ctx, at(0), "y", ""))(engine.ExperimentStopped, nil) // called off
	is(h.service.StartExperiment(ctx, at(0), "y"))("", engine.ErrEnded)
	is(h.service.StartExperiment(ctx, at(4*time.Hour), "z"))("", engine.ErrEnded)
	is(h.service.StartExperiment(ctx, at(0), "none"))("", engine.ErrNotFound)
	is(h.service.StartExperiment(ctx, at(time.Hour), "x"))(engine.ExperimentRunning, nil)
	is(h.service.StartExperiment(ctx, at(2*time.Hour), "x"))(engine.ExperimentRunning, nil)
	is(h.service.PutExperiment(ctx, at(0), e))(engine.ExperimentDraft, nil) // z
	e.ID = "x"
	is(h.service.PutExperiment(ctx, at(0), e))("", engine.ErrEnded)
	is(h.service.FinishExperiment(ctx, at(3*time.Hour-1), "x"))(engine.ExperimentRunning, nil)
	is(h.service.StopExperiment(ctx, at(3*time.Hour), "x", "late"))("", engine.ErrEnded)
	is(h.service.FinishExperiment(ctx, at(5*time.Hour), "x"))(engine.ExperimentFinished, nil)
	if x, err := h.db.Experiment(ctx, "x", 0); err != nil || !x.Ended.Equal(noon.Add(3*time.Hour)) || x.Meta.Version != 3 || x.Author != "cli" {
		t.Errorf("%+v, %v", x, err)
	}
}

// TestSnapshotsHaveWhatRuns follows starts and stops, and opens anew.
func TestSnapshotsHaveWhatRuns(t *testing.T) {
	h := laboratory(t)
	ctx := t.Context()
	p, log := openPublisher(t, h.db)
	if _, err := h.service.PutExperiment(ctx, at(0), trial("x")); err != nil {
		t.Fatal(err)
	}
	if live := settle(t, h.db, p).Experiments; len(live) != 0 {
		t.Errorf("a draft is live: %+v", live)
	}
	if _, err := h.service.StartExperiment(ctx, at(0), "x"); err != nil {
		t.Fatal(err)
	}
	opened, _ := openPublisher(t, h.db)
	for _, s := range []*engine.Snapshot{settle(t, h.db, p), opened.Snapshot()} {
		if len(s.Experiments) != 1 {
			t.Fatalf("%d are live: %s", len(s.Experiments), log)
		}
		live := s.Experiments[0]
		if live.ID != "x" || len(live.Profiles) != 2 || live.Profiles[1].Version != 2 || live.Profiles[1].Weights["distance"] != 1 || live.Assigner.Arm("u-1") < 0 {
			t.Errorf("%+v", live)
		}
	}
	// a past has none: what was decided tells its arm
	past, err := catalog.OpenPast(ctx, catalog.PastOptions{Store: h.db, Packer: store.Packer{}}, settle(t, h.db, p).Version)
	if err != nil {
		t.Fatal(err)
	}
	if s := past.Snapshot(scoring.Default(), nil); len(s.Experiments) != 0 {
		t.Errorf("a past has %d", len(s.Experiments))
	}
	if _, err := h.service.StopExperiment(ctx, at(time.Hour), "x", "enough"); err != nil {
		t.Fatal(err)
	}
	if live := settle(t, h.db, p).Experiments; len(live) != 0 {
		t.Errorf("a stopped one is live: %+v", live)
	}
}
