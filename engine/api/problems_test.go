package api_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/api"
	"github.com/sihai-network/sihai/engine/api/apitest"
)

// TestRefusals provokes each class of refusal that a request can earn by itself.
func TestRefusals(t *testing.T) {
	w := newWorld(t, apitest.Options{Change: func(o *api.Options) {
		o.MaxBodyBytes, o.MaxUploadBytes, o.MaxRows = 2000, 10_000, 3
	}})
	long := `{"id":"x","name":{"en":"` + strings.Repeat("x", 2000) + `"}}`
	for name, c := range map[string]struct {
		ask
		status int
		code   string
	}{
		"no JSON":                 {ask{key: "app", method: "POST", path: "/v1/decisions", body: `{"placements":[`}, 400, "malformed"},
		"two values":              {ask{key: "m-1", method: "PUT", path: "/v1/merchants/m-1", body: merchantJSON("m-1") + "{}"}, 400, "malformed"},
		"no body":                 {ask{key: "m-1", method: "PUT", path: "/v1/merchants/m-1"}, 400, "malformed"},
		"other media type":        {ask{key: "app", method: "POST", path: "/v1/decisions", body: hereJSON("u"), kind: "text/plain"}, 415, "unsupported_media_type"},
		"media type of a form":    {ask{key: "m-1", method: "POST", path: "/v1/campaigns", body: "id=x", kind: "application/x-www-form-urlencoded"}, 415, "unsupported_media_type"},
		"rates that are no CSV":   {ask{key: "operator", method: "PUT", path: "/v1/rates", body: "{}"}, 415, "unsupported_media_type"},
		"unknown coding":          {ask{key: "m-1", method: "POST", path: "/v1/imports", body: "x", kind: "text/csv", header: map[string]string{"Content-Encoding": "br"}}, 415, "unsupported_media_type"},
		"not the coding it says":  {ask{key: "m-1", method: "POST", path: "/v1/imports", body: "id\n1\n", kind: "text/csv", header: map[string]string{"Content-Encoding": "gzip"}}, 400, "malformed"},
		"long body":               {ask{key: "m-1", method: "PUT", path: "/v1/merchants/m-1", body: long}, 413, "too_large"},
		"long upload":             {ask{key: "m-1", method: "POST", path: "/v1/imports", body: strings.Repeat(" ", 10_001), kind: "application/x-ndjson"}, 413, "too_large"},
		"query that is none":      {ask{key: "m-1", method: "GET", path: "/v1/campaigns?limit=%zz"}, 400, "malformed"},
		"JSON behind faults":      {ask{key: "m-1", method: "PUT", path: "/v1/merchants/m-1", body: `{"id":7,"nme":{},`}, 400, "malformed"},
		"unknown decision":        {ask{key: "analyst", method: "GET", path: "/v1/decisions/00000000-0000-7000-8000-000000000000"}, 404, "not_found"},
		"ID that cannot be one":   {ask{key: "analyst", method: "GET", path: "/v1/decisions/x%2Fy%00"}, 404, "not_found"},
		"unknown key":             {ask{key: "operator", method: "DELETE", path: "/v1/keys/key_none"}, 404, "not_found"},
		"unknown profile":         {ask{key: "analyst", method: "POST", path: "/v1/scoring-profiles/none/activate"}, 404, "not_found"},
		"unknown profile version": {ask{key: "analyst", method: "POST", path: "/v1/scoring-profiles/default/activate", body: `{"version":99}`}, 404, "not_found"},
	} {
		t.Run(name, func(t *testing.T) {
			c.wrong = true
			w.ask(t, c.ask).refused(t, c.status, c.code)
		})
	}
	t.Run("just short enough", func(t *testing.T) {
		w.ask(t, ask{key: "m-1", method: "POST", path: "/v1/imports", body: strings.Repeat(" ", 9999) + "\n", kind: "application/x-ndjson"}).want(t, 200)
	})
	t.Run("too many rows", func(t *testing.T) {
		body := strings.Repeat("{}\n", 4)
		w.ask(t, ask{key: "m-1", method: "POST", path: "/v1/imports", body: body, kind: "application/x-ndjson"}).faults(t, "too_many")
	})
}

