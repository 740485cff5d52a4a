package wire_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

// exported writes rows in a format and reads them again.
func exported(t testing.TB, kind engine.ImportKind, format string, rows ...any) []engine.ImportRow {
	t.Helper()
	var columns wire.Columns
	for _, row := range rows {
		columns.Add(row)
	}
	var out strings.Builder
	w, err := wire.NewRowWriter(&out, format, &columns)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	reader, err := wire.NewRowReader(strings.NewReader(out.String()), wire.Upload{Kind: kind, Format: format})
	if err != nil {
		t.Fatal(err)
	}
	var read []engine.ImportRow
	for range rows {
		row, err := reader.Next()
		if err != nil || len(row.Faults) > 0 {
			t.Fatalf("%s: %v, %+v in\n%s", format, err, row.Faults, out.String())
		}
		read = append(read, row)
	}
	return read
}

// Texts, lists and numbers that a table has to take care of.
var (
	awkwardTexts = []string{"plain", " blanks ", "a|b", "[1]", "[\"x\"]", "{}", "line\nline", "crlf\r\nline", "\r", `"quoted"`, `"crlf\r\n"`, "a,b;c\td", "八五折", "=1+1", "true", "1,5", "\ufeffx", "'"}
	awkwardLists = [][]string{{"a"}, {"a", "b"}, {"a|b", "c"}, {" a"}, {"[a]"}, {"[\"a\"]"}, {"a\r"}, {"", "a"}, {"八"}}
)

// randomCampaign makes a campaign of which nothing but the shape is right.
func randomCampaign(r *rand.Rand, id string) wire.Campaign {
	text := func() wire.Text {
		out := wire.Text{"en": awkwardTexts[r.IntN(len(awkwardTexts))]}
		if r.IntN(2) == 0 {
			out["zh-Hans"] = awkwardTexts[r.IntN(len(awkwardTexts))]
		}
		return out
	}
	list := func() []string {
		if r.IntN(2) == 0 {
			return nil
		}
		return awkwardLists[r.IntN(len(awkwardLists))]
	}
	percent := float64(r.IntN(10001)) / 100
	c := wire.Campaign{
		ID: id, Title: text(), Description: text(), Status: []string{"draft", "enabled", "running", "archived"}[r.IntN(4)],
		Discount: wire.Discount{Type: "percent", Percent: &percent, Gift: text(), Max: &wire.Money{Amount: r.Int64N(1e6), Currency: "USD"}},
		Venues:   wire.VenueSet{IDs: list(), All: r.IntN(2) == 0, Radius: r.Float64() * 1000},
		Audience: &wire.Audience{Segments: list(), Expression: awkwardTexts[r.IntN(len(awkwardTexts))]},
		Stacking: &wire.Stacking{Priority: r.IntN(9) - 4, Group: "g"},
		Flight:   &wire.Flight{Start: "2026-11-01", End: "2026-12-01T09:00:00-05:00"},
	}
	for range r.IntN(6) {
		c.Budgets = append(c.Budgets, wire.Budget{Metric: "spend", Limit: r.Int64N(1e9), Currency: "USD", Period: "day", Per: "venue"})
	}
	for range r.IntN(5) {
		c.Flight.Windows = append(c.Flight.Windows, wire.Window{Days: []string{"mon", "tue"}[:r.IntN(3)], From: "10:00", To: "24:00"})
	}
	for range r.IntN(6) {
		g := wire.Geofence{Circle: &wire.Circle{Lat: r.Float64()*180 - 90, Lon: 0, Radius: 1e-7 * r.Float64()}}
		switch r.IntN(3) {
		case 0:
			g = wire.Geofence{GeoJSON: json.RawMessage(`{"type":"Polygon","coordinates":[[[0.1,0],[1,0],[1,1],[0.1,0]]]}`)}
		case 1:
			g = wire.Geofence{Cells: []string{"8944a1", "8944a2"}}
		}
		c.Geofences = append(c.Geofences, g)
	}
	return c
}

