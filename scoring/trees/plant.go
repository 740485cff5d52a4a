package trees

import (
	"fmt"
	"math"
)

// sapling is a tree as a file has it.
type sapling struct {
	splits []split // by the file's own number
	root   int
}

// split is a node as a file has it. Left goes what is below the threshold or in the set.
type split struct {
	isLeaf      bool
	value       float64 // of a leaf
	feature     int
	threshold   float64
	set         []uint32 // words of 32 categories; nil: by the threshold
	traits      trait    // missingLeft, zeroMissing, nanZero
	left, right int
	cover       float64 // how much was seen there in training, for the means; 0: not known
}

// plant adds a tree, its nodes in order of their depth. It refuses what is no tree.
func (m *Model) plant(s sapling) error {
	if len(m.roots) >= MaxTrees {
		return fmt.Errorf("more than %d trees", MaxTrees)
	}
	first := len(m.nodes)
	type place struct{ from, at, depth int }
	line := []place{{s.root, first, 0}}
	seen := make([]bool, len(s.splits))
	covers := make([]float64, 0, len(s.splits))
	if err := m.grow(1); err != nil {
		return err
	}
	deepest := 0
	for i := 0; i < len(line); i++ {
		p := line[i]
		if p.from < 0 || p.from >= len(s.splits) {
			return fmt.Errorf("node %d is not among the %d there are", p.from, len(s.splits))
		}
		if seen[p.from] {
			return fmt.Errorf("node %d has two parents", p.from)
		}
		seen[p.from] = true
		deepest = max(deepest, p.depth)
		if deepest > MaxDepth {
			return fmt.Errorf("a leaf lies deeper than %d", MaxDepth)
		}
		from := &s.splits[p.from]
		covers = append(covers, from.cover)
		next := len(m.nodes)
		if err := m.setNode(p.at, next, from); err != nil {
			return fmt.Errorf("node %d: %w", p.from, err)
		}
		if from.isLeaf {
			continue
		}
		if err := m.grow(2); err != nil {
			return err
		}
		line = append(line, place{from.left, next, p.depth + 1}, place{from.right, next + 1, p.depth + 1})
	}
	m.roots = append(m.roots, root{uint32(first), uint32(deepest)})
	m.takeMeans(first, covers)
	return nil
}

// grow adds nodes.
func (m *Model) grow(n int) error {
	if len(m.nodes)+n > MaxNodes {
		return fmt.Errorf("more than %d nodes", MaxNodes)
	}
	m.nodes = append(m.nodes, make([]node, n)...)
	m.leaf = append(m.leaf, make([]float64, n)...)
	m.means = append(m.means, make([]float64, n)...)
	return nil
}

// setNode fills in a node whose children, if it has some, will lie at next.
func (m *Model) setNode(at, next int, from *split) error {
	if from.isLeaf {
		if math.IsNaN(from.value) || math.IsInf(from.value, 0) {
			return fmt.Errorf("a leaf of %v", from.value)
		}
		m.nodes[at] = node{threshold: math.Inf(1), next: uint32(at), traits: isLeaf | missingLeft}
		m.leaf[at] = from.value
		return nil
	}
	if from.feature < 0 || from.feature >= MaxFeatures || len(m.names) > 0 && from.feature >= len(m.names) {
		return fmt.Errorf("feature %d is not among the model's", from.feature)
	}
	n := node{threshold: from.threshold, next: uint32(next), feature: uint16(from.feature), traits: from.traits}
	if from.set == nil {
		if math.IsNaN(n.threshold) {
			return fmt.Errorf("a threshold that is not a number")
		}
		m.nodes[at] = n
		return nil
	}
	if len(m.words)+len(from.set) > maxWords {
		return fmt.Errorf("the categories of all splits take more than %d words of 32", maxWords)
	}
	n.threshold, n.traits = float64(len(m.cats)), n.traits|isCategorical
	m.cats = append(m.cats, categories{uint32(len(m.words)), uint32(len(from.set))})
	m.words = append(m.words, from.set...)
	m.nodes[at] = n
	return nil
}

// takeMeans finds the means of the nodes of a tree, the last one's first: a child stands behind its parent. Covers are by node in the order in which
// they were planted, which is that of their places.
func (m *Model) takeMeans(first int, covers []float64) {
	for at := len(m.nodes) - 1; at >= first; at-- {
		n := &m.nodes[at]
		if n.traits&isLeaf != 0 {
			m.means[at] = m.leaf[at]
			continue
		}
		left, right := covers[int(n.next)-first], covers[int(n.next)+1-first]
		if !(left+right > 0) || math.IsInf(left+right, 0) {
			left, right = 1, 1
		}
		share := left / (left + right)
		m.means[at] = share*m.means[n.next] + (1-share)*m.means[n.next+1]
	}
}

// below returns the threshold t for which x < t holds of a double x just where float32(x) < f does. What rounds to below f lies below the middle
// between f and the number of single precision before it; the middle itself rounds to the even one of the two.
func below(f float32) float64 {
	bits := math.Float32bits(f)
	before := float64(math.Nextafter32(f, float32(math.Inf(-1))))
	if math.IsInf(before, -1) {
		before = -(1 << 127) * 2
	}
	middle := float64(f) + (before-float64(f))/2
	if bits&1 == 0 {
		return middle
	}
	return math.Nextafter(middle, math.Inf(1))
}
