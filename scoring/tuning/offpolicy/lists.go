package offpolicy

import (
	"fmt"
	"math"

	"github.com/sihai-network/sihai/scoring/tuning"
)

// Design says how the log's policy drew its lists: what an estimator may assume follows from it.
type Design int

const (
	// Independent: what stands at a position is drawn regardless of the other positions; a propensity is the chance of the candidate at its position.
	Independent Design = iota
	// Sequential: from the top, each position is drawn from what is left, as by Plackett and Luce; a propensity is the chance given what stands above.
	Sequential
	// Shuffled: a list is as likely as any other of its length from the decision's candidates. Propensities are not read.
	Shuffled
)

// Lists are decisions of which a whole list was shown. Positions of all lists stand one after the other.
type Lists struct {
	Design     Design
	Users      []int32 // of each decision, from 0
	UserCount  int
	Offsets    []int     // decisions + 1: the positions of list i are Offsets[i] up to Offsets[i+1], from the top
	Candidates []int     // of each decision: what the list could have been made of
	Rewards    []float64 // of each position
	Logged     []float64 // of each position, the propensity, see Design
	Agrees     []bool    // of each position: the policy in question shows the same there
	Wanted     []bool    // of each position: the policy in question shows at some position what stands here
	Full       []bool    // of each decision: the policy in question fills as many positions
	Unreached  float64   // share of the positions at which the policy in question wants what the log never shows there
	Luck       float64   // chance that a log misses so much, or more, of what its policy does show
	LeftOut    int       // decisions that show nothing, or of which a reward, a position or a propensity is missing
}

// Len returns the number of decisions.
func (l *Lists) Len() int { return len(l.Users) }

// Positions returns the length of the longest list.
func (l *Lists) Positions() int {
	most := 0
	for i := range l.Len() {
		most = max(most, l.Offsets[i+1]-l.Offsets[i])
	}
	return most
}

// ListsOf makes lists of a data set. ranks holds for every row its position in the list of the policy in question, from 1 and each once in a group; 0: not in it.
// That list is cut where the log's ends. A shown row without a position stands where it comes among the shown ones.
func ListsOf(d *tuning.Dataset, ranks []int32, design Design) (*Lists, error) {
	if d.Shown == nil || d.Labels == nil || d.Propensities == nil && design != Shuffled {
		return nil, fmt.Errorf("lists: the log does not tell what was shown, what came of it, and its propensity")
	}
	if len(ranks) != d.Rows() {
		return nil, fmt.Errorf("lists: %d ranks for %d rows", len(ranks), d.Rows())
	}
	l := &Lists{Design: design, Offsets: []int{0}, UserCount: d.Clusters()}
	seen, offered := make(sightings), make([]float64, len(d.ItemNames))
	for g := range d.Groups() {
		rows := listOf(d, g)
		if len(rows) == 0 || !l.add(d, g, rows, ranks) {
			l.LeftOut++
			continue
		}
		if d.Items == nil || design == Shuffled { // a shuffled list reaches everything
			continue
		}
		for k, row := range rows {
			seen.see(d.Items[row], k+1, d.Propensities[row])
		}
		from, to := d.Group(g)
		for i := from; i < to; i++ {
			if d.Items[i] < 0 {
				continue
			}
			offered[d.Items[i]]++
			if r := int(ranks[i]); r > 0 && r <= len(rows) {
				seen.at(d.Items[i], r).wanted++
			}
		}
	}
	seen.offer(offered, design)
	l.Unreached, l.Luck = seen.unreached()
	return l, nil
}

// offer fills in how often the log's policy could have shown what is wanted: in each decision with the item, less those of a sequential design that have it further up.
func (s sightings) offer(offered []float64, design Design) {
	for p, at := range s {
		if p.item < 0 {
			continue
		}
		at.offered = offered[p.item]
		for k := 1; k < p.position && design == Sequential; k++ {
			if above := s[place{p.item, k}]; above != nil {
				at.offered -= above.shown
			}
		}
	}
}

// listOf returns the rows of a group that were shown, from the top; nil where their positions have a gap or meet.
func listOf(d *tuning.Dataset, g int) []int {
	from, to := d.Group(g)
	var rows []int
	n := 0
	for i := from; i < to; i++ {
		if d.Shown[i] {
			n++
		}
	}
	rows = make([]int, n)
	for k := range rows {
		rows[k] = -1
	}
	next := 0
	for i := from; i < to; i++ {
		if !d.Shown[i] {
			continue
		}
		at := next
		if d.Positions != nil && d.Positions[i] > 0 {
			at = int(d.Positions[i]) - 1
		}
		if at >= n || rows[at] >= 0 {
			return nil
		}
		rows[at] = i
		next++
	}
	return rows
}

// add adds a decision, and returns false where something of it is not known.
func (l *Lists) add(d *tuning.Dataset, g int, rows []int, ranks []int32) bool {
	for _, row := range rows {
		if math.IsNaN(d.Labels[row]) || l.Design != Shuffled && math.IsNaN(d.Propensities[row]) {
			return false
		}
	}
	from, to := d.Group(g)
	length := 0
	for i := from; i < to; i++ {
		if ranks[i] > 0 && int(ranks[i]) <= len(rows) {
			length++
		}
	}
	for k, row := range rows {
		r := int(ranks[row])
		l.Rewards = append(l.Rewards, d.Labels[row])
		l.Agrees = append(l.Agrees, r == k+1)
		l.Wanted = append(l.Wanted, r > 0 && r <= len(rows))
		chance := 1 / float64(to-from)
		if l.Design != Shuffled {
			chance = d.Propensities[row]
		}
		l.Logged = append(l.Logged, chance)
	}
	l.Users = append(l.Users, int32(d.Cluster(g)))
	l.Candidates = append(l.Candidates, to-from)
	l.Full = append(l.Full, length == len(rows))
	l.Offsets = append(l.Offsets, len(l.Rewards))
	return true
}
