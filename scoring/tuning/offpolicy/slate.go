package offpolicy

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/sihai-network/sihai/scoring/interval"
)

// The names of the estimators of lists. Each gives the mean over decisions of the sum of rewards of a list, and each believes something else of users.
const (
	ItemPosition            = "item_position"             // what an item earns at a position does not depend on the rest of the list (independent IPS: Li et al., KDD 2018)
	Cascade                 = "cascade"                   // it depends on what stands above only (reward interaction IPS: McInerney et al., KDD 2020), self-normalised at each position
	PseudoInverse           = "pseudo_inverse"            // what a list earns is a sum over its items, whatever it is (Swaminathan et al., NeurIPS 2017)
	NormalisedPseudoInverse = "normalised_pseudo_inverse" // the same, self-normalised
	WholeList               = "whole_list"                // nothing is believed; it needs logs that show the very list often
)

// EvaluateLists gives every estimator's word on the mean reward of a list. Its interval is over users. An estimator that the design does not allow is refused.
func EvaluateLists(ctx context.Context, l *Lists, o Options) (*Report, error) {
	o.Limits = o.Limits.withDefaults()
	if l.Len() == 0 {
		return nil, errors.New("no decision of the log tells what was shown, its propensity and what came of it")
	}
	sums := l.sums()
	report := &Report{Decisions: l.Len(), LeftOut: l.LeftOut}
	logged := interval.NewRatios(l.UserCount, 1, 0)
	for i, user := range l.Users {
		logged.Add(int(user), 0, sums[i], 1)
	}
	report.Logged, _ = logged.Estimate(o.Interval) // without an interval where there is none
	for _, ask := range []func(*Lists, Options) Result{(*Lists).itemPosition, (*Lists).cascade, (*Lists).pseudoInverse, (*Lists).normalisedPseudoInverse, (*Lists).wholeList} {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		result := ask(l, o)
		report.Users = result.Support.Users
		report.Results = append(report.Results, result)
	}
	return report, nil
}

// sums returns what each list earned.
func (l *Lists) sums() []float64 {
	out := make([]float64, l.Len())
	for i := range out {
		for k := l.Offsets[i]; k < l.Offsets[i+1]; k++ {
			out[i] += l.Rewards[k]
		}
	}
	return out
}

// byPosition calls visit for every position of every list with its weight by itself, and that of the list down to it.
func (l *Lists) byPosition(visit func(list, position, at int, alone, above float64)) {
	for i := range l.Len() {
		above := 1.0
		for k := l.Offsets[i]; k < l.Offsets[i+1]; k++ {
			alone, given := 0.0, 0.0
			if l.Agrees[k] {
				alone = 1 / l.Logged[k]
				given = alone
				if l.Design == Shuffled { // one of those that are left
					given = float64(l.Candidates[i] - (k - l.Offsets[i]))
				}
			}
			above *= given
			visit(i, k-l.Offsets[i], k, alone, above)
		}
	}
}

func (l *Lists) itemPosition(o Options) Result {
	r := interval.NewRatios(l.UserCount, 1, 0)
	for _, user := range l.Users {
		r.Add(int(user), 0, 0, 1)
	}
	at := newPositions(l)
	l.byPosition(func(list, position, k int, alone, _ float64) {
		r.Add(int(l.Users[list]), 0, alone*l.Rewards[k], 0)
		at.add(list, position, l.Rewards[k], alone)
	})
	if l.Design == Sequential {
		return refusal(ItemPosition, at.worst(o), "lists that were drawn from the top tell chances given what stands above, and not those of a position by itself")
	}
	return o.resultAt(ItemPosition, at, r)
}

func (l *Lists) cascade(o Options) Result {
	n := l.Positions()
	r := interval.NewRatios(l.UserCount, n, 0)
	at := newPositions(l)
	l.byPosition(func(list, position, k int, _, above float64) {
		at.add(list, position, l.Rewards[k], above)
		r.Add(int(l.Users[list]), position, above*l.Rewards[k], above)
	})
	if !l.even() {
		return refusal(Cascade, at.worst(o), "the lists are not all of one length, so that the positions cannot be added up")
	}
	return o.resultAt(Cascade, at, r)
}

// even reports whether all lists are equally long.
func (l *Lists) even() bool {
	n := l.Positions()
	for i := range l.Len() {
		if l.Offsets[i+1]-l.Offsets[i] != n {
			return false
		}
	}
	return true
}

