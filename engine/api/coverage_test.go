package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/api/apitest"
)

// operation is an operation of the document.
type operation struct {
	method, path, id string
	good             []string // statuses of success
}

// operations reads them off the checked-in document, ordered by path and method.
func operations(t testing.TB) []operation {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]struct {
			OperationID string
			Responses   map[string]json.RawMessage
		}
	}
	data, err := os.ReadFile("openapi.json")
	if err == nil {
		err = json.Unmarshal(data, &doc)
	}
	if err != nil {
		t.Fatal(err)
	}
	var all []operation
	for path, item := range doc.Paths {
		for method, op := range item {
			one := operation{method: strings.ToUpper(method), path: path, id: op.OperationID}
			for status := range op.Responses {
				if status[0] == '2' {
					one.good = append(one.good, status)
				}
			}
			all = append(all, one)
		}
	}
	slices.SortFunc(all, func(a, b operation) int { return strings.Compare(a.path+a.method, b.path+b.method) })
	return all
}

// matches reports whether a request is for an operation.
func (o operation) matches(method, target string) bool {
	target, _, _ = strings.Cut(target, "?")
	mine, theirs := strings.Split(o.path, "/"), strings.Split(target, "/")
	if method != o.method || len(mine) != len(theirs) {
		return false
	}
	for i := range mine {
		if mine[i] != theirs[i] && !strings.HasPrefix(mine[i], "{") {
			return false
		}
	}
	return true
}

