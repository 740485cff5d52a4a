package api_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sihai-network/sihai/engine/api/apitest"
)

// FuzzRequest sends anything to each operation, by a key that may: whatever comes is answered or refused, and no fault of ours.
func FuzzRequest(f *testing.F) {
	w := newWorld(f, apitest.Options{})
	all := operations(f)
	for i, o := range all {
		body := ""
		switch o.id {
		case "decide":
			body = hereJSON("u")
		case "putCampaign", "createCampaign", "runImport":
			body = campaignJSON("c-1", "v-1")
		case "putVenue", "createVenue":
			body = venueJSON("v-1")
		case "putMerchant", "createMerchant":
			body = merchantJSON("m-1")
		case "putExperiment", "createExperiment":
			body = experimentJSON("c-1", "default", 1)
		}
		f.Add(uint8(i), "c-1", "merchant=m-1&limit=5", "application/json", `"1"`, "", body)
		f.Add(uint8(i), "../%2f", "cursor=_w&dry_run=true", "text/csv", "*", "k", "id\n\"")
		f.Add(uint8(i), "v-1", "kind=venues", "application/geo+json", `W/"1"`, "k", `{"type":"FeatureCollection","features":[{}]}`)
	}
	f.Fuzz(func(t *testing.T, op uint8, id, query, kind, tag, once, body string) {
		o := all[int(op)%len(all)]
		path := strings.NewReplacer("{merchant}", "m-1", "{id}", url.PathEscape(id), "{name}", url.PathEscape(id), "{delivery}", url.PathEscape(id)).Replace(o.path)
		a := ask{
			key: "operator", method: o.method, path: path, body: body, kind: kind,
			header: map[string]string{"If-Match": tag, "If-None-Match": tag, "Idempotency-Key": once, "traceparent": once},
		}
		req, err := http.NewRequestWithContext(context.Background(), a.method, w.URL+a.path, strings.NewReader(a.body))
		if err != nil {
			t.Skip("no such request can be sent")
		}
		req.URL.RawQuery = query
		req.Header.Set("Content-Type", kind)
		req.Header.Set("Authorization", "Bearer "+apitest.OperatorKey)
		for name, value := range a.header {
			if value != "" {
				req.Header.Set(name, value)
			}
		}
		res, err := w.HTTP.Do(req)
		if err != nil {
			t.Skip("no such request can be sent")
		}
		if res.Header.Get("X-Request-Id") == "" {
			_ = res.Body.Close()
			t.Skip("net/http refused what is no HTTP")
		}
		if got := read(t, a, res); got.status >= 500 || got.status < 200 {
			t.Errorf("%s %s?%s: %d %s", a.method, a.path, query, got.status, got.body)
		}
	})
}
