package wire_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

// readAll reads every row of a file and the error that ended it, nil for its end.
func readAll(t testing.TB, kind engine.ImportKind, format string, src io.Reader) ([]engine.ImportRow, error) {
	t.Helper()
	rows, err := wire.NewRowReader(src, wire.Upload{Kind: kind, Format: format, MaxRowBytes: 4096, MaxRows: 1000})
	if err != nil {
		t.Fatal(err)
	}
	var out []engine.ImportRow
	for {
		row, err := rows.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, row)
	}
}

// told lists the faults of rows as "row column code".
func told(rows []engine.ImportRow) []string {
	var out []string
	for _, row := range rows {
		for _, f := range row.Faults {
			out = append(out, fmt.Sprintf("%d %s %s", f.Row, f.Column, f.Code))
		}
	}
	return out
}

func TestNDJSONReadsEachLine(t *testing.T) {
	file := "\ufeff" + oneLine(fullCampaign) + "\n\n{\"id\": 5}\n" + strings.Repeat("x", 5000) + "\n" + oneLine(fullCampaign)
	for name, src := range map[string]io.Reader{"at once": strings.NewReader(file), "byte by byte": iotest.OneByteReader(strings.NewReader(file))} {
		t.Run(name, func(t *testing.T) {
			rows, err := readAll(t, engine.ImportCampaigns, "ndjson", src)
			if err != nil || len(rows) != 4 || rows[0].Campaign.ID != "lincoln-15" || rows[3].Row != 5 || rows[3].Campaign.ID != "lincoln-15" {
				t.Fatalf("%d rows, %v", len(rows), err)
			}
			want := []string{"3 id wrong_type", "3 id required", "3 title required", "3 discount required", "3 venues required", "4  too_long"}
			if got := told(rows); !slices.Equal(slices.DeleteFunc(got, func(s string) bool { return s == "3 id required" }), slices.Delete(want, 1, 2)) {
				t.Errorf("faults %q", got)
			}
		})
	}
}

func oneLine(s string) string { return strings.ReplaceAll(s, "\n", " ") }

func TestCSVColumnsArePaths(t *testing.T) {
	file := "\ufeffid,title.en,title.zh-Hans,discount.type,discount.percent,venues.ids,geofences.circle.lat,geofences.circle.lon,geofences.circle.radius,flight.windows.days,flight.windows.from,flight.windows.to,venues.all,geofences[1].geojson\n" +
		`a,"15% off, today",八五折,percent,15,v-1|v-2,25.79,-80.13,800,mon|tue,17:00,02:00,TRUE,"{""type"":""Polygon"",""coordinates"":[[[0,0],[1,0],[1,1],[0,0]]]}"` + "\n" +
		"b,x,,percent,lots,v-1,25.79,,800,,,,,\n" +
		"c,x\n"
	rows, err := readAll(t, engine.ImportCampaigns, "csv", strings.NewReader(file))
	if err != nil || len(rows) != 3 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	c := rows[0].Campaign
	if rows[0].Row != 2 || len(rows[0].Faults) > 0 || c.Title["en"] != "15% off, today" || c.Discount.Percent != 1500 || !slices.Equal(c.Venues.IDs, []string{"v-1", "v-2"}) ||
		c.Geofences[0].Circle.Radius != 800 || c.Geofences[1].GeoJSON == nil || len(c.Flight.Windows[0].Days) != 2 || !c.Venues.All {
		t.Errorf("row: %+v %v", c, rows[0].Faults)
	}
	want := []string{"3 discount.percent wrong_type", "3 geofences.circle.lon required", "4  invalid"}
	if got := told(rows); !slices.Equal(got, want) {
		t.Errorf("faults\n got %q\nwant %q", got, want)
	}
}

