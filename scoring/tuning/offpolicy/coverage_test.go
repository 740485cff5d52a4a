package offpolicy_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/sihai-network/sihai/scoring/interval"
	"github.com/sihai-network/sihai/scoring/tuning/offpolicy"
)

// trialSeed is that of all trials. No method was chosen by it, and it is not changed to one that suits.
const trialSeed = 50_000

// trialInterval is that of a trial. The number of resamples hardly matters to how often an interval holds the truth, where so many and one more have whole quantiles
// (Hall, Annals of Statistics 14(4), 1986); users get five times as many.
func trialInterval(seed uint64) interval.Options {
	return interval.Options{Seed: seed, Resamples: 199}
}

// count is what came of an estimator in the trials of a world.
type count struct{ held, below, told, refused int }

// tried counts what came of trials, by estimator.
type tried struct {
	mu     sync.Mutex
	counts map[string]*count
}

func (c *tried) add(report *offpolicy.Report, truth float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range report.Results {
		n := c.counts[r.Estimator]
		if n == nil {
			n = new(count)
			c.counts[r.Estimator] = n
		}
		if len(r.Refused) > 0 {
			n.refused++
			continue
		}
		n.told++
		switch {
		case r.Estimate.Interval.Holds(truth):
			n.held++
		case r.Estimate.Interval.High < truth:
			n.below++
		}
	}
}

// trial says how many trials of which sizes are to be run.
func trial() (trials int, sizes []int) {
	if long() {
		return 1000, []int{200, 600, 1800}
	}
	return 20, []int{300}
}

// hold prints what came of trials, and checks that of the estimators that the world allows the truth was held as often as promised, and that few were refused.
func (c *tried) hold(t *testing.T, world string, users int, without ...string) {
	t.Helper()
	low, high, most := 0.93, 0.97, 0.05
	if !long() {
		low, high, most = 0.75, 1, 0.2 // what 20 trials can tell
	}
	for _, name := range sorted(c.counts) {
		n := c.counts[name]
		runs := n.told + n.refused
		share := float64(n.held) / float64(max(n.told, 1))
		refused := float64(n.refused) / float64(runs)
		claimed := !slices.Contains(without, name)
		mark := ""
		if !claimed {
			mark = " (its belief is wrong here, or the design forbids it)"
		}
		t.Logf("| %-26s | %-38s | %4d users | %.3f held, %.3f below | %.3f refused | %d runs | seed %d |%s",
			name, world, users, share, float64(n.below)/float64(max(n.told, 1)), refused, runs, trialSeed+users, mark)
		if !claimed {
			continue
		}
		if share < low || share > high {
			t.Errorf("%s, %d users, %s: the truth was held in %.3f of the intervals, not %.2f to %.2f", world, users, name, share, low, high)
		}
		if refused > most {
			t.Errorf("%s, %d users, %s: %.3f were refused, at most %.2f may be", world, users, name, refused, most)
		}
	}
}

func sorted(m map[string]*count) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Intervals of 95 % hold the truth in 93 to 97 % of logs, of any world and size, and where there is support hardly a log is refused.
func TestIntervalsHoldTheTruth(t *testing.T) {
	trials, sizes := trial()
	for _, w := range append(worlds(), fresh()...) {
		truth := w.truth()
		var without []string
		if !w.right {
			without = append(without, offpolicy.Direct)
		}
		for _, users := range sizes {
			t.Run(fmt.Sprintf("%s/%d", w.name, users), func(t *testing.T) {
				c := &tried{counts: map[string]*count{}}
				each(t, trials, uint64(users), func(trial int, random *rand.Rand) {
					c.add(w.report(t, users, uint64(trial), random), truth)
				})
				c.hold(t, w.name, users, without...)
			})
		}
	}
}

func (w *world) report(t *testing.T, users int, seed uint64, random *rand.Rand) *offpolicy.Report {
	data, policy := w.draw(users, random)
	rounds, err := offpolicy.RoundsOf(data, policy)
	if err != nil {
		t.Error(err)
		return &offpolicy.Report{}
	}
	report, err := offpolicy.Evaluate(t.Context(), rounds, offpolicy.Options{Interval: trialInterval(seed)})
	if err != nil {
		t.Error(err)
		return &offpolicy.Report{}
	}
	return report
}

// No estimator names a number where the log's policy does not do what the policy in question does.
func TestRefusesWithoutSupport(t *testing.T) {
	trials, sizes := trial()
	for _, w := range lacking() {
		t.Run(w.name, func(t *testing.T) {
			for _, users := range sizes {
				c := &tried{counts: map[string]*count{}}
				each(t, trials, uint64(users), func(trial int, random *rand.Rand) {
					c.add(w.report(t, users, uint64(trial), random), w.truth())
				})
				for name, n := range c.counts {
					if n.told > 0 {
						t.Errorf("%d users, %s: a number was named in %d of %d logs", users, name, n.told, trials)
					}
				}
			}
		})
	}
}
