package decision_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/decision"
)

// ask is a request at downtown at noon with every reason, changed by a case.
func ask(change ...func(*engine.Request)) *engine.Request {
	r := &engine.Request{
		Time: noon, Explain: engine.ExplainFull,
		User:       engine.User{ID: "u", HomeCountry: "CN", Languages: []string{"en"}},
		Location:   &engine.Location{Position: downtown},
		Placements: []engine.PlacementRequest{{ID: "home", Count: 10}},
	}
	for _, c := range change {
		c(r)
	}
	return r
}

func decide(t testing.TB, o decision.Options, r *engine.Request) *engine.Decision {
	t.Helper()
	s, err := decision.New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	d, err := s.Decide(t.Context(), r, nil)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// told writes the reasons of one offer: "320 starts 2026-12-01 | 370 …"; "offered" for one that is.
func told(d *engine.Decision, offer string) string {
	for _, o := range d.Placements[0].Offers {
		if o.ID == offer {
			return "offered"
		}
	}
	for _, r := range d.Placements[0].Rejected {
		if r.OfferID != offer {
			continue
		}
		var parts []string
		for _, reason := range r.Reasons {
			parts = append(parts, fmt.Sprintf("%d %s", reason.Code, reason.Message))
		}
		return strings.Join(parts, " | ")
	}
	return "absent"
}

type stubRule struct {
	holds bool
	err   error
}

func (r stubRule) Match(*engine.Request, *engine.Venue, time.Time) (bool, error) {
	return r.holds, r.err
}

type stubLimits []engine.Reason

func (l stubLimits) Within(of *engine.Listing, site int, user string, at time.Time) bool {
	return len(l.Check(nil, of, site, user, at)) == 0
}

func (l stubLimits) Check(dst []engine.Reason, _ *engine.Listing, _ int, user string, _ time.Time) []engine.Reason {
	if user != "u" {
		return dst
	}
	return append(dst, l...)
}

// Each rule, with the words in which it tells why.
func TestReasons(t *testing.T) {
	date := func(y int, m time.Month, d int) engine.Moment {
		return engine.Moment{Date: engine.Date{Year: y, Month: m, Day: d}}
	}
	flight := func(f engine.Flight) func(*engine.Campaign) { return func(c *engine.Campaign) { c.Flight = f } }
	audience := func(a engine.Audience) func(*engine.Campaign) { return func(c *engine.Campaign) { c.Audience = a } }
	fenced := func(g ...engine.Geofence) func(*engine.Campaign) { return func(c *engine.Campaign) { c.Geofences = g } }
	located := func(l *engine.Location) func(*engine.Request) { return func(r *engine.Request) { r.Location = l } }
	placed := func(p engine.PlacementRequest) func(*engine.Request) {
		return func(r *engine.Request) { p.ID, p.Count = "home", 10; r.Placements[0] = p }
	}
	opened := func(h engine.OpeningHours) func(*engine.Venue) { return func(v *engine.Venue) { v.OpeningHours = h } }
	none := func(*engine.Request) {}
	same := func(*engine.Venue) {}
	cases := []struct {
		name     string
		venue    func(*engine.Venue)
		campaign func(*engine.Campaign)
		request  func(*engine.Request)
		want     string
	}{
		{"in the circle of the venue", same, flight(engine.Flight{}), none, "offered"},
		{"outside, in the same cell", same, fenced(circle(250, 200)), none, "310 50 m outside"},
		{"just outside", same, fenced(circle(200.4, 200)), none, "310 less than 1 m outside"},
		{"outside, but near enough", same, fenced(circle(250, 200)), func(r *engine.Request) { r.Radius = 100 }, "offered"},
		{"outside one fence and in another", same, fenced(circle(250, 200), circle(0, 50)), none, "offered"},
		{"without a location", same, fenced(circle(0, 200)), located(nil), "311 the request has no location"},
		{"too vague", same, fenced(circle(0, 100)), located(&engine.Location{Position: downtown, Accuracy: 900}),
			"312 inside with a probability of 0.014, 0.25 is needed; the fix is accurate to 900 m"},
		{"vague, and the better of two fences", same, fenced(circle(0, 100), circle(0, 2000)), located(&engine.Location{Position: downtown, Accuracy: 900}), "offered"},
		{"vague by IP address", same, fenced(circle(0, 1000)), located(&engine.Location{Position: downtown, Type: engine.LocationIP}),
			"312 inside with a probability of 0.045, 0.25 is needed; the fix is accurate to 5000 m"},
		{"vague by age", same, fenced(circle(0, 100)), located(&engine.Location{Position: downtown, LastFix: 10 * time.Minute}),
			"312 inside with a probability of 0.016, 0.25 is needed; the fix is accurate to 840 m"},
		{"not begun", same, flight(engine.Flight{Start: date(2026, 12, 1)}), none, "320 starts 2026-12-01"},
		{"not begun at an instant", same, flight(engine.Flight{Start: engine.Moment{Instant: noon.Add(time.Minute)}}), none,
			"320 starts 2026-11-24 12:01 in America/New_York"},
		{"not begun by a second", same, flight(engine.Flight{Start: engine.Moment{Instant: noon.Add(time.Second)}}), none,
			"320 starts 2026-11-24 12:01 in America/New_York"},
		{"begins now", same, flight(engine.Flight{Start: engine.Moment{Instant: noon}}), none, "offered"},
		{"ends now", same, flight(engine.Flight{End: engine.Moment{Instant: noon}}), none, "320 ended 2026-11-24 12:00 in America/New_York"},
		{"ended by date", same, flight(engine.Flight{End: date(2026, 11, 24)}), none, "320 ended 2026-11-24 00:00 in America/New_York"},
		{"not ended where the day is young", func(v *engine.Venue) { v.TimeZone = "Pacific/Honolulu" },
			flight(engine.Flight{End: engine.Moment{Date: engine.Date{Year: 2026, Month: 11, Day: 25}}}), none, "offered"},
		{"before its window", same, flight(engine.Flight{Windows: []engine.Window{{From: 17 * 60, To: 2 * 60}}}), none,
			"320 opens at 17:00 in America/New_York"},
		{"on another day", same, flight(engine.Flight{Windows: []engine.Window{{Days: []time.Weekday{time.Friday}, From: 600, To: 1440}}}), none,
			"320 opens Fri 2026-11-27 at 10:00 in America/New_York"},
		{"on a day left out", same, flight(engine.Flight{Except: []engine.Date{{Year: 2026, Month: 11, Day: 24}}}), none,
			"320 opens Wed 2026-11-25 at 00:00 in America/New_York"},
		{"no window before the end", same, flight(engine.Flight{End: date(2026, 11, 25), Windows: []engine.Window{{From: 600, To: 660}}}), none,
			"320 does not open again"},
		{"in a window past midnight", same, flight(engine.Flight{Windows: []engine.Window{{Days: []time.Weekday{time.Monday}, From: 22 * 60, To: 13 * 60}}}), none, "offered"},
		{"closed until evening", opened(engine.OpeningHours{time.Tuesday: {{From: 17 * 60, To: 60}}}), flight(engine.Flight{}), none,
			"321 the venue opens at 17:00 in America/New_York"},
		{"closed today", opened(engine.OpeningHours{time.Sunday: {{From: 600, To: 1440}}}), flight(engine.Flight{}), none,
			"321 the venue opens Sun 2026-11-29 at 10:00 in America/New_York"},
		{"never open", opened(engine.OpeningHours{}), flight(engine.Flight{}), none, "321 the venue does not open"},
		{"another home country", same, audience(engine.Audience{HomeCountries: []string{"JP", "KR"}}), none, "350 home country CN is not JP, KR"},
		{"the home country", same, audience(engine.Audience{HomeCountries: []string{"CN"}}), none, "offered"},
		{"no home country", same, audience(engine.Audience{HomeCountries: []string{"JP"}}), func(r *engine.Request) { r.User.HomeCountry = "" },
			"350 home country unknown is not JP"},
		{"another language, segment and tier", same,
			audience(engine.Audience{Languages: []string{"zh"}, Segments: []string{"tourist"}, SpendTiers: []string{"super"}}), none,
			"350 languages en are not zh; segments none hold none of tourist; spend tier unknown is not super"},
		{"an expression that does not hold", same, audience(engine.Audience{Expression: "false"}), none, "350 expression does not hold: false"},
		{"an expression that fails", same, audience(engine.Audience{Expression: "error"}), none, "350 expression: no such attribute: visits"},
		{"an expression that holds", same, audience(engine.Audience{Expression: "true"}), none, "offered"},
		{"no language of the user and no fallback", same, func(c *engine.Campaign) { c.Title = engine.Text{"de": "Angebot", "zh-Hans": "优惠"} },
			func(r *engine.Request) { r.User.Languages = []string{"ja"} }, "351 the campaign is in de, zh-Hans, the user reads ja"},
		{"another category", same, flight(engine.Flight{}), placed(engine.PlacementRequest{Categories: []string{"5411", "7011"}}),
			"360 category 5812 is not 5411, 7011"},
		{"the campaign's own category", same, func(c *engine.Campaign) { c.Categories = []string{"5999", "5411"} },
			placed(engine.PlacementRequest{Categories: []string{"5411"}}), "offered"},
		{"not the venue's where the campaign has its own", same, func(c *engine.Campaign) { c.Categories = []string{"5999"} },
			placed(engine.PlacementRequest{Categories: []string{"5812"}}), "360 category 5999 is not 5812"},
		{"an excluded merchant", same, flight(engine.Flight{}), placed(engine.PlacementRequest{ExcludeMerchants: []string{"m"}}), "361 merchant m is excluded"},
		{"a draft", same, func(c *engine.Campaign) { c.Status = engine.StatusDraft }, none, "370 the campaign is draft"},
		{"disabled", same, func(c *engine.Campaign) { c.Status = engine.StatusDisabled }, none, "370 the campaign is disabled"},
		{"archived", same, func(c *engine.Campaign) { c.Status = engine.StatusArchived }, none, "absent"},
		{"several reasons, ascending", opened(engine.OpeningHours{}), func(c *engine.Campaign) {
			c.Status, c.Audience.HomeCountries, c.Flight.Start = engine.StatusDisabled, []string{"JP"}, date(2027, 1, 1)
			c.Geofences = []engine.Geofence{circle(250, 200)}
		}, placed(engine.PlacementRequest{ExcludeMerchants: []string{"m"}}),
			"310 50 m outside | 320 starts 2027-01-01 | 321 the venue does not open | 350 home country CN is not JP | 361 merchant m is excluded | 370 the campaign is disabled"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld()
			w.rules["true"], w.rules["false"] = stubRule{holds: true}, stubRule{}
			w.rules["error"] = stubRule{err: errors.New("no such attribute: visits")}
			w.venue("v", 30, c.venue)
			w.campaign("c", []string{"v"}, c.campaign)
			o := optionsFor(w.snapshot(t), newMemoryLog())
			d := decide(t, o, ask(c.request))
			if got := told(d, "c@v"); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
			short := decide(t, o, ask(c.request, func(r *engine.Request) { r.Explain = engine.ExplainNone }))
			if offered := len(short.Placements[0].Offers) == 1; offered != (c.want == "offered") || short.Placements[0].Rejected != nil {
				t.Errorf("without explanations: offered %v, rejected %v", offered, short.Placements[0].Rejected)
			}
		})
	}
}

