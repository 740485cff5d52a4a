package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sihai-network/sihai/engine/api/apitest"
)

// door is an operation of the document as one who would break in sees it.
type door struct {
	operation
	params  []string // of the path, in order
	query   []string
	bodies  map[string]string // schema by media type; empty: bytes
	matches bool              // it takes If-Match
}

// doors reads every operation off the checked-in document, so that a new one cannot be forgotten.
func doors(t *testing.T) (all []door) {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]struct {
			Parameters  []struct{ Name, In string }
			RequestBody struct {
				Content map[string]struct {
					Schema struct {
						Ref string `json:"$ref"`
					}
				}
			}
		}
	}
	data, err := os.ReadFile("openapi.json")
	if err == nil {
		err = json.Unmarshal(data, &doc)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range operations(t) {
		d, op := door{operation: o, bodies: map[string]string{}}, doc.Paths[o.path][strings.ToLower(o.method)]
		for _, p := range op.Parameters {
			switch p.In {
			case "path":
				d.params = append(d.params, p.Name)
			case "query":
				d.query = append(d.query, p.Name)
			}
			d.matches = d.matches || p.Name == "If-Match"
		}
		for kind, c := range op.RequestBody.Content {
			d.bodies[kind] = strings.TrimPrefix(c.Schema.Ref, "#/components/schemas/")
		}
		all = append(all, d)
	}
	return all
}

// holding is a merchant with one of everything that a merchant can have.
type holding struct {
	merchant, venue, campaign, upload, change, redemption, key, webhook string
}

func (h *holding) ids() []string {
	return []string{h.venue, h.campaign, h.upload, h.change, h.redemption, h.key, h.webhook, h.merchant}
}

// nobody returns IDs as long as those of h that nobody has.
func (h *holding) nobody() holding {
	uuid := func(id string) string { return id[:len(id)-4] + "0000" }
	return holding{"m-9", "v-9", "c-9", uuid(h.upload), uuid(h.change), uuid(h.redemption[:36]) + "@m-9@c-9", h.key[:len(h.key)-1] + "z", uuid(h.webhook)}
}

// fill gives merchant m-n one of everything, each with a mark in its texts.
func (w *world) fill(t *testing.T, n string) (h holding) {
	t.Helper()
	h = holding{merchant: "m-" + n, venue: "v-" + n, campaign: "c-" + n}
	mark := func(body string) string { return strings.Replace(body, `{"en":"`, `{"en":"mark-of-m-`+n+` `, 1) }
	w.send(t, "operator", "PUT", "/v1/merchants/"+h.merchant, mark(merchantJSON(h.merchant))).want(t, 200)
	w.send(t, "operator", "PUT", "/v1/merchants/"+h.merchant+"/venues/"+h.venue, mark(venueJSON(h.venue))).want(t, 200)
	w.send(t, "operator", "PUT", "/v1/campaigns/"+h.campaign+"?merchant="+h.merchant, mark(campaignJSON(h.campaign, h.venue))).want(t, 200)
	var made struct{ ID string }
	w.send(t, "app", "POST", "/v1/redemptions", `{"offer_id":"`+h.campaign+`@`+h.venue+`","purchase":{"amount":1000,"currency":"USD"}}`).want(t, 201).decode(t, &made)
	h.redemption = made.ID
	w.send(t, h.merchant, "POST", "/v1/campaigns/"+h.campaign+"/codes", `{"codes":["MARK-OF-M-`+n+`"]}`).want(t, 201)
	w.ask(t, ask{key: h.merchant, method: "POST", path: "/v1/imports", body: mark(campaignJSON("i-"+n, h.venue)), kind: "application/x-ndjson"}).want(t, 200).decode(t, &made)
	h.upload = made.ID
	staged := `{"live_at":"2027-01-01T00:00:00Z","campaign":` + mark(campaignJSON(h.campaign, h.venue)) + `}`
	w.send(t, h.merchant, "POST", "/v1/campaigns/"+h.campaign+"/changes", staged).want(t, 201).decode(t, &made)
	h.change = made.ID
	hook := `{"url":"https://hooks.example/m-` + n + `","note":"mark-of-m-` + n + `","disabled":true}` // so that nothing is tried meanwhile
	w.send(t, h.merchant, "POST", "/v1/webhooks", hook).want(t, 201).decode(t, &made)
	h.webhook = made.ID
	w.send(t, h.merchant, "POST", "/v1/webhooks/"+h.webhook+"/test", "").want(t, 202)
	h.key = w.newKey(t, `{"role":"merchant","merchant_id":"`+h.merchant+`"}`).ID
	return h
}

