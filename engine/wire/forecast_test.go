package wire_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

// TestForecastKeepsSecrets tells a merchant of its own campaigns by name and of others by category, but of no category that few merchants have, and of no small
// crowd; who is no merchant is told all.
func TestForecastKeepsSecrets(t *testing.T) {
	loss := func(merchant, campaign, category string, n float64) engine.Displaced {
		return engine.Displaced{CampaignRef: engine.CampaignRef{MerchantID: merchant, CampaignID: campaign}, Category: category, Showings: n}
	}
	f := engine.Forecast{
		CampaignRef: engine.CampaignRef{MerchantID: "mine", CampaignID: "x"}, Reach: engine.Reach{Decisions: 50, Users: 9, EligibleUsers: 4},
		Displaced: []engine.Displaced{
			loss("a", "a-1", "5812", 10), loss("b", "b-1", "5812", 9), loss("mine", "own", "5812", 8), loss("c", "c-1", "5812", 7), loss("c", "c-2", "5812", 6),
			loss("a", "a-2", "5411", 5), loss("b", "b-2", "5411", 4),
		},
	}
	told := func(owner string) string {
		var out []string
		for _, d := range wire.ForecastOf(&f, owner).Displaced {
			out = append(out, fmt.Sprintf("%s/%s %s %d %v", d.MerchantID, d.CampaignID, d.Category, d.Campaigns, d.Showings))
		}
		return strings.Join(out, ", ")
	}
	if got, want := told("mine"), "/ 5812 4 32, /  2 9, mine/own 5812 1 8"; got != want {
		t.Errorf("told %s, want %s", got, want)
	}
	if got := told(""); !strings.Contains(got, "a/a-1 5812 1 10") || strings.Count(got, ",") != 6 {
		t.Errorf("an operator is told %s", got)
	}
	if r := wire.ForecastOf(&f, "mine"); r.Reach.Users != 0 || r.Reach.EligibleUsers != 0 || !slices.ContainsFunc(r.Notes, func(n string) bool { return strings.Contains(n, "fewer than 10") }) {
		t.Errorf("a small crowd is told: %+v %v", r.Reach, r.Notes)
	}
}

func TestDecodeForecastRequest(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	r, faults := wire.DecodeForecastRequest([]byte(`{"start":"2026-12-01T00:00:00-05:00","days":3,"base_weeks":4,"campaign":{"id":"c","title":{"en":"x"},"discount":{"type":"percent","percent":10},"venues":{"all":true}}}`), now)
	if len(faults) > 0 || r.Days != 3 || r.BaseWeeks != 4 || r.Campaign.ID != "c" || !r.Start.Equal(time.Date(2026, 12, 1, 5, 0, 0, 0, time.UTC)) {
		t.Errorf("%+v, %v", r, faults)
	}
	for text, want := range map[string]string{
		`{"days":0}`:                              "days",
		`{"days":29,"base_weeks":9}`:              "base_weeks",
		`{"start":"soon"}`:                        "start",
		`{"start":"2026-01-01T00:00:00Z"}`:        "start",
		`{"campaing":{}}`:                         "campaing",
		`{"campaign":{"flight":{"start":"now"}}}`: "campaign.flight.start",
		`{`: "",
	} {
		_, faults := wire.DecodeForecastRequest([]byte(text), now)
		if !slices.ContainsFunc(faults, func(f engine.Fault) bool { return f.Path == want }) {
			t.Errorf("%s: %v, want a fault of %q", text, faults, want)
		}
	}
	if r, faults := wire.DecodeForecastRequest(nil, now); len(faults) > 0 || r.Campaign != nil || r.Days != 0 {
		t.Errorf("nothing asks for %+v, %v", r, faults)
	}
}

func FuzzDecodeForecastRequest(f *testing.F) {
	f.Add([]byte(`{"start":"2026-12-01T00:00:00-05:00","days":3,"campaign":{"id":"c","discount":{"type":"percent","percent":10}}}`))
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, data []byte) {
		r, faults := wire.DecodeForecastRequest(data, now)
		if len(faults) == 0 && (r.Days < 0 || r.Days > engine.MaxForecastDays || r.BaseWeeks < 0 || r.BaseWeeks > engine.MaxBaseWeeks) {
			t.Fatalf("%q asks for %+v", data, r)
		}
	})
}

func TestReportDays(t *testing.T) {
	now := time.Date(2026, 11, 24, 23, 0, 0, 0, time.UTC)
	first, end, faults := wire.ReportDays("", "", now)
	if len(faults) > 0 || first.String() != "2026-10-28" || end.String() != "2026-11-25" {
		t.Errorf("%v to %v, %v", first, end, faults)
	}
	for _, c := range [][2]string{{"2026-11-24", "2026-11-24"}, {"2020-01-01", "2026-01-01"}, {"2026-13-01", ""}, {"", "24.11.2026"}} {
		if _, _, faults := wire.ReportDays(c[0], c[1], now); len(faults) == 0 {
			t.Errorf("%v is taken", c)
		}
	}
}
