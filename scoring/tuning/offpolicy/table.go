package offpolicy

import (
	"fmt"
	"math"

	"github.com/sihai-network/sihai/scoring/tuning"
)

// ActionPolicy is a policy that looks at nothing but the position: the chance of each action there. Of a position the chances sum to 1.
type ActionPolicy map[Slot]float64

// Slot is an action at a position; a position of 0 is any that the policy does not name by itself.
type Slot struct {
	Action   string
	Position int32
}

// Uniform is the policy that shows each action of a log with the same chance.
func Uniform(d *tuning.Dataset) ActionPolicy {
	p := make(ActionPolicy, len(d.ItemNames))
	for _, name := range d.ItemNames {
		p[Slot{Action: name}] = 1 / float64(len(d.ItemNames))
	}
	return p
}

// choice is an action with its chance.
type choice struct {
	item   int // -1: the log never shows it
	chance float64
}

// ActionRounds makes rounds of a table in which each row is a decision and shows one action: a data set with one row a group, such as tuning.BanditTable gives. The features are taken
// for those of the decision, whatever is shown. Where the policy does not name a position of the log, that is an error. An action counts as unreached where the log never shows
// it at the position.
func ActionRounds(d *tuning.Dataset, policy ActionPolicy) (*Rounds, error) {
	if d.Items == nil || d.Propensities == nil || d.Labels == nil {
		return nil, fmt.Errorf("rounds: the table does not tell actions, propensities and rewards")
	}
	a := &tableActions{d: d, choices: map[int32][]choice{}}
	r := &Rounds{UserCount: d.Clusters(), Actions: a}
	seen, offered := sightings{}, map[int32]float64{}
	for g := range d.Groups() {
		i, to := d.Group(g)
		if to != i+1 || d.Items[i] < 0 || math.IsNaN(d.Labels[i]) || math.IsNaN(d.Propensities[i]) {
			r.LeftOut++
			continue
		}
		at := position(d, i)
		if err := a.prepare(policy, at); err != nil {
			return nil, err
		}
		target := 0.0
		offered[at]++
		seen.see(d.Items[i], int(at), d.Propensities[i])
		for _, c := range a.choices[at] {
			if c.item == int(d.Items[i]) {
				target = c.chance
			}
			seen.at(int32(c.item), int(at)).wanted += c.chance
		}
		r.add(int32(d.Cluster(g)), d.Labels[i], d.Propensities[i], target)
		a.rows = append(a.rows, i)
	}
	for p, at := range seen {
		at.offered = offered[int32(p.position)]
	}
	r.Unreached, r.Luck = seen.unreached()
	return r, nil
}

func position(d *tuning.Dataset, row int) int32 {
	if d.Positions == nil {
		return 0
	}
	return d.Positions[row]
}

// tableActions are the rows of a table as actions.
type tableActions struct {
	d       *tuning.Dataset
	rows    []int
	choices map[int32][]choice // by position, in the order of the log's items
	index   map[string]int
}

// prepare works out what the policy shows at a position.
func (a *tableActions) prepare(policy ActionPolicy, at int32) error {
	if a.choices[at] != nil {
		return nil
	}
	if a.index == nil {
		a.index = make(map[string]int)
		for i, name := range a.d.ItemNames {
			a.index[name] = i
		}
	}
	from := int32(0)
	for slot := range policy {
		if slot.Position == at {
			from = at
		}
	}
	chances := make([]float64, len(a.d.ItemNames))
	var sum, elsewhere float64
	for slot, chance := range policy {
		if slot.Position != from {
			continue
		}
		sum += chance
		if i, ok := a.index[slot.Action]; ok {
			chances[i] = chance
		} else {
			elsewhere += chance
		}
	}
	if math.Abs(sum-1) > 1e-6 {
		return fmt.Errorf("rounds: the policy's chances at position %d sum to %v and not to 1", at, sum)
	}
	out := []choice{}
	for i, chance := range chances {
		if chance > 0 {
			out = append(out, choice{i, chance})
		}
	}
	if elsewhere > 0 {
		out = append(out, choice{-1, elsewhere})
	}
	a.choices[at] = out
	return nil
}

func (a *tableActions) Features() int { return a.d.Width() }

func (a *tableActions) Items() int { return len(a.d.ItemNames) }

func (a *tableActions) Shown(round int) ([]float64, int) {
	i := a.rows[round]
	return a.d.Row(i), int(a.d.Items[i])
}

func (a *tableActions) Choices(round int, visit func(float64, []float64, int)) {
	i := a.rows[round]
	for _, c := range a.choices[position(a.d, i)] {
		visit(c.chance, a.d.Row(i), c.item)
	}
}

// ColumnRounds makes rounds of a table that tells for each row the chance with which the policy in question shows it. What it shows else is not known, so that there are no Actions.
func ColumnRounds(d *tuning.Dataset, target []float64) (*Rounds, error) {
	if d.Propensities == nil || d.Labels == nil {
		return nil, fmt.Errorf("rounds: the table does not tell propensities and rewards")
	}
	r := &Rounds{UserCount: d.Clusters()}
	for g := range d.Groups() {
		i, to := d.Group(g)
		if to != i+1 || math.IsNaN(d.Labels[i]) || math.IsNaN(d.Propensities[i]) || math.IsNaN(target[i]) {
			r.LeftOut++
			continue
		}
		if !(target[i] >= 0 && target[i] <= 1) {
			return nil, fmt.Errorf("rounds: the policy's chance in decision %d is %v, not 0 to 1", g+1, target[i])
		}
		r.add(int32(d.Cluster(g)), d.Labels[i], d.Propensities[i], target[i])
	}
	return r, nil
}

// Greedy returns the policy, for RoundsOf, that shows what stands first in ranks, from 1.
func Greedy(ranks []int32) []float64 {
	out := make([]float64, len(ranks))
	for i, r := range ranks {
		if r == 1 {
			out[i] = 1
		}
	}
	return out
}

// Softmax returns the policy that shows a row of a group with a chance that grows with exp(score/temperature). A score that is no number is never shown, unless none of the group is one.
func Softmax(d *tuning.Dataset, scores []float64, temperature float64) []float64 {
	out := make([]float64, len(scores))
	for g := range d.Groups() {
		from, to := d.Group(g)
		best := math.Inf(-1)
		for _, s := range scores[from:to] {
			if s > best {
				best = s
			}
		}
		var sum float64
		for i := from; i < to; i++ {
			switch s := scores[i]; {
			case math.IsInf(best, -1):
				out[i] = 1
			case s == s:
				out[i] = math.Exp((s - best) / temperature)
			}
			sum += out[i]
		}
		for i := from; i < to; i++ {
			out[i] /= sum
		}
	}
	return out
}
