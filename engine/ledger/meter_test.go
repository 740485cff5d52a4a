package ledger_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/ledger"
)

// history is the impressions of one campaign, from which the oracle counts afresh for each question.
type history []engine.Event

// shownIn counts the impressions on calendar days for which in holds, at a venue (empty: any) and to a user (empty: any). The days are those
// of each venue's own zone.
func (h history) shownIn(z zones, venue, user string, in func(day string) bool) (n int64) {
	for _, e := range h {
		day := e.Time.In(z[e.VenueID]).Format(time.DateOnly)
		if (venue == "" || e.VenueID == venue) && (user == "" || e.UserID == user) && in(day) {
			n++
		}
	}
	return n
}

// samePeriod reports whether two days, as texts, lie in one period.
func samePeriod(p engine.Period, a, b string) bool {
	x, _ := time.Parse(time.DateOnly, a)
	y, _ := time.Parse(time.DateOnly, b)
	switch p {
	case engine.PeriodDay:
		return a == b
	case engine.PeriodWeek:
		y1, w1 := x.ISOWeek()
		y2, w2 := y.ISOWeek()
		return y1 == y2 && w1 == w2
	case engine.PeriodMonth:
		return a[:7] == b[:7]
	}
	return true
}

// expected returns the codes by counting the history.
func (h history) expected(z zones, l *engine.Listing, site int, user string, at time.Time) string {
	venue := l.Sites[site].ID
	today := at.In(z[venue]).Format(time.DateOnly)
	var first, caps, last []int
	for _, b := range l.Campaign().Budgets {
		if b.Metric != engine.MetricImpressions {
			continue
		}
		in := func(day string) bool { return samePeriod(b.Period, day, today) }
		switch b.Per {
		case engine.PerUser:
			if user != "" && h.shownIn(z, "", user, in) >= b.Limit {
				last = append(last, 341)
			}
		case engine.PerVenue:
			if h.shownIn(z, venue, "", in) >= b.Limit {
				first = append(first, 330)
			}
		default:
			if h.shownIn(z, "", "", in) >= b.Limit {
				first = append(first, 330)
			}
		}
	}
	for _, c := range l.Campaign().Caps {
		n := 0
		for _, e := range h {
			if age := at.Sub(e.Time); e.UserID == user && age >= 0 && age < c.Window {
				n++
			}
		}
		if user != "" && n >= c.Count {
			caps = append(caps, 340)
		}
	}
	return fmt.Sprint(append(append(first, caps...), last...))
}

// Budgets and caps equal counts made afresh, with venues in zones that change their clocks, events that come late and questions about
// every kind of period.
func TestLimitsEqualCountsMadeAfresh(t *testing.T) {
	rounds := uint64(12)
	if os.Getenv("SIHAI_LONG") == "1" {
		rounds = 300
	}
	places := []*time.Location{zone(t, "America/New_York"), zone(t, "Pacific/Kiritimati"), zone(t, "Australia/Lord_Howe")}
	z := zones{"v0": places[0], "v1": places[1], "v2": places[2]}
	for seed := range rounds {
		random := rand.New(rand.NewPCG(seed, 3))
		l := listing(randomLimits(random), places...)
		meter := ledger.NewMeter(z)
		var h history
		now := time.Date(2026, []time.Month{2, 3, 9, 10, 12}[random.IntN(5)], 20, 0, 0, 0, 0, time.UTC)
		for step := range 600 {
			now = now.Add(time.Duration(random.IntN(7200)) * time.Second)
			e := engine.Event{
				Type: engine.EventImpression, MerchantID: "m", CampaignID: "a", VenueID: fmt.Sprintf("v%d", random.IntN(3)),
				UserID: []string{"", "u", "w"}[random.IntN(3)], Received: now,
				Time: now.Add(-time.Duration(random.IntN(2)*random.IntN(6*24*3600)) * time.Second).Truncate(time.Millisecond),
			}
			meter.Count(&e)
			h = append(h, e)
			site, user := random.IntN(3), []string{"", "u", "w"}[random.IntN(3)]
			got, want := codes(meter.Check(nil, l, site, user, now)), h.expected(z, l, site, user, now)
			if got != want {
				t.Fatalf("seed %d step %d at %v, site %d, user %q: %s, want %s; budgets %+v, caps %+v", seed, step, now, site, user, got, want, l.Campaign().Budgets, l.Campaign().Caps)
			}
		}
	}
}

