package scoring

import (
	"fmt"
	"math"
	"strconv"
)

// Explanation is a tree in which a node's value is the sum of its children's, to 1e-9; a leaf stands for itself.
type Explanation struct {
	Value    float64
	Message  string
	Children []*Explanation
}

// Explain tells how a row came to its score: the bias, where there is one, and a child for each feature that has a
// weight, in the order of the columns. Values are rounded to 1e-9, and what rounding leaves over, less than 1e-8, is added
// to the largest child, so that the children sum to the score. A score that is not the row's own, since something besides
// the features changed it, has a last child "not from features" for the difference.
func (s *Scorer) Explain(row []float64, score float64) *Explanation {
	root := &Explanation{Value: Round(score), Message: "score"}
	if s.bias != 0 {
		root.add(s.bias, "bias")
	}
	for i, f := range Features() {
		if w := s.weights[i]; w != 0 {
			root.add(w*row[i], f.Name+" "+short(row[i])+" × weight "+short(w))
		}
	}
	if s.trees != nil {
		root.Children = append(root.Children, s.explainTrees(row))
	}
	rest := root.Value
	for _, c := range root.Children {
		rest -= c.Value
	}
	rest = Round(rest)
	switch largest := root.largest(); {
	case rest == 0:
	case largest != nil && math.Abs(rest) < maxRest:
		largest.shift(rest)
	default:
		root.add(rest, "not from features")
	}
	return root
}

// explainTrees tells how a row came to what the trees predict: what they do of any row, and a child for each feature that changes it, in the order of the
// columns. It is rounded to 1e-9; what single precision and rounding leave over goes to the largest child. See trees.Model.Explain for the source.
func (s *Scorer) explainTrees(row []float64) *Explanation {
	root := &Explanation{Value: Round(s.trees.Score(nil, row, Width)[0]), Message: "trees"}
	base, parts := s.trees.Explain(nil, row)
	root.add(base, "expectation of the trees")
	for i, f := range Features() {
		if Round(parts[i]) != 0 {
			root.add(parts[i], f.Name+" "+short(row[i]))
		}
	}
	rest := root.Value
	for _, c := range root.Children {
		rest -= c.Value
	}
	root.largest().shift(Round(rest))
	return root
}

// shift adds to a node, and so that its children still sum to it to the largest of each generation.
func (e *Explanation) shift(by float64) {
	for n := e; n != nil; n = n.largest() {
		n.Value = Round(n.Value + by)
	}
}

// maxRest is above what the rounding of Width+1 children and of the score can leave over.
const maxRest = 1e-8

func (e *Explanation) add(value float64, message string) {
	e.Children = append(e.Children, &Explanation{Value: Round(value), Message: message})
}

// largest returns the child that is largest in size, the first of equals; nil without children.
func (e *Explanation) largest() *Explanation {
	var largest *Explanation
	for _, c := range e.Children {
		if largest == nil || math.Abs(c.Value) > math.Abs(largest.Value) {
			largest = c
		}
	}
	return largest
}

// Subtract takes parts, each at least 0, from what a tree explains: it gets a last child of their sum with a child for each. Without parts nothing changes.
func (e *Explanation) Subtract(message string, parts []Explanation) {
	sum := 0.0
	less := &Explanation{Message: message}
	for i := range parts {
		value := Round(parts[i].Value)
		sum += value
		less.add(-value, parts[i].Message)
	}
	if less.Value = -Round(sum); less.Value != 0 {
		e.Children = append(e.Children, less)
		e.Value = Round(e.Value + less.Value)
	}
}

// short writes a number with at most four significant digits.
func short(x float64) string { return strconv.FormatFloat(x, 'g', 4, 64) }

// Check returns an error that names the first node, from the root, whose children do not sum to it within 1e-9.
func (e *Explanation) Check() error {
	if len(e.Children) == 0 {
		return nil
	}
	sum := 0.0
	for _, c := range e.Children {
		sum += c.Value
	}
	if !(math.Abs(sum-e.Value) <= 1e-9) {
		return fmt.Errorf("explanation %q: children sum to %v, not %v", e.Message, sum, e.Value)
	}
	for _, c := range e.Children {
		if err := c.Check(); err != nil {
			return err
		}
	}
	return nil
}
