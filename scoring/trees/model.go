package trees

import (
	"crypto/sha256"
	"fmt"
	"math"
	"slices"
)

// Format is how a model was written.
type Format string

// The formats.
const (
	XGBoost  Format = "xgboost"  // JSON, as saved by XGBoost 1.0 and later
	LightGBM Format = "lightgbm" // text, as saved by LightGBM 2.3 and later
)

// The bounds of a model: what is beyond them is refused.
const (
	MaxSource   = 4 << 20 // bytes of its file
	MaxTrees    = 10_000
	MaxNodes    = 1 << 18 // of all trees
	MaxFeatures = 1 << 12
	MaxDepth    = 256
	maxWords    = 1 << 18 // of 32 categories, of all splits
)

// Parse reads a model of a format. The error names what is wrong or not supported.
func Parse(f Format, data []byte) (*Model, error) {
	switch f {
	case XGBoost:
		return ParseXGBoost(data)
	case LightGBM:
		return ParseLightGBM(data)
	}
	return nil, fmt.Errorf("format %q is neither %s nor %s", f, XGBoost, LightGBM)
}

// Model is a sum of trees, and what is made of the sum. It is immutable and safe for concurrent use.
type Model struct {
	format    Format
	source    []byte
	hash      [32]byte
	names     []string // of the features
	objective string

	nodes []node
	cats  []categories
	words []uint32  // of cats: a bit for each category
	leaf  []float64 // by node: the value of a leaf, 0 for a split
	means []float64 // by node: the mean of the leaves under it, by what they cover
	roots []root

	base    float64 // the sum begins with it
	single  bool    // the sum is kept in single precision
	average bool    // the sum is divided by the number of trees
	link    link
	isPlain bool // no split but by a threshold, where a value that is missing is not zero
	low     float64
	high    float64
}

// root is where a tree begins.
type root struct {
	node  uint32
	depth uint32 // of its deepest leaf; 0: it is a leaf itself
}

// node is a split or a leaf. The children of a split lie side by side. A leaf leads to itself, so that a walk of any length ends in it.
type node struct {
	threshold float64 // to the left goes what is below; +Inf in a leaf
	next      uint32  // the left child; the right one follows
	feature   uint16
	traits    trait
}

type trait uint16

const (
	isLeaf trait = 1 << iota
	isCategorical
	missingLeft // a value that is not a number goes left
	zeroMissing // zero is as good as missing
	nanZero     // a value that is not a number is taken for zero
)

// categories are those of a split that go left: 32 × words bits.
type categories struct{ from, words uint32 }

// Format returns how the model was written.
func (m *Model) Format() Format { return m.format }

// Source returns the file that the model was read from, which is not to be changed.
func (m *Model) Source() []byte { return m.source }

// Hash returns the SHA-256 of the source.
func (m *Model) Hash() [32]byte { return m.hash }

// Objective returns the name of what the model was trained for, as its file has it.
func (m *Model) Objective() string { return m.objective }

// Names returns the names of the features in the order of the model's columns; of a model without names it is empty.
func (m *Model) Names() []string { return slices.Clone(m.names) }

// Trees returns the number of trees.
func (m *Model) Trees() int { return len(m.roots) }

// Nodes returns the number of splits and leaves.
func (m *Model) Nodes() int { return len(m.nodes) }

// Range returns the least and the greatest score that the leaves could sum to: no row scores outside.
func (m *Model) Range() (low, high float64) { return m.low, m.high }

// Bind returns the model for rows whose columns have the names given. The error names the first feature that is not among them.
func (m *Model) Bind(columns []string) (*Model, error) {
	if len(m.names) == 0 {
		return nil, fmt.Errorf("the model does not name its features: train it with names")
	}
	to := make([]uint16, len(m.names))
	for i, name := range m.names {
		at := slices.Index(columns, name)
		if at < 0 {
			return nil, fmt.Errorf("feature %.64q of the model is not known", name)
		}
		to[i] = uint16(at)
	}
	bound := *m
	bound.names, bound.nodes = slices.Clone(columns), slices.Clone(m.nodes)
	for i := range bound.nodes {
		if n := &bound.nodes[i]; n.traits&isLeaf == 0 {
			n.feature = to[n.feature]
		}
	}
	return &bound, nil
}

// link makes a score of a sum.
type link struct {
	kind  linkKind
	scale float64 // of sigmoid
}

type linkKind uint8

const (
	identity linkKind = iota
	sigmoid           // 1 / (1 + exp(-scale × sum))
	exponent          // exp(sum)
	hinge             // 1 for a sum above 0, or else 0
)

// of returns the score of a sum. It never falls where the sum rises.
func (l link) of(sum float64) float64 {
	switch l.kind {
	case sigmoid:
		return 1 / (1 + math.Exp(-l.scale*sum))
	case exponent:
		return math.Exp(sum)
	case hinge:
		if sum > 0 {
			return 1
		}
		return 0
	}
	return sum
}

// slope returns the derivative of the link at a sum; that of the hinge is 0.
func (l link) slope(sum float64) float64 {
	switch l.kind {
	case sigmoid:
		y := l.of(sum)
		return l.scale * y * (1 - y)
	case exponent:
		return math.Exp(sum)
	case hinge:
		return 0
	}
	return 1
}

// settle fills in what follows from the rest.
func (m *Model) settle(source []byte) error {
	m.source, m.hash = slices.Clone(source), sha256.Sum256(source)
	m.isPlain = true
	for i := range m.nodes {
		if m.nodes[i].traits&(isCategorical|zeroMissing) != 0 {
			m.isPlain = false
		}
	}
	low, high := m.base, m.base
	for i, r := range m.roots {
		least, most := math.Inf(1), math.Inf(-1)
		for at := r.node; at < m.endOf(i); at++ {
			if m.nodes[at].traits&isLeaf != 0 {
				least, most = min(least, m.leaf[at]), max(most, m.leaf[at])
			}
		}
		low, high = m.plus(low, least), m.plus(high, most)
	}
	m.low, m.high = m.scoreOf(low), m.scoreOf(high)
	if math.IsInf(m.low, 0) || math.IsInf(m.high, 0) || math.IsNaN(m.low) || math.IsNaN(m.high) {
		return fmt.Errorf("the leaves sum to more than a number can hold")
	}
	return nil
}

// endOf returns the node behind the last one of a tree.
func (m *Model) endOf(tree int) uint32 {
	if tree+1 < len(m.roots) {
		return m.roots[tree+1].node
	}
	return uint32(len(m.nodes))
}

// plus adds to a sum as the program that trained the model does.
func (m *Model) plus(sum, value float64) float64 {
	if m.single {
		return float64(float32(sum) + float32(value))
	}
	return sum + value
}

// marginOf returns what the link is applied to.
func (m *Model) marginOf(sum float64) float64 {
	if m.average && len(m.roots) > 0 {
		return sum / float64(len(m.roots))
	}
	return sum
}

func (m *Model) scoreOf(sum float64) float64 {
	y := m.link.of(m.marginOf(sum))
	if m.single {
		return float64(float32(y))
	}
	return y
}
