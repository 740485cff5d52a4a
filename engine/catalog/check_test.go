package catalog_test

import (
	"bufio"
	"encoding/json"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/catalog"
	"github.com/sihai-network/sihai/engine/wire"
	"github.com/sihai-network/sihai/geo"
	"github.com/sihai-network/sihai/testdata/worlds"
)

var usd = func(amount int64) engine.Money { return engine.Money{Amount: amount, Currency: "USD"} }

// fullCampaign sets every member, each rightly.
func fullCampaign() engine.Campaign {
	c := campaign("m-1", "lincoln-15", "v-1", "v-2")
	c.Description = engine.Text{"en": "On all dishes.\nNot on drinks."}
	c.Terms = engine.Text{"en": "Once a visit."}
	c.ImageURL = "https://example.com/a.png"
	c.Discount.Max, c.Discount.MinSpend = usd(5000), engine.Money{Amount: 1000, Currency: "JPY"}
	c.Venues.Chain, c.Venues.Radius = "Lincoln", 800
	c.Categories = []string{"5812", "0742"}
	c.Geofences = []engine.Geofence{
		circle(miami, 800),
		{GeoJSON: []byte(`{"type":"Polygon","coordinates":[[[-80.2,25.7],[-80.1,25.7],[-80.1,25.8],[-80.2,25.7]]]}`)},
		{Cells: []string{"8944a100c37ffff"}},
	}
	c.Flight = engine.Flight{
		Start:   engine.Moment{Date: engine.Date{Year: 2026, Month: 11, Day: 1}},
		End:     engine.Moment{Instant: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)},
		Windows: []engine.Window{{Days: []time.Weekday{time.Monday, time.Tuesday}, From: 17 * 60, To: 2 * 60}, {From: 0, To: 24 * 60}},
		Except:  []engine.Date{{Year: 2026, Month: 12, Day: 25}},
	}
	c.Audience = engine.Audience{
		HomeCountries: []string{"CN", "HK"}, Languages: []string{"zh", "zh-Hant"}, Segments: []string{"tourist"},
		SpendTiers: []string{"super"}, Expression: "user.visits < 3",
	}
	c.Budgets = []engine.Budget{
		{Metric: engine.MetricSpend, Limit: 500000, Currency: "USD", Period: engine.PeriodTotal, Per: engine.PerCampaign},
		{Metric: engine.MetricImpressions, Limit: 10, Period: engine.PeriodDay, Per: engine.PerUser},
	}
	c.Caps = []engine.FrequencyCap{{Count: 3, Window: 24 * time.Hour}}
	c.Pacing = engine.PacingEvenly
	c.Stacking = engine.Stacking{Group: "food", Mode: engine.StackExclusive, Priority: -3}
	return c
}

