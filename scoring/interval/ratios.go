package interval

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
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

// mostClusters are resampled as they are; more are put together by chance, which leaves their sums independent. So many are plenty for a standard error.
const mostClusters = 2000

// ErrFew is returned when there are too few clusters for an interval.
var ErrFew = errors.New("too few independent users")

// ErrFlat is returned when so few clusters differ that resampling them says nothing.
var ErrFlat = errors.New("too few users in whom anything happened")

// Ratios is the estimator Σₖ cₖ Aₖ/Bₖ, where Aₖ and Bₖ are sums over independent clusters.
type Ratios struct {
	terms  int
	signs  []float64 // c
	sums   []float64 // clusters × 2 terms: a, b of each term
	folded bool
}

// NewRatios returns an estimator over clusters that are all empty, with a coefficient of 1 for each term.
func NewRatios(clusters, terms int) *Ratios {
	r := &Ratios{terms: terms, signs: make([]float64, terms), sums: make([]float64, clusters*2*terms)}
	for k := range r.signs {
		r.signs[k] = 1
	}
	return r
}

// NewDifference returns the estimator A₀/B₀ − A₁/B₁, paired by cluster.
func NewDifference(clusters int) *Ratios {
	r := NewRatios(clusters, 2)
	r.signs[1] = -1
	return r
}

// Add adds to the sums of a cluster in a term; both are finite.
func (r *Ratios) Add(cluster, term int, a, b float64) {
	at := (cluster*r.terms + term) * 2
	r.sums[at] += a
	r.sums[at+1] += b
}

// fold leaves out clusters without anything in them, and puts the rest together where they are many.
func (r *Ratios) fold() {
	if r.folded {
		return
	}
	r.folded = true
	w := 2 * r.terms
	used := 0
	for at := 0; at < len(r.sums); at += w {
		row := r.sums[at : at+w]
		if slices.ContainsFunc(row, func(x float64) bool { return x != 0 }) {
			to := used * w
			if used >= mostClusters {
				to = used % mostClusters * w
				for i, x := range row {
					r.sums[to+i] += x
				}
			} else {
				copy(r.sums[to:to+w], row)
			}
			used++
		}
	}
	r.sums = r.sums[:min(used, mostClusters)*w]
}

func (r *Ratios) clusters() int { return len(r.sums) / (2 * r.terms) }

// sample is a resample of clusters, and room for its sums.
type sample struct {
	counts  []float64 // of each cluster
	moments []float64 // of each cluster, where there is one term: a, b, aa, ab, bb
	totals  []float64 // as a row of sums
	slopes  []float64 // of each term: what a and b of a cluster add to the estimate
}

// newSample returns the sample in which each cluster is once.
func (r *Ratios) newSample() *sample {
	s := &sample{make([]float64, r.clusters()), nil, make([]float64, 2*r.terms), make([]float64, 2*r.terms)}
	for i := range s.counts {
		s.counts[i] = 1
	}
	if r.terms == 1 {
		for u := range s.counts {
			a, b := r.sums[2*u], r.sums[2*u+1]
			s.moments = append(s.moments, a, b, a*a, a*b, b*b)
		}
	}
	return s
}

// draw fills the sample by lot, with as many clusters as there are.
func (s *sample) draw(random *rand.Rand) {
	m := uint64(len(s.counts))
	clear(s.counts)
	for range len(s.counts) / 2 { // two draws of 32 bits; with at most mostClusters clusters their bias is below 1e-6
		x := random.Uint64()
		s.counts[(x>>32)*m>>32]++
		s.counts[(x&math.MaxUint32)*m>>32]++
	}
	if m%2 == 1 {
		s.counts[random.Uint64N(m)]++
	}
}

// estimate returns the estimate and its standard error on a sample. The error is that of the linearised estimator: each cluster's influence is
// Σₖ cₖ (aₖ − θₖ bₖ)/B̄ₖ (Cochran, Sampling Techniques, 3rd ed., section 6.3), and the clusters' mean square, with m−1 for m, gives the variance.
func (r *Ratios) estimate(s *sample) (value, se float64) {
	m := float64(len(s.counts))
	var squares float64
	if r.terms == 1 {
		value, squares = s.ratio(r.signs[0])
	} else {
		value = r.total(s)
		squares = r.spread(s)
	}
	return value, math.Sqrt(squares * m / (m - 1))
}

// ratio returns the estimate of one term, and the sum of the squares of the influences.
func (s *sample) ratio(sign float64) (value, squares float64) {
	var a, b, aa, ab, bb float64
	for u, c := range s.counts {
		row := s.moments[5*u : 5*u+5]
		a += c * row[0]
		b += c * row[1]
		aa += c * row[2]
		ab += c * row[3]
		bb += c * row[4]
	}
	ratio := a / b
	return sign * ratio, max(aa-2*ratio*ab+ratio*ratio*bb, 0) / (b * b)
}

