package bandit

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"gonum.org/v1/gonum/optimize"

	"github.com/sihai-network/sihai/scoring"
	"github.com/sihai-network/sihai/scoring/tuning"
)

// Belief is what is believed of the weights of a logistic model of clicks: independent normal distributions. It is immutable.
//
// Source: Chapelle, Li, "An Empirical Evaluation of Thompson Sampling", NIPS 2011, algorithm 3: the mode of the posterior of a batch, and Laplace's approximation of
// its diagonal.
type Belief struct {
	Features   []string
	Means      []float64 // by feature, and of the bias behind them
	Precisions []float64 // 1 / variance, above 0
	Examples   int       // rows that were learnt from
	// Known are features of which the weight is known, and not learnt: nil for none.
	Known map[string]float64
}

// NewBelief returns what is believed before any data: means of 0 and a deviation, above 0, for each weight and the bias.
func NewBelief(features []string, deviation float64) (Belief, error) {
	if !(deviation > 0) || math.IsInf(deviation, 0) {
		return Belief{}, fmt.Errorf("belief: a deviation of %v is not a finite number above 0", deviation)
	}
	b := Belief{Features: slices.Clone(features), Means: make([]float64, len(features)+1), Precisions: make([]float64, len(features)+1)}
	for j := range b.Precisions {
		b.Precisions[j] = 1 / (deviation * deviation)
	}
	return b, nil
}

// example is a row of a batch with the bias behind its features.
type example struct {
	x         []float64
	known     float64 // what the features add of which the weight is known
	y, weight float64
}

// Learn returns the belief after a batch: the rows that were shown and of which it is known what came of them, each weighing as the data say. A missing value counts as
// 0. It fails where the data lack a feature, and with ctx's error when that ends first.
func (b Belief) Learn(ctx context.Context, d *tuning.Dataset) (Belief, error) {
	examples, err := b.examples(d)
	if err != nil {
		return Belief{}, fmt.Errorf("learn: %w", err)
	}
	out := Belief{Features: b.Features, Means: slices.Clone(b.Means), Precisions: slices.Clone(b.Precisions), Examples: b.Examples + len(examples), Known: b.Known}
	if len(examples) == 0 {
		return out, nil
	}
	problem := optimize.Problem{
		Func: func(w []float64) float64 { return b.loss(w, nil, examples) },
		Grad: func(grad, w []float64) { b.loss(w, grad, examples) },
	}
	result, err := optimize.Minimize(problem, b.Means, &optimize.Settings{GradientThreshold: 1e-8, MajorIterations: 500, Recorder: interrupt{ctx}}, &optimize.LBFGS{})
	if ctx.Err() != nil {
		return Belief{}, ctx.Err()
	}
	if result == nil || math.IsNaN(result.F) { // a line search that finds nothing lower has come as far as the digits go
		return Belief{}, fmt.Errorf("learn: %w", errors.Join(err, errors.New("no mode was found")))
	}
	copy(out.Means, result.X)
	for _, e := range examples {
		p := chance(out.Means, &e)
		for j, x := range e.x {
			out.Precisions[j] += e.weight * x * x * p * (1 - p)
		}
	}
	return out, nil
}

func (b Belief) examples(d *tuning.Dataset) (out []example, err error) {
	columns := make([]int, len(b.Features))
	for j, name := range b.Features {
		if columns[j] = d.Column(name); columns[j] < 0 {
			return nil, fmt.Errorf("the data has no feature %.64q", name)
		}
	}
	known := make([]float64, len(d.Features))
	for _, name := range slices.Sorted(maps.Keys(b.Known)) {
		c := d.Column(name)
		if c < 0 {
			return nil, fmt.Errorf("the data has no feature %.64q", name)
		}
		known[c] = b.Known[name]
	}
	for i := range d.Rows() {
		y := d.Label(i)
		if math.IsNaN(y) || d.Shown != nil && !d.Shown[i] {
			continue
		}
		e := example{x: make([]float64, len(columns)+1), y: min(max(y, 0), 1), weight: d.Weight(i)}
		for j, c := range columns {
			if v := d.Row(i)[c]; !math.IsNaN(v) {
				e.x[j] = v
			}
		}
		e.x[len(columns)] = 1
		for c, w := range known {
			if v := d.Row(i)[c]; w != 0 && !math.IsNaN(v) {
				e.known += w * v
			}
		}
		out = append(out, e)
	}
	return out, nil
}

// loss is the negative logarithm of the posterior, but for a constant.
func (b Belief) loss(w, grad []float64, examples []example) (sum float64) {
	clear(grad)
	for j, x := range w {
		d := x - b.Means[j]
		sum += b.Precisions[j] / 2 * d * d
		if grad != nil {
			grad[j] = b.Precisions[j] * d
		}
	}
	for i := range examples {
		e := &examples[i]
		s := e.logit(w)
		sum += e.weight * (math.Max(s, 0) + math.Log1p(math.Exp(-math.Abs(s))) - e.y*s)
		slope := e.weight * (1/(1+math.Exp(-s)) - e.y)
		for j := range grad {
			grad[j] += slope * e.x[j]
		}
	}
	return sum
}

func (e *example) logit(w []float64) float64 {
	s := e.known
	for j, x := range e.x {
		s += w[j] * x
	}
	return s
}

func chance(w []float64, e *example) float64 { return 1 / (1 + math.Exp(-e.logit(w))) }

// Deviations returns the standard deviation of each weight, by feature.
func (b Belief) Deviations() map[string]float64 {
	out := make(map[string]float64, len(b.Features))
	for j, name := range b.Features {
		out[name] = 1 / math.Sqrt(b.Precisions[j])
	}
	return out
}

// Profile returns a linear profile of the belief, with the rules of like and an exploration that draws from it. It fails where a profile cannot hold it.
func (b Belief) Profile(like scoring.Profile, e scoring.Explore) (scoring.Profile, error) {
	p := like
	p.Version, p.Kind, p.Model, p.Weights, p.Bias, p.Floor = 0, scoring.KindLinear, nil, map[string]float64{}, b.Means[len(b.Features)], -scoring.MaxFloor
	for j, name := range b.Features {
		p.Weights[name] = b.Means[j]
	}
	p.Explore = e
	p.Explore.Deviations = b.Deviations()
	if err := p.Validate(); err != nil {
		return scoring.Profile{}, fmt.Errorf("profile of the belief: %w", err)
	}
	return p, nil
}

// interrupt ends a minimisation with its context.
type interrupt struct{ ctx context.Context }

func (i interrupt) Init() error { return nil }

func (i interrupt) Record(*optimize.Location, optimize.Operation, *optimize.Stats) error {
	return i.ctx.Err()
}
