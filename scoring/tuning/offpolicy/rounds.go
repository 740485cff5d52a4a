package offpolicy

import (
	"errors"
	"fmt"
	"math"

	"github.com/sihai-network/sihai/scoring/tuning"
)

// Rounds are decisions of which one action was shown and what it earned is known. Slices have one element a round.
type Rounds struct {
	Users      []int32   // from 0; rounds of one user hang together
	UserCount  int       // above every user
	Rewards    []float64 // what was earned
	Logged     []float64 // the chance with which the log's policy showed what it did, in (0, 1]
	Target     []float64 // the chance with which the policy in question would have shown it, in [0, 1]
	Unreached  float64   // share of the choices of the policy in question that the log's could not, or did never, make, in [0, 1]
	Luck       float64   // chance that a log misses so much, or more, of what its policy does show; 0 where Everything
	Actions    Actions   // nil: only weighting is possible
	LeftOut    int       // decisions of the source that are no rounds, since nothing was shown, or what came of it or its chance is not known
	Everything bool      // the log tells the chances of all candidates and not only of what was shown, so that Unreached is exact
}

// Actions tell a model of rewards what stood to choice.
type Actions interface {
	// Features is the number of features and Items that of items, which may be 0.
	Features() int
	Items() int
	// Shown returns the features of what was shown in a round, valid until the next call, and its item; -1: unknown. NaN is a missing feature.
	Shown(round int) (features []float64, item int)
	// Choices calls visit for what the policy in question would show in a round, with the chance of each, above 0. The features are valid during the call.
	Choices(round int, visit func(chance float64, features []float64, item int))
}

// Len returns the number of rounds.
func (r *Rounds) Len() int { return len(r.Rewards) }

// ErrLists is returned when rounds are asked of a log of lists.
var ErrLists = errors.New("the log shows lists")

// RoundsOf makes rounds of a data set in which each group shows at most one row. policy holds for every row the chance that the policy in question shows it;
// of a group they sum to 1. It returns ErrLists where a group shows more than one row.
func RoundsOf(d *tuning.Dataset, policy []float64) (*Rounds, error) {
	if d.Shown == nil || d.Propensities == nil || d.Labels == nil {
		return nil, fmt.Errorf("rounds: the log does not tell what was shown, with which propensity, and what came of it")
	}
	if len(policy) != d.Rows() {
		return nil, fmt.Errorf("rounds: %d chances for %d rows", len(policy), d.Rows())
	}
	r := &Rounds{Everything: true}
	a := &rowActions{d: d, policy: policy}
	unreached := reach{items: sightings{}}
	for g := range d.Groups() {
		shown, err := shownRow(d, g)
		if err != nil {
			return nil, err
		}
		if shown < 0 || math.IsNaN(d.Labels[shown]) || math.IsNaN(d.Propensities[shown]) {
			r.LeftOut++
			continue
		}
		r.add(int32(d.Cluster(g)), d.Labels[shown], d.Propensities[shown], policy[shown])
		a.groups, a.shown = append(a.groups, g), append(a.shown, shown)
		unreached.see(d, shown)
	}
	for _, g := range a.groups {
		unreached.count(d, g, policy)
	}
	r.Everything = unreached.known
	r.Unreached, r.Luck = unreached.share(r.Len())
	r.UserCount = d.Clusters()
	r.Actions = a
	return r, nil
}

func (r *Rounds) add(user int32, reward, logged, target float64) {
	r.Users = append(r.Users, user)
	r.Rewards = append(r.Rewards, reward)
	r.Logged = append(r.Logged, logged)
	r.Target = append(r.Target, target)
}

// shownRow returns the row that a group shows; -1: none.
func shownRow(d *tuning.Dataset, g int) (int, error) {
	shown := -1
	from, to := d.Group(g)
	for i := from; i < to; i++ {
		if !d.Shown[i] {
			continue
		}
		if shown >= 0 {
			return 0, fmt.Errorf("decision %d: %w", g+1, ErrLists)
		}
		shown = i
	}
	return shown, nil
}

// reach finds what a policy would choose and the log's could not. Where the log tells the chance of every candidate that is a chance of 0 or none; elsewhere
// it is an item that was never shown.
type reach struct {
	items sightings
	mass  float64 // of what has no chance
	known bool
	began bool
}

func (r *reach) see(d *tuning.Dataset, shown int) {
	if d.Items != nil && d.Items[shown] >= 0 {
		r.items.see(d.Items[shown], 0, d.Propensities[shown])
	}
}

func (r *reach) count(d *tuning.Dataset, g int, policy []float64) {
	if !r.began {
		r.known, r.began = true, true
	}
	from, to := d.Group(g)
	told := 0.0
	for i := from; i < to; i++ {
		if !math.IsNaN(d.Propensities[i]) {
			told += d.Propensities[i]
		}
	}
	if told < 1-1e-6 {
		r.known = false
	}
	for i := from; i < to; i++ {
		if policy[i] > 0 && math.IsNaN(d.Propensities[i]) {
			r.mass += policy[i]
		}
		if d.Items != nil && d.Items[i] >= 0 {
			at := r.items.at(d.Items[i], 0)
			at.offered++
			at.wanted += policy[i]
		}
	}
}

// share returns what is not reached of the choices, and the chance that this is luck.
func (r *reach) share(rounds int) (share, luck float64) {
	if rounds == 0 {
		return 0, 0
	}
	if r.known {
		return r.mass / float64(rounds), 0
	}
	return r.items.unreached()
}

// rowActions are the rows of a data set as actions.
type rowActions struct {
	d      *tuning.Dataset
	policy []float64
	groups []int // of each round
	shown  []int // row of each round
}

func (a *rowActions) Features() int { return a.d.Width() }

func (a *rowActions) Items() int { return len(a.d.ItemNames) }

func (a *rowActions) item(row int) int {
	if a.d.Items == nil {
		return -1
	}
	return int(a.d.Items[row])
}

func (a *rowActions) Shown(round int) ([]float64, int) {
	return a.d.Row(a.shown[round]), a.item(a.shown[round])
}

func (a *rowActions) Choices(round int, visit func(float64, []float64, int)) {
	from, to := a.d.Group(a.groups[round])
	for i := from; i < to; i++ {
		if a.policy[i] > 0 {
			visit(a.policy[i], a.d.Row(i), a.item(i))
		}
	}
}
