package analysis

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// ForecasterOptions are what a Forecaster works with; all but MaxDecisions and Now are required.
type ForecasterOptions struct {
	Log       *Log
	Snapshots engine.Snapshots
	Compiler  engine.Compiler
	Trials    engine.Trials
	// MaxDecisions is about how many decisions are read for a forecast; of a longer base a sample is. 0: 1,000,000, some five seconds of a processor.
	MaxDecisions uint64
	Now          engine.Clock // nil: time.Now
}

// Forecaster implements engine.Forecaster. It is safe for concurrent use; each forecast takes a processor while it lasts.
//
// Each decision of the base's whole weeks is decided again with the campaign among the candidates: where its place is in reach, each of the campaign's venues goes
// through the rules and is scored as the decision room does it, on the snapshot of now, and is put among the logged offers by the active profile's
// weights and bounds. The moment is moved by whole weeks into the days that are forecast, by the clock of the campaign's first venue: flight, windows, opening
// hours and what follows from the time hold as they will then. Offers of the campaign that the log has already are taken out first. What its own
// showings would change in limits and popularity is left aside, but for the campaign's own budgets and caps.
type Forecaster struct {
	o     ForecasterOptions
	turns turns
}

var _ engine.Forecaster = (*Forecaster)(nil)

// NewForecaster returns a forecaster, or what is missing.
func NewForecaster(o ForecasterOptions) (*Forecaster, error) {
	if o.Log == nil || o.Snapshots == nil || o.Compiler == nil || o.Trials == nil {
		return nil, errors.New("make forecaster: a part is missing")
	}
	if o.MaxDecisions == 0 {
		o.MaxDecisions = 1_000_000
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Forecaster{o, newTurns()}, nil
}

// Forecast implements engine.Forecaster.
func (f *Forecaster) Forecast(ctx context.Context, r engine.ForecastRequest) (engine.Forecast, error) {
	end, err := f.turns.take(ctx)
	if err != nil {
		return engine.Forecast{}, fmt.Errorf("forecast campaign %s: %w", r.Campaign.ID, err)
	}
	defer end()
	now := f.o.Now()
	if r.Start.IsZero() {
		r.Start = now
	}
	r.Days, r.BaseWeeks = cmp.Or(r.Days, 7), cmp.Or(r.BaseWeeks, 2)
	x, oneIn, err := f.replay(ctx, r, now)
	if err != nil {
		return engine.Forecast{}, fmt.Errorf("forecast campaign %s: %w", r.Campaign.ID, err)
	}
	weeks := x.wholeWeeks()
	if weeks == 0 {
		return engine.Forecast{}, fmt.Errorf("forecast campaign %s: less than a week: %w", r.Campaign.ID, engine.ErrTooLittle)
	}
	return x.foretell(weeks, oneIn), nil
}

// replay reads the base.
func (f *Forecaster) replay(ctx context.Context, r engine.ForecastRequest, now time.Time) (*replay, uint64, error) {
	snap := f.o.Snapshots.Snapshot()
	if snap == nil {
		return nil, 0, engine.ErrUnavailable
	}
	l, err := f.o.Compiler.Listing(ctx, r.Campaign)
	if err != nil {
		return nil, 0, err
	}
	t, err := f.o.Trials.Trial(snap, l)
	if err != nil {
		return nil, 0, err
	}
	x := newReplay(r, now, l, t, &snap.Profile)
	x.popular = snap.Popularity[x.own]
	if err := x.readAccount(ctx, f.o.Log.sources.Accounts); err != nil {
		return nil, 0, err
	}
	q := Query{From: now.AddDate(0, 0, -7*r.BaseWeeks), Until: now, Parts: replayParts, Outcomes: true}
	n, err := f.o.Log.sources.Decisions.DecisionsIn(ctx, engine.LogSpan{From: q.From, Until: q.Until})
	if err != nil {
		return nil, 0, err
	}
	q.OneIn = max(1, (n+f.o.MaxDecisions-1)/f.o.MaxDecisions)
	if err := f.o.Log.Each(ctx, q, x.take); err != nil {
		return nil, 0, err
	}
	return x, q.OneIn, nil
}

// wholeWeeks returns the weeks of the base that the log holds whole, but for some hours.
func (x *replay) wholeWeeks() int {
	if x.first.IsZero() {
		return 0
	}
	const quiet = 12 * time.Hour
	return min(x.request.BaseWeeks, int((x.now.Sub(x.first)+quiet)/(7*24*time.Hour)))
}

// foretell makes a forecast of what was replayed.
func (x *replay) foretell(weeks int, oneIn uint64) engine.Forecast {
	x.wins = slices.DeleteFunc(x.wins, func(w win) bool { return w.week >= weeks })
	t := x.rates.tables()
	w, n := float64(weeks), float64(oneIn)
	out := engine.Forecast{
		CampaignRef: x.own, From: x.request.Start, Until: x.request.Start.In(x.zone).AddDate(0, 0, x.request.Days),
		BaseFrom: x.now.AddDate(0, 0, -7*weeks), BaseUntil: x.now,
		Profile:   engine.ProfileRef{Name: x.profile.Name, Version: x.profile.Version},
		Decisions: x.read, OneIn: oneIn,
	}
	x.tellReach(&out, weeks, n)
	seen := x.attention(&t)
	o := &outlook{weeks: w, oneIn: n, limitedTimes: make(map[string]int)}
	o.days = x.daysOf(seen, &t, n/w)
	for _, s := range seen {
		o.total += s
	}
	o.total *= min(7/float64(x.request.Days), 1) // a moment of the base stands for one of each week, and tells no more by that
	o.phi, o.shift = x.clustering(seen, weeks), x.shiftOf(weeks)
	category := ""
	if len(x.listing.Sites) > 0 {
		category = x.listing.Sites[0].Venue().Category
	}
	o.click = x.rates.ratioOf(x.own, category, &t.click, func(s *standing) float64 { return s.clicks })
	o.sale = x.rates.ratioOf(x.own, category, &t.sale, func(s *standing) float64 { return s.sold })
	o.purses, out.Notes = x.purses(o)

	showings, clicks, sales := o.draw(seedOf(x.own))
	out.Showings, out.Clicks, out.Redemptions = rangeOf(showings), rangeOf(clicks), rangeOf(sales)
	x.tellSpend(&out, o)
	x.tellParts(&out, o, seen, &t)
	x.tellDisplaced(&out, seen, &t, n/w)
	for name, times := range o.limitedTimes {
		if times > draws/2 && (out.Limited == "" || name < out.Limited) {
			out.Limited = name
		}
	}
	return out
}

// seedOf makes the draws of a campaign's forecasts the same each time.
func seedOf(c engine.CampaignRef) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(c.MerchantID + "/" + c.CampaignID))
	return h.Sum64()
}

