package decision_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
)

// oracle decides by looking at every venue of every campaign, without an index, a compiled form or a memory.
type oracle struct {
	w      *world
	r      *engine.Request
	limits engine.Limits
	zones  map[string]*time.Location
}

// finding is what the oracle makes of a campaign at a venue.
type finding struct {
	id       string
	campaign *engine.Campaign
	venue    *engine.Venue
	reached  bool // inside a fence or near: it must be told of
	codes    []int
	score    float64
}

func (o *oracle) findings() map[string]*finding {
	out := make(map[string]*finding)
	for _, c := range o.w.campaigns {
		if c.Status == engine.StatusArchived {
			continue
		}
		nearest := o.nearest(c)
		for i, v := range o.w.venuesOf(c) {
			f := &finding{id: engine.OfferID(c.ID, v.ID), campaign: c, venue: v}
			o.judge(f, nearest[v], i)
			out[f.id] = f
		}
	}
	return out
}

// nearest tells which venues of a campaign are among its sixteen nearest.
func (o *oracle) nearest(c *engine.Campaign) map[*engine.Venue]bool {
	venues := o.w.venuesOf(c)
	slices.SortStableFunc(venues, func(a, b *engine.Venue) int { return cmp.Compare(o.metres(a), o.metres(b)) })
	out := make(map[*engine.Venue]bool)
	for i, v := range venues {
		out[v] = i < 16 || len(c.Geofences) == 0
	}
	return out
}

func (o *oracle) metres(v *engine.Venue) float64 {
	return float64(o.r.Location.Position.Distance(v.Position))
}

func (o *oracle) judge(f *finding, nearest bool, site int) {
	c, v, p := f.campaign, f.venue, o.r.Location.Position
	var fences []*geo.Fence
	for _, g := range c.Geofences {
		fences = append(fences, g.Fence)
	}
	if len(fences) == 0 {
		fence, _ := geo.NewCircle(v.Position, cmp.Or(c.Venues.Radius, 500))
		fences = append(fences, fence)
	}
	drift := 1.4 * o.r.Location.LastFix.Seconds()
	accuracy := geo.Meters(math.Sqrt(float64(o.r.Location.Accuracy*o.r.Location.Accuracy) + drift*drift))
	inside, chance := false, 0.0
	for _, fence := range fences {
		inside = inside || nearest && fence.Contains(p)
		chance = max(chance, fence.InsideProbability(p, accuracy))
	}
	near := o.r.Radius > 0 && o.metres(v) <= float64(o.r.Radius)
	f.reached = inside || near
	against := func(code int, yes bool) {
		if yes {
			f.codes = append(f.codes, code)
		}
	}
	against(310, !inside && !near)
	chance = math.Round(chance*1e6) / 1e6
	against(312, inside && !near && chance < o.w.profile.MinInsideProbability)
	ahead := o.isAhead(c, v)
	against(320, !o.isShown(c, v) || !ahead && !o.windowHolds(c, v))
	against(321, !ahead && v.OpeningHours != nil && !o.spansHold(v, v.OpeningHours))
	against(322, !ahead && o.isBlackedOut(c, v))
	if o.limits != nil {
		for _, r := range o.limits.Check(nil, &engine.Listing{Terms: engine.NewTerms(c)}, site, o.r.User.ID, o.r.Time) {
			against(int(r.Code), true)
		}
	}
	against(350, !o.sees(c))
	_, rank, offered := o.language(c)
	against(351, !offered)
	categories := c.Categories
	if len(categories) == 0 {
		categories = []string{v.Category}
	}
	slot := o.r.Placements[0]
	against(360, len(slot.Categories) > 0 && !overlap(slot.Categories, categories))
	against(361, overlap(slot.ExcludeMerchants, []string{c.MerchantID}))
	against(362, len(o.r.Partners) > 0 && !overlap(o.r.Partners, v.Partners))
	against(370, c.Status != engine.StatusEnabled)
	f.score = o.score(f, chance, rank)
}

func overlap(a, b []string) bool {
	for _, x := range a {
		for _, y := range b {
			if x == y {
				return true
			}
		}
	}
	return false
}

// wall returns the venue's date, yesterday's and the clock, as texts. The oracle's zones change their clocks by an hour only, and not at midnight.
func (o *oracle) wall(v *engine.Venue, at time.Time) (today, yesterday time.Time, clock string) {
	here := at.In(o.zones[v.TimeZone])
	today, _ = time.Parse(time.DateOnly, here.Format(time.DateOnly))
	return today, today.AddDate(0, 0, -1), here.Format("15:04")
}

