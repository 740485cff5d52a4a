package decision_test

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/text/language"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/decision"
	"github.com/sihai-network/sihai/geo"
	"github.com/sihai-network/sihai/scoring"
)

// world is a small catalog, from which a snapshot is made in the plainest way.
type world struct {
	version   uint64
	venues    []*engine.Venue
	byID      map[string][]*engine.Venue
	campaigns []*engine.Campaign
	rules     map[string]engine.Rule // by expression
	profile   scoring.Profile
	rates     engine.Rates
	popular   map[engine.CampaignRef]engine.Counts
	prices    map[engine.CampaignRef]*engine.Prices
}

// downtown is where the tests take place: Lincoln Road in Miami Beach.
var downtown = geo.LatLng{Lat: 25.7907, Lng: -80.1353}

// noon is a Tuesday, 12:00 in New York.
var noon = time.Date(2026, 11, 24, 17, 0, 0, 0, time.UTC)

func newWorld() *world {
	profile := scoring.Default()
	profile.Version = 1
	return &world{
		version: 7, profile: profile, rules: make(map[string]engine.Rule), byID: make(map[string][]*engine.Venue),
		rates: engine.Rates{{
			Date: engine.Date{Year: 2026, Month: 11, Day: 23},
			Rates: map[string]engine.Rate{
				"USD": {Mantissa: 125, Scale: 2}, "JPY": {Mantissa: 1605, Scale: 1}, "CNY": {Mantissa: 8},
			},
		}},
	}
}

// venue adds a venue of merchant m some metres north of downtown.
func (w *world) venue(id string, north float64, change ...func(*engine.Venue)) *engine.Venue {
	v := &engine.Venue{
		ID: id, MerchantID: "m", Name: engine.Text{"en": "Venue " + id, "zh-Hans": "店" + id},
		Position: geo.LatLng{Lat: downtown.Lat + north/111_195, Lng: downtown.Lng},
		Category: "5812", TimeZone: "America/New_York", Currency: "USD",
	}
	for _, c := range change {
		c(v)
	}
	w.venues = append(w.venues, v)
	w.byID[id] = append(w.byID[id], v)
	return v
}

// campaign adds an enabled campaign of merchant m at some venues.
func (w *world) campaign(id string, venues []string, change ...func(*engine.Campaign)) *engine.Campaign {
	c := &engine.Campaign{
		ID: id, MerchantID: "m", Title: engine.Text{"en": "Offer " + id, "zh-Hans": "优惠" + id},
		Discount: engine.Discount{Type: engine.DiscountPercent, Percent: 1000},
		Venues:   engine.VenueSet{IDs: venues},
		Status:   engine.StatusEnabled,
	}
	for _, f := range change {
		f(c)
	}
	w.campaigns = append(w.campaigns, c)
	return c
}

// circle returns a geofence round a place some metres north of downtown.
func circle(north float64, radius geo.Meters) engine.Geofence {
	return engine.Geofence{Circle: &engine.Circle{Center: geo.LatLng{Lat: downtown.Lat + north/111_195, Lng: downtown.Lng}, Radius: radius}}
}

// snapshot compiles the world.
func (w *world) snapshot(t testing.TB) *engine.Snapshot {
	t.Helper()
	s := &engine.Snapshot{
		Version: w.version, Profile: w.profile, Rates: w.rates, Popularity: w.popular,
		Ambiguous: make(map[string]bool), Listings: len(w.campaigns), Prices: w.prices, PriceEpoch: uint64(len(w.prices)),
	}
	b := worldBuilder{t: t, sets: make(map[string]*engine.LanguageSet), zones: make(map[string]*time.Location)}
	residents := make(map[*engine.Venue]*engine.Resident)
	offers := make(map[string]int)
	for _, c := range w.campaigns {
		if c.Status == engine.StatusArchived {
			continue
		}
		for i := range c.Geofences {
			if err := c.Geofences[i].Compile(); err != nil {
				t.Fatal(err)
			}
		}
		l := &engine.Listing{Terms: engine.NewTerms(c), Merchant: &engine.Merchant{ID: c.MerchantID}}
		l.Languages, l.Rule = b.set(c.Title), w.rules[c.Audience.Expression]
		l.Limited = l.Limited || someLimits{}.concern(c.ID)
		for _, name := range c.Audience.Languages {
			l.Audience = append(l.Audience, language.MustParse(name))
		}
		for _, v := range w.venuesOf(c) {
			site := engine.NewSite(v)
			site.Zone, site.Names = b.zone(v.TimeZone), b.set(v.Name)
			l.Sites = append(l.Sites, site)
			if residents[v] == nil {
				residents[v] = &engine.Resident{Site: site}
			}
			residents[v].At = append(residents[v].At, engine.Placing{Listing: l, Site: len(l.Sites) - 1})
			offers[engine.OfferID(c.ID, v.ID)]++
		}
		b.fences(l)
	}
	for id, n := range offers {
		if n > 1 {
			s.Ambiguous[id] = true
		}
	}
	s.Fences = new(geo.Index).Apply(nil, b.items)
	s.Holders = engine.Table[engine.Holder]{}.With(b.holders)
	points := make([]geo.Point, 0, len(residents))
	table := make(map[uint32]engine.Resident)
	for _, v := range w.venues {
		if r := residents[v]; r != nil {
			points = append(points, geo.Point{Handle: uint32(len(points)), At: v.Position})
			table[uint32(len(table))] = *r
		}
	}
	s.Places = new(geo.Points).Apply(nil, points)
	s.Residents = engine.Table[engine.Resident]{}.With(table)
	return s
}

