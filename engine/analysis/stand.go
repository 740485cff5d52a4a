package analysis

import (
	"context"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring/experiment"
)

// stand is how an experiment stands: what each of its users did, added up.
type stand struct {
	e        *engine.Experiment
	measures []engine.Measure // the primary one, then the guards
	arms     map[string]int   // by name
	counts   []engine.ArmResult

	users map[key]int32
	armOf []int8       // of each user; crossed: more than one
	sums  [][2]float64 // of each user and measure: what they did, and could have done

	rates       engine.Rates
	exchange    engine.Exchange
	day         engine.Date // of exchange
	sales       map[key][]takings
	unconverted int64
}

// crossed is the arm of users who were met in several.
const crossed = -1

// takings is the money of a redemption.
type takings struct{ discount, purchase engine.Money }

func newStand(e *engine.Experiment) *stand {
	s := &stand{e: e, measures: []engine.Measure{e.Primary.Measure}, arms: make(map[string]int), users: make(map[key]int32)}
	for _, g := range e.Guards {
		s.measures = append(s.measures, g.Measure)
	}
	for i, a := range e.Arms {
		s.arms[a.Name] = i
		s.counts = append(s.counts, engine.ArmResult{Arm: a})
	}
	return s
}

func (s *stand) hasMoney() bool {
	for _, m := range s.measures {
		if m.Metric.IsMoney() {
			return true
		}
	}
	return false
}

// loadSales reads the money of the redemptions that name a decision from the start until a time.
func (s *stand) loadSales(ctx context.Context, accounts engine.Accounts, until time.Time) error {
	s.sales = make(map[key][]takings)
	return accounts.EachAccount(ctx, func(c engine.CampaignRef) error {
		return accounts.EachRedemption(ctx, c, func(x engine.Redemption) error {
			at, ok := engine.UUID7Time(x.DecisionID)
			if x.Status != engine.Confirmed || !ok || at.Before(s.e.Start.Truncate(time.Millisecond)) || !at.Before(until) {
				return nil
			}
			k := keyOf(x.DecisionID)
			s.sales[k] = append(s.sales[k], takings{engine.Money{Amount: x.Discount.Amount - x.RolledBack, Currency: x.Discount.Currency}, x.Purchase})
			return nil
		})
	})
}

// add counts a decision of the experiment, and what came of it. Those whose user is no longer known count nowhere.
func (s *stand) add(d *Logged) {
	arm, known := s.arms[d.Arm.Arm]
	if d.Arm.Experiment != s.e.ID || !known || d.Request == nil || d.Request.User.ID == "" {
		return
	}
	u := s.user(d.Request.User.ID, arm)
	var n engine.ArmResult
	n.Decisions, n.Placements = 1, int64(len(d.Placements))
	for i := range d.Placements {
		if len(d.Placements[i].Offers) == 0 {
			n.Empty++
		}
		for k := range d.Placements[i].Offers {
			n.Offers++
			count(&n, d.Outcome(i, k))
		}
	}
	total := &s.counts[arm]
	for _, x := range [...]struct{ to, of *int64 }{
		{&total.Decisions, &n.Decisions}, {&total.Placements, &n.Placements}, {&total.Empty, &n.Empty}, {&total.Offers, &n.Offers}, {&total.Shown, &n.Shown},
		{&total.Clicks, &n.Clicks}, {&total.Saves, &n.Saves}, {&total.Dismissals, &n.Dismissals}, {&total.Redeemed, &n.Redeemed},
	} {
		*x.to += *x.of
	}
	sold := s.sales[keyOf(d.ID)]
	for m := range s.measures {
		did, could := s.measured(s.measures[m], &n, sold, d.Time)
		sums := s.of(u, m)
		sums[0] += did
		sums[1] += could
	}
}

// count counts what came of an offer.
func count(n *engine.ArmResult, got Outcome) {
	for _, x := range [...]struct {
		flag  Outcome
		count *int64
	}{{Shown, &n.Shown}, {Clicked, &n.Clicks}, {Saved, &n.Saves}, {Dismissed, &n.Dismissals}, {Redeemed, &n.Redeemed}} {
		if got.Has(x.flag) {
			*x.count++
		}
	}
}

// user numbers the users as they come, and notes those who are met in another arm than before.
func (s *stand) user(id string, arm int) int32 {
	k := keyOf(id)
	u, known := s.users[k]
	if !known {
		u = int32(len(s.armOf))
		s.users[k], s.armOf = u, append(s.armOf, int8(arm))
		s.sums = append(s.sums, make([][2]float64, len(s.measures))...)
		return u
	}
	if int(s.armOf[u]) != arm {
		s.armOf[u] = crossed
	}
	return u
}