// What is exported in any format reads as what was there, whatever its texts hold and however long its lists are.
func TestExportedRowsReadAsTheyWere(t *testing.T) {
	r := rand.New(rand.NewPCG(2026, 11))
	for round := range 60 {
		var rows []any
		var want []engine.Campaign
		for i := range 5 {
			c := randomCampaign(r, fmt.Sprint("c-", i))
			data, err := json.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			e, faults := wire.DecodeCampaign(data)
			if len(faults) > 0 {
				t.Fatal(faults)
			}
			rows, want = append(rows, wire.CampaignOf(&e, time.Time{})), append(want, e)
			c = rows[i].(wire.Campaign)
			c.Status = string(e.Status)
			rows[i] = c
		}
		for _, format := range wire.Formats() {
			for i, row := range exported(t, engine.ImportCampaigns, format, rows...) {
				if got := *row.Campaign; !reflect.DeepEqual(got, want[i]) {
					t.Fatalf("round %d, %s:\n got %+v\nwant %+v", round, format, got, want[i])
				}
			}
		}
	}
}

func TestExportedVenuesReadAsTheyWere(t *testing.T) {
	for _, hours := range []string{`{}`, `{"mon": []}`, `{"mon": ["10:00-14:00", "17:00-01:00"], "sun": []}`} {
		data := fmt.Sprintf(`{"id": "v-1", "name": {"en": "A|B", "zh-Hans": " 东方 "}, "lat": 0, "lon": -0.0000001, "opening_hours": %s, "partners": ["a|b"],
			"address": "x\r\ny", "typical_spend": {"amount": 0, "currency": "JPY"}}`, hours)
		v, faults := wire.DecodeVenue([]byte(data))
		if len(faults) > 0 {
			t.Fatal(faults)
		}
		for _, format := range wire.Formats() {
			got := exported(t, engine.ImportVenues, format, wire.VenueOf(&v))[0].Venue
			if !reflect.DeepEqual(*got, v) {
				t.Errorf("%s, %s:\n got %+v\nwant %+v", format, hours, *got, v)
			}
		}
	}
}

// Each template can be uploaded as it is.
func TestTemplatesAreUploads(t *testing.T) {
	for _, kind := range []engine.ImportKind{engine.ImportVenues, engine.ImportCampaigns} {
		for _, format := range wire.Formats() {
			var out strings.Builder
			if err := wire.WriteTemplate(&out, string(kind), format); err != nil {
				t.Fatal(err)
			}
			rows, err := readAll(t, kind, format, strings.NewReader(out.String()))
			if err != nil || len(rows) != 1 || len(rows[0].Faults) > 0 {
				t.Errorf("%s as %s: %v, %v", kind, format, err, told(rows))
			}
		}
	}
}

func FuzzExport(f *testing.F) {
	f.Add(oneLine(fullCampaign))
	f.Add(`{"id":"a","title":{"en":"\r\n|\"[]"},"discount":{"type":"gift"},"venues":{"ids":["a|b",""]},"geofences":[{},{},{},{}]}`)
	f.Fuzz(func(t *testing.T, data string) {
		want, faults := wire.DecodeCampaign([]byte(data))
		if len(faults) > 0 || want.ID == "" || want.ID != strings.TrimSpace(want.ID) {
			return
		}
		row := wire.CampaignOf(&want, time.Time{})
		if again, err := json.Marshal(row); err != nil || !sameCampaign(again, &want) || !tagged(want.Title, want.Description, want.Terms, want.Discount.Gift) {
			return // it is not in the form in which campaigns are stored
		}
		for _, format := range wire.Formats() {
			got := exported(t, engine.ImportCampaigns, format, row)[0].Campaign
			got.MerchantID, got.Status = want.MerchantID, want.Status
			if !reflect.DeepEqual(*got, want) {
				t.Fatalf("%s:\n got %+v\nwant %+v", format, *got, want)
			}
		}
	})
}

func sameCampaign(data []byte, want *engine.Campaign) bool {
	got, faults := wire.DecodeCampaign(data)
	got.Status = want.Status
	return len(faults) == 0 && reflect.DeepEqual(got, *want)
}

// tagged reports whether texts have tags of letters and wordings that are not empty: no other is stored.
func tagged(texts ...engine.Text) bool {
	for _, text := range texts {
		for tag, wording := range text {
			if wording == "" || tag == "" || strings.Trim(tag, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-") != "" {
				return false
			}
		}
	}
	return true
}