func (x *replay) tellReach(out *engine.Forecast, weeks int, oneIn float64) {
	against := make(map[engine.ReasonCode]float64)
	scale := oneIn / float64(weeks)
	for i := range weeks {
		c := &x.reach[i]
		out.Reach.Decisions += c.decisions * scale
		out.Reach.Eligible += c.eligible * scale
		out.Reach.Offered += c.offered * scale
		out.Reach.Users += float64(len(c.users)) / float64(weeks)
		out.Reach.EligibleUsers += float64(len(c.eligibleUsers)) / float64(weeks)
		for code, count := range x.against[i] {
			against[code] += count * scale
		}
	}
	for code, count := range against {
		out.Against = append(out.Against, engine.ReasonCount{Code: code, Count: count})
	}
	slices.SortFunc(out.Against, func(a, b engine.ReasonCount) int { return cmp.Compare(a.Code, b.Code) })
	if oneIn > 1 {
		out.Notes = append(out.Notes, "travellers are counted in the sample")
	}
}

// attention returns for each win the chance that it is seen, after the campaign's own caps: a traveller to whom it was shown as often as a cap allows, in
// expectation, is shown it no more.
func (x *replay) attention(t *tables) []float64 {
	slices.SortStableFunc(x.wins, func(a, b win) int { return cmp.Or(cmp.Compare(a.week, b.week), a.at.Compare(b.at)) })
	c := x.listing.Campaign()
	caps := slices.Clone(c.Caps)
	for _, b := range c.Budgets {
		if b.Per == engine.PerUser && b.Metric == engine.MetricImpressions {
			window := map[engine.Period]time.Duration{engine.PeriodDay: 24 * time.Hour, engine.PeriodWeek: 7 * 24 * time.Hour}[b.Period]
			caps = append(caps, engine.FrequencyCap{Count: int(b.Limit), Window: cmp.Or(window, 31*24*time.Hour)})
		}
	}
	seen := make([]float64, len(x.wins))
	if len(caps) == 0 {
		for i := range x.wins {
			seen[i] = t.seen[min(x.wins[i].position, maxPosition)]
		}
		return seen
	}
	type viewer struct {
		week int
		user int32
	}
	before := make(map[viewer][]int)
	for i := range x.wins {
		w := &x.wins[i]
		seen[i] = t.seen[min(w.position, maxPosition)]
		if w.user == 0 {
			continue
		}
		k := viewer{w.week, w.user}
		for _, limit := range caps {
			sum := 0.0
			for _, j := range before[k] {
				if w.at.Sub(x.wins[j].at) < limit.Window {
					sum += seen[j]
				}
			}
			seen[i] = min(seen[i], max(float64(limit.Count)-sum, 0))
		}
		before[k] = append(before[k], i)
	}
	return seen
}

