package ledger_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/ledger"
)

// openAt reports by the text of the wall clock whether a flight's windows hold.
func openAt(f *engine.Flight, at time.Time) bool {
	minute := engine.TimeOfDay(at.Hour()*60 + at.Minute())
	on := func(begun time.Time) bool { return !slices.Contains(f.Except, engine.DateOf(begun)) }
	today, yesterday := at, at.AddDate(0, 0, -1)
	if len(f.Windows) == 0 {
		return on(today)
	}
	for _, w := range f.Windows {
		days := func(d time.Time) bool { return on(d) && (len(w.Days) == 0 || slices.Contains(w.Days, d.Weekday())) }
		past := w.To <= w.From
		switch {
		case days(today) && minute >= w.From && (past || minute < w.To):
			return true
		case past && minute < w.To && days(yesterday):
			return true
		}
	}
	return false
}

// What is expected between two instants equals a walk over every minute between them. With windows a day counts 24 hours also when the clock is changed, which may be an
// hour more or less for each such day.
func TestExpectedEqualsAWalkOverTheMinutes(t *testing.T) {
	rounds := 30
	if long() {
		rounds = 1000
	}
	places := []string{"America/New_York", "Australia/Lord_Howe", "Pacific/Kiritimati", "America/Sao_Paulo", "Asia/Kathmandu", "Pacific/Apia"}
	for seed := range rounds {
		random := rand.New(rand.NewPCG(uint64(seed), 5))
		at := zone(t, places[seed%len(places)])
		meter := ledger.NewMeter(zones{"v": at})
		now := time.Date(2026, time.Month(1+random.IntN(12)), 1+random.IntN(28), random.IntN(24), 0, 0, 0, time.UTC)
		for range random.IntN(3000) {
			e := now.Add(-time.Duration(random.IntN(30*24*60)) * time.Minute).Truncate(6 * time.Hour)
			meter.Count(&engine.Event{Type: engine.EventImpression, Time: e, Received: e, MerchantID: "m", CampaignID: "a", VenueID: "v"})
		}
		from := now.Add(-time.Duration(random.IntN(40*24*60)) * time.Minute).Truncate(time.Minute)
		to := now.Add(time.Duration(random.IntN(40*24*60)) * time.Minute).Truncate(time.Minute)
		for _, f := range []engine.Flight{{}, someWindows(random, engine.DateOf(now))} {
			var want float64
			changes := 0
			for m := from; m.Before(to); m = m.Add(time.Minute) {
				if local := m.In(at); openAt(&f, local) {
					want += meter.Hour(at, now, local) / 60
				}
				if _, end := m.In(at).ZoneBounds(); m.Add(time.Minute).Equal(end) {
					changes++
				}
			}
			slack := 1e-6
			if len(f.Windows)+len(f.Except) > 0 {
				slack += 4 * float64(changes)
			}
			if got := meter.Expected(at, &f, now, from, to); got < want-slack || got > want+slack {
				t.Fatalf("seed %d in %v: %g from %v to %v, want %g (%d changes of the clock); windows %+v except %v", seed, at, got, from.In(at), to.In(at), want, changes, f.Windows, f.Except)
			}
		}
	}
}

func someWindows(random *rand.Rand, near engine.Date) (f engine.Flight) {
	minute := func() engine.TimeOfDay { return engine.TimeOfDay(random.IntN(24 * 60)) }
	for range random.IntN(4) {
		w := engine.Window{From: minute(), To: minute()}
		for d := range 7 {
			if random.IntN(2) == 0 {
				w.Days = append(w.Days, time.Weekday(d))
			}
		}
		f.Windows = append(f.Windows, w)
	}
	for range random.IntN(5) {
		f.Except = append(f.Except, engine.DateOf(time.Date(near.Year, near.Month, near.Day+random.IntN(40)-20, 12, 0, 0, 0, time.UTC)))
	}
	return f
}

// The order in which events come makes no difference to what is expected on the days after.
func TestOutlookHangsOnTheEventsAlone(t *testing.T) {
	newYork := zone(t, "America/New_York")
	random := rand.New(rand.NewPCG(1, 8))
	now := time.Date(2026, 6, 20, 12, 0, 0, 0, newYork)
	var days [20][]engine.Event
	for d := range days {
		for range 100 {
			received := now.AddDate(0, 0, d-20).Add(time.Duration(random.IntN(12*3600)-6*3600) * time.Second)
			late := received.Add(-time.Duration(random.IntN(2)*random.IntN(72*3600)) * time.Second)
			days[d] = append(days[d], engine.Event{Type: engine.EventImpression, Time: late, Received: received, MerchantID: "m", CampaignID: "a", VenueID: "v"})
		}
	}
	var first string
	for round := range 3 {
		meter := ledger.NewMeter(zones{"v": newYork})
		for d, events := range days {
			random.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
			for i := range events {
				meter.Count(&events[i])
				if round == 1 { // asked meanwhile
					_ = meter.Hour(newYork, now.AddDate(0, 0, d-20), now)
				}
			}
		}
		got := ""
		for h := range 7 * 24 {
			got += fmt.Sprint(meter.Hour(newYork, now, now.Add(time.Duration(h)*time.Hour)), " ")
		}
		if first == "" {
			first = got
		}
		if got != first {
			t.Fatalf("round %d: %s\nfirst: %s", round, got, first)
		}
	}
}
