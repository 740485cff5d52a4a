package webhook_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine/api/apitest"
	"github.com/sihai-network/sihai/engine/client"
	"github.com/sihai-network/sihai/engine/webhook"
	"github.com/sihai-network/sihai/engine/wire"
)

// patience bounds every wait for something that has to come; nothing is measured by it.
const patience = time.Minute

// receiver is a merchant's server that keeps what it is sent.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex // guards the rest
	got    []received
	answer func(n int) int // status of the nth request, from 0; nil: 204
}

type received struct {
	header http.Header
	body   []byte
	event  wire.CloudEvent
}

func newReceiver(t *testing.T) *receiver {
	r := new(receiver)
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return // the sender ended
		}
		got := received{header: req.Header, body: body}
		if err := json.Unmarshal(body, &got.event); err != nil {
			t.Errorf("received %q: %v", body, err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		status := http.StatusNoContent
		if r.answer != nil {
			status = r.answer(len(r.got))
		}
		r.got = append(r.got, got)
		w.WriteHeader(status)
	}))
	t.Cleanup(r.Close)
	return r
}

// await waits until enough was received.
func (r *receiver) await(t *testing.T, n int) []received {
	t.Helper()
	so := func() []received {
		r.mu.Lock()
		defer r.mu.Unlock()
		return slices.Clone(r.got)
	}
	for until := time.Now().Add(patience); len(so()) < n; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("%d of %d events came: %v", len(so()), n, types(so()))
		}
	}
	return so()
}

func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	for until := time.Now().Add(patience); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("it does not come")
		}
	}
}

// shop is a running server with merchant m, whose webhooks may be on this machine, by a clock that tests set forward.
type shop struct {
	*client.Client
	world *apitest.World
	ahead atomic.Int64 // of the clock
}

func newShop(t *testing.T, change func(*webhook.Options)) *shop {
	s := new(shop)
	s.world = apitest.Open(t, apitest.Options{
		Now: func() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) },
		Hooks: func(o *webhook.Options) {
			o.AllowHTTP, o.Allowed = true, []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
			o.Backoff, o.Every = webhook.Backoff{First: 20 * time.Millisecond, Most: 100 * time.Millisecond, Factor: 2, Tries: 6}, 10*time.Millisecond
			if change != nil {
				change(o)
			}
		},
	})
	s.Client = client.New(s.world.URL, apitest.OperatorKey, s.world.HTTP)
	do(t, func(ctx context.Context) error {
		_, err := s.PutMerchant(ctx, wire.Merchant{ID: "m", Name: wire.Text{"en": "M"}})
		return err
	})
	do(t, func(ctx context.Context) error {
		_, err := s.PutVenue(ctx, wire.Venue{ID: "v", MerchantID: "m", Name: wire.Text{"en": "V"}, Lat: 25.79, Lon: -80.13, TimeZone: "America/New_York"})
		return err
	})
	return s
}