// daysOf sums the wins by the days of the forecast; scale takes the sums of all base weeks to those of one.
func (x *replay) daysOf(seen []float64, t *tables, scale float64) []forecastDay {
	begin := x.request.Start.In(x.zone)
	days := make([]forecastDay, x.request.Days)
	values := make([]float64, len(days))
	for i := range days {
		days[i].date = engine.DateOf(begin.AddDate(0, 0, i))
	}
	for i := range x.wins {
		w, at := &x.wins[i], min(x.wins[i].position, maxPosition)
		d := &days[min(x.dayOf(begin, w.at), len(days)-1)]
		d.shown += seen[i]
		d.click += seen[i] * t.click[at]
		d.sale += seen[i] * t.sale[at]
		values[min(x.dayOf(begin, w.at), len(days)-1)] += seen[i] * float64(w.value.Amount)
	}
	for i := range days {
		if d := &days[i]; d.shown > 0 {
			d.click, d.sale, d.value = d.click/d.shown, d.sale/d.shown, values[i]/d.shown
			d.shown *= scale
		}
	}
	return days
}

// dayOf returns which of the days that are forecast a moment is in, from 0: each is 24 hours of the clock, from the beginning on.
func (x *replay) dayOf(begin, at time.Time) int {
	n := int(at.Sub(begin).Hours() / 24)
	for ; n > 0 && at.Before(begin.AddDate(0, 0, n)); n-- {
	}
	for ; !at.Before(begin.AddDate(0, 0, n+1)); n++ {
	}
	return max(n, 0)
}

// clustering returns φ, see predict.go.
func (x *replay) clustering(seen []float64, weeks int) float64 {
	type viewer struct {
		week int
		user int32
	}
	own := make(map[viewer]float64)
	type dayKey struct{ week, day int }
	begin := x.request.Start.In(x.zone)
	days := make(map[dayKey]float64)
	var sum, square float64
	for i := range x.wins {
		w, a := &x.wins[i], seen[i]
		sum += a
		square += a * (1 - a)
		days[dayKey{w.week, x.dayOf(begin, w.at)}] += a
		if w.user == 0 {
			square += a * a
			continue
		}
		k := viewer{w.week, w.user}
		square += (own[k]+a)*(own[k]+a) - own[k]*own[k]
		own[k] += a
	}
	if sum <= 0 {
		return 1
	}
	phi := max(square/sum, 1)
	if weeks < 2 {
		return phi
	}
	var differ, mean float64
	for day := range x.request.Days {
		var some, squares float64
		for week := range weeks {
			n := days[dayKey{week, day}]
			some, squares = some+n, squares+n*n
		}
		w := float64(weeks)
		differ += (squares - some*some/w) / (w - 1)
		mean += some / w
	}
	return max((phi+differ/mean)/2, 1)
}