func TestCampaignFaults(t *testing.T) {
	date := func(y, m, d int) engine.Moment {
		return engine.Moment{Date: engine.Date{Year: y, Month: time.Month(m), Day: d}}
	}
	instant := func(s string) engine.Moment {
		at, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return engine.Moment{Instant: at}
	}
	for _, test := range []struct {
		name   string
		change func(*engine.Campaign)
		want   []string
	}{
		{"nothing wrong", func(*engine.Campaign) {}, nil},
		{"nothing there", func(c *engine.Campaign) { *c = engine.Campaign{} }, []string{
			"id required", "merchant_id required", "title required", "discount.type required", "venues required"}},
		{"ids", func(c *engine.Campaign) { c.ID, c.MerchantID = "a/b", strings.Repeat("x", 65) }, []string{"id invalid", "merchant_id too_long"}},
		{"id of an offer", func(c *engine.Campaign) { c.ID = "a@b" }, []string{"id invalid"}},
		{"texts", func(c *engine.Campaign) {
			c.Title = engine.Text{"zh-Hans": "  ", "zh_hans": "x", "english": "x", "en": strings.Repeat("é", 201), "fr": strings.Repeat("é", 200), "de": "a\x00"}
			c.Description = engine.Text{"en": "\xff"}
		}, []string{"title.de invalid", "title.en too_long", "title.english invalid", "title.zh-Hans required", "title.zh_hans duplicate", "description.en invalid"}},
		{"undetermined language", func(c *engine.Campaign) { c.Title["und"] = "x"; c.Title["x-private"] = "x" }, []string{"title.und invalid", "title.x-private invalid"}},
		{"image", func(c *engine.Campaign) { c.ImageURL = "ftp://example.com/a" }, []string{"image_url invalid"}},
		{"image without host", func(c *engine.Campaign) { c.ImageURL = "https:///a" }, []string{"image_url invalid"}},
		{"venues", func(c *engine.Campaign) {
			c.Venues = engine.VenueSet{IDs: []string{"v-1", "v 2", "v-1"}, Chain: " x", Radius: 0.5}
		}, []string{"venues.ids[1] invalid", "venues.ids[2] duplicate", "venues.chain invalid", "venues.radius out_of_range"}},
		{"radius that is no number", func(c *engine.Campaign) { c.Venues.Radius = geo.Meters(math.NaN()) }, []string{"venues.radius out_of_range"}},
		{"too many venues", func(c *engine.Campaign) { c.Venues.IDs = make([]string, 10_001) }, []string{"venues.ids too_many"}},
		{"categories", func(c *engine.Campaign) { c.Categories = []string{"581", "5812", "5812", "58l2"} },
			[]string{"categories[0] invalid", "categories[2] duplicate", "categories[3] invalid"}},
		{"geofences", func(c *engine.Campaign) {
			c.Geofences = []engine.Geofence{circle(miami, -1), {}, {GeoJSON: []byte(`{"type":"Polygon","coordinates":[[[0,0],[1,0],[999,1],[0,0]]]}`)}, {Cells: []string{"x"}}}
		}, []string{"geofences[0].circle.radius out_of_range", "geofences[1] invalid", "geofences[2].geojson.coordinates[0][2][0] out_of_range", "geofences[3].cells[0] invalid"}},
		{"too many geofences", func(c *engine.Campaign) { c.Geofences = make([]engine.Geofence, 101) }, []string{"geofences too_many"}},
		{"flight by dates", func(c *engine.Campaign) { c.Flight.Start, c.Flight.End = date(2026, 11, 1), date(2026, 11, 1) }, []string{"flight.end out_of_range"}},
		{"flight by instants", func(c *engine.Campaign) {
			c.Flight.Start, c.Flight.End = instant("2026-11-01T10:00:00+08:00"), instant("2026-11-01T02:00:00Z")
		}, []string{"flight.end out_of_range"}},
		{"flight over before it begins anywhere", func(c *engine.Campaign) {
			c.Flight.Start, c.Flight.End = date(2026, 11, 1), instant("2026-10-31T10:00:00Z")
		}, []string{"flight.end out_of_range"}},
		{"flight that holds only in the east", func(c *engine.Campaign) {
			c.Flight.Start, c.Flight.End = date(2026, 11, 1), instant("2026-10-31T10:01:00Z")
		}, nil},
		{"flight", func(c *engine.Campaign) {
			c.Flight = engine.Flight{Start: date(2026, 2, 30), End: date(1066, 1, 1),
				Windows: []engine.Window{{From: 60, To: 60}, {From: 1440, To: 1441}, {Days: []time.Weekday{2, 2, 1, 9}, From: 0, To: 1}},
				Except:  []engine.Date{{Year: 2026, Month: 12, Day: 25}, {Year: 2026, Month: 13, Day: 1}, {Year: 2026, Month: 12, Day: 25}}}
		}, []string{"flight.start invalid", "flight.end out_of_range", "flight.windows[0].to invalid", "flight.windows[1].from out_of_range", "flight.windows[1].to out_of_range",
			"flight.windows[2].days[1] duplicate", "flight.windows[2].days[2] invalid", "flight.windows[2].days[3] invalid", "flight.except[1] invalid", "flight.except[2] duplicate"}},
		{"blackouts", func(c *engine.Campaign) {
			c.Flight.Blackouts = []engine.Blackout{{Start: date(2026, 12, 24)}, {Start: date(2026, 12, 24), End: date(2026, 12, 24)}, {End: date(2026, 12, 24)},
				{Start: instant("2026-12-24T00:00:00Z")}, {Start: date(2026, 13, 1), End: instant("1066-10-14T00:00:00Z")}}
		}, []string{"flight.blackouts[1].end out_of_range", "flight.blackouts[2].start required", "flight.blackouts[3].end required",
			"flight.blackouts[4].start invalid", "flight.blackouts[4].end out_of_range"}},
		{"too many blackouts", func(c *engine.Campaign) { c.Flight.Blackouts = make([]engine.Blackout, 101) }, []string{"flight.blackouts too_many"}},
		{"display", func(c *engine.Campaign) {
			c.Flight.Start, c.Flight.End = date(2026, 11, 1), date(2026, 12, 1)
			c.Display = engine.Display{Start: date(2026, 10, 1), End: instant("2026-11-15T00:00:00Z")}
		}, nil},
		{"display that ends before it begins", func(c *engine.Campaign) {
			c.Display = engine.Display{Start: date(2026, 10, 1), End: date(2026, 10, 1)}
		}, []string{"display.end out_of_range"}},
		{"display beyond the flight", func(c *engine.Campaign) {
			c.Flight.Start, c.Flight.End = date(2026, 11, 1), date(2026, 12, 1)
			c.Display = engine.Display{Start: date(2026, 12, 1), End: date(2026, 12, 2)}
		}, []string{"display.start out_of_range", "display.end out_of_range"}},
		{"display beyond the flight by its instants", func(c *engine.Campaign) {
			c.Flight.Start, c.Flight.End = date(2026, 11, 1), instant("2026-12-01T00:00:00Z")
			c.Display.End = instant("2026-12-01T00:00:01Z")
		}, []string{"display.end out_of_range"}},
		{"audience", func(c *engine.Campaign) {
			c.Audience = engine.Audience{HomeCountries: []string{"cn", "UK", "CN", "CN", "EU"}, Languages: []string{"zh-hans", "zh-Hans", "?"},
				Segments: []string{"", "a", "a"}, SpendTiers: []string{"a\nb"}, Expression: "user.visits <"}
		}, []string{"audience.home_countries[0] invalid", "audience.home_countries[1] invalid", "audience.home_countries[3] duplicate", "audience.home_countries[4] invalid",
			"audience.languages[1] duplicate", "audience.languages[2] invalid", "audience.segments[0] required", "audience.segments[2] duplicate", "audience.spend_tiers[0] invalid", "audience.expression invalid"}},
		{"long expression", func(c *engine.Campaign) { c.Audience.Expression = strings.Repeat(" ", 2000) + "true" }, []string{"audience.expression too_long"}},
		{"budgets", func(c *engine.Campaign) {
			c.Budgets = []engine.Budget{{}, {Metric: engine.MetricSpend, Limit: 1, Currency: "usd", Period: "year", Per: "shop"},
				{Metric: engine.MetricImpressions, Limit: 1, Currency: "USD", Period: engine.PeriodDay, Per: engine.PerUser}, {Metric: engine.MetricImpressions, Limit: 2, Currency: "USD", Period: engine.PeriodDay, Per: engine.PerUser}}
		}, []string{"budgets[0].metric required", "budgets[0].limit out_of_range", "budgets[0].period required", "budgets[0].per required",
			"budgets[1].currency invalid", "budgets[1].period invalid", "budgets[1].per invalid", "budgets[2].currency invalid", "budgets[3].currency invalid", "budgets[3] duplicate"}},
		{"caps", func(c *engine.Campaign) {
			c.Caps = []engine.FrequencyCap{{Count: 0, Window: time.Hour}, {Count: 1001, Window: 91 * 24 * time.Hour}, {Count: 5, Window: time.Hour}}
		}, []string{"frequency_caps[0].count out_of_range", "frequency_caps[1].count out_of_range", "frequency_caps[1].window out_of_range", "frequency_caps[2].window duplicate"}},
		{"names", func(c *engine.Campaign) {
			c.Pacing, c.Stacking.Mode, c.Stacking.Priority, c.Status = "fast", "some", 1001, "running"
		},
			[]string{"pacing invalid", "stacking.mode invalid", "stacking.priority out_of_range", "status invalid"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := fullCampaign()
			test.change(&c)
			mustEqual(t, "faults", told(catalog.New(catalog.Options{}).CheckCampaign(&c)), test.want)
		})
	}
}