// attacks returns every way in which a door can be asked for what is theirs by somebody with a merchant of their own.
func (d *door) attacks(own, theirs *holding) (all []ask) {
	var paths []string
	var expand func(path string, left []string, named bool)
	expand = func(path string, left []string, named bool) {
		if len(left) == 0 {
			if named || len(d.params) == 0 {
				paths = append(paths, path)
			}
			return
		}
		name := "{" + left[0] + "}"
		switch left[0] {
		case "version", "delivery":
			expand(strings.Replace(path, name, "1", 1), left[1:], named)
		case "merchant":
			expand(strings.Replace(path, name, theirs.merchant, 1), left[1:], true)
			expand(strings.Replace(path, name, own.merchant, 1), left[1:], named)
		default:
			for _, id := range theirs.ids() {
				expand(strings.Replace(path, name, url.PathEscape(id), 1), left[1:], true)
			}
		}
	}
	expand(d.path, d.params, false)
	for _, path := range paths {
		foreign := strings.Contains(path, "/"+theirs.merchant)
		a := ask{key: own.merchant, method: d.method, path: path}
		a.body, a.kind = d.body(theirs)
		if d.matches && !foreign {
			a.header = map[string]string{"If-Match": `"1"`} // what is there is meant, and nothing of one's own is made
		}
		if slices.Contains(d.query, "merchant") {
			there := a
			there.path += "?merchant=" + theirs.merchant
			all = append(all, there)
			if len(d.params) == 0 && d.method != http.MethodGet {
				continue // without the parameter it is one's own business
			}
		}
		all = append(all, a)
	}
	return all
}

// body returns what a door asks for, about things of theirs where it is known how.
func (d *door) body(theirs *holding) (body, kind string) {
	for _, kind := range slices.Sorted(maps.Keys(d.bodies)) {
		switch schema := d.bodies[kind]; {
		case kind != "application/json":
			return campaignJSON("x-1", theirs.venue) + "\n", "application/x-ndjson"
		case schema == "Merchant":
			return merchantJSON(theirs.merchant), kind
		case schema == "Venue":
			return venueJSON(theirs.venue), kind
		case schema == "Campaign":
			return campaignJSON(theirs.campaign, theirs.venue), kind
		case schema == "Change":
			return `{"live_at":"2027-01-01T00:00:00Z","status":"disabled"}`, kind
		case schema == "CodeBatch":
			return `{"codes":["A"]}`, kind
		case schema == "Webhook":
			return `{"url":"https://hooks.example/` + theirs.merchant + `"}`, kind
		case schema == "WebhookReplay":
			return `{"since":"2026-11-24T09:00:00Z"}`, kind
		default:
			return `{}`, kind
		}
	}
	return "", ""
}

// TestNoMerchantReachesAnother lets two merchants hammer every operation of the document at the same time, each with the IDs of everything that the other has, and asks the
// same for IDs that nobody has: both are told the same, to the byte; nothing of the other is in any answer; and afterwards every byte that is stored is what it was.
func TestNoMerchantReachesAnother(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	one, two := w.fill(t, "1"), w.fill(t, "2")
	all := doors(t)
	w.everyDoorHasAnOwner(t, all, &one)
	if err := w.Hooks.Look(t.Context()); err != nil { // what was done is told before it is compared
		t.Fatal(err)
	}
	before := w.Contents(t)
	logs := func() string {
		return string(w.get(t, "operator", "/v1/audit?merchant=m-1").body) + string(w.get(t, "operator", "/v1/audit?merchant=m-2").body)
	}
	audit, position := logs(), w.position(t)

	var working sync.WaitGroup
	for n, pair := range [][2]*holding{{&one, &two}, {&two, &one}, {&one, &two}, {&two, &one}} {
		working.Go(func() { w.hammer(t, all, pair[0], pair[1], rand.New(rand.NewPCG(uint64(n), 9))) })
	}
	working.Wait()

	after := w.Contents(t)
	for _, key := range slices.Sorted(maps.Keys(after)) {
		if before[key] != after[key] {
			t.Errorf("%q is another than before", key)
		}
		delete(before, key)
	}
	for key := range before {
		t.Errorf("%q is gone", key)
	}
	if logs() != audit || w.position(t) != position {
		t.Error("somebody is said to have changed something")
	}
}

