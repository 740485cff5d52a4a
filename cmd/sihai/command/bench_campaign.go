package command

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/bojanz/currency"

	"github.com/sihai-network/sihai/engine/wire"
)

// trade is what a shop lives on.
type trade struct {
	category string // ISO 18245
	name     wire.Text
	spend    int64 // US cents that a customer usually pays
}

func trades() []trade {
	text := func(en, zh string) wire.Text { return wire.Text{"en": en, "zh-Hans": zh} }
	return []trade{
		{"5812", text("Kitchen", "餐厅"), 3_500}, {"5814", text("Coffee", "咖啡"), 900}, {"5411", text("Market", "超市"), 4_000},
		{"5311", text("Department Store", "百货"), 9_000}, {"5651", text("Clothing", "服饰"), 7_500}, {"5661", text("Shoes", "鞋店"), 8_000},
		{"5732", text("Electronics", "电器"), 25_000}, {"5977", text("Cosmetics", "化妆品"), 6_000}, {"5944", text("Jewellery", "珠宝"), 40_000},
		{"5912", text("Pharmacy", "药房"), 2_500}, {"7011", text("Hotel", "酒店"), 18_000}, {"7991", text("Museum", "博物馆"), 2_000},
		{"7230", text("Salon", "美容院"), 5_000}, {"5462", text("Bakery", "面包店"), 1_200}, {"5945", text("Toys", "玩具"), 3_000},
	}
}

// centWorth is how many minor units of a currency are worth about a US cent, for the currencies in which shops of an invented world count; others count in dollars.
func centWorth(code string) (units float64, known bool) {
	units, known = map[string]float64{
		"USD": 1, "EUR": 0.87, "GBP": 0.76, "JPY": 1.5, "CNY": 7.1, "INR": 87, "BRL": 5.4, "MXN": 18.5, "TRY": 41, "KRW": 14, "THB": 33, "IDR": 16_500,
		"AUD": 1.5, "CAD": 1.4, "ZAR": 17.5, "PHP": 58, "MYR": 4.2, "SGD": 1.3, "PLN": 3.7, "SEK": 9.5, "DKK": 6.5, "CZK": 21, "HUF": 340,
	}[code]
	return units, known
}

// purse turns US cents into money of a place.
type purse struct {
	code  string
	units float64
}

func (t *town) purse() purse {
	if code, ok := currency.ForCountryCode(t.country); ok {
		if units, known := centWorth(code); known {
			return purse{code, units}
		}
	}
	return purse{"USD", 1}
}

// money is at least one minor unit.
func (p purse) money(cents float64) *wire.Money {
	return &wire.Money{Amount: max(1, int64(cents*p.units)), Currency: p.code}
}

func merchantID(m int) string { return fmt.Sprintf("bench-%05d", m) }
func venueID(v int) string    { return fmt.Sprintf("v-%07d", v) }
func campaignID(c int) string { return fmt.Sprintf("c-%07d", c) }

// merchantOf returns whose a venue is. A merchant's venues are spread over the world.
func (w *world) merchantOf(venue int) int { return venue % w.merchants }

// chainOf returns the tag of a venue among its merchant's: every eighth has the same.
func (w *world) chainOf(venue int) string { return "chain-" + strconv.Itoa(venue/w.merchants%8) }

// shop is what venue and campaigns of one place have in common.
type shop struct {
	spot
	trade
	number int
	dice   *rand.Rand
}

func (w *world) shop(venue int) shop {
	d := w.dice(diceVenue, venue)
	all := trades()
	return shop{w.spot(d), all[d.IntN(len(all))], 1 + d.IntN(999), d}
}

// venue invents the v-th venue.
func (w *world) venue(v int) wire.Venue {
	s := w.shop(v)
	out := wire.Venue{
		ID: venueID(v), MerchantID: merchantID(w.merchantOf(v)), Lat: s.at.Lat, Lon: s.at.Lng, Category: s.category, Chain: w.chainOf(v), TimeZone: s.town.zone,
		Name: wire.Text{"en": fmt.Sprintf("%s %s %d", s.town.name, s.name["en"], s.number), "zh-Hans": fmt.Sprintf("%s%d号店", s.name["zh-Hans"], s.number)},
	}
	p := s.town.purse()
	out.Currency, out.TypicalSpend = p.code, p.money(float64(s.spend)*(0.6+0.8*s.dice.Float64()))
	if s.dice.IntN(4) == 0 {
		out.OpeningHours = make(map[string][]string)
		for _, day := range []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} {
			out.OpeningHours[day] = []string{"06:00-23:00"}
		}
	}
	return out
}