func TestLimitsKeepBack(t *testing.T) {
	w := newWorld()
	w.venue("v", 30)
	w.campaign("c", []string{"v"}, func(c *engine.Campaign) {
		c.Audience.HomeCountries = []string{"JP"}
		c.Caps = []engine.FrequencyCap{{Count: 1, Window: time.Hour}}
	})
	o := optionsFor(w.snapshot(t), newMemoryLog())
	o.Limits = stubLimits{{Code: 330, Message: "used up"}, {Code: 340, Message: "capped"}}
	if got := told(decide(t, o, ask()), "c@v"); got != "330 used up | 340 capped | 350 home country CN is not JP" {
		t.Error(got)
	}
}

func TestSelectionTellsWhy(t *testing.T) {
	w := newWorld()
	w.profile.MaxPerCampaign, w.profile.MaxPerMerchant, w.profile.MaxPerCategory = 2, 0, 0
	w.profile.Floor = 0.3
	for i, id := range []string{"v1", "v2", "v3", "v4"} {
		w.venue(id, float64(10*i))
	}
	w.venue("w1", 50)
	w.campaign("a", []string{"v1", "v2", "v3", "v4"}, func(c *engine.Campaign) { c.Discount.Percent = 9000 })
	w.campaign("b", []string{"w1"}, func(c *engine.Campaign) { c.Venues.Radius = 400 })
	w.campaign("low", []string{"w1"}, func(c *engine.Campaign) {
		c.Discount = engine.Discount{Type: engine.DiscountGift}
		c.Title = engine.Text{"en": "Gift"}
	})
	r := ask(func(r *engine.Request) { r.Placements[0].Count = 3; r.User.Languages = []string{"zh-Hans"} })
	d := decide(t, optionsFor(w.snapshot(t), newMemoryLog()), r)
	want := map[string]string{
		"a@v1": "offered", "a@v2": "offered", "b@w1": "offered",
		"a@v3": "381 2 offers of this campaign rank above", "a@v4": "381 2 offers of this campaign rank above",
		"low@w1": "382 ranked 6th of 3 asked",
	}
	for id, reasons := range want {
		if got := told(d, id); got != reasons {
			t.Errorf("%s: %s, want %s", id, got, reasons)
		}
	}
	w.profile.Floor = 0.99
	if got := told(decide(t, optionsFor(w.snapshot(t), newMemoryLog()), r), "a@v1"); !strings.HasPrefix(got, "380 score 0.") || !strings.HasSuffix(got, " is below the floor 0.99") {
		t.Error(got)
	}
}

