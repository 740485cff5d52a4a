package ledger

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// traffic learns at which hours of the week travellers are about, for each time zone, from the showings and the uses of all campaigns there. It is safe for concurrent
// use; what it has learnt is told by outlook.
//
// A showing is put to the hour of its own local time, and to the day on which it was received; a use to when it was. An outlook of a day rests on the days before it alone, so nothing that
// comes later changes it, and a log that is read back gives the same as the events did when they came.
type traffic struct {
	mu    sync.Mutex                              // one adds a zone
	zones atomic.Pointer[map[string]*zoneTraffic] // by name; the map never changes
}

// zoneTraffic is the showings and uses in a zone.
type zoneTraffic struct {
	zone   *time.Location
	latest atomic.Pointer[outlook]
	adds   atomic.Uint64 // how often something was learnt

	mu    sync.Mutex // guards the rest
	since day        // the day of the first one, and its hour
	from  int
	days  []learntDay // ascending: those that an outlook asks for
}

// learntDay is what was learnt on a day, by the hour of the week in which it was.
type learntDay struct {
	day   day
	cells [7 * 24]uint32
}

// learnDays is how many days back an outlook looks, four weeks.
const learnDays = 28

func (t *traffic) of(zone *time.Location) *zoneTraffic {
	name := zone.String()
	if known := t.zones.Load(); known != nil {
		if z := (*known)[name]; z != nil {
			return z
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	more := make(map[string]*zoneTraffic)
	if known := t.zones.Load(); known != nil {
		for name, z := range *known {
			more[name] = z
		}
	}
	z := more[name]
	if z == nil {
		z = &zoneTraffic{zone: zone}
		more[name] = z
		t.zones.Store(&more)
	}
	return z
}

// learn takes in that a traveller was about at a time, as was learnt just now.
func (t *traffic) learn(zone *time.Location, at, received time.Time) {
	if received.IsZero() {
		received = at
	}
	z := t.of(zone)
	z.mu.Lock()
	defer z.mu.Unlock()
	d := dayOf(received.In(zone))
	if n := len(z.days); n > 0 {
		d = max(d, z.days[n-1].day) // with a clock that was put back the newest day goes on
	}
	z.add(d, received.In(zone).Hour(), at.In(zone))
}

// restore takes in what was learnt on an earlier day. No outlook was asked for yet.
func (t *traffic) restore(zone *time.Location, at time.Time) {
	z := t.of(zone)
	z.mu.Lock()
	defer z.mu.Unlock()
	at = at.In(zone)
	z.add(dayOf(at), at.Hour(), at)
}

// add puts something to a day, on which it was learnt in an hour. z is locked.
func (z *zoneTraffic) add(d day, hour int, at time.Time) {
	if len(z.days) == 0 || d < z.since {
		z.since, z.from = d, hour
	} else if d == z.since {
		z.from = min(z.from, hour)
	}
	i, found := slices.BinarySearchFunc(z.days, d, func(e learntDay, d day) int { return int(e.day) - int(d) })
	if !found {
		z.days = slices.Insert(z.days, i, learntDay{day: d})
	}
	z.days[i].cells[int(at.Weekday())*24+at.Hour()]++
	for z.days[0].day < z.days[len(z.days)-1].day-learnDays {
		z.days = z.days[1:]
	}
	z.adds.Add(1)
}

// outlook returns what is expected from a day on.
func (z *zoneTraffic) outlook(d day) *outlook {
	o := z.latest.Load()
	if o != nil && o.day == d && o.current() {
		return o
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	n := len(z.days)
	fresh := newOutlook(z.zone, d, z.factors(d))
	fresh.of, fresh.adds, fresh.settled = z, z.adds.Load(), n > 0 && z.days[n-1].day >= d
	if o == nil || d >= o.day || n > 0 && z.days[n-1].day <= d {
		z.latest.Store(fresh)
	}
	return fresh
}

// The prior of an hour is that it is like every other one. It weighs as much as so many showings: in an hour of the day, in a day of the week, and again in an hour of
// the week, which is taken to be like its hour of the day and its day of the week.
const (
	hourPrior = 30
	dayPrior  = 200
	cellPrior = 60

	leastFactor = 0.02 // of the mean: no hour is taken to be empty
)

// factors returns how much more is shown in each hour of the week than in the mean hour, from the days before d. Of these each week counts twice as much as the one before
// it. Rates are posterior means of a Poisson count with a Gamma prior (Gelman et al., Bayesian Data Analysis, 3rd edition, section 2.6): (showings + prior × expected
// factor) / (showings expected at the mean rate + prior). Without showings all are 1.
func (z *zoneTraffic) factors(d day) (f [7][24]float64) {
	var shown, hours [7][24]float64 // weighted
	var all, time float64
	for e := max(z.since, d-learnDays); len(z.days) > 0 && e < d; e++ {
		for h := range 24 {
			if e > z.since || h >= z.from {
				hours[e.weekday()][h] += weight(d - 1 - e)
				time += weight(d - 1 - e)
			}
		}
	}
	for i := range z.days {
		if age := d - 1 - z.days[i].day; age >= 0 && age < learnDays {
			for cell, n := range z.days[i].cells {
				shown[cell/24][cell%24] += weight(age) * float64(n)
				all += weight(age) * float64(n)
			}
		}
	}
	mean := 0.0
	if time > 0 {
		mean = all / time
	}
	var ofHour [24]float64
	for h := range 24 {
		n, due := 0.0, 0.0
		for w := range 7 {
			n, due = n+shown[w][h], due+mean*hours[w][h]
		}
		ofHour[h] = (n + hourPrior) / (due + hourPrior)
	}
	for w := range 7 {
		n, due := 0.0, 0.0
		for h := range 24 {
			n, due = n+shown[w][h], due+mean*hours[w][h]*ofHour[h]
		}
		ofDay := (n + dayPrior) / (due + dayPrior)
		for h := range 24 {
			like := ofHour[h] * ofDay
			f[w][h] = max((shown[w][h]+cellPrior*like)/(mean*hours[w][h]+cellPrior), leastFactor)
		}
	}
	return f
}

// weight of a day so many days before the last one, a power of two so that sums are exact in whatever order.
func weight(age day) float64 { return 1 / float64(int(1)<<(age/7)) }

// weekday returns the day of the week; day 0 was a Thursday.
func (d day) weekday() time.Weekday { return time.Weekday(((d+4)%7 + 7) % 7) }
