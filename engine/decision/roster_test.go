package decision

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
)

func zoneOf(t testing.TB, name string) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Skipf("this machine has no time zone %s: %v", name, err)
	}
	return zone
}

// calendar lists a stretch of time minute by minute as the clocks of a zone show it, with the day before each as it was seen.
type calendar struct {
	at     []time.Time
	wall   []string // "2026-11-01 01:30"
	before []string // date before the date shown, in the order in which dates were first shown
}

func calendarOf(zone *time.Location, from time.Time, days int) calendar {
	var c calendar
	var dates []string
	for n := range days * 24 * 60 {
		t := from.Add(time.Duration(n) * time.Minute).In(zone)
		date := t.Format(time.DateOnly)
		if !slices.Contains(dates, date) {
			dates = append(dates, date)
		}
		before := ""
		if i := slices.Index(dates, date); i > 0 {
			before = dates[i-1]
		}
		c.at = append(c.at, t)
		c.wall = append(c.wall, t.Format("2006-01-02 15:04"))
		c.before = append(c.before, before)
	}
	return c
}

// holds tells by the text of the clock alone whether windows hold at minute n.
func (c calendar) holds(f *engine.Flight, n int) bool {
	date, clock := c.wall[n][:10], c.wall[n][11:]
	for _, w := range f.Windows {
		from, to := clockText(w.From), clockText(w.To)
		began := func(day string) bool {
			t, err := time.Parse(time.DateOnly, day)
			if err != nil {
				return false
			}
			for _, x := range f.Except {
				if x.String() == day {
					return false
				}
			}
			return len(w.Days) == 0 || slices.Contains(w.Days, t.Weekday())
		}
		if from < to {
			if clock >= from && clock < to && began(date) {
				return true
			}
			continue
		}
		if clock >= from && began(date) || clock < to && began(c.before[n]) {
			return true
		}
	}
	return false
}

func clockText(m engine.TimeOfDay) string { return fmt.Sprintf("%02d:%02d", m/60, m%60) }

// Windows and the next opening equal a walk over every minute by the text of the wall clock, over changes of the clock of every
// kind: by an hour, by half an hour, at midnight, a minute after it, and by a whole day.
func TestWindowsEqualTheWallClock(t *testing.T) {
	stretches := []struct{ zone, from string }{
		{"America/New_York", "2026-03-05"}, {"America/New_York", "2026-10-29"},
		{"Australia/Lord_Howe", "2026-04-01"}, {"Australia/Lord_Howe", "2026-10-01"},
		{"Pacific/Apia", "2011-12-27"}, {"Pacific/Kwajalein", "1993-08-18"},
		{"America/Sao_Paulo", "2018-02-14"}, {"America/Sao_Paulo", "2018-11-01"},
		{"America/St_Johns", "2006-10-26"}, {"America/Havana", "2026-10-29"}, {"Asia/Kathmandu", "2026-11-01"},
	}
	flights := 3
	if os.Getenv("SIHAI_LONG") == "1" {
		flights = 300
	}
	random := rand.New(rand.NewPCG(1, 2))
	for _, s := range stretches {
		t.Run(s.zone+" "+s.from, func(t *testing.T) {
			zone := zoneOf(t, s.zone)
			from, err := time.ParseInLocation(time.DateOnly, s.from, time.UTC)
			if err != nil {
				t.Fatal(err)
			}
			c := calendarOf(zone, from, 9)
			for range flights {
				compareWindows(t, c, zone, randomFlight(random, engine.DateOf(from)), random)
			}
		})
	}
}

func randomFlight(random *rand.Rand, first engine.Date) *engine.Flight {
	var f engine.Flight
	for range 1 + random.IntN(2) {
		w := engine.Window{From: engine.TimeOfDay(random.IntN(1441)), To: engine.TimeOfDay(random.IntN(1441))}
		if random.IntN(2) == 0 { // about where clocks change
			w.From, w.To = engine.TimeOfDay(random.IntN(200)), engine.TimeOfDay(random.IntN(200))
		}
		if random.IntN(6) == 0 {
			w.To = 1440
		}
		for day := range time.Weekday(7) {
			if random.IntN(2) == 0 {
				w.Days = append(w.Days, day)
			}
		}
		f.Windows = append(f.Windows, w)
	}
	for range random.IntN(3) {
		f.Except = append(f.Except, shift(first, random.IntN(9)))
	}
	return &f
}