// TestEveryOperationSucceeds does each operation of the document in each way in which it can succeed.
func TestEveryOperationSucceeds(t *testing.T) {
	w := newWorld(t, apitest.Options{Paused: true})
	w.ask(t, ask{key: "app", method: "POST", path: "/v1/decisions", body: hereJSON("u-1"), header: map[string]string{"Idempotency-Key": "first"}}).want(t, 200)
	w.pass(7 * 24 * time.Hour) // a forecast needs a week of decisions
	d := w.decide(t, "u-1")
	key := w.newKey(t, `{"role":"app","note":"to be revoked"}`)
	var upload importJSON
	w.ask(t, ask{key: "m-1", method: "POST", path: "/v1/imports", body: campaignJSON("i-1", "v-1") + "\n", kind: "application/x-ndjson"}).want(t, 200).decode(t, &upload)
	var erasure struct{ ID string }
	w.send(t, "app", "DELETE", "/v1/users/u-9", "").want(t, 202).decode(t, &erasure)
	var hook, gone struct{ ID, Secret string }
	w.send(t, "m-1", "POST", "/v1/webhooks", `{"url":"https://hooks.example/in","types":["import.finished"]}`).want(t, 201).decode(t, &hook)
	w.send(t, "m-1", "POST", "/v1/webhooks", `{"url":"https://hooks.example/gone"}`).want(t, 201).decode(t, &gone)
	var test struct{ ID string }
	w.send(t, "m-1", "POST", "/v1/webhooks/"+hook.ID+"/test", "").want(t, 202).decode(t, &test)
	var waiting importJSON
	w.ask(t, ask{key: "m-1", method: "POST", path: "/v1/imports?async=true", body: "{}\n", kind: "application/x-ndjson"}).want(t, 202).decode(t, &waiting)
	event := fmt.Sprintf(`{"events":[{"type":"click","decision_id":%q,"offer_id":"c-1@v-1"}]}`, d.Decision_ID)
	profile := `{"weights":{"distance":1},"note":"by distance alone"}`
	order := `{"offer_id":"c-1@v-1","user":{"id":"u-1"},"purchase":{"amount":1000,"currency":"USD"}}`
	var held, kept, used struct{ ID string }
	w.send(t, "app", "POST", "/v1/reservations", order).want(t, 201).decode(t, &held)
	w.send(t, "app", "POST", "/v1/reservations", order).want(t, 201).decode(t, &kept)
	w.send(t, "app", "POST", "/v1/redemptions", order).want(t, 201).decode(t, &used)
	rates := "Date,USD,CNY\n2026-11-20,1.10,7.90\n"

	if err := w.Store.KeepBelief(t.Context(), &engine.Belief{Profile: engine.ProfileRef{Name: "default", Version: 1}, Epoch: 1, From: noon, Until: noon.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	ids := w.pendingChanges(t, 3)
	staged := `{"live_at":"2027-02-01T00:00:00Z","campaign":` + campaignJSON("c-1", "v-1") + `}`

	seen := map[string]bool{}
	for _, a := range []ask{
		{key: "app", method: "POST", path: "/v1/decisions", body: hereJSON("u-1")},
		{key: "analyst", method: "GET", path: "/v1/decisions/" + d.Decision_ID},
		{key: "analyst", method: "POST", path: "/v1/decisions/" + d.Decision_ID + "/replay"},
		{key: "app", method: "POST", path: "/v1/events", body: event},

		{key: "app", method: "POST", path: "/v1/validations", body: order},
		{key: "app", method: "POST", path: "/v1/reservations", body: order},
		{key: "app", method: "GET", path: "/v1/reservations/" + held.ID},
		{key: "app", method: "POST", path: "/v1/reservations/" + held.ID + "/confirm"},
		{key: "app", method: "POST", path: "/v1/reservations/" + kept.ID + "/release", body: "{}"},
		{key: "app", method: "POST", path: "/v1/redemptions", body: order},
		{key: "app", method: "GET", path: "/v1/redemptions/" + used.ID},
		{key: "app", method: "POST", path: "/v1/redemptions/" + used.ID + "/rollbacks", body: `{"amount":{"amount":10,"currency":"USD"}}`},
		{key: "m-1", method: "POST", path: "/v1/campaigns/c-1/codes", body: `{"generate":3}`},
		{key: "m-1", method: "GET", path: "/v1/campaigns/c-1/codes?limit=2"},
		{key: "operator", method: "GET", path: "/v1/ledger/audit"},
		{key: "operator", method: "GET", path: "/v1/ledger/movements?merchant=m-1&limit=2"},
		{key: "operator", method: "GET", path: "/v1/ledger/export?merchant=m-1&after=m-1/c-1/1"},

		{key: "operator", method: "GET", path: "/v1/merchants?limit=1"},
		{key: "operator", method: "POST", path: "/v1/merchants", body: merchantJSON("m-3")},
		{key: "m-1", method: "GET", path: "/v1/merchants/m-1"},
		{key: "m-1", method: "PUT", path: "/v1/merchants/m-1", body: merchantJSON("m-1")},
		{key: "operator", method: "PUT", path: "/v1/merchants/m-4", body: merchantJSON("m-4")},

		{key: "m-1", method: "GET", path: "/v1/merchants/m-1/venues"},
		{key: "m-1", method: "POST", path: "/v1/merchants/m-1/venues", body: venueJSON("w-1")},
		{key: "m-1", method: "GET", path: "/v1/merchants/m-1/venues/v-1"},
		{key: "m-1", method: "PUT", path: "/v1/merchants/m-1/venues/v-1", body: venueJSON("v-1")},
		{key: "m-1", method: "PUT", path: "/v1/merchants/m-1/venues/w-2", body: venueJSON("w-2")},
		{key: "m-1", method: "DELETE", path: "/v1/merchants/m-1/venues/w-2"},

		{key: "m-1", method: "GET", path: "/v1/campaigns"},
		{key: "m-1", method: "POST", path: "/v1/campaigns", body: campaignJSON("d-1", "v-1")},
		{key: "operator", method: "GET", path: "/v1/campaigns/c-1?merchant=m-1"},
		{key: "m-1", method: "PUT", path: "/v1/campaigns/c-1", body: campaignJSON("c-1", "v-1")},
		{key: "m-1", method: "PUT", path: "/v1/campaigns/d-2", body: campaignJSON("d-2", "w-1")},
		{key: "m-1", method: "GET", path: "/v1/campaigns/c-1/revisions"},
		{key: "m-1", method: "GET", path: "/v1/campaigns/c-1/revisions/2"},
		{key: "m-1", method: "POST", path: "/v1/campaigns/c-1/revisions/1/restore"},
		{key: "m-1", method: "POST", path: "/v1/campaigns/c-1/changes", body: staged},
		{key: "m-1", method: "GET", path: "/v1/campaigns/c-1/changes?state=scheduled"},
		{key: "m-5", method: "GET", path: "/v1/changes?state=pending&limit=1"},
		{key: "m-5b", method: "GET", path: "/v1/changes/" + ids[0]},
		{key: "m-5b", method: "POST", path: "/v1/changes/" + ids[0] + "/approve"},
		{key: "m-5b", method: "POST", path: "/v1/changes/" + ids[1] + "/reject", body: `{"note":"too much"}`},
		{key: "m-5", method: "POST", path: "/v1/changes/" + ids[2] + "/cancel", body: "{}"},
		{key: "m-5", method: "POST", path: "/v1/campaigns", body: campaignJSON("n", "v-5")},
		{key: "m-5", method: "PUT", path: "/v1/campaigns/c-5", body: campaignJSON("c-5", "v-5")},
		{key: "m-5", method: "POST", path: "/v1/campaigns/c-5/enable"},
		{key: "m-5", method: "POST", path: "/v1/campaigns/c-5/archive"},
		{key: "m-5", method: "POST", path: "/v1/campaigns/c-5/revisions/1/restore"},
		{key: "m-1", method: "GET", path: "/v1/audit"},
		{key: "operator", method: "GET", path: "/v1/audit"},
		{key: "m-1", method: "GET", path: "/v1/campaigns/c-1/report?from=2026-11-20&until=2026-12-03"},
		{key: "analyst", method: "GET", path: "/v1/campaigns/c-1/report?merchant=m-1&format=csv"},
		{key: "m-1", method: "GET", path: "/v1/merchants/m-1/report"},
		{key: "m-1", method: "POST", path: "/v1/campaigns/c-1/forecast"},
		{key: "analyst", method: "POST", path: "/v1/campaigns/c-1/forecast?merchant=m-1", body: `{"days":3,"base_weeks":1}`},
		{key: "m-1", method: "POST", path: "/v1/campaigns/d-1/disable"},
		{key: "m-1", method: "POST", path: "/v1/campaigns/d-1/enable", body: "{}"},
		{key: "m-1", method: "POST", path: "/v1/campaigns/d-1/archive"},

		{key: "m-1", method: "POST", path: "/v1/imports?kind=venues&dry_run=true", body: venueJSON("i-2") + "\n", kind: "application/x-ndjson"},
		{key: "m-1", method: "GET", path: "/v1/imports"},
		{key: "m-1", method: "GET", path: "/v1/imports/" + upload.ID},
		{key: "m-1", method: "GET", path: "/v1/imports/" + upload.ID + "/faults"},
		{key: "m-1", method: "POST", path: "/v1/imports", body: "{}\n", kind: "application/x-ndjson", header: map[string]string{"Prefer": "respond-async"}},
		{key: "m-1", method: "DELETE", path: "/v1/imports/" + waiting.ID},

		{key: "app", method: "DELETE", path: "/v1/users/u-%2F%20%E5%9B%9B"},
		{key: "operator", method: "GET", path: "/v1/erasures"},
		{key: "app", method: "GET", path: "/v1/erasures/" + erasure.ID},

		{key: "m-1", method: "GET", path: "/v1/webhooks?limit=1"},
		{key: "m-1", method: "POST", path: "/v1/webhooks", body: `{"url":"https://hooks.example/other","note":"of the till"}`},
		{key: "operator", method: "GET", path: "/v1/webhooks/" + hook.ID + "?merchant=m-1"},
		{key: "m-1", method: "PUT", path: "/v1/webhooks/" + hook.ID, body: `{"url":"https://hooks.example/in","disabled":true}`},
		{key: "m-1", method: "DELETE", path: "/v1/webhooks/" + gone.ID},
		{key: "m-1", method: "POST", path: "/v1/webhooks/" + hook.ID + "/rotate", body: `{"overlap_seconds":60}`},
		{key: "m-1", method: "POST", path: "/v1/webhooks/" + hook.ID + "/test"},
		{key: "m-1", method: "POST", path: "/v1/webhooks/" + hook.ID + "/replay", body: `{"since":"2026-11-24T09:00:00-05:00"}`},
		{key: "m-1", method: "GET", path: "/v1/webhooks/" + hook.ID + "/deliveries"},
		{key: "m-1", method: "GET", path: "/v1/webhooks/" + hook.ID + "/deliveries/" + test.ID},
		{key: "m-1", method: "POST", path: "/v1/webhooks/" + hook.ID + "/deliveries/" + test.ID + "/replay"},

		{key: "analyst", method: "GET", path: "/v1/scoring-profiles"},
		{key: "analyst", method: "GET", path: "/v1/scoring-profiles/default"},
		{key: "analyst", method: "POST", path: "/v1/scoring-profiles/default/versions", body: profile},
		{key: "analyst", method: "GET", path: "/v1/scoring-profiles/default/versions"},
		{key: "analyst", method: "GET", path: "/v1/scoring-profiles/default/versions/1"},
		{key: "analyst", method: "GET", path: "/v1/scoring-profiles/default/versions/1/belief"},
		{key: "analyst", method: "POST", path: "/v1/scoring-profiles/default/activate"},

		{key: "analyst", method: "POST", path: "/v1/experiments", body: experimentJSON("e-1", "default", 1)},
		{key: "analyst", method: "GET", path: "/v1/experiments?limit=1"},
		{key: "analyst", method: "GET", path: "/v1/experiments/e-1"},
		{key: "analyst", method: "PUT", path: "/v1/experiments/e-1", body: experimentJSON("e-1", "default", 1)},
		{key: "analyst", method: "PUT", path: "/v1/experiments/e-2", body: experimentJSON("e-2", "default", 1)},
		{key: "analyst", method: "POST", path: "/v1/experiments/e-1/start"},
		{key: "analyst", method: "GET", path: "/v1/experiments/e-1/results"},
		{key: "operator", method: "POST", path: "/v1/experiments/e-1/stop", body: `{"reason":"enough"}`},
		{key: "analyst", method: "GET", path: "/v1/experiments/e-1/versions"},
		{key: "analyst", method: "POST", path: "/v1/evaluations", body: `{"profiles":[{"name":"default"}],"seen":"answers"}`},
		{key: "analyst", method: "POST", path: "/v1/simulations", body: `{"profile":{"name":"default","version":1}}`},
		{key: "analyst", method: "GET", path: "/v1/evaluations/dataset"},

		{key: "operator", method: "PUT", path: "/v1/rates", body: rates, kind: "text/csv"},
		{key: "analyst", method: "GET", path: "/v1/rates"},
		{key: "operator", method: "GET", path: "/v1/keys"},
		{key: "operator", method: "POST", path: "/v1/keys", body: `{"role":"app"}`},
		{key: "operator", method: "DELETE", path: "/v1/keys/" + key.ID},

		{method: "GET", path: "/healthz"},
		{method: "GET", path: "/readyz"},
		{method: "GET", path: "/metrics"},
		{method: "GET", path: "/openapi.json"},
	} {
		got := w.ask(t, a)
		if got.status >= 300 {
			t.Errorf("%s %s: %d %s", a.method, a.path, got.status, got.body)
		}
		for _, o := range operations(t) {
			if o.matches(a.method, a.path) {
				seen[fmt.Sprint(o.id, got.status)] = true
			}
		}
		if location := got.header.Get("Location"); location != "" {
			w.get(t, a.key, location).want(t, http.StatusOK)
		}
	}
	for _, o := range operations(t) {
		for _, status := range o.good {
			if !seen[o.id+status] {
				t.Errorf("%s %s (%s): %s was never answered", o.method, o.path, o.id, status)
			}
		}
	}
}
