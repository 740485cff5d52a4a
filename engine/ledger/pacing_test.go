package ledger_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/ledger"
)

// busy says how many travellers are about in an hour of the day: few at night, most in the evening.
var busy = [24]int{1, 1, 0, 0, 0, 1, 2, 5, 10, 12, 14, 20, 34, 30, 16, 12, 14, 22, 40, 44, 36, 24, 12, 4}

// town is a place in which travellers ask for one campaign and others, hour by hour.
type town struct {
	t      *testing.T
	zone   *time.Location
	meter  *ledger.Meter
	random *rand.Rand
	l      *engine.Listing
	shown  []time.Time // of the campaign
}

func newTown(t *testing.T, zone *time.Location, c engine.Campaign) *town {
	c.ID = "a"
	return &town{t: t, zone: zone, meter: ledger.NewMeter(zones{"v": zone}), random: rand.New(rand.NewPCG(7, 11)), l: listing(c, zone)}
}

func (w *town) show(campaign string, at time.Time) {
	w.meter.Count(&engine.Event{Type: engine.EventImpression, Time: at, Received: at, MerchantID: "m", CampaignID: campaign, VenueID: "v"})
}

// live passes the time between two instants. Each traveller is shown another campaign, and with ask the one at hand where nothing is against it.
func (w *town) live(from, to time.Time, travellers int, ask bool) {
	for hour := from; hour.Before(to); hour = hour.Add(time.Hour) {
		n := busy[hour.In(w.zone).Hour()] * travellers
		for i := range n {
			at := hour.Add(time.Hour * time.Duration(i) / time.Duration(n))
			w.show("other", at)
			if ask && len(w.meter.Check(nil, w.l, 0, "", at)) == 0 {
				w.show("a", at)
				w.shown = append(w.shown, at)
			}
		}
	}
}

// until counts the showings before an instant.
func (w *town) until(at time.Time) (n int) {
	for _, s := range w.shown {
		if s.Before(at) {
			n++
		}
	}
	return n
}

// wantNear fails the test unless a count is what is due, give or take some.
func (w *town) wantNear(what string, got int, want, band float64) {
	w.t.Helper()
	if math.Abs(float64(got)-want) > band {
		w.t.Errorf("%s: %d, want %.1f ± %.1f", what, got, want, band)
	}
}

// share returns which share of a day's travellers are about before an hour of it.
func shareUntil(hour int) float64 {
	n, all := 0, 0
	for h, b := range busy {
		if all += b; h < hour {
			n += b
		}
	}
	return float64(n) / float64(all)
}

func daily(limit int64) []engine.Budget {
	return []engine.Budget{{Metric: engine.MetricImpressions, Limit: limit, Period: engine.PeriodDay, Per: engine.PerCampaign}}
}

// After three weeks of travellers a day's budget follows them, within 3 % of it, and lasts until the day's last hours; frontloaded it is ahead by its rule.
func TestPacingFollowsTheTravellers(t *testing.T) {
	const limit = 400
	newYork := zone(t, "America/New_York")
	begin := time.Date(2026, 6, 1, 0, 0, 0, 0, newYork)
	day := begin.AddDate(0, 0, 21)
	counts := map[engine.Pacing][25]int{}
	for _, p := range []engine.Pacing{engine.PacingEvenly, engine.PacingFrontloaded, engine.PacingASAP} {
		w := newTown(t, newYork, engine.Campaign{Pacing: p, Budgets: daily(limit)})
		w.live(begin, day, 3, false)
		w.live(day, day.AddDate(0, 0, 1), 10, true)
		var count [25]int
		for h := range count {
			count[h] = w.until(day.Add(time.Duration(h) * time.Hour))
			f := shareUntil(h)
			switch p {
			case engine.PacingEvenly:
				w.wantNear(fmt.Sprintf("%s until hour %d", p, h), count[h], limit*f, 0.03*limit)
			case engine.PacingFrontloaded:
				w.wantNear(fmt.Sprintf("%s until hour %d", p, h), count[h], limit*(1-(1-f)*(1-f)), 0.03*limit)
			}
		}
		counts[p] = count
		if count[24] != limit {
			t.Errorf("%s: %d of %d showings", p, count[24], limit)
		}
	}
	even, front, asap := counts[engine.PacingEvenly], counts[engine.PacingFrontloaded], counts[engine.PacingASAP]
	for h := 8; h < 23; h++ {
		if front[h] < even[h] || asap[h] < front[h] {
			t.Errorf("hour %d: %d asap, %d frontloaded, %d evenly", h, asap[h], front[h], even[h])
		}
	}
	if even[23] == limit || asap[12] != limit {
		t.Errorf("evenly %d before the last hour, asap %d before noon", even[23], asap[12])
	}
}