func TestCheckedCampaignHasItsFences(t *testing.T) {
	c := fullCampaign()
	if faults := catalog.New(catalog.Options{}).CheckCampaign(&c); len(faults) > 0 {
		t.Fatal(faults)
	}
	for i, g := range c.Geofences[:2] {
		if g.Fence == nil || !g.Fence.Contains(geo.LatLng{Lat: 25.7617, Lng: -80.12 - 0.0718*float64(1-i)}) {
			t.Errorf("geofence %d is not compiled", i)
		}
	}
}

func TestDiscountFaults(t *testing.T) {
	gift := engine.Text{"en": "A drink"}
	for _, test := range []struct {
		name string
		d    engine.Discount
		want []string
	}{
		{"percent", engine.Discount{Type: "percent", Percent: 10_000, Max: usd(1), MinSpend: usd(1)}, nil},
		{"percent missing", engine.Discount{Type: "percent", Max: usd(1)}, []string{"discount.percent required"}},
		{"percent too much", engine.Discount{Type: "percent", Percent: 10_001}, []string{"discount.percent out_of_range"}},
		{"percent below zero", engine.Discount{Type: "percent", Percent: -1}, []string{"discount.percent out_of_range"}},
		{"percent with what it has not", engine.Discount{Type: "percent", Percent: 1, Amount: usd(1), Price: usd(1), RegularPrice: usd(1), Buy: 1, Get: 1, Gift: gift, GiftValue: usd(1)},
			[]string{"discount.amount invalid", "discount.price invalid", "discount.regular_price invalid", "discount.buy invalid", "discount.get invalid", "discount.gift invalid", "discount.gift_value invalid"}},
		{"amount", engine.Discount{Type: "amount", Amount: engine.Money{Amount: 500, Currency: "KWD"}}, nil},
		{"amount missing", engine.Discount{Type: "amount"}, []string{"discount.amount required"}},
		{"amount of nothing", engine.Discount{Type: "amount", Amount: usd(0)}, []string{"discount.amount.amount out_of_range"}},
		{"amount without currency", engine.Discount{Type: "amount", Amount: engine.Money{Amount: 5}}, []string{"discount.amount.currency required"}},
		{"currency out of use", engine.Discount{Type: "amount", Amount: engine.Money{Amount: 5, Currency: "DEM"}}, []string{"discount.amount.currency invalid"}},
		{"lower case", engine.Discount{Type: "amount", Amount: engine.Money{Amount: 5, Currency: "usd"}}, []string{"discount.amount.currency invalid"}},
		{"too much", engine.Discount{Type: "amount", Amount: usd(catalog.MaxAmount + 1)}, []string{"discount.amount.amount out_of_range"}},
		{"fixed price", engine.Discount{Type: "fixed_price", Price: usd(100), RegularPrice: usd(150)}, nil},
		{"fixed price dearer", engine.Discount{Type: "fixed_price", Price: usd(100), RegularPrice: usd(99)}, []string{"discount.regular_price.amount out_of_range"}},
		{"fixed price in two currencies", engine.Discount{Type: "fixed_price", Price: usd(100), RegularPrice: engine.Money{Amount: 90, Currency: "EUR"}}, nil},
		{"buy and get", engine.Discount{Type: "buy_x_get_y", Buy: 2, Get: 1, Percent: 10_000}, nil},
		{"buy and get nothing", engine.Discount{Type: "buy_x_get_y", Buy: 101}, []string{"discount.percent required", "discount.buy out_of_range", "discount.get required"}},
		{"gift", engine.Discount{Type: "gift", Gift: gift, GiftValue: usd(300)}, nil},
		{"gift unnamed", engine.Discount{Type: "gift", GiftValue: usd(-3)}, []string{"discount.gift required", "discount.gift_value.amount out_of_range"}},
		{"gift in no language", engine.Discount{Type: "gift", Gift: engine.Text{"?": "x"}}, []string{"discount.gift.? invalid"}},
		{"cashback percent", engine.Discount{Type: "cashback", Percent: 500, Max: usd(100)}, nil},
		{"cashback amount", engine.Discount{Type: "cashback", Amount: usd(100)}, nil},
		{"cashback of both", engine.Discount{Type: "cashback", Amount: usd(100), Percent: 1}, []string{"discount invalid"}},
		{"cashback of neither", engine.Discount{Type: "cashback"}, []string{"discount invalid"}},
		{"cashback amount with max", engine.Discount{Type: "cashback", Amount: usd(100), Max: usd(5)}, []string{"discount.max invalid"}},
		{"unknown type", engine.Discount{Type: "free", Percent: -1, Max: usd(0)}, []string{"discount.type invalid", "discount.percent out_of_range", "discount.max.amount out_of_range"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := campaign("m-1", "c-1", "v-1")
			c.Discount = test.d
			mustEqual(t, "faults", told(catalog.New(catalog.Options{}).CheckCampaign(&c)), test.want)
		})
	}
}

