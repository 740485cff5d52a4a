package experiment

import (
	"errors"
	"fmt"
	"math"

	"github.com/sihai-network/sihai/scoring/interval"
)

// Comparison gathers a metric of the users of two arms, such as clicks by showings: what each arm's users did together, by what they could have done.
type Comparison struct {
	sums  [][2]float64 // of each user
	arms  []int8       // of each user; -1: not seen
	users [2]int
}

// NewComparison returns a comparison of up to so many users, numbered from 0.
func NewComparison(users int) *Comparison {
	c := &Comparison{sums: make([][2]float64, users), arms: make([]int8, users)}
	for u := range c.arms {
		c.arms[u] = -1
	}
	return c
}

// Add adds to what a user did, a, and could have done, b; for a mean per user b is 1 at the user's first time and 0 afterwards. Arm 0 is the one that is there
// already, and 1 the new one. A user stays in one arm: that is an error.
func (c *Comparison) Add(user, arm int, a, b float64) error {
	if arm != 0 && arm != 1 {
		return fmt.Errorf("compare: arm %d is neither 0 nor 1", arm)
	}
	if c.arms[user] < 0 {
		c.arms[user] = int8(arm)
		c.users[arm]++
	}
	if int(c.arms[user]) != arm {
		return fmt.Errorf("compare: user %d is in both arms", user)
	}
	c.sums[user][0] += a
	c.sums[user][1] += b
	return nil
}

// Users returns how many users of each arm were seen.
func (c *Comparison) Users() (old, new int) { return c.users[0], c.users[1] }

// Rate returns the ratio of an arm, with an interval that holds with a chance of level, in (0, 1), at one look: it is no sequence, and nothing is to be concluded from looking at it often. NaN
// where there is nothing to divide by, or fewer than two users. The standard error is that of Look.
func (c *Comparison) Rate(arm int, level float64) interval.Estimate {
	var a, b, n, squares float64
	for u, of := range c.arms {
		if int(of) == arm {
			a, b, n = a+c.sums[u][0], b+c.sums[u][1], n+1
		}
	}
	out := interval.None()
	if b == 0 {
		return out
	}
	out.Value = a / b
	if n < 2 {
		return out
	}
	for u, of := range c.arms {
		if int(of) == arm {
			x := (c.sums[u][0] - out.Value*c.sums[u][1]) / b
			squares += x * x
		}
	}
	out.Error = math.Sqrt(squares * n / (n - 1))
	half := math.Sqrt2 * math.Erfinv(level) * out.Error
	out.Interval = interval.Interval{Low: out.Value - half, High: out.Value + half}
	return out
}

// difference returns the ratio of the new arm less that of the old one, and its standard error by the users' influence (delta method: Deng, Knoblich and Lu,
// KDD 2018).
func (c *Comparison) difference() (value, se float64) {
	var a, b, n [2]float64
	for u, arm := range c.arms {
		if arm >= 0 {
			a[arm] += c.sums[u][0]
			b[arm] += c.sums[u][1]
			n[arm]++
		}
	}
	ratio := [2]float64{a[0] / b[0], a[1] / b[1]}
	var squares [2]float64
	for u, arm := range c.arms {
		if arm >= 0 {
			x := (c.sums[u][0] - ratio[arm]*c.sums[u][1]) / b[arm]
			squares[arm] += x * x
		}
	}
	return ratio[1] - ratio[0], math.Sqrt(squares[0]*n[0]/(n[0]-1) + squares[1]*n[1]/(n[1]-1))
}

// Watch says how an experiment is watched.
type Watch struct {
	// Effect is the size of a difference that would matter, above 0, in the metric's unit: intervals are tightest when their error comes to be some third of it. It is fixed before the
	// experiment begins.
	Effect float64
	Level  float64 // chance that the intervals of all looks hold the truth, in (0, 1); 0: 0.95
	// Metrics is how many metrics are watched at once; each is given a part of what may go wrong, so that the level holds for all of them (Bonferroni). 0: 1.
	Metrics int
	// LeastUsers of each arm before anything is told; 0: 100. The error is that of large numbers.
	LeastUsers int
}