// What an offer says.
func TestOffer(t *testing.T) {
	w := newWorld()
	w.venue("v", 214.63)
	w.campaign("c", []string{"v"}, func(c *engine.Campaign) {
		c.Discount = engine.Discount{Type: engine.DiscountPercent, Percent: 1500, Max: engine.Money{Amount: 5000, Currency: "USD"}}
		c.Description = engine.Text{"en": "Text"}
		c.Flight.End = engine.Moment{Date: engine.Date{Year: 2027, Month: 1, Day: 1}}
	})
	r := ask(func(r *engine.Request) {
		r.Currency, r.User.Languages = "CNY", []string{"zh-CN", "en"}
		r.Purchase = engine.Money{Amount: 10_000, Currency: "USD"}
	})
	d := decide(t, optionsFor(w.snapshot(t), newMemoryLog()), r)
	if len(d.Placements[0].Offers) != 1 {
		t.Fatalf("offers %v, rejected %v", d.Placements[0].Offers, d.Placements[0].Rejected)
	}
	o := d.Placements[0].Offers[0]
	if o.ID != "c@v" || o.CampaignID != "c" || o.MerchantID != "m" || o.Position != 1 || o.Match != engine.MatchFence || o.Propensity != 1 {
		t.Errorf("offer %+v", o)
	}
	if o.Title != "优惠c" || o.Language != "zh-Hans" || o.Description != "Text" || o.Terms != "" || o.Venue.Name != "店v" {
		t.Errorf("texts %q %q %q %q", o.Title, o.Language, o.Description, o.Venue.Name)
	}
	if o.Distance != 214.6 || o.InsideProbability != 1 {
		t.Errorf("distance %v, inside %v", o.Distance, o.InsideProbability)
	}
	if o.Saving == nil || o.Saving.Money != (engine.Money{Amount: 9600, Currency: "CNY"}) || o.Saving.RateDate.String() != "2026-11-23" {
		t.Errorf("saving %v", o.Saving)
	}
	if got := o.EndsAt.Format(time.RFC3339); got != "2027-01-01T00:00:00-05:00" {
		t.Errorf("ends at %s", got)
	}
	if err := o.Explanation.Check(); err != nil || o.Explanation.Value != o.Score {
		t.Errorf("score %v, explained %v: %v", o.Score, o.Explanation.Value, err)
	}
	if d.CatalogVersion != 7 || d.Profile != (engine.ProfileRef{Name: "default", Version: 1}) || d.RatesDate.String() != "2026-11-23" || !d.Time.Equal(noon) {
		t.Errorf("decision %+v", d)
	}
	if at, ok := engine.UUID7Time(d.ID); !ok || !at.Equal(noon) {
		t.Errorf("id %s of %v", d.ID, at)
	}
}

