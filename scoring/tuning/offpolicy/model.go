package offpolicy

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// model predicts rewards by least squares: a level, a slope for each feature and a level for each of the items that were shown most. Features are
// brought to a mean of 0 and a deviation of 1, a missing one counts as the mean, and a penalty of one observation keeps slopes and levels of little data small (ridge regression, Hoerl
// and Kennard, Technometrics 12(1), 1970).
type model struct {
	mean, scale []float64
	slot        []int // of each item among the levels; -1: none
	size        int   // coefficients: 1, features, levels
}

// mostLevels is how many items have a level of their own.
const mostLevels = 300

// penalty is what ridge regression adds to the diagonal, in observations.
const penalty = 1.0

// newModel looks at what was shown.
func newModel(r *Rounds) *model {
	n, a := r.Len(), r.Actions
	m := &model{mean: make([]float64, a.Features()), scale: make([]float64, a.Features()), slot: make([]int, a.Items())}
	known, counts := make([]float64, a.Features()), make([]int, a.Items())
	for i := range n {
		x, item := a.Shown(i)
		for k, v := range x {
			if !math.IsNaN(v) {
				known[k]++
				d := v - m.mean[k]
				m.mean[k] += d / known[k]
				m.scale[k] += d * (v - m.mean[k])
			}
		}
		if item >= 0 {
			counts[item]++
		}
	}
	for k := range m.scale {
		m.scale[k] = math.Sqrt(m.scale[k] / max(known[k], 1))
		if !(m.scale[k] > 1e-12*math.Abs(m.mean[k])) {
			m.scale[k] = math.Inf(1) // always the same: it tells nothing
		}
	}
	items := make([]int, len(counts))
	for i := range items {
		items[i], m.slot[i] = i, -1
	}
	slices.SortStableFunc(items, func(a, b int) int { return counts[b] - counts[a] })
	m.size = 1 + a.Features()
	for _, item := range items[:min(mostLevels, len(items))] {
		if counts[item] > 1 {
			m.slot[item] = m.size
			m.size++
		}
	}
	return m
}

// point is a row as the model sees it: the dense part, with a leading 1, and weights of levels.
type point struct {
	dense  []float64
	slots  []int
	levels []float64
}

func (m *model) clear(p *point) {
	if p.dense == nil {
		p.dense = make([]float64, 1+len(m.mean))
	}
	clear(p.dense)
	p.slots, p.levels = p.slots[:0], p.levels[:0]
}

// add adds a row to a point, as much of it as weight says.
func (m *model) add(p *point, weight float64, x []float64, item int) {
	p.dense[0] += weight
	for k, v := range x {
		if !math.IsNaN(v) {
			p.dense[1+k] += weight * (v - m.mean[k]) / m.scale[k]
		}
	}
	if item >= 0 && m.slot[item] >= 0 {
		p.slots, p.levels = append(p.slots, m.slot[item]), append(p.levels, weight)
	}
}

// dot returns the product of a point and coefficients.
func (p *point) dot(c []float64) float64 {
	var sum float64
	for i, x := range p.dense {
		sum += x * c[i]
	}
	for i, s := range p.slots {
		sum += p.levels[i] * c[s]
	}
	return sum
}

// addTo adds the point, times a factor, to a vector.
func (p *point) addTo(v []float64, factor float64) {
	for i, x := range p.dense {
		v[i] += factor * x
	}
	for i, s := range p.slots {
		v[s] += factor * p.levels[i]
	}
}

// normal holds the normal equations of some rounds.
type normal struct {
	size   int
	matrix []float64 // the lower triangle, row after row, of full width
	right  []float64
}

func newNormal(size int) *normal {
	return &normal{size, make([]float64, size*size), make([]float64, size)}
}

// see takes in a point of one row: it has one level at most, behind the dense part.
func (n *normal) see(p *point, y float64) {
	for i, x := range p.dense {
		row := n.matrix[i*n.size:]
		for j := 0; j <= i; j++ {
			row[j] += x * p.dense[j]
		}
	}
	for _, s := range p.slots {
		row := n.matrix[s*n.size:]
		for j, x := range p.dense {
			row[j] += x
		}
		row[s]++
	}
	p.addTo(n.right, y)
}

// without returns n less what other has seen.
func (n *normal) without(other *normal) *normal {
	out := newNormal(n.size)
	for i := range n.matrix {
		out.matrix[i] = n.matrix[i] - other.matrix[i]
	}
	for i := range n.right {
		out.right[i] = n.right[i] - other.right[i]
	}
	return out
}

var errSingular = errors.New("the features do not determine a model of rewards")

