package ledger

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// outlook is what is expected in a zone from a day's point of view: the mass of a stretch of time, which is how many mean hours' showings are expected in it. It never changes.
type outlook struct {
	day     day
	zone    *time.Location
	of      *zoneTraffic
	settled bool   // nothing that is learnt later changes it
	adds    uint64 // otherwise: what it was made of

	until  [7][25]float64 // mass of a day of the week until each hour
	first  day            // the day that starts[0] begins
	starts []int64        // the instants at which days begin, in seconds since 1970
	masses []float64      // from the first of them until each

	weeks sync.Map // *openWeek by *engine.Terms
	held  atomic.Int64
}

// outlookDays is how many days back and ahead an outlook knows the days one by one, with the changes of the clock. What lies beyond is taken to go on at the mean rate.
const outlookDays = 400

// maxWeeks bounds the campaigns with windows of which an outlook remembers them.
const maxWeeks = 1 << 14

func newOutlook(zone *time.Location, d day, factors [7][24]float64) *outlook {
	o := &outlook{day: d, zone: zone, first: d - outlookDays}
	for w := range 7 {
		for h := range 24 {
			o.until[w][h+1] = o.until[w][h] + factors[w][h]
		}
	}
	o.starts = make([]int64, 2*outlookDays+1)
	o.masses = make([]float64, 2*outlookDays+1)
	at := o.first.start(zone)
	_, same := at.ZoneBounds() // the clock is not changed before
	for i := range o.starts {
		o.starts[i] = at.Unix()
		e := o.first + day(i)
		next := at.Add(24 * time.Hour)
		if !same.IsZero() && !next.Before(same) {
			next = (e + 1).start(zone)
			_, same = next.ZoneBounds()
		}
		if i+1 < len(o.masses) {
			o.masses[i+1] = o.masses[i] + o.between(e, at.Unix(), next.Unix(), next.Unix())
		}
		at = next
	}
	return o
}

// current reports whether nothing came that would change it.
func (o *outlook) current() bool { return o.settled || o.adds == o.of.adds.Load() }

// between returns the mass of a day from its beginning until an instant of it; next is when the next day begins.
func (o *outlook) between(d day, begin, until, next int64) float64 {
	if next-begin == secondsPerDay {
		return o.wall(d.weekday(), until-begin)
	}
	var mass float64
	for at := begin; at < until; { // from hour to hour of the clock on the wall, which is changed at one of them
		t := time.Unix(at, 0).In(o.zone)
		end := at + int64(3600-t.Minute()*60-t.Second())
		if _, change := t.ZoneBounds(); !change.IsZero() {
			end = min(end, change.Unix())
		}
		end = min(end, until)
		h := t.Hour()
		mass += (o.until[d.weekday()][h+1] - o.until[d.weekday()][h]) * float64(end-at) / 3600
		at = end
	}
	return mass
}

// wall returns the mass of a day until so many seconds after midnight on the wall clock.
func (o *outlook) wall(w time.Weekday, seconds int64) float64 {
	h := min(seconds/3600, 23)
	return o.until[w][h] + (o.until[w][h+1]-o.until[w][h])*float64(seconds-h*3600)/3600
}

// week returns the mass of a week.
func (o *outlook) week() (mass float64) {
	for w := range 7 {
		mass += o.until[w][24]
	}
	return mass
}

// mass returns what is expected until an instant, from a fixed moment of the past on; only differences mean something.
func (o *outlook) mass(at int64) float64 {
	last := len(o.starts) - 1
	switch {
	case at < o.starts[0]:
		return o.week() * float64(at-o.starts[0]) / (7 * secondsPerDay)
	case at >= o.starts[last]:
		return o.masses[last] + o.week()*float64(at-o.starts[last])/(7*secondsPerDay)
	}
	i := min(int((at-o.starts[0])/secondsPerDay)+1, last) // at most a day off
	for o.starts[i] > at {
		i--
	}
	for i < last && o.starts[i+1] <= at {
		i++
	}
	return o.masses[i] + o.between(o.first+day(i), o.starts[i], at, o.starts[i+1])
}

// flow is the mass of the time in which a campaign may be shown.
type flow struct {
	*outlook
	open *openWeek // nil: always
}

// flowOf returns the flow of a campaign. terms, by which its windows are remembered, may be nil.
func (o *outlook) flowOf(f *engine.Flight, terms *engine.Terms) flow {
	if len(f.Windows) == 0 && len(f.Except) == 0 {
		return flow{o, nil}
	}
	if terms == nil {
		return flow{o, o.openWeek(f)}
	}
	if known, ok := o.weeks.Load(terms); ok {
		return flow{o, known.(*openWeek)}
	}
	w := o.openWeek(f)
	if o.held.Add(1) <= maxWeeks {
		o.weeks.Store(terms, w)
	}
	return flow{o, w}
}

