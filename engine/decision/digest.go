package decision

import (
	"math"
	"strings"
	"sync/atomic"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/geo"
)

// digest is what the first look at a place needs, in a few cache lines. It holds for every request of its epoch without a purchase. Nothing
// in it changes but still, which is a memo.
type digest struct {
	place
	next  *digest                  // another one of the same handle
	sites []atomic.Pointer[digest] // of a handle that leads to very many sites, by site, made as they are met; nil otherwise

	begins, ends           int64      // of the flight, in nanoseconds since 1970; never and forever: no bound
	at                     geo.LatLng // the venue
	axis                   [3]float64 // from the earth's centre to the venue, in earth radii
	gains                             // without a purchase
	popularity             float64    // the feature
	radius                 float32    // metres, of the circle round the venue that is its fence; 0: it has others
	still                  still
	number                 uint32 // no other digest has it, see digests
	epoch                  uint32
	hours, readers, voice  uint32 // numbers of what the answer of a rule hangs on, see digests
	name                   uint32 // number of the languages of the venue's name; 0: it has none
	taste, merchant, genre uint32
	many                   bool // its listing has several venues or several fences
}

// The instants that stand for no bound of a flight. Whatever is beyond them is as far away.
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
		at: venue.Position, axis: axisOf(venue.Position), gains: f.gains, popularity: f.popularity,
		hours:    r.digests.hours.of(hoursKey{p.zone(), spans(campaign, venue)}),
		readers:  r.digests.readers.of(readersOf(&campaign.Audience)),
		voice:    r.digests.voices.of(p.listing.Languages),
		merchant: r.digests.merchants.of(campaign.MerchantID),
		many:     len(p.listing.Sites) > 1 || len(p.listing.Fences) > 1,
	}
	if names := p.listing.Sites[p.site].Names; names != nil && len(names.Tags) > 0 {
		d.name = r.digests.voices.of(names)
	}
	if genre := p.category(); genre != "" {
		d.genre = r.digests.genres.of(genre)
	}
	taste := p.category()
	if len(campaign.Categories) > 1 {
		taste = strings.Join(campaign.Categories, "|")
	}
	d.taste = r.digests.tastes.of(taste)
	if len(p.listing.Fences) == 0 {
		d.radius = float32(p.listing.Radius)
	}
	if campaign.Status != engine.StatusEnabled {
		d.begins, d.ends = forever, never
	}
	return d
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

// axisOf returns a position on the unit sphere.
func axisOf(p geo.LatLng) [3]float64 {
	sinLat, cosLat := math.Sincos(p.Lat * math.Pi / 180)
	sinLng, cosLng := math.Sincos(p.Lng * math.Pi / 180)
	return [3]float64{cosLat * cosLng, cosLat * sinLng, sinLat}
}

// hoursKey is what the windows of a flight and opening hours hang on: the zone and both, written out.
type hoursKey struct {
	zone  *time.Location
	spans string
}

// spans writes a flight's windows and days left out and a venue's opening hours, so that only equal ones are equal.
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

// readersOf writes the lists of an audience, so that only equal ones are equal.
func readersOf(a *engine.Audience) string {
	var b strings.Builder
	for _, list := range [...][]string{a.HomeCountries, a.Languages, a.Segments, a.SpendTiers} {
		for _, s := range list {
			b.WriteString(s)
			b.WriteByte(0)
		}
		b.WriteByte(1)
	}
	return b.String()
}
