package api_test

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine/api/apitest"
)

type changeJSON struct {
	ID, State, Created_By, Decided_By, Note string
	Live_At                                 time.Time
	Campaign                                *struct{ ID string }
	Version, Base_Version                   uint64
	Errors                                  []struct{ Path, Code string }
	Difference                              []struct {
		Path          string
		Before, After any
	}
}

// asksForApproval makes merchant m-5 with venue v-5 and campaign c-5, whose changes wait for a second key, and keys m-5 and m-5b of it.
func (w *world) asksForApproval(t testing.TB) {
	t.Helper()
	w.send(t, "operator", http.MethodPut, "/v1/merchants/m-5", strings.Replace(merchantJSON("m-5"), "{", `{"approval":"second_key",`, 1)).want(t, 201)
	w.send(t, "operator", http.MethodPut, "/v1/merchants/m-5/venues/v-5", venueJSON("v-5")).want(t, 201)
	w.send(t, "operator", http.MethodPut, "/v1/campaigns/c-5?merchant=m-5", campaignJSON("c-5", "v-5")).want(t, 201)
	for _, name := range []string{"m-5", "m-5b"} {
		w.keys[name] = w.newKey(t, `{"role":"merchant","merchant_id":"m-5"}`).Secret
	}
}

// pendingChanges makes m-5 with some new campaigns that wait for an approval.
func (w *world) pendingChanges(t testing.TB, n int) (ids []string) {
	t.Helper()
	w.asksForApproval(t)
	for i := range n {
		ids = append(ids, w.ask5(t, http.MethodPut, fmt.Sprint("/v1/campaigns/p-", i), campaignJSON(fmt.Sprint("p-", i), "v-5")))
	}
	return ids
}

// ask5 asks as m-5 for what waits for an approval, and returns the change's ID.
func (w *world) ask5(t testing.TB, method, path, body string) string {
	t.Helper()
	var c changeJSON
	got := w.send(t, "m-5", method, path, body).want(t, 202).decode(t, &c)
	if c.State != "pending" || got.header.Get("Location") != "/v1/changes/"+c.ID {
		t.Errorf("%s %v", got.body, got.header)
	}
	return c.ID
}

// offered tells which offers a traveller sees at the place of all these venues.
func (w *world) offered(t testing.TB) (ids []string) {
	t.Helper()
	var d struct {
		Placements []struct{ Offers []struct{ Offer_ID string } }
	}
	w.send(t, "app", "POST", "/v1/decisions", `{"location":{"lat":25.7907,"lon":-80.1353},"placements":[{"id":"p","count":50}]}`).want(t, 200).decode(t, &d)
	for _, o := range d.Placements[0].Offers {
		ids = append(ids, o.Offer_ID)
	}
	slices.Sort(ids)
	return ids
}