// isBefore reports whether the request comes before a bound at a venue; never before none.
func (o *oracle) isBefore(m engine.Moment, v *engine.Venue) bool {
	today, _, _ := o.wall(v, o.r.Time)
	return !m.Date.IsZero() && today.Format(time.DateOnly) < m.Date.String() || !m.Instant.IsZero() && o.r.Time.Before(m.Instant)
}

func (o *oracle) isShown(c *engine.Campaign, v *engine.Venue) bool {
	from := c.Flight.Start
	if c.Display.Start != (engine.Moment{}) {
		from = c.Display.Start
	}
	if o.isBefore(from, v) {
		return false
	}
	for _, end := range []engine.Moment{c.Flight.End, c.Display.End} {
		if end != (engine.Moment{}) && !o.isBefore(end, v) {
			return false
		}
	}
	return true
}

func (o *oracle) isAhead(c *engine.Campaign, v *engine.Venue) bool {
	return c.Display.Start != (engine.Moment{}) && o.isBefore(c.Flight.Start, v)
}

func (o *oracle) isBlackedOut(c *engine.Campaign, v *engine.Venue) bool {
	today, _, _ := o.wall(v, o.r.Time)
	for _, b := range c.Flight.Blackouts {
		if b.End == (engine.Moment{}) && b.Start.Date.String() == today.Format(time.DateOnly) || b.End != (engine.Moment{}) && !o.isBefore(b.Start, v) && o.isBefore(b.End, v) {
			return true
		}
	}
	return false
}

func (o *oracle) windowHolds(c *engine.Campaign, v *engine.Venue) bool {
	today, yesterday, clock := o.wall(v, o.r.Time)
	allowed := func(day time.Time) bool {
		for _, x := range c.Flight.Except {
			if x.String() == day.Format(time.DateOnly) {
				return false
			}
		}
		return true
	}
	if len(c.Flight.Windows) == 0 {
		return allowed(today)
	}
	for _, w := range c.Flight.Windows {
		from, to := text(w.From), text(w.To)
		on := func(day time.Time) bool {
			return allowed(day) && (len(w.Days) == 0 || slices.Contains(w.Days, day.Weekday()))
		}
		if spanHolds(from, to, clock, on(today), on(yesterday)) {
			return true
		}
	}
	return false
}

func (o *oracle) spansHold(v *engine.Venue, h engine.OpeningHours) bool {
	today, yesterday, clock := o.wall(v, o.r.Time)
	for _, s := range h[today.Weekday()] {
		if spanHolds(text(s.From), text(s.To), clock, true, false) {
			return true
		}
	}
	for _, s := range h[yesterday.Weekday()] {
		if spanHolds(text(s.From), text(s.To), clock, false, true) {
			return true
		}
	}
	return false
}

func text(m engine.TimeOfDay) string { return fmt.Sprintf("%02d:%02d", m/60, m%60) }

func spanHolds(from, to, clock string, today, yesterday bool) bool {
	if from < to {
		return today && from <= clock && clock < to
	}
	return today && from <= clock || yesterday && clock < to
}

func (o *oracle) sees(c *engine.Campaign) bool {
	a, u := c.Audience, o.r.User
	if len(a.HomeCountries) > 0 && !overlap(a.HomeCountries, []string{u.HomeCountry}) || len(a.Segments) > 0 && !overlap(a.Segments, u.Segments) ||
		len(a.SpendTiers) > 0 && !overlap(a.SpendTiers, []string{u.SpendTier}) {
		return false
	}
	if len(a.Languages) == 0 {
		return true
	}
	for _, tag := range a.Languages {
		for _, own := range u.Languages {
			if own == tag || strings.HasPrefix(own, tag+"-") {
				return true
			}
		}
	}
	return false
}

// language negotiates among tags that are equal or have nothing to do with one another.
func (o *oracle) language(c *engine.Campaign) (tag string, rank int, ok bool) {
	for i, own := range o.r.User.Languages {
		if _, found := c.Title[own]; found {
			return own, i + 1, true
		}
	}
	if _, found := c.Title["en"]; found {
		return "en", 0, true
	}
	if len(o.r.User.Languages) > 0 {
		return "", 0, false
	}
	return c.Title.Languages()[0], 0, true
}