func do(t *testing.T, fn func(context.Context) error) {
	t.Helper()
	if err := fn(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (s *shop) hook(t *testing.T, url string, types ...string) wire.Webhook {
	t.Helper()
	w, err := s.CreateWebhook(t.Context(), wire.Webhook{MerchantID: "m", URL: url, Types: types})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (s *shop) sell(t *testing.T, id string, limit int) {
	t.Helper()
	percent := 10.0
	_, err := s.PutCampaign(t.Context(), wire.Campaign{ID: id, MerchantID: "m", Title: wire.Text{"en": "C"}, Status: "enabled",
		Discount: wire.Discount{Type: "percent", Percent: &percent}, Venues: wire.VenueSet{IDs: []string{"v"}},
		Budgets: []wire.Budget{{Metric: "redemptions", Limit: int64(limit)}}})
	if err != nil {
		t.Fatal(err)
	}
}

func (s *shop) use(t *testing.T, campaign string) wire.Redemption {
	t.Helper()
	r, err := s.Redeem(t.Context(), wire.Order{OfferID: campaign + "@v", User: &wire.User{ID: "secret-traveller"}, Purchase: wire.Money{Amount: 1000, Currency: "USD"}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func types(list []received) (out []string) {
	for _, r := range list {
		out = append(out, r.event.Type)
	}
	slices.Sort(out)
	return out
}

// hmacOf is RFC 2104 written out, so that the signature is held against something else than what made it.
func hmacOf(key, text []byte) []byte {
	var block [64]byte
	copy(block[:], key) // 32 bytes
	inner, outer := sha256.New(), sha256.New()
	for _, b := range block {
		inner.Write([]byte{b ^ 0x36})
		outer.Write([]byte{b ^ 0x5c})
	}
	inner.Write(text)
	outer.Write(inner.Sum(nil))
	return outer.Sum(nil)
}

// TestEveryTypeArrivesSigned causes an event of each type and checks each request as a receiver would, by hand and with the SDK.
func TestEveryTypeArrivesSigned(t *testing.T) {
	s := newShop(t, nil)
	r := newReceiver(t)
	hook := s.hook(t, r.URL+"/hooks?of=m")
	s.sell(t, "c", 5)
	var last wire.Redemption
	for range 5 {
		last = s.use(t, "c")
	}
	do(t, func(ctx context.Context) error { _, err := s.Rollback(ctx, last.ID, nil); return err })
	do(t, func(ctx context.Context) error {
		_, err := s.Import(ctx, client.Upload{Merchant: "m", Kind: "venues", Format: "csv"}, strings.NewReader("id,name.en,lat,lon,time_zone\na,A,1,1,UTC\n"))
		return err
	})
	if _, err := s.Import(t.Context(), client.Upload{Merchant: "m", Kind: "venues", Format: "csv"}, strings.NewReader("id,name.en,lat,lon\na,A,91,1\n")); err == nil {
		t.Fatal("a faulty upload was taken")
	}
	do(t, func(ctx context.Context) error { _, err := s.TestWebhook(ctx, "m", hook.ID); return err })
	percent := 10.0
	do(t, func(ctx context.Context) error {
		_, err := s.PutCampaign(ctx, wire.Campaign{ID: "short", MerchantID: "m", Title: wire.Text{"en": "C"}, Status: "enabled", Discount: wire.Discount{Type: "percent", Percent: &percent},
			Venues: wire.VenueSet{IDs: []string{"v"}}, Flight: &wire.Flight{End: time.Now().Add(time.Hour).Format(time.RFC3339)}})
		return err
	})
	r.await(t, 13)
	s.ahead.Store(int64(2 * time.Hour))
	got := r.await(t, 14)
	want := []string{"budget.80_percent", "campaign.exhausted", "campaign.expired", "campaign.started", "campaign.started", "import.finished", "import.finished",
		"redemption.confirmed", "redemption.confirmed", "redemption.confirmed", "redemption.confirmed", "redemption.confirmed", "redemption.rolled_back", "test"}
	if !slices.Equal(types(got), want) {
		t.Fatalf("received %v", types(got))
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(hook.Secret, "whsec_"))
	if err != nil || len(key) != 32 {
		t.Fatalf("%v: secret %s", err, hook.Secret)
	}
	openapi, err := os.ReadFile("../api/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	document, err := apitest.ParseWebhooks(openapi)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]bool{}
	for _, g := range got {
		for _, fault := range document.Told(g.event.Type, g.header, g.body) {
			t.Errorf("%s is not what the document says: %s", g.body, fault)
		}
		id, at := g.header.Get("Webhook-Id"), g.header.Get("Webhook-Timestamp")
		signed := "v1," + base64.StdEncoding.EncodeToString(hmacOf(key, []byte(id+"."+at+"."+string(g.body))))
		if g.header.Get("Webhook-Signature") != signed || g.event.ID != id || ids[id] {
			t.Errorf("%s: signed %s, want %s", g.body, g.header.Get("Webhook-Signature"), signed)
		}
		ids[id] = true
		if kind := g.header.Get("Content-Type"); kind != "application/cloudevents+json; charset=utf-8" || g.event.SpecVersion != "1.0" || g.event.Source != "/v1/merchants/m" || g.event.DataContentType != "application/json" {
			t.Errorf("%s of %s", g.body, kind)
		}
		seconds, err := strconv.ParseInt(at, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if e, err := client.VerifyWebhook(g.header, g.body, time.Unix(seconds+200, 0), "whsec_AAAA", hook.Secret); err != nil || e.Type != g.event.Type {
			t.Error(e, err)
		}
		if strings.Contains(string(g.body), "secret-traveller") {
			t.Errorf("a merchant is told who: %s", g.body)
		}
		if wrong := slices.Concat(document.Told("test", http.Header{}, g.body), document.Told("test", g.header, bytes.Replace(g.body, []byte(`"data":{`), []byte(`"data":{"x":1,`), 1))); len(wrong) < 4 {
			t.Errorf("the document takes what has no signature, or a member that is not there: %v", wrong)
		}
		if g.event.Type == "campaign.exhausted" && !strings.Contains(string(g.body), `"taken":5`) {
			t.Errorf("%s", g.body)
		}
	}
}

// TestFailuresAreTriedAgain fails four times with everything that can be wrong, and then takes the event; then never.
func TestFailuresAreTriedAgain(t *testing.T) {
	s := newShop(t, nil)
	r := newReceiver(t)
	statuses := []int{500, 302, 404, 429}
	r.answer = func(n int) int {
		if n < len(statuses) {
			return statuses[n]
		}
		return 200
	}
	hook := s.hook(t, r.URL)
	d, err := s.TestWebhook(t.Context(), "m", hook.ID)
	if err != nil || d.State != "pending" {
		t.Fatal(d, err)
	}
	got := r.await(t, 5)
	for _, g := range got {
		if g.event.ID != d.EventID || g.header.Get("Webhook-Id") != d.EventID {
			t.Errorf("an attempt has another ID: %s", g.body)
		}
	}
	settled := func(state string) wire.Delivery {
		t.Helper()
		eventually(t, func() bool {
			d, err = s.Delivery(t.Context(), "m", hook.ID, d.ID)
			return err == nil && d.State == state
		})
		return d
	}
	if d = settled("delivered"); len(d.Attempts) != 5 || d.Attempts[1].Status != 302 || !strings.Contains(d.Attempts[1].Error, "redirects") || d.Attempts[4].Error != "" {
		t.Errorf("%+v", d)
	}
	if w, err := s.Webhook(t.Context(), "m", hook.ID); err != nil || w.FailingSince != "" || w.Disabled {
		t.Errorf("%+v %v", w, err)
	}
	r.mu.Lock()
	r.answer = func(int) int { return 503 }
	r.mu.Unlock()
	if d, err = s.ReplayDelivery(t.Context(), "m", hook.ID, d.ID); err != nil || d.State != "pending" || len(d.Attempts) != 5 {
		t.Fatal(d, err)
	}
	if d = settled("failed"); len(d.Attempts) != 11 || d.NextAt != "" {
		t.Errorf("%+v", d)
	}
	if w, err := s.Webhook(t.Context(), "m", hook.ID); err != nil || w.FailingSince == "" || w.Disabled {
		t.Errorf("%+v %v", w, err)
	}
}

// TestLongFailureDisables disables a webhook that takes nothing for days, and one that is gone; what happened meanwhile is sent when it is asked for.
func TestLongFailureDisables(t *testing.T) {
	s := newShop(t, nil)
	bad, gone := newReceiver(t), newReceiver(t)
	bad.answer = func(int) int { return 500 }
	gone.answer = func(int) int { return 410 }
	began := time.Now().Add(-time.Second)
	hook, left := s.hook(t, bad.URL), s.hook(t, gone.URL, "campaign.started")
	disabled := func(id, reason string) {
		t.Helper()
		eventually(t, func() bool {
			w, err := s.Webhook(t.Context(), "m", id)
			if err == nil && w.Disabled && !strings.Contains(w.DisabledReason, reason) {
				t.Fatalf("disabled since %q", w.DisabledReason)
			}
			return err == nil && w.Disabled
		})
	}
	s.sell(t, "a", 100)
	disabled(left.ID, "410")
	bad.await(t, 6)
	s.ahead.Store(int64(5*24*time.Hour + time.Minute))
	s.use(t, "a")
	disabled(hook.ID, "no delivery succeeded since")
	s.use(t, "a")
	s.sell(t, "b", 100)
	eventually(t, func() bool { // they are kept
		l, err := s.ReplayWebhook(t.Context(), "m", left.ID, began)
		return err == nil && l >= 4
	})
	before := len(bad.await(t, 1))
	bad.mu.Lock()
	bad.answer = nil
	bad.mu.Unlock()
	hook.Disabled = false
	w, err := s.PutWebhook(t.Context(), hook)
	if err != nil || w.Disabled || w.DisabledReason != "" || w.FailingSince != "" {
		t.Fatalf("%+v %v", w, err)
	}
	if n, err := s.ReplayWebhook(t.Context(), "m", hook.ID, began); err != nil || n < 4 {
		t.Fatal(n, err)
	}
	eventually(t, func() bool {
		seen := map[string]bool{}
		for _, g := range bad.await(t, before)[before:] {
			seen[g.event.ID] = true
		}
		return len(seen) == 4
	})
}

// TestOneThatHangsHoldsNobodyBack lets one server never answer while another one of the same merchant gets everything.
func TestOneThatHangsHoldsNobodyBack(t *testing.T) {
	s := newShop(t, nil)
	release := make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer hanging.Close()
	defer close(release)
	r := newReceiver(t)
	s.hook(t, hanging.URL)
	s.hook(t, r.URL)
	s.sell(t, "c", 1000)
	for range 20 {
		s.use(t, "c")
	}
	r.await(t, 21)
}

// TestSecretsOverlap signs with both secrets while both are in force, and then with the new one alone.
func TestSecretsOverlap(t *testing.T) {
	s := newShop(t, nil)
	r := newReceiver(t)
	old := s.hook(t, r.URL)
	fresh, err := s.RotateWebhook(t.Context(), "m", old.ID, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range []struct {
		ahead            time.Duration
		oldHolds, signed int
	}{{0, 1, 2}, {2 * time.Hour, 0, 1}} {
		s.ahead.Store(int64(c.ahead))
		do(t, func(ctx context.Context) error { _, err := s.TestWebhook(ctx, "m", old.ID); return err })
		g := r.await(t, i+1)[i]
		now := time.Now().Add(c.ahead)
		_, withOld := client.VerifyWebhook(g.header, g.body, now, old.Secret)
		_, withNew := client.VerifyWebhook(g.header, g.body, now, fresh.Secret)
		if withNew != nil || (withOld == nil) != (c.oldHolds == 1) || len(strings.Fields(g.header.Get("Webhook-Signature"))) != c.signed {
			t.Errorf("after %v: by the old one %v, by the new one %v: %s", c.ahead, withOld, withNew, g.header.Get("Webhook-Signature"))
		}
	}
}

// TestManyReplaysArePaged sends some hundred events once more, of which no transaction takes all.
func TestManyReplaysArePaged(t *testing.T) {
	s := newShop(t, nil)
	r := newReceiver(t)
	began := time.Now().Add(-time.Second)
	hook := s.hook(t, r.URL, "redemption.confirmed")
	s.sell(t, "c", 1000)
	const n = 230
	for range n {
		s.use(t, "c")
	}
	r.await(t, n)
	if events, err := s.ReplayWebhook(t.Context(), "m", hook.ID, began); err != nil || events != n {
		t.Fatal(events, err)
	}
	times := map[string]int{}
	for _, g := range r.await(t, 2*n) {
		times[g.event.ID]++
	}
	for id, k := range times {
		if k != 2 {
			t.Fatalf("%s came %d times", id, k)
		}
	}
	seen, p := 0, client.Page{Limit: 100}
	for {
		l, err := s.Deliveries(t.Context(), "m", hook.ID, p)
		if err != nil {
			t.Fatal(err)
		}
		seen += len(l.Data)
		if p.Cursor = l.NextCursor; p.Cursor == "" {
			break
		}
	}
	if seen != n {
		t.Errorf("%d deliveries are listed", seen)
	}
}