// TestNothingIsSeenBeforeASecondKeyApproves asks for changes with one key, and decides on them with it, with another and with an operator's.
func TestNothingIsSeenBeforeASecondKeyApproves(t *testing.T) {
	w := newWorld(t, apitest.Options{Dir: t.TempDir()})
	w.asksForApproval(t)
	before := w.offered(t)
	id := w.ask5(t, "POST", "/v1/campaigns", campaignJSON("new", "v-5"))
	w.get(t, "m-5", "/v1/campaigns/new").refused(t, 404, "not_found")
	if got := w.offered(t); !slices.Equal(got, before) {
		t.Errorf("offered %v before an approval, %v before it was asked for", got, before)
	}
	w.restart(t)

	w.send(t, "m-5", "POST", "/v1/changes/"+id+"/approve", "").refused(t, 403, "own_change")
	w.send(t, "m-5", "POST", "/v1/changes/"+id+"/reject", "").refused(t, 403, "own_change")
	w.send(t, "m-1", "POST", "/v1/changes/"+id+"/approve", "").refused(t, 404, "not_found")
	var c changeJSON
	w.send(t, "m-5b", "POST", "/v1/changes/"+id+"/approve", `{"note":"fine"}`).want(t, 200).decode(t, &c)
	if c.State != "made" || c.Version != 1 || c.Note != "fine" || c.Decided_By == "" || c.Decided_By == c.Created_By {
		t.Errorf("%+v", c)
	}
	if got := w.offered(t); !slices.Contains(got, "new@v-5") {
		t.Errorf("offered %v after the approval", got)
	}
	w.send(t, "m-5b", "POST", "/v1/changes/"+id+"/approve", "").refused(t, 409, "settled")
	w.send(t, "m-5b", "POST", "/v1/changes/"+id+"/cancel", "").refused(t, 409, "settled")

	rejected := w.ask5(t, "PUT", "/v1/campaigns/new", strings.Replace(campaignJSON("new", "v-5"), `"percent":15`, `"percent":90`, 1))
	w.send(t, "m-5b", "POST", "/v1/changes/"+rejected+"/reject", `{"note":"90 is too much"}`).want(t, 200)
	stopped := w.ask5(t, "POST", "/v1/campaigns/new/archive", "")
	w.send(t, "m-5", "POST", "/v1/changes/"+stopped+"/cancel", "").want(t, 200)
	var e campaignState
	w.get(t, "m-5", "/v1/campaigns/new").want(t, 200).decode(t, &e)
	if e.Version != 1 || e.Status != "enabled" {
		t.Errorf("after a rejection and a cancellation it is %+v", e)
	}
	w.send(t, "m-5", "POST", "/v1/campaigns/new/disable", "").want(t, 200) // what goes wrong is stopped at once
	enabled := w.ask5(t, "POST", "/v1/campaigns/new/enable", "")
	w.send(t, "operator", "POST", "/v1/changes/"+enabled+"/approve?merchant=m-5", "").want(t, 200)
	w.send(t, "operator", "PUT", "/v1/campaigns/new?merchant=m-5", campaignJSON("new", "v-5")).want(t, 200) // an operator needs none

	w.ask(t, ask{key: "m-5", method: "POST", path: "/v1/imports", body: campaignJSON("up", "v-5"), kind: "application/x-ndjson"}).faults(t, "merchant approval_required")
	w.ask(t, ask{key: "m-5", method: "POST", path: "/v1/imports?dry_run=true", body: campaignJSON("up", "v-5"), kind: "application/x-ndjson"}).want(t, 200)
	w.ask(t, ask{key: "operator", method: "POST", path: "/v1/imports?merchant=m-5", body: campaignJSON("up", "v-5"), kind: "application/x-ndjson"}).want(t, 200)
}

// TestOnlyAnOperatorTakesApprovalsBack asks with the merchant's own keys.
func TestOnlyAnOperatorTakesApprovalsBack(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	with := strings.Replace(merchantJSON("m-1"), "{", `{"approval":"second_key",`, 1)
	w.send(t, "m-1", "PUT", "/v1/merchants/m-1", with).want(t, 200)
	w.send(t, "m-1", "PUT", "/v1/merchants/m-1", merchantJSON("m-1")).faults(t, "approval forbidden")
	w.send(t, "m-1", "PUT", "/v1/merchants/m-1", with).want(t, 200)
	w.send(t, "m-1", "PUT", "/v1/campaigns/c-1", campaignJSON("c-1", "v-1")).want(t, 202)
	w.send(t, "operator", "PUT", "/v1/merchants/m-1", merchantJSON("m-1")).want(t, 200)
	w.send(t, "m-1", "PUT", "/v1/campaigns/c-1", campaignJSON("c-1", "v-1")).want(t, 200)
	w.ask(t, ask{key: "m-1", method: "PUT", path: "/v1/merchants/m-1", body: strings.Replace(with, "second", "third", 1), wrong: true}).faults(t, "approval invalid")
}

