package analysis_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/analysis"
	"github.com/sihai-network/sihai/engine/catalog"
	"github.com/sihai-network/sihai/store"
	"github.com/sihai-network/sihai/store/badgerkv"
)

// lab is a store in which an experiment runs, and of which the logs are written by the test.
type lab struct {
	*testing.T
	now       time.Time
	store     *store.DB
	service   *catalog.Service
	publisher *catalog.Publisher
	reader    *analysis.ExperimentReader
	random    *rand.Rand
	live      *engine.LiveExperiment
}

// newLab starts an experiment at midnight of a Monday in Miami.
func newLab(t *testing.T, seed uint64, change func(*engine.Experiment)) *lab {
	t.Helper()
	l := &lab{T: t, now: monday, random: rand.New(rand.NewPCG(seed, 2))}
	disk, err := badgerkv.Open(badgerkv.Options{InMemory: true})
	l.ok(err)
	l.store, err = store.Open(t.Context(), disk, store.Options{Clock: func() time.Time { return l.now }})
	l.ok(err)
	l.service = catalog.New(catalog.Options{Store: l.store, Zones: catalog.NewZones(), Random: bytes.NewReader(make([]byte, 1<<10))})
	l.ok(l.service.Seed(t.Context(), l.now))
	e := engine.Experiment{
		ID:      "x",
		Arms:    []engine.Arm{{Name: "a", Profile: engine.ProfileRef{Name: "default"}, Share: 0.5}, {Name: "b", Profile: engine.ProfileRef{Name: "default"}, Share: 0.5}},
		Primary: engine.PrimaryMetric{Measure: engine.Measure{Metric: engine.TapRate}, Effect: 0.05},
	}
	if change != nil {
		change(&e)
	}
	_, err = l.service.PutExperiment(t.Context(), l.write(), e)
	l.ok(err)
	_, err = l.service.StartExperiment(t.Context(), l.write(), "x")
	l.ok(err)
	l.publisher, err = catalog.OpenPublisher(t.Context(), catalog.PublisherOptions{Store: l.store, Packer: store.Packer{}, Logger: slog.New(slog.DiscardHandler)})
	l.ok(err)
	t.Cleanup(func() { _ = l.publisher.Close(); _ = l.store.Close() })
	l.live = l.publisher.Snapshot().Experiments[0]
	l.reader, err = analysis.NewExperimentReader(analysis.ExperimentsOptions{
		Sources: analysis.Sources{Decisions: l.store, Events: l.store, Accounts: l.store}, Experiments: l.store, Snapshots: l.publisher,
	})
	l.ok(err)
	return l
}

func (l *lab) ok(err error) {
	l.Helper()
	if err != nil {
		l.Fatal(err)
	}
}

func (l *lab) write() engine.Write { return engine.Write{At: l.now, By: "test"} }

// decided makes a decision of one offer, none for an empty name, as a decider would have.
func (l *lab) decided(at time.Time, user, offer string) *engine.Decision {
	var b [16]byte
	for i := range b {
		b[i] = byte(l.random.Uint32())
	}
	d := &engine.Decision{
		ID: engine.UUID7(at, b), Time: at, Profile: engine.ProfileRef{Name: "default", Version: 1}, Request: &engine.Request{Time: at, User: engine.User{ID: user}},
		Placements: []engine.Placement{{ID: "home"}},
	}
	if arm := l.live.Assigner.Arm(user); arm >= 0 && user != "" {
		d.Arm = engine.ArmRef{Experiment: "x", Arm: l.live.Arms[arm].Name}
	}
	if offer != "" {
		d.Placements[0].Offers = []engine.Offer{{
			Creative: &engine.Creative{ID: offer + "@v", CampaignID: offer, MerchantID: "m", Venue: engine.OfferVenue{ID: "v", TimeZone: "America/New_York"}}, Position: 1, Propensity: 1,
		}}
	}
	return d
}

// log keeps decisions and events, all of them at the time of the lab.
func (l *lab) log(ds []*engine.Decision, events []engine.Event) {
	l.Helper()
	l.ok(l.store.AppendDecisions(l.Context(), ds))
	_, err := l.store.AppendEvents(l.Context(), nil, events)
	l.ok(err)
}