// score computes the features by their documented formulas. The oracle's discounts are percents and amounts in dollars.
func (o *oracle) score(f *finding, chance float64, rank int) float64 {
	c, v := f.campaign, f.venue
	basis := v.TypicalSpend.Amount
	if basis == 0 {
		basis = 5000
	}
	if o.r.Purchase.Amount > 0 {
		basis = o.r.Purchase.Amount
	}
	saving := min(c.Discount.Amount.Amount, basis)
	if c.Discount.Type == engine.DiscountPercent {
		saving = int64(math.Round(float64(basis) * float64(c.Discount.Percent) / 10_000))
	}
	perEuro := 1.25
	if o.r.Time.UTC().Day() >= 15 {
		perEuro = 1.1
	}
	euros := math.Round(float64(saving)/perEuro) / 100
	counts := o.w.popular[engine.CampaignRef{MerchantID: c.MerchantID, CampaignID: c.ID}]
	affinity := 0.5
	if a, ok := o.r.User.CategoryAffinities["5812"]; ok && (slices.Contains(c.Categories, "5812") || len(c.Categories) == 0 && v.Category == "5812") {
		affinity = a
	}
	row := map[string]float64{
		"distance":           math.Exp(-o.metres(v) / 500),
		"inside_probability": chance,
		"saving":             euros / (euros + 20),
		"relative_discount":  min(1, float64(saving)/float64(basis)),
		"category_affinity":  affinity,
		"popularity":         (counts.Clicks + 1) / (counts.Impressions + 20),
	}
	zone := o.zones[v.TimeZone]
	if start := begin(cmp.Or(c.Display.Start, c.Flight.Start), zone); !start.IsZero() {
		row["freshness"] = min(1, math.Exp(-o.r.Time.Sub(start).Hours()/24/14))
	}
	end := begin(c.Flight.End, zone)
	if shown := begin(c.Display.End, zone); end.IsZero() || !shown.IsZero() && shown.Before(end) {
		end = shown
	}
	if !end.IsZero() {
		row["ends_soon"] = min(1, math.Exp(-end.Sub(o.r.Time).Hours()/24/3))
	}
	if rank > 0 {
		row["language_match"] = 1 / float64(rank)
	}
	sum := o.w.profile.Bias - o.price(f, saving)
	for name, weight := range o.w.profile.Weights {
		sum += weight * row[name]
	}
	return sum
}

// price is what the offer is expected to take of its budgets, at their prices.
func (o *oracle) price(f *finding, saving int64) float64 {
	prices := o.w.prices[engine.CampaignRef{MerchantID: f.campaign.MerchantID, CampaignID: f.campaign.ID}]
	if prices == nil || o.w.profile.Pricing.Method == "" {
		return 0
	}
	sum := 0.0
	for _, b := range prices.Budgets {
		if b.VenueID != "" && b.VenueID != f.venue.ID {
			continue
		}
		perEuro, cents := 1.25, float64(saving)
		if o.r.Time.UTC().Day() >= 15 {
			perEuro = 1.1
		}
		if b.Currency == "EUR" {
			cents = math.Round(float64(saving) / perEuro)
		}
		sum += b.Price * map[engine.Metric]float64{"impressions": 1, "redemptions": prices.Redeemed, "spend": prices.Redeemed * cents}[b.Metric]
	}
	return min(sum, 2001)
}

func begin(m engine.Moment, zone *time.Location) time.Time {
	if m.Date.IsZero() {
		return m.Instant
	}
	return time.Date(m.Date.Year, m.Date.Month, m.Date.Day, 0, 0, 0, 0, zone)
}

// selected chooses among eligible findings, best first.
func (o *oracle) selected(eligible []*finding) (chosen []string) {
	slices.SortFunc(eligible, func(a, b *finding) int {
		return cmp.Or(cmp.Compare(round(b.score), round(a.score)), cmp.Compare(a.id, b.id))
	})
	p := o.w.profile
	count := make(map[string]int)
	full := func(key string, most int) bool { return most > 0 && count[key] >= most }
	for _, f := range eligible {
		category := f.venue.Category
		if len(f.campaign.Categories) > 0 {
			category = f.campaign.Categories[0]
		}
		keys := []string{"campaign " + f.campaign.MerchantID + " " + f.campaign.ID, "merchant " + f.campaign.MerchantID, "category " + category}
		if len(chosen) == o.r.Placements[0].Count || round(f.score) < p.Floor || full(keys[0], p.MaxPerCampaign) || full(keys[1], p.MaxPerMerchant) || full(keys[2], p.MaxPerCategory) {
			continue
		}
		for _, k := range keys {
			count[k]++
		}
		chosen = append(chosen, f.id)
	}
	return chosen
}

func round(x float64) float64 { return math.Round(x*1e9) / 1e9 }