// TestAnApprovalIsOfWhatWasSeen approves a change of a campaign that has changed since.
func TestAnApprovalIsOfWhatWasSeen(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	w.asksForApproval(t)
	first := w.ask5(t, "PUT", "/v1/campaigns/c-5", strings.Replace(campaignJSON("c-5", "v-5"), `"percent":15`, `"percent":20`, 1))
	second := w.ask5(t, "PUT", "/v1/campaigns/c-5", strings.Replace(campaignJSON("c-5", "v-5"), `"percent":15`, `"percent":30`, 1))
	var c changeJSON
	w.get(t, "m-5b", "/v1/changes/"+first).want(t, 200).decode(t, &c)
	if len(c.Difference) != 1 || c.Difference[0].Path != "discount.percent" || fmt.Sprint(c.Difference[0].Before, c.Difference[0].After) != "15 20" || c.Base_Version != 1 {
		t.Errorf("difference %+v", c)
	}
	w.send(t, "m-5b", "POST", "/v1/changes/"+first+"/approve", "").want(t, 200)
	w.send(t, "m-5b", "POST", "/v1/changes/"+second+"/approve", "").refused(t, 412, "stale")
	w.get(t, "m-5b", "/v1/changes/"+second).want(t, 200).decode(t, &c)
	if c.State != "pending" {
		t.Errorf("%+v", c)
	}
	w.ask(t, ask{key: "m-5", method: "PUT", path: "/v1/campaigns/c-5", body: campaignJSON("c-5", "v-5"), header: map[string]string{"If-Match": `"1"`}}).refused(t, 412, "stale")
	w.send(t, "m-5", "POST", "/v1/campaigns", campaignJSON("c-5", "v-5")).refused(t, 409, "exists")
	w.send(t, "m-5", "PUT", "/v1/campaigns/c-6", campaignJSON("c-6", "v-6")).faults(t, "venues.ids[0] unknown_venue")
}

// TestStagedChangesGoLiveAtTheirMoment stages changes, lets time pass over new starts, and looks at what travellers are offered.
func TestStagedChangesGoLiveAtTheirMoment(t *testing.T) {
	w := newWorld(t, apitest.Options{Dir: t.TempDir()})
	stage := func(campaign, live, what string) (c changeJSON) {
		t.Helper()
		w.send(t, "m-1", "POST", "/v1/campaigns/"+campaign+"/changes", `{"live_at":"`+live+`",`+what+`}`).want(t, 201).decode(t, &c)
		if c.State != "scheduled" {
			t.Errorf("%+v", c)
		}
		return c
	}
	at := func(d time.Duration) string { return noon.Add(d).Format(time.RFC3339) }
	off := stage("c-1", at(time.Hour), `"status":"disabled"`)
	made := stage("sale", at(time.Hour), `"campaign":`+campaignJSON("sale", "v-1"))
	taken := stage("c-1", at(2*time.Hour), `"status":"archived"`)
	w.send(t, "m-1", "POST", "/v1/changes/"+taken.ID+"/cancel", "").want(t, 200)
	broken := stage("bad", at(90*time.Minute), `"campaign":`+campaignJSON("bad", "v-1"))
	w.send(t, "m-1", "PUT", "/v1/campaigns/bad", campaignJSON("bad", "v-1")).want(t, 201)
	w.send(t, "m-1", "POST", "/v1/campaigns/bad/archive", "").want(t, 200)

	w.pass(time.Hour - time.Millisecond)
	if n := w.RunSchedule(t.Context()); n != 0 {
		t.Errorf("%d changes before their moment", n)
	}
	if got := w.offered(t); !slices.Equal(got, []string{"c-1@v-1", "c-2@v-2"}) {
		t.Errorf("offered %v before the moment", got)
	}
	w.restart(t)
	w.pass(time.Millisecond)
	if n := w.RunSchedule(t.Context()); n != 2 {
		t.Errorf("%d changes at their moment", n)
	}
	w.send(t, "operator", "PUT", "/v1/merchants/m-2", merchantJSON("m-2")).want(t, 200) // waits for the publication of everything before
	if got := w.offered(t); !slices.Equal(got, []string{"c-2@v-2", "sale@v-1"}) {
		t.Errorf("offered %v after the moment", got)
	}
	w.pass(3 * time.Hour)
	w.restart(t) // what was due meanwhile is made at the start
	for id, want := range map[string]string{off.ID: "made", made.ID: "made", taken.ID: "cancelled", broken.ID: "failed"} {
		var c changeJSON
		w.get(t, "m-1", "/v1/changes/"+id).want(t, 200).decode(t, &c)
		if c.State != want || want == "failed" && (len(c.Errors) != 1 || c.Errors[0].Path != "status") {
			t.Errorf("%+v, want %s", c, want)
		}
	}
	var e campaignState
	w.get(t, "m-1", "/v1/campaigns/c-1").want(t, 200).decode(t, &e)
	if e.Version != 2 || e.Status != "disabled" {
		t.Errorf("%+v", e)
	}
	want := []string{off.ID, taken.ID}
	slices.Sort(want) // of the same moment, in any order
	if got := w.listed(t, "m-1", "/v1/campaigns/c-1/changes"); !slices.Equal(got, want) {
		t.Errorf("changes of c-1: %v", got)
	}
	w.get(t, "m-1", "/v1/campaigns/none/changes").refused(t, 404, "not_found")
}