// Look is what one look tells.
type Look struct {
	Difference interval.Estimate // the new arm less the old one; the interval holds at all looks at once
	// Evidence is how much likelier what was seen is where there is some difference than where there is none. At 1/(1 − level) and above there is one; were there none, it would come
	// there at any look with a chance of 1 − level at most.
	Evidence float64
	Users    [2]int
}

// ErrEarly is returned while there are too few users for an interval.
var ErrEarly = errors.New("too few users yet")

func (w Watch) withDefaults() (Watch, error) {
	if !(w.Effect > 0) || math.IsInf(w.Effect, 0) {
		return w, fmt.Errorf("watch: an effect of %v is not above 0", w.Effect)
	}
	if w.Level == 0 {
		w.Level = 0.95
	}
	if w.Metrics == 0 {
		w.Metrics = 1
	}
	if w.LeastUsers == 0 {
		w.LeastUsers = 100
	}
	if !(w.Level > 0 && w.Level < 1) || w.Metrics < 0 {
		return w, fmt.Errorf("watch: a level of %v for %d metrics", w.Level, w.Metrics)
	}
	return w, nil
}

// Look looks at a comparison, of all that was seen since the experiment began.
//
// The interval is the normal mixture of Robbins (Annals of Mathematical Statistics 41(5), 1970) on the scale of information 1/se², in its asymptotic form (Waudby-Smith, Arbour, Sinha,
// Kennedy and Ramdas, Annals of Statistics 52(6), 2024; Howard, Ramdas, McAuliffe and Sekhon, Annals of Statistics 49(2), 2021, for the boundary): difference ± se √((1 + se²/τ²)
// ln((1 + τ²/se²)/α²)) with τ the effect, which is the mixture sequential probability ratio test (Johari, Koomen, Pekelis and Walsh, Operations Research
// 70(3), 2022) turned round.
func (w Watch) Look(c *Comparison) (Look, error) {
	w, err := w.withDefaults()
	out := Look{Difference: interval.None(), Users: c.users}
	if err != nil {
		return out, err
	}
	if few := min(c.users[0], c.users[1]); few < w.LeastUsers {
		return out, fmt.Errorf("%w: %d in one arm, at least %d are needed", ErrEarly, few, w.LeastUsers)
	}
	value, se := c.difference()
	if math.IsNaN(value) || !(se > 0) || math.IsInf(se, 0) {
		return out, fmt.Errorf("%w: nothing happened to them", ErrEarly)
	}
	alpha := (1 - w.Level) / float64(w.Metrics)
	variance, tau := se*se, w.Effect*w.Effect
	half := se * math.Sqrt((1+variance/tau)*(math.Log1p(tau/variance)-2*math.Log(alpha)))
	z := value / se
	out.Difference = interval.Estimate{Value: value, Error: se, Interval: interval.Interval{Low: value - half, High: value + half}}
	out.Evidence = math.Exp(z*z/2*tau/(tau+variance) - math.Log1p(tau/variance)/2)
	return out, nil
}

// Verdict is what a look means.
type Verdict int

// The verdicts. Open is none yet.
const (
	Open   Verdict = iota
	Better         // the new arm is better
	Worse          // it is worse
)

// Verdict returns what the look says of a metric that is to be high.
func (l Look) Verdict() Verdict {
	switch {
	case l.Difference.Interval.Low > 0:
		return Better
	case l.Difference.Interval.High < 0:
		return Worse
	}
	return Open
}

// Guard is what a look says of a metric that must not suffer.
type Guard int

// What is said of a guard metric. Undecided is nothing yet.
const (
	Undecided Guard = iota
	Kept            // whatever is lost is less than the margin
	Broken          // more than the margin is lost: the experiment is to be stopped
)

// Guard returns what the look says of a metric that is to be high and may lose less than a margin, at least 0, in the metric's unit. For one that is to be low add what was done with the
// opposite sign.
func (l Look) Guard(margin float64) Guard {
	switch {
	case l.Difference.Interval.Low > -margin:
		return Kept
	case l.Difference.Interval.High < -margin:
		return Broken
	}
	return Undecided
}
