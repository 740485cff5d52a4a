package wire

import "io"

// WriteTemplate writes a file of a kind, venues or campaigns, and a format, which has an example row that can be uploaded as it is.
func WriteTemplate(dst io.Writer, kind, format string) error {
	var row any = exampleCampaign()
	if kind == "venues" {
		row = exampleVenue()
	}
	var columns Columns
	columns.Add(row)
	w, err := NewRowWriter(dst, format, &columns)
	if err != nil {
		return err
	}
	if err := w.Write(row); err != nil {
		return err
	}
	return w.Close()
}

func exampleVenue() Venue {
	weekdays := []string{"10:00-14:00", "17:00-01:00"}
	return Venue{
		ID: "v-1", Name: Text{"en": "Sunny Lincoln Road", "zh-Hans": "阳光林肯路店"}, Lat: 25.7906, Lon: -80.1366, Category: "5812", Chain: "sunny",
		TimeZone: "America/New_York", Currency: "USD",
		OpeningHours: map[string][]string{"mon": weekdays, "tue": weekdays, "wed": weekdays, "thu": weekdays, "fri": weekdays, "sat": {"10:00-02:00"}},
		Partners:     []string{"stripe"}, Address: "1 Lincoln Road, Miami Beach", TypicalSpend: &Money{4000, "USD"},
	}
}

func exampleCampaign() Campaign {
	percent := 15.0
	return Campaign{
		ID: "lincoln-15", Title: Text{"en": "15% off lunch", "zh-Hans": "午餐八五折"}, Description: Text{"en": "For two or more"}, Terms: Text{"en": "Dine-in only"},
		ImageURL: "https://example.com/lunch.jpg",
		Discount: Discount{Type: "percent", Percent: &percent, Max: &Money{5000, "USD"}, MinSpend: &Money{10000, "USD"}},
		Venues:   VenueSet{All: true, Radius: 500}, Categories: []string{"5812"},
		Flight: &Flight{Start: "2026-11-01", End: "2036-01-01", Windows: []Window{{Days: []string{"mon", "tue", "wed", "thu", "fri"}, From: "11:00", To: "15:00"}},
			Except: []string{"2026-12-25"}},
		Audience:      &Audience{HomeCountries: []string{"CN"}, Languages: []string{"zh"}, Segments: []string{"tourist"}},
		Budgets:       []Budget{{Metric: "spend", Limit: 500000, Currency: "USD", Period: "total", Per: "campaign"}},
		FrequencyCaps: []FrequencyCap{{Count: 3, Window: "24h"}},
		Pacing:        "evenly", Stacking: &Stacking{Group: "food", Mode: "exclusive"}, Status: "draft",
	}
}
