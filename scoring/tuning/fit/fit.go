package fit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/sihai-network/sihai/scoring/tuning"
)

// Result is a fit: what it found, and what that is worth.
type Result struct {
	Report  Report
	x       *design
	model   *model
	holdout []int
}

// Report tells of a fit.
type Report struct {
	Loss       Loss      `json:"loss"`
	Seed       uint64    `json:"seed"`
	Training   Sample    `json:"training"`
	Validation Sample    `json:"validation"`
	Holdout    Sample    `json:"holdout"`
	Positions  []float64 `json:"examination,omitempty"` // relative chance that each position is looked at, from the first
	Trials     []Trial   `json:"trials"`
	Chosen     Penalty   `json:"penalty"`
	Iterations int       `json:"iterations"`
	Converged  bool      `json:"converged"`
	Bias       float64   `json:"bias"`
	Weights    []Weight  `json:"weights"` // for features as they are, in the order of Options.Features
	Terms      []Term    `json:"terms,omitempty"`
	// NoIntervals says why the weights have none although they were asked for.
	NoIntervals string       `json:"why_no_intervals,omitempty"`
	Curve       []CurvePoint `json:"learning_curve,omitempty"`
	// Measures are those of the fit, and then of the baselines, on the hold-out.
	Measures []Measures `json:"measures"`
}

// Sample counts a part of the data: groups and rows of which it is known what came of them, and clicks.
type Sample struct {
	Groups int `json:"groups"`
	Rows   int `json:"rows"`
	Clicks int `json:"clicks"`
}

// Trial is a penalty and the loss that it led to on the validation part.
type Trial struct {
	L1   float64 `json:"l1"`
	L2   float64 `json:"l2"`
	Loss float64 `json:"loss"`
}

// Weight is that of a feature.
type Weight struct {
	Feature string  `json:"feature"`
	Weight  float64 `json:"weight"`
	// The standard error, and the interval of 95 % over users; nil where there is none, or none was asked for.
	Error *float64 `json:"standard_error,omitempty"`
	Low   *float64 `json:"low,omitempty"`
	High  *float64 `json:"high,omitempty"`
}

// Term is a feature in buckets, or a cross of two: weights by bucket of the first and then of the second.
type Term struct {
	Features []string    `json:"features"`
	Edges    [][]float64 `json:"edges"` // of each feature: what is below the first is in its first bucket
	Weights  []float64   `json:"weights"`
}

// ErrFew is returned when there are too few groups to fit and to judge.
var ErrFew = errors.New("too few groups of which it is known what came of them")

// Fit finds weights and judges them. It returns everything that is wrong with the options, ErrFew, or ctx's error when that ends first; then nothing is kept.
// Cost: linear in rows × weights, for each iteration of each penalty; 8 bytes for each row and term besides the data.
func Fit(ctx context.Context, d *tuning.Dataset, o Options) (*Result, error) {
	o, err := o.settled(d)
	if err != nil {
		return nil, fmt.Errorf("fit: %w", err)
	}
	s := splitOf(d, &o)
	if len(s.training) == 0 || len(s.validation) == 0 || len(s.holdout) == 0 {
		return nil, fmt.Errorf("fit: %w", ErrFew)
	}
	r := &Result{Report: Report{Loss: o.Loss, Seed: o.Seed}}
	run := fitting{ctx: ctx, o: &o, split: s, report: &r.Report, steps: len(o.Penalties) + 2 + len(o.Curve)}
	seen := slices.Concat(s.training, s.validation)
	run.x = newDesign(d, &o, seen)
	if n := 1 + len(run.x.columns) + run.x.hots; n > MaxTerms {
		return nil, fmt.Errorf("fit: %d weights, at most %d", n, MaxTerms)
	}
	if o.Positions {
		if run.exam, err = estimate(ctx, run.x, seen, o.Iterations); err != nil {
			return nil, fmt.Errorf("fit: examination of positions: %w", err)
		}
		r.Report.Positions = run.exam
	}
	run.step()
	params, err := run.search(seen)
	if err != nil {
		return nil, fmt.Errorf("fit: %w", err)
	}
	r.holdout = s.holdout
	r.x, r.model = run.x, newObjective(run.x, o.Loss, nil, nil, false).model(params)
	if o.Loss != Logistic {
		r.model.bias = 0 // no order hangs on it
	}
	r.tell(&run, d)
	run.step()
	if o.Uncertainty {
		r.uncertain(&run, params, seen)
	}
	if err := run.learn(seen); err != nil {
		return nil, fmt.Errorf("fit: learning curve: %w", err)
	}
	return r, nil
}