// TestPathsThatAreNotThere asks beside the routes.
func TestPathsThatAreNotThere(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	for _, path := range []string{"/", "/v1", "/v1/", "/v2/decisions", "/v1/campaigns/", "/v1/merchants/m-1/venues/v-1/x", "/metrics/", "/..%2f"} {
		for _, key := range []string{"", "operator"} {
			w.ask(t, ask{key: key, method: "GET", path: path, stray: true}).refused(t, 404, "not_found")
		}
	}
	for path, allow := range map[string]string{
		"/v1/decisions": "POST", "/v1/merchants": "GET, POST", "/v1/merchants/m-1/venues/v-1": "DELETE, GET, PUT", "/v1/rates": "GET, PUT", "/healthz": "GET",
	} {
		got := w.ask(t, ask{key: "operator", method: "PATCH", path: path, stray: true})
		got.refused(t, 405, "method_not_allowed")
		told := strings.Split(got.header.Get("Allow"), ", ")
		for _, method := range strings.Split(allow, ", ") {
			if !strings.Contains(got.header.Get("Allow"), method) || len(told) != strings.Count(allow, ",")+1 {
				t.Errorf("%s: Allow is %v, want %s", path, told, allow)
			}
		}
	}
}

// TestAllFaultsAtOnce sends bodies with many faults, some of the shape and some of the meaning.
func TestAllFaultsAtOnce(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	for name, c := range map[string]struct {
		ask
		faults []string
	}{
		"decision": {
			ask{key: "app", method: "POST", path: "/v1/decisions", body: `{"user":{"home_country":"CHN","langages":["zh"],"languages":["zh","not a tag"]},
				"location":{"lat":91,"lon":"east"},"currency":"XXZ","radius":-1,"explain":"some","placements":[{"id":"a","count":0},{"id":"a","count":10.5},{"count":1}]}`},
			[]string{
				"user.home_country invalid", "user.langages unknown_field", "user.languages[1] invalid", "location.lat out_of_range", "location.lon wrong_type",
				"currency invalid", "radius out_of_range", "explain invalid", "placements[0].count out_of_range", "placements[1].id duplicate", "placements[1].count wrong_type", "placements[2].id required",
			},
		},
		"campaign": {
			ask{key: "m-1", method: "POST", path: "/v1/campaigns", body: `{"id":"a b","title":{},"colour":"red","discount":{"type":"percent","percent":12.345,"max":{"amount":5,"currency":"US"}},
				"venues":{},"geofences":[{"circle":{"lat":1,"lon":1,"radius":100}},{"circle":{"lat":1,"lon":1,"radius":0}}],"flight":{"start":"soon","windows":[{"from":"25:00","to":"10:00"}]},
				"audience":{"home_countries":["CN","C1"],"expression":"user.("},"budgets":[{"metric":"spend","limit":0}],"frequency_caps":[{"count":1,"window":"daily"}]}`},
			[]string{
				"id invalid", "title required", "colour unknown_field", "discount.percent invalid", "discount.max.currency invalid", "venues required", "geofences[1].circle.radius out_of_range",
				"flight.start invalid", "flight.windows[0].from invalid", "audience.home_countries[1] invalid", "audience.expression invalid",
				"budgets[0].limit out_of_range", "budgets[0].currency required", "frequency_caps[0].window invalid",
			},
		},
		"venue": {
			ask{key: "m-1", method: "POST", path: "/v1/merchants/m-1/venues", body: `{"name":{"en":7},"lat":-90.5,"category":"food","time_zone":"Mars/Olympus","opening_hours":{"mon":["9-5"],"noday":[]}}`},
			[]string{"id required", "name.en wrong_type", "lat out_of_range", "lon required", "category invalid", "time_zone unknown_zone", "opening_hours.mon[0] invalid", "opening_hours.noday unknown_field"},
		},
		"merchant": {ask{key: "operator", method: "POST", path: "/v1/merchants", body: `{"id":"a/b","name":{"no tag":"x"}}`}, []string{"id invalid", "name.no tag invalid"}},
		"key":      {ask{key: "operator", method: "POST", path: "/v1/keys", body: `{"role":"owner","secret":"mine","colour":1}`}, []string{"role invalid", "colour unknown_field"}},
		"events": {
			ask{key: "app", method: "POST", path: "/v1/events", body: `{"events":[{"type":"seen","decision_id":"x","offer_id":"c-1@v-1"},{"type":"click","offer_id":"c-1"}]}`},
			[]string{"events[0].type invalid", "events[1].decision_id required", "events[1].offer_id invalid"},
		},
		"profile": {
			ask{key: "analyst", method: "POST", path: "/v1/scoring-profiles/default/versions", body: `{"weights":{"distance":"much","nearness":1},"flor":1}`},
			[]string{"weights.distance wrong_type", "flor unknown_field"},
		},
		"rates":      {ask{key: "operator", method: "PUT", path: "/v1/rates", body: "Date,USD,CNY\n2026-11-20,-1,7.9\nyesterday,1,1\n", kind: "text/csv"}, []string{"rows[2].USD invalid", "rows[3].Date invalid"}},
		"import":     {ask{key: "m-1", method: "POST", path: "/v1/imports?kind=shops&dry_run=maybe&partial=2", body: "x", kind: "text/csv"}, []string{"dry_run invalid", "partial invalid"}},
		"misspelt":   {ask{key: "m-1", method: "POST", path: "/v1/imports?dryrun=true", body: "x", kind: "text/csv"}, []string{"dryrun unknown_field"}},
		"the path's": {ask{key: "m-1", method: "PUT", path: "/v1/campaigns/x", body: campaignJSON("y", "v-1")}, []string{"id invalid"}},
		"verb":       {ask{key: "m-1", method: "POST", path: "/v1/campaigns/c-1/disable", body: `{"until":"2027-01-01"}`}, []string{"unknown_field"}},
	} {
		t.Run(name, func(t *testing.T) {
			c.wrong = true
			w.ask(t, c.ask).faults(t, c.faults...)
		})
	}
}

