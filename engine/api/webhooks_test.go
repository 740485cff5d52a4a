package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sihai-network/sihai/engine/api/apitest"
)

// TestWebhookFaults tells everything that is wrong with a webhook, and lets no merchant name an address of the inside.
func TestWebhookFaults(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	for body, paths := range map[string]string{
		`{}`:                             "url",
		`{"url":"http://hooks.example"}`: "url",
		`{"url":"ftp://hooks.example","types":["a","test","import.finished"]}`:          "url types types",
		`{"url":"https://u:p@hooks.example/#x"}`:                                        "url url",
		`{"url":"https://127.0.0.1/"}`:                                                  "url",
		`{"url":"https://[::ffff:10.0.0.1]/"}`:                                          "url",
		`{"url":"https://2130706433/"}`:                                                 "url",
		`{"url":"https://0x7f000001/"}`:                                                 "url",
		`{"url":"https://0177.0.0.1/"}`:                                                 "url",
		`{"url":"https://localhost/"}`:                                                  "url",
		`{"url":"https:///x"}`:                                                          "url",
		`{"url":"https://hooks.example","types":["import.finished","import.finished"]}`: "types",
		`{"url":"https://hooks.example","merchant_id":"m-2"}`:                           "merchant_id",
		`{"url":"https://hooks.example","secret":"whsec_abc","x":1}`:                    "x",
	} {
		got := w.ask(t, ask{key: "m-1", method: "POST", path: "/v1/webhooks", body: body, wrong: true})
		if got.status != 422 {
			t.Errorf("%s: %d %s", body, got.status, got.body)
			continue
		}
		var told []string
		for _, f := range got.refused(t, 422, "invalid_input").Errors {
			told = append(told, f.Path)
		}
		if strings.Join(told, " ") != paths {
			t.Errorf("%s: faults at %v, want %s", body, told, paths)
		}
	}
	w.ask(t, ask{key: "operator", method: "POST", path: "/v1/webhooks?merchant=nobody", body: `{"url":"https://hooks.example"}`}).refused(t, 404, "not_found")
}

// TestWebhookSecretIsToldOnce looks for the secret in every other answer, and makes the same request again.
func TestWebhookSecretIsToldOnce(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	once := map[string]string{"Idempotency-Key": "k"}
	create := ask{key: "m-1", method: "POST", path: "/v1/webhooks", body: `{"url":"https://hooks.example"}`, header: once}
	var first, again, rotated struct {
		ID, Secret string
		Version    int
		Secrets    []struct{ Until string }
	}
	w.ask(t, create).want(t, 201).decode(t, &first)
	w.ask(t, create).want(t, 201).decode(t, &again)
	if first.ID != again.ID || !strings.HasPrefix(first.Secret, "whsec_") || again.Secret != "" {
		t.Errorf("%+v and then %+v", first, again)
	}
	w.send(t, "m-1", "POST", "/v1/webhooks/"+first.ID+"/rotate", "").want(t, 200).decode(t, &rotated)
	if rotated.Secret == "" || rotated.Secret == first.Secret || len(rotated.Secrets) != 2 || rotated.Secrets[1].Until == "" {
		t.Errorf("%+v", rotated)
	}
	for _, path := range []string{"/v1/webhooks", "/v1/webhooks/" + first.ID, "/v1/webhooks/" + first.ID + "/deliveries"} {
		if got := w.get(t, "m-1", path).want(t, 200); strings.Contains(string(got.body), "whsec_") {
			t.Errorf("%s: %s", path, got.body)
		}
	}
	w.ask(t, ask{key: "m-1", method: "PUT", path: "/v1/webhooks/" + first.ID, body: `{"url":"https://hooks.example/b"}`, header: map[string]string{"If-Match": `"1"`}}).refused(t, 412, "stale")
}

// TestWebhooksAreBounded makes as many as there may be, and one more.
func TestWebhooksAreBounded(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	for i := range 16 {
		w.send(t, "m-1", "POST", "/v1/webhooks", fmt.Sprintf(`{"url":"https://hooks.example/%d"}`, i)).want(t, 201)
	}
	w.send(t, "m-1", "POST", "/v1/webhooks", `{"url":"https://hooks.example/x"}`).refused(t, 422, "invalid_input")
	if got := w.listed(t, "m-1", "/v1/webhooks?limit=20"); len(got) != 16 {
		t.Errorf("%v", got)
	}
}
