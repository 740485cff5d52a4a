package api_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine/api/apitest"
)

// repeated is a request with an idempotency key, and others that the key does not stand for.
type repeated struct {
	ask
	other  string // body
	path2  string // where an equal body means something else; empty: no such
	answer reply
}

// everyWrite is a request for each operation that takes an idempotency key.
func (w *world) everyWrite(t *testing.T) map[string]*repeated {
	t.Helper()
	d := w.decide(t, "u-1")
	w.send(t, "m-2", "POST", "/v1/campaigns", campaignJSON("old", "v-2")).want(t, 201)
	event := func(kind string) string {
		return fmt.Sprintf(`{"events":[{"type":%q,"decision_id":%q,"offer_id":"c-1@v-1"}]}`, kind, d.Decision_ID)
	}
	order := func(amount int) string {
		return fmt.Sprintf(`{"offer_id":"c-1@v-1","user":{"id":"u-1"},"purchase":{"amount":%d,"currency":"USD"}}`, amount)
	}
	var held, kept, used struct{ ID string }
	w.send(t, "app", "POST", "/v1/reservations", order(1000)).want(t, 201).decode(t, &held)
	w.send(t, "app", "POST", "/v1/reservations", order(1000)).want(t, 201).decode(t, &kept)
	w.send(t, "app", "POST", "/v1/redemptions", order(1000)).want(t, 201).decode(t, &used)
	w.send(t, "m-1", "PUT", "/v1/campaigns/again", campaignJSON("again", "v-1")).want(t, 201)
	ids := w.pendingChanges(t, 3)
	var hook, turned struct{ ID string } // disabled, so that nothing becomes of deliveries
	w.send(t, "m-1", "POST", "/v1/webhooks", `{"url":"https://hooks.example/a","disabled":true}`).want(t, 201).decode(t, &hook)
	w.send(t, "m-1", "POST", "/v1/webhooks", `{"url":"https://hooks.example/b","disabled":true}`).want(t, 201).decode(t, &turned)
	w.send(t, "m-1", "POST", "/v1/webhooks/"+hook.ID+"/test", "").want(t, 202)
	hooked, since := "/v1/webhooks/"+hook.ID, `{"since":"2026-11-24T09:00:00Z"}`
	for _, id := range []string{"x-1", "x-2"} {
		w.send(t, "analyst", "PUT", "/v1/experiments/"+id, experimentJSON(id, "default", 1)).want(t, 201)
	}
	staged := func(at string) string { return `{"live_at":"` + at + `","status":"disabled"}` }
	return map[string]*repeated{
		"stageChange":             {ask: ask{key: "m-1", path: "/v1/campaigns/again/changes", body: staged("2027-01-01T00:00:00Z")}, other: staged("2027-01-02T00:00:00Z"), path2: "/v1/campaigns/c-1/changes"},
		"restoreCampaignRevision": {ask: ask{key: "m-1", path: "/v1/campaigns/again/revisions/1/restore"}, other: "{}"},
		"approveChange":           {ask: ask{key: "m-5b", path: "/v1/changes/" + ids[0] + "/approve"}, other: "{}", path2: "/v1/changes/" + ids[1] + "/approve"},
		"rejectChange":            {ask: ask{key: "m-5b", path: "/v1/changes/" + ids[1] + "/reject", body: `{"note":"too much"}`}, other: "{}", path2: "/v1/changes/" + ids[1] + "/approve"},
		"cancelChange":            {ask: ask{key: "m-5", path: "/v1/changes/" + ids[2] + "/cancel"}, other: "{}"},
		"reserve":                 {ask: ask{key: "app", path: "/v1/reservations", body: order(1000)}, other: order(2000), path2: "/v1/redemptions"},
		"redeem":                  {ask: ask{key: "app", path: "/v1/redemptions", body: order(1000)}, other: order(2000), path2: "/v1/reservations"},
		"confirmReservation":      {ask: ask{key: "app", path: "/v1/reservations/" + held.ID + "/confirm"}, other: "{}", path2: "/v1/reservations/" + held.ID + "/release"},
		"releaseReservation":      {ask: ask{key: "app", path: "/v1/reservations/" + kept.ID + "/release"}, other: "{}", path2: "/v1/reservations/" + kept.ID + "/confirm"},
		"rollBackRedemption":      {ask: ask{key: "app", path: "/v1/redemptions/" + used.ID + "/rollbacks", body: `{"amount":{"amount":10,"currency":"USD"}}`}, other: "{}"},
		"addCodes":                {ask: ask{key: "m-2", path: "/v1/campaigns/old/codes", body: `{"generate":3}`}, other: `{"generate":4}`},
		"decide":                  {ask: ask{key: "app", path: "/v1/decisions", body: hereJSON("u-1")}, other: hereJSON("u-2")},
		"takeEvents":              {ask: ask{key: "app", path: "/v1/events", body: event("click")}, other: event("save")},
		"createMerchant":          {ask: ask{key: "operator", path: "/v1/merchants", body: merchantJSON("x")}, other: merchantJSON("y")},
		"createVenue":             {ask: ask{key: "m-1", path: "/v1/merchants/m-1/venues", body: venueJSON("x")}, other: venueJSON("y")},
		"createCampaign":          {ask: ask{key: "m-1", path: "/v1/campaigns", body: campaignJSON("x", "v-1")}, other: campaignJSON("y", "v-1"), path2: "/v1/campaigns?merchant=m-1"},
		"enableCampaign":          {ask: ask{key: "m-1", path: "/v1/campaigns/c-1/enable"}, other: "{}", path2: "/v1/campaigns/c-1/disable"},
		"disableCampaign": {ask: ask{key: "operator", path: "/v1/campaigns/c-2/disable?merchant=m-2"}, other: "{}",
			path2: "/v1/campaigns/c-2/archive?merchant=m-2"},
		"archiveCampaign": {ask: ask{key: "m-2", path: "/v1/campaigns/old/archive"}, other: "{}", path2: "/v1/campaigns/old/disable"},
		"runImport": {ask: ask{key: "m-1", path: "/v1/imports?kind=venues", body: venueJSON("i-1"), kind: "application/x-ndjson"}, other: venueJSON("i-2"),
			path2: "/v1/imports?kind=venues&partial=true"},
		"addScoringProfileVersion": {ask: ask{key: "analyst", path: "/v1/scoring-profiles/default/versions", body: `{"weights":{"distance":1}}`}, other: `{"weights":{"distance":2}}`,
			path2: "/v1/scoring-profiles/another/versions"},
		"activateScoringProfile": {ask: ask{key: "analyst", path: "/v1/scoring-profiles/default/activate", body: `{"version":1}`}, other: `{}`},
		"createExperiment":       {ask: ask{key: "analyst", path: "/v1/experiments", body: experimentJSON("x-3", "default", 1)}, other: experimentJSON("x-4", "default", 1)},
		"startExperiment":        {ask: ask{key: "analyst", path: "/v1/experiments/x-1/start"}, other: "{}", path2: "/v1/experiments/x-2/start"},
		"stopExperiment":         {ask: ask{key: "analyst", path: "/v1/experiments/x-2/stop", body: `{"reason":"enough"}`}, other: "{}", path2: "/v1/experiments/x-1/stop"},
		"createWebhook": {ask: ask{key: "m-1", path: "/v1/webhooks", body: `{"url":"https://hooks.example/c","disabled":true}`}, other: `{"url":"https://hooks.example/d"}`,
			path2: "/v1/webhooks?merchant=m-1"},
		"rotateWebhookSecret": {ask: ask{key: "m-1", path: "/v1/webhooks/" + turned.ID + "/rotate", body: `{"overlap_seconds":60}`}, other: "{}", path2: hooked + "/rotate"},
		"testWebhook":         {ask: ask{key: "m-1", path: hooked + "/test"}, other: "{}", path2: "/v1/webhooks/" + turned.ID + "/test"},
		"replayWebhook":       {ask: ask{key: "m-1", path: hooked + "/replay", body: since}, other: `{"since":"2026-11-25T09:00:00Z"}`, path2: "/v1/webhooks/" + turned.ID + "/replay"},
		"replayDelivery":      {ask: ask{key: "m-1", path: hooked + "/deliveries/1/replay"}, other: "{}", path2: hooked + "/deliveries/2/replay"},
		"createKey":           {ask: ask{key: "operator", path: "/v1/keys", body: `{"role":"app","note":"once"}`}, other: `{"role":"analyst"}`},
	}
}

