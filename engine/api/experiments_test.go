package api_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine/api/apitest"
	"github.com/sihai-network/sihai/engine/api/apitest/generated"
	"github.com/sihai-network/sihai/engine/wire"
)

// experimentJSON compares a version of a profile with the first of the default one.
func experimentJSON(id, profile string, version int) string {
	return fmt.Sprintf(`{"id":%q,"name":"Nearer first","arms":[{"name":"control","profile":{"name":"default","version":1},"share":0.5},{"name":"other","profile":{"name":%q,"version":%d},"share":0.5}],
		"primary":{"metric":"tap_rate","effect":0.05},"guards":[{"metric":"tap_rate","harm":0.02}],"alpha":0.05}`, id, profile, version)
}

// decideOnce asks for offers, with the answer in the log when it is given.
func (w *world) decideOnce(t testing.TB, user, key string) (d wire.Decision) {
	t.Helper()
	body := strings.Replace(hereJSON(user), `"full"`, `"none"`, 1)
	w.ask(t, ask{key: "app", method: "POST", path: "/v1/decisions", body: body, header: map[string]string{"Idempotency-Key": key}}).want(t, 200).decode(t, &d)
	return d
}

// TestExperimentsTakeUsers makes and starts an experiment through a client that a public generator made. Users stay in their arms over a new start, each arm decides by its profile, every decision
// comes out the same again, and once it is stopped nobody is in it.
func TestExperimentsTakeUsers(t *testing.T) {
	w := newWorld(t, apitest.Options{Dir: t.TempDir()})
	w.send(t, "analyst", "POST", "/v1/scoring-profiles/near/versions", `{"weights":{"distance":1},"bias":0.25}`).want(t, 201)
	client, err := generated.NewClientWithResponses(w.URL,
		generated.WithHTTPClient(&http.Client{Transport: apitest.NewChecker(t, checkedDocument(t), w.HTTP.Transport)}),
		generated.WithRequestEditorFn(func(_ context.Context, req *http.Request) error {
			req.Header.Set("Authorization", "Bearer "+w.keys["analyst"])
			return nil
		}))
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	one := int64(1)
	e := generated.Experiment{
		Id: "near-1", Primary: generated.PrimaryMetric{Metric: "tap_rate", Effect: 0.05},
		Arms: []generated.Arm{
			{Name: "control", Profile: generated.ArmProfile{Name: "default", Version: &one}, Share: 0.5}, {Name: "near", Profile: generated.ArmProfile{Name: "near"}, Share: 0.5},
		},
	}
	made, err := client.CreateExperimentWithResponse(ctx, nil, e)
	if err != nil || made.JSON201 == nil || *made.JSON201.State != "draft" || *made.JSON201.Arms[1].Profile.Version != 1 || *made.JSON201.Author == "" {
		t.Fatalf("%v: %s", err, made.Body)
	}
	if d := w.decideOnce(t, "u-0", "draft"); d.Experiment != nil {
		t.Errorf("a draft decides: %+v", d.Experiment)
	}
	started, err := client.StartExperimentWithResponse(ctx, "near-1", nil)
	if err != nil || started.JSON200 == nil || *started.JSON200.State != "running" {
		t.Fatalf("%v: %s", err, started.Body)
	}

	arms, ids := map[string]string{}, []string{}
	for i := range 12 {
		user := fmt.Sprint("u-", i)
		d := w.decideOnce(t, user, user)
		if d.Experiment == nil || d.Experiment.ID != "near-1" || (d.ScoringProfile.Name == "near") != (d.Experiment.Arm == "near") || len(d.Placements[0].Offers) == 0 {
			t.Fatalf("%s: %+v by %+v", user, d.Experiment, d.ScoringProfile)
		}
		arms[user], ids = d.Experiment.Arm, append(ids, d.DecisionID)
	}
	if d := w.decideOnce(t, "", "nobody"); d.Experiment != nil || d.ScoringProfile.Name != "default" {
		t.Errorf("nobody in particular is in %+v", d.Experiment)
	}
	replayed := func() {
		t.Helper()
		for _, id := range ids {
			var r wire.Replay
			w.send(t, "analyst", "POST", "/v1/decisions/"+id+"/replay", "").want(t, 200).decode(t, &r)
			if !r.Same || r.Decision.Experiment == nil {
				t.Errorf("decision %s comes out as %+v", id, r)
			}
			var record wire.Decision
			if w.get(t, "analyst", "/v1/decisions/"+id).want(t, 200).decode(t, &record); record.Experiment == nil || record.Experiment.Arm != arms[record.Request.User.ID] {
				t.Errorf("on record is %+v", record.Experiment)
			}
		}
	}
	replayed()
	w.restart(t)
	for user, arm := range arms {
		if d := w.decideOnce(t, user, "again-"+user); d.Experiment == nil || d.Experiment.Arm != arm {
			t.Errorf("%s was in arm %s, and after a new start in %+v", user, arm, d.Experiment)
		}
	}

	w.send(t, "analyst", "POST", "/v1/experiments/near-1/stop", `{"reason":"enough"}`).want(t, 200)
	if d := w.decideOnce(t, "u-0", "stopped"); d.Experiment != nil || d.ScoringProfile.Name != "default" {
		t.Errorf("a stopped one decides: %+v", d.Experiment)
	}
	w.send(t, "analyst", "POST", "/v1/scoring-profiles/near/activate", "").want(t, 200)
	replayed()
	w.send(t, "analyst", "POST", "/v1/experiments/near-1/start", "").refused(t, 409, "ended")
	var versions wire.List[wire.Experiment]
	w.get(t, "analyst", "/v1/experiments/near-1/versions").want(t, 200).decode(t, &versions)
	var states []string
	for _, v := range versions.Data {
		states = append(states, v.State+v.Reason)
	}
	if !slices.Equal(states, []string{"stoppedenough", "running", "draft"}) {
		t.Errorf("its versions are %v", states)
	}
	audit := string(w.get(t, "operator", "/v1/audit").want(t, 200).body)
	for _, action := range []string{`"action":"created","kind":"experiment"`, `"action":"started","kind":"experiment"`, `"action":"stopped","kind":"experiment"`} {
		if !strings.Contains(audit, action) {
			t.Errorf("the audit log has no %s: %s", action, audit)
		}
	}
}

