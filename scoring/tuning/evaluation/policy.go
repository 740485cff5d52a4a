package evaluation

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/sihai-network/sihai/scoring"
	"github.com/sihai-network/sihai/scoring/tuning"
)

// Policy orders candidates by a score.
type Policy struct {
	Name   string
	Scores []float64 // of each row, the highest first; NaN last
	Link   Link      // what makes a chance of a score
}

// Link says what makes a chance of a score.
type Link int

// NoLink makes none, Identity takes the score itself, held in [0, 1], and Logistic 1/(1 + e^−score).
const (
	NoLink Link = iota
	Identity
	Logistic
)

// chance returns the chance of a score.
func (l Link) chance(score float64) float64 {
	if l == Identity {
		return scoring.Clamp(score)
	}
	return 1 / (1 + math.Exp(-score))
}

// Linear is the policy of a profile: weights of features by name and a bias, as scoring.Scorer adds and rounds them. A missing feature counts 0. A weight other than
// 0 of a feature that the data does not have is an error, which names all of them.
func Linear(name string, d *tuning.Dataset, weights map[string]float64, bias float64) (Policy, error) {
	columns := make([]float64, d.Width())
	var unknown []string
	for _, feature := range slices.Sorted(maps.Keys(weights)) {
		at := d.Column(feature)
		switch {
		case at >= 0:
			columns[at] = weights[feature]
		case weights[feature] != 0:
			unknown = append(unknown, feature)
		}
	}
	if unknown != nil {
		return Policy{}, fmt.Errorf("profile %s: the data has no feature %s", name, strings.Join(unknown, ", "))
	}
	p := Policy{Name: name, Scores: make([]float64, d.Rows())}
	for i := range p.Scores {
		score := bias
		for k, x := range d.Row(i) {
			if w := columns[k]; w != 0 && x == x {
				score += w * x
			}
		}
		p.Scores[i] = scoring.Round(score)
	}
	return p, nil
}

// Column is the policy that orders by one feature, the highest first, or with descending unset the lowest; false where the data does not have it.
func Column(name string, d *tuning.Dataset, feature string, descending bool) (Policy, bool) {
	at := d.Column(feature)
	if at < 0 {
		return Policy{}, false
	}
	p := Policy{Name: name, Scores: make([]float64, d.Rows())}
	for i := range p.Scores {
		x := d.Row(i)[at]
		if !descending {
			x = -x
		}
		p.Scores[i] = x
	}
	return p, true
}

// Random is the policy that orders by lot.
func Random(d *tuning.Dataset, seed uint64) Policy {
	p := Policy{Name: "random", Scores: make([]float64, d.Rows())}
	for i := range p.Scores {
		x := (uint64(i) + 1 + seed*0xd1342543de82ef95) * 0x9e3779b97f4a7c15 // SplitMix64 (Steele, Lea and Flood, OOPSLA 2014)
		x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
		x = (x ^ x>>27) * 0x94d049bb133111eb
		p.Scores[i] = float64((x^x>>31)>>11) / (1 << 53)
	}
	return p
}

// Logged is the policy that orders as the log did, by position, with what was not shown behind; false where the data has no positions.
func Logged(d *tuning.Dataset) (Policy, bool) {
	if d.Positions == nil {
		return Policy{}, false
	}
	p := Policy{Name: "logged", Scores: make([]float64, d.Rows())}
	for i, at := range d.Positions {
		p.Scores[i] = -float64(at)
		if at == 0 {
			p.Scores[i] = math.NaN()
		}
	}
	return p, true
}

// order sorts rows as a policy does: by score descending, what is no number last, then by the ID of the item, then as they come. Ranks of IDs are those of ranksOf.
type order struct {
	scores []float64
	ids    []int32 // of each row, the rank of its ID; nil: rows have none
}

// ranksOf returns the rank of each row's ID among all; nil where rows have none.
func ranksOf(d *tuning.Dataset) []int32 {
	if d.Items == nil {
		return nil
	}
	items := make([]int32, len(d.ItemNames))
	for i := range items {
		items[i] = int32(i)
	}
	slices.SortFunc(items, func(a, b int32) int { return strings.Compare(d.ItemNames[a], d.ItemNames[b]) })
	rank := make([]int32, len(items))
	for at, item := range items {
		rank[item] = int32(at)
	}
	out := make([]int32, d.Rows())
	for i, item := range d.Items {
		out[i] = -1
		if item >= 0 {
			out[i] = rank[item]
		}
	}
	return out
}

// sort orders rows.
func (o *order) sort(rows []int32) {
	slices.SortFunc(rows, func(a, b int32) int {
		x, y := o.scores[a], o.scores[b]
		switch {
		case x > y || x == x && y != y:
			return -1
		case x < y || y == y && x != x:
			return 1
		case o.ids != nil && o.ids[a] != o.ids[b]:
			return int(o.ids[a] - o.ids[b])
		}
		return int(a - b)
	})
}

// Ranks returns for each row its position in the list that a policy makes of its group, from 1.
func Ranks(d *tuning.Dataset, p Policy) []int32 {
	o := order{p.Scores, ranksOf(d)}
	out := make([]int32, d.Rows())
	var rows []int32
	for g := range d.Groups() {
		from, to := d.Group(g)
		rows = rows[:0]
		for i := from; i < to; i++ {
			rows = append(rows, int32(i))
		}
		o.sort(rows)
		for at, row := range rows {
			out[row] = int32(at + 1)
		}
	}
	return out
}
