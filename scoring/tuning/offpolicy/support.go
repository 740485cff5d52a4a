package offpolicy

import (
	"fmt"
	"math"

	"github.com/sihai-network/sihai/scoring/interval"
)

// Support tells how much a log can say of a policy.
type Support struct {
	Decisions     int
	Users         int     // with a decision; a decision without a user counts as one
	EffectiveSize float64 // (Σ w)² / Σ w²: so many decisions of the policy's own would say as much (Kish, Survey Sampling, 1965)
	LargestWeight float64
	LargestShare  float64 // of all weight, that one user holds, in [0, 1]
	Outcomes      int     // users with a reward other than 0 and a weight above 0
	MeanWeight    interval.Estimate
	Unreached     float64 // share of the policy's choices that the log's policy could not make, as far as the log tells
	Luck          float64 // chance that a log misses so much, or more, of what its policy does show
}

// Limits are what an estimator needs to give a number. A zero means the default.
type Limits struct {
	Users         int     // at least; 0: 30
	EffectiveSize float64 // at least; 0: 20, and 50 of an estimator whose parts may be below 0 where rewards are not: its skewness shows later
	LargestShare  float64 // at most; 0: 0.2
	Outcomes      int     // at least; 0: 8
	Unreached     float64 // at most; 0: 0.005. More may be where that is no wonder
}

func (l Limits) withDefaults() Limits {
	if l.Users == 0 {
		l.Users = 30
	}
	if l.LargestShare == 0 {
		l.LargestShare = 0.2
	}
	if l.Outcomes == 0 {
		l.Outcomes = 8
	}
	if l.Unreached == 0 {
		l.Unreached = 0.005
	}
	return l
}

// meanWeightLevel is that of the interval of the mean weight, which is 1 where the log tells its chances truly and reaches all that the policy would choose.
const meanWeightLevel = 0.999

// wonder is the chance below which what a log misses is not put down to luck.
const wonder = 0.001

// supportOf measures the support of rewards under weights. The weights of pseudo-inverse estimators may be below 0.
func supportOf(users []int32, count int, rewards, weights []float64, o interval.Options) Support {
	s := Support{Decisions: len(rewards), LargestWeight: 0, EffectiveSize: 0}
	held, outcome, there := make([]float64, count), make([]bool, count), make([]bool, count)
	mean := interval.NewRatios(count, 1, 0)
	var sum, absolute, squares float64
	for i, w := range weights {
		u := users[i]
		sum += w
		absolute += math.Abs(w)
		squares += w * w
		s.LargestWeight = max(s.LargestWeight, math.Abs(w))
		held[u] += math.Abs(w)
		there[u] = true
		outcome[u] = outcome[u] || w != 0 && rewards[i] != 0
		mean.Add(int(u), 0, w, 1)
	}
	for u := range held {
		if there[u] {
			s.Users++
		}
		if outcome[u] {
			s.Outcomes++
		}
		if absolute > 0 {
			s.LargestShare = max(s.LargestShare, held[u]/absolute)
		}
	}
	if squares > 0 {
		s.EffectiveSize = sum * sum / squares
	}
	o.Level = meanWeightLevel
	o.Resamples = 0
	var err error
	if s.MeanWeight, err = mean.Normal(o); err != nil {
		s.MeanWeight.Interval = interval.Interval{Low: math.NaN(), High: math.NaN()}
	}
	return s
}

// size returns the least effective size for an estimator.
func (l Limits) size(estimator string) float64 {
	if l.EffectiveSize != 0 {
		return l.EffectiveSize
	}
	switch estimator {
	case Direct, DoublyRobust, SwitchDR, PseudoInverse, NormalisedPseudoInverse:
		return 50
	}
	return 20
}

// refusals returns what is missing for an estimator's number; empty where nothing is.
func (s *Support) refusals(estimator string, l Limits) []string {
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if s.Users < l.Users {
		add("decisions of %d users; at least %d are needed", s.Users, l.Users)
	}
	if s.Unreached > l.Unreached && s.Luck < wonder {
		add("%s of what the policy would show is never shown by the log's; at most %s may be: log decisions that explore it", percent(s.Unreached), percent(l.Unreached))
	}
	if least := l.size(estimator); s.EffectiveSize < least {
		add("an effective sample size of %.1f out of %d decisions; at least %.0f is needed: log more decisions, or explore more", s.EffectiveSize, s.Decisions, least)
	}
	if s.LargestShare > l.LargestShare {
		add("one user holds %s of all weight; at most %s may be: log more users", percent(s.LargestShare), percent(l.LargestShare))
	}
	if s.Outcomes < l.Outcomes {
		add("%d users with a reward where the policy agrees with the log; at least %d are needed", s.Outcomes, l.Outcomes)
	}
	if m := s.MeanWeight; !math.IsNaN(m.Interval.Low) && !m.Interval.Holds(1) && math.Abs(m.Value-1) > 1e-6 {
		add("the mean weight is %.3f and its 99.9 %% interval %.3f to %.3f, without 1: the log's propensities are not the true ones, or it never shows what the policy would", m.Value, m.Interval.Low, m.Interval.High)
	}
	return out
}

func percent(share float64) string { return fmt.Sprintf("%.3g %%", 100*share) }