func TestExperimentsAreRefused(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	bad := `{"id":"x","arms":[{"name":"a","profile":{"name":"default","version":7},"share":0.5},{"name":"b","profile":{"name":"none"},"share":0.4}],
		"primary":{"metric":"tap_rate","effect":0.05,"currency":"USD"},"alpha":0,"traffic":{"from":0.5,"until":0.2},"start":"soon","salty":"x"}`
	w.ask(t, ask{key: "analyst", method: "POST", path: "/v1/experiments", body: bad, wrong: true}).faults(t,
		"salty unknown_field", "start invalid", "traffic out_of_range", "alpha out_of_range", "arms invalid", "primary.currency invalid", "arms[0].profile unknown_profile", "arms[1].profile.name unknown_profile")
	w.send(t, "analyst", "PUT", "/v1/experiments/y", experimentJSON("x", "default", 1)).faults(t, "id invalid")
	w.send(t, "analyst", "POST", "/v1/experiments", experimentJSON("x", "default", 1)).want(t, 201)
	w.send(t, "analyst", "POST", "/v1/experiments", experimentJSON("x", "default", 1)).refused(t, 409, "exists")
	w.ask(t, ask{key: "analyst", method: "PUT", path: "/v1/experiments/x", body: experimentJSON("x", "default", 1), header: map[string]string{"If-Match": `"9"`}}).refused(t, 412, "stale")
	w.send(t, "analyst", "POST", "/v1/experiments/x/start", "").want(t, 200)
	w.send(t, "analyst", "PUT", "/v1/experiments/x", experimentJSON("x", "default", 1)).refused(t, 409, "ended")
	w.send(t, "analyst", "POST", "/v1/experiments", experimentJSON("y", "default", 1)).want(t, 201)
	if p := w.send(t, "analyst", "POST", "/v1/experiments/y/start", "").refused(t, 409, "overlapping_experiment"); !strings.Contains(p.Detail, "x has users") {
		t.Errorf("told is %q", p.Detail)
	}
	w.get(t, "analyst", "/v1/experiments/none/results").refused(t, 404, "not_found")
	w.send(t, "analyst", "POST", "/v1/experiments/none/stop", "").refused(t, 404, "not_found")
}

