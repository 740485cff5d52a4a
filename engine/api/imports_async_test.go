package api_test

import (
	"encoding/csv"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/sihai-network/sihai/engine/api/apitest"
)

// asyncImport is an upload of campaigns u-0 … that is answered before it is read.
func asyncImport(key string, n int) ask {
	return ask{key: key, method: "POST", path: "/v1/imports?async=true", body: campaignFile("ndjson", n, nil), kind: media["ndjson"]}
}

// ended waits until an import has ended.
func (w *world) endedImport(t *testing.T, key, id string) (i importJSON) {
	t.Helper()
	eventually(t, "import "+id+" ends", func() bool {
		w.get(t, key, "/v1/imports/"+id).want(t, 200).decode(t, &i)
		return i.State != "queued" && i.State != "staging" && i.State != "committed"
	})
	return i
}

// TestAsyncImport hands a file over, asks how far it is, and finds its rows once it is done. Nobody else sees it, and its idempotency key has it again.
func TestAsyncImport(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	a := asyncImport("m-1", 5)
	a.header = map[string]string{"Idempotency-Key": "k"}
	got := w.ask(t, a).want(t, 202)
	var i importJSON
	got.decode(t, &i)
	if got.header.Get("Location") != "/v1/imports/"+i.ID+"?merchant=m-1" || got.header.Get("Preference-Applied") != "respond-async" || i.Progress.Size != int64(len(a.body)) {
		t.Errorf("%v %+v", got.header, i)
	}
	if done := w.endedImport(t, "m-1", i.ID); done.State != "done" || done.Accepted != 5 || done.Difference.Added != 5 || done.Progress.Read != done.Progress.Size {
		t.Errorf("%+v", done)
	}
	var again importJSON
	w.ask(t, a).want(t, 202).decode(t, &again)
	if again.ID != i.ID || again.State != "done" {
		t.Errorf("asked again: %+v", again)
	}
	a.body += "\n"
	w.ask(t, a).refused(t, 422, "idempotency_key_reused")
	if got := w.listed(t, "m-1", "/v1/imports"); len(got) != 1 {
		t.Errorf("%v are on record", got)
	}
	for _, path := range []string{"", "/faults"} {
		w.send(t, "m-2", "GET", "/v1/imports/"+i.ID+path, "").refused(t, 404, "not_found")
	}
	w.send(t, "m-2", "DELETE", "/v1/imports/"+i.ID, "").refused(t, 404, "not_found")
	w.send(t, "m-1", "DELETE", "/v1/imports/"+i.ID, "").refused(t, 409, "ended")
}

// TestAsyncImportWaitsForItsTurn queues imports that are not read: one is cancelled, and the others go on after a new start, whatever became of the first process.
func TestAsyncImportWaitsForItsTurn(t *testing.T) {
	w := newWorld(t, apitest.Options{Dir: t.TempDir(), Paused: true})
	var first, second, dry importJSON
	w.ask(t, asyncImport("m-1", 3)).want(t, 202).decode(t, &first)
	packed := asyncImport("m-1", 4)
	packer, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	packed.body = string(packer.EncodeAll([]byte(packed.body), nil))
	packed.header = map[string]string{"Content-Encoding": "zstd"}
	w.ask(t, packed).want(t, 202).decode(t, &second)
	w.pass(time.Second)
	trial := asyncImport("m-1", 6)
	trial.path += "&dry_run=true"
	w.ask(t, trial).want(t, 202).decode(t, &dry)
	if first.State != "queued" {
		t.Errorf("%+v", first)
	}
	var gone importJSON
	w.send(t, "m-1", "DELETE", "/v1/imports/"+first.ID, "").want(t, 200).decode(t, &gone)
	if gone.State != "cancelled" || w.endedImport(t, "m-1", first.ID).State != "cancelled" {
		t.Errorf("%+v", gone)
	}
	w.send(t, "m-1", "DELETE", "/v1/imports/"+first.ID, "").refused(t, 409, "ended")
	w.options.Paused = false
	w.restart(t)
	if done := w.endedImport(t, "m-1", second.ID); done.State != "done" || done.Difference.Added != 4 {
		t.Errorf("%+v", done)
	}
	if told := w.endedImport(t, "m-1", dry.ID); told.State != "done" || !told.Dry_Run || told.Difference.Added != 2 || told.Difference.Same != 4 || len(told.Changes) != 2 {
		t.Errorf("%+v", told)
	}
	if got := w.listed(t, "m-1", "/v1/campaigns"); !slices.Equal(got, []string{"c-1", "u-0", "u-1", "u-2", "u-3"}) {
		t.Errorf("campaigns %v", got)
	}
}

// TestAsyncImportTellsWhyItFailed hands files over that cannot go in.
func TestAsyncImportTellsWhyItFailed(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	for name, c := range map[string]struct{ body, kind, coding, code string }{
		"faulty row":    {"{\"id\": \"x\"}\n", media["ndjson"], "", "required"},
		"empty table":   {"\n", media["csv"], "", "required"},
		"not packed":    {"plain", media["ndjson"], "gzip", "syntax"},
		"not a feature": {"[]", media["geojson"], "", "wrong_type"},
		"cut":           {packed(t, campaignFile("ndjson", 100, nil))[:80], media["ndjson"], "gzip", "syntax"},
	} {
		t.Run(name, func(t *testing.T) {
			a := ask{key: "m-1", method: "POST", path: "/v1/imports?async=true", body: c.body, kind: c.kind}
			if c.coding != "" {
				a.header = map[string]string{"Content-Encoding": c.coding}
			}
			var i importJSON
			w.ask(t, a).want(t, 202).decode(t, &i)
			if i = w.endedImport(t, "m-1", i.ID); i.State != "failed" || len(i.Faults) == 0 || i.Faults[0].Code != c.code {
				t.Fatalf("%+v", i)
			}
		})
	}
	foreign := asyncImport("m-2", 1)
	foreign.path += "&merchant=m-1"
	w.ask(t, foreign).refused(t, 404, "not_found")
}

