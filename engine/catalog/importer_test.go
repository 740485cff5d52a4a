package catalog_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
)

func anImport(kind engine.ImportKind) engine.Import {
	return engine.Import{ImportID: engine.ImportID{MerchantID: "m-1"}, Kind: kind, Format: "ndjson"}
}

// counts tells the numbers of a report.
func counts(i engine.Import) string {
	return fmt.Sprintf("%s: %d rows, %d accepted (%d added, %d changed, %d same), %d rejected", i.State, i.Rows, i.Accepted, i.Added, i.Changed, i.Same, i.Rejected)
}

func (h house) run(t *testing.T, i engine.Import, rows engine.RowReader) engine.Import {
	t.Helper()
	report, err := h.service.RunImport(t.Context(), write(), i, rows, nil)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// position returns the newest change, by which it shows whether an upload changed anything.
func (h house) position(t *testing.T) uint64 {
	t.Helper()
	at, err := h.db.Position(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestImportTakesRowsAndTellsTheDifference(t *testing.T) {
	h := newHouse(t, 2, "m-1")
	a, b := campaign("m-1", "a", "v-0"), campaign("", "b", "v-0", "v-1")
	report := h.run(t, anImport(engine.ImportCampaigns), campaignRows(a, b))
	if got, want := counts(report), "done: 2 rows, 2 accepted (2 added, 0 changed, 0 same), 0 rejected"; got != want {
		t.Errorf("%s; want %s", got, want)
	}
	if report.By != "cli" || !report.Started.Equal(noon) || !report.Finished.Equal(noon.Add(time.Minute)) || report.Format != "ndjson" {
		t.Errorf("%+v", report)
	}
	if kept, err := h.db.Import(t.Context(), report.ImportID); err != nil || counts(kept) != counts(report) {
		t.Errorf("the record says %s, %v", counts(kept), err)
	}
	if b, err := h.db.Campaign(t.Context(), "m-1", "b"); err != nil || b.MerchantID != "m-1" {
		t.Errorf("merchant %q, %v", b.MerchantID, err)
	}

	b.Title = engine.Text{"en": "20% off"}
	c := campaign("m-1", "c", "v-1")
	full := fullCampaign()
	full.Venues.IDs = []string{"v-0"}
	dry := anImport(engine.ImportCampaigns)
	dry.DryRun = true
	before := h.position(t)
	want := "done: 4 rows, 4 accepted (2 added, 1 changed, 1 same), 0 rejected"
	if got := counts(h.run(t, dry, campaignRows(a, b, c, full))); got != want {
		t.Errorf("dry: %s; want %s", got, want)
	}
	if h.position(t) != before {
		t.Error("the dry run changed something")
	}
	if list, _, err := h.db.ListImports(t.Context(), "m-1", engine.Page{Limit: 10}); err != nil || len(list) != 1 {
		t.Errorf("%d imports, %v", len(list), err)
	}
	if got := counts(h.run(t, anImport(engine.ImportCampaigns), campaignRows(a, b, c, full))); got != want {
		t.Errorf("done: %s; want %s", got, want)
	}
	if stored, err := h.db.Campaign(t.Context(), "m-1", "a"); err != nil || stored.Meta.Version != 1 {
		t.Errorf("the row that is the same has version %d, %v", stored.Meta.Version, err)
	}
}

func TestImportTellsEveryFaultOfEveryRow(t *testing.T) {
	rows := func() *sliceReader {
		bad := campaign("m-1", "bad", "v-0", "v-7")
		bad.Discount.Percent, bad.Categories = 0, []string{"x"}
		other := campaign("m-2", "other", "v-0")
		r := campaignRows(campaign("m-1", "good", "v-0"), bad, other, campaign("m-1", "good", "v-0"))
		decoded := campaign("m-1", "decoded", "v-0")
		decoded.Discount = engine.Discount{}
		r.rows = append(r.rows, engine.ImportRow{Row: 5, Campaign: &decoded, Faults: []engine.RowFault{
			{Row: 5, Column: "discount.percent", Fault: engine.Fault{Path: "discount.percent", Code: "wrong_type"}}}},
			engine.ImportRow{Row: 6, Faults: []engine.RowFault{{Row: 6, Fault: engine.Fault{Code: "syntax"}}}},
			engine.ImportRow{Row: 7, Venue: new(engine.Venue)})
		return r
	}
	want := []string{
		"2 venues.ids[1] unknown_venue", "2 discount.percent required", "2 categories[0] invalid",
		"3 merchant_id invalid", "4 id duplicate",
		"5 discount.percent wrong_type", "5 discount.type required", "6  syntax", "7  required",
	}
	for name, test := range map[string]struct {
		dry, partial bool
		want         string
		stored       bool
	}{
		"all or none":  {false, false, "failed: 7 rows, 1 accepted (0 added, 0 changed, 0 same), 6 rejected", false},
		"dry":          {true, false, "failed: 7 rows, 1 accepted (1 added, 0 changed, 0 same), 6 rejected", false},
		"partial":      {false, true, "done: 7 rows, 1 accepted (1 added, 0 changed, 0 same), 6 rejected", true},
		"partial, dry": {true, true, "done: 7 rows, 1 accepted (1 added, 0 changed, 0 same), 6 rejected", false},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, 1, "m-1")
			before := h.position(t)
			i := anImport(engine.ImportCampaigns)
			i.DryRun, i.Partial = test.dry, test.partial
			report := h.run(t, i, rows())
			if got := counts(report); got != test.want {
				t.Errorf("%s; want %s", got, test.want)
			}
			mustEqual(t, "faults", rowsTold(report), want)
			if _, err := h.db.Campaign(t.Context(), "m-1", "good"); (err == nil) != test.stored {
				t.Errorf("stored: %v", err)
			}
			if changed := h.position(t) != before; changed != test.stored {
				t.Errorf("changed something: %v", changed)
			}
		})
	}
}

