package api_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/sihai-network/sihai/engine/api"
	"github.com/sihai-network/sihai/engine/api/apitest"
)

// TestHealth asks a server that is well.
func TestHealth(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	var health struct {
		Status          string
		Catalog_Version uint64
	}
	w.get(t, "", "/healthz").want(t, 200).decode(t, &health)
	if health.Status != "ok" {
		t.Errorf("%+v", health)
	}
	w.get(t, "", "/readyz").want(t, 200).decode(t, &health)
	d := w.decide(t, "u")
	if health.Status != "ok" || health.Catalog_Version == 0 || health.Catalog_Version != d.Catalog_Version {
		t.Errorf("%+v, decided on %d", health, d.Catalog_Version)
	}
}

// TestDocumentIsServed compares what is served with the file.
func TestDocumentIsServed(t *testing.T) {
	want, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, apitest.Options{})
	if got := w.get(t, "", "/openapi.json").want(t, 200); !bytes.Equal(got.body, want) {
		t.Error("the document that is served is not openapi.json")
	}
}

// metrics reads /metrics.
func (w *world) metrics(t *testing.T, key string) map[string]*dto.MetricFamily {
	t.Helper()
	got := w.get(t, key, "/metrics").want(t, 200)
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(got.body))
	if err != nil {
		t.Fatalf("%v: %s", err, got.body)
	}
	return families
}

// metric returns a counter's or a gauge's value; labels are name, value, name, value …
func metric(families map[string]*dto.MetricFamily, name string, labels ...string) float64 {
	for _, m := range families[name].GetMetric() {
		var has []string
		for _, l := range m.GetLabel() {
			has = append(has, l.GetName(), l.GetValue())
		}
		if slices.Equal(has, labels) {
			return m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return 0
}

// TestMetricsMove does some things and reads what was counted.
func TestMetricsMove(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	before := w.metrics(t, "")
	const n = 3
	for range n {
		w.decide(t, "u")
		w.send(t, "app", "POST", "/v1/decisions", `{"placements":[{"id":"a","count":1}]}`).want(t, 200)
		w.send(t, "m-1", "POST", "/v1/campaigns/c-9/enable", "").want(t, 404)
		w.ask(t, ask{method: "BREW", path: "/v1/coffee", stray: true}).want(t, 404)
		w.ask(t, ask{method: "BREW-MORE", path: "/v1/decisions", stray: true}).want(t, 405)
	}
	after := w.metrics(t, "")
	for _, c := range []struct {
		by     float64
		name   string
		labels []string
	}{
		{2 * n, "sihai_http_requests_total", []string{"method", "POST", "route", "/v1/decisions", "status", "200"}},
		{n, "sihai_http_requests_total", []string{"method", "POST", "route", "/v1/campaigns/:id/enable", "status", "404"}},
		{n, "sihai_http_requests_total", []string{"method", "other", "route", "none", "status", "404"}},
		{2 * n, "sihai_http_request_duration_seconds", []string{"route", "/v1/decisions"}},
		{2 * n, "sihai_offers_total", nil},
		{n, "sihai_empty_placements_total", nil},
	} {
		if moved := metric(after, c.name, c.labels...) - metric(before, c.name, c.labels...); moved != c.by {
			t.Errorf("%s %v moved by %v, want %v", c.name, c.labels, moved, c.by)
		}
	}
	if got := metric(after, "sihai_catalog_listings"); got != 2 {
		t.Errorf("%v listings", got)
	}
	if got := len(after["sihai_http_requests_total"].GetMetric()); got > 20 {
		t.Errorf("%d series of requests", got)
	}
	for _, name := range []string{"go_goroutines", "process_open_fds", "sihai_catalog_version"} {
		if metric(after, name) == 0 {
			t.Errorf("no %s", name)
		}
	}
}

// TestMetricsForOperatorsOnly closes /metrics to others.
func TestMetricsForOperatorsOnly(t *testing.T) {
	w := newWorld(t, apitest.Options{Change: func(o *api.Options) { o.OperatorMetrics = true }})
	w.get(t, "", "/metrics").refused(t, 401, "key_required")
	w.get(t, "analyst", "/metrics").refused(t, 403, "forbidden")
	w.metrics(t, "operator")
}

// TestLocalKey serves a process of its own: a request without a key is the local key's, and one with a key is that key's.
func TestLocalKey(t *testing.T) {
	w := newWorld(t, apitest.Options{Change: func(o *api.Options) { o.Local.ID, o.Local.Role = "cli", "operator" }})
	w.ask(t, ask{method: "GET", path: "/v1/keys", wrong: true}).want(t, 200)
	w.get(t, "app", "/v1/keys").refused(t, 403, "forbidden")
	w.ask(t, ask{method: "GET", path: "/v1/keys", header: map[string]string{"Authorization": "Bearer none"}}).refused(t, 401, "key_unknown")
}

// TestShutdownLosesNothing goes down while requests are under way: they are answered, and all that was acknowledged is there after a new start.
func TestShutdownLosesNothing(t *testing.T) {
	w := newWorld(t, apitest.Options{Dir: t.TempDir()})
	upload := w.hold(t, ask{key: "m-2", method: "POST", path: "/v1/imports", kind: media["ndjson"]}, "")
	upload.rest = campaignJSON("late", "v-2") + "\n"
	upload.send(t, campaignJSON("early", "v-2")+"\n")
	venue := w.hold(t, ask{key: "m-2", method: "PUT", path: "/v1/merchants/m-2/venues/late"}, venueJSON("late"))
	var mu sync.Mutex
	var kept, decided []string
	var group sync.WaitGroup
	going := make(chan struct{}, 4)
	for worker := range 4 {
		group.Go(func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("w-%d-%d", worker, i)
				req := w.request(t, context.Background(), ask{key: "m-1", method: "PUT", path: "/v1/campaigns/" + id, body: campaignJSON(id, "v-1")}, nil)
				res, err := w.HTTP.Do(req)
				if err != nil {
					return // the server takes no more
				}
				_ = res.Body.Close()
				req = w.request(t, context.Background(), ask{key: "app", method: "POST", path: "/v1/decisions", body: hereJSON("u")}, nil)
				mu.Lock()
				if res.StatusCode == http.StatusCreated {
					kept = append(kept, id)
				}
				mu.Unlock()
				if res, err = w.HTTP.Do(req); err != nil {
					return
				}
				got := read(t, ask{method: "POST", path: "/v1/decisions"}, res)
				var d decisionJSON
				if got.status == http.StatusOK {
					got.decode(t, &d)
					mu.Lock()
					decided = append(decided, d.Decision_ID)
					mu.Unlock()
				}
				if i == 5 {
					going <- struct{}{}
				}
			}
		})
	}
	for range 4 {
		<-going
	}
	w.Drain()
	group.Wait() // connections are refused
	var i importJSON
	upload.finish(t).want(t, 200).decode(t, &i)
	if i.Difference.Added != 2 {
		t.Errorf("%+v", i)
	}
	venue.finish(t).want(t, 201)

	w.restart(t)
	if len(kept) < 20 || len(decided) < 20 {
		t.Errorf("%d campaigns and %d decisions acknowledged", len(kept), len(decided))
	}
	stored := w.listed(t, "m-1", "/v1/campaigns?limit=1000")
	for _, id := range kept {
		if !slices.Contains(stored, id) {
			t.Errorf("%s was acknowledged and is lost", id)
		}
	}
	for _, id := range decided {
		w.get(t, "analyst", "/v1/decisions/"+id).want(t, 200)
	}
	if got := w.listed(t, "m-2", "/v1/campaigns"); !slices.Equal(got, []string{"c-2", "early", "late"}) {
		t.Errorf("the upload left %v", got)
	}
	if got := w.listed(t, "m-2", "/v1/merchants/m-2/venues"); !slices.Equal(got, []string{"late", "v-2"}) {
		t.Errorf("venues %v", got)
	}
}

