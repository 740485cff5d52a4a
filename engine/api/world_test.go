package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine/api/apitest"
)

// noon is when these worlds begin: a Tuesday on which nothing special happens.
var noon = time.Date(2026, 11, 24, 17, 0, 0, 0, time.UTC)

// readDocument parses the checked-in document once for all tests.
var readDocument = sync.OnceValues(func() (*apitest.Document, error) {
	data, err := os.ReadFile("openapi.json")
	if err != nil {
		return nil, err
	}
	return apitest.ParseDocument(data)
})

func checkedDocument(t testing.TB) *apitest.Document {
	t.Helper()
	doc, err := readDocument()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// world is a server with two merchants and a key of each role, by a clock that tests set.
type world struct {
	*apitest.World
	options apitest.Options
	clock   *atomic.Int64 // nanoseconds after noon
	checked *http.Client
	keys    map[string]string // operator, app, analyst, m-1, m-2, revoked → secret
}

// newWorld opens a world and fills it over the API: merchant m-1 has venue v-1 with campaign c-1 in Miami Beach, merchant m-2 venue v-2 with campaign
// c-2 next to it.
func newWorld(t testing.TB, o apitest.Options) *world {
	t.Helper()
	w := &world{clock: new(atomic.Int64), keys: map[string]string{"operator": apitest.OperatorKey}}
	if o.Now == nil {
		o.Now = func() time.Time { return noon.Add(time.Duration(w.clock.Load())) }
	}
	w.options = o
	w.open(t)
	for _, n := range []string{"1", "2"} {
		w.send(t, "operator", http.MethodPut, "/v1/merchants/m-"+n, merchantJSON("m-"+n)).want(t, 201)
		w.send(t, "operator", http.MethodPut, "/v1/merchants/m-"+n+"/venues/v-"+n, venueJSON("v-"+n)).want(t, 201)
		w.send(t, "operator", http.MethodPut, "/v1/campaigns/c-"+n+"?merchant=m-"+n, campaignJSON("c-"+n, "v-"+n)).want(t, 201)
		w.keys["m-"+n] = w.newKey(t, `{"role":"merchant","merchant_id":"m-`+n+`"}`).Secret
	}
	for _, role := range []string{"app", "analyst"} {
		w.keys[role] = w.newKey(t, `{"role":"`+role+`"}`).Secret
	}
	revoked := w.newKey(t, `{"role":"operator","note":"lost"}`)
	w.keys["revoked"] = revoked.Secret
	w.send(t, "operator", http.MethodDelete, "/v1/keys/"+revoked.ID, "").want(t, 200)
	return w
}

func (w *world) open(t testing.TB) {
	t.Helper()
	w.World = apitest.Open(t, w.options)
	w.checked = &http.Client{Transport: apitest.NewChecker(t, checkedDocument(t), w.HTTP.Transport)}
}

// restart ends everything and opens it again on the same folder.
func (w *world) restart(t testing.TB) {
	t.Helper()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	w.open(t)
}

// pass lets time go by.
func (w *world) pass(d time.Duration) { w.clock.Add(int64(d)) }

type keyJSON struct{ ID, Secret string }

func (w *world) newKey(t testing.TB, body string) (k keyJSON) {
	t.Helper()
	w.send(t, "operator", http.MethodPost, "/v1/keys", body).want(t, 201).decode(t, &k)
	return k
}

// ask is a request.
type ask struct {
	key          string // of world.keys; empty: none
	method, path string
	body         string
	kind         string // media type of the body; empty: JSON
	header       map[string]string
	wrong        bool // breaks the document on purpose
	stray        bool // asks for what the document does not have
}

// reply is an answer.
type reply struct {
	ask    ask
	status int
	header http.Header
	body   []byte
}

func (w *world) send(t testing.TB, key, method, path, body string) reply {
	t.Helper()
	return w.ask(t, ask{key: key, method: method, path: path, body: body})
}

func (w *world) get(t testing.TB, key, path string) reply {
	t.Helper()
	return w.send(t, key, http.MethodGet, path, "")
}

// ask sends a request, holds it and its answer against the document, and each refusal against RFC 9457.
func (w *world) ask(t testing.TB, a ask) reply {
	t.Helper()
	ctx := context.Background()
	switch {
	case a.stray:
		ctx = apitest.Stray(ctx)
	case a.wrong:
		ctx = apitest.Wrong(ctx)
	}
	req := w.request(t, ctx, a, nil)
	res, err := w.checked.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", a.method, a.path, err)
	}
	return read(t, a, res)
}

