package api_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/api"
	"github.com/sihai-network/sihai/engine/api/apitest"
	"github.com/sihai-network/sihai/engine/wire"
	"github.com/sihai-network/sihai/scoring/tuning"
)

// TestEvaluationsOfTheLog asks for offers, taps some, and has profiles judged by it.
func TestEvaluationsOfTheLog(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	w.send(t, "m-1", "POST", "/v1/campaigns", campaignJSON("other", "v-1")).want(t, 201)
	w.send(t, "analyst", "POST", "/v1/evaluations", "").refused(t, 409, "too_little_logged")
	w.send(t, "analyst", "POST", "/v1/simulations", `{"profile":{"name":"default"}}`).refused(t, 409, "too_little_logged")
	const decisions = 24
	for i := range decisions {
		var d wire.Decision
		w.ask(t, ask{key: "app", method: "POST", path: "/v1/decisions", body: hereJSON(fmt.Sprint("u-", i)), header: map[string]string{"Idempotency-Key": fmt.Sprint("d", i)}}).want(t, 200).decode(t, &d)
		if len(d.Placements[0].Offers) != 3 {
			t.Fatalf("%+v", d.Placements[0])
		}
		for _, kind := range []string{"impression", "click"}[:1+i%2] {
			w.send(t, "app", "POST", "/v1/events", `{"events":[{"type":"`+kind+`","decision_id":"`+d.DecisionID+`","offer_id":"`+d.Placements[0].Offers[i%2].OfferID+`"}]}`).want(t, 200)
		}
	}
	w.pass(time.Minute) // a span ends before now
	var e wire.Evaluation
	w.send(t, "analyst", "POST", "/v1/evaluations", `{"profiles":[{"draft":{"weights":{"saving":1}}},{"name":"default","version":1}],"seen":"answers","metrics":["ndcg","auc"],"k":1,"off_policy":true}`).want(t, 200).decode(t, &e)
	if e.Lists != decisions || e.Offers != 3*decisions || e.Labelled != 3*decisions || e.OneIn != 1 || e.K != 1 || e.Bytes == 0 || len(e.Policies) != 8 || len(e.OffPolicy) != 2 {
		t.Errorf("%+v", e)
	}
	if p := e.Policies[0]; p.Name != "draft, draft" && p.Name != "draft" || len(p.Measures) != 2 || p.Measures[0].Name != "ndcg" || p.Measures[0].Value == nil || e.Policies[1].Measures[0].Difference == nil {
		t.Errorf("%+v", e.Policies[:2])
	}
	if o := e.OffPolicy[1]; o.Lists != decisions || o.ScoringProfile.Version != 1 || len(o.Estimators) != 1 || len(o.Estimators[0].Refused) == 0 || o.Estimators[0].Value != nil {
		t.Errorf("two dozen users are not enough for a number: %+v", o)
	}

	var s wire.Simulation
	w.send(t, "analyst", "POST", "/v1/simulations", `{"profile":{"draft":{"weights":{"distance":-1},"floor":-5,"max_per_campaign":1,"max_per_merchant":1}},"last":10}`).want(t, 200).decode(t, &s)
	if s.Decisions != 10 || s.Lists != 10 || s.Changed != 10 || s.Kept != 20 || s.Went != 10 || s.Came != 0 || len(s.Campaigns) != 3 || s.Merchants[0].Before != 20 || s.Merchants[0].After != 10 {
		t.Errorf("%+v", s)
	}
	w.send(t, "analyst", "POST", "/v1/simulations", `{"profile":{"name":"default"},"merchant_id":"m-9"}`).want(t, 200).decode(t, &s)
	if s.Decisions != decisions || s.Changed != 0 || len(s.Campaigns) != 0 {
		t.Errorf("%+v", s)
	}

	lines := w.get(t, "analyst", "/v1/evaluations/dataset?seen=answers").want(t, 200)
	if strings.Contains(string(lines.body), `"u-`) {
		t.Errorf("a data set names users: %s", lines.body)
	}
	d, err := tuning.ReadNDJSON(t.Context(), strings.NewReader(string(lines.body)), tuning.ReadOptions{})
	if err != nil || d.Groups() != decisions || d.Rows() != 3*decisions || d.Width() != 9 || d.Labels == nil || d.Scores == nil || len(d.UserNames) != decisions || len(d.ContextColumns) < 3 {
		t.Errorf("%v, %d groups: %s", err, d.Groups(), lines.body)
	}
}