func compareWindows(t *testing.T, c calendar, zone *time.Location, f *engine.Flight, random *rand.Rand) {
	t.Helper()
	next := make([]int, len(c.at)) // first minute after n, or -1, at which it holds
	following := -1
	for n := len(c.at) - 1; n >= 0; n-- {
		next[n] = following
		if c.holds(f, n) {
			following = n
		}
	}
	asHours := make(engine.OpeningHours)
	for day := range time.Weekday(7) {
		for _, w := range f.Windows {
			if len(w.Days) == 0 || slices.Contains(w.Days, day) {
				asHours[day] = append(asHours[day], engine.Span{From: w.From, To: w.To})
			}
		}
	}
	plain := &engine.Flight{Windows: f.Windows}
	for n := 48 * 60; n < len(c.at); n++ {
		now := localAt(c.at[n].Add(time.Duration(random.IntN(60))*time.Second), zone)
		want := c.holds(f, n)
		if got := open((*windows)(f), &now); got != want {
			t.Fatalf("%s in %s: holds %v, want %v; windows %v except %v", c.wall[n], zone, got, want, f.Windows, f.Except)
		}
		if got, want := open(hours(asHours), &now), c.holds(plain, n); got != want {
			t.Fatalf("%s in %s: open %v, want %v; hours %v", c.wall[n], zone, got, want, asHours)
		}
		if want || n%17 != 0 || next[n] < 0 {
			continue
		}
		got, found := opening((*windows)(f), &now)
		if !found || !got.Equal(c.at[next[n]]) {
			t.Fatalf("%s in %s: opens %v %v, want %s; windows %v except %v", c.wall[n], zone, got, found, c.wall[next[n]], f.Windows, f.Except)
		}
	}
}

func TestOpeningFindsNoneWhereThereIsNone(t *testing.T) {
	now := localAt(time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), time.UTC)
	if at, found := opening(hours{}, &now); found {
		t.Errorf("hours without spans open at %v", at)
	}
}

func TestInstants(t *testing.T) {
	newYork := zoneOf(t, "America/New_York")
	cases := []struct {
		name   string
		date   engine.Date
		minute engine.TimeOfDay
		want   []string
	}{
		{"once on a plain day", engine.Date{Year: 2026, Month: 11, Day: 24}, 90, []string{"2026-11-24T06:30:00Z"}},
		{"never where the clock leaps", engine.Date{Year: 2026, Month: 3, Day: 8}, 150, nil},
		{"twice where it goes back", engine.Date{Year: 2026, Month: 11, Day: 1}, 90, []string{"2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, at := range instants(nil, c.date, c.minute, newYork) {
				got = append(got, at.UTC().Format(time.RFC3339))
			}
			slices.Sort(got)
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// Where the clock itself opens or carries a window.
func TestWindowsOverChangesOfTheClock(t *testing.T) {
	span := func(from, to engine.TimeOfDay, days ...time.Weekday) *windows {
		return &windows{Windows: []engine.Window{{Days: days, From: from, To: to}}}
	}
	cases := []struct {
		name, zone, at string
		windows        *windows
		want           string // the next opening; "open" where it holds
	}{
		{"Thursday's night goes on after a skipped Friday", "Pacific/Apia", "2011-12-30T11:00:00Z", span(22*60, 2*60, time.Thursday), "open"},
		{"a skipped Friday has no night", "Pacific/Apia", "2011-12-30T11:00:00Z", span(22*60, 2*60, time.Friday), "2012-01-06T08:00:00Z"},
		{"the clock goes back into a window", "America/New_York", "2026-11-01T05:45:00Z", span(30, 90), "2026-11-01T06:00:00Z"},
		{"the clock leaps into a window", "America/New_York", "2026-03-08T06:59:00Z", span(135, 240), "2026-03-08T07:00:00Z"},
		{"the clock leaps over a window", "America/New_York", "2026-03-08T06:59:00Z", span(135, 170), "2026-03-09T06:15:00Z"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			at, err := time.Parse(time.RFC3339, c.at)
			if err != nil {
				t.Fatal(err)
			}
			now := localAt(at, zoneOf(t, c.zone))
			got := "open"
			if !open(c.windows, &now) {
				next, _ := opening(c.windows, &now)
				got = next.UTC().Format(time.RFC3339)
			}
			if got != c.want {
				t.Errorf("at %s: %s, want %s", now.at, got, c.want)
			}
		})
	}
}

func TestOrdinal(t *testing.T) {
	for n, want := range map[int]string{1: "1st", 2: "2nd", 3: "3rd", 4: "4th", 11: "11th", 12: "12th", 13: "13th", 21: "21st", 111: "111th", 122: "122nd"} {
		if got := ordinal(n); got != want {
			t.Errorf("%d: %s, want %s", n, got, want)
		}
	}
}