func TestDuplicateNamesBothRows(t *testing.T) {
	h := newHouse(t, 1, "m-1")
	report := h.run(t, anImport(engine.ImportVenues), venueRows(venue("m-1", "a", 1), venue("m-1", "b", 2), venue("m-1", "a", 3)))
	if len(report.Faults) != 1 || report.Faults[0].Message != "rows 1 and 3 both have the ID a" {
		t.Errorf("%+v", report.Faults)
	}
}

func TestImportFindsZones(t *testing.T) {
	h := newHouse(t, 0, "m-1")
	here, nowhere := venue("m-1", "a", 1), venue("m-1", "b", 2)
	here.TimeZone, nowhere.TimeZone = "", ""
	nowhere.Position = geo.LatLng{Lat: 0, Lng: -100}
	i := anImport(engine.ImportVenues)
	i.Partial = true
	report := h.run(t, i, venueRows(here, nowhere))
	mustEqual(t, "faults", rowsTold(report), []string{"2 time_zone unknown_zone"})
	if v, err := h.db.Venue(t.Context(), "m-1", "a"); err != nil || v.TimeZone != "America/New_York" {
		t.Errorf("%q, %v", v.TimeZone, err)
	}
}

// columnReader names places as a CSV reader does.
type columnReader struct{ *sliceReader }

func (columnReader) Column(path string) string { return "column of " + path }

func TestImportNamesColumnsAsTheReaderDoes(t *testing.T) {
	h := newHouse(t, 1, "m-1")
	c := campaign("m-1", "a", "v-0")
	c.Categories = []string{"x"}
	mustEqual(t, "faults", rowsTold(h.run(t, anImport(engine.ImportCampaigns), columnReader{campaignRows(c)})), []string{"1 column of categories[0] invalid"})
}

func TestImportOnce(t *testing.T) {
	h := newHouse(t, 1, "m-1")
	w := write()
	w.Once = &engine.Once{Caller: "key", Key: "1"}
	first, err := h.service.RunImport(t.Context(), w, anImport(engine.ImportCampaigns), campaignRows(campaign("m-1", "a", "v-0")), nil)
	if err != nil {
		t.Fatal(err)
	}
	before := h.position(t)
	rest := campaignRows(campaign("m-1", "b", "v-0"))
	again, err := h.service.RunImport(t.Context(), w, anImport(engine.ImportCampaigns), rest, nil)
	if err != nil || again.ImportID != first.ImportID || counts(again) != counts(first) || len(rest.rows) != 1 || h.position(t) != before {
		t.Errorf("%+v, %v", again, err)
	}
	other := w
	other.Once = &engine.Once{Caller: "key", Key: "1", Fingerprint: [32]byte{1}}
	if _, err := h.service.RunImport(t.Context(), other, anImport(engine.ImportCampaigns), rest, nil); !errors.Is(err, engine.ErrOnceConflict) {
		t.Error(err)
	}
}

// onceWithin starts an upload of the same key while another is read.
type onceWithin struct {
	*sliceReader
	try func() error
	err error
}

func (r *onceWithin) Next() (engine.ImportRow, error) {
	r.err = r.try()
	return r.sliceReader.Next()
}

func TestImportOnceWhileItIsRead(t *testing.T) {
	h := newHouse(t, 1, "m-1")
	w := write()
	w.Once = &engine.Once{Caller: "key", Key: "1"}
	rows := &onceWithin{sliceReader: campaignRows(campaign("m-1", "a", "v-0"))}
	rows.try = func() error {
		_, err := h.service.RunImport(t.Context(), w, anImport(engine.ImportCampaigns), campaignRows(), nil)
		return err
	}
	if _, err := h.service.RunImport(t.Context(), w, anImport(engine.ImportCampaigns), rows, nil); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(rows.err, engine.ErrOnceBusy) {
		t.Errorf("the second answered %v", rows.err)
	}
}