// inverse returns the weight of each list q̄ᵀ Γ⁺ 1ₛ of Swaminathan et al. 2017, equation 4. Where positions are independent it is 1 + Σ (wₖ − 1) (their
// supplement; Vlassis et al., ICML 2021, section 4). For shuffled lists of K out of m the eigenspaces of Γ are those of slots times those of candidates, and with o
// items in both lists and c at the same position, it is 1 + m(m−1)/(m−K) (o/K − K/m) + (m−1)(c − o/K); the middle part is 0 where K = m.
func (l *Lists) inverse() []float64 {
	out := make([]float64, l.Len())
	for i := range out {
		out[i] = 1
		var both, same float64
		for k := l.Offsets[i]; k < l.Offsets[i+1]; k++ {
			if l.Wanted[k] {
				both++
			}
			w := 0.0
			if l.Agrees[k] {
				same++
				w = 1 / l.Logged[k]
			}
			if l.Design == Independent {
				out[i] += w - 1
			}
		}
		if l.Design != Shuffled {
			continue
		}
		m, n := float64(l.Candidates[i]), float64(l.Offsets[i+1]-l.Offsets[i])
		if m > n {
			out[i] += m * (m - 1) / (m - n) * (both/n - n/m)
		}
		out[i] += (m - 1) * (same - both/n)
	}
	return out
}

func (l *Lists) pseudoInverse(o Options) Result { return l.pseudo(PseudoInverse, false, o) }

func (l *Lists) normalisedPseudoInverse(o Options) Result {
	return l.pseudo(NormalisedPseudoInverse, true, o)
}

func (l *Lists) pseudo(name string, normalised bool, o Options) Result {
	w := l.inverse()
	result := l.weighted(name, w, normalised, o)
	if l.Design == Sequential {
		return refusal(name, result.Support, "the pseudo-inverse is known for lists of independent positions and for shuffled ones only")
	}
	for i, full := range l.Full {
		if !full && l.Design == Shuffled {
			return refusal(name, result.Support, fmt.Sprintf("the policy fills fewer positions than the log in decision %d", i+1))
		}
	}
	return result
}

func (l *Lists) wholeList(o Options) Result {
	w := make([]float64, l.Len())
	l.byPosition(func(list, _, _ int, _, above float64) { w[list] = above })
	return l.weighted(WholeList, w, false, o)
}

// weighted is the mean of the weights times the rewards of lists.
func (l *Lists) weighted(name string, w []float64, normalised bool, o Options) Result {
	r, sums := interval.NewRatios(l.UserCount, 1, 0), l.sums()
	for i, user := range l.Users {
		b := 1.0
		if normalised {
			b = w[i]
		}
		r.Add(int(user), 0, w[i]*sums[i], b)
	}
	s := supportOf(l.Users, l.UserCount, sums, w, o.Interval)
	s.Unreached, s.Luck = l.Unreached, l.Luck
	return o.result(name, s, r)
}

func refusal(name string, s Support, why string) Result {
	return Result{Estimator: name, Estimate: interval.None(), Support: s, Refused: []string{why}, Threshold: math.Inf(1)}
}

// positions are rewards and weights by position.
type positions struct {
	l                *Lists
	users            [][]int32
	rewards, weights [][]float64
}

func newPositions(l *Lists) *positions {
	n := l.Positions()
	return &positions{l, make([][]int32, n), make([][]float64, n), make([][]float64, n)}
}

func (p *positions) add(list, position int, reward, weight float64) {
	p.users[position] = append(p.users[position], p.l.Users[list])
	p.rewards[position] = append(p.rewards[position], reward)
	p.weights[position] = append(p.weights[position], weight)
}

// at returns the support of a position. Rewards need not come at each one, so that outcomes are those of all.
func (p *positions) at(position int, o Options) Support {
	s := supportOf(p.users[position], p.l.UserCount, p.rewards[position], p.weights[position], o.Interval)
	s.Unreached, s.Luck = p.l.Unreached, p.l.Luck
	return s
}

// worst returns the support of the position with the least effective size, with the outcomes of all.
func (p *positions) worst(o Options) Support {
	worst := p.at(0, o)
	outcomes := worst.Outcomes
	for k := 1; k < len(p.users); k++ {
		s := p.at(k, o)
		outcomes += s.Outcomes
		if s.EffectiveSize < worst.EffectiveSize {
			worst = s
		}
	}
	worst.Outcomes = outcomes
	return worst
}

// resultAt asks an estimator that weights position by position, where the support of the worst is enough.
func (o *Options) resultAt(name string, p *positions, r *interval.Ratios) Result {
	return o.result(name, p.worst(*o), r)
}