// venuesOf returns a campaign's venues, ascending by ID.
func (w *world) venuesOf(c *engine.Campaign) (found []*engine.Venue) {
	among := w.venues
	if only := c.Venues; len(only.IDs) == 1 && only.Chain == "" && !only.All {
		among = w.byID[only.IDs[0]]
	}
	for _, v := range among {
		if v.MerchantID == c.MerchantID && c.Venues.Includes(v) {
			found = append(found, v)
		}
	}
	slices.SortFunc(found, func(a, b *engine.Venue) int { return cmp.Compare(a.ID, b.ID) })
	return found
}

type worldBuilder struct {
	t       testing.TB
	items   []geo.Item
	holders map[uint32]engine.Holder
	sets    map[string]*engine.LanguageSet
	zones   map[string]*time.Location
}

func (b *worldBuilder) add(h engine.Holder) {
	handle := uint32(len(b.items))
	if b.holders == nil {
		b.holders = make(map[uint32]engine.Holder)
	}
	b.holders[handle] = h
	b.items = append(b.items, geo.Item{Handle: handle, Fence: h.Fence})
}

func (b *worldBuilder) fences(l *engine.Listing) {
	for _, fence := range l.Fences {
		b.add(engine.Holder{Listing: l, Site: engine.AllSites, Fence: fence})
	}
	if len(l.Fences) > 0 {
		points := make([]geo.Point, len(l.Sites))
		for i, s := range l.Sites {
			points[i] = geo.Point{Handle: uint32(i), At: s.Position}
		}
		if len(points) > 16 {
			l.Points = new(geo.Points).Apply(nil, points)
		}
		return
	}
	for i, s := range l.Sites {
		f, err := geo.NewCircle(s.Position, l.Radius)
		if err != nil {
			b.t.Fatal(err)
		}
		b.add(engine.Holder{Listing: l, Site: i, Fence: f})
	}
}

func (b *worldBuilder) set(text engine.Text) *engine.LanguageSet {
	tags := text.Languages()
	if i := slices.Index(tags, "en"); i > 0 {
		tags = slices.Insert(slices.Delete(tags, i, i+1), 0, "en")
	}
	key := fmt.Sprint(tags)
	if b.sets[key] == nil {
		parsed := make([]language.Tag, len(tags))
		for i, tag := range tags {
			parsed[i] = language.MustParse(tag)
		}
		b.sets[key] = &engine.LanguageSet{Tags: tags, Matcher: language.NewMatcher(parsed)}
	}
	return b.sets[key]
}

func (b *worldBuilder) zone(name string) *time.Location {
	if b.zones[name] == nil {
		zone, err := time.LoadLocation(name)
		if err != nil {
			b.t.Fatal(err)
		}
		b.zones[name] = zone
	}
	return b.zones[name]
}

// published is a snapshot that is always the current one.
type published struct{ snap *engine.Snapshot }

func (p published) Snapshot() *engine.Snapshot                 { return p.snap }
func (p published) AwaitVersion(context.Context, uint64) error { return nil }

// random is a source of randomness for IDs, the same in each run.
type random struct {
	mu  sync.Mutex
	src *rand.ChaCha8
}

func (r *random) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.src.Read(p)
}

func optionsFor(snap *engine.Snapshot, log engine.DecisionLog) decision.Options {
	return decision.Options{Snapshots: published{snap}, Log: log, IDs: engine.IDs{Random: &random{src: rand.NewChaCha8([32]byte{})}}}
}
