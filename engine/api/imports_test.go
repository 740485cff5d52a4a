package api_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/api"
	"github.com/sihai-network/sihai/engine/api/apitest"
)

// media are the types of the formats.
var media = map[string]string{"ndjson": "application/x-ndjson", "csv": "text/csv", "geojson": "application/geo+json"}

// campaignFile writes campaigns u-0, u-1 … at v-1 in a format; edit changes what stands in a row.
func campaignFile(format string, n int, edit func(i int, row string) string) string {
	var rows []string
	for i := range n {
		row := fmt.Sprintf(`{"id":"u-%d","title":{"en":"Upload %d"},"discount":{"type":"percent","percent":10},"venues":{"ids":["v-1"]},"status":"enabled"}`, i, i)
		if format == "csv" {
			row = fmt.Sprintf("u-%d,Upload %d,percent,10,v-1,enabled", i, i)
		}
		if edit != nil {
			row = edit(i, row)
		}
		if format == "geojson" {
			row = `{"type":"Feature","properties":` + row + `,"geometry":{"type":"Polygon","coordinates":[[[-80.14,25.78],[-80.12,25.78],[-80.12,25.80],[-80.14,25.80],[-80.14,25.78]]]}}`
		}
		rows = append(rows, row)
	}
	switch format {
	case "csv":
		return "id,title.en,discount.type,discount.percent,venues.ids,status\n" + strings.Join(rows, "\n") + "\n"
	case "geojson":
		return `{"type":"FeatureCollection","features":[` + strings.Join(rows, ",\n") + "]}"
	}
	return strings.Join(rows, "\n") + "\n"
}

func packed(t testing.TB, text string) string {
	t.Helper()
	var buf bytes.Buffer
	w := gzip.NewWriter(&buf)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.String()
}

// TestImport uploads each format, plain and packed, by its media type and by its name. The answer tells what was done, and the next decision sees it.
func TestImport(t *testing.T) {
	const rows = 5
	for format, kind := range media {
		for _, coding := range []string{"", "gzip"} {
			t.Run(format+coding, func(t *testing.T) {
				w := newWorld(t, apitest.Options{})
				upload := func(query, body, kind string) (i importJSON) {
					t.Helper()
					a := ask{key: "m-1", method: "POST", path: "/v1/imports" + query, body: body, kind: kind}
					if coding != "" {
						a.body, a.header = packed(t, body), map[string]string{"Content-Encoding": coding}
					}
					w.ask(t, a).want(t, 200).decode(t, &i)
					return i
				}
				i := upload("?dry_run=true", campaignFile(format, rows, nil), kind)
				if !i.Dry_Run || i.State != "done" || i.Rows != rows || i.Accepted != rows || i.Difference.Added != rows {
					t.Errorf("dry run: %+v", i)
				}
				if d := w.decide(t, "u"); len(d.candidates()) != 2 {
					t.Errorf("after a dry run: %v", d.candidates())
				}
				if got := w.listed(t, "m-1", "/v1/imports"); len(got) != 0 {
					t.Errorf("a dry run is on record: %v", got)
				}

				i = upload("", campaignFile(format, rows, nil), kind)
				if i.Dry_Run || i.State != "done" || i.Kind != "campaigns" || i.Format != format || i.Accepted != rows || i.Difference.Added != rows || i.Rejected != 0 {
					t.Errorf("upload: %+v", i)
				}
				d := w.decide(t, "u")
				for n := range rows {
					if id := fmt.Sprintf("u-%d@v-1", n); !slices.Contains(d.candidates(), id) {
						t.Errorf("%s is no candidate after its upload was answered: %v", id, d.candidates())
					}
				}
				var record importJSON
				if w.get(t, "m-1", "/v1/imports/"+i.ID).want(t, 200).decode(t, &record); record.Accepted != rows || record.State != "done" {
					t.Errorf("on record: %+v", record)
				}

				changed := campaignFile(format, rows+1, func(n int, row string) string {
					if n == 2 {
						return strings.Replace(row, "Upload 2", "Changed", 1)
					}
					return row
				})
				i = upload("?format="+format+"&kind=campaigns", changed, "application/octet-stream")
				if i.Difference.Added != 1 || i.Difference.Changed != 1 || i.Difference.Same != rows-1 {
					t.Errorf("upload of some changes: %+v", i)
				}
			})
		}
	}
}

