package wire_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

// One table in every way in which spreadsheets write it reads as the same venue.
func TestTablesAreReadAsTheyAreWritten(t *testing.T) {
	const header, row = "id,name.en,name.zh-Hans,lat,lon,typical_spend,partners,", "v-1,Joe's,喜来登大酒店,25.7906,-80.1366,40.00 USD,stripe,"
	western := strings.NewReplacer("name.zh-Hans", "name.fr", "喜来登大酒店", "Café à côté")
	for name, from := range map[string]struct {
		encoding encoding.Encoding
		mark     string
		replacer *strings.Replacer
	}{
		"utf-8":           {encoding.Nop, "", nil},
		"utf-8 marked":    {encoding.Nop, "\ufeff", nil},
		"utf-16le marked": {unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "\ufeff", nil},
		"utf-16be marked": {unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), "\ufeff", nil},
		"utf-16le":        {unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), "", nil},
		"utf-16be":        {unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), "", nil},
		"gb18030":         {simplifiedchinese.GB18030, "", nil},
		"gb18030 marked":  {simplifiedchinese.GB18030, "", nil},
		"windows-1252":    {charmap.Windows1252, "", western},
	} {
		for _, delimiter := range []string{",", ";", "\t", "|", "sep=;"} {
			for _, comma := range []bool{false, true} {
				table := header + "\n" + row + "\n"
				if from.replacer != nil {
					table = from.replacer.Replace(table)
				}
				if comma {
					table = strings.NewReplacer("25.7906", `"25,7906"`, "-80.1366", `"-80,1366"`, "40.00 USD", `"40,00 USD"`).Replace(table)
				}
				table = delimited(table, delimiter)
				data, err := from.encoding.NewEncoder().String(from.mark + table)
				if err != nil {
					t.Fatal(err)
				}
				rows, err := readAll(t, engine.ImportVenues, "csv", strings.NewReader(data))
				if err != nil || len(rows) != 1 || len(rows[0].Faults) > 0 {
					t.Errorf("%s by %q, comma %v: %v, %+v", name, delimiter, comma, err, rows)
					continue
				}
				v := rows[0].Venue
				want := "喜来登大酒店"
				if from.replacer != nil {
					want = "Café à côté"
				}
				if rows[0].Row != 2 || v.Position.Lat != 25.7906 || v.Position.Lng != -80.1366 || v.TypicalSpend != (engine.Money{Amount: 4000, Currency: "USD"}) ||
					v.Name["en"] != "Joe's" || v.Name["zh-Hans"]+v.Name["fr"] != want {
					t.Errorf("%s by %q, comma %v: %+v", name, delimiter, comma, v)
				}
			}
		}
	}
}

// delimited puts another delimiter between the cells of a table.
func delimited(table, delimiter string) string {
	hint := ""
	if d, found := strings.CutPrefix(delimiter, "sep="); found {
		hint, delimiter = delimiter+"\r\n", d
	}
	var out strings.Builder
	quoted := false
	for _, r := range table {
		if r == '"' {
			quoted = !quoted
		}
		if r == ',' && !quoted {
			out.WriteString(delimiter)
			continue
		}
		out.WriteRune(r)
	}
	return hint + out.String()
}

// What is said goes over what is found, and what cannot be said is refused.
func TestFeedOptions(t *testing.T) {
	read := func(file string, o engine.FeedOptions) ([]engine.ImportRow, error) {
		rows, err := wire.NewRowReader(strings.NewReader(file), wire.Upload{Kind: engine.ImportVenues, Format: "csv", FeedOptions: o})
		if err != nil {
			t.Fatal(err)
		}
		row, err := rows.Next()
		return []engine.ImportRow{row}, err
	}
	rows, err := read("id_x;name;lat;lon\n1;2;3;4", engine.FeedOptions{})
	if err != nil || !slices.Equal(told(rows), []string{"1 id_x unknown_field"}) {
		t.Errorf("%v %v", told(rows), err)
	}
	rows, err = read("id~name~lat~lon\nv~东方~12,34~5,5", engine.FeedOptions{Delimiter: "~", Decimal: "comma", Language: "zh-Hans"})
	if err != nil || len(rows[0].Faults) > 0 || rows[0].Venue.Name["zh-Hans"] != "东方" {
		t.Errorf("%+v %v", rows, err)
	}
	rows, err = read("id,name,lat,lon\nv,x,\"1,234\",5", engine.FeedOptions{})
	if err != nil || !slices.Equal(told(rows), []string{"2 lat wrong_type"}) || !strings.Contains(rows[0].Faults[0].Message, "two ways") {
		t.Errorf("%+v %v", rows, err)
	}
	for _, o := range []engine.FeedOptions{{Delimiter: "\""}, {Delimiter: "ab"}, {Encoding: "latin-9"}, {Decimal: "dot"}} {
		if _, err := read("id,name,lat,lon\nv,x,1,2", o); len(faultsOf(t, err)) != 1 {
			t.Errorf("%+v: %v", o, err)
		}
	}
	rows, err = read("id,name,lat,lon\nv,\xd6\xd0x\xff,1,2", engine.FeedOptions{Encoding: "utf-8"})
	if err != nil || !slices.Equal(told(rows), []string{"2 name encoding"}) {
		t.Errorf("%+v %v", told(rows), err)
	}
}

