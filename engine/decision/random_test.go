package decision_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
	"github.com/sihai-network/sihai/scoring"
)

var oracleZones = []string{"America/New_York", "America/Chicago", "Europe/Paris"}

func randomWorld(random *rand.Rand) *world {
	w := newWorld()
	pick := func(list ...string) []string {
		var out []string
		for _, x := range list {
			if random.IntN(2) == 0 {
				out = append(out, x)
			}
		}
		return out
	}
	w.rates = engine.Rates{
		{Date: engine.Date{Year: 2026, Month: 10, Day: 1}, Rates: map[string]engine.Rate{"USD": {Mantissa: 125, Scale: 2}}},
		{Date: engine.Date{Year: 2026, Month: 11, Day: 15}, Rates: map[string]engine.Rate{"USD": {Mantissa: 11, Scale: 1}}},
	}
	w.popular = make(map[engine.CampaignRef]engine.Counts)
	w.profile.MaxPerCampaign, w.profile.MaxPerMerchant, w.profile.MaxPerCategory = random.IntN(4), random.IntN(8), random.IntN(12)
	w.profile.Floor = 0.25 * random.Float64()
	minute := func() engine.TimeOfDay { return engine.TimeOfDay(random.IntN(1441)) }
	for i := range 45 {
		w.venue(fmt.Sprintf("v%02d", i), 1500*random.NormFloat64(), func(v *engine.Venue) {
			v.MerchantID = fmt.Sprintf("m%d", i%3)
			v.Category = []string{"5812", "5411", "7011"}[random.IntN(3)]
			v.TimeZone = oracleZones[random.IntN(3)]
			v.Chain = []string{"", "x", "y"}[random.IntN(3)]
			v.Partners = pick("adyen", "stripe")
			v.Position.Lng += 0.01 * random.NormFloat64()
			if random.IntN(2) == 0 {
				v.TypicalSpend = engine.Money{Amount: random.Int64N(20_000), Currency: "USD"}
			}
			if random.IntN(3) == 0 {
				v.OpeningHours = engine.OpeningHours{}
				for day := range time.Weekday(6) {
					v.OpeningHours[day] = []engine.Span{{From: minute(), To: minute()}}
				}
			}
		})
	}
	for i := range 60 {
		w.campaign(fmt.Sprintf("c%02d", i), nil, func(c *engine.Campaign) {
			c.MerchantID = fmt.Sprintf("m%d", random.IntN(3))
			randomCampaign(random, c, pick, minute)
			w.popular[engine.CampaignRef{MerchantID: c.MerchantID, CampaignID: c.ID}] = engine.Counts{Impressions: 500, Clicks: float64(random.IntN(200))}
		})
	}
	return w
}

// price gives the budgets of most campaigns prices, of up to so much for an offer.
func (w *world) price(random *rand.Rand, most float64) {
	w.profile.Pricing.Method, w.prices = scoring.DualMirrorDescent, make(map[engine.CampaignRef]*engine.Prices)
	for _, c := range w.campaigns {
		p := &engine.Prices{Redeemed: random.Float64() / 4}
		add := func(b engine.BudgetPrice, unit float64) {
			if random.IntN(2) == 0 {
				b.Price = most * random.Float64() / unit
				p.Budgets = append(p.Budgets, b)
			}
		}
		add(engine.BudgetPrice{Metric: engine.MetricImpressions}, 1)
		add(engine.BudgetPrice{Metric: engine.MetricRedemptions}, 0.2)
		add(engine.BudgetPrice{Metric: engine.MetricSpend, Currency: "USD"}, 200)
		add(engine.BudgetPrice{Metric: engine.MetricSpend, Currency: "EUR"}, 200)
		add(engine.BudgetPrice{Metric: engine.MetricSpend, Currency: "USD", Per: engine.PerVenue, VenueID: fmt.Sprintf("v%02d", random.IntN(12))}, 100)
		w.prices[engine.CampaignRef{MerchantID: c.MerchantID, CampaignID: c.ID}] = p
	}
}