// total returns the estimate, and fills in totals and slopes.
func (r *Ratios) total(s *sample) (value float64) {
	w := 2 * r.terms
	clear(s.totals)
	for u, c := range s.counts {
		for i, x := range r.sums[u*w : u*w+w] {
			s.totals[i] += c * x
		}
	}
	for k := range r.terms {
		ratio := s.totals[2*k] / s.totals[2*k+1]
		value += r.signs[k] * ratio
		s.slopes[2*k] = r.signs[k] / s.totals[2*k+1]
		s.slopes[2*k+1] = -r.signs[k] * ratio / s.totals[2*k+1]
	}
	return value
}

// spread returns the sum of the squares of the influences.
func (r *Ratios) spread(s *sample) (squares float64) {
	w := 2 * r.terms
	for u, c := range s.counts {
		var influence float64
		for i, x := range r.sums[u*w : u*w+w] {
			influence += s.slopes[i] * x
		}
		squares += c * influence * influence
	}
	return squares
}

// Value returns the estimate alone; NaN where a sum to divide by is 0.
func (r *Ratios) Value() float64 {
	var value float64
	for k := range r.terms {
		var a, b float64
		for at := 2 * k; at < len(r.sums); at += 2 * r.terms {
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

// Estimate returns the estimate with the studentised bootstrap interval over clusters (Efron and Tibshirani, An Introduction to the Bootstrap,
// section 12.5; Hall, The Bootstrap and Edgeworth Expansion, section 3.5: it is right to the second order, so that skewed sums are covered on both sides). Where
// there is none it returns the value and ErrFew or ErrFlat. No more is to be added afterwards. Cost: resamples × clusters × terms.
func (r *Ratios) Estimate(o Options) (Estimate, error) {
	o = o.withDefaults()
	out := None()
	out.Value = r.Value()
	r.fold()
	m := r.clusters()
	if m < LeastClusters {
		return out, fmt.Errorf("%w: %d, at least %d are needed", ErrFew, m, LeastClusters)
	}
	s := r.newSample()
	_, se := r.estimate(s)
	if math.IsNaN(out.Value) || !(se > 0) {
		return out, ErrFlat
	}
	ts := r.studentised(s, out.Value, o)
	low, high := quantile(ts, (1-o.Level)/2), quantile(ts, (1+o.Level)/2)
	if math.IsInf(low, 0) || math.IsInf(high, 0) || math.IsNaN(low+high) {
		return out, ErrFlat
	}
	out.Error = se
	out.Interval = Interval{out.Value - high*se, out.Value - low*se}
	return out, nil
}

// studentised returns (θ* − θ)/se* of resamples, in order.
func (r *Ratios) studentised(s *sample, value float64, o Options) []float64 {
	random := rand.New(rand.NewPCG(o.Seed, 0x5ca1ab1e))
	ts := make([]float64, o.Resamples)
	for b := range ts {
		s.draw(random)
		again, se := r.estimate(s)
		switch d := again - value; {
		case se > 0:
			ts[b] = d / se
		case d < 0 || math.IsNaN(d):
			ts[b] = math.Inf(-1)
		default:
			ts[b] = math.Inf(1)
		}
	}
	slices.Sort(ts)
	return ts
}

// quantile returns the p-quantile of sorted values, between two where it falls between (definition 6 of Hyndman and Fan, 1996).
func quantile(sorted []float64, p float64) float64 {
	at := p*float64(len(sorted)+1) - 1
	i := int(math.Floor(at))
	switch {
	case i < 0:
		return sorted[0]
	case i >= len(sorted)-1:
		return sorted[len(sorted)-1]
	}
	low, high := sorted[i], sorted[i+1]
	if low == high {
		return low
	}
	return low + (at-float64(i))*(high-low)
}

// Variance returns the square of the standard error; NaN for fewer than two clusters. No more is to be added afterwards.
func (r *Ratios) Variance() float64 {
	r.fold()
	if r.clusters() < 2 {
		return math.NaN()
	}
	_, se := r.estimate(r.newSample())
	return se * se
}

// Normal returns the estimate with an interval of the normal distribution: no resampling, and not right to the second order. Errors are those of Estimate.
func (r *Ratios) Normal(o Options) (Estimate, error) {
	o = o.withDefaults()
	out := None()
	out.Value = r.Value()
	r.fold()
	if m := r.clusters(); m < LeastClusters {
		return out, fmt.Errorf("%w: %d, at least %d are needed", ErrFew, m, LeastClusters)
	}
	_, se := r.estimate(r.newSample())
	if math.IsNaN(out.Value) || math.IsNaN(se) {
		return out, ErrFlat
	}
	z := distuv.UnitNormal.Quantile((1 + o.Level) / 2)
	out.Error = se
	out.Interval = Interval{out.Value - z*se, out.Value + z*se}
	return out, nil
}