// TestEvaluationsTellAllFaultsAtOnce sends what makes no sense.
func TestEvaluationsTellAllFaultsAtOnce(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	for body, want := range map[string][]string{
		`{"profiles":[{},{"name":"none"},{"name":"default","version":9},{"name":"x","draft":{"weights":{"smell":1,"saving":200},"colour":1}}],"from":"x","metrics":["ndcg","joy"],"label":"discount","seen":"eyes","k":0,"holdout":1,"speed":1}`: {
			"from invalid", "holdout out_of_range", "k out_of_range", "metrics[1] invalid", "profiles[0].name required", "profiles[1] not_found", "profiles[2] not_found", "profiles[3].name invalid",
			"profiles[3].draft.colour unknown_field", "profiles[3].draft.weights.saving out_of_range", "profiles[3].draft.weights.smell unknown_field", "seen invalid", "speed unknown_field",
			"currency required",
		},
		`{"from":"2026-11-24T00:00:00Z","until":"2026-11-23T00:00:00Z"}`:                     {"until out_of_range"},
		`{"from":"2020-11-24T00:00:00Z"}`:                                                    {"from out_of_range"},
		`{"label":"tap","currency":"USD"}`:                                                   {"currency invalid"},
		`{"label":"purchase","currency":"XXQ"}`:                                              {"currency invalid"},
		`{"profiles":[{"name":"a"},{"name":"a"},{"name":"a"},{"name":"a"},{"name":"a"},{}]}`: nil,
	} {
		got := w.ask(t, ask{key: "analyst", method: "POST", path: "/v1/evaluations", body: body, wrong: true})
		if want == nil {
			if got.status != 422 {
				t.Errorf("%s: %d", body, got.status)
			}
			continue
		}
		got.faults(t, want...)
	}
	w.ask(t, ask{key: "analyst", method: "POST", path: "/v1/simulations", body: `{"last":0,"until":"never"}`, wrong: true}).faults(t, "last out_of_range", "profile required", "until invalid")
	w.ask(t, ask{key: "analyst", method: "POST", path: "/v1/simulations", body: `{"profile":{"name":"none"},"last":20001}`, wrong: true}).faults(t, "last out_of_range", "profile not_found")
	w.ask(t, ask{key: "analyst", method: "GET", path: "/v1/evaluations/dataset?label=love&seen=eyes&until=x", wrong: true}).faults(t, "label invalid", "seen invalid", "until invalid")
}

// waiting is an evaluator that works until its caller has gone.
type waiting struct {
	engine.Evaluator
	begun chan struct{}
	ended chan error
}

func (e waiting) Simulate(ctx context.Context, _ engine.SimulationRequest) (engine.Simulation, error) {
	close(e.begun)
	<-ctx.Done()
	e.ended <- ctx.Err()
	return engine.Simulation{}, ctx.Err()
}

// TestWhoHangsUpEndsTheWork cancels a simulation as a client does.
func TestWhoHangsUpEndsTheWork(t *testing.T) {
	e := waiting{begun: make(chan struct{}), ended: make(chan error, 1)}
	w := newWorld(t, apitest.Options{Change: func(o *api.Options) { o.Evaluator = e }})
	ctx, hangUp := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL+"/v1/simulations", strings.NewReader(`{"profile":{"name":"default"}}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+apitest.OperatorKey)
	go func() {
		<-e.begun
		hangUp()
	}()
	res, err := w.HTTP.Do(r)
	if err == nil {
		_ = res.Body.Close()
		t.Fatal("it was answered")
	}
	if err := <-e.ended; !errors.Is(err, context.Canceled) {
		t.Errorf("ended by %v", err)
	}
}
