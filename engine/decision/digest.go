package decision

import (
	"math"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
)

// digest is what the first look at a place needs, and what a close look needs first. It holds for every request of its epoch without a purchase.
// Nothing in it changes but still, which is a memo.
type digest struct {
	glance
	place
	begins, ends int64      // of the time in which it is shown, in nanoseconds since 1970; never and forever: no bound
	at           geo.LatLng // the venue
	gains                   // without a purchase
	popularity   float64    // the feature
	price        float64    // without a purchase
	number       uint32     // no other digest has it, see digests
	name         uint32     // number of the languages of the venue's name; 0: it has none
	epoch        uint32
	next         *digest                  // another one of the same handle
	sites        []atomic.Pointer[digest] // of a handle that leads to very many sites, by site, made as they are met; nil otherwise
}

// The instants that stand for no bound. Whatever is beyond them is as far away.
const (
	never   = math.MinInt64
	forever = math.MaxInt64
)

// The requests' times for which digests are made: within what nanoseconds can tell, and far from its ends.
const (
	firstYear = 1970
	lastYear  = 2200
)

// describe makes the digest of a place.
func (r *run) describe(p place) *digest {
	campaign, venue := p.listing.Campaign(), p.venue()
	f := r.factsOf(p, engine.Money{})
	d := &digest{
		place: p, number: r.digests.made.Add(1), epoch: r.epoch,
		begins: nanoseconds(f.begins, never), ends: nanoseconds(f.ends, forever),
		at: venue.Position, gains: f.gains, popularity: f.popularity,
		price: r.priceOf(p, engine.Money{}),
	}
	if campaign.Status != engine.StatusEnabled {
		d.begins, d.ends = forever, never
	}
	if names := p.listing.Sites[p.site].Names; names != nil && len(names.Tags) > 0 {
		d.name = r.digests.voices.of(names)
	}
	r.glanceAt(&d.glance, d)
	return d
}

// glanceAt fills in the glance of a digest that is otherwise complete.
func (r *run) glanceAt(g *glance, d *digest) {
	campaign, venue := d.listing.Campaign(), d.venue()
	g.axis = axisOf(venue.Position)
	g.begins, g.ends = tickOf(d.begins), tickOf(d.ends)
	g.hours = r.digests.hours.of(hoursKey{d.zone(), spans(campaign, venue)})
	g.readers = r.digests.readers.of(readersOf(&campaign.Audience, venue.Partners))
	g.voice = r.digests.voices.of(d.listing.Languages)
	g.merchant = r.digests.merchants.of(campaign.MerchantID)
	taste := d.category()
	if taste != "" {
		g.genre = r.digests.genres.of(taste)
	}
	if len(campaign.Categories) > 1 {
		taste = strings.Join(campaign.Categories, "|")
	}
	g.taste = r.digests.tastes.of(taste)
	g.radius = float32(math.Inf(1))
	if len(d.listing.Fences) == 0 {
		g.radius = float32(d.listing.Radius)
	}
	if len(d.listing.Sites) > 1 || len(d.listing.Fences) > 1 {
		g.traits |= many
	}
	if d.listing.Rule != nil {
		g.traits |= ruled
	}
	if d.listing.Limited {
		g.traits |= limited
	}
}

// facts returns what the features need.
func (d *digest) facts() facts {
	f := facts{gains: d.gains, popularity: d.popularity}
	if d.begins != never {
		f.begins = time.Unix(0, d.begins)
	}
	if d.ends != forever {
		f.ends = time.Unix(0, d.ends)
	}
	return f
}

// nanoseconds returns an instant since 1970, or none for zero. What is too far to tell is never or forever.
func nanoseconds(t time.Time, none int64) int64 {
	switch {
	case t.IsZero():
		return none
	case t.Year() < firstYear-200:
		return never
	case t.Year() > lastYear+50:
		return forever
	}
	return t.UnixNano()
}

// hoursKey is what the windows and blackouts of a flight and opening hours hang on: the zone and all of them, written out.
type hoursKey struct {
	zone  *time.Location
	spans string
}

// spans writes a flight's windows, days left out and blackouts, the start of one that is shown ahead, and a venue's opening hours, so that only equal ones are equal.
func spans(c *engine.Campaign, v *engine.Venue) string {
	var b []byte
	number := func(n int) { b = append(b, byte(n>>8), byte(n)) }
	number(len(c.Flight.Windows))
	for _, w := range c.Flight.Windows {
		number(len(w.Days))
		for _, day := range w.Days {
			number(int(day))
		}
		number(int(w.From))
		number(int(w.To))
	}
	number(len(c.Flight.Except))
	for _, d := range c.Flight.Except {
		number(d.Year)
		number(int(d.Month))
		number(d.Day)
	}
	number(len(c.Flight.Blackouts))
	for _, x := range c.Flight.Blackouts {
		b = appendMoment(appendMoment(b, x.Start), x.End)
	}
	if !c.Display.Start.IsZero() {
		b = appendMoment(b, c.Flight.Start)
	}
	if v.OpeningHours == nil {
		return string(b)
	}
	for day := range time.Weekday(7) {
		number(len(v.OpeningHours[day]))
		for _, s := range v.OpeningHours[day] {
			number(int(s.From))
			number(int(s.To))
		}
	}
	return string(b)
}

// appendMoment writes a bound, so that only equal ones are equal.
func appendMoment(b []byte, m engine.Moment) []byte {
	b = append(b, m.Date.String()...)
	if !m.Instant.IsZero() {
		b = strconv.AppendInt(append(b, '@'), m.Instant.UnixNano(), 10)
	}
	return append(b, 0)
}

// readersOf writes the lists of an audience and the partners of a venue, so that only equal ones are equal.
func readersOf(a *engine.Audience, partners []string) string {
	var b strings.Builder
	for _, list := range [...][]string{a.HomeCountries, a.Languages, a.Segments, a.SpendTiers, partners} {
		for _, s := range list {
			b.WriteString(s)
			b.WriteByte(0)
		}
		b.WriteByte(1)
	}
	return b.String()
}
