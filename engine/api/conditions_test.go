package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sihai-network/sihai/engine/api/apitest"
)

// TestConditions walks each resource with an ETag through making, changing and reading on conditions.
func TestConditions(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	for name, c := range map[string]struct{ path, body, changed string }{
		"merchant": {"/v1/merchants/x", merchantJSON("x"), strings.Replace(merchantJSON("x"), "Merchant", "House", 1)},
		"venue":    {"/v1/merchants/m-1/venues/x", venueJSON("x"), strings.Replace(venueJSON("x"), "Venue", "Place", 1)},
		"campaign": {"/v1/campaigns/x?merchant=m-1", campaignJSON("x", "v-1"), strings.Replace(campaignJSON("x", "v-1"), "15%", "16%", 1)},
	} {
		t.Run(name, func(t *testing.T) {
			put := func(body string, header ...string) reply {
				t.Helper()
				a := ask{key: "operator", method: http.MethodPut, path: c.path, body: body, header: map[string]string{}}
				for i := 0; i < len(header); i += 2 {
					a.header[header[i]] = header[i+1]
				}
				return w.ask(t, a)
			}
			tagged := func(r reply, tag string) {
				t.Helper()
				if got := r.header.Get("ETag"); got != tag {
					t.Errorf("ETag is %s, want %s", got, tag)
				}
			}
			put(c.body, "If-Match", `"1"`).refused(t, 404, "not_found")
			tagged(put(c.body, "If-None-Match", "*").want(t, 201), `"1"`)
			put(c.body, "If-None-Match", "*").refused(t, 409, "exists")
			tagged(put(c.changed, "If-Match", `"1"`).want(t, 200), `"2"`)
			put(c.body, "If-Match", `"1"`).refused(t, 412, "stale")
			put(c.body, "If-Match", `"7"`).refused(t, 412, "stale")
			tagged(put(c.body, "If-Match", "*").want(t, 200), `"3"`)
			tagged(put(c.changed).want(t, 200), `"4"`)
			for _, tag := range []string{`4`, `W/"4"`, `"0"`, `"four"`, `"4", "5"`, `"18446744073709551616"`} {
				put(c.body, "If-Match", tag).faults(t, "If-Match invalid")
			}
			put(c.body, "If-None-Match", `"4"`).faults(t, "If-None-Match invalid")
			put(c.body, "If-None-Match", `*`, "If-Match", `"4"`).faults(t, "If-None-Match invalid")

			read := func(tag string) reply {
				return w.ask(t, ask{key: "operator", method: http.MethodGet, path: c.path, header: map[string]string{"If-None-Match": tag}})
			}
			for _, tag := range []string{`"4"`, `W/"4"`, `"1", "4"`, `*`} {
				got := read(tag).want(t, 304)
				tagged(got, `"4"`)
				if len(got.body) != 0 {
					t.Errorf("304 with %q", got.body)
				}
			}
			for _, tag := range []string{`"3"`, `"1","2"`, `4`} {
				tagged(read(tag).want(t, 200), `"4"`)
			}
		})
	}
}

// TestConditionsOfVerbs holds what has no body to conditions too.
func TestConditionsOfVerbs(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	match := func(method, path, tag string) reply {
		t.Helper()
		return w.ask(t, ask{key: "m-1", method: method, path: path, header: map[string]string{"If-Match": tag}})
	}
	match("POST", "/v1/campaigns/c-1/disable", `"2"`).refused(t, 412, "stale")
	match("POST", "/v1/campaigns/c-1/disable", `"1"`).want(t, 200)
	match("POST", "/v1/campaigns/c-1/enable", `"1"`).refused(t, 412, "stale")
	match("POST", "/v1/campaigns/c-1/enable", `"2"`).want(t, 200)
	match("DELETE", "/v1/merchants/m-1/venues/v-1", `"1"`).refused(t, 409, "in_use")
	match("POST", "/v1/campaigns/c-1/archive", `"3"`).want(t, 200)
	match("DELETE", "/v1/merchants/m-1/venues/v-1", `"9"`).refused(t, 412, "stale")
	match("DELETE", "/v1/merchants/m-1/venues/v-1", `"1"`).want(t, 204)
	match("DELETE", "/v1/merchants/m-1/venues/v-1", `"1"`).refused(t, 404, "not_found")
	match("POST", "/v1/campaigns/c-1/enable", `"4"`).faults(t, "status invalid")

	a := ask{key: "analyst", method: "POST", path: "/v1/scoring-profiles/default/versions", body: `{"weights":{"distance":1}}`, header: map[string]string{"If-Match": `"5"`}}
	w.ask(t, a).refused(t, 412, "stale")
	a.header["If-Match"] = `"1"`
	w.ask(t, a).want(t, 201)
	a.header = map[string]string{"If-None-Match": "*"}
	w.ask(t, a).refused(t, 409, "exists")
}