// mass returns what is expected until an instant, as outlook.mass does. Windows are those of the clock on the wall, and with them each day has its 24 hours.
func (f flow) mass(at int64) float64 {
	if f.open == nil {
		return f.outlook.mass(at)
	}
	t := time.Unix(at, 0).In(f.zone)
	hour, minute, second := t.Clock()
	return f.open.mass(f.outlook, dayOf(t), int64(hour*3600+minute*60+second))
}

// openWeek is the windows of a campaign in the light of an outlook.
type openWeek struct {
	days    [7]openDay
	special []specialDay // those on which days that are left out tell, ascending
}

// openDay is the spans of a day in which a campaign may be shown, in seconds of the wall clock, ascending and apart.
type openDay struct {
	spans []secondSpan
	mass  float64
}

type secondSpan struct{ from, to int64 }

type specialDay struct {
	day day
	openDay
	more float64 // mass of it and of all special days before it, above that of ordinary ones
}

// openWeek makes the windows of a flight ready.
func (o *outlook) openWeek(f *engine.Flight) *openWeek {
	w := new(openWeek)
	for i := range w.days {
		w.days[i] = o.openDay(f, time.Weekday(i), true, true)
	}
	left := make(map[day]bool, len(f.Except))
	var special []day
	for _, e := range f.Except {
		d := dayOfDate(e.Year, e.Month, e.Day)
		left[d] = true
		special = append(special, d, d+1) // into which its windows go on
	}
	slices.Sort(special)
	more := 0.0
	for _, d := range slices.Compact(special) {
		s := specialDay{day: d, openDay: o.openDay(f, d.weekday(), !left[d], !left[d-1])}
		more += s.mass - w.days[d.weekday()].mass
		s.more = more
		w.special = append(w.special, s)
	}
	return w
}

// openDay returns the spans of a day of the week: those of windows that begin on it, and of those that began on the day before.
func (o *outlook) openDay(f *engine.Flight, on time.Weekday, own, carried bool) (d openDay) {
	add := func(from, to engine.TimeOfDay) {
		d.spans = append(d.spans, secondSpan{int64(from) * 60, int64(to) * 60})
	}
	if len(f.Windows) == 0 && own {
		add(0, 24*60)
	}
	before := (on + 6) % 7
	for i := range f.Windows {
		w := &f.Windows[i]
		past := w.To <= w.From // it ends on the next day
		if own && (len(w.Days) == 0 || slices.Contains(w.Days, on)) {
			if past {
				add(w.From, 24*60)
			} else {
				add(w.From, w.To)
			}
		}
		if past && carried && (len(w.Days) == 0 || slices.Contains(w.Days, before)) {
			add(0, w.To)
		}
	}
	slices.SortFunc(d.spans, func(a, b secondSpan) int { return int(a.from - b.from) })
	apart := d.spans[:0]
	for _, s := range d.spans {
		if n := len(apart); n > 0 && s.from <= apart[n-1].to {
			apart[n-1].to = max(apart[n-1].to, s.to)
		} else if s.from < s.to {
			apart = append(apart, s)
		}
	}
	d.spans = apart
	d.mass = d.until(o, on, secondsPerDay)
	return d
}

// until returns the mass of a day until so many seconds after midnight.
func (d *openDay) until(o *outlook, on time.Weekday, seconds int64) (mass float64) {
	for _, s := range d.spans {
		if s.from >= seconds {
			break
		}
		mass += o.wall(on, min(s.to, seconds)) - o.wall(on, s.from)
	}
	return mass
}

// mass returns what is expected until so many seconds after midnight of a day, from a Sunday of the past on.
func (w *openWeek) mass(o *outlook, d day, seconds int64) (mass float64) {
	var week float64
	for i := range w.days {
		week += w.days[i].mass
	}
	first := o.first - day(o.first.weekday()) // a Sunday, as the beginning of d's week
	mass = week * float64((d-day(d.weekday())-first)/7)
	for i := range d.weekday() {
		mass += w.days[i].mass
	}
	today := &w.days[d.weekday()]
	i, found := slices.BinarySearchFunc(w.special, d, func(s specialDay, d day) int { return int(s.day - d) })
	if i > 0 {
		mass += w.special[i-1].more
	}
	if found {
		today = &w.special[i].openDay
	}
	return mass + today.until(o, d.weekday(), seconds)
}