// TestDraining tells a server to go down: first it says that it is not ready, and still answers.
func TestDraining(t *testing.T) {
	w := newWorld(t, apitest.Options{Timeouts: api.Timeouts{Drain: time.Second}})
	w.Drain()
	eventually(t, "is not ready", func() bool { return w.get(t, "", "/readyz").status != 200 })
	got := w.get(t, "", "/readyz")
	got.refused(t, 503, "unavailable")
	if got.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	w.get(t, "", "/healthz").want(t, 200)
	w.decide(t, "u")
}

// TestShutdownCutsOff goes down with a request that never ends: it is cut off and that is told, and what it began is not there.
func TestShutdownCutsOff(t *testing.T) {
	dir := t.TempDir()
	w := newWorld(t, apitest.Options{Dir: dir})
	w.options.Timeouts.Shutdown = 1 // nanosecond
	w.restart(t)
	h := w.hold(t, ask{key: "m-1", method: "POST", path: "/v1/imports", kind: media["ndjson"]}, "")
	h.send(t, campaignFile("ndjson", 3, nil))
	w.HTTP.CloseIdleConnections()
	if err := w.End(); err == nil || !strings.Contains(err.Error(), "shut down") {
		t.Errorf("ended with %v", err)
	}
	h.abandon()
	if h.err == nil {
		t.Errorf("answered %v", h.res.Status)
	}
	w.options.Timeouts.Shutdown = 0
	w.open(t)
	if got := w.listed(t, "m-1", "/v1/campaigns"); !slices.Equal(got, []string{"c-1"}) {
		t.Errorf("left %v", got)
	}
}
