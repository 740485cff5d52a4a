package interval

import (
	"errors"
	"math"
	"slices"
)

// Interval is a closed interval; a bound may be NaN where none is known.
type Interval struct{ Low, High float64 }

// Holds reports whether x lies in the interval.
func (i Interval) Holds(x float64) bool { return x >= i.Low && x <= i.High }

// Estimate is a number with how sure it is. Error and the interval are NaN where there is no interval.
type Estimate struct {
	Value    float64 // NaN: there is nothing to divide by
	Error    float64 // standard error
	Interval Interval
}

// None is an estimate of nothing.
func None() Estimate {
	nan := math.NaN()
	return Estimate{nan, nan, Interval{nan, nan}}
}

// Options say how an interval is made. The zero value is good.
type Options struct {
	Level     float64 // chance that the interval holds the truth, in (0, 1); 0: 0.95
	Resamples int     // at least 100; 0: 999
	Seed      uint64  // of the resampling: the same seed gives the same interval
}

func (o Options) withDefaults() Options {
	if o.Level == 0 {
		o.Level = 0.95
	}
	if o.Resamples == 0 {
		o.Resamples = 999
	}
	return o
}

// LeastClusters is the least number of users, or other clusters, of which an interval is made.
const LeastClusters = 10

// mostClusters are kept by themselves; more are put together by their numbers, which leaves their sums independent. So many are plenty for a standard
// error, and what is put together is less skewed.
const mostClusters = 2000

// ErrFew is returned when there are too few clusters for an interval.
var ErrFew = errors.New("too few independent users")

// ErrFlat is returned when so few clusters differ, or by so little, that resampling them says nothing.
var ErrFlat = errors.New("too little differs between users for an interval")

// Ratios is the estimator o + Σₖ cₖ Aₖ/Bₖ, where Aₖ and Bₖ are sums over independent clusters.
type Ratios struct {
	offset float64
	signs  []float64 // c, of each term
	sums   []float64 // clusters × 2 terms: a, b of each term
}

// NewRatios returns an estimator over clusters that are all empty, with coefficients of 1 and an offset.
func NewRatios(clusters, terms int, offset float64) *Ratios {
	r := &Ratios{offset: offset, signs: make([]float64, terms), sums: make([]float64, min(clusters, mostClusters)*2*terms)}
	for k := range r.signs {
		r.signs[k] = 1
	}
	return r
}

// Difference returns the estimator x − y, paired by cluster. Both are over the same clusters.
func Difference(x, y *Ratios) *Ratios {
	r := &Ratios{offset: x.offset - y.offset, signs: slices.Clone(x.signs)}
	for _, c := range y.signs {
		r.signs = append(r.signs, -c)
	}
	for u := range x.clusters() {
		r.sums = append(append(r.sums, x.row(u)...), y.row(u)...)
	}
	return r
}

// Add adds to the sums of a cluster, from 0, in a term; both are finite.
func (r *Ratios) Add(cluster, term int, a, b float64) {
	at := (cluster%mostClusters*len(r.signs) + term) * 2
	r.sums[at] += a
	r.sums[at+1] += b
}

func (r *Ratios) clusters() int { return len(r.sums) / (2 * len(r.signs)) }

func (r *Ratios) row(u int) []float64 {
	w := 2 * len(r.signs)
	return r.sums[u*w : u*w+w]
}

// full returns r without the clusters that have nothing in them.
func (r *Ratios) full() *Ratios {
	out := &Ratios{offset: r.offset, signs: r.signs}
	for u := range r.clusters() {
		if row := r.row(u); slices.ContainsFunc(row, func(x float64) bool { return x != 0 }) {
			out.sums = append(out.sums, row...)
		}
	}
	return out
}

// Value returns the estimate alone; NaN where a sum to divide by is 0.
func (r *Ratios) Value() float64 {
	value := r.offset
	for k := range r.signs {
		var a, b float64
		for at := 2 * k; at < len(r.sums); at += 2 * len(r.signs) {
			a += r.sums[at]
			b += r.sums[at+1]
		}
		if b == 0 {
			return math.NaN()
		}
		value += r.signs[k] * a / b
	}
	return value
}