// TestAnArmThatHarmsIsStopped serves two experiments to travellers over HTTP, one after the other: of the first the arms are alike, and it goes on; in the other arm of the second
// nobody taps any more, and after a day it is stopped and everybody is decided for as before.
func TestAnArmThatHarmsIsStopped(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	w.send(t, "analyst", "POST", "/v1/scoring-profiles/odd/versions", `{"weights":{"saving":1}}`).want(t, 201)
	for _, c := range []struct {
		id, state, verdict, guard string
		taps                      map[string]int // of ten, by arm
	}{{"alike", "running", "open", "undecided", map[string]int{"control": 5, "other": 5}}, {"harm", "stopped", "worse", "broken", map[string]int{"control": 5}}} {
		w.send(t, "analyst", "POST", "/v1/experiments", experimentJSON(c.id, "odd", 1)).want(t, 201)
		w.send(t, "analyst", "POST", "/v1/experiments/"+c.id+"/start", "").want(t, 200)
		var events []string
		for i := range 260 {
			d := w.decideOnce(t, fmt.Sprintf("%s-%d", c.id, i), fmt.Sprintf("%s-%d", c.id, i))
			event := fmt.Sprintf(`{"decision_id":%q,"offer_id":%q,"type":`, d.DecisionID, d.Placements[0].Offers[0].OfferID)
			events = append(events, event+`"impression"}`)
			if i%10 < c.taps[d.Experiment.Arm] {
				events = append(events, event+`"click"}`)
			}
		}
		for some := range slices.Chunk(events, 100) {
			w.send(t, "app", "POST", "/v1/events", `{"events":[`+strings.Join(some, ",")+`]}`).want(t, 200)
		}
		w.pass(23 * time.Hour)
		if n := w.Watch.Run(t.Context()); n != 0 {
			t.Errorf("%s: looked at before its first day was over", c.id)
		}
		w.pass(2 * time.Hour)
		w.Watch.Run(t.Context())
		var r wire.ExperimentResults
		w.get(t, "analyst", "/v1/experiments/"+c.id+"/results").want(t, 200).decode(t, &r)
		if len(r.Comparisons) != 2 || r.Experiment.State != c.state || r.Comparisons[0].Verdict != c.verdict || r.Comparisons[1].Verdict != c.guard || r.Arms[0].Users+r.Arms[1].Users != 260 || r.Mismatch.Mismatch {
			t.Errorf("%s: %+v", c.id, r)
		}
		if c.state == "running" {
			w.send(t, "analyst", "POST", "/v1/experiments/"+c.id+"/stop", "").want(t, 200)
			continue
		}
		if !strings.HasPrefix(r.Experiment.Reason, "guard tap_rate: other less control is -0.") || r.Experiment.UpdatedBy != "watch" {
			t.Errorf("%s: stopped by %s since %s", c.id, r.Experiment.UpdatedBy, r.Experiment.Reason)
		}
		position, err := w.Store.Position(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		w.send(t, "analyst", "POST", "/v1/scoring-profiles/odd/activate", "").want(t, 200) // which waits until its snapshot, of a later position, is the current one
		if d := w.decideOnce(t, "harm-1", "afterwards"); d.Experiment != nil || d.CatalogVersion <= position {
			t.Errorf("after the stop, at version %d, version %d decides: %+v", position, d.CatalogVersion, d.Experiment)
		}
	}
}
