package command_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sihai-network/sihai/engine/wire"
)

// badCells are kinds of fault: what stands in which column, and by which code it is told.
const badCells = `id||required
id|no id!|invalid
id|r-2|duplicate
merchant_id|other|invalid
title.en||required
title.en|LONG|too_long
title.qq-invalid-tag-of-a-language|x|invalid
description.en|LONG|too_long
image_url|ftp://x/y.png|invalid
image_url|https://|invalid
discount.type||required
discount.type|half|invalid
discount.percent||required
discount.percent|101|out_of_range
discount.percent|-1|out_of_range
discount.percent|ten|wrong_type
discount.percent|12.345|invalid
discount.percent|0|required
discount.max|10|invalid
discount.max|10 XXZ|invalid
discount.max|10.005 USD|invalid
discount.min_spend|-5 USD|out_of_range
discount.amount|5 USD|invalid
discount.buy|2|invalid
discount.buy|two|wrong_type
venues.ids|v-9|unknown_venue
venues.ids|v-1;v-1|duplicate
venues.ids|v 1|invalid
venues.radius|-1|out_of_range
venues.radius|1e9|out_of_range
venues.all|perhaps|wrong_type
categories|58|invalid
categories|5812;5812|duplicate
geofences|nonsense|invalid
geofences|[{"circle":{"lat":91,"lon":0,"radius":5}}]|out_of_range
geofences|[{"circle":{"lat":1,"lon":0,"radius":-5}}]|out_of_range
geofences|[{"cells":["zz"]}]|invalid
geofences|[{"geojson":{"type":"Point","coordinates":[0,0]}}]|invalid
geofences|[{"ring":1}]|unknown_field
flight.start|tomorrow|invalid
flight.end|2020-13-01|invalid
flight.end|2020-01-01|out_of_range
flight.windows.days|monday|invalid
flight.windows.days|mon;mon|duplicate
flight.windows.from|25:00|invalid
flight.windows.to|noon|invalid
flight.except|christmas|invalid
audience.home_countries|CHN|invalid
audience.languages|!!|invalid
audience.spend_tiers|LONG|too_long
audience.expression|user.|invalid
audience.expression|1 + 1|invalid
budgets.metric|money|invalid
budgets.limit||required
budgets.limit|0|out_of_range
budgets.limit|1.5|wrong_type
budgets.currency|XXZ|invalid
budgets.period|year|invalid
budgets.per|city|invalid
frequency_caps.count|0|out_of_range
frequency_caps.count|5000|out_of_range
frequency_caps.window|daily|invalid
frequency_caps.window|3000h|out_of_range
pacing|slowly|invalid
stacking.mode|both|invalid
stacking.priority|high|wrong_type
stacking.priority|5000000|out_of_range
status|live|invalid`

// A table of 2,000 rows with more than 60 kinds of fault tells each of them once, at its row and column with what stands there. All stays out, or all the rest
// goes in, as is asked.
func TestEveryKindOfFaultIsToldOnce(t *testing.T) {
	const rows = 2000
	kinds := strings.Split(badCells, "\n")
	if len(kinds) < 60 {
		t.Fatalf("%d kinds of fault", len(kinds))
	}
	good := map[string]string{
		"merchant_id": "sunny", "title.en": "Offer", "description.en": "For two", "image_url": "https://example.com/a.png", "discount.type": "percent", "discount.percent": "10",
		"discount.max": "50.00 USD", "discount.min_spend": "100 USD", "discount.amount": "", "discount.buy": "", "venues.ids": "v-1", "venues.radius": "300", "venues.all": "",
		"categories": "5812", "geofences": `[{"circle":{"lat":25.79,"lon":-80.13,"radius":100}}]`, "flight.start": "2026-11-01", "flight.end": "2036-01-01",
		"flight.windows.days": "mon;tue", "flight.windows.from": "10:00", "flight.windows.to": "22:00", "flight.except": "2026-12-25", "audience.home_countries": "CN", "audience.languages": "zh",
		"audience.spend_tiers": "super", "audience.expression": "user.visits < 3", "budgets.metric": "spend", "budgets.limit": "5000", "budgets.currency": "USD", "budgets.period": "day",
		"budgets.per": "venue", "frequency_caps.count": "3", "frequency_caps.window": "24h", "pacing": "evenly", "stacking.mode": "exclusive", "stacking.priority": "1", "status": "enabled",
		"title.qq-invalid-tag-of-a-language": "", "id": "",
	}
	var columns []string
	for name := range good {
		columns = append(columns, name)
	}
	slices.Sort(columns)
	var table strings.Builder
	table.WriteString(strings.Join(columns, "\t") + "\n")
	var want []string
	for row := 2; row <= rows+1; row++ {
		cells := make([]string, len(columns))
		for i, name := range columns {
			cells[i] = good[name]
			if name == "id" {
				cells[i] = fmt.Sprint("r-", row)
			}
		}
		if n := row/17 - 1; row%17 == 0 && n < len(kinds) {
			kind := strings.Split(kinds[n], "|")
			column, value, code := kind[0], strings.Join(kind[1:len(kind)-1], "|"), kind[len(kind)-1]
			value = strings.ReplaceAll(value, "LONG", strings.Repeat("x", 5000))
			cells[slices.Index(columns, column)] = value
			want = append(want, fmt.Sprint(row, " ", column, " ", code))
		}
		for i := range cells {
			if !strings.HasPrefix(cells[i], "[") {
				cells[i] = strings.ReplaceAll(cells[i], ";", "|")
			} else {
				cells[i] = `"` + strings.ReplaceAll(cells[i], `"`, `""`) + `"`
			}
		}
		table.WriteString(strings.Join(cells, "\t") + "\n")
	}
	p := place{args: []string{"--data", t.TempDir()}}
	p.do(t, step{args: "merchants put sunny --name en=Sunny", out: "merchant"})
	p.do(t, step{args: "import - --format csv --kind venues --merchant sunny", in: "id,name,lat,lon,time_zone\nv-1,One,25.79,-80.13,UTC\n", out: "done"})
	file := written(t, "campaigns.tsv", table.String())
	r := asJSON[wire.Import](t, p, "import "+file+" --merchant sunny --dry-run")
	var got []string
	for _, f := range r.Faults {
		got = append(got, fmt.Sprint(f.Row, " ", f.Column, " ", f.Code))
		if f.Message == "" || f.Expected == "" && f.Code != "unknown_field" {
			t.Errorf("does not say what is wrong or expected: %+v", f)
		}
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			t.Errorf("told besides: %s", line)
		}
	}
	for _, line := range want {
		if !slices.Contains(got, line) {
			t.Errorf("not told: %s", line)
		}
	}
	if len(got) != len(want) || r.Rejected != len(kinds) || r.Accepted != rows-len(kinds) {
		t.Errorf("%d faults for %d, %d of %d rows rejected", len(got), len(want), r.Rejected, r.Rows)
	}
	p.do(t, step{args: "import " + file + " --merchant sunny", code: 1, out: "failed", err: "nothing was changed"})
	if r := asJSON[wire.Import](t, p, "import "+file+" --merchant sunny --partial"); r.State != "done" || r.Difference.Added != rows-len(kinds) {
		t.Errorf("the rest: %+v", r.Difference)
	}
}