// factor returns the Cholesky factors of the penalised matrix.
func (n *normal) factor() (*mat.Cholesky, error) {
	sym := mat.NewSymDense(n.size, nil)
	for i := range n.size {
		for j := 0; j <= i; j++ {
			x := n.matrix[i*n.size+j]
			if i == j {
				x += penalty
				if i == 0 {
					x += 1e-9 - penalty
				}
			}
			sym.SetSym(i, j, x)
		}
	}
	var c mat.Cholesky
	if !c.Factorize(sym) {
		return nil, errSingular
	}
	return &c, nil
}

// solve returns the coefficients.
func solve(c *mat.Cholesky, right []float64) ([]float64, error) {
	out := mat.NewVecDense(len(right), nil)
	if err := c.SolveVecTo(out, mat.NewVecDense(len(right), right)); err != nil {
		var badly mat.Condition
		if !errors.As(err, &badly) {
			return nil, fmt.Errorf("solve for rewards: %w", err)
		}
	}
	return out.RawVector().Data, nil
}

// predictions are what a model says of rounds.
type predictions struct {
	shown    []float64 // of what was shown, by a model that has not seen the round's user
	expected []float64 // of what the policy would show, likewise
	direct   []float64 // of each round, what it adds to the direct method's mean, see Direct
}

// folds is the number of parts for cross-fitting.
const folds = 5

func foldOf(user int32) int {
	x := uint64(user) * 0x9e3779b97f4a7c15
	return int((x >> 32) % folds)
}

// predict fits models of rewards, each to the users of all folds but one (cross-fitting: Chernozhukov et al., Econometrics Journal 21(1), 2018), and one to
// all. Cost: rounds × features² and a few factorings of a matrix of that many features and levels.
func predict(ctx context.Context, r *Rounds) (*predictions, error) {
	m := newModel(r)
	parts := make([]*normal, folds)
	all := newNormal(m.size)
	for f := range parts {
		parts[f] = newNormal(m.size)
	}
	var p point
	for i := range r.Len() {
		if i%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		x, item := r.Actions.Shown(i)
		m.clear(&p)
		m.add(&p, 1, x, item)
		parts[foldOf(r.Users[i])].see(&p, r.Rewards[i])
	}
	for _, part := range parts {
		for i, x := range part.matrix {
			all.matrix[i] += x
		}
		for i, x := range part.right {
			all.right[i] += x
		}
	}
	coefficients := make([][]float64, folds)
	for f, part := range parts {
		c, err := all.without(part).factor()
		if err != nil {
			return nil, err
		}
		if coefficients[f], err = solve(c, all.without(part).right); err != nil {
			return nil, err
		}
	}
	out := m.crossFitted(r, coefficients)
	return out, m.direct(r, all, out)
}

func (m *model) crossFitted(r *Rounds, coefficients [][]float64) *predictions {
	out := &predictions{make([]float64, r.Len()), make([]float64, r.Len()), make([]float64, r.Len())}
	var p point
	for i := range r.Len() {
		c := coefficients[foldOf(r.Users[i])]
		x, item := r.Actions.Shown(i)
		m.clear(&p)
		m.add(&p, 1, x, item)
		out.shown[i] = p.dot(c)
		out.expected[i] = m.choices(r, i, &p).dot(c)
	}
	return out
}

// choices returns the mean point of what the policy would show.
func (m *model) choices(r *Rounds, round int, p *point) *point {
	m.clear(p)
	r.Actions.Choices(round, func(chance float64, x []float64, item int) { m.add(p, chance, x, item) })
	return p
}

// direct fills in what each round adds to the direct method: the prediction for what the policy would show, and the round's part in the error of the
// fit, n z̄ᵀ G⁻¹ zᵢ (rᵢ − q̂ᵢ), which sums to next to nothing and gives the variance (White, Econometrica 48(4), 1980, there without clusters).
func (m *model) direct(r *Rounds, all *normal, out *predictions) error {
	c, err := all.factor()
	if err != nil {
		return err
	}
	coefficients, err := solve(c, all.right)
	if err != nil {
		return err
	}
	var p point
	mean := make([]float64, m.size) // times n
	for i := range r.Len() {
		q := m.choices(r, i, &p)
		q.addTo(mean, 1)
		out.direct[i] = q.dot(coefficients)
	}
	leverage, err := solve(c, mean)
	if err != nil {
		return err
	}
	for i := range r.Len() {
		x, item := r.Actions.Shown(i)
		m.clear(&p)
		m.add(&p, 1, x, item)
		out.direct[i] += p.dot(leverage) * (r.Rewards[i] - p.dot(coefficients))
	}
	return nil
}