func randomCampaign(random *rand.Rand, c *engine.Campaign, pick func(...string) []string, minute func() engine.TimeOfDay) {
	switch random.IntN(3) {
	case 0:
		c.Venues.All = true
	case 1:
		c.Venues.Chain = "x"
	default:
		c.Venues.IDs = pick("v00", "v01", "v02", "v03", "v04", "v05", "v06", "v07", "v08")
	}
	c.Venues.Radius = geo.Meters(random.IntN(3) * 600)
	for range max(0, random.IntN(5)-2) {
		c.Geofences = append(c.Geofences, circle(1000*random.NormFloat64(), geo.Meters(100+random.IntN(2500))))
	}
	c.Discount = engine.Discount{Type: engine.DiscountPercent, Percent: engine.Percent(1 + random.IntN(10_000))}
	if random.IntN(2) == 0 {
		c.Discount = engine.Discount{Type: engine.DiscountAmount, Amount: engine.Money{Amount: 1 + random.Int64N(9000), Currency: "USD"}}
	}
	if random.IntN(4) == 0 {
		c.Title = engine.Text{"de": "d"}
	}
	day := func() engine.Date { return engine.Date{Year: 2026, Month: 11, Day: 1 + random.IntN(30)} }
	instant := func() time.Time { return time.Date(2026, 11, 1, 0, random.IntN(30*24*60), 0, 0, time.UTC) }
	switch random.IntN(4) {
	case 0:
		c.Flight.Start.Date = day()
	case 1:
		c.Flight.Start.Instant = instant()
	}
	switch random.IntN(6) {
	case 0:
		c.Flight.End.Date = day()
	case 1:
		c.Flight.End.Instant = instant()
	}
	for range max(0, random.IntN(5)-2) {
		w := engine.Window{From: minute(), To: minute()}
		if random.IntN(2) == 0 {
			w.Days = []time.Weekday{time.Sunday, time.Tuesday, time.Saturday}
		}
		c.Flight.Windows = append(c.Flight.Windows, w)
	}
	for range max(0, random.IntN(6)-2) {
		c.Flight.Except = append(c.Flight.Except, day())
	}
	moment := func() (m engine.Moment) {
		if random.IntN(2) == 0 {
			m.Date = day()
		} else {
			m.Instant = instant()
		}
		return m
	}
	for range max(0, random.IntN(6)-3) {
		b := engine.Blackout{Start: moment()}
		if random.IntN(2) == 0 || b.Start.Date.IsZero() {
			b.End = moment()
		}
		c.Flight.Blackouts = append(c.Flight.Blackouts, b)
	}
	switch random.IntN(6) {
	case 0:
		c.Display.Start = moment()
	case 1:
		c.Display.End = moment()
	case 2:
		c.Display.Start, c.Display.End, c.Flight.Start = moment(), moment(), moment()
	}
	if random.IntN(3) == 0 {
		c.Audience = engine.Audience{HomeCountries: pick("CN", "US"), Languages: pick("zh", "en"), Segments: pick("a", "b"), SpendTiers: pick("super")}
	}
	if random.IntN(3) == 0 {
		c.Categories = pick("5999", "5812")
	}
	c.Status = []engine.Status{"enabled", "enabled", "enabled", "enabled", "draft", "disabled", "archived"}[random.IntN(7)]
}

func randomRequest(random *rand.Rand) *engine.Request {
	r := &engine.Request{
		Time:    time.Date(2026, 11, 1, 0, 0, random.IntN(20*24*3600), 0, time.UTC),
		Explain: engine.ExplainFull,
		User:    engine.User{ID: []string{"", "u"}[random.IntN(2)], HomeCountry: []string{"", "CN", "US"}[random.IntN(3)]},
		Location: &engine.Location{Position: geo.LatLng{
			Lat: downtown.Lat + 0.01*random.NormFloat64(), Lng: downtown.Lng + 0.01*random.NormFloat64(),
		}},
		Placements: []engine.PlacementRequest{{ID: "p", Count: 1 + random.IntN(20)}},
	}
	if random.IntN(4) == 0 { // the night in which clocks go back in America
		r.Time = time.Date(2026, 11, 1, 4, random.IntN(240), 0, 0, time.UTC)
	}
	r.User.Languages = [][]string{nil, {"en"}, {"zh-Hans", "en"}, {"ja"}, {"ja", "de"}}[random.IntN(5)]
	if random.IntN(2) == 0 {
		r.User.Segments, r.User.SpendTier = []string{"b", "z"}, "super"
		r.User.CategoryAffinities = map[string]float64{"5812": random.Float64()}
	}
	r.Partners = [][]string{nil, nil, {"stripe"}, {"adyen", "worldline"}, {"worldline"}}[random.IntN(5)]
	if random.IntN(2) == 0 {
		r.Location.Accuracy, r.Location.LastFix = geo.Meters(random.IntN(1500)), time.Duration(random.IntN(300))*time.Second
	}
	if random.IntN(2) == 0 {
		r.Radius = geo.Meters(random.IntN(2000))
	}
	if random.IntN(3) == 0 {
		r.Purchase = engine.Money{Amount: 1 + random.Int64N(30_000), Currency: "USD"}
	}
	if random.IntN(4) == 0 {
		r.Placements[0].Categories, r.Placements[0].ExcludeMerchants = []string{"5812", "7011"}, []string{"m1"}
	}
	return r
}
