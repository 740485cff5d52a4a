package command_test

import (
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine/wire"
)

func TestWebhooksVerb(t *testing.T) {
	onBothPlaces(t, func(t *testing.T, p place) {
		p.do(t, step{args: "merchants put m --name en=M"})
		p.do(t, step{args: "webhooks create http://hooks.example --merchant m", code: 1, err: "url: has to begin with https://"})
		p.do(t, step{args: "webhooks create https://10.0.0.1 --merchant m", code: 1, err: "url: its address is not public"})
		p.do(t, step{args: "webhooks create https://hooks.example --merchant m --type nonsense", code: 1, err: "types: "})
		w := asJSON[wire.Webhook](t, p, "webhooks create https://hooks.example --merchant m --type import.finished,campaign.started --note till")
		if !strings.HasPrefix(w.Secret, "whsec_") || len(w.Types) != 2 {
			t.Fatalf("%+v", w)
		}
		p.do(t, step{args: "webhooks create https://hooks.example/2 --merchant m", out: `^[-0-9a-f]{36} whsec_\S+\n$`})
		p.do(t, step{args: "webhooks list --merchant m", out: `https://hooks.example +campaign.started,import.finished +enabled`})
		p.do(t, step{args: "webhooks list --merchant other", code: 1, err: "not found"})
		p.do(t, step{args: "webhooks disable --merchant m " + w.ID, out: "^disabled " + w.ID})
		p.do(t, step{args: "webhooks list --merchant m", out: `import.finished +disabled`})
		p.do(t, step{args: "webhooks test --merchant m " + w.ID, out: `test +\S+ +pending +0`})
		d := asJSON[[]wire.Delivery](t, p, "webhooks deliveries --merchant m "+w.ID)
		if len(d) != 1 || d[0].State != "pending" {
			t.Fatalf("%+v", d)
		}
		p.do(t, step{args: "webhooks enable --merchant m " + w.ID, out: "^enabled "})
		p.do(t, step{args: "webhooks disable --merchant m " + w.ID, out: "^disabled "})
		p.do(t, step{args: "webhooks replay --merchant m " + w.ID + " " + d[0].ID, out: `pending`})
		p.do(t, step{args: "webhooks replay --merchant m " + w.ID + " --since 2026-01-01T00:00:00Z", out: `^1 events`})
		p.do(t, step{args: "webhooks replay --merchant m " + w.ID, code: 2, err: "--since"})
		p.do(t, step{args: "webhooks rotate --merchant m " + w.ID, out: `^whsec_\S+\n$`})
		p.do(t, step{args: "webhooks delete --merchant m " + w.ID, out: "^deleted "})
		p.do(t, step{args: "webhooks deliveries --merchant m " + w.ID, code: 1, err: "not found"})
	})
}

// hookServer keeps the redemptions of which a merchant was told; now and then it fails.
type hookServer struct {
	*httptest.Server
	mu     sync.Mutex                 // guards the rest
	told   map[string]map[string]bool // redemption and status → IDs of the events
	failed map[string]bool
	random *rand.Rand
}

func newHookServer(t *testing.T) *hookServer {
	h := &hookServer{told: map[string]map[string]bool{}, failed: map[string]bool{}, random: rand.New(rand.NewPCG(2026, 26))}
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var e wire.CloudEvent
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = json.Unmarshal(body, &e)
		}
		var data wire.HookRedemption
		if err == nil {
			err = json.Unmarshal(e.Data, &data)
		}
		if err != nil {
			return // the program was killed while it sent
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		if !h.failed[e.ID] && h.random.IntN(40) == 0 { // once: the next try comes within ten seconds, and the one after that would not
			h.failed[e.ID] = true
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		key := data.RedemptionID + " " + e.Type
		if h.told[key] == nil {
			h.told[key] = map[string]bool{}
		}
		h.told[key][e.ID] = true
	}))
	t.Cleanup(h.Close)
	return h
}

// The program is killed again and again while tills redeem and roll back, and while it tells the merchant of it. In the end the merchant was told of each step that was
// acknowledged, and each has one event, however often that came.
func TestKilledProgramTellsWhatItAcknowledged(t *testing.T) {
	rounds := 5
	if os.Getenv("SIHAI_LONG") == "1" {
		rounds = 300
	}
	t.Setenv("SIHAI_WEBHOOKS_ALLOW_HTTP", "true")
	t.Setenv("SIHAI_WEBHOOKS_ALLOWED_NETWORKS", "127.0.0.0/8")
	hooks := newHookServer(t)
	k := &killing{dir: t.TempDir(), files: t.TempDir(), moments: rand.New(rand.NewPCG(2026, 14))}
	acknowledged := map[string]bool{}
	var mu sync.Mutex // guards acknowledged
	for round := range rounds {
		p := k.start(t)
		if round == 0 {
			if err := sellFew(t.Context(), p.client, "till"); err != nil {
				t.Fatal(err)
			}
			if _, err := p.client.CreateWebhook(t.Context(), wire.Webhook{MerchantID: "till", URL: hooks.URL, Types: []string{"redemption.confirmed", "redemption.rolled_back"}}); err != nil {
				t.Fatal(err)
			}
		}
		var tills sync.WaitGroup
		for range 3 {
			tills.Go(func() {
				for {
					r, err := p.client.Redeem(context.Background(), tillOrder("till", "u", 1000))
					if err != nil {
						return
					}
					mu.Lock()
					acknowledged[r.ID+" redemption.confirmed"] = true
					mu.Unlock()
					if _, err = p.client.Rollback(context.Background(), r.ID, nil); err != nil {
						return
					}
					mu.Lock()
					acknowledged[r.ID+" redemption.rolled_back"] = true
					mu.Unlock()
				}
			})
		}
		time.Sleep(time.Duration(50+k.moments.IntN(400)) * time.Millisecond)
		k.kill(t, p.cmd)
		tills.Wait()
	}
	k.start(t)
	missing := func() (left []string) {
		hooks.mu.Lock()
		defer hooks.mu.Unlock()
		for key := range acknowledged {
			if len(hooks.told[key]) == 0 {
				left = append(left, key)
			}
		}
		return left
	}
	for until := time.Now().Add(2 * patience); len(missing()) > 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("of %d acknowledged steps %d were not told, such as %v", len(acknowledged), len(missing()), missing()[0])
		}
	}
	hooks.mu.Lock()
	defer hooks.mu.Unlock()
	for key, ids := range hooks.told {
		if len(ids) != 1 {
			t.Errorf("%s has %d events", key, len(ids))
		}
	}
	t.Logf("%d kills, %d acknowledged steps, %d told", k.kills, len(acknowledged), len(hooks.told))
	if len(acknowledged) == 0 {
		t.Error("nothing was acknowledged")
	}
}