// shiftOf returns τ², see predict.go: from the decisions of whole weeks, wherever they were asked for.
func (x *replay) shiftOf(weeks int) float64 {
	prior := usualShift * usualShift
	if weeks < 2 {
		return prior
	}
	var logs []float64
	for week := range weeks {
		n := 0.0
		for day := range 7 {
			n += x.traffic[dayOfWeek{week, day}]
		}
		logs = append(logs, math.Log(max(n, 1)))
	}
	mean, square := 0.0, 0.0
	for _, l := range logs {
		mean += l / float64(weeks)
	}
	for _, l := range logs {
		square += (l - mean) * (l - mean)
	}
	return (priorWeeks*prior + square) / (priorWeeks + float64(weeks-1))
}

func (x *replay) tellSpend(out *engine.Forecast, o *outlook) {
	sum := 0.0
	for i := range o.days {
		sum += mean(o.days[i].sales) * o.days[i].value
	}
	if code := x.currency(); code != "" {
		out.Spend = engine.Money{Amount: int64(math.Round(sum)), Currency: code}
	}
}

func mean(list []float64) float64 {
	sum := 0.0
	for _, x := range list {
		sum += x
	}
	return sum / float64(max(len(list), 1))
}

// tellParts tells of hours and cells.
func (x *replay) tellParts(out *engine.Forecast, o *outlook, seen []float64, t *tables) {
	begin := x.request.Start.In(x.zone)
	hours := make(map[int64]*forecastDay)
	cells := make(map[string]float64)
	scale := o.oneIn / o.weeks
	left := make([]float64, len(o.days))
	for i := range o.days {
		left[i] = 1
		if d := &o.days[i]; d.shown > 0 {
			left[i] = min(mean(d.showings)/d.shown, 1)
		}
	}
	for i := range x.wins {
		w, at := &x.wins[i], min(x.wins[i].position, maxPosition)
		day := min(x.dayOf(begin, w.at), len(o.days)-1)
		k := w.at.Truncate(time.Hour).Unix()
		h := hours[k]
		if h == nil {
			h = &forecastDay{after: left[day]}
			hours[k] = h
		}
		h.shown += seen[i] * scale
		h.click += seen[i] * scale * t.click[at]
		h.sale += seen[i] * scale * t.sale[at]
		cells[w.cell] += seen[i] * scale * left[day]
	}
	source := rand.NewPCG(seedOf(x.own), 0xce11)
	for at := begin.Truncate(time.Hour); at.Before(out.Until); at = at.Add(time.Hour) {
		h := hours[at.Unix()]
		if h == nil {
			h = new(forecastDay)
		}
		out.Hours = append(out.Hours, engine.ForecastHour{
			Start: at, Showings: o.part(source, h.shown, h.after),
			Clicks: o.part(source, h.click*o.click.mean(), h.after), Redemptions: o.part(source, h.sale*o.sale.mean(), h.after),
		})
	}
	for cell, n := range cells {
		out.Cells = append(out.Cells, engine.ForecastCell{Cell: cell, Showings: engine.Range{Mean: n}})
	}
	slices.SortFunc(out.Cells, func(a, b engine.ForecastCell) int {
		return cmp.Or(cmp.Compare(b.Showings.Mean, a.Showings.Mean), cmp.Compare(a.Cell, b.Cell))
	})
	for i := range out.Cells {
		out.Cells[i].Showings = o.part(source, out.Cells[i].Showings.Mean, 1)
	}
}

// tellDisplaced tells whose offers make room: the showings that these had where they were.
func (x *replay) tellDisplaced(out *engine.Forecast, seen []float64, t *tables, scale float64) {
	sums := make(map[engine.Displaced]float64)
	for i := range x.wins {
		w := &x.wins[i]
		usual := t.seen[min(w.position, maxPosition)]
		for _, l := range w.out {
			if usual > 0 {
				sums[engine.Displaced{CampaignRef: l.campaign, Category: l.category}] += t.seen[min(l.position, maxPosition)] * scale * seen[i] / usual
			}
		}
	}
	for d, n := range sums {
		d.Showings = n
		out.Displaced = append(out.Displaced, d)
	}
	slices.SortFunc(out.Displaced, func(a, b engine.Displaced) int {
		return cmp.Or(cmp.Compare(b.Showings, a.Showings), cmp.Compare(a.MerchantID, b.MerchantID), cmp.Compare(a.CampaignID, b.CampaignID), cmp.Compare(a.Category, b.Category))
	})
}