// request makes the request of an ask; body, if not nil, is sent in the place of the ask's.
func (w *world) request(t testing.TB, ctx context.Context, a ask, body io.Reader) *http.Request {
	t.Helper()
	if body == nil && a.body != "" {
		body = strings.NewReader(a.body)
	}
	req, err := http.NewRequestWithContext(ctx, a.method, w.URL+a.path, body)
	if err != nil {
		t.Fatal(err)
	}
	if a.key != "" {
		secret, known := w.keys[a.key]
		if !known {
			t.Fatalf("no key %q", a.key)
		}
		req.Header.Set("Authorization", "Bearer "+secret)
	}
	if body != nil {
		kind := a.kind
		if kind == "" {
			kind = "application/json"
		}
		req.Header.Set("Content-Type", kind)
	}
	for name, value := range a.header {
		req.Header.Set(name, value)
	}
	return req
}

func read(t testing.TB, a ask, res *http.Response) reply {
	t.Helper()
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", a.method, a.path, err)
	}
	r := reply{ask: a, status: res.StatusCode, header: res.Header, body: data}
	if r.status >= 400 {
		r.problem(t)
	}
	if len(r.header.Get("X-Request-Id")) != 32 {
		t.Errorf("%s %s: X-Request-Id is %q", a.method, a.path, r.header.Get("X-Request-Id"))
	}
	return r
}

// want fails the test unless the answer has a status.
func (r reply) want(t testing.TB, status int) reply {
	t.Helper()
	if r.status != status {
		t.Fatalf("%s %s: %d, want %d: %s", r.ask.method, r.ask.path, r.status, status, r.body)
	}
	return r
}

func (r reply) decode(t testing.TB, into any) reply {
	t.Helper()
	if err := json.Unmarshal(r.body, into); err != nil {
		t.Fatalf("%s %s: %v: %s", r.ask.method, r.ask.path, err, r.body)
	}
	return r
}

// problem is a refusal.
type problem struct {
	Type, Title, Detail, Code string
	Status                    int
	Errors                    []struct{ Path, Code, Message string }
	Import                    *importJSON
}

// problem reads a refusal and holds it against what all refusals have.
func (r reply) problem(t testing.TB) (p problem) {
	t.Helper()
	if kind := r.header.Get("Content-Type"); kind != "application/problem+json" {
		t.Errorf("%s %s: a refusal of type %q: %s", r.ask.method, r.ask.path, kind, r.body)
	}
	r.decode(t, &p)
	if p.Type != "about:blank" || p.Status != r.status || p.Title != http.StatusText(r.status) || p.Code == "" || p.Detail == "" {
		t.Errorf("%s %s: %d with %s", r.ask.method, r.ask.path, r.status, r.body)
	}
	return p
}

// refused fails the test unless the answer is a refusal with a status and a code.
func (r reply) refused(t testing.TB, status int, code string) problem {
	t.Helper()
	r.want(t, status)
	p := r.problem(t)
	if p.Code != code {
		t.Errorf("%s %s: code %q, want %q: %s", r.ask.method, r.ask.path, p.Code, code, r.body)
	}
	return p
}