// TestImportOfVenues uploads venues and puts an offer at them.
func TestImportOfVenues(t *testing.T) {
	for name, c := range map[string]struct{ kind, body string }{
		"ndjson": {media["ndjson"], venueJSON("n-0") + "\n\n" + venueJSON("n-1")},
		"csv": {media["csv"], "\ufeffid,name.en,name.zh-Hans,lat,lon,category,time_zone,opening_hours.mon\n" +
			"n-0,A,甲,25.7907,-80.1353,5812,America/New_York,10:00-14:00|17:00-01:00\nn-1,\"B, C\",乙,25.7907,-80.1353,,America/New_York,\n"},
		"geojson": {media["geojson"], `{"type":"FeatureCollection","features":[
			{"type":"Feature","id":"n-0","properties":{"name":{"en":"A"},"time_zone":"America/New_York"},"geometry":{"type":"Point","coordinates":[-80.1353,25.7907]}},
			{"type":"Feature","properties":{"id":"n-1","name":{"en":"B"},"time_zone":"America/New_York"},"geometry":{"type":"Point","coordinates":[-80.1353,25.7907]}}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, apitest.Options{})
			w.ask(t, ask{key: "operator", method: "POST", path: "/v1/imports?kind=venues&merchant=m-1", body: c.body, kind: c.kind}).want(t, 200)
			if got := w.listed(t, "m-1", "/v1/merchants/m-1/venues"); !slices.Equal(got, []string{"n-0", "n-1", "v-1"}) {
				t.Fatalf("venues %v", got)
			}
			w.send(t, "m-1", "PUT", "/v1/campaigns/x", campaignJSON("x", "n-1")).want(t, 201)
			if d := w.decide(t, "u"); !slices.Contains(d.offered(), "x@n-1") {
				t.Errorf("offered %v", d.offered())
			}
		})
	}
}

// TestFaultyImport uploads files with faulty rows: every fault is told by row and column, and nothing or the good rows go in.
func TestFaultyImport(t *testing.T) {
	spoil := map[string]func(i int, row string) string{
		"ndjson": func(i int, row string) string {
			switch i {
			case 1:
				return strings.NewReplacer(`"percent":10`, `"percent":101`, `["v-1"]`, `["v-1","v-7"]`).Replace(row)
			case 3:
				return row[:20]
			case 4:
				return strings.Replace(row, "u-4", "u-0", 1)
			}
			return row
		},
		"csv": func(i int, row string) string {
			switch i {
			case 1:
				return strings.Replace(row, "10,v-1", "101,v-1|v-7", 1)
			case 3:
				return "u-3,too few"
			case 4:
				return strings.Replace(row, "u-4", "u-0", 1)
			}
			return row
		},
	}
	spoil["geojson"] = func(i int, row string) string {
		if i == 3 {
			return strings.Replace(row, `"id"`, `"ident"`, 1)
		}
		return spoil["ndjson"](i, row)
	}
	want := map[string][]string{ // row column path code
		"ndjson": {
			"2 discount.percent discount.percent out_of_range", "2 venues.ids[1] venues.ids[1] unknown_venue", "4   syntax", "5 id id duplicate",
		},
		"csv": {
			"3 discount.percent discount.percent out_of_range", "3 venues.ids venues.ids[1] unknown_venue", "5   invalid", "6 id id duplicate",
		},
		"geojson": {
			"2 discount.percent discount.percent out_of_range", "2 venues.ids[1] venues.ids[1] unknown_venue",
			"4 ident ident unknown_field", "4 id id required", "5 id id duplicate",
		},
	}
	for format, kind := range media {
		t.Run(format, func(t *testing.T) {
			w := newWorld(t, apitest.Options{})
			a := ask{key: "m-1", method: "POST", path: "/v1/imports", body: campaignFile(format, 6, spoil[format]), kind: kind}
			check := func(i importJSON) {
				t.Helper()
				var got []string
				for _, f := range i.Faults {
					got = append(got, fmt.Sprintf("%d %s %s %s", f.Row, f.Column, f.Path, f.Code))
					if f.Message == "" {
						t.Errorf("a fault without a message: %+v", f)
					}
				}
				if !slices.Equal(got, want[format]) {
					t.Errorf("faults\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want[format], "\n"))
				}
				if i.Rows != 6 || i.Accepted != 3 || i.Rejected != 3 {
					t.Errorf("%+v", i)
				}
			}
			before := w.listed(t, "m-1", "/v1/campaigns")
			p := w.ask(t, a).refused(t, 422, "import_refused")
			if p.Import == nil || p.Import.State != "failed" {
				t.Fatalf("%+v", p)
			}
			check(*p.Import)
			if after := w.listed(t, "m-1", "/v1/campaigns"); !slices.Equal(after, before) {
				t.Errorf("a refused upload left %v", after)
			}
			var i importJSON
			w.get(t, "m-1", "/v1/imports/"+p.Import.ID).want(t, 200).decode(t, &i)
			check(i)

			a.path = "/v1/imports?dry_run=1"
			w.ask(t, a).want(t, 200).decode(t, &i)
			check(i)
			if after := w.listed(t, "m-1", "/v1/campaigns"); !slices.Equal(after, before) {
				t.Errorf("a dry run left %v", after)
			}

			a.path = "/v1/imports?partial=true"
			w.ask(t, a).want(t, 200).decode(t, &i)
			check(i)
			if after := w.listed(t, "m-1", "/v1/campaigns"); !slices.Equal(after, []string{"c-1", "u-0", "u-2", "u-5"}) {
				t.Errorf("a partial upload left %v", after)
			}
		})
	}
}

// TestImportOfWhatIsNoFile uploads what is not of its format at all.
func TestImportOfWhatIsNoFile(t *testing.T) {
	w := newWorld(t, apitest.Options{})
	for name, c := range map[string]struct {
		ask
		status int
	}{
		"no format":         {ask{path: "/v1/imports", body: "x", kind: "application/octet-stream"}, 422},
		"unknown format":    {ask{path: "/v1/imports?format=xml", body: "x", kind: "text/csv", wrong: true}, 422},
		"unknown kind":      {ask{path: "/v1/imports?kind=keys", body: "x", kind: "text/csv", wrong: true}, 422},
		"empty CSV":         {ask{path: "/v1/imports", body: "\n", kind: "text/csv"}, 422},
		"no such columns":   {ask{path: "/v1/imports", body: "shop,price\n1,2\n", kind: "text/csv"}, 422},
		"no collection":     {ask{path: "/v1/imports", body: `{"type":"Polygon"}`, kind: "application/geo+json"}, 422},
		"broken collection": {ask{path: "/v1/imports", body: `{"type":"FeatureCollection","features":[{}`, kind: "application/geo+json"}, 400},
		"cut-off gzip": {ask{path: "/v1/imports", body: packed(t, campaignFile("ndjson", 3, nil))[:60], kind: "application/x-ndjson",
			header: map[string]string{"Content-Encoding": "gzip"}}, 400},
		"of nobody": {ask{key: "operator", path: "/v1/imports", body: "x", kind: "text/csv"}, 422},
		"of none":   {ask{key: "operator", path: "/v1/imports?merchant=m-9", body: "{}", kind: "application/x-ndjson"}, 404},
	} {
		t.Run(name, func(t *testing.T) {
			c.method = http.MethodPost
			if c.key == "" {
				c.key = "m-1"
			}
			w.ask(t, c.ask).want(t, c.status)
			if got := w.listed(t, "m-1", "/v1/campaigns"); !slices.Equal(got, []string{"c-1"}) {
				t.Fatalf("left %v", got)
			}
		})
	}
}

// TestClientGoneInTheMiddle hangs up after some whole rows of each format: nothing of them goes in.
func TestClientGoneInTheMiddle(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	w := newWorld(t, apitest.Options{})
	for format, kind := range media {
		for _, once := range []string{"", "k-" + format} {
			a := ask{key: "m-1", method: "POST", path: "/v1/imports", kind: kind}
			if once != "" {
				a.header = map[string]string{"Idempotency-Key": once}
			}
			h := w.hold(t, a, "")
			h.send(t, strings.TrimSuffix(campaignFile(format, 3, nil), "]}"))
			h.abandon()
		}
	}
	h := w.hold(t, ask{key: "m-1", method: "POST", path: "/v1/imports", kind: media["ndjson"], header: map[string]string{"Content-Encoding": "gzip"}}, "")
	h.send(t, packed(t, campaignFile("ndjson", 2000, nil))[:2000])
	h.abandon()

	// Those without a key are on record from their beginning: they end as failed. The others leave no file behind.
	eventually(t, "uploads are ended", func() bool {
		var list struct{ Data []importJSON }
		w.get(t, "m-1", "/v1/imports").want(t, 200).decode(t, &list)
		for _, i := range list.Data {
			if i.State == "done" {
				t.Fatalf("an upload that broke off is %+v", i)
			}
			if i.State != "failed" {
				return false
			}
		}
		left, err := os.ReadDir(os.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		return len(list.Data) == 4 && len(left) == 0
	})
	if got := w.listed(t, "m-1", "/v1/campaigns"); !slices.Equal(got, []string{"c-1"}) {
		t.Errorf("left %v", got)
	}
	for format, kind := range media { // the key of what never came in stands for nothing
		a := ask{key: "m-1", method: "POST", path: "/v1/imports", body: campaignFile(format, 3, nil), kind: kind, header: map[string]string{"Idempotency-Key": "k-" + format}}
		w.ask(t, a).want(t, 200)
	}
}

// eventually waits for what the server does in its own time.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for range 2000 {
		if holds() {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("never: %s", what)
}

// slowImporter takes a while over each upload when it has been read.
type slowImporter struct {
	engine.Importer
	pause func(ctx context.Context) error
}

func (s slowImporter) RunImport(ctx context.Context, w engine.Write, i engine.Import, rows engine.RowReader, progress func(int)) (engine.Import, error) {
	return s.Importer.RunImport(ctx, w, i, pausedRows{rows, func() error { return s.pause(ctx) }}, progress)
}

// pausedRows pauses at the end of the rows.
type pausedRows struct {
	engine.RowReader
	pause func() error
}

func (p pausedRows) Next() (engine.ImportRow, error) {
	row, err := p.RowReader.Next()
	if err == io.EOF {
		if failed := p.pause(); failed != nil {
			return row, failed
		}
	}
	return row, err
}

// TestLongImportOutlivesItsDeadlines lets the work on an upload take longer than its client may pause: neither is taken for a client that has gone.
func TestLongImportOutlivesItsDeadlines(t *testing.T) {
	const idle = 100 * time.Millisecond
	w := newWorld(t, apitest.Options{
		Timeouts: api.Timeouts{Read: idle, Write: idle},
		Change: func(o *api.Options) {
			o.UploadIdle = idle
			o.Importer = slowImporter{o.Importer, func(ctx context.Context) error {
				select {
				case <-time.After(3 * idle):
					return nil
				case <-ctx.Done():
					return ctx.Err()
				}
			}}
		},
	})
	a := ask{key: "m-1", method: "POST", path: "/v1/imports", body: campaignFile("ndjson", 3, nil), kind: media["ndjson"]}
	w.ask(t, a).want(t, 200)
	a.body, a.header = packed(t, a.body), map[string]string{"Content-Encoding": "gzip"}
	w.ask(t, a).want(t, 200)
	a.header["Idempotency-Key"] = "k"
	w.ask(t, a).want(t, 200)
}

// TestSilentUploadEnds sends the beginning of an upload and then nothing.
func TestSilentUploadEnds(t *testing.T) {
	w := newWorld(t, apitest.Options{Change: func(o *api.Options) { o.UploadIdle = 200 * time.Millisecond }})
	h := w.hold(t, ask{key: "m-1", method: "POST", path: "/v1/imports", kind: media["ndjson"]}, "")
	_, _ = io.WriteString(h.pipe, campaignFile("ndjson", 2, nil)) // may come too late on a busy machine
	eventually(t, "the upload is ended", func() bool { return len(w.listed(t, "m-1", "/v1/imports")) == 1 })
	h.abandon()
	if h.err == nil {
		read(t, h.ask, h.res).refused(t, 400, "malformed")
	}
	if got := w.listed(t, "m-1", "/v1/campaigns"); !slices.Equal(got, []string{"c-1"}) {
		t.Errorf("left %v", got)
	}
}

// TestKeyedImportGoesOnWithoutItsClient hangs up when the whole upload was sent: asked again, the key has the report.
func TestKeyedImportGoesOnWithoutItsClient(t *testing.T) {
	reading, gone := make(chan struct{}, 1), make(chan struct{})
	w := newWorld(t, apitest.Options{Change: func(o *api.Options) {
		o.Importer = slowImporter{o.Importer, func(ctx context.Context) error {
			reading <- struct{}{}
			<-gone
			return ctx.Err()
		}}
	}})
	a := ask{key: "m-1", method: "POST", path: "/v1/imports", body: campaignFile("ndjson", 3, nil), kind: media["ndjson"], header: map[string]string{"Idempotency-Key": "k"}}
	ctx, hangUp := context.WithCancel(t.Context())
	done := make(chan error, 1)
	req := w.request(t, ctx, a, nil)
	go func() {
		_, err := w.HTTP.Do(req)
		done <- err
	}()
	<-reading
	hangUp()
	if err := <-done; err == nil {
		t.Fatal("was answered")
	}
	w.ask(t, a).refused(t, 409, "in_progress")
	close(gone)
	eventually(t, "the upload is done", func() bool { return w.ask(t, a).status != 409 })
	var i importJSON
	w.ask(t, a).want(t, 200).decode(t, &i)
	if i.Accepted != 3 || i.Difference.Added != 3 {
		t.Errorf("%+v", i)
	}
}