// TestOnce does each write twice with one idempotency key, and again after a new start, and then asks with the key for something else.
func TestOnce(t *testing.T) {
	w := newWorld(t, apitest.Options{Dir: t.TempDir()})
	writes := w.everyWrite(t)
	for _, o := range operations(t) {
		if o.method == http.MethodPost && o.id != "validateOrder" && o.id != "replayDecision" && o.id != "forecastCampaign" && o.id != "evaluate" && o.id != "simulate" && writes[o.id] == nil {
			t.Errorf("%s is not among the writes of this test", o.id)
		}
	}
	for id, c := range writes {
		c.method, c.header = http.MethodPost, map[string]string{"Idempotency-Key": "once/" + id}
		c.answer = w.ask(t, c.ask)
		if c.answer.status >= 300 {
			t.Fatalf("%s: %d %s", id, c.answer.status, c.answer.body)
		}
		w.pass(time.Second)
	}
	before := w.everything(t)
	again := func(t *testing.T) {
		for id, c := range writes {
			got := w.ask(t, c.ask)
			if id == "createKey" || id == "createWebhook" || id == "rotateWebhookSecret" { // its secret is told once
				c.answer.sameButSecret(t, id, got)
				continue
			}
			got.same(t, c.answer)
		}
		for _, c := range writes {
			other := c.ask
			other.body = c.other
			w.ask(t, other).refused(t, 422, "idempotency_key_reused")
			if c.path2 != "" {
				other = c.ask
				other.path = c.path2
				w.ask(t, other).refused(t, 422, "idempotency_key_reused")
			}
		}
		if after := w.everything(t); after != before {
			t.Errorf("something changed:\n%s\n%s", before, after)
		}
	}
	t.Run("again", again)
	w.restart(t)
	t.Run("after a new start", again)
}