// TestCreateOnly posts what is there already.
func TestCreateOnly(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	w.send(t, "operator", "POST", "/v1/merchants", merchantJSON("m-1")).refused(t, 409, "exists")
	w.send(t, "m-1", "POST", "/v1/merchants/m-1/venues", venueJSON("v-1")).refused(t, 409, "exists")
	w.send(t, "m-1", "POST", "/v1/campaigns", campaignJSON("c-1", "v-1")).refused(t, 409, "exists")
	w.send(t, "m-1", "POST", "/v1/campaigns", campaignJSON("c-2", "v-1")).want(t, 201) // of another merchant, which it does not meet
}

// TestOneOfManyWritersWins lets many clients change the same version at once: one does, and no change is lost unseen.
func TestOneOfManyWritersWins(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	const writers = 8
	for version := 1; version <= 5; version++ {
		var won sync.Map
		var group sync.WaitGroup
		for i := range writers {
			group.Go(func() {
				body := strings.Replace(merchantJSON("m-1"), "Merchant", fmt.Sprintf("Writer %d of", i), 1)
				got := w.ask(t, ask{key: "m-1", method: "PUT", path: "/v1/merchants/m-1", body: body, header: map[string]string{"If-Match": fmt.Sprintf("%q", fmt.Sprint(version))}})
				switch got.status {
				case 200:
					won.Store(i, string(got.body))
				case 412:
				default:
					t.Errorf("%d %s", got.status, got.body)
				}
			})
		}
		group.Wait()
		var winners []string
		won.Range(func(_, body any) bool {
			winners = append(winners, body.(string))
			return true
		})
		if stands := string(w.get(t, "m-1", "/v1/merchants/m-1").body); len(winners) != 1 || winners[0] != stands {
			t.Fatalf("version %d: won %q, and %s stands", version, winners, stands)
		}
	}
}

// TestPages walks lists page by page.
func TestPages(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	var want []string
	for i := range 7 {
		id := fmt.Sprintf("p-%d", i)
		want = append(want, id)
		w.send(t, "m-2", "PUT", "/v1/merchants/m-2/venues/"+id, venueJSON(id)).want(t, 201)
	}
	want = append(want, "v-2")
	for _, limit := range []int{1, 3, 4, 8, 1000} {
		var got []string
		cursor := ""
		for range len(want) + 1 {
			var page struct {
				Data        []struct{ ID string }
				Next_Cursor string
			}
			w.get(t, "m-2", fmt.Sprintf("/v1/merchants/m-2/venues?limit=%d%s", limit, cursor)).want(t, 200).decode(t, &page)
			if len(page.Data) > limit {
				t.Fatalf("%d items on a page of %d", len(page.Data), limit)
			}
			for _, v := range page.Data {
				got = append(got, v.ID)
			}
			if page.Next_Cursor == "" {
				break
			}
			cursor = "&cursor=" + page.Next_Cursor
		}
		if !slices.Equal(got, want) {
			t.Errorf("by %d: %v, want %v", limit, got, want)
		}
	}
	for query, fault := range map[string]string{
		"limit=0": "limit out_of_range", "limit=1001": "limit out_of_range", "limit=x": "limit out_of_range", "cursor=%21": "cursor invalid",
		"limt=5": "limt unknown_field", "limit=5&limit=6": "limit duplicate",
	} {
		for _, path := range []string{"/v1/merchants/m-2/venues", "/v1/merchants", "/v1/campaigns", "/v1/imports"} {
			w.ask(t, ask{key: "m-2", method: "GET", path: path + "?" + query, wrong: true}).faults(t, fault)
		}
	}
}

// TestRevisions reads back each version of a campaign.
func TestRevisions(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	for i := 2; i <= 4; i++ {
		w.send(t, "m-1", "PUT", "/v1/campaigns/c-1", strings.Replace(campaignJSON("c-1", "v-1"), "15%", fmt.Sprintf("version %d,", i), 1)).want(t, 200)
	}
	var list struct {
		Data []struct {
			Version    uint64
			Title      map[string]string
			Updated_By string
		}
	}
	w.get(t, "m-1", "/v1/campaigns/c-1/revisions").want(t, 200).decode(t, &list)
	if len(list.Data) != 4 {
		t.Fatalf("%d revisions", len(list.Data))
	}
	for i, r := range list.Data {
		if r.Version != uint64(4-i) || r.Updated_By == "" || (r.Version > 1 && !strings.HasPrefix(r.Title["en"], fmt.Sprintf("version %d,", r.Version))) {
			t.Errorf("%d: %+v", i, r)
		}
	}
	w.get(t, "m-1", "/v1/campaigns/none/revisions").refused(t, 404, "not_found")
}
