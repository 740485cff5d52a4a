package fit

import (
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// bins bounds the parts into which users are put for standard errors; users of a part hang together, which costs little.
const bins = 200

// uncertain fills in the standard errors and intervals of the weights, and says why where there are none. They are those of an M-estimator whose users are independent:
// H⁻¹ (Σ g gᵀ) H⁻¹ with the slope g of each part's sum and the curvature H of the objective, with Student's quantile over the parts. The penalty is part of H, so that a weight that
// it holds down is told with the spread of what it is held to; the choice of the penalty, and of the examination, is taken as given.
//
// Source: Huber, "The behavior of maximum likelihood estimates under nonstandard conditions", Berkeley Symposium 1967; Liang, Zeger, Biometrika 73(1), 1986, for clusters.
func (r *Result) uncertain(f *fitting, params []float64, seen []int) {
	rep := &r.Report
	switch {
	case f.x.hots > 0:
		rep.NoIntervals = "buckets and crosses have too many weights"
		return
	case rep.Chosen.L1 > 0 || len(f.o.Signs) > 0:
		rep.NoIntervals = "an L1 penalty or a sign holds weights at 0"
		return
	}
	free := f.free()
	all := newObjective(f.x, f.o.Loss, seen, f.exam, false)
	all.penalty = rep.Chosen.L2
	curve := all.curvature(params, free)
	parts := f.slopes(params, seen, free)
	m := len(parts)
	if m < 10 {
		rep.NoIntervals = "fewer than 10 users"
		return
	}
	middle := mat.NewSymDense(len(free), nil)
	for _, g := range parts {
		middle.SymRankOne(middle, float64(m)/float64(m-1), mat.NewVecDense(len(g), g))
	}
	var inverse, half, spread mat.Dense
	if err := inverse.Inverse(curve); err != nil {
		rep.NoIntervals = "the weights are not told apart by the data"
		return
	}
	half.Mul(&inverse, middle)
	spread.Mul(&half, inverse.T())
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(m - 1)}.Quantile(0.975)
	for at, j := range free {
		if j == 0 || j > len(rep.Weights) {
			continue
		}
		se := math.Sqrt(max(spread.At(at, at), 0)) / all.total / f.x.scales[j-1]
		w := &rep.Weights[j-1]
		if math.IsNaN(se) || math.IsInf(se, 0) {
			continue
		}
		low, high := w.Weight-t*se, w.Weight+t*se
		w.Error, w.Low, w.High = &se, &low, &high
	}
}

// free lists the parameters that the loss depends on: the bias only of a logistic one, and no weight of a feature that never differs.
func (f *fitting) free() (free []int) {
	if f.o.Loss == Logistic {
		free = append(free, 0)
	}
	for j, c := range f.x.columns {
		for i := range f.x.data.Rows() {
			if f.x.values[i*f.x.data.Width()+c] != f.x.values[c] {
				free = append(free, 1+j)
				break
			}
		}
	}
	return free
}

// curvature is the matrix of second slopes of the mean loss with its penalty, by differences of slopes.
func (f *objective) curvature(params []float64, free []int) *mat.Dense {
	const step = 1e-4 // of parameters whose scale is 1: errors of 1e-8
	out := mat.NewDense(len(free), len(free), nil)
	up, down, at := make([]float64, f.params), make([]float64, f.params), append([]float64(nil), params...)
	for row, j := range free {
		at[j] = params[j] + step
		f.evaluate(at, up)
		at[j] = params[j] - step
		f.evaluate(at, down)
		at[j] = params[j]
		for column, k := range free {
			out.Set(row, column, (up[k]-down[k])/(2*step))
		}
	}
	return out
}

// slopes are those of the sum of each part's losses.
func (f *fitting) slopes(params []float64, seen, free []int) [][]float64 {
	parts := make([][]int, bins)
	for _, g := range seen {
		c := f.x.data.Cluster(g) % bins
		parts[c] = append(parts[c], g)
	}
	var out [][]float64
	for _, groups := range parts {
		if len(groups) == 0 {
			continue
		}
		part := newObjective(f.x, f.o.Loss, groups, f.exam, false)
		grad := make([]float64, part.params)
		part.evaluate(params, grad)
		own := make([]float64, len(free))
		for at, j := range free {
			own[at] = grad[j] * part.total
		}
		out = append(out, own)
	}
	return out
}
