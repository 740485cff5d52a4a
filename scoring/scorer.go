package scoring

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"

	"github.com/sihai-network/sihai/scoring/trees"
)

// Scorer gives scores by the weights and the trees of one profile. It is immutable and safe for concurrent use.
type Scorer struct {
	weights [Width]float64
	bias    float64
	trees   *trees.Model // nil: by weights alone
}

// NewScorer compiles a valid profile, see Profile.Validate. A weight whose name is no feature counts nothing.
func NewScorer(p Profile) *Scorer {
	s := &Scorer{bias: p.Bias}
	for i, f := range Features() {
		s.weights[i] = p.Weights[f.Name]
	}
	if p.Model != nil {
		s.trees = p.Model.scores
	}
	return s
}

// HasTrees reports whether trees add to the scores, so that weights do not bound them.
func (s *Scorer) HasTrees() bool { return s.trees != nil }

// Score appends to dst[:0] the score of each row of m, in order, and returns it: bias + Σ weight × feature + what the trees predict, rounded to
// 1e-9 by Round. It costs one matrix-vector product, a walk down each tree for each row, and without trees no allocation where dst has room.
//
// The same row has the same score wherever it stands and whatever stands around it: gonum's kernel sums blocks of four
// rows in one way and what is left over in another, so the product runs over whole blocks only.
func (s *Scorer) Score(dst []float64, m *Matrix) []float64 {
	return s.Extend(dst[:0], m)
}

// Extend appends to dst, which holds the scores of the first rows of m, those of the rest, and returns it: what Score gives, for
// a matrix that grows row by row. It costs a product over the new rows and up to three before them.
func (s *Scorer) Extend(dst []float64, m *Matrix) []float64 {
	data, rows := m.padded()
	from := len(dst) / block * block
	if rows == from {
		return dst
	}
	dst = slices.Grow(dst[:from], rows-from)[:rows]
	clear(dst[from:])
	a := blas64.General{Rows: rows - from, Cols: Width, Stride: Width, Data: data[from*Width:]}
	x := blas64.Vector{N: Width, Inc: 1, Data: s.weights[:]}
	blas64.Gemv(blas.NoTrans, 1, a, x, 0, blas64.Vector{N: rows - from, Inc: 1, Data: dst[from:]})
	dst = dst[:m.Rows()]
	if s.trees != nil {
		grown := s.trees.Score(nil, data[from*Width:m.Rows()*Width], Width)
		for i, x := range grown {
			dst[from+i] += x
		}
	}
	for i := from; i < len(dst); i++ {
		dst[i] = Round(dst[i] + s.bias)
	}
	return dst
}

// Weights returns the weight of each feature, in the order of the columns, and the bias.
func (s *Scorer) Weights() (weights [Width]float64, bias float64) { return s.weights, s.bias }

// Round returns x rounded to 1e-9, half away from zero. A score is at most MaxFloor in size, so that its last digit is far
// above the error of a sum, and scores that are equal but for the order of the summation are equal but in freak cases.
func Round(x float64) float64 { return math.Round(x*nano) / nano }

const nano = 1e9