// sameButSecret compares the answer that tells a secret with the same one again, which must not.
func (r reply) sameButSecret(t *testing.T, id string, again reply) {
	t.Helper()
	var first, second map[string]any
	r.decode(t, &first)
	again.decode(t, &second)
	if secret, told := second["secret"]; told || first["secret"] == nil {
		t.Errorf("%s: first %v, and then %v", id, first["secret"], secret)
	}
	for _, m := range []map[string]any{first, second} {
		delete(m, "secret")
		delete(m, "secrets")
	}
	if r.status != again.status || !reflect.DeepEqual(first, second) {
		t.Errorf("%s: first %d %v, and then %d %v", id, r.status, first, again.status, second)
	}
}

// everything is what can be listed, in text.
func (w *world) everything(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, path := range []string{
		"/v1/merchants", "/v1/merchants/m-1/venues", "/v1/merchants/m-2/venues", "/v1/campaigns?merchant=m-1", "/v1/campaigns?merchant=m-2",
		"/v1/campaigns/c-1/revisions?merchant=m-1", "/v1/webhooks?merchant=m-1", "/v1/imports?merchant=m-1", "/v1/scoring-profiles", "/v1/scoring-profiles/default/versions", "/v1/keys",
		"/v1/ledger/movements", "/v1/changes?merchant=m-1", "/v1/changes?merchant=m-5", "/v1/audit", "/v1/audit?merchant=m-1", "/v1/audit?merchant=m-2", "/v1/audit?merchant=m-5",
	} {
		all.Write(w.get(t, "operator", path).want(t, 200).body)
	}
	return all.String()
}

// TestOnceIsOfItsCaller uses one idempotency key with the keys of two callers, who do not meet.
func TestOnceIsOfItsCaller(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	for _, n := range []string{"1", "2"} {
		a := ask{key: "m-" + n, method: "POST", path: "/v1/campaigns", body: campaignJSON("x", "v-"+n), header: map[string]string{"Idempotency-Key": "mine"}}
		first := w.ask(t, a).want(t, 201)
		w.ask(t, a).same(t, first)
	}
}

