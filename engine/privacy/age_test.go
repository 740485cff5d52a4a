package privacy_test

import (
	"crypto/rand"
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/privacy"
	"github.com/sihai-network/sihai/geo"
	"github.com/sihai-network/sihai/scoring"
)

const day = 24 * time.Hour

// TestWhatIsOldEnds lets positions, histories and decisions come to their ages, by a clock that the test sets.
func TestWhatIsOldEnds(t *testing.T) {
	w := newTown(t)
	s, err := privacy.Open(privacy.Options{Histories: w.world.Store, IDs: engine.IDs{Random: rand.Reader}, Now: w.now, Positions: 7 * day, History: 30 * day, Decisions: 60 * day, Pause: -1})
	if err != nil {
		t.Fatal(err)
	}
	first, used := w.visit(t, leaver)
	exact := w.logged(t, first[0])
	for _, id := range first {
		w.logged(t, id)
	}
	sweep := func(at time.Duration) {
		t.Helper()
		w.clock.Store(int64(at))
		must(t)(nil, s.Sweep(t.Context()))
	}
	sweep(7*day - time.Minute)
	if d := w.logged(t, first[0]); !reflect.DeepEqual(d, exact) {
		t.Errorf("it is coarse too early: %+v", d.Request.Location)
	}
	second, _ := w.visit(t, stayer)
	for _, id := range second {
		w.logged(t, id)
	}
	sweep(7*day + time.Minute)
	d := w.logged(t, first[0])
	if d.Request.Location.Position != geo.Coarse(exact.Request.Location.Position) || d.Request.User.ID != leaver || d.Request.Location.Accuracy < 3000 {
		t.Errorf("after 7 days: %+v", d.Request)
	}
	o := d.Placements[0].Offers[0]
	if o.Distance != 0 || o.Explanation != nil || o.Score != 0 || o.Features[scoring.Distance] != 1 || o.Propensity != 1 || o.Position != 1 {
		t.Errorf("after 7 days: %+v", o)
	}
	if fresh := w.logged(t, second[0]); fresh.Request.Location.Position != exact.Request.Location.Position {
		t.Errorf("a decision of this day is coarse: %+v", fresh.Request.Location)
	}
	sweep(30*day + time.Minute)
	for _, e := range w.events(t)[:6] {
		if e.UserID != "" || e.CampaignID != "c" {
			t.Errorf("after 30 days: %+v", e)
		}
	}
	if e := w.events(t)[6]; e.UserID != stayer {
		t.Errorf("an event of 23 days names nobody: %+v", e)
	}
	if d := w.logged(t, first[0]); d.Request.User.ID != "" {
		t.Errorf("after 30 days: %+v", d.Request.User)
	}
	sweep(60*day + time.Minute)
	if _, err := w.world.Store.Decision(t.Context(), first[0]); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("after 60 days: %v", err)
	}
	w.logged(t, second[0])
	if len(w.events(t)) != 12 {
		t.Errorf("%d events are left", len(w.events(t)))
	}
	if r, err := w.Redemption(t.Context(), used[0].ID); err != nil || r.UserID != leaver {
		t.Errorf("%+v %v", r, err)
	}
	sweep(62 * day) // a day after the last change what was old has left the files
	if found := w.filesWith(t, first[0]); len(found) > 0 {
		t.Logf("the ID of a decision is in %v: events name it", found)
	}
}

// TestCoarsenIsOnce changes a decision once, and nothing the second time.
func TestCoarsenIsOnce(t *testing.T) {
	row := make([]float64, len(scoring.Features()))
	row[scoring.Distance], row[scoring.InsideProbability], row[scoring.Saving] = 0.4, 0.93, 0.5
	d := &engine.Decision{Request: &engine.Request{Location: &engine.Location{Position: geo.LatLng{Lat: 25.79, Lng: -80.13}, Accuracy: 35, LastFix: time.Second}},
		Placements: []engine.Placement{{Offers: []engine.Offer{{Creative: new(engine.Creative), Distance: 1612.4, InsideProbability: 0.93, Score: 0.4, Propensity: 0.25, Features: row}},
			Rejected: []engine.Rejection{{Reasons: []engine.Reason{{Code: engine.OutsideGeofence, Message: "214 m away"}}}}}},
		Epoch: 3, Settings: &engine.Settings{Language: "en"}, Withheld: []engine.Withheld{{CampaignRef: engine.CampaignRef{MerchantID: "m", CampaignID: "c"}, VenueID: "v"}}}
	if !privacy.Coarsen(d) {
		t.Fatal("it was coarse")
	}
	o := d.Placements[0].Offers[0]
	if o.Distance != 2000 || o.InsideProbability != 1 || o.Propensity != 0.25 || o.Features[scoring.Saving] != 0.5 || o.Features[scoring.Distance] != scoring.Decay(2000, scoring.DistanceScale) {
		t.Errorf("%+v", o)
	}
	if r := d.Placements[0].Rejected[0].Reasons[0]; r.Code != engine.OutsideGeofence || r.Message != "" {
		t.Errorf("%+v", r)
	}
	if d.Withheld != nil || !d.Coarse || d.Epoch != 3 || d.Settings == nil || !errors.Is(d.Whole(), engine.ErrForgotten) {
		t.Errorf("%+v", d)
	}
	if privacy.Coarsen(d) {
		t.Error("it became coarser")
	}
	if privacy.Coarsen(&engine.Decision{}) || privacy.Coarsen(&engine.Decision{Request: &engine.Request{}}) {
		t.Error("a decision without a position was changed")
	}
}

// TestCoarseLogKeepsNothingExact keeps a decision through the log that keeps no position, and leaves the answer as it is.
func TestCoarseLogKeepsNothingExact(t *testing.T) {
	w := newTown(t)
	exact := w.logged(t, w.decide(t, stayer).DecisionID)
	again := *exact
	again.ID = "9" + exact.ID[1:]
	log := privacy.CoarseLog{Log: w.world.Store}
	must(t)(nil, log.AppendDecisions(t.Context(), []*engine.Decision{&again}))
	kept := w.logged(t, again.ID)
	if kept.Request.Location.Position != geo.Coarse(exact.Request.Location.Position) || kept.Request.User.ID != stayer {
		t.Errorf("%+v", kept.Request)
	}
	if again.Request.Location.Position == kept.Request.Location.Position || !reflect.DeepEqual(again.Placements, exact.Placements) {
		t.Error("the answer was changed too")
	}
	once := &engine.Once{Caller: "k", Key: "a"}
	other := *exact
	other.ID = "8" + exact.ID[1:]
	if first, err := log.AppendDecisionOnce(t.Context(), once, &other); err != nil || first != &other {
		t.Errorf("%+v %v", first, err)
	}
	if second, err := log.AppendDecisionOnce(t.Context(), once, exact); err != nil || second.ID != other.ID || second.Request.Location.Position != kept.Request.Location.Position {
		t.Errorf("%+v %v", second, err)
	}
}
