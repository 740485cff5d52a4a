package fit

import (
	"errors"
	"fmt"
	"math"

	"github.com/sihai-network/sihai/scoring/tuning"
)

// Loss is what a fit makes small.
type Loss string

// The losses, each a mean over examples or clicks.
const (
	// Logistic is the negative log-likelihood of each row's outcome: its scores are calibrated log-odds.
	Logistic Loss = "logistic"
	// Pairwise is that of each click against each row of its group that came to less. Source: Burges et al., "Learning to Rank using Gradient Descent",
	// ICML 2005, section 3. Where positions are corrected, the scores of a pair become log-odds of clicks, see Options.Positions.
	Pairwise Loss = "pairwise"
	// Listwise is the cross entropy of the group's clicks and the softmax of its scores. Source: Cao et al., "Learning to Rank: From Pairwise Approach to
	// Listwise Approach", ICML 2007, section 4, with top-one probabilities.
	Listwise Loss = "listwise"
)

// Penalty holds weights down: L1 × Σ|w| + L2/2 × Σw², of weights for features that are scaled to a deviation of 1. Both are at least 0.
type Penalty struct {
	L1 float64 `json:"l1"`
	L2 float64 `json:"l2"`
}

// Baseline is another way to score that a fit is held against.
type Baseline struct {
	Name string
	// Score returns the score of each row of a data set, in order.
	Score func(d *tuning.Dataset) []float64
}

// Options says how to fit. The zero value of a field means its default.
type Options struct {
	Loss     Loss     // empty: Listwise
	Features []string // columns with a weight of their own; nil: all
	// Buckets divides features into so many buckets of equal counts, from 2 to MaxBuckets, each with a weight. A feature of fewer values has one for each.
	Buckets map[string]int
	// Crosses gives each pair of buckets of two features a weight. Features that are not in Buckets get CrossBuckets.
	Crosses [][2]string
	Signs   map[string]int // +1: the weight must not be below 0; -1: not above

	Penalties []Penalty // tried in turn; nil: DefaultPenalties. Of equals the first is taken
	// Holdout is the share of groups, the last ones by time, that the fit never sees and its report is about, in (0, 0.9]. 0: 0.2.
	Holdout float64
	// Validation is the share of the other groups, the last ones by time, by which the penalty is chosen, in (0, 0.9]. 0: 0.2.
	Validation float64
	// Positions corrects clicks for where offers were shown; it needs positions in the data. Under Listwise a click counts for all who would have clicked, had they
	// looked; under Logistic and Pairwise the chance of a click is that of a look times that of a wish.
	Positions bool

	// Uncertainty asks for intervals of the weights: some passes over the data.
	Uncertainty bool
	// Curve asks for fits to these shares of the data, in (0, 1], and what each is worth on the hold-out.
	Curve []float64

	Baselines  []Baseline
	Seed       uint64
	Iterations int // at most, of one fit; 0: 300
	// Progress is told of steps done and the steps there are, from one goroutine. Nil: nobody is.
	Progress func(done, of int)
}

// The bounds of Options.
const (
	MaxBuckets   = 256
	CrossBuckets = 8
	MaxCrosses   = 64
	MaxTerms     = 100_000 // weights in all
)

// DefaultPenalties returns those that are tried when none are given.
func DefaultPenalties() []Penalty {
	return []Penalty{{L2: 1e-2}, {L2: 1e-3}, {L2: 1e-4}, {L2: 1e-6}}
}

// AllFeatures returns the names of a data set's features.
func AllFeatures(d *tuning.Dataset) []string { return d.Features }

// settled returns o with its defaults, or everything that is wrong with it.
func (o Options) settled(d *tuning.Dataset) (Options, error) {
	if o.Loss == "" {
		o.Loss = Listwise
	}
	if o.Features == nil {
		o.Features = d.Features
	}
	if o.Penalties == nil {
		o.Penalties = DefaultPenalties()
	}
	if o.Holdout == 0 {
		o.Holdout = 0.2
	}
	if o.Validation == 0 {
		o.Validation = 0.2
	}
	if o.Iterations == 0 {
		o.Iterations = 300
	}
	return o, errors.Join(append(o.faultsOfNames(d), o.faultsOfNumbers(d)...)...)
}

func (o Options) faultsOfNames(d *tuning.Dataset) (faults []error) {
	known := func(what, name string) {
		if d.Column(name) < 0 {
			faults = append(faults, fmt.Errorf("%s: the data has no feature %.64q", what, name))
		}
	}
	seen := map[string]bool{}
	for _, name := range o.Features {
		known("features", name)
		if seen[name] {
			faults = append(faults, fmt.Errorf("features: %.64q comes twice", name))
		}
		seen[name] = true
	}
	for _, name := range sortedKeys(o.Buckets) {
		known("buckets", name)
		if n := o.Buckets[name]; n < 2 || n > MaxBuckets {
			faults = append(faults, fmt.Errorf("buckets: %d of %s is not between 2 and %d", n, name, MaxBuckets))
		}
	}
	for _, pair := range o.Crosses {
		known("crosses", pair[0])
		known("crosses", pair[1])
		if pair[0] == pair[1] {
			faults = append(faults, fmt.Errorf("crosses: %s with itself", pair[0]))
		}
	}
	if len(o.Crosses) > MaxCrosses {
		faults = append(faults, fmt.Errorf("crosses: %d, at most %d", len(o.Crosses), MaxCrosses))
	}
	for _, name := range sortedKeys(o.Signs) {
		if !seen[name] {
			faults = append(faults, fmt.Errorf("signs: %.64q is not among the features", name))
		}
		if s := o.Signs[name]; s != 1 && s != -1 {
			faults = append(faults, fmt.Errorf("signs: %d of %s is neither 1 nor -1", s, name))
		}
	}
	return faults
}

func (o Options) faultsOfNumbers(d *tuning.Dataset) (faults []error) {
	switch o.Loss {
	case Logistic, Pairwise, Listwise:
	default:
		faults = append(faults, fmt.Errorf("loss: %.64q is none of %s, %s, %s", o.Loss, Logistic, Pairwise, Listwise))
	}
	if len(o.Penalties) == 0 {
		faults = append(faults, errors.New("penalties: none"))
	}
	for i, p := range o.Penalties {
		if !(p.L1 >= 0) || !(p.L2 >= 0) || math.IsInf(p.L1, 0) || math.IsInf(p.L2, 0) {
			faults = append(faults, fmt.Errorf("penalties[%d]: L1 %v and L2 %v are not both at least 0", i, p.L1, p.L2))
		}
	}
	for _, share := range []struct {
		name  string
		value float64
	}{{"holdout", o.Holdout}, {"validation", o.Validation}} {
		if !(share.value > 0 && share.value <= 0.9) {
			faults = append(faults, fmt.Errorf("%s: %v is not above 0 and at most 0.9", share.name, share.value))
		}
	}
	for i, share := range o.Curve {
		if !(share > 0 && share <= 1) {
			faults = append(faults, fmt.Errorf("curve[%d]: %v is not above 0 and at most 1", i, share))
		}
	}
	if o.Iterations < 1 {
		faults = append(faults, fmt.Errorf("iterations: %d is below 1", o.Iterations))
	}
	if d.Labels == nil {
		faults = append(faults, errors.New("the data does not say what came of any row"))
	}
	if o.Positions && d.Positions == nil {
		faults = append(faults, errors.New("positions: the data does not say where rows were shown"))
	}
	return faults
}
