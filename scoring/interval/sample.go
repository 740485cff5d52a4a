package interval

import (
	"math"
	"math/rand/v2"
)

// sample is a resample of clusters, and room for its sums.
type sample struct {
	counts  []float64 // of each cluster; where there is one term, of the first sample only
	moments []moments // of each cluster, where there is one term
	sum     moments   // of the sample, where there is one term
	totals  []float64 // as a row of sums
	slopes  []float64 // of each term: what a and b of a cluster add to the estimate
}

// moments are a, b, aa, ab and bb of a term's sums.
type moments [5]float64

func (m *moments) add(x *moments) {
	for i, v := range x {
		m[i] += v
	}
}

// newSample returns the sample in which each cluster is once.
func (r *Ratios) newSample() *sample {
	s := &sample{counts: make([]float64, r.clusters()), totals: make([]float64, 2*len(r.signs)), slopes: make([]float64, 2*len(r.signs))}
	for i := range s.counts {
		s.counts[i] = 1
	}
	if len(r.signs) == 1 {
		for u := range s.counts {
			a, b := r.sums[2*u], r.sums[2*u+1]
			s.moments = append(s.moments, moments{a, b, a * a, a * b, b * b})
			s.sum.add(&s.moments[u])
		}
	}
	return s
}

// lotBits are taken of a random number for one cluster; with at most mostClusters clusters the bias is below 0.001 of a chance.
const lotBits, lots = 21, 3

// lot returns a cluster of m, and what is left of a random number.
func lot(x, m uint64) (cluster, rest uint64) {
	return (x & (1<<lotBits - 1)) * m >> lotBits, x >> lotBits
}

// draw fills the sample by lot, with as many clusters as there are.
func (s *sample) draw(random *rand.PCG) {
	if s.moments != nil {
		s.drawMoments(random)
		return
	}
	m := len(s.counts)
	clear(s.counts)
	var x, u uint64
	for i := range m {
		if i%lots == 0 {
			x = random.Uint64()
		}
		u, x = lot(x, uint64(m))
		s.counts[u]++
	}
}

// drawMoments is draw where there is one term.
func (s *sample) drawMoments(random *rand.PCG) {
	m := uint64(len(s.moments))
	var a, b, aa, ab, bb float64
	var x, u uint64
	for i := range m {
		if i%lots == 0 {
			x = random.Uint64()
		}
		u, x = lot(x, m)
		row := &s.moments[u]
		a += row[0]
		b += row[1]
		aa += row[2]
		ab += row[3]
		bb += row[4]
	}
	s.sum = moments{a, b, aa, ab, bb}
}

// estimate returns the estimate and its standard error on a sample. The error is that of the linearised estimator: each cluster's influence is
// Σₖ cₖ (aₖ − θₖ bₖ)/B̄ₖ (Cochran, Sampling Techniques, 3rd ed., section 6.3), and the clusters' mean square, with m−1 for m, gives the variance.
func (r *Ratios) estimate(s *sample) (value, se float64) {
	m := float64(len(s.counts))
	var squares float64
	if len(r.signs) == 1 {
		value, squares = s.ratio(r.signs[0])
		value += r.offset
	} else {
		value = r.total(s)
		squares = r.spread(s)
	}
	return value, math.Sqrt(squares * m / (m - 1))
}

// ratio returns the estimate of one term, and the sum of the squares of the influences.
func (s *sample) ratio(sign float64) (value, squares float64) {
	a, b, aa, ab, bb := s.sum[0], s.sum[1], s.sum[2], s.sum[3], s.sum[4]
	ratio := a / b
	return sign * ratio, max(aa-2*ratio*ab+ratio*ratio*bb, 0) / (b * b)
}

// total returns the estimate, and fills in totals and slopes.
func (r *Ratios) total(s *sample) (value float64) {
	value = r.offset
	w := 2 * len(r.signs)
	clear(s.totals)
	for u, c := range s.counts {
		for i, x := range r.sums[u*w : u*w+w] {
			s.totals[i] += c * x
		}
	}
	for k := range r.signs {
		ratio := s.totals[2*k] / s.totals[2*k+1]
		value += r.signs[k] * ratio
		s.slopes[2*k] = r.signs[k] / s.totals[2*k+1]
		s.slopes[2*k+1] = -r.signs[k] * ratio / s.totals[2*k+1]
	}
	return value
}

// spread returns the sum of the squares of the influences.
func (r *Ratios) spread(s *sample) (squares float64) {
	for u, c := range s.counts {
		x := r.influence(s, u)
		squares += c * x * x
	}
	return squares
}

// influence is what a cluster adds to the estimate, linearised by slopes.
func (r *Ratios) influence(s *sample, u int) (sum float64) {
	for i, x := range r.row(u) {
		sum += s.slopes[i] * x
	}
	return sum
}
