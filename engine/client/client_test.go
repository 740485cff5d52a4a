package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine/api/apitest"
	"github.com/sihai-network/sihai/engine/client"
	"github.com/sihai-network/sihai/engine/wire"
)

// open returns the operator's client of a running server; what it sends is held against the document.
func open(t testing.TB) (*client.Client, *apitest.World) {
	t.Helper()
	data, err := os.ReadFile("../api/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := apitest.ParseDocument(data)
	if err != nil {
		t.Fatal(err)
	}
	w := apitest.Open(t, apitest.Options{})
	return client.New(w.URL+"/", apitest.OperatorKey, &http.Client{Transport: apitest.NewChecker(t, doc, w.HTTP.Transport)}), w
}

func must[T any](t testing.TB) func(T, error) T {
	return func(got T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
}

func venue(id string) wire.Venue {
	return wire.Venue{ID: id, MerchantID: "m", Name: wire.Text{"en": "Venue <" + id + ">"}, Lat: 25.7907, Lon: -80.1353, TimeZone: "America/New_York"}
}

func campaign(id, venue string) wire.Campaign {
	percent := 12.5
	return wire.Campaign{
		ID: id, MerchantID: "m", Title: wire.Text{"en": "An eighth off & more"}, Status: "enabled",
		Discount: wire.Discount{Type: "percent", Percent: &percent}, Venues: wire.VenueSet{IDs: []string{venue}},
	}
}

// TestEveryMethod does each operation that the client knows against a real server.
func TestEveryMethod(t *testing.T) {
	c, _ := open(t)
	ctx := t.Context()
	if m := must[wire.Merchant](t)(c.PutMerchant(ctx, wire.Merchant{ID: "m", Name: wire.Text{"en": "M"}})); m.Version != 1 {
		t.Errorf("%+v", m)
	}
	if v := must[wire.Venue](t)(c.PutVenue(ctx, venue("v"))); v.Name["en"] != "Venue <v>" || v.Version != 1 {
		t.Errorf("%+v", v)
	}
	if e := must[wire.Campaign](t)(c.PutCampaign(ctx, campaign("c", "v"))); e.Status != "enabled" || e.State != "running" || *e.Discount.Percent != 12.5 {
		t.Errorf("%+v", e)
	}
	if e := must[wire.Campaign](t)(c.Campaign(ctx, "m", "c")); e.Title["en"] != "An eighth off & more" {
		t.Errorf("%+v", e)
	}
	if l := must[wire.List[wire.Merchant]](t)(c.Merchants(ctx, client.Page{})); len(l.Data) != 1 {
		t.Errorf("%+v", l)
	}
	if l := must[wire.List[wire.Campaign]](t)(c.Campaigns(ctx, "m", client.Page{})); len(l.Data) != 1 {
		t.Errorf("%+v", l)
	}

	d := must[wire.Decision](t)(c.Decide(ctx, wire.Request{
		User: &wire.User{ID: "u"}, Location: &wire.Location{Lat: 25.7907, Lon: -80.1353}, Explain: "full",
		Placements: []wire.PlacementRequest{{ID: "home", Count: 3}},
	}))
	if offers := d.Placements[0].Offers; len(offers) != 1 || offers[0].OfferID != "c@v" || offers[0].Explanation == nil {
		t.Fatalf("%+v", d)
	}
	if back := must[wire.Decision](t)(c.Decision(ctx, d.DecisionID)); back.DecisionID != d.DecisionID || back.Request.User.ID != "u" {
		t.Errorf("%+v", back)
	}
	if err := c.TakeEvents(ctx, wire.Event{Type: "click", DecisionID: d.DecisionID, OfferID: "c@v"}); err != nil {
		t.Error(err)
	}

	if s := must[wire.RatesStatus](t)(c.PutRates(ctx, strings.NewReader("Date,USD\n2026-11-20,1.1\n"))); s.Changed != 1 {
		t.Errorf("%+v", s)
	}
	if s := must[wire.RatesStatus](t)(c.Rates(ctx)); s.Days != 1 || s.Last != "2026-11-20" {
		t.Errorf("%+v", s)
	}
	k := must[wire.Key](t)(c.CreateKey(ctx, wire.Key{Role: "merchant", MerchantID: "m"}))
	if k.Secret == "" || k.ID == "" {
		t.Errorf("%+v", k)
	}
	if l := must[wire.List[wire.Key]](t)(c.Keys(ctx, client.Page{Limit: 1})); len(l.Data) != 1 || l.NextCursor == "" {
		t.Errorf("%+v", l)
	}
	if r := must[wire.Key](t)(c.RevokeKey(ctx, k.ID)); r.RevokedAt == "" {
		t.Errorf("%+v", r)
	}
	p := must[wire.Profile](t)(c.AddProfile(ctx, wire.Profile{Name: "near", Weights: map[string]float64{"distance": 1}}))
	if p = must[wire.Profile](t)(c.ActivateProfile(ctx, "near", p.Version)); !p.Active {
		t.Errorf("%+v", p)
	}
	if l := must[wire.List[wire.Profile]](t)(c.Profiles(ctx, client.Page{})); len(l.Data) != 2 {
		t.Errorf("%+v", l)
	}
}

// TestPending asks for a change that another key has to approve, and has it approved.
func TestPending(t *testing.T) {
	c, w := open(t)
	ctx := t.Context()
	must[wire.Merchant](t)(c.PutMerchant(ctx, wire.Merchant{ID: "m", Name: wire.Text{"en": "M"}, Approval: "second_key"}))
	must[wire.Venue](t)(c.PutVenue(ctx, venue("v")))
	mine := func() *client.Client {
		k := must[wire.Key](t)(c.CreateKey(ctx, wire.Key{Role: "merchant", MerchantID: "m"}))
		return client.New(w.URL, k.Secret, w.HTTP)
	}
	first, second := mine(), mine()
	_, err := first.PutCampaign(ctx, campaign("c", "v"))
	var waits *client.Pending
	if !errors.As(err, &waits) || waits.Change.CampaignID != "c" || waits.Change.State != "pending" {
		t.Fatalf("%v", err)
	}
	id := waits.Change.ID
	if l := must[wire.List[wire.Change]](t)(second.Changes(ctx, "", "", "pending", client.Page{})); len(l.Data) != 1 || l.Data[0].ID != id {
		t.Errorf("%+v", l)
	}
	if l := must[wire.List[wire.Change]](t)(second.Changes(ctx, "", "c", "made", client.Page{})); len(l.Data) != 0 {
		t.Errorf("%+v", l)
	}
	if e := must[wire.Change](t)(second.Change(ctx, "", id)); len(e.Difference) == 0 {
		t.Errorf("%+v", e)
	}
	if e := must[wire.Change](t)(second.SettleChange(ctx, "", id, "approve", "fine")); e.State != "made" || e.Version != 1 {
		t.Errorf("%+v", e)
	}
	if e := must[wire.Campaign](t)(first.SetStatus(ctx, "", "c", "disable")); e.State != "disabled" {
		t.Errorf("%+v", e)
	}
	if _, err := first.Restore(ctx, "", "c", 1); !errors.As(err, &waits) {
		t.Errorf("%v", err)
	}
	if l := must[wire.List[wire.Revision]](t)(first.Revisions(ctx, "", "c", client.Page{})); len(l.Data) != 2 || len(l.Data[0].Changes) != 1 {
		t.Errorf("%+v", l)
	}
	if e := must[wire.Revision](t)(first.Revision(ctx, "", "c", 2)); len(e.Changes) != 1 || e.Changes[0].Path != "status" {
		t.Errorf("%+v", e)
	}
	if e := must[wire.Change](t)(c.StageChange(ctx, "m", "c", wire.Change{LiveAt: time.Now().Add(time.Hour).UTC().Format(time.RFC3339), Status: "enabled"})); e.State == "" {
		t.Errorf("%+v", e)
	}
	if l := must[wire.List[wire.AuditEntry]](t)(first.AuditEntries(ctx, "", client.Page{Limit: 2})); len(l.Data) != 2 || l.NextCursor == "" {
		t.Errorf("%+v", l)
	}
	if m := must[wire.Merchant](t)(first.Merchant(ctx, "m")); m.Approval != "second_key" {
		t.Errorf("%+v", m)
	}
}

// TestPages walks a list.
func TestPages(t *testing.T) {
	c, _ := open(t)
	must[wire.Merchant](t)(c.PutMerchant(t.Context(), wire.Merchant{ID: "m", Name: wire.Text{"en": "M"}}))
	var want, got []string
	for i := range 5 {
		want = append(want, must[wire.Venue](t)(c.PutVenue(t.Context(), venue(fmt.Sprint("v", i)))).ID)
	}
	for p := (client.Page{Limit: 2}); ; {
		l := must[wire.List[wire.Venue]](t)(c.Venues(t.Context(), "m", p))
		for _, v := range l.Data {
			got = append(got, v.ID)
		}
		if p.Cursor = l.NextCursor; p.Cursor == "" {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestImport uploads a good file, and a faulty one in each way.
func TestImport(t *testing.T) {
	c, _ := open(t)
	ctx := t.Context()
	must[wire.Merchant](t)(c.PutMerchant(ctx, wire.Merchant{ID: "m", Name: wire.Text{"en": "M"}}))
	const good, bad = "id,name.en,lat,lon,time_zone\na,A,1,1,UTC\n", "id,name.en,lat,lon,time_zone\nb,B,1,1,UTC\nc,C,91,1,UTC\n"
	u := client.Upload{Merchant: "m", Kind: "venues", Format: "csv"}
	if i := must[wire.Import](t)(c.Import(ctx, u, strings.NewReader(good))); i.Accepted != 1 || i.State != "done" {
		t.Errorf("%+v", i)
	}
	_, err := c.Import(ctx, u, strings.NewReader(bad))
	var p *client.Problem
	if !errors.As(err, &p) || p.Code != "import_refused" || p.Import == nil || len(p.Import.Faults) != 1 || p.Import.Faults[0].Row != 3 || p.Import.Faults[0].Column != "lat" {
		t.Fatalf("%v: %+v", err, p)
	}
	u.DryRun = true
	if i := must[wire.Import](t)(c.Import(ctx, u, strings.NewReader(bad))); !i.DryRun || i.Rejected != 1 {
		t.Errorf("%+v", i)
	}
	u.DryRun, u.Partial = false, true
	if i := must[wire.Import](t)(c.Import(ctx, u, strings.NewReader(bad))); i.Difference.Added != 1 || i.Rejected != 1 {
		t.Errorf("%+v", i)
	}
	if l := must[wire.List[wire.Venue]](t)(c.Venues(ctx, "m", client.Page{})); len(l.Data) != 2 {
		t.Errorf("%+v", l)
	}
}

// TestProblemTellsEveryFault is refused, and reads why.
func TestProblemTellsEveryFault(t *testing.T) {
	c, w := open(t)
	wrong := client.New(w.URL, apitest.OperatorKey, w.HTTP)
	_, err := wrong.Decide(t.Context(), wire.Request{Currency: "XXZ", Location: &wire.Location{Lat: 91}, Placements: []wire.PlacementRequest{{ID: "a"}}})
	var p *client.Problem
	if !errors.As(err, &p) || p.Status != 422 || p.Code != "invalid_input" || p.Import != nil {
		t.Fatalf("%v", err)
	}
	var paths []string
	for _, f := range p.Errors {
		paths = append(paths, f.Path)
		if !strings.Contains(err.Error(), "\n  "+f.Path+": "+f.Message) {
			t.Errorf("%s is not told by %v", f.Path, err)
		}
	}
	slices.Sort(paths)
	if !slices.Equal(paths, []string{"currency", "location.lat", "placements[0].count"}) {
		t.Errorf("faults at %v", paths)
	}
	if !strings.HasPrefix(err.Error(), "POST /v1/decisions: ") {
		t.Errorf("%v", err)
	}
	if _, err = c.Decision(t.Context(), "none/such"); !errors.As(err, &p) || p.Code != "not_found" {
		t.Errorf("%v", err)
	}
	if _, err = client.New(w.URL, "", nil).Rates(t.Context()); !errors.As(err, &p) || p.Status != 401 {
		t.Errorf("%v", err)
	}
}

// TestOnce makes a key twice under one idempotency key, and then another with it.
func TestOnce(t *testing.T) {
	c, _ := open(t)
	ctx := client.Once(t.Context(), "first-key")
	first := must[wire.Key](t)(c.CreateKey(ctx, wire.Key{Role: "app"}))
	again := must[wire.Key](t)(c.CreateKey(ctx, wire.Key{Role: "app"}))
	if first.ID != again.ID || first.Secret == "" || again.Secret != "" {
		t.Errorf("%+v and then %+v", first, again)
	}
	_, err := c.CreateKey(ctx, wire.Key{Role: "analyst"})
	var p *client.Problem
	if !errors.As(err, &p) || p.Code != "idempotency_key_reused" {
		t.Errorf("%v", err)
	}
	if l := must[wire.List[wire.Key]](t)(c.Keys(ctx, client.Page{})); len(l.Data) != 2 {
		t.Errorf("%+v", l)
	}
	if another := must[wire.Key](t)(c.CreateKey(t.Context(), wire.Key{Role: "app"})); another.ID == first.ID {
		t.Error("without an idempotency key the same key was answered")
	}
}

// TestAnswersOfSomethingElse speaks to what is no such server.
func TestAnswersOfSomethingElse(t *testing.T) {
	for name, c := range map[string]struct {
		status       int
		answer, told string
	}{
		"page of a proxy":  {502, "<html>Bad Gateway", "server answered 502 Bad Gateway"},
		"another's JSON":   {400, `{"error":"no"}`, "server answered 400 Bad Request"},
		"no JSON":          {200, "<html>Welcome", "decode answer"},
		"ends too early":   {200, `{"days":`, "decode answer"},
		"refusal in short": {503, `{"code":"unavailable","title":"Service Unavailable"}`, "GET /v1/rates: Service Unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.answer))
			}))
			defer server.Close()
			_, err := client.New(server.URL, "k", nil).Rates(t.Context())
			if err == nil || !strings.Contains(err.Error(), c.told) {
				t.Errorf("told %v, want %q", err, c.told)
			}
		})
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := client.New("http://127.0.0.1:1", "k", nil).Rates(cancelled); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err := client.New("http://bad host", "k", nil).Rates(t.Context()); err == nil {
		t.Error("a URL that is none was asked")
	}
}

// ExampleClient asks a server for offers and prints the best.
func ExampleClient() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"placements":[{"id":"home","offers":[{"offer_id":"lincoln-15@v-1","title":"15% off"}]}]}`))
	}))
	defer server.Close()

	c := client.New(server.URL, "the-key", nil)
	decision, err := c.Decide(context.Background(), wire.Request{
		Location:   &wire.Location{Lat: 25.7907, Lon: -80.1353},
		Placements: []wire.PlacementRequest{{ID: "home", Count: 10}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	best := decision.Placements[0].Offers[0]
	fmt.Println(best.OfferID, best.Title)
	// Output: lincoln-15@v-1 15% off
}

// ExampleOnce makes a write safe to repeat.
func ExampleOnce() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Method, r.URL.Path, r.Header.Get("Idempotency-Key"))
		_, _ = w.Write([]byte(`{"accepted":1}`))
	}))
	defer server.Close()

	ctx := client.Once(context.Background(), "phone-81/batch-12")
	if err := client.New(server.URL, "the-key", nil).TakeEvents(ctx, wire.Event{Type: "click"}); err != nil {
		fmt.Println(err)
	}
	// Output: POST /v1/events phone-81/batch-12
}