// campaign invents the c-th campaign; each revision of it is another one at the same venue.
func (w *world) campaign(c, revision int) (wire.Campaign, error) {
	v := c / venueCampaigns
	s := w.shop(v)
	d := rand.New(rand.NewPCG(w.seed+uint64(revision), mixed(uint64(diceCampaign)<<56|uint64(c))))
	out := wire.Campaign{ID: campaignID(c), MerchantID: merchantID(w.merchantOf(v)), Venues: wire.VenueSet{IDs: []string{venueID(v)}}, Status: "enabled"}
	fence, round, err := shape(d, s.spot)
	if err != nil {
		return out, fmt.Errorf("invent campaign %d: %w", c, err)
	}
	if round > 0 {
		out.Venues.Radius = round
	} else {
		out.Geofences = []wire.Geofence{fence}
		if d.Float64() < 0.02 {
			out.Venues = wire.VenueSet{Chain: w.chainOf(v)}
		}
	}
	if chance := d.Float64(); chance < 0.01 {
		out.Status = "draft"
	} else if chance < 0.02 {
		out.Status = "disabled"
	}
	p := s.town.purse()
	out.Discount, out.Title = discount(d, p, float64(s.spend))
	out.Description = describe(d, s.trade)
	out.Flight = flight(d)
	out.Audience = audience(d)
	limit(d, p, &out)
	return out, nil
}

// describe tells an offer in both languages, one in ten in English only.
func describe(d *rand.Rand, t trade) wire.Text {
	if d.IntN(10) == 0 {
		return wire.Text{"en": "For guests who pay with their phone. While stocks last."}
	}
	return wire.Text{
		"en":      fmt.Sprintf("%s for travellers: show this offer before you pay with your phone.", t.name["en"]),
		"zh-Hans": fmt.Sprintf("%s旅客专享：手机支付前请出示本优惠。", t.name["zh-Hans"]),
	}
}

// flight draws when a campaign holds: mostly now, seen from worldTime.
func flight(d *rand.Rand) *wire.Flight {
	if d.Float64() < 0.4 {
		return nil
	}
	day := func(days int) string { return worldTime().AddDate(0, 0, days).Format(time.DateOnly) }
	out := &wire.Flight{Start: day(-1 - d.IntN(300)), End: day(2 + d.IntN(400))}
	switch chance := d.Float64(); {
	case chance < 0.01:
		out.Start = day(1)
	case chance < 0.02:
		out.Start, out.End = day(-400), day(-1)
	case chance < 0.2:
		out.Windows = []wire.Window{{From: "05:00", To: "24:00"}}
	case chance < 0.25:
		out.Windows = []wire.Window{{Days: []string{"mon", "tue", "wed", "thu", "fri"}, From: "07:00", To: "22:00"}, {Days: []string{"sat", "sun"}, From: "17:00", To: "02:00"}}
	}
	if d.IntN(10) == 0 {
		out.Except = []string{"2026-12-25", "2027-01-01"}
	}
	return out
}

// audience draws who may see a campaign: mostly everybody.
func audience(d *rand.Rand) *wire.Audience {
	switch chance := d.Float64(); {
	case chance < 0.55:
		return nil
	case chance < 0.75:
		return &wire.Audience{HomeCountries: []string{"CN", "HK", "JP", "KR", "TH"}[:1+d.IntN(5)]}
	case chance < 0.85:
		return &wire.Audience{Languages: []string{"zh", "en"}[:1+d.IntN(2)]}
	case chance < 0.93:
		return &wire.Audience{Segments: []string{"tourist", "business"}}
	case chance < 0.97:
		return &wire.Audience{SpendTiers: []string{"super"}}
	}
	return &wire.Audience{Expression: "user.visits < " + strconv.Itoa(2+d.IntN(4))}
}

// limit draws budgets, each of them paced, and a cap.
func limit(d *rand.Rand, p purse, c *wire.Campaign) {
	switch d.IntN(6) {
	case 0:
		c.Budgets = []wire.Budget{{Metric: "impressions", Limit: 1_000_000, Period: "day"}}
		c.Pacing = "evenly"
	case 1:
		total := p.money(5_000_000)
		c.Budgets = []wire.Budget{{Metric: "spend", Limit: total.Amount, Currency: total.Currency}}
		c.Pacing = "frontloaded"
	}
	if d.IntN(5) == 0 {
		c.FrequencyCaps = []wire.FrequencyCap{{Count: 3 + d.IntN(5), Window: "24h"}}
	}
}