// TestRateLimit asks faster than a key may, by a clock that stands still.
func TestRateLimit(t *testing.T) {
	const burst = 20
	w := newWorld(t, apitest.Options{Change: func(o *api.Options) { o.RatePerSecond, o.RateBurst = 2, burst }})
	for range burst {
		w.send(t, "app", "POST", "/v1/decisions", hereJSON("u")).want(t, 200)
	}
	got := w.send(t, "app", "POST", "/v1/decisions", hereJSON("u"))
	got.refused(t, 429, "rate_limited")
	if got.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	w.send(t, "analyst", "POST", "/v1/decisions", hereJSON("u")).want(t, 200) // another key has its own
	w.get(t, "", "/healthz").want(t, 200)
	w.pass(time.Second)
	for range 2 {
		w.send(t, "app", "POST", "/v1/decisions", hereJSON("u")).want(t, 200)
	}
	w.send(t, "app", "POST", "/v1/decisions", hereJSON("u")).refused(t, 429, "rate_limited")
}

// failing is a decider that fails as it is told.
type failing struct {
	engine.Decider
	with func() error
}

func (f failing) Decide(context.Context, *engine.Request, *engine.Once) (*engine.Decision, error) {
	return nil, f.with()
}

// logbook keeps a log.
type logbook struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// TestOurOwnFailures lets a part of the server fail: the cause is in the log and not in the answer, and the server lives on.
func TestOurOwnFailures(t *testing.T) {
	const cause = "the disk at /var/secret is on fire"
	for name, c := range map[string]struct {
		with   func() error
		status int
		code   string
	}{
		"panic":         {func() error { panic(cause) }, 500, "internal"},
		"unknown error": {func() error { return errors.New(cause) }, 500, "internal"},
		"corrupt":       {func() error { return errors.Join(engine.ErrCorrupt, errors.New(cause)) }, 500, "internal"},
		"unavailable":   {func() error { return errors.Join(engine.ErrUnavailable, errors.New(cause)) }, 503, "unavailable"},
		"too slow":      {func() error { return errors.Join(context.DeadlineExceeded, errors.New(cause)) }, 503, "timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			log := new(logbook)
			w := newWorld(t, apitest.Options{
				Logger: slog.New(slog.NewJSONHandler(log, nil)),
				Change: func(o *api.Options) { o.Decider = failing{o.Decider, c.with} },
			})
			got := w.send(t, "app", "POST", "/v1/decisions", hereJSON("u"))
			got.refused(t, c.status, c.code)
			if bytes.Contains(got.body, []byte("fire")) || bytes.Contains(got.body, []byte("goroutine")) {
				t.Errorf("the cause is told: %s", got.body)
			}
			if (got.header.Get("Retry-After") != "") != (c.status == 503) {
				t.Errorf("Retry-After is %q", got.header.Get("Retry-After"))
			}
			if !strings.Contains(log.String(), cause) || !strings.Contains(log.String(), got.header.Get("X-Request-Id")) {
				t.Errorf("the cause is not in the log: %s", log)
			}
			w.get(t, "", "/readyz").want(t, 200)
		})
	}
}