// TestFaultsAsATable reads the faults of an upload as the merchant gets them: no cell is a formula.
func TestFaultsAsATable(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	body := "id,title.en,discount.type,discount.percent,venues.ids\na,A,percent,=1+1,v-1\nb,B,percents,10,v-1\n"
	var i struct{ Import importJSON }
	w.ask(t, ask{key: "m-1", method: "POST", path: "/v1/imports", body: body, kind: media["csv"]}).want(t, 422).decode(t, &i)
	got := w.get(t, "m-1", "/v1/imports/"+i.Import.ID+"/faults").want(t, 200)
	records, err := csv.NewReader(strings.NewReader(string(got.body))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"row", "column", "code", "value", "expected"}, {"2", "discount.percent", "wrong_type", "'=1+1", "a number from 0 to 100"},
		{"3", "discount.type", "invalid", "percents", "one of percent, amount, fixed_price, buy_x_get_y, gift, cashback"}}
	for n := range records {
		if n >= len(want) || !slices.Equal(records[n][:5], want[n]) || records[n][5] == "" {
			t.Errorf("record %d: %q", n, records[n])
		}
	}
}

// TestPrune uploads full feeds: what they do not name ends, unless that is too much of what there is or a row is faulty; a dry run lists it before.
func TestPrune(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	upload := func(query string, n, status int) (i importJSON) {
		t.Helper()
		got := w.ask(t, ask{key: "m-1", method: "POST", path: "/v1/imports" + query, body: campaignFile("ndjson", n, nil), kind: media["ndjson"]}).want(t, status)
		if status == 422 {
			var p struct{ Import importJSON }
			got.decode(t, &p)
			return p.Import
		}
		got.decode(t, &i)
		return i
	}
	upload("", 9, 200) // and c-1
	if i := upload("?prune=true", 4, 422); i.State != "failed" || !strings.Contains(i.Detail, "6 of 10 campaigns") {
		t.Errorf("too much: %+v", i)
	}
	i := upload("?prune=true&dry_run=true", 8, 200)
	var ended []string
	for _, c := range i.Changes {
		ended = append(ended, fmt.Sprint(c.Row, c.ID, c.Change))
	}
	if want := []string{"0c-1ended", "0u-8ended"}; !slices.Equal(ended, want) || i.Difference.Ended != 2 || i.Difference.Same != 8 {
		t.Errorf("dry run: %q %+v", ended, i)
	}
	if i := upload("?prune=true", 8, 200); i.Difference.Ended != 2 || i.Difference.Same != 8 || i.Difference.Changed != 0 {
		t.Errorf("%+v", i)
	}
	var c struct{ Status string }
	if w.get(t, "m-1", "/v1/campaigns/c-1").want(t, 200).decode(t, &c); c.Status != "archived" {
		t.Errorf("c-1 is %s", c.Status)
	}
	if i := upload("?prune=true", 8, 200); i.Difference.Ended != 0 {
		t.Errorf("again: %+v", i)
	}
	if i := upload("?prune=true&prune_share=1", 1, 200); i.Difference.Ended != 7 {
		t.Errorf("with another share: %+v", i)
	}
	if d := w.decide(t, "u"); len(d.candidates()) != 2 { // u-0 and the other merchant's
		t.Errorf("offered %v", d.candidates())
	}
	venues := "id,name,lat,lon\nv-9,Nine,25.79,-80.13\n"
	var p struct{ Import importJSON }
	w.ask(t, ask{key: "m-1", method: "POST", path: "/v1/imports?kind=venues&prune=true&prune_share=1", body: venues, kind: media["csv"]}).want(t, 422).decode(t, &p)
	if f := p.Import.Faults; len(f) != 1 || f[0].Code != "in_use" || f[0].Value != "v-1" {
		t.Errorf("a venue in use: %+v", p.Import)
	}
}

// TestDryRunTellsEachMember compares a changed file with what is stored, member by member.
func TestDryRunTellsEachMember(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	w.ask(t, ask{key: "m-1", method: "POST", path: "/v1/imports", body: campaignFile("csv", 3, nil), kind: media["csv"]}).want(t, 200)
	body := "id;title.en;title.zh-Hans;discount.type;discount.percent;venues.ids;status\nu-1;Upload 1;新;percent;12,5;v-1;enabled\nu-2;Upload 2;;percent;10;v-1;enabled\n"
	var i importJSON
	w.ask(t, ask{key: "m-1", method: "POST", path: "/v1/imports?dry_run=true", body: body, kind: media["csv"]}).want(t, 200).decode(t, &i)
	if len(i.Changes) != 1 || i.Changes[0].Row != 2 || i.Changes[0].ID != "u-1" || i.Changes[0].Change != "changed" {
		t.Fatalf("%+v", i)
	}
	if got := fmt.Sprint(i.Changes[0].Fields); got != "[{discount.percent 10 12.5} {title.zh-Hans  新}]" {
		t.Errorf("members %s", got)
	}
}
