package analysis

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/sihai-network/sihai/engine"
)

// What the days that are forecast will bring differs from the replayed ones in four ways, which are drawn one after the other, draws times:
//
//  1. The level of a week is not known, since the base is finite: with S showings in W weeks it is Gamma(S/φ + 1/2, φ/W), the posterior under Jeffreys' prior
//     of counts that are overdispersed by φ.
//  2. Weeks differ as a whole, by weather, holidays and traffic: a factor of mean 1 and variance τ²(1 + 1/W), since both the base and the days to come have such
//     factors.
//  3. Travellers come in clusters, as each asks more than once: a day's showings are negative binomial with variance φ times their mean.
//  4. Whether a showing is tapped or used: Poisson at a rate that is the positions' average times the campaign's ratio, itself drawn, see rates.ratioOf.
//
// φ is half the compound Poisson's, Σ s² / Σ s over the showings s of each traveller in a week, and half what the days of the same name show: with D the
// difference of two such days, Σ D² / 2 over the mean showings. τ² is a judgement, usualShift², that weighs as much as priorWeeks pairs of weeks, and what the
// weeks of the base show beside it.
const (
	draws      = 4000
	usualShift = 0.06 // by how much a week differs from the one before, as a share
	priorWeeks = 4
)

// forecastDay is a day of the forecast as the base would have it.
type forecastDay struct {
	date          engine.Date
	shown         float64 // in a week of the base
	click, sale   float64 // of a showing, by positions alone
	value         float64 // minor units that a redemption takes
	after         float64 // share of the showings that budgets leave, once drawn
	showings      []float64
	clicks, sales []float64
}

// outlook is what a forecast is drawn from.
type outlook struct {
	days         []forecastDay
	weeks        float64 // W
	total        float64 // S / OneIn: showings of the sample in all weeks
	oneIn        float64
	phi, shift   float64 // φ of the sample, τ²
	click, sale  ratio
	purses       []purse
	limitedTimes map[string]int
}

// cluster returns φ of full counts.
func (o *outlook) cluster() float64 { return 1 + (o.phi-1)*o.oneIn }

// draw fills in the draws of each day, and returns those of the sums.
func (o *outlook) draw(seed uint64) (showings, clicks, sales []float64) {
	source := rand.NewPCG(seed, 0x5eed)
	week := o.mean()
	shift := distuv.Gamma{Alpha: 1 / (o.shift * (1 + 1/o.weeks)), Src: source}
	shift.Beta = shift.Alpha
	level := distuv.Gamma{Alpha: o.total/o.phi + 0.5, Beta: o.weeks / o.phi, Src: source}
	click := distuv.Gamma{Alpha: o.click.shape, Beta: o.click.rate, Src: source}
	sale := distuv.Gamma{Alpha: o.sale.shape, Beta: o.sale.rate, Src: source}
	phi := o.cluster()
	days := float64(len(o.days))
	for range draws {
		at := level.Rand() * o.oneIn * shift.Rand() // showings of all days together, were they a week of the base
		taps, uses := click.Rand(), sale.Rand()
		purses := slices.Clone(o.purses)
		var sum, tapped, used float64
		for i := range o.days {
			d := &o.days[i]
			share := 1 / days
			if week > 0 {
				share = d.shown / week
			}
			n := negativeBinomial(source, at*share*o.scale(), phi)
			c, s := poisson(source, n*d.click*taps), poisson(source, n*d.sale*uses)
			left := o.spend(purses, d, n, s)
			n, c, s = n*left, c*left, s*left
			d.showings, d.clicks, d.sales = append(d.showings, n), append(d.clicks, c), append(d.sales, s)
			sum, tapped, used = sum+n, tapped+c, used+s
		}
		showings, clicks, sales = append(showings, sum), append(clicks, tapped), append(sales, used)
	}
	return showings, clicks, sales
}

// mean is the showings of all days, in the base's weeks.
func (o *outlook) mean() (sum float64) {
	for i := range o.days {
		sum += o.days[i].shown
	}
	return sum
}

// scale is how many weeks of the base the days are as long as, in showings.
func (o *outlook) scale() float64 {
	if o.total <= 0 {
		return float64(len(o.days)) / 7
	}
	return o.mean() / (o.total * o.oneIn / o.weeks)
}