// unpublished has no snapshot.
type unpublished struct{ engine.Snapshots }

func (unpublished) Snapshot() *engine.Snapshot { return nil }

// TestBeforeTheFirstSnapshot asks a server that cannot decide yet.
func TestBeforeTheFirstSnapshot(t *testing.T) {
	w := &world{keys: map[string]string{"operator": apitest.OperatorKey}}
	w.options = apitest.Options{Change: func(o *api.Options) { o.Snapshots = unpublished{o.Snapshots} }}
	w.open(t)
	w.get(t, "", "/healthz").want(t, 200)
	w.get(t, "", "/openapi.json").want(t, 200)
	w.get(t, "", "/metrics").want(t, 200)
	for _, got := range []reply{w.get(t, "", "/readyz"), w.send(t, "operator", "POST", "/v1/decisions", hereJSON("u")), w.get(t, "operator", "/v1/merchants")} {
		got.refused(t, 503, "unavailable")
		if got.header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
	}
}

// TestNewNeedsItsParts leaves parts out.
func TestNewNeedsItsParts(t *testing.T) {
	if _, err := api.New(api.Options{}); err == nil {
		t.Error("an API without parts was made")
	}
}

// TestTraceIsCarriedOn sends trace contexts, valid and not.
func TestTraceIsCarriedOn(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	const id = "4bf92f3577b34da6a3ce929d0e0e4736"
	for header, kept := range map[string]bool{
		"00-" + id + "-00f067aa0ba902b7-01":                       true,
		"cc-" + id + "-00f067aa0ba902b7-01-more":                  true,
		"ff-" + id + "-00f067aa0ba902b7-01":                       false,
		"00-00000000000000000000000000000000-00f067aa0ba902b7-01": false,
		"00-" + strings.ToUpper(id) + "-00f067aa0ba902b7-01":      false,
		"00-" + id:                  false,
		id + "-\"><script>-00-x-01": false,
	} {
		got := w.ask(t, ask{method: http.MethodGet, path: "/healthz", header: map[string]string{"traceparent": header}})
		if (got.header.Get("X-Request-Id") == id) != kept {
			t.Errorf("%q: X-Request-Id is %q", header, got.header.Get("X-Request-Id"))
		}
	}
}
