package analysis_test

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/analysis"
	"github.com/sihai-network/sihai/engine/catalog"
	"github.com/sihai-network/sihai/engine/decision"
	"github.com/sihai-network/sihai/scoring"
	"github.com/sihai-network/sihai/store"
)

// replays makes replayers that walk over the town's log.
func (w *town) replays() (engine.Replayer, error) {
	return decision.NewReplayer(decision.ReplayerOptions{Pasts: catalog.NewWalk(w.store, store.Packer{}, slog.New(slog.DiscardHandler))})
}

func (w *town) evaluator() *analysis.Evaluator {
	w.tb.Helper()
	e, err := analysis.NewEvaluator(analysis.EvaluatorOptions{
		Sources: analysis.Sources{Decisions: w.store, Events: w.store, Accounts: w.store}, Profiles: w.store, Snapshots: w.publisher, Replays: w.replays,
	})
	w.ok(err)
	return e
}

// activate makes a profile decide from now on.
func (w *town) activate(p scoring.Profile) scoring.Profile {
	w.tb.Helper()
	p, err := w.service.PutProfile(w.tb.Context(), w.write(), p)
	w.ok(err)
	_, err = w.service.ActivateProfile(w.tb.Context(), w.write(), p.Name, p.Version)
	w.ok(err)
	position, err := w.store.Position(w.tb.Context())
	w.ok(err)
	w.ok(w.publisher.AwaitVersion(w.tb.Context(), position))
	return p
}

// profile is a draft by some weights.
func profileOf(name string, weights map[string]float64) scoring.Profile {
	return scoring.Profile{Name: name, Weights: weights, Floor: -scoring.MaxFloor}
}

// outcomes recounts what came of offers, by decision and position.
func (w *town) outcomes() map[string]map[int]map[engine.EventType]bool {
	w.tb.Helper()
	out := make(map[string]map[int]map[engine.EventType]bool)
	w.ok(w.store.EachEvent(w.tb.Context(), time.Time{}, func(e engine.Event) error {
		if out[e.DecisionID] == nil {
			out[e.DecisionID] = make(map[int]map[engine.EventType]bool)
		}
		if out[e.DecisionID][e.Position] == nil {
			out[e.DecisionID][e.Position] = make(map[engine.EventType]bool)
		}
		out[e.DecisionID][e.Position][e.Type] = true
		return nil
	}))
	return out
}