// TestOnceOfWhatFailed repeats a refused request with its faults mended: a refusal wrote nothing that the key could stand for.
func TestOnceOfWhatFailed(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	a := ask{key: "m-1", method: "POST", path: "/v1/campaigns", body: campaignJSON("x", "v-9"), header: map[string]string{"Idempotency-Key": "k"}}
	w.ask(t, a).want(t, 422)
	a.body = campaignJSON("x", "v-1")
	w.ask(t, a).want(t, 201)
}

// TestOnceKeyBounds sends keys that are too long.
func TestOnceKeyBounds(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	a := ask{key: "m-1", method: "POST", path: "/v1/campaigns", body: campaignJSON("x", "v-1"), header: map[string]string{"Idempotency-Key": strings.Repeat("k", 256)}}
	w.ask(t, a).faults(t, "Idempotency-Key too_long")
	a.header["Idempotency-Key"] = strings.Repeat("k", 255)
	w.ask(t, a).want(t, 201)
}

// TestRefusedImportAgain repeats an upload with faulty rows: its report comes again.
func TestRefusedImportAgain(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	a := ask{key: "m-1", method: "POST", path: "/v1/imports", body: campaignJSON("x", "v-9"), kind: "application/x-ndjson", header: map[string]string{"Idempotency-Key": "k"}}
	first := w.ask(t, a)
	first.refused(t, 422, "import_refused")
	w.ask(t, a).same(t, first)
	a.body = campaignJSON("x", "v-1")
	w.ask(t, a).refused(t, 422, "idempotency_key_reused")
}

// TestOnceInProgress asks again while the first request is still being sent.
func TestOnceInProgress(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	for id, c := range w.everyWrite(t) {
		c.method, c.header = http.MethodPost, map[string]string{"Idempotency-Key": "busy/" + id}
		body := c.body
		if body == "" {
			body = "{}"
		}
		h := w.hold(t, c.ask, body)
		got := w.ask(t, c.ask)
		got.refused(t, 409, "in_progress")
		if got.header.Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", id)
		}
		if first := h.finish(t); first.status >= 300 {
			t.Errorf("%s: %d %s", id, first.status, first.body)
		}
	}
}

// held is a request of which the body has not come yet.
type held struct {
	ask  ask
	rest string
	pipe *io.PipeWriter
	done chan struct{}
	res  *http.Response
	err  error
}

// hold sends the head of a request and returns once the server waits for its body.
func (w *world) hold(t testing.TB, a ask, body string) *held {
	t.Helper()
	src, pipe := io.Pipe()
	h := &held{ask: a, rest: body, pipe: pipe, done: make(chan struct{})}
	waits := make(chan struct{})
	ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{Got100Continue: func() { close(waits) }})
	req := w.request(t, ctx, a, src)
	req.Header.Set("Expect", "100-continue")
	own := &http.Client{Transport: &http.Transport{ExpectContinueTimeout: time.Minute, DisableKeepAlives: true}}
	go func() {
		defer close(h.done)
		h.res, h.err = own.Do(req)
	}()
	select {
	case <-waits:
	case <-h.done:
		t.Fatalf("%s %s: answered before its body came: %v, %v", a.method, a.path, h.res, h.err)
	}
	return h
}

// send sends a part of the body.
func (h *held) send(t testing.TB, part string) {
	t.Helper()
	if _, err := io.WriteString(h.pipe, part); err != nil {
		t.Fatal(err)
	}
}

// finish sends the rest of the body and returns the answer.
func (h *held) finish(t testing.TB) reply {
	t.Helper()
	h.send(t, h.rest)
	_ = h.pipe.Close() // never fails
	<-h.done
	if h.err != nil {
		t.Fatal(h.err)
	}
	return read(t, h.ask, h.res)
}

// abandon hangs up in the middle of the body.
func (h *held) abandon() {
	_ = h.pipe.CloseWithError(io.ErrClosedPipe) // never fails
	<-h.done
}