func (l *lab) event(d *engine.Decision, kind engine.EventType) engine.Event {
	return engine.Event{
		ID: fmt.Sprint(d.ID, kind), Type: kind, Time: d.Time, Received: l.now, DecisionID: d.ID, Placement: "home", Position: 1, UserID: d.Request.User.ID,
		MerchantID: "m", CampaignID: "c", VenueID: "v",
	}
}

// day logs a day of users, who tap with the chance of their arm, and sets the clock to its end.
func (l *lab) day(users int, chance [2]float64) {
	l.Helper()
	begin := l.now
	var ds []*engine.Decision
	var events []engine.Event
	for i := range users {
		user := fmt.Sprint("u-", l.random.IntN(4*users))
		d := l.decided(begin.Add(23*time.Hour*time.Duration(i)/time.Duration(users)), user, "c")
		ds, events = append(ds, d), append(events, l.event(d, engine.EventImpression))
		if l.random.Float64() < chance[l.live.Assigner.Arm(user)] {
			events = append(events, l.event(d, engine.EventClick))
		}
	}
	for some := range slices.Chunk(ds, 50) { // as they would be logged
		l.now = some[0].Time
		l.ok(l.store.AppendDecisions(l.Context(), some))
	}
	l.now = begin.Add(23 * time.Hour)
	_, err := l.store.AppendEvents(l.Context(), nil, events)
	l.ok(err)
	l.now = begin.Add(24 * time.Hour)
}

func (l *lab) watch() *analysis.ExperimentWatch {
	l.Helper()
	w, err := analysis.NewExperimentWatch(analysis.WatchOptions{
		Reader: l.reader, Desk: l.service, Snapshots: l.publisher, Now: func() time.Time { return l.now }, Logger: slog.New(slog.DiscardHandler),
	})
	l.ok(err)
	return w
}

// settled waits until the snapshot has what was written.
func (l *lab) settled() {
	l.Helper()
	position, err := l.store.Position(l.Context())
	l.ok(err)
	l.ok(l.publisher.AwaitVersion(l.Context(), position))
}

func tapGuard(harm float64) func(*engine.Experiment) {
	return func(e *engine.Experiment) {
		e.Guards = []engine.GuardMetric{{Measure: engine.Measure{Metric: engine.TapRate}, Harm: harm}}
	}
}