func (s *stand) of(user int32, measure int) *[2]float64 {
	return &s.sums[int(user)*len(s.measures)+measure]
}

// measured returns what a decision adds to a metric: to what was done, and to what could have been.
func (s *stand) measured(of engine.Measure, n *engine.ArmResult, sold []takings, at time.Time) (did, could float64) {
	switch of.Metric {
	case engine.TapRate:
		return float64(n.Clicks), float64(n.Shown)
	case engine.SaveRate:
		return float64(n.Saves), float64(n.Shown)
	case engine.DismissRate:
		return float64(n.Dismissals), float64(n.Shown)
	case engine.RedemptionRate:
		return float64(n.Redeemed), float64(n.Shown)
	case engine.EmptyRate:
		return float64(n.Empty), float64(n.Placements)
	}
	for _, x := range sold {
		money := x.discount
		if of.Metric == engine.PurchaseMoney {
			money = x.purchase
		}
		did += s.convert(money, of.Currency, at)
	}
	return did, 1
}

// convert returns an amount in a currency by the reference rates of a day, 0 where none is known.
func (s *stand) convert(m engine.Money, to string, at time.Time) float64 {
	if m.Amount == 0 {
		return 0
	}
	if day := engine.DateOf(at.UTC()); day != s.day {
		s.day, s.exchange = day, s.rates.On(day)
	}
	got, ok := s.exchange.Convert(m, to)
	if !ok {
		s.unconverted++
		return 0
	}
	return float64(got.Amount)
}

// results tells how it stands at a time, zero before the start.
func (s *stand) results(until time.Time) (engine.ExperimentResults, error) {
	out := engine.ExperimentResults{Experiment: *s.e, Until: until, Arms: s.counts, Unconverted: s.unconverted}
	met, shares := make([]int, len(s.counts)), make([]float64, len(s.counts))
	for _, arm := range s.armOf {
		if arm == crossed {
			out.Crossed++
			continue
		}
		met[arm]++
	}
	for i := range s.counts {
		out.Arms[i].Users, shares[i] = int64(met[i]), s.e.Arms[i].Share
	}
	out.Mismatch.Evidence = experiment.Mismatch(met, shares)
	out.Mismatch.Found = out.Mismatch.Evidence > engine.MismatchLimit
	for m, of := range s.measures {
		size := s.e.Primary.Effect
		if m > 0 {
			size = s.e.Guards[m-1].Harm
		}
		for arm := 1; arm < len(s.counts); arm++ {
			compared, rates, err := s.compare(arm, m, size)
			if err != nil {
				return out, err
			}
			out.Comparisons = append(out.Comparisons, compared)
			if arm == 1 {
				out.Arms[0].Rates = append(out.Arms[0].Rates, engine.ArmRate{Measure: of, Bounds: rates[0]})
			}
			out.Arms[arm].Rates = append(out.Arms[arm].Rates, engine.ArmRate{Measure: of, Bounds: rates[1]})
		}
	}
	return out, nil
}

// compare tells an arm from the first one in a measure, with the rates of both. size is the effect of the primary metric, or the harm of a guard.
func (s *stand) compare(arm, measure int, size float64) (out engine.ArmComparison, rates [2]engine.Bounds, err error) {
	sign := 1.0
	if s.measures[measure].Metric.IsLow() {
		sign = -1 // what is compared is to be high
	}
	c := experiment.NewComparison(len(s.armOf))
	for u, at := range s.armOf {
		sums, side := s.of(int32(u), measure), 0
		switch {
		case int(at) != 0 && int(at) != arm, *sums == [2]float64{}:
			continue
		case int(at) == arm:
			side = 1
		}
		if err := c.Add(u, side, sign*sums[0], sums[1]); err != nil {
			return out, rates, err
		}
	}
	for side := range rates {
		rates[side] = boundsOf(c.Rate(side, 1-s.e.Alpha), sign)
	}
	old, fresh := c.Users()
	out = engine.ArmComparison{
		Arm: s.e.Arms[arm].Name, Guard: measure > 0, Measure: s.measures[measure], Users: [2]int64{int64(old), int64(fresh)},
	}
	if out.Guard {
		out.Harm = size
	}
	watch := experiment.Watch{Effect: size, Level: 1 - s.e.Alpha, Metrics: len(s.measures) * (len(s.counts) - 1)}
	look, err := watch.Look(c)
	out.Difference, out.Evidence = boundsOf(look.Difference, sign), look.Evidence
	if out.Verdict = verdictOf(&look, out.Guard, size); err != nil {
		out.Verdict, out.Evidence = engine.VerdictEarly, 0
	}
	return out, rates, unlessEarly(err)
}
