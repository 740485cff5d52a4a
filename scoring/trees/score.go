package trees

import (
	"math"
	"slices"
)

// Score appends to dst[:0] the score of each row and returns it. The rows lie one after the other in data, of width columns each; width is at least the
// number of features. A value that is not a number is missing. It allocates nothing where dst has room. Cost: a walk from root to leaf for each tree and row.
func (m *Model) Score(dst []float64, data []float64, width int) []float64 {
	rows := len(data) / width
	dst = slices.Grow(dst[:0], rows)[:rows]
	for i := range dst {
		dst[i] = m.base
	}
	if m.isPlain && areFinite(data) {
		m.addPlain(dst, data, width)
	} else {
		m.addAll(dst, data, width)
	}
	for i, sum := range dst {
		dst[i] = m.scoreOf(sum)
	}
	return dst
}

// abreast is the number of rows that go down a tree side by side, so that the processor need not wait for one node before it asks for the next one.
const abreast = 4

// stride is how many steps are made before a look at whether all have come to a leaf.
const stride = 6

// addPlain adds the leaf of each tree for rows of finite numbers. Trees come one after the other, each for all rows: it is then near.
func (m *Model) addPlain(sums, data []float64, width int) {
	for _, r := range m.roots {
		i := 0
		for ; i+abreast <= len(sums); i += abreast {
			m.addFour((*[abreast]float64)(sums[i:]), data[i*width:(i+abreast)*width], width, r)
		}
		for ; i < len(sums); i++ {
			row, at := data[i*width:(i+1)*width], r.node
			for m.nodes[at].traits&isLeaf == 0 {
				at = m.nodes[at].step(row)
			}
			sums[i] = m.plus(sums[i], m.leaf[at])
		}
	}
}

func (m *Model) addFour(sums *[abreast]float64, block []float64, width int, r root) {
	nodes, leaf := m.nodes, m.leaf
	a, b, c, d := block[:width], block[width:2*width], block[2*width:3*width], block[3*width:]
	at, bt, ct, dt := r.node, r.node, r.node, r.node
	for left := r.depth; left > 0; {
		n := min(left, stride)
		for range n {
			at = nodes[at].step(a)
			bt = nodes[bt].step(b)
			ct = nodes[ct].step(c)
			dt = nodes[dt].step(d)
		}
		if left -= n; left > 0 && nodes[at].traits&nodes[bt].traits&nodes[ct].traits&nodes[dt].traits&isLeaf != 0 {
			break
		}
	}
	if m.single {
		sums[0] = float64(float32(sums[0]) + float32(leaf[at]))
		sums[1] = float64(float32(sums[1]) + float32(leaf[bt]))
		sums[2] = float64(float32(sums[2]) + float32(leaf[ct]))
		sums[3] = float64(float32(sums[3]) + float32(leaf[dt]))
		return
	}
	sums[0] += leaf[at]
	sums[1] += leaf[bt]
	sums[2] += leaf[ct]
	sums[3] += leaf[dt]
}

// step returns the child for a row of finite numbers; a leaf leads to itself. It has no branch: which way a row goes can't be guessed.
func (n *node) step(row []float64) uint32 {
	var right uint32
	if !(row[n.feature] < n.threshold) {
		right = 1
	}
	return n.next + right
}

// addAll adds the leaf of each tree for any rows.
func (m *Model) addAll(sums, data []float64, width int) {
	for _, r := range m.roots {
		for i := range sums {
			at := m.walk(r, data[i*width:(i+1)*width], nil)
			sums[i] = m.plus(sums[i], m.leaf[at])
		}
	}
}

// walk returns the leaf of a row, and tells of each split on the way to it.
func (m *Model) walk(r root, row []float64, tell func(split, child uint32)) uint32 {
	at := r.node
	for m.nodes[at].traits&isLeaf == 0 {
		n := &m.nodes[at]
		next := n.next
		if !m.goesLeft(n, row[n.feature]) {
			next++
		}
		if tell != nil {
			tell(at, next)
		}
		at = next
	}
	return at
}

// zero is what LightGBM takes for zero: in tree.h, kZeroThreshold.
const zero = 1e-35

func (m *Model) goesLeft(n *node, x float64) bool {
	if math.IsNaN(x) {
		if n.traits&nanZero == 0 {
			return n.traits&missingLeft != 0
		}
		x = 0
	}
	if n.traits&isCategorical != 0 {
		return m.isAmong(m.cats[int(n.threshold)], x)
	}
	if n.traits&zeroMissing != 0 && x >= -zero && x <= zero {
		return n.traits&missingLeft != 0
	}
	return x < n.threshold
}

// isAmong reports whether a category is one of those that go left: its whole part counts.
func (m *Model) isAmong(c categories, x float64) bool {
	if m.single {
		x = float64(float32(x))
	} else {
		x = math.Trunc(x)
	}
	if x < 0 || x >= float64(c.words*32) {
		return false
	}
	category := uint32(x)
	return m.words[c.from+category/32]>>(category%32)&1 != 0
}

func areFinite(data []float64) bool {
	for _, x := range data {
		if x-x != 0 {
			return false
		}
	}
	return true
}

// Contributions appends to dst[:0] how much each column added to the sum of the trees for a row, and returns it with the sum's expectation: base + Σ of them is
// the sum, to the error of single precision. The sum is that before the objective's transform, see Explain for the score itself.
//
// A tree's contributions are the differences of the means of its nodes along the row's path, each given to the feature of its split.
//
// Source: Saabas, "Interpreting random forests", 2014; the same as XGBoost's approximate contributions.
func (m *Model) Contributions(dst []float64, row []float64) (base float64, contributions []float64) {
	dst = slices.Grow(dst[:0], len(row))[:len(row)]
	clear(dst)
	base = m.base
	for _, r := range m.roots {
		base += m.means[r.node]
		m.walk(r, row, func(split, child uint32) {
			dst[m.nodes[split].feature] += m.means[child] - m.means[split]
		})
	}
	if m.average && len(m.roots) > 0 {
		base /= float64(len(m.roots))
		for i := range dst {
			dst[i] /= float64(len(m.roots))
		}
	}
	return base, dst
}

// Explain returns contributions to the score: the base is the score of the sum's expectation, and what the score differs from it is shared out in proportion to
// the contributions to the sum. base + Σ of them is the score, to the error of single precision.
//
// Source: the rescale rule of Shrikumar, Greenside, Kundaje, "Learning Important Features Through Propagating Activation Differences", 2017, section 3.3.
func (m *Model) Explain(dst []float64, row []float64) (base float64, contributions []float64) {
	margin, dst := m.Contributions(dst, row)
	sum := margin
	for _, c := range dst {
		sum += c
	}
	base = m.link.of(margin)
	slope := m.link.slope(margin)
	if d := sum - margin; math.Abs(d) > 1e-9 {
		slope = (m.link.of(sum) - base) / d
	}
	for i := range dst {
		dst[i] *= slope
	}
	return base, dst
}