// TestStagedChangesAreMadeOnce runs the schedule many times at once.
func TestStagedChangesAreMadeOnce(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	for i := range 20 {
		w.send(t, "m-1", "POST", "/v1/campaigns/c-1/changes", fmt.Sprintf(`{"live_at":%q,"status":%q}`, noon.Add(time.Duration(i+1)*time.Second).Format(time.RFC3339), []string{"disabled", "enabled"}[i%2])).want(t, 201)
	}
	w.pass(time.Minute)
	var working sync.WaitGroup
	for range 8 {
		working.Go(func() { w.RunSchedule(t.Context()) })
	}
	working.Wait()
	var e campaignState
	w.get(t, "m-1", "/v1/campaigns/c-1").want(t, 200).decode(t, &e)
	if e.Version != 21 || e.Status != "enabled" {
		t.Errorf("%+v after 20 changes", e)
	}
}

// TestStagingIsChecked stages what makes no sense.
func TestStagingIsChecked(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	stage := func(body string) reply {
		return w.ask(t, ask{key: "m-1", method: "POST", path: "/v1/campaigns/c-1/changes", body: body, wrong: true})
	}
	own := campaignJSON("c-1", "v-1")
	stage(`{}`).faults(t, "live_at required", "campaign required")
	stage(`{"live_at":"soon","status":"off"}`).faults(t, "status invalid", "live_at invalid")
	stage(`{"live_at":"2026-11-24T17:00:00Z","status":"disabled"}`).faults(t, "live_at out_of_range")
	stage(`{"live_at":"2056-11-24T17:00:00Z","status":"disabled","campaign":`+own+`}`).faults(t, "live_at out_of_range", "campaign required")
	stage(`{"live_at":"2026-11-25T00:00:00Z","campaign":`+campaignJSON("c-2", "v-1")+`}`).faults(t, "campaign.id invalid")
	stage(`{"live_at":"2026-11-25T00:00:00Z","campaign":`+campaignJSON("c-1", "v-9")+`}`).faults(t, "venues.ids[0] unknown_venue")
	stage(`{"live_at":"2026-11-25T00:00:00Z","campaign":{"id":"c-1","title":{},"discount":{"type":"percent"},"venues":{}}}`).
		faults(t, "campaign.title required", "campaign.discount.percent required", "campaign.venues required")
	w.send(t, "m-1", "POST", "/v1/campaigns/none/changes", `{"live_at":"2026-11-25T00:00:00Z","status":"disabled"}`).refused(t, 404, "not_found")
	w.get(t, "m-1", "/v1/changes?limit=0").faults(t, "limit out_of_range")
	w.ask(t, ask{key: "m-1", method: "GET", path: "/v1/changes?state=lost", wrong: true}).faults(t, "state invalid")
}