func TestImportThatCannotBeRunChangesNothing(t *testing.T) {
	broken := errors.New("connection lost")
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	many := make([]engine.Campaign, 2500)
	for i := range many {
		many[i] = campaign("m-1", fmt.Sprintf("c-%d", i), "v-0")
	}
	for name, test := range map[string]struct {
		ctx  context.Context
		i    func(*engine.Import)
		rows *sliceReader
		want error
	}{
		"reader fails after staging": {context.Background(), func(*engine.Import) {}, &sliceReader{rows: campaignRows(many...).rows, err: broken}, broken},
		"faults of the file":         {context.Background(), func(*engine.Import) {}, &sliceReader{err: engine.Faults{{Code: "too_many"}}}, nil},
		"caller has gone":            {cancelled, func(*engine.Import) {}, campaignRows(many...), context.Canceled},
		"unknown merchant":           {context.Background(), func(i *engine.Import) { i.MerchantID = "m-2" }, campaignRows(), engine.ErrNotFound},
		"no kind":                    {context.Background(), func(i *engine.Import) { i.Kind = "offers" }, campaignRows(), nil},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, 1, "m-1")
			before := h.position(t)
			i := anImport(engine.ImportCampaigns)
			test.i(&i)
			_, err := h.service.RunImport(test.ctx, write(), i, test.rows, nil)
			var faults engine.Faults
			if test.want == nil && !errors.As(err, &faults) || test.want != nil && !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
			if h.position(t) != before {
				t.Error("it changed something")
			}
			list, _, err := h.db.ListImports(t.Context(), "m-1", engine.Page{Limit: 10})
			if err != nil || slices.ContainsFunc(list, func(i engine.Import) bool { return i.State != engine.ImportFailed }) {
				t.Errorf("%+v, %v", list, err)
			}
		})
	}
}

func TestImportOfManyRows(t *testing.T) {
	h := newHouse(t, 1, "m-1")
	many := make([]engine.Campaign, 2500)
	for i := range many {
		many[i] = campaign("m-1", fmt.Sprintf("c-%d", i), "v-0")
	}
	var told []int
	report, err := h.service.RunImport(t.Context(), write(), anImport(engine.ImportCampaigns), campaignRows(many...), func(rows int) { told = append(told, rows) })
	if err != nil || report.Added != 2500 {
		t.Fatalf("%s, %v", counts(report), err)
	}
	if !slices.Equal(told, []int{1000, 2000, 2500}) {
		t.Errorf("progress %v", told)
	}
}

func TestReportListsSomeFaultsAndCountsTheRest(t *testing.T) {
	h := newHouse(t, 0, "m-1")
	rows := new(sliceReader)
	for i := range engine.MaxRowFaults + 5 {
		rows.rows = append(rows.rows, engine.ImportRow{Row: i + 1, Faults: []engine.RowFault{{Row: i + 1, Fault: engine.Fault{Code: "syntax"}}}})
	}
	dry := anImport(engine.ImportVenues)
	dry.DryRun = true
	if report := h.run(t, dry, rows); len(report.Faults) != engine.MaxRowFaults || report.MoreFaults != 5 || report.Rejected != engine.MaxRowFaults+5 {
		t.Errorf("%d faults and %d more", len(report.Faults), report.MoreFaults)
	}
}

// deletingReader deletes a venue once all rows have been checked.
type deletingReader struct {
	*sliceReader
	delete func()
}

func (r *deletingReader) Next() (engine.ImportRow, error) {
	if len(r.rows) == 0 {
		r.delete()
	}
	return r.sliceReader.Next()
}

func TestImportOfCampaignsWhoseVenueGoesMeanwhile(t *testing.T) {
	h := newHouse(t, 2, "m-1")
	rows := &deletingReader{campaignRows(campaign("m-1", "a", "v-0"), campaign("m-1", "b", "v-0", "v-1")), func() {
		if err := h.service.DeleteVenue(t.Context(), write(), "m-1", "v-1"); err != nil {
			t.Error(err)
		}
	}}
	report := h.run(t, anImport(engine.ImportCampaigns), rows)
	if got, want := counts(report), "failed: 2 rows, 1 accepted (0 added, 0 changed, 0 same), 1 rejected"; got != want {
		t.Errorf("%s; want %s", got, want)
	}
	mustEqual(t, "faults", rowsTold(report), []string{"2 venues.ids[1] unknown_venue"})
	if _, err := h.db.Campaign(t.Context(), "m-1", "a"); !errors.Is(err, engine.ErrNotFound) {
		t.Error(err)
	}
}