// TestResultsCountWhatUsersDid counts by hand what a few users did.
func TestResultsCountWhatUsersDid(t *testing.T) {
	l := newLab(t, 1, func(e *engine.Experiment) {
		e.Arms = append(e.Arms, engine.Arm{Name: "c", Profile: engine.ProfileRef{Name: "default"}, Share: 0.25})
		e.Arms[1].Share = 0.25
		e.Guards = []engine.GuardMetric{{Measure: engine.Measure{Metric: engine.EmptyRate}, Harm: 0.1}, {Measure: engine.Measure{Metric: engine.DismissRate}, Harm: 0.1}}
	})
	var of [3]string // a user of each arm
	for i := 0; of[0] == "" || of[1] == "" || of[2] == ""; i++ {
		user := fmt.Sprint("u-", i)
		of[l.live.Assigner.Arm(user)] = user
	}
	l.now = monday.Add(time.Hour)
	a1, a2, b1, c1 := l.decided(l.now, of[0], "c"), l.decided(l.now, of[0], ""), l.decided(l.now, of[1], "c"), l.decided(l.now, of[2], "c")
	nobody, other := l.decided(l.now, "", "c"), l.decided(l.now, of[1], "c")
	other.Arm = engine.ArmRef{Experiment: "y", Arm: "a"}
	astray := l.decided(l.now, of[2], "c")
	astray.Arm.Arm = "a" // as after a restore of another store
	before := l.decided(monday.Add(-time.Hour), of[0], "c")
	late := l.decided(monday.Add(3*time.Hour), of[0], "c")
	l.log([]*engine.Decision{a1, a2, b1, c1, nobody, other, astray, before, late}, []engine.Event{
		l.event(a1, engine.EventImpression), l.event(a1, engine.EventClick), l.event(a1, engine.EventClick), l.event(b1, engine.EventImpression), l.event(b1, engine.EventDismiss),
		l.event(c1, engine.EventImpression), l.event(other, engine.EventImpression), l.event(nobody, engine.EventImpression), l.event(late, engine.EventSave),
	})
	r, err := l.reader.ExperimentResults(t.Context(), "x", monday.Add(2*time.Hour))
	l.ok(err)
	told := ""
	for _, a := range r.Arms {
		told += fmt.Sprintf("%s: %d users, %d decisions, %d placements, %d empty, %d offers, %d shown, %d clicks, %d dismissals", a.Name, a.Users, a.Decisions, a.Placements, a.Empty, a.Offers, a.Shown, a.Clicks, a.Dismissals)
		for _, rate := range a.Rates {
			told += fmt.Sprintf(", %s %.3f", rate.Metric, rate.Value)
		}
		told += "\n"
	}
	want := `a: 1 users, 3 decisions, 3 placements, 1 empty, 2 offers, 1 shown, 1 clicks, 0 dismissals, tap_rate 1.000, empty_rate 0.500, dismiss_rate 0.000
b: 1 users, 1 decisions, 1 placements, 0 empty, 1 offers, 1 shown, 0 clicks, 1 dismissals, tap_rate 0.000, empty_rate 0.000, dismiss_rate 1.000
c: 0 users, 1 decisions, 1 placements, 0 empty, 1 offers, 1 shown, 0 clicks, 0 dismissals, tap_rate NaN, empty_rate NaN, dismiss_rate NaN
`
	if told = strings.ReplaceAll(told, "-0.000", "0.000"); told != want {
		t.Errorf("told\n%swant\n%s", told, want)
	}
	if r.Crossed != 1 || len(r.Comparisons) != 6 || r.Comparisons[0].Verdict != engine.VerdictEarly || !math.IsNaN(r.Comparisons[0].Difference.Value) || r.Mismatch.Found {
		t.Errorf("%+v", r)
	}
	if _, err := l.reader.ExperimentResults(t.Context(), "none", l.now); err == nil {
		t.Error("there are results of none")
	}
}

// TestHarmEndsAnExperiment lets an arm win half of what the other does: it is stopped within days, for a reason, by the log and the stored experiment alone; the same experiment
// goes on where both are alike, or where the loss is allowed.
func TestHarmEndsAnExperiment(t *testing.T) {
	for name, c := range map[string]struct {
		chance [2]float64
		harm   float64
		want   engine.ExperimentState
	}{
		"harm": {[2]float64{0.3, 0.15}, 0.02, engine.ExperimentStopped}, "alike": {[2]float64{0.3, 0.3}, 0.02, engine.ExperimentRunning},
		"allowed": {[2]float64{0.3, 0.25}, 0.2, engine.ExperimentRunning}, "better": {[2]float64{0.15, 0.3}, 0.02, engine.ExperimentRunning},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab(t, 7, tapGuard(c.harm))
			watch := l.watch()
			days := 0
			for days = 1; days <= 5; days++ {
				l.day(600, c.chance)
				again := l.watch() // as after a new start: it sees what the other one sees
				if n := watch.Run(t.Context()); n != 1 {
					t.Fatalf("day %d: %d looks", days, n)
				}
				e, err := l.store.Experiment(t.Context(), "x", 0)
				l.ok(err)
				again.Run(t.Context())
				after, err := l.store.Experiment(t.Context(), "x", 0)
				l.ok(err)
				if after.State != e.State || after.Meta.Version != e.Meta.Version {
					t.Fatalf("day %d: %s, and after a new start %s", days, e.State, after.State)
				}
				if l.settled(); e.State != engine.ExperimentRunning {
					break
				}
				if n := watch.Run(t.Context()); n != 0 {
					t.Errorf("day %d was looked at twice", days)
				}
			}
			e, err := l.store.Experiment(t.Context(), "x", 0)
			l.ok(err)
			if e.State != c.want {
				t.Fatalf("after %d days it is %s: %s", days, e.State, e.Reason)
			}
			if c.want != engine.ExperimentStopped {
				return
			}
			if days > 4 || !strings.HasPrefix(e.Reason, "guard tap_rate: b less a is -0.1") || e.Meta.By != analysis.Watcher || !e.Ended.Equal(l.now) {
				t.Errorf("stopped on day %d: %+v", days, e)
			}
			if len(l.publisher.Snapshot().Experiments) != 0 {
				t.Error("users are still assigned")
			}
			entries, _, err := l.store.AuditEntries(t.Context(), "", engine.Page{Limit: 1})
			l.ok(err)
			if x := entries[0]; x.Action != engine.AuditStopped || x.By != analysis.Watcher || x.ID != "x" || x.Detail != e.Reason {
				t.Errorf("the audit log tells %+v", x)
			}
		})
	}
}