type revisionJSON struct {
	Version    int
	Updated_By string
	State      string
	Title      map[string]string
	Changes    []struct {
		Path          string
		Before, After any
	}
}

// TestRevisionsTellWhatChanged reads the versions of a campaign, and goes back to one.
func TestRevisionsTellWhatChanged(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	body := func(title, more string) string {
		return `{"id":"r","title":{"en":"` + title + `"},"venues":{"ids":["v-1"]},"status":"enabled","discount":{"type":"percent","percent":10}` + more + `}`
	}
	for i, b := range []string{
		body("One", `,"budgets":[{"metric":"redemptions","limit":5}]`),
		body("Two", `,"budgets":[{"metric":"redemptions","limit":7}],"categories":["5812"]`),
		body("Two", `,"flight":{"start":"2026-11-01","except":["2026-12-25"]}`),
	} {
		w.send(t, "m-1", "PUT", "/v1/campaigns/r", b).want(t, []int{201, 200, 200}[i])
	}
	told := func(r revisionJSON) (out []string) {
		for _, c := range r.Changes {
			out = append(out, fmt.Sprintf("%s: %v to %v", c.Path, c.Before, c.After))
		}
		return out
	}
	want := [][]string{
		{"budgets: [map[limit:7 metric:redemptions per:campaign period:total]] to <nil>", "categories: [5812] to <nil>", "flight.except: <nil> to [2026-12-25]", "flight.start: <nil> to 2026-11-01"},
		{"budgets[0].limit: 5 to 7", "categories: <nil> to [5812]", "title.en: One to Two"},
		nil,
	}
	for limit := 1; limit <= 4; limit++ {
		var all []revisionJSON
		for at := ""; ; {
			var page struct {
				Data        []revisionJSON
				Next_Cursor string
			}
			w.get(t, "m-1", fmt.Sprintf("/v1/campaigns/r/revisions?limit=%d%s", limit, at)).want(t, 200).decode(t, &page)
			all = append(all, page.Data...)
			if page.Next_Cursor == "" {
				break
			}
			at = "&cursor=" + page.Next_Cursor
		}
		for i, r := range all {
			if r.Version != 3-i || r.Updated_By == "" || r.State != "" || !slices.Equal(told(r), want[i]) {
				t.Errorf("limit %d: %+v, want %v", limit, r, want[i])
			}
		}
		if len(all) != 3 {
			t.Errorf("limit %d: %d versions", limit, len(all))
		}
	}
	var one revisionJSON
	w.get(t, "m-1", "/v1/campaigns/r/revisions/2").want(t, 200).decode(t, &one)
	if !slices.Equal(told(one), want[1]) {
		t.Errorf("%+v", one)
	}
	for _, none := range []string{"0", "4", "x", "-1", "18446744073709551615"} {
		w.get(t, "m-1", "/v1/campaigns/r/revisions/"+none).refused(t, 404, "not_found")
	}

	w.ask(t, ask{key: "m-1", method: "POST", path: "/v1/campaigns/r/revisions/1/restore", header: map[string]string{"If-Match": `"2"`}}).refused(t, 412, "stale")
	w.ask(t, ask{key: "m-1", method: "POST", path: "/v1/campaigns/r/revisions/1/restore", header: map[string]string{"If-Match": `"3"`}}).want(t, 200)
	w.get(t, "m-1", "/v1/campaigns/r/revisions/4").want(t, 200).decode(t, &one)
	if one.Version != 4 || one.Title["en"] != "One" {
		t.Errorf("%+v", one)
	}
	first := w.get(t, "m-1", "/v1/campaigns/r/revisions/1").want(t, 200).body
	fourth := w.get(t, "m-1", "/v1/campaigns/r/revisions/4").want(t, 200).body
	content := func(b []byte) []byte { return b[:bytes.Index(b, []byte(`,"version":`))] }
	if !bytes.Equal(content(first), content(fourth)) {
		t.Errorf("restored %s of %s", fourth, first)
	}
	w.send(t, "m-1", "POST", "/v1/campaigns/r/archive", "").want(t, 200)
	w.send(t, "m-1", "POST", "/v1/campaigns/r/revisions/1/restore", "").faults(t, "status invalid")
}

