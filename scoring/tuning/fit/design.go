package fit

import (
	"maps"
	"math"
	"slices"
	"sort"

	"github.com/sihai-network/sihai/scoring/tuning"
)

// design is a data set as a fit sees it: dense features, and terms of which each row has one weight each. It is immutable.
type design struct {
	data    *tuning.Dataset
	values  []float64 // of the data set, with the column's mean for what is missing
	columns []int     // of the dense features
	scales  []float64 // their deviations on the rows of training; 1 where there is none
	means   []float64
	terms   []term
	hot     []int32 // rows × terms: the weight's number among all of terms
	hots    int     // weights of all terms
}

// constant is a deviation, relative to the mean, that is but the rounding of a feature that never differs. Scaled by it, its weight could be anything.
const constant = 1e-9

// term is a feature in buckets, or two of them crossed.
type term struct {
	columns []int       // one or two
	edges   [][]float64 // of each: a value below edges[0] is in bucket 0
	first   int         // its first weight
}

// size is the number of a term's weights.
func (t *term) size() int {
	n := 1
	for _, e := range t.edges {
		n *= len(e) + 1
	}
	return n
}

// bucketOf returns the bucket of a value: the number of edges that are not above it.
func bucketOf(edges []float64, x float64) int {
	return sort.Search(len(edges), func(i int) bool { return x < edges[i] })
}

// at returns which weight of all a row has.
func (t *term) at(row []float64) int {
	n := 0
	for i, c := range t.columns {
		n = n*(len(t.edges[i])+1) + bucketOf(t.edges[i], row[c])
	}
	return t.first + n
}

// newDesign lays out a data set. Means, scales and edges are those of the groups of training.
func newDesign(d *tuning.Dataset, o *Options, training []int) *design {
	x := &design{data: d}
	x.fillGaps(training)
	for _, name := range o.Features {
		c := d.Column(name)
		mean, deviation := x.moments(training, c)
		if deviation <= constant*max(math.Abs(mean), 1) {
			deviation = 1
		}
		x.columns, x.means, x.scales = append(x.columns, c), append(x.means, mean), append(x.scales, deviation)
	}
	for _, name := range sortedKeys(o.Buckets) {
		x.addTerm(training, []int{d.Column(name)}, []int{o.Buckets[name]})
	}
	for _, pair := range o.Crosses {
		var columns, counts []int
		for _, name := range pair {
			n := o.Buckets[name]
			if n == 0 {
				n = CrossBuckets
			}
			columns, counts = append(columns, d.Column(name)), append(counts, n)
		}
		x.addTerm(training, columns, counts)
	}
	x.fillHot()
	return x
}

// fillGaps puts the mean of a column for what is missing. Without gaps the values stay the data set's own.
func (x *design) fillGaps(training []int) {
	x.values = x.data.Values
	if !slices.ContainsFunc(x.values, math.IsNaN) {
		return
	}
	x.values = slices.Clone(x.values)
	w := x.data.Width()
	for c := range w {
		mean, _ := x.moments(training, c)
		for i := c; i < len(x.values); i += w {
			if math.IsNaN(x.values[i]) {
				x.values[i] = mean
			}
		}
	}
}

// moments returns the mean and deviation of a column over what is known of it in some groups; 0 where nothing is.
func (x *design) moments(groups []int, column int) (mean, deviation float64) {
	n, sum, squares := 0.0, 0.0, 0.0
	w := x.data.Width()
	for _, g := range groups {
		from, to := x.data.Group(g)
		for i := from; i < to; i++ {
			if v := x.values[i*w+column]; !math.IsNaN(v) {
				n++
				d := v - sum/max(n-1, 1)
				sum += v
				squares += d * (v - sum/n)
			}
		}
	}
	if n == 0 {
		return 0, 0
	}
	return sum / n, math.Sqrt(max(squares, 0) / n)
}

// sampled bounds the values from which the edges of buckets are taken.
const sampled = 200_000

// edges divides what is known of a column into at most n buckets of about equal counts. Edges are numbers of single precision, as trees have them.
func (x *design) edges(groups []int, column, n int) []float64 {
	var values []float64
	w := x.data.Width()
	rows := 0
	for _, g := range groups {
		from, to := x.data.Group(g)
		rows += to - from
	}
	step, at := max(rows/sampled, 1), 0
	for _, g := range groups {
		from, to := x.data.Group(g)
		for i := from; i < to; i++ {
			if at++; at%step == 0 {
				values = append(values, x.values[i*w+column])
			}
		}
	}
	slices.Sort(values)
	distinct := slices.Compact(slices.Clone(values))
	var edges []float64
	add := func(below, above float64) {
		e := float64(float32((below + above) / 2))
		if e > below && e <= above && (len(edges) == 0 || e > edges[len(edges)-1]) {
			edges = append(edges, e)
		}
	}
	if len(distinct) <= n {
		for i := 1; i < len(distinct); i++ {
			add(distinct[i-1], distinct[i])
		}
		return edges
	}
	for i := 1; i < n; i++ {
		v := values[i*len(values)/n]
		if at, _ := slices.BinarySearch(distinct, v); at > 0 {
			add(distinct[at-1], v)
		}
	}
	return edges
}

func (x *design) addTerm(training, columns, counts []int) {
	t := term{columns: columns, first: x.hots}
	for i, c := range columns {
		t.edges = append(t.edges, x.edges(training, c, counts[i]))
	}
	x.hots += t.size()
	x.terms = append(x.terms, t)
}

func (x *design) fillHot() {
	if len(x.terms) == 0 {
		return
	}
	w := x.data.Width()
	x.hot = make([]int32, x.data.Rows()*len(x.terms))
	for i := range x.data.Rows() {
		row := x.values[i*w : (i+1)*w]
		for j := range x.terms {
			x.hot[i*len(x.terms)+j] = int32(x.terms[j].at(row))
		}
	}
}

// model is what a fit finds: log-odds or a score of any scale.
type model struct {
	bias float64
	w    []float64 // by dense feature, for its values as they are
	hot  []float64 // by weight of the terms
}

// score returns the score of a row.
func (x *design) score(m *model, i int) float64 {
	w := x.data.Width()
	row := x.values[i*w : (i+1)*w]
	sum := m.bias
	for j, c := range x.columns {
		sum += m.w[j] * row[c]
	}
	n := len(x.terms)
	for _, at := range x.hot[i*n : (i+1)*n] {
		sum += m.hot[at]
	}
	return sum
}

// scores returns those of all rows.
func (x *design) scores(m *model) []float64 {
	out := make([]float64, x.data.Rows())
	for i := range out {
		out[i] = x.score(m, i)
	}
	return out
}

func sortedKeys[V any](by map[string]V) []string { return slices.Sorted(maps.Keys(by)) }