func (w *world) position(t *testing.T) uint64 {
	t.Helper()
	n, err := w.Store.Position(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// hammer makes every attack, in an order of its own.
func (w *world) hammer(t *testing.T, all []door, own, theirs *holding, dice *rand.Rand) {
	nobody := theirs.nobody()
	none := strings.NewReplacer(pairs(theirs, &nobody)...)
	type attack struct {
		ask
		door *door
	}
	var attacks []attack
	for i := range all {
		for _, a := range all[i].attacks(own, theirs) {
			attacks = append(attacks, attack{a, &all[i]})
		}
	}
	dice.Shuffle(len(attacks), func(i, j int) { attacks[i], attacks[j] = attacks[j], attacks[i] })
	sealed := map[string]bool{}
	for _, a := range attacks {
		got := w.plainly(t, a.ask)
		if text := string(got.body); strings.Contains(strings.ToLower(text), "mark-of-"+theirs.merchant) {
			t.Errorf("%s %s tells of another's: %s", a.method, a.path, text)
		}
		other := a.ask
		other.path, other.body = none.Replace(a.path), none.Replace(a.ask.body)
		if other.path == a.path && other.body == a.ask.body {
			continue // it names nothing
		}
		missing := w.plainly(t, other)
		missing.body = []byte(strings.NewReplacer(pairs(&nobody, theirs)...).Replace(string(missing.body)))
		got.same(t, missing)
		if got.status < 400 {
			t.Errorf("%s %s: %d %s", a.method, a.path, got.status, got.body)
		}
		sealed[a.door.id] = sealed[a.door.id] || got.status == http.StatusNotFound
	}
	for _, d := range all {
		if roles := allowed[d.id]; slices.Contains(roles, "merchant") && !sealed[d.id] && d.id != "listMerchants" {
			t.Errorf("%s %s was never asked for what is another's, or never said that it is not found", d.method, d.path)
		}
	}
}

// pairs are the IDs of one and those of another that stand for them.
func pairs(from, to *holding) (out []string) {
	ours, theirs := from.ids(), to.ids()
	for i := range ours {
		out = append(out, url.PathEscape(ours[i]), url.PathEscape(theirs[i]), ours[i], theirs[i])
	}
	return out
}

// plainly asks without holding anything against the document.
func (w *world) plainly(t *testing.T, a ask) reply {
	res, err := w.HTTP.Do(w.request(t, context.Background(), a, nil))
	if err != nil {
		t.Errorf("%s %s: %v", a.method, a.path, err)
		return reply{ask: a, header: http.Header{}}
	}
	return read(t, a, res)
}

// everyDoorHasAnOwner fails the test where nothing that a merchant has here can be read at the path of an operation: what nobody has cannot be broken into.
func (w *world) everyDoorHasAnOwner(t *testing.T, all []door, own *holding) {
	t.Helper()
	readable := map[string]bool{}
	for _, d := range all {
		readable[d.path] = readable[d.path] || d.method == http.MethodGet
	}
	for _, d := range all {
		root, _, found := strings.Cut(d.path, "{id}")
		if root += "{id}"; !found || !readable[root] || !slices.Contains(allowed[d.id], "merchant") {
			continue
		}
		path := strings.Replace(root, "{merchant}", own.merchant, 1)
		if !slices.ContainsFunc(own.ids(), func(id string) bool {
			return w.plainly(t, ask{key: own.merchant, method: http.MethodGet, path: strings.Replace(path, "{id}", url.PathEscape(id), 1)}).status == http.StatusOK
		}) {
			t.Errorf("%s: nothing of a merchant is there; give each of this test's merchants one, see holding", fmt.Sprint(d.method, " ", d.path))
		}
	}
}