func TestVenueFaults(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*engine.Venue)
		want   []string
	}{
		{"nothing wrong", func(*engine.Venue) {}, nil},
		{"little known", func(v *engine.Venue) {
			*v = engine.Venue{ID: "v", MerchantID: "m", Name: engine.Text{"en": "x"}}
		}, nil},
		{"nothing there", func(v *engine.Venue) { *v = engine.Venue{} }, []string{"id required", "merchant_id required", "name required"}},
		{"position", func(v *engine.Venue) { v.Position = geo.LatLng{Lat: 90.1, Lng: math.NaN()} }, []string{"lat out_of_range", "lon out_of_range"}},
		{"codes", func(v *engine.Venue) { v.Category, v.Currency, v.Chain = "food", "XBT", "a\tb" }, []string{"category invalid", "chain invalid", "currency invalid"}},
		{"zone of nowhere", func(v *engine.Venue) { v.TimeZone = "Mars/Olympus" }, []string{"time_zone unknown_zone"}},
		{"zone of this machine", func(v *engine.Venue) { v.TimeZone = "Local" }, []string{"time_zone unknown_zone"}},
		{"zone with leap seconds", func(v *engine.Venue) { v.TimeZone = "right/UTC" }, []string{"time_zone unknown_zone"}},
		{"zone outside the database", func(v *engine.Venue) { v.TimeZone = "../../etc/passwd" }, []string{"time_zone unknown_zone"}},
		{"hours", func(v *engine.Venue) {
			v.OpeningHours = engine.OpeningHours{time.Monday: {{From: 600, To: 600}, {From: -1, To: 1441}}, time.Sunday: {{From: 600, To: 60}, {From: 600, To: 60}}, 9: nil}
		}, []string{"opening_hours.sun[1] duplicate", "opening_hours.mon[0] invalid", "opening_hours.mon[1] out_of_range", "opening_hours.mon[1] out_of_range", "opening_hours invalid"}},
		{"never open", func(v *engine.Venue) { v.OpeningHours = engine.OpeningHours{} }, nil},
		{"partners", func(v *engine.Venue) { v.Partners = []string{"stripe", "stripe", strings.Repeat("x", 65)} }, []string{"partners[1] duplicate", "partners[2] too_long"}},
		{"address", func(v *engine.Venue) { v.Address = strings.Repeat("x", 501) }, []string{"address too_long"}},
		{"spend", func(v *engine.Venue) { v.TypicalSpend = engine.Money{Amount: -1, Currency: "EURO"} }, []string{"typical_spend.amount out_of_range", "typical_spend.currency invalid"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			v := venue("m-1", "v-1", 0)
			v.OpeningHours = engine.OpeningHours{time.Monday: {{From: 600, To: 840}, {From: 1020, To: 60}}, time.Tuesday: {{From: 0, To: 1440}}}
			v.TypicalSpend = usd(4000)
			test.change(&v)
			mustEqual(t, "faults", told(catalog.New(catalog.Options{}).CheckVenue(&v)), test.want)
		})
	}
}