func TestTheLogIsADataSet(t *testing.T) {
	w := newTown(t, 11, 25)
	w.live(0, 4, 25)
	came := w.outcomes()
	o := analysis.DatasetOptions{From: monday, Until: w.now, Place: func(l *engine.Location) string {
		return map[bool]string{true: "north", false: "south"}[l.Position.Lat > miami.Lat]
	}}
	src := analysis.NewDatasetSource(w.log(), o)
	d, err := src.Load(t.Context())
	w.ok(err)
	w.ok(d.Check())
	g, row := 0, 0
	for _, was := range w.decided {
		offers := was.Placements[0].Offers
		if len(offers) == 0 {
			continue
		}
		if from, to := d.Group(g); to-from != len(offers) || d.Times[g] != was.Time.UnixNano() || d.UserNames[d.Users[g]] != was.Request.User.ID {
			t.Fatalf("group %d is not decision %s", g, was.ID)
		}
		hour := was.Time.In(newYork).Hour()
		for c, column := range d.ContextColumns {
			x := d.Context[g*len(d.ContextColumns)+c]
			switch {
			case column.Name == "hour" && int(x) != hour, column.Name == "language" && column.Texts[int(x)] != "zh-Hans",
				column.Name == "place" && (column.Texts[int(x)] == "north") != (was.Request.Location.Position.Lat > miami.Lat):
				t.Fatalf("group %d: %s is %v", g, column.Name, x)
			}
		}
		for n := range offers {
			o, got := &offers[n], came[was.ID][offers[n].Position]
			seen := len(got) > 0
			switch {
			case d.Item(row) != engine.QualifiedOfferID(o.MerchantID, o.CampaignID, o.Venue.ID), d.Scores[row] != o.Score, d.Shown[row] != seen, !slices.Equal(d.Row(row), o.Features):
				t.Fatalf("row %d is not offer %s", row, o.ID)
			case seen && (d.Label(row) == 1) != got[engine.EventClick], seen && (int(d.Positions[row]) != o.Position || d.Propensities[row] != 1), !seen && !math.IsNaN(d.Label(row)):
				t.Fatalf("row %d: label %v at %d after %v", row, d.Label(row), d.Positions[row], got)
			}
			row++
		}
		g++
	}
	if g != d.Groups() || row != d.Rows() || len(d.ContextColumns) != 4 || int(src.Tally().Decisions) != len(w.decided) || src.Tally().OneIn != 1 {
		t.Errorf("%d groups, %d rows, context %v, %+v", d.Groups(), d.Rows(), d.ContextColumns, src.Tally())
	}

	o.MaxRows = row / 3
	thin := analysis.NewDatasetSource(w.log(), o)
	few, err := thin.Load(t.Context())
	w.ok(err)
	if n := thin.Tally().OneIn; n < 3 || few.Rows() > o.MaxRows || few.Rows() == 0 && n < 6 {
		t.Errorf("one in %d: %d rows of at most %d", n, few.Rows(), o.MaxRows)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := src.Load(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestLabelsInMoney(t *testing.T) {
	w := newTown(t, 12, 20)
	w.live(0, 4, 25)
	sold := w.sell()
	want, unknown := 0.0, 0
	for _, r := range sold {
		at, ok := engine.UUID7Time(r.DecisionID)
		if r.Status != engine.Confirmed || !ok || at.Before(monday) || !at.Before(w.now) {
			continue
		}
		if r.Discount.Currency != "EUR" {
			unknown++
			continue
		}
		want += float64(r.Discount.Amount - r.RolledBack)
	}
	src := analysis.NewDatasetSource(w.log(), analysis.DatasetOptions{From: monday, Until: w.now, Label: engine.LabelDiscount, Currency: "EUR", Seen: engine.SeenAnswers})
	d, err := src.Load(t.Context())
	w.ok(err)
	got := 0.0
	for i := range d.Rows() {
		if x := d.Label(i); x == x {
			got += x
		}
	}
	if unknown == 0 || src.Tally().Unconverted != unknown || got == 0 || got > want || got < want/2 {
		t.Errorf("%v of %v in euro; %d of %d not converted", got, want, src.Tally().Unconverted, unknown)
	}
	bought, err := analysis.NewDatasetSource(w.log(), analysis.DatasetOptions{From: monday, Until: w.now, Label: engine.LabelPurchase, Currency: "USD"}).Load(t.Context())
	w.ok(err)
	if !slices.Contains(bought.Labels, 5000) {
		t.Error("no purchase is told")
	}
	used, err := analysis.NewDatasetSource(w.log(), analysis.DatasetOptions{From: monday, Until: w.now, Label: engine.LabelRedemption}).Load(t.Context())
	w.ok(err)
	if !slices.Contains(used.Labels, 1) || !slices.Contains(used.Labels, 0) {
		t.Error("no use is told")
	}
}

func TestEvaluateTheLog(t *testing.T) {
	w := newTown(t, 13, 25)
	w.live(0, 5, 50)
	e := w.evaluator()
	active, err := w.store.ActiveProfile(t.Context())
	w.ok(err)
	far := profileOf("far", map[string]float64{"distance": -1})
	q := engine.EvaluationRequest{Profiles: []scoring.Profile{far}, From: monday, Until: w.now, Level: 0.9, Seed: 3, Metrics: []string{"ndcg", "auc"}, OffPolicy: true}
	got, err := e.Evaluate(t.Context(), q)
	w.ok(err)
	var names []string
	for _, p := range got.Policies {
		names = append(names, p.Name)
		if len(p.Measures) != 2 || p.Measures[0].Name != "ndcg" || !(p.Measures[0].Estimate.Low < p.Measures[0].Estimate.Value) {
			t.Errorf("%s: %+v", p.Name, p.Measures)
		}
	}
	want := []string{"far, draft", "active: default version 1", "nearest first", "most popular", "biggest saving", "biggest discount", "logged", "random"}
	if !slices.Equal(names, want) || got.Policies[1].Profile.Version != active.Version || got.OneIn != 1 || got.Labelled == 0 || got.Labelled >= got.Offers {
		t.Errorf("%v, %+v", names, got)
	}
	if d := got.Policies[1].Measures[0].Difference; !(d.Low <= d.Value && d.Value <= d.High) {
		t.Errorf("difference %+v", d)
	}
	again, err := e.Evaluate(t.Context(), q)
	w.ok(err)
	if !reflect.DeepEqual(printed(again), printed(got)) {
		t.Error("the same question has another answer")
	}
	// This log never shows what another order would: that is refused, and not guessed.
	if x := got.OffPolicy[0]; len(x.Estimators) != 1 || len(x.Estimators[0].Refused) == 0 || !math.IsNaN(x.Estimators[0].Estimate.Value) || x.Decisions == 0 {
		t.Errorf("off policy %+v", x)
	}
	q.Profiles = []scoring.Profile{active}
	q.Holdout = 0.3
	same, err := e.Evaluate(t.Context(), q)
	w.ok(err)
	if x := same.OffPolicy[0]; x.Estimators[0].Estimate.Value != x.Logged.Value || x.Estimators[0].LargestWeight != 1 || same.Lists >= got.Lists/2 {
		t.Errorf("the log's own profile earns %+v, the log %+v; %d lists", x.Estimators[0], x.Logged, same.Lists)
	}
	q.Until = monday.Add(time.Minute)
	if _, err := e.Evaluate(t.Context(), q); !errors.Is(err, engine.ErrTooLittle) {
		t.Errorf("of nothing: %v", err)
	}
}

// printed makes numbers that are none equal to themselves.
func printed(e engine.Evaluation) string {
	return slog.AnyValue(e).String()
}

// TestOffPolicyWeighsByHand explores, and holds the estimate against a plain sum over decisions that are made again here.
func TestOffPolicyWeighsByHand(t *testing.T) {
	w := newTown(t, 14, 25)
	bold := scoring.Default()
	bold.Explore = scoring.Explore{Method: scoring.Thompson, Share: 1, Deviations: map[string]float64{"distance": 0.3, "saving": 0.3}}
	w.activate(bold)
	w.live(0, 4, 60)
	near := profileOf("near", map[string]float64{"distance": 0.5, "saving": 0.1})
	near.MaxPerMerchant = 3
	got, err := w.evaluator().Evaluate(t.Context(), engine.EvaluationRequest{Profiles: []scoring.Profile{near}, From: monday, Until: w.now, OffPolicy: true})
	w.ok(err)
	var names []string
	for _, m := range got.Policies[0].Measures {
		names = append(names, m.Name)
	}
	if !slices.Equal(names, engine.EvaluationMetrics()) {
		t.Errorf("measured are %v, and may be asked for %v", names, engine.EvaluationMetrics())
	}
	replayer, err := w.replays()
	w.ok(err)
	came, sum, lists := w.outcomes(), 0.0, 0
	for _, was := range w.decided {
		offers := was.Placements[0].Offers
		if len(offers) == 0 {
			continue
		}
		lists++
		is, err := replayer.Replay(t.Context(), was, &near)
		w.ok(err)
		for k := range offers {
			if other := is.Placements[0].Offers; k < got.OffPolicy[0].Positions && k < len(other) && other[k].ID == offers[k].ID && came[was.ID][k+1][engine.EventClick] {
				sum += 1 / offers[k].Propensity
			}
		}
	}
	x := got.OffPolicy[0]
	if x.Decisions != lists || x.LeftOut != 0 || len(x.Estimators) != 1 {
		t.Fatalf("%+v of %d lists", x, lists)
	}
	if one := x.Estimators[0]; x.Positions < 2 || len(one.Refused) > 0 || math.Abs(one.Estimate.Value-sum/float64(lists)) > 1e-9 {
		t.Errorf("%+v, by hand %v", x, sum/float64(lists))
	}
}

// TestSimulateEqualsAReplay counts by hand.
func TestSimulateEqualsAReplay(t *testing.T) {
	w := newTown(t, 15, 80)
	w.live(0, 3, 30)
	cheap := profileOf("cheap", map[string]float64{"relative_discount": 1})
	const last = 40
	got, err := w.evaluator().Simulate(t.Context(), engine.SimulationRequest{Profile: cheap, Last: last, Until: w.now})
	w.ok(err)
	replayer, err := w.replays()
	w.ok(err)
	changed, other, kept, went := 0, 0, 0, 0
	wins := make(map[string]int)
	for _, was := range w.decided[len(w.decided)-last:] {
		is, err := replayer.Replay(t.Context(), was, &cheap)
		w.ok(err)
		var before, after []string
		for _, o := range was.Placements[0].Offers {
			before = append(before, o.ID)
			wins[o.CampaignID]--
		}
		for _, o := range is.Placements[0].Offers {
			after = append(after, o.ID)
			wins[o.CampaignID]++
		}
		if !slices.Equal(before, after) {
			changed++
		}
		if len(before) > 0 && before[0] != after[0] {
			other++
		}
		for _, id := range before {
			if slices.Contains(after, id) {
				kept++
			} else {
				went++
			}
		}
	}
	if got.Decisions != last || got.Lists != last || got.Changed != changed || got.OtherFirst != other || got.Kept != kept || got.Went != went || changed == 0 || kept == 0 {
		t.Errorf("%+v; by hand %d changed, %d with another first, %d kept, %d went", got, changed, other, kept, went)
	}
	for i, s := range got.Campaigns {
		if s.After-s.Before != wins[s.CampaignID] || i > 0 && abs(s.After-s.Before) > abs(got.Campaigns[i-1].After-got.Campaigns[i-1].Before) {
			t.Errorf("%+v, by hand %d", s, wins[s.CampaignID])
		}
	}
	moved := 0
	for _, m := range got.Moves {
		moved += m.Offers
	}
	if moved != kept || got.Overlap.Value <= 0 || got.Overlap.Value >= 1 || !got.From.Equal(w.decided[len(w.decided)-last].Time) {
		t.Errorf("%d moves of %d, overlap %+v from %v", moved, kept, got.Overlap, got.From)
	}
	active, err := w.store.ActiveProfile(t.Context())
	w.ok(err)
	same, err := w.evaluator().Simulate(t.Context(), engine.SimulationRequest{Profile: active, Last: 1000, Until: w.now, MerchantID: "m-2"})
	w.ok(err)
	if same.Changed != 0 || same.Decisions != len(w.decided) || len(same.Merchants) != 1 || same.Merchants[0].Before != same.Merchants[0].After {
		t.Errorf("under the profile of then: %+v", same)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.evaluator().Simulate(ctx, engine.SimulationRequest{Profile: active, Last: 10, Until: w.now}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := w.evaluator().Simulate(t.Context(), engine.SimulationRequest{Profile: active, Last: 10, Until: monday}); !errors.Is(err, engine.ErrTooLittle) {
		t.Errorf("of nothing: %v", err)
	}
}

func abs(n int) int { return max(n, -n) }