func TestSixteenNearestVenues(t *testing.T) {
	w := newWorld()
	w.profile.MaxPerCampaign, w.profile.MaxPerMerchant, w.profile.MaxPerCategory = 0, 0, 0
	for i := range 20 {
		w.venue(string(rune('a'+i)), float64(100*(20-i)))
	}
	w.campaign("c", nil, func(c *engine.Campaign) { c.Venues.All = true; c.Geofences = []engine.Geofence{circle(0, 50)} })
	d := decide(t, optionsFor(w.snapshot(t), newMemoryLog()), ask(func(r *engine.Request) { r.Placements[0].Count = 100 }))
	var got []string
	for _, o := range d.Placements[0].Offers {
		got = append(got, o.Venue.ID)
	}
	if text := strings.Join(got, ""); text != "tsrqponmlkjihgfe" {
		t.Errorf("offers at %s", text)
	}
}

func TestAmbiguousOffersAreQualified(t *testing.T) {
	w := newWorld()
	other := func(v *engine.Venue) { v.MerchantID = "n" }
	w.venue("v", 10)
	w.venue("v", 20, other)
	w.campaign("c", []string{"v"})
	w.campaign("c", []string{"v"}, func(c *engine.Campaign) { c.MerchantID = "n" })
	d := decide(t, optionsFor(w.snapshot(t), newMemoryLog()), ask())
	if told(d, "m/c@v") != "offered" || told(d, "n/c@v") != "offered" {
		t.Errorf("%+v", d.Placements[0])
	}
	d = decide(t, optionsFor(w.snapshot(t), newMemoryLog()), ask(func(r *engine.Request) { r.Location = nil }))
	if ids := rejected(d); !slices.Equal(ids, []string{"m/c@v", "n/c@v"}) {
		t.Errorf("without a location: %v", ids)
	}
}