// Where nothing was learnt each hour brings the same, and so it is after a few showings.
func TestPacingWithoutHistory(t *testing.T) {
	newYork := zone(t, "America/New_York")
	now := time.Date(2026, 6, 10, 15, 0, 0, 0, newYork)
	meter := ledger.NewMeter(zones{"v": newYork})
	hours := func(least, most float64) {
		t.Helper()
		for h := range 7 * 24 {
			if f := meter.Hour(newYork, now, now.Add(time.Duration(h)*time.Hour)); f < least || f > most {
				t.Fatalf("hour %d: factor %g", h, f)
			}
		}
	}
	hours(1, 1)
	for i := range 10 {
		at := now.Add(-26*time.Hour + time.Duration(i)*time.Minute)
		meter.Count(&engine.Event{Type: engine.EventImpression, Time: at, Received: at, MerchantID: "m", CampaignID: "a", VenueID: "v"})
	}
	hours(0.7, 1.7)
	for range 1000 { // of today, on which the day's own outlook does not rest
		meter.Count(&engine.Event{Type: engine.EventImpression, Time: now, Received: now, MerchantID: "m", CampaignID: "a", VenueID: "v"})
	}
	hours(0.7, 1.7)
}

// What was learnt is forgotten, and the newest weeks count most.
func TestTrafficIsForgotten(t *testing.T) {
	newYork := zone(t, "America/New_York")
	w := newTown(t, newYork, engine.Campaign{})
	begin := time.Date(2026, 6, 1, 0, 0, 0, 0, newYork)
	noonOf := func(day int) time.Time { return begin.AddDate(0, 0, day).Add(12 * time.Hour) }
	w.live(begin, begin.AddDate(0, 0, 14), 3, false)
	before := w.meter.Hour(newYork, noonOf(14), noonOf(14))
	for day := 14; day < 28; day++ { // from now on all come at night
		for i := range 1000 {
			w.show("other", noonOf(day).Add(-9*time.Hour+time.Duration(i)*time.Second))
		}
	}
	after, night := w.meter.Hour(newYork, noonOf(28), noonOf(28)), w.meter.Hour(newYork, noonOf(28), noonOf(28).Add(-9*time.Hour))
	if before < 1.8 || after > before/2 || night < 5 {
		t.Errorf("noon %g, later %g; night %g", before, after, night)
	}
	if gone := w.meter.Hour(newYork, noonOf(60), noonOf(60)); gone != 1 {
		t.Errorf("after a month without a showing noon is %g", gone)
	}
}

// A total that nobody could be shown for half of its flight is spread over what is left, and not made up for at once.
func TestPacingAfterALull(t *testing.T) {
	const limit = 1000
	newYork := zone(t, "America/New_York")
	begin := time.Date(2026, 6, 1, 0, 0, 0, 0, newYork)
	w := newTown(t, newYork, engine.Campaign{
		Pacing: engine.PacingEvenly, Flight: engine.Flight{Start: engine.Moment{Date: engine.DateOf(begin)}, End: engine.Moment{Date: engine.DateOf(begin.AddDate(0, 0, 10))}},
		Budgets: []engine.Budget{{Metric: engine.MetricImpressions, Limit: limit, Per: engine.PerCampaign}},
	})
	lull := begin.AddDate(0, 0, 5)
	w.live(lull, lull.AddDate(0, 0, 5), 5, true)
	for d := range 5 {
		n := w.until(lull.AddDate(0, 0, d+1)) - w.until(lull.AddDate(0, 0, d))
		w.wantNear(fmt.Sprintf("day %d after the lull", d), n, limit/5, limit/40)
	}
}

// A few showings over a long flight come one at a time.
func TestPacingOfAFewShowings(t *testing.T) {
	newYork := zone(t, "America/New_York")
	begin := time.Date(2026, 5, 1, 0, 0, 0, 0, newYork)
	w := newTown(t, newYork, engine.Campaign{
		Pacing: engine.PacingEvenly, Flight: engine.Flight{Start: engine.Moment{Date: engine.DateOf(begin)}, End: engine.Moment{Date: engine.DateOf(begin.AddDate(0, 0, 40))}},
		Budgets: []engine.Budget{{Metric: engine.MetricImpressions, Limit: 4, Per: engine.PerCampaign}},
	})
	w.live(begin, begin.AddDate(0, 0, 40), 1, true)
	if len(w.shown) != 4 {
		t.Fatalf("shown at %v", w.shown)
	}
	for i, at := range w.shown {
		w.wantNear(fmt.Sprintf("days before showing %d", i), int(at.Sub(begin).Hours()/24), float64(10*i), 1.5)
	}
}