// faults fails the test unless the answer is a 422 with exactly these faults, each "path code".
func (r reply) faults(t testing.TB, want ...string) {
	t.Helper()
	var got []string
	for _, f := range r.refused(t, 422, "invalid_input").Errors {
		got = append(got, strings.TrimSpace(f.Path+" "+f.Code))
		if f.Message == "" {
			t.Errorf("%s has no message", f.Path)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s %s: faults\n  %s\nwant\n  %s", r.ask.method, r.ask.path, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// same fails the test unless two answers are the same to a client, but for their request IDs.
func (r reply) same(t testing.TB, other reply) {
	t.Helper()
	if r.status != other.status || !bytes.Equal(r.body, other.body) {
		t.Errorf("%s %s: %d %s\n%s %s: %d %s", r.ask.method, r.ask.path, r.status, r.body, other.ask.method, other.ask.path, other.status, other.body)
	}
	mine, theirs := r.header.Clone(), other.header.Clone()
	for _, h := range []http.Header{mine, theirs} {
		h.Del("X-Request-Id")
		h.Del("Date")
	}
	if !maps.EqualFunc(mine, theirs, slices.Equal) {
		t.Errorf("%s %s: headers %v\n%s %s: headers %v", r.ask.method, r.ask.path, mine, other.ask.method, other.ask.path, theirs)
	}
}

func merchantJSON(id string) string { return `{"id":"` + id + `","name":{"en":"Merchant ` + id + `"}}` }

func venueJSON(id string) string {
	return `{"id":"` + id + `","name":{"en":"Venue","zh-Hans":"店"},"lat":25.7907,"lon":-80.1353,"category":"5812","time_zone":"America/New_York","currency":"USD"}`
}

func campaignJSON(id string, venues ...string) string {
	return `{"id":"` + id + `","title":{"en":"15% off & more","zh-Hans":"八五折"},"discount":{"type":"percent","percent":15},"venues":{"ids":["` +
		strings.Join(venues, `","`) + `"]},"status":"enabled"}`
}

// hereJSON asks for offers at the venues of the world.
func hereJSON(user string) string {
	return `{"user":{"id":"` + user + `","languages":["zh-Hans"]},"location":{"lat":25.7907,"lon":-80.1353},"explain":"full","placements":[{"id":"home","count":10}]}`
}

type importJSON struct {
	ID, State, Kind, Format  string
	Dry_Run, Partial         bool
	Rows, Accepted, Rejected int
	Difference               struct{ Added, Changed, Same, Ended int }
	Detail                   string
	Passed_Over              []string
	Changes                  []struct {
		Row        int
		ID, Change string
		Fields     []struct{ Path, Before, After string }
	}
	Progress struct{ Size, Read int64 }
	Faults   []struct {
		Row                         int
		Column, Path, Code, Message string
		Value, Expected             string
	}
}

type decisionJSON struct {
	Decision_ID     string
	Time            time.Time
	Catalog_Version uint64
	Scoring_Profile struct {
		Name    string
		Version uint64
	}
	Request    json.RawMessage
	Placements []struct {
		ID     string
		Offers []struct {
			Offer_ID, Campaign_ID, Merchant_ID, Title, Content_Language string
			Position                                                    int
			Score                                                       float64
			Explanation                                                 *explanationJSON
		}
		Rejected []struct {
			Offer_ID string
			Reasons  []struct {
				Code          int
				Name, Message string
			}
		}
	}
}

type explanationJSON struct {
	Value    float64
	Message  string
	Children []*explanationJSON
}

// decide asks for offers at the venues of the world.
func (w *world) decide(t testing.TB, user string) (d decisionJSON) {
	t.Helper()
	w.send(t, "app", http.MethodPost, "/v1/decisions", hereJSON(user)).want(t, 200).decode(t, &d)
	return d
}

// offered lists the offers of a decision's first placement by ID.
func (d *decisionJSON) offered() []string {
	var ids []string
	for _, o := range d.Placements[0].Offers {
		ids = append(ids, o.Offer_ID)
	}
	slices.Sort(ids)
	return ids
}

// candidates lists the offers and the rejections of a decision's first placement by ID.
func (d *decisionJSON) candidates() []string {
	ids := d.offered()
	for _, r := range d.Placements[0].Rejected {
		ids = append(ids, r.Offer_ID)
	}
	slices.Sort(ids)
	return ids
}

// listed returns the IDs of a list.
func (w *world) listed(t testing.TB, key, path string) []string {
	t.Helper()
	var list struct{ Data []struct{ ID string } }
	w.get(t, key, path).want(t, 200).decode(t, &list)
	ids := []string{}
	for _, item := range list.Data {
		ids = append(ids, item.ID)
	}
	return ids
}