// TestAlikeArmsGoOn watches experiments of which the arms are alike, day by day: none of few is stopped, and of many as few as alpha says.
func TestAlikeArmsGoOn(t *testing.T) {
	runs, days, users := 3, 4, 300
	if os.Getenv("SIHAI_LONG") != "" {
		runs, days, users = 200, 14, 1000
	}
	told := 0
	for seed := range runs {
		l := newLab(t, uint64(100+seed), tapGuard(0.001))
		watch := l.watch()
		wrong := false
		for range days {
			l.day(users, [2]float64{0.2, 0.2})
			watch.Run(t.Context())
			r, err := l.reader.ExperimentResults(t.Context(), "x", l.now)
			l.ok(err)
			wrong = wrong || r.Mismatch.Found || r.Experiment.State != engine.ExperimentRunning || r.Comparisons[0].Verdict != engine.VerdictOpen
		}
		if wrong {
			told++
		}
		_ = l.publisher.Close()
	}
	if share := float64(told) / float64(runs); share > 0.05 {
		t.Errorf("of %d experiments with arms that are alike, %d told otherwise", runs, told)
	}
	t.Logf("%d of %d told otherwise", told, runs)
}

// TestTheEndComes notes that an experiment has ended, whoever looks first.
func TestTheEndComes(t *testing.T) {
	l := newLab(t, 3, func(e *engine.Experiment) { e.End = monday.Add(36 * time.Hour) })
	watch := l.watch()
	l.now = monday.Add(36*time.Hour - 1)
	watch.Run(t.Context())
	if e, _ := l.store.Experiment(t.Context(), "x", 0); e.State != engine.ExperimentRunning {
		t.Errorf("it ended early: %+v", e)
	}
	l.now = monday.Add(50 * time.Hour)
	watch.Run(t.Context())
	e, err := l.store.Experiment(t.Context(), "x", 0)
	l.ok(err)
	if e.State != engine.ExperimentFinished || !e.Ended.Equal(e.End) || e.Meta.By != analysis.Watcher {
		t.Errorf("%+v", e)
	}
	if l.settled(); watch.Run(t.Context()) != 0 {
		t.Error("it is looked at after its end")
	}
}

// TestSharesThatAreNotAsMeantAreTold loses a third of the decisions of one arm.
func TestSharesThatAreNotAsMeantAreTold(t *testing.T) {
	l := newLab(t, 5, nil)
	l.now = monday.Add(time.Hour)
	var ds []*engine.Decision
	for i := range 1200 {
		d := l.decided(l.now, fmt.Sprint("u-", i), "c")
		if d.Arm.Arm == "b" && i%3 == 0 {
			continue
		}
		ds = append(ds, d)
	}
	l.log(ds, nil)
	r, err := l.reader.ExperimentResults(t.Context(), "x", l.now.Add(time.Hour))
	l.ok(err)
	if !r.Mismatch.Found || r.Arms[0].Users < 500 || r.Arms[1].Users > 450 {
		t.Errorf("%+v with %d and %d users", r.Mismatch, r.Arms[0].Users, r.Arms[1].Users)
	}
}