func TestCSVHeaderFaults(t *testing.T) {
	rows, err := readAll(t, engine.ImportVenues, "csv", strings.NewReader("id,name.en,lat,lon,lattitude,name,id,opening_hours.mon,partners[0]\nv,n,1,2,3,4,5,10:00-12:00,6\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"1 lattitude unknown_field", "1 name unknown_field", "1 id unknown_field"}
	if got := told(rows); !slices.Equal(got, want) {
		t.Errorf("faults\n got %q\nwant %q", got, want)
	}
	if v := rows[1].Venue; v.ID != "v" || v.Position.Lng != 2 || len(v.OpeningHours) != 1 || !slices.Equal(v.Partners, []string{"6"}) {
		t.Errorf("venue: %+v", v)
	}
	for _, file := range []string{"", "\"", "id,\"x"} {
		if _, err := readAll(t, engine.ImportVenues, "csv", strings.NewReader(file)); len(faultsOf(t, err)) != 1 {
			t.Errorf("%q: %v", file, err)
		}
	}
}

func TestGeoJSONReadsFeatures(t *testing.T) {
	file := `{"name": "quarters", "type": "FeatureCollection", "features": [
	 {"type": "Feature", "id": "wynwood", "geometry": {"type": "Polygon", "coordinates": [[[0,0],[1,0],[1,1],[0,0]]]},
	  "properties": {"title": {"en": "x"}, "discount": {"type": "percent", "percent": 10}, "venues": {"all": true}}},
	 {"type": "Feature", "geometry": null, "properties": {"id": "b", "titel": {}}},
	 {"type": "Point"}
	], "bbox": [0, 0, 1, 1]}`
	rows, err := readAll(t, engine.ImportCampaigns, "geojson", strings.NewReader(file))
	if err != nil || len(rows) != 3 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	if c := rows[0].Campaign; c.ID != "wynwood" || len(c.Geofences) != 1 || len(rows[0].Faults) > 0 {
		t.Errorf("campaign: %+v %v", c, rows[0].Faults)
	}
	want := []string{"2 titel unknown_field", "2 title required", "2 discount required", "2 venues required", "3 type invalid", "3 properties required"}
	if got := told(rows); !slices.Equal(got, want) {
		t.Errorf("faults\n got %q\nwant %q", got, want)
	}
	venues := `{"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": {"type": "Point", "coordinates": [-80.13, 25.79]}, "properties": {"id": "v", "name": {"en": "x"}}},
	 {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": []}, "properties": {"id": "w", "name": {"en": "x"}, "lat": 1, "lon": 2}}]}`
	rows, err = readAll(t, engine.ImportVenues, "geojson", strings.NewReader(venues))
	if err != nil || rows[0].Venue.Position.Lat != 25.79 || !slices.Equal(told(rows), []string{"2 geometry invalid"}) {
		t.Errorf("venues: %+v %v %v", rows, told(rows), err)
	}
}

func TestGeoJSONThatIsNone(t *testing.T) {
	for file, want := range map[string]string{
		``:                                " syntax",
		`[]`:                              " wrong_type",
		`{}`:                              "features required",
		`{"type": "Feature"}`:             "type invalid",
		`{"features": {}}`:                "features wrong_type",
		`{"features": []} 1`:              " syntax",
		`{"features": [`:                  " syntax",
		`{"features": [], "features":[]}`: "features wrong_type",
		`{"features": [{"a": "` + strings.Repeat("x", 200_000): "features[0] too_long",
	} {
		_, err := readAll(t, engine.ImportVenues, "geojson", strings.NewReader(file))
		if got := faultsOf(t, err); !slices.Equal(got, []string{want}) {
			t.Errorf("%.40s: %q, want %q", file, got, want)
		}
	}
}

func TestTooManyRows(t *testing.T) {
	_, err := readAll(t, engine.ImportVenues, "ndjson", strings.NewReader(strings.Repeat("{}\n", 1001)))
	if got := faultsOf(t, err); !slices.Equal(got, []string{" too_many"}) {
		t.Errorf("faults %q", got)
	}
}

func TestSourceErrorsAreNotFaults(t *testing.T) {
	broken := errors.New("connection lost")
	for _, format := range wire.Formats() {
		_, err := readAll(t, engine.ImportVenues, format, iotest.ErrReader(broken))
		if !errors.Is(err, broken) {
			t.Errorf("%s: %v", format, err)
		}
	}
}

func FuzzRows(f *testing.F) {
	f.Add(0, oneLine(fullCampaign)+"\n")
	f.Add(1, "id,title.en,geofences[1].cells\na,b,c|d\n")
	f.Add(2, `{"type":"FeatureCollection","features":[{"type":"Feature","properties":{}}]}`)
	f.Fuzz(func(t *testing.T, format int, file string) {
		kind := engine.ImportCampaigns
		if format < 0 {
			format, kind = -(format + 1), engine.ImportVenues
		}
		rows, err := readAll(t, kind, wire.Formats()[format%3], strings.NewReader(file))
		var faults engine.Faults
		if err != nil && !errors.As(err, &faults) {
			t.Errorf("error of a readable source is no Faults: %v", err)
		}
		if len(rows) > len(file)+1 {
			t.Errorf("%d rows of %d bytes", len(rows), len(file))
		}
	})
}

func TestRatesOfTheBank(t *testing.T) {
	rates, err := wire.ReadRates(strings.NewReader("Date, USD, JPY, TRL,\n2026-04-13, 1.1684, 186.75, N/A,\n2026-04-10, 1.1711, , 5,\n"))
	if err != nil || len(rates) != 2 {
		t.Fatalf("%v, %v", rates, err)
	}
	if rates[0].Date.Day != 10 || rates[1].Rates["USD"] != (engine.Rate{Mantissa: 11684, Scale: 4}) || len(rates[1].Rates) != 2 || len(rates[0].Rates) != 2 {
		t.Errorf("rates: %+v", rates)
	}
	_, err = wire.ReadRates(strings.NewReader("Date,USD,usd,USD\n13/4/2026,1,1,1\n2026-04-13,-1,1e3,0\n2026-04-13,1,1,1,1\n"))
	want := []string{
		"rows[1] invalid", "rows[1] duplicate", "rows[2].Date invalid", "rows[3].USD invalid", "rows[3].usd invalid", "rows[3].USD invalid",
		"rows[4] invalid", "rows[4].Date duplicate",
	}
	if got := faultsOf(t, err); !slices.Equal(got, want) {
		t.Errorf("faults\n got %q\nwant %q", got, want)
	}
}

func FuzzReadRates(f *testing.F) {
	f.Add("Date,USD\n2026-04-13,1.1684\n")
	f.Fuzz(func(t *testing.T, file string) {
		days, err := wire.ReadRates(strings.NewReader(file))
		if err != nil {
			return
		}
		for _, day := range days {
			for code, rate := range day.Rates {
				if rate.Mantissa <= 0 || rate.Scale > 18 {
					t.Errorf("%v %s: %+v", day.Date, code, rate)
				}
			}
		}
	})
}