func randomLimits(random *rand.Rand) engine.Campaign {
	c := engine.Campaign{ID: "a"}
	for range 1 + random.IntN(4) {
		c.Budgets = append(c.Budgets, engine.Budget{
			Metric: []engine.Metric{engine.MetricImpressions, engine.MetricImpressions, engine.MetricSpend}[random.IntN(3)],
			Limit:  1 + random.Int64N(40),
			Period: []engine.Period{engine.PeriodTotal, engine.PeriodDay, engine.PeriodWeek, engine.PeriodMonth}[random.IntN(4)],
			Per:    []engine.Scope{engine.PerCampaign, engine.PerVenue, engine.PerUser}[random.IntN(3)],
		})
	}
	for range random.IntN(3) {
		c.Caps = append(c.Caps, engine.FrequencyCap{Count: 1 + random.IntN(8), Window: time.Duration(1+random.IntN(100)) * time.Hour})
	}
	return c
}

// A meter that reads the log back answers as the one that counted live.
func TestNewStartAnswersAsBefore(t *testing.T) {
	random := rand.New(rand.NewPCG(4, 4))
	dir := t.TempDir()
	db := openStore(t, dir)
	known := make(decisions)
	now := &clock{noon}
	taker, meter := openTaker(t, db, known, now)
	users := []string{"", "u", "w", "x"}
	for batch := range 60 {
		now.at = now.at.Add(time.Duration(random.IntN(6*3600)) * time.Second)
		var events []engine.Event
		for n := range 1 + random.IntN(8) {
			id := fmt.Sprintf("d%d-%d", batch, n)
			known[id] = decided(id, users[random.IntN(4)], "a", "b")
			e := impression(id, []string{"a", "b"}[random.IntN(2)])
			e.Time = now.at.Add(-time.Duration(random.IntN(3*24*3600)) * time.Second)
			e.Type = []engine.EventType{engine.EventImpression, engine.EventImpression, engine.EventClick, engine.EventSave}[random.IntN(4)]
			events = append(events, e)
		}
		if err := taker.TakeEvents(t.Context(), nil, events); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	_, again := openTaker(t, openStore(t, dir), known, now)
	if a, b := fmt.Sprint(meter.Popularity()), fmt.Sprint(again.Popularity()); a != b {
		t.Errorf("popularity %s, then %s", a, b)
	}
	for range 300 {
		c := randomLimits(random)
		c.ID, c.Pacing = []string{"a", "b"}[random.IntN(2)], engine.PacingEvenly
		l, user := listing(c, time.UTC), users[random.IntN(4)]
		if a, b := fmt.Sprint(meter.Check(nil, l, 0, user, now.at)), fmt.Sprint(again.Check(nil, l, 0, user, now.at)); a != b {
			t.Fatalf("limits %+v: %s, then %s", c, a, b)
		}
	}
}

// The words in which a limit tells why.
func TestReasonsOfLimits(t *testing.T) {
	newYork := zone(t, "America/New_York")
	budget := func(limit int64, p engine.Period, per engine.Scope) []engine.Budget {
		return []engine.Budget{{Metric: engine.MetricImpressions, Limit: limit, Period: p, Per: per}}
	}
	cases := []struct {
		name     string
		campaign engine.Campaign
		user     string
		want     string
	}{
		{"a budget in all", engine.Campaign{Budgets: budget(3, engine.PeriodTotal, engine.PerCampaign)}, "u", "330 3 of 3 impressions in all"},
		{"a budget of a day", engine.Campaign{Budgets: budget(3, engine.PeriodDay, engine.PerCampaign)}, "u",
			"330 3 of 3 impressions today; again at 2026-11-25 00:00 in America/New_York"},
		{"a budget of a week at a venue", engine.Campaign{Budgets: budget(2, engine.PeriodWeek, engine.PerVenue)}, "u",
			"330 3 of 2 impressions at this venue this week; again at 2026-11-30 00:00 in America/New_York"},
		{"a budget of a month for the user", engine.Campaign{Budgets: budget(2, engine.PeriodMonth, engine.PerUser)}, "u",
			"341 2 of 2 impressions to this user this month; again at 2026-12-01 00:00 in America/New_York"},
		{"a budget for a user of whom nothing is known", engine.Campaign{Budgets: budget(1, engine.PeriodMonth, engine.PerUser)}, "", ""},
		{"a budget not yet used up", engine.Campaign{Budgets: budget(4, engine.PeriodDay, engine.PerCampaign)}, "u", ""},
		{"a budget of redemptions", engine.Campaign{Budgets: []engine.Budget{{Metric: engine.MetricRedemptions, Limit: 1}}}, "u", ""},
		{"a cap", engine.Campaign{Caps: []engine.FrequencyCap{{Count: 2, Window: 90 * time.Minute}}}, "u",
			"340 2 of 2 showings in 1h30m; again at 2026-11-24 13:10 in America/New_York"},
		{"a cap whose window is over", engine.Campaign{Caps: []engine.FrequencyCap{{Count: 1, Window: 10 * time.Minute}}}, "u", ""},
		{"a cap of another user", engine.Campaign{Caps: []engine.FrequencyCap{{Count: 2, Window: 24 * time.Hour}}}, "w", ""},
		{"paced evenly over the day", engine.Campaign{Pacing: engine.PacingEvenly, Budgets: budget(4, engine.PeriodDay, engine.PerCampaign)}, "u",
			"331 3 of 4 impressions today, paced evenly: 2 due by now; again at 2026-11-24 18:00 in America/New_York"},
		{"paced evenly and behind", engine.Campaign{Pacing: engine.PacingEvenly, Budgets: budget(10, engine.PeriodDay, engine.PerCampaign)}, "u", ""},
		{"frontloaded, with more due early", engine.Campaign{Pacing: engine.PacingFrontloaded, Budgets: budget(5, engine.PeriodDay, engine.PerCampaign)}, "u", ""},
		{"frontloaded and ahead", engine.Campaign{Pacing: engine.PacingFrontloaded, Budgets: budget(40, engine.PeriodTotal, engine.PerCampaign), Flight: engine.Flight{
			Start: engine.Moment{Instant: noon}, End: engine.Moment{Instant: noon.Add(100 * time.Hour)}}}, "u",
			"331 3 of 40 impressions in all, paced frontloaded: 1 due by now; again at 2026-11-24 15:50 in America/New_York"},
		{"paced in all without an end", engine.Campaign{Pacing: engine.PacingEvenly, Budgets: budget(4, engine.PeriodTotal, engine.PerCampaign)}, "u", ""},
	}
	meter := ledger.NewMeter(zones{"v": newYork})
	for i, user := range []string{"u", "u", "w"} {
		at := noon.Add(-time.Duration(20-10*i) * time.Minute)
		meter.Count(&engine.Event{Type: engine.EventImpression, Time: at, Received: at, MerchantID: "m", CampaignID: "a", VenueID: "v", UserID: user})
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			c.campaign.ID = "a"
			got := ""
			for _, r := range meter.Check(nil, listing(c.campaign, newYork), 0, c.user, noon) {
				got += fmt.Sprintf("%d %s", r.Code, r.Message)
			}
			if got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// A day of 25 hours is paced over its 25 hours.
func TestPacingOverAChangeOfTheClock(t *testing.T) {
	newYork := zone(t, "America/New_York")
	l := listing(engine.Campaign{
		ID: "a", Pacing: engine.PacingEvenly, Budgets: []engine.Budget{{Metric: engine.MetricImpressions, Limit: 25, Period: engine.PeriodDay, Per: engine.PerCampaign}},
	}, newYork)
	meter := ledger.NewMeter(zones{"v": newYork})
	begin := time.Date(2026, 11, 1, 4, 0, 0, 0, time.UTC)
	for hour := range 25 {
		at := begin.Add(time.Duration(hour)*time.Hour + time.Minute)
		if got := meter.Check(nil, l, 0, "", at); len(got) != 0 {
			t.Errorf("hour %d: %v", hour, got)
		}
		meter.Count(&engine.Event{Type: engine.EventImpression, Time: at, Received: at, MerchantID: "m", CampaignID: "a", VenueID: "v"})
		if got := codes(meter.Check(nil, l, 0, "", at)); hour < 24 && got != "[331]" || hour == 24 && got != "[330]" {
			t.Errorf("after the showing of hour %d: %s", hour, got)
		}
	}
}

func TestVenueZones(t *testing.T) {
	db := openStore(t, "")
	w := engine.Write{At: noon, By: "cli"}
	if _, err := db.PutMerchant(t.Context(), w, engine.Merchant{ID: "m", Name: engine.Text{"en": "M"}}); err != nil {
		t.Fatal(err)
	}
	put := func(name string) {
		t.Helper()
		if _, err := db.PutVenue(t.Context(), w, engine.Venue{ID: "v", MerchantID: "m", Name: engine.Text{"en": "V"}, TimeZone: name}); err != nil {
			t.Fatal(err)
		}
	}
	now := &clock{noon}
	z := ledger.NewVenueZones(db, now.now)
	if got := z.Zone("m", "v"); got != nil {
		t.Errorf("an unknown venue is in %v", got)
	}
	put("Asia/Tokyo")
	if now.at = now.at.Add(time.Hour); z.Zone("m", "v").String() != "Asia/Tokyo" {
		t.Errorf("the venue is in %v", z.Zone("m", "v"))
	}
	put("Europe/Paris")
	if now.at = now.at.Add(time.Minute); z.Zone("m", "v").String() != "Asia/Tokyo" {
		t.Errorf("a minute later the venue is in %v", z.Zone("m", "v"))
	}
	if now.at = now.at.Add(time.Hour); z.Zone("m", "v").String() != "Europe/Paris" {
		t.Errorf("an hour later the venue is in %v", z.Zone("m", "v"))
	}
}