// TestAuditTellsEveryChange does one of everything as a merchant, and reads who did what.
func TestAuditTellsEveryChange(t *testing.T) {
	w := newWorld(t, apitest.Options{Dir: t.TempDir()})
	w.send(t, "m-1", "PUT", "/v1/campaigns/a", campaignJSON("a", "v-1")).want(t, 201)
	w.send(t, "m-1", "POST", "/v1/campaigns/a/disable", "").want(t, 200)
	w.send(t, "m-1", "POST", "/v1/campaigns/a/revisions/1/restore", "").want(t, 200)
	w.send(t, "m-1", "POST", "/v1/campaigns/a/codes", `{"codes":["X"]}`).want(t, 201)
	w.ask(t, ask{key: "m-1", method: "POST", path: "/v1/imports", body: campaignJSON("up", "v-1") + "\n" + campaignJSON("a", "v-1"), kind: "application/x-ndjson"}).want(t, 200)
	var c changeJSON
	w.send(t, "m-1", "POST", "/v1/campaigns/up/changes", `{"live_at":"2026-11-25T00:00:00Z","status":"archived"}`).want(t, 201).decode(t, &c)
	w.pass(24 * time.Hour)
	w.RunSchedule(t.Context())
	w.ask(t, ask{key: "m-1", method: "PUT", path: "/v1/campaigns/bad", body: `{}`, wrong: true}).refused(t, 422, "invalid_input")
	w.restart(t)

	var page struct {
		Data []struct {
			Number                                  int
			Time                                    time.Time
			By, Action, Kind, ID, Detail, Import_ID string
			Version_From, Version_To                int
		}
	}
	w.get(t, "m-1", "/v1/audit").want(t, 200).decode(t, &page)
	var got []string
	slices.Reverse(page.Data)
	for i, e := range page.Data {
		if e.Number != i+1 || e.By == "" || e.Time.Before(noon) {
			t.Errorf("entry %d: %+v", i, e)
		}
		line := fmt.Sprintf("%s %s %s %d-%d", e.Action, e.Kind, e.ID, e.Version_From, e.Version_To)
		if e.Import_ID != "" {
			line += " by an upload"
		}
		got = append(got, strings.ReplaceAll(line, c.ID, "C"))
	}
	want := []string{
		"created merchant m-1 0-1", "created venue v-1 0-1", "created campaign c-1 0-1", "created key " + page.Data[3].ID + " 0-1",
		"created campaign a 0-1", "disabled campaign a 1-2", "restored campaign a 2-3", "codes_added campaign a 0-0", "changed campaign a 3-4",
		"created campaign up 0-1 by an upload", "changed campaign a 4-5 by an upload", "staged change C 0-0", "archived campaign up 1-2",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	w.get(t, "operator", "/v1/audit?merchant=m-1").want(t, 200).decode(t, &page)
	if len(page.Data) != len(want) {
		t.Errorf("an operator sees %d entries", len(page.Data))
	}
	w.get(t, "operator", "/v1/audit").want(t, 200).decode(t, &page)
	for _, e := range page.Data {
		if e.Kind != "key" && e.Kind != "profile" {
			t.Errorf("of no merchant: %+v", e)
		}
	}
	w.get(t, "operator", "/v1/audit?merchant=m-9").refused(t, 404, "not_found")
}