func TestAmountsWithTheirCurrency(t *testing.T) {
	for text, want := range map[string]string{
		"10.00 USD": "1000 USD", "USD 10": "1000 USD", "10USD": "1000 USD", "1.234,56 EUR": "123456 EUR", "1,234.56 usd": "123456 USD", "1 234,50 EUR": "123450 EUR",
		"1'234.50 CHF": "123450 CHF", "1250 JPY": "1250 JPY", "1.250 KWD": "may be read in two ways", "12.500 KWD": "may be read in two ways", "0.125 KWD": "125 KWD", "1,234 USD": "may be read in two ways",
		"1.500 USD": "may be read in two ways", "10.005 USD": "may be read in two ways", "10.0055 USD": "more decimals", "12.5 JPY": "more decimals", "10": "not an amount",
		"$10": "not an amount", "10 XXZ": "not a currency", "ten USD": "not a number", "-5 USD": "-500 USD", "1,2,3 USD": "not a number",
		"99999999999999999999 USD": "too large",
	} {
		file := "id;title;discount.type;discount.amount;venues.all\na;x;amount;" + text + ";true\n"
		rows, err := readAll(t, engine.ImportCampaigns, "csv", strings.NewReader(file))
		if err != nil || len(rows) != 1 {
			t.Fatalf("%s: %v", text, err)
		}
		got := rows[0].Campaign.Discount.Amount.String()
		if len(rows[0].Faults) > 0 {
			got = rows[0].Faults[0].Message
		}
		if len(rows[0].Faults) > 1 || !strings.Contains(got, want) {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// promotions is the feed of a merchant who advertises at Google: the columns of its template, and those of its specification.
const promotions = "promotion_id\tproduct_applicability\tlong_title\tpromotion_effective_dates\tredemption_channel\tredemption_channel\toffer_type\tgeneric_redemption_code\t" +
	"coupon_value_type\tPercent off\tmoney_off_amount\tminimum_purchase_amount\tminimum_purchase_quantity\tget_this_quantity_discounted\tfree_gift_description\tfree_gift_value\t" +
	"store_applicability\tstore_codes_inclusion\tpromotion_destination\tpromotion_destination\n" +
	"KID20\tspecific_products\tExtra 20% off\t2026-12-13T00:00:00-08:00/2026-12-20T03:00:00-0800\tonline\tin_store\tgeneric_code\tKID20PROMO\tpercent_off\t20%\t\t100.00 USD\t\t\t\t\tspecific_stores\tv-1, v-2\tShopping_ads\tFree_listings\n" +
	"TEN\tall_products\t10 off\t\tin_store\t\tno_code\t\tmoney_off\t\t10 USD\t\t\t\t\t\tall_stores\t\t\t\n" +
	"BOGO\tall_products\tBuy one get one\t\t\t\tno_code\t\tbuy_m_get_n_percent_off\t100\t\t\t1\t1\t\t\t\t\t\t\n" +
	"GIFT\tall_products\tA gift\t\t\t\t\t\tfree_gift_with_value\t\t\t\t\t\tA mug\t5.00 USD\t\tv-1\t\t\n" +
	"PLAIN\tall_products\tFive percent\t\t\t\t\t\t\t5\t\t\t\t\t\t\t\t\t\t\n"

func TestPromotionsFeedOfGoogle(t *testing.T) {
	reader, err := wire.NewRowReader(strings.NewReader(promotions), wire.Upload{Kind: engine.ImportCampaigns, Format: "csv"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for {
		row, err := reader.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || len(row.Faults) > 0 {
			t.Fatalf("%v, %+v", err, row.Faults)
		}
		c := row.Campaign
		d := c.Discount
		got = append(got, fmt.Sprint(c.ID, " ", c.Title["en"], " ", d.Type, d.Percent, d.Amount, d.MinSpend, d.Buy, d.Get, d.Gift["en"], d.GiftValue, c.Venues.IDs, c.Venues.All, !c.Flight.Start.IsZero(), c.CodeRequired))
	}
	want := []string{
		"KID20 Extra 20% off percent2000 0  10000 USD0 00 [v-1 v-2]falsetruetrue",
		"TEN 10 off amount0 1000 USD0 0 00 []truefalsefalse",
		"BOGO Buy one get one buy_x_get_y10000 0 0 1 10 []truefalsefalse",
		"GIFT A gift gift0 0 0 0 0A mug500 USD[v-1]falsefalsefalse",
		"PLAIN Five percent percent500 0 0 0 00 []truefalsefalse",
	}
	plain := func(s string) string { return strings.ReplaceAll(s, " ", "") }
	for i := range want {
		if i >= len(got) || plain(got[i]) != plain(want[i]) {
			t.Errorf("row %d: %s, want %s", i+2, got[i], want[i])
		}
	}
	passed := reader.(engine.RowTeller).PassedOver()
	if want := []string{"product_applicability", "generic_redemption_code", "promotion_destination"}; !slices.Equal(passed, want) {
		t.Errorf("passed over %q", passed)
	}
}

func TestPromotionsThatCannotBe(t *testing.T) {
	const header = "promotion_id,long_title,promotion_effective_dates,redemption_channel,coupon_value_type,percent_off,store_applicability,store_codes_inclusion,store_codes_exclusion\n"
	for row, want := range map[string]string{
		"A,x,,online,percent_off,5,,,":                "2 redemption_channel unsupported",
		"A,x,,,free_shipping_standard,,,,":            "2 coupon_value_type unsupported",
		"A,x,2026-01-01/2026-02-01,,percent_off,5,,,": "2 promotion_effective_dates invalid",
		"A,x,2026-01-01T00:00:00Z,,percent_off,5,,,":  "2 promotion_effective_dates invalid",
		"A,x,,,percent_off,5,specific_stores,,":       "2 store_codes_inclusion required",
		"A,x,,,percent_off,5,some,v-1,":               "2 store_applicability invalid",
		"A,x,,,percent_off,5,,,v-1":                   "2 store_codes_exclusion unsupported",
		"A,x,,,percent_off,five,,,":                   "2 percent_off wrong_type",
		",x,,,percent_off,5,,,":                       "2 promotion_id required",
		"A,x,,,,,,,":                                  "2 percent_off required",
	} {
		rows, err := readAll(t, engine.ImportCampaigns, "csv", strings.NewReader(header+row+"\n"))
		if err != nil || !slices.Equal(told(rows), []string{want}) {
			t.Errorf("%s: %q, want %s; %v", row, told(rows), want, err)
		}
	}
}

func TestUnpack(t *testing.T) {
	const text = "id,name,lat,lon\n"
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	packer, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	pressed := packer.EncodeAll([]byte(text), nil)
	for _, c := range []struct {
		data, coding string
		ok           bool
	}{
		{text, "", true}, {text, "identity", true}, {zipped.String(), "", true}, {zipped.String(), "gzip", true}, {string(pressed), "", true}, {string(pressed), "zstd", true},
		{"", "", true}, {text, "gzip", false}, {text, "zstd", false}, {string(pressed), "gzip", false}, {zipped.String()[:20], "", false}, {string(pressed)[:9], "", false}, {text, "br", false},
	} {
		unpacked, err := wire.Unpack(strings.NewReader(c.data), c.coding)
		var got []byte
		if err == nil {
			got, err = io.ReadAll(unpacked)
			_ = unpacked.Close()
		}
		if ok := err == nil && (string(got) == text || c.data == ""); ok != c.ok {
			t.Errorf("%q as %q: %q, %v", c.data, c.coding, got, err)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add([]byte("\x1f\x8b\x08"))
	f.Add([]byte("\x28\xb5\x2f\xfd\x04\x00\x01\x00\x00a"))
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, err := wire.OpenKept(bytes.NewReader(data), wire.Upload{Kind: engine.ImportVenues, Format: "ndjson"}, 1<<16)
		for err == nil {
			_, err = rows.Next()
		}
		var faults engine.Faults
		if !errors.Is(err, io.EOF) && !errors.As(err, &faults) {
			t.Errorf("an error of bytes is no Faults: %v", err)
		}
	})
}

func FuzzTable(f *testing.F) {
	f.Add([]byte(promotions), true)
	f.Add([]byte("\xff\xfei\x00d\x00;\x00l\x00a\x00t\x00\n\x001\x00;\x002\x00,\x005\x00"), false)
	f.Add([]byte("sep=;\nid;name;lat;typical_spend\n\xd6\xd0;\xd6\xd0;1,5;1 EUR\n"), false)
	f.Fuzz(func(t *testing.T, file []byte, campaigns bool) {
		kind := engine.ImportVenues
		if campaigns {
			kind = engine.ImportCampaigns
		}
		rows, err := wire.NewRowReader(bytes.NewReader(file), wire.Upload{Kind: kind, Format: "csv", MaxRowBytes: 4096, MaxRows: 1000})
		if err != nil {
			t.Fatal(err)
		}
		teller := rows.(engine.RowTeller)
		for {
			row, err := rows.Next()
			var faults engine.Faults
			if err != nil {
				if !errors.Is(err, io.EOF) && !errors.As(err, &faults) {
					t.Errorf("an error of a readable source is no Faults: %v", err)
				}
				return
			}
			for _, f := range row.Faults {
				_ = teller.Value(f.Column, f.Path)
				_ = wire.Expected(kind, f.Path)
			}
		}
	})
}
