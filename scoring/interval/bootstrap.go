package interval

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// flat is the least standard error of an interval, relative to the estimate: below it there is nothing but rounding.
const flat = 1e-7

// Estimate returns the estimate with the studentised bootstrap interval over clusters (Efron and Tibshirani, An Introduction to the Bootstrap,
// section 12.5; Hall, The Bootstrap and Edgeworth Expansion, section 3.5: it is right to the second order, so that skewed sums are covered on both sides). A single ratio of sums of
// which no part is below 0 is studentised on the scale of its logarithm, where rare rewards are less skewed (section 12.6 of the former). The interval is then widened by Student's
// quantile over the normal's, with the degrees of freedom of a variance whose own variance is that of the clusters' squares, 2m/(κ − 1) with their kurtosis κ (Satterthwaite,
// Biometrics Bulletin 2(6), 1946): an allowance for tails that so few clusters cannot show. On the plain scale its level is raised by what the bootstrap lacks of it in the next order, see lacking. Where there is no interval it returns the value and ErrFew or ErrFlat. Cost: resamples × clusters × terms.
func (r *Ratios) Estimate(o Options) (Estimate, error) {
	o = o.withDefaults()
	out := None()
	out.Value = r.Value()
	r = r.full()
	m := r.clusters()
	if m < LeastClusters {
		return out, fmt.Errorf("%w: %d, at least %d are needed", ErrFew, m, LeastClusters)
	}
	s := r.newSample()
	_, se := r.estimate(s)
	if math.IsNaN(out.Value) || !(se > flat*(math.Abs(out.Value)+math.Abs(r.offset))) {
		return out, ErrFlat
	}
	tails := r.tails(s)
	widened, level, logs := tails.widened(o.Level), o.Level, r.isPositive()
	ts := r.studentised(s, out.Value, logs, o)
	if !logs {
		level += min(tails.lacking(o.Level), (1-o.Level)*mostLacking)
	}
	low, high := quantile(ts, (1-level)/2)*widened, quantile(ts, (1+level)/2)*widened
	if math.IsInf(low, 0) || math.IsInf(high, 0) || math.IsNaN(low+high) {
		return out, ErrFlat
	}
	out.Error = se
	out.Interval = Interval{out.Value - high*se, out.Value - low*se}
	if logs {
		out.Interval = Interval{out.Value * math.Exp(-high*se/out.Value), out.Value * math.Exp(-low*se/out.Value)}
	}
	return out, nil
}

// isPositive reports whether the estimator is one ratio of which no part is below 0.
func (r *Ratios) isPositive() bool {
	if len(r.signs) > 1 || r.signs[0] != 1 || r.offset != 0 {
		return false
	}
	return !slices.ContainsFunc(r.sums, func(x float64) bool { return x < 0 })
}

// tails are moments of the clusters' influences.
type tails struct{ clusters, skewness, kurtosis float64 }

// tails measures those of the sample that holds each cluster once.
func (r *Ratios) tails(s *sample) tails {
	r.total(s)
	var squares, cubes, fourths float64
	m := float64(len(s.counts))
	for u := range s.counts {
		x := r.influence(s, u)
		squares += x * x
		cubes += x * x * x
		fourths += x * x * x * x
	}
	return tails{m, math.Sqrt(m) * cubes / (squares * math.Sqrt(squares)), m * fourths / (squares * squares)}
}

// widened returns Student's quantile over the normal's.
func (t tails) widened(level float64) float64 {
	p := (1 + level) / 2
	freedom := 2 * t.clusters / max(t.kurtosis-1, 1e-6*t.clusters)
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: max(freedom, 2)}.Quantile(p) / distuv.UnitNormal.Quantile(p)
}

// mostLacking bounds how much of its distance from 1 a level is raised.
const mostLacking = 0.8

// lacking returns by how much the studentised bootstrap of a mean falls short of its level for want of knowing the skewness: z φ(z) (1 + 2z²) (κ − 3γ²/2) / 3m, with the excess kurtosis κ
// and the skewness γ (Hall, "Theoretical Comparison of Bootstrap Confidence Intervals", Annals of Statistics 16(3), 1988, table 1); 0 where it does not.
func (t tails) lacking(level float64) float64 {
	z := distuv.UnitNormal.Quantile((1 + level) / 2)
	unknown := t.kurtosis - 3 - 1.5*t.skewness*t.skewness
	return max(z*distuv.UnitNormal.Prob(z)*(1+2*z*z)*unknown/(3*t.clusters), 0)
}

// studentised returns (θ* − θ)/se* of resamples, in order; of logarithms that is (ln θ* − ln θ) θ*/se*.
func (r *Ratios) studentised(s *sample, value float64, logs bool, o Options) []float64 {
	random := rand.NewPCG(o.Seed, 0x5ca1ab1e)
	ts := make([]float64, o.Resamples)
	for b := range ts {
		s.draw(random)
		again, se := r.estimate(s)
		d := again - value
		if logs {
			d = math.Log(again/value) * again
		}
		switch {
		case logs && !(again > 0):
			ts[b] = math.Inf(-1)
		case se > 0:
			ts[b] = d / se
		case again > value:
			ts[b] = math.Inf(1)
		default:
			ts[b] = math.Inf(-1)
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

// Variance returns the square of the standard error; NaN for fewer than two clusters.
func (r *Ratios) Variance() float64 {
	r = r.full()
	if r.clusters() < 2 {
		return math.NaN()
	}
	_, se := r.estimate(r.newSample())
	return se * se
}

// Normal returns the estimate with an interval of the normal distribution, on the scale that Estimate takes: no resampling, and not right to the second order. Errors are those of Estimate.
func (r *Ratios) Normal(o Options) (Estimate, error) {
	o = o.withDefaults()
	out := None()
	out.Value = r.Value()
	r = r.full()
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
	if out.Value > 0 && r.isPositive() {
		out.Interval = Interval{out.Value * math.Exp(-z*se/out.Value), out.Value * math.Exp(z*se/out.Value)}
	}
	return out, nil
}