func TestMerchantFaults(t *testing.T) {
	service := catalog.New(catalog.Options{})
	mustEqual(t, "empty", told(service.CheckMerchant(&engine.Merchant{})), []string{"id required", "name required"})
	m := merchant("m-1")
	mustEqual(t, "right", told(service.CheckMerchant(&m)), nil)
}

// TestCountriesAreThoseOfISO3166 holds every two letters against the list of the Debian project's iso-codes.
func TestCountriesAreThoseOfISO3166(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("..", "..", "..", "shared", "data", "iso_3166-1.json"))
	if err != nil {
		t.Skip("the list of countries is not beside the checkout: ", err)
	}
	var list struct {
		Countries []struct {
			Code string `json:"alpha_2"`
		} `json:"3166-1"`
	}
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	countries := []string{"XK"} // Kosovo, by common use
	for _, c := range list.Countries {
		countries = append(countries, c.Code)
	}
	service := catalog.New(catalog.Options{})
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			code := string([]rune{a, b})
			c := campaign("m-1", "c-1", "v-1")
			c.Audience.HomeCountries = []string{code}
			if known, want := len(service.CheckCampaign(&c)) == 0, slices.Contains(countries, code); known != want {
				t.Errorf("%s: taken %v, want %v", code, known, want)
			}
		}
	}
}

func TestTheDemoWorldIsRight(t *testing.T) {
	service := catalog.New(catalog.Options{})
	files, err := worlds.Miami()
	if err != nil {
		t.Fatal(err)
	}
	check := map[string]func(line []byte) engine.Faults{
		"merchants.ndjson": func(line []byte) engine.Faults {
			m, faults := wire.DecodeMerchant(line)
			return faults.Merge(service.CheckMerchant(&m))
		},
		"venues.ndjson": func(line []byte) engine.Faults {
			v, faults := wire.DecodeVenue(line)
			return faults.Merge(service.CheckVenue(&v))
		},
		"campaigns.ndjson": func(line []byte) engine.Faults {
			c, faults := wire.DecodeCampaign(line)
			return faults.Merge(service.CheckCampaign(&c))
		},
	}
	for name, faultsOf := range check {
		file, err := fs.ReadFile(files, name)
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(strings.NewReader(string(file)))
		lines.Buffer(nil, 1<<20)
		n := 0
		for lines.Scan() {
			n++
			if faults := faultsOf(lines.Bytes()); len(faults) > 0 {
				t.Errorf("%s line %d: %v", name, n, faults)
			}
		}
		if n < 5 {
			t.Errorf("%s has %d lines", name, n)
		}
	}
}