// negativeBinomial draws a count of a mean whose variance is phi times that.
func negativeBinomial(source rand.Source, mean, phi float64) float64 {
	if mean <= 0 {
		return 0
	}
	if phi > 1.001 {
		mean = distuv.Gamma{Alpha: mean / (phi - 1), Beta: 1 / (phi - 1), Src: source}.Rand()
	}
	return poisson(source, mean)
}

func poisson(source rand.Source, mean float64) float64 {
	if mean <= 0 {
		return 0
	}
	return distuv.Poisson{Lambda: mean, Src: source}.Rand()
}

// rangeOf returns the mean and the central interval of draws.
func rangeOf(draws []float64) engine.Range {
	if len(draws) == 0 {
		return engine.Range{}
	}
	sorted := slices.Sorted(slices.Values(draws))
	sum := 0.0
	for _, x := range sorted {
		sum += x
	}
	tail := (1 - engine.ForecastLevel) / 2
	n := float64(len(sorted) - 1)
	return engine.Range{Mean: sum / float64(len(sorted)), Low: sorted[int(math.Floor(tail*n))], High: sorted[int(math.Ceil((1-tail)*n))]}
}

// part returns the range of a part of the showings, such as an hour's: a share of the days' mean, with the spread of its own size.
func (o *outlook) part(source rand.Source, mean, left float64) engine.Range {
	if mean <= 0 {
		return engine.Range{}
	}
	const some = 600
	phi := o.cluster()
	sample := mean * o.weeks / o.oneIn
	level := distuv.Gamma{Alpha: sample/o.phi + 0.5, Beta: o.weeks / o.phi, Src: source}
	spread := o.shift * (1 + 1/o.weeks)
	shift := distuv.Gamma{Alpha: 1 / spread, Beta: 1 / spread, Src: source}
	drawn := make([]float64, some)
	for i := range drawn {
		drawn[i] = negativeBinomial(source, level.Rand()*o.oneIn*shift.Rand(), phi) * left
	}
	r := rangeOf(drawn)
	r.Mean = mean * left
	return r
}

// purse is a budget as a forecast spends it, day by day.
type purse struct {
	engine.Budget
	name  string
	left  float64 // of the period under way
	begin engine.Date
	until engine.Date // exclusive end of what it is spread over; zero: not known
	pace  engine.Pacing
}

// spend takes a day from the budgets and returns the share of the day that they allow.
func (o *outlook) spend(purses []purse, d *forecastDay, showings, sales float64) float64 {
	share, by := 1.0, -1
	takes := func(p *purse) float64 {
		switch p.Metric {
		case engine.MetricImpressions:
			return showings
		case engine.MetricRedemptions:
			return sales
		}
		return sales * d.value
	}
	for i := range purses {
		p := &purses[i]
		p.renew(d.date)
		want, allowed := takes(p), p.allowance(d.date)
		switch {
		case allowed <= 0 && share > 0: // it is used up, and nothing is shown any more
			share, by = 0, i
		case allowed < want*share:
			share, by = allowed/want, i
		}
	}
	for i := range purses {
		purses[i].left -= takes(&purses[i]) * share
	}
	if by >= 0 {
		o.limitedTimes[purses[by].name]++
	}
	return share
}

// renew begins a period afresh.
func (p *purse) renew(d engine.Date) {
	if p.Period == engine.PeriodTotal || p.Period == "" || d.Before(p.until) && !p.until.IsZero() {
		return
	}
	first := time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
	next := first.AddDate(0, 0, 1)
	switch p.Period {
	case engine.PeriodWeek:
		next = first.AddDate(0, 0, 7-(int(first.Weekday())+6)%7)
	case engine.PeriodMonth:
		next = time.Date(d.Year, d.Month+1, 1, 0, 0, 0, 0, time.UTC)
	}
	if !p.begin.IsZero() {
		p.left = float64(p.Limit)
	}
	p.begin, p.until = d, engine.DateOf(next)
}

// allowance is what may be taken on a day: all that is left, or what its pacing lets go in equal parts.
func (p *purse) allowance(d engine.Date) float64 {
	if p.pace != engine.PacingEvenly && p.pace != engine.PacingFrontloaded || p.until.IsZero() || p.Period == engine.PeriodDay {
		return p.left
	}
	at := func(d engine.Date) time.Time { return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC) }
	days := at(p.until).Sub(at(d)).Hours() / 24
	if days <= 1 {
		return p.left
	}
	f := 1 / days
	if p.pace == engine.PacingFrontloaded {
		f = 1 - (1-f)*(1-f)
	}
	return p.left * f
}