func rejected(d *engine.Decision) (ids []string) {
	for _, r := range d.Placements[0].Rejected {
		ids = append(ids, r.OfferID)
	}
	return ids
}

func TestMissingLocationListsTheFirstHundred(t *testing.T) {
	w := newWorld()
	var all []string
	for i := range 13 {
		w.venue(string(rune('a'+i)), float64(i))
	}
	for i := range 12 {
		c := w.campaign(string(rune('A'+i*7%12)), nil, func(c *engine.Campaign) { c.Venues.All = true })
		for _, v := range w.venues {
			all = append(all, engine.OfferID(c.ID, v.ID))
		}
	}
	slices.Sort(all)
	d := decide(t, optionsFor(w.snapshot(t), newMemoryLog()), ask(func(r *engine.Request) { r.Location = nil }))
	if got := rejected(d); !slices.Equal(got, all[:100]) || len(d.Placements[0].Offers) != 0 {
		t.Errorf("rejected %v", got)
	}
}

// Two placements are filled each by its own filters, and the same request has the same answer.
func TestPlacementsAndRepeatability(t *testing.T) {
	w := newWorld()
	w.venue("food", 10)
	w.venue("shop", 20, func(v *engine.Venue) { v.Category = "5411" })
	w.campaign("c", nil, func(c *engine.Campaign) { c.Venues.All = true })
	r := ask(func(r *engine.Request) {
		r.Placements = []engine.PlacementRequest{{ID: "all", Count: 1}, {ID: "shops", Count: 5, Categories: []string{"5411"}}}
	})
	snap := w.snapshot(t)
	first := decide(t, optionsFor(snap, newMemoryLog()), r)
	if p := first.Placements; p[0].ID != "all" || len(p[0].Offers) != 1 || p[1].ID != "shops" || len(p[1].Offers) != 1 || p[1].Offers[0].ID != "c@shop" {
		t.Errorf("%+v", first.Placements)
	}
	if again := decide(t, optionsFor(snap, newMemoryLog()), r); !reflect.DeepEqual(first, again) {
		t.Errorf("the same request: %+v, then %+v", first, again)
	}
}