// Only the time in the windows of a flight counts: the budget is used up in them, in each by its share.
func TestPacingInWindows(t *testing.T) {
	const limit = 300
	newYork := zone(t, "America/New_York")
	begin := time.Date(2026, 6, 1, 0, 0, 0, 0, newYork) // a Monday
	c := engine.Campaign{Pacing: engine.PacingEvenly, Budgets: daily(limit), Flight: engine.Flight{Windows: []engine.Window{{From: 11 * 60, To: 14 * 60}, {From: 18 * 60, To: 24 * 60}}}}
	w := newTown(t, newYork, c)
	w.live(begin, begin.AddDate(0, 0, 21), 3, false)
	day := begin.AddDate(0, 0, 21)
	w.live(day.Add(11*time.Hour), day.Add(14*time.Hour), 10, true)
	noonShare := float64(20+34+30) / float64(20+34+30+40+44+36+24+12+4)
	w.wantNear("at noon", len(w.shown), limit*noonShare, 0.04*limit)
	w.live(day.Add(18*time.Hour), day.Add(21*time.Hour), 10, true)
	w.wantNear("until nine", len(w.shown), limit*(noonShare+(1-noonShare)*120/160), 0.04*limit)
	w.live(day.Add(21*time.Hour), day.Add(24*time.Hour), 10, true)
	if len(w.shown) != limit {
		t.Errorf("%d of %d showings", len(w.shown), limit)
	}
}

// The reason says when more is due, and then it is.
func TestPacingTellsWhenMoreIsDue(t *testing.T) {
	newYork := zone(t, "America/New_York")
	begin := time.Date(2026, 6, 1, 0, 0, 0, 0, newYork)
	for _, p := range []engine.Pacing{engine.PacingEvenly, engine.PacingFrontloaded} {
		w := newTown(t, newYork, engine.Campaign{Pacing: p, Budgets: daily(20)})
		w.live(begin, begin.AddDate(0, 0, 14), 3, false)
		at, told := begin.AddDate(0, 0, 14), 0
		for range 20 {
			reasons := w.meter.Check(nil, w.l, 0, "", at)
			if len(reasons) == 0 {
				w.show("a", at)
				continue
			}
			var n, of, due int
			var pacing, day, clock string
			if _, err := fmt.Sscanf(reasons[0].Message, "%d of %d impressions today, paced %s %d due by now; again at %s %s in", &n, &of, &pacing, &due, &day, &clock); err != nil {
				t.Fatalf("%q: %v", reasons[0].Message, err)
			}
			again, err := time.ParseInLocation("2006-01-02 15:04", day+" "+clock, newYork)
			if err != nil || !again.After(at) {
				t.Fatalf("%q at %v: %v", reasons[0].Message, at, err)
			}
			if got := w.meter.Check(nil, w.l, 0, "", again.Add(-2*time.Minute)); again.Add(-2*time.Minute).After(at) && codes(got) != "[331]" {
				t.Errorf("%s: two minutes before %v: %v", p, again, got)
			}
			told++
			at = again.Add(time.Minute)
		}
		if told < 8 {
			t.Errorf("%s: told %d times", p, told)
		}
	}
}

// Uses of offers are learnt from as showings are, and a new start knows what was learnt.
func TestPacingLearnsFromUses(t *testing.T) {
	s := newShop(t, t.TempDir(), engine.Campaign{ID: "a"}, engine.Campaign{ID: "b"})
	newYork := zone(t, "America/New_York")
	hours := func() (text string) {
		for h := range 7 * 24 {
			text += fmt.Sprintf("%.6f ", s.meter.Hour(newYork, s.now(), s.now().Add(time.Duration(h)*time.Hour)))
		}
		return text
	}
	for range 5 {
		for i := range 60 {
			if r := s.reserve(order([]string{"a", "b"}[i%2], fmt.Sprint("u", i), 1000)); i%3 == 0 {
				if _, err := s.Confirm(t.Context(), s.write(), r.ID); err != nil {
					t.Fatal(err)
				}
			}
			if i%4 == 0 {
				once := s.once(fmt.Sprint(s.now(), i), 1)
				for range 2 { // the second is the first again
					if _, err := s.Redeem(t.Context(), once, order("a", "u", 1000)); err != nil {
						t.Fatal(err)
					}
				}
			}
			s.pass(time.Minute)
		}
		s.pass(23 * time.Hour)
	}
	before := hours()
	if noon, night := s.meter.Hour(newYork, s.now(), noon), s.meter.Hour(newYork, s.now(), noon.Add(12*time.Hour)); noon < 2 || night > 1 {
		t.Errorf("noon %g, night %g", noon, night)
	}
	s.offer.zones = zones{"v0": newYork}
	s.reopen()
	if after := hours(); after != before {
		t.Errorf("before: %s\nafter:  %s", before, after)
	}
}