// fitting is a fit under way.
type fitting struct {
	ctx    context.Context
	o      *Options
	split  split
	x      *design
	exam   examination
	report *Report
	done   int
	steps  int
}

func (f *fitting) step() {
	f.done++
	if f.o.Progress != nil {
		f.o.Progress(f.done, f.steps)
	}
}

// search fits under each penalty, and then under the one that is best on the validation part to all that may be seen.
func (f *fitting) search(seen []int) (params []float64, err error) {
	training := newObjective(f.x, f.o.Loss, f.split.training, f.exam, false)
	validation := newObjective(f.x, f.o.Loss, f.split.validation, f.exam, false)
	best := -1
	params = make([]float64, training.params)
	for i, p := range f.o.Penalties {
		if params, _, err = f.descend(training, p, params); err != nil {
			return nil, err
		}
		loss := validation.evaluate(params, nil)
		f.report.Trials = append(f.report.Trials, Trial{p.L1, p.L2, loss})
		if best < 0 || loss < f.report.Trials[best].Loss {
			best = i
		}
		f.step()
	}
	f.report.Chosen = f.o.Penalties[best]
	all := newObjective(f.x, f.o.Loss, seen, f.exam, false)
	params, t, err := f.descend(all, f.report.Chosen, params)
	f.report.Iterations, f.report.Converged = t.Iterations, t.Converged
	return params, err
}

// descend fits under a penalty.
func (f *fitting) descend(of *objective, p Penalty, start []float64) ([]float64, trace, error) {
	of.penalty = p.L2
	if p.L1 == 0 && len(f.o.Signs) == 0 {
		return descend(f.ctx, of, start, f.o.Iterations)
	}
	b := &bounds{l1: make([]float64, of.params), signs: make([]int, of.params)}
	for j := 1; j < len(b.l1); j++ {
		b.l1[j] = p.L1
	}
	for j, name := range f.o.Features {
		b.signs[1+j] = f.o.Signs[name]
	}
	return descendWithin(f.ctx, of, b, start, f.o.Iterations)
}

// tell fills in what the report says of the weights and of the hold-out.
func (r *Result) tell(f *fitting, d *tuning.Dataset) {
	rep := &r.Report
	rep.Training, rep.Validation, rep.Holdout = count(f, f.split.training), count(f, f.split.validation), count(f, f.split.holdout)
	rep.Bias = r.model.bias
	for j, name := range f.o.Features {
		rep.Weights = append(rep.Weights, Weight{Feature: name, Weight: r.model.w[j]})
	}
	for _, t := range r.x.terms {
		told := Term{Edges: t.edges, Weights: r.model.hot[t.first : t.first+t.size()]}
		for _, c := range t.columns {
			told.Features = append(told.Features, d.Features[c])
		}
		rep.Terms = append(rep.Terms, told)
	}
	unseen := newObjective(r.x, f.o.Loss, f.split.holdout, f.exam, false)
	scores := r.x.scores(r.model)
	fitted := unseen.measure("fit", scores)
	if f.o.Loss == Logistic {
		fitted.Chances = unseen.calibration(scores)
	}
	rep.Measures = []Measures{fitted}
	for _, b := range f.o.Baselines {
		m := unseen.measure(b.Name, b.Score(d))
		m.AboveBy = unseen.compare(&fitted, &m, f.o.Seed)
		rep.Measures = append(rep.Measures, m)
	}
}

func count(f *fitting, groups []int) (s Sample) {
	of := newObjective(f.x, f.o.Loss, nil, f.exam, false)
	var w group
	for _, g := range groups {
		of.read(&w, g)
		s.Groups++
		s.Rows += len(w.rows)
		for _, y := range w.labels {
			if y > 0 {
				s.Clicks++
			}
		}
	}
	return s
}

// split is which groups are for what: numbers of groups, in the order of time.
type split struct{ training, validation, holdout []int }

// splitOf parts the groups by time, those without one first, in the order of the data set. Groups of which it is known of no row what came of it are left out.
func splitOf(d *tuning.Dataset, o *Options) split {
	var groups []int
	for g := range d.Groups() {
		from, to := d.Group(g)
		for i := from; i < to; i++ {
			if !math.IsNaN(d.Label(i)) && (d.Shown == nil || d.Shown[i]) {
				groups = append(groups, g)
				break
			}
		}
	}
	if d.Times != nil {
		slices.SortStableFunc(groups, func(a, b int) int { return cmp.Compare(d.Times[a], d.Times[b]) })
	}
	n := len(groups)
	held := n - int(o.Holdout*float64(n))
	checked := held - int(o.Validation*float64(held))
	return split{groups[:checked], groups[checked:held], groups[held:]}
}
