package analysis

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
	"github.com/sihai-network/sihai/scoring/interval"
	"github.com/sihai-network/sihai/scoring/tuning"
	"github.com/sihai-network/sihai/scoring/tuning/evaluation"
)

// EvaluatorOptions are what an Evaluator works with; all are required.
type EvaluatorOptions struct {
	Sources   Sources // with events and accounts
	Profiles  engine.Profiles
	Snapshots engine.Snapshots // tells the rates by which amounts are converted
	// Replays returns a replayer for decisions that come in the order of their log. It is asked for once by each simulation, and holds a catalog meanwhile.
	Replays func() (engine.Replayer, error)
}

// Evaluator implements engine.Evaluator. It is safe for concurrent use.
type Evaluator struct {
	o   EvaluatorOptions
	log *Log
	// turn lets one at a time work: each holds hundreds of megabytes.
	turn turns
}

var _ engine.Evaluator = (*Evaluator)(nil)

// NewEvaluator returns an evaluator, or what is missing.
func NewEvaluator(o EvaluatorOptions) (*Evaluator, error) {
	if o.Sources.Decisions == nil || o.Sources.Events == nil || o.Sources.Accounts == nil || o.Profiles == nil || o.Snapshots == nil || o.Replays == nil {
		return nil, errors.New("make evaluator: a part is missing")
	}
	return &Evaluator{o, NewLog(o.Sources), make(turns, 1)}, nil
}

// Source returns the log as a data set, as a request asks for it.
func (e *Evaluator) Source(r *engine.EvaluationRequest) *DatasetSource {
	return NewDatasetSource(e.log, DatasetOptions{
		From: r.From, Until: r.Until, Label: r.Label, Currency: r.Currency, Rates: e.rates(), Seen: r.Seen, MaxRows: r.MaxRows,
	})
}

// EachGroup implements engine.Evaluator. Places are told by coarse cells, and users by numbers in the order in which they come: what one did hangs together, and nothing
// else is to be known of them. Memory: a name for each user besides.
func (e *Evaluator) EachGroup(ctx context.Context, r engine.EvaluationRequest, fn func(*engine.DatasetGroup) error) error {
	end, err := e.turn.take(ctx)
	if err != nil {
		return fmt.Errorf("read data set: %w", err)
	}
	defer end()
	src := e.Source(&r)
	src.o.Place = engine.CoarseCell
	users := make(map[string]string)
	return src.Each(ctx, func(g *engine.DatasetGroup) error {
		if g.UserID != "" {
			number, known := users[g.UserID]
			if !known {
				number = strconv.Itoa(len(users) + 1)
				users[g.UserID] = number
			}
			g.UserID = number
		}
		return fn(g)
	})
}

func (e *Evaluator) rates() engine.Rates {
	if s := e.o.Snapshots.Snapshot(); s != nil {
		return s.Rates
	}
	return nil
}

// Evaluate implements engine.Evaluator.
func (e *Evaluator) Evaluate(ctx context.Context, r engine.EvaluationRequest) (engine.Evaluation, error) {
	end, err := e.turn.take(ctx)
	if err != nil {
		return engine.Evaluation{}, fmt.Errorf("evaluate: %w", err)
	}
	defer end()
	out, err := e.evaluate(ctx, &r)
	if err != nil {
		return engine.Evaluation{}, fmt.Errorf("evaluate: %w", err)
	}
	return out, nil
}

func (e *Evaluator) evaluate(ctx context.Context, r *engine.EvaluationRequest) (engine.Evaluation, error) {
	src := e.Source(r)
	d, err := src.Load(ctx)
	if err != nil {
		return engine.Evaluation{}, err
	}
	if r.Holdout > 0 {
		d = Last(d, r.Holdout)
	}
	if !slices.ContainsFunc(d.Labels, func(x float64) bool { return x == x }) {
		return engine.Evaluation{}, engine.ErrTooLittle
	}
	policies, refs, err := e.policies(ctx, d, r)
	if err != nil {
		return engine.Evaluation{}, err
	}
	report, err := evaluation.Evaluate(ctx, d, policies, optionsOf(r))
	if err != nil {
		return engine.Evaluation{}, err
	}
	tally := src.Tally()
	out := engine.Evaluation{
		From: r.From, Until: r.Until, Decisions: tally.Decisions, OneIn: tally.OneIn, Lists: report.Groups, Users: report.Users, Offers: report.Rows,
		Labelled: report.Labelled, Unconverted: tally.Unconverted, Bytes: BytesOf(d), K: report.K, Policies: linesOf(report, refs), Notes: notesOf(r, &tally),
	}
	if r.OffPolicy {
		if out.OffPolicy, err = e.offPolicy(ctx, r); err != nil {
			return engine.Evaluation{}, err
		}
	}
	return out, nil
}

// Last returns the last share of the groups by time.
func Last(d *tuning.Dataset, share float64) *tuning.Dataset {
	at := d.SplitTime(share)
	var groups []int
	for g := range d.Groups() {
		if d.Times != nil && d.Times[g] >= at {
			groups = append(groups, g)
		}
	}
	return d.Select(groups)
}

// BytesOf is what the slices of a data set hold, names aside.
func BytesOf(d *tuning.Dataset) int64 {
	n := 8 * (len(d.Values) + len(d.Offsets) + len(d.Labels) + len(d.Weights) + len(d.Propensities) + len(d.Scores) + len(d.Times) + len(d.Context))
	return int64(n + len(d.Shown) + 4*(len(d.Positions)+len(d.Items)+len(d.Merchants)+len(d.Users)) + 16*len(d.Queries))
}

func optionsOf(r *engine.EvaluationRequest) evaluation.Options {
	o := evaluation.Options{K: r.K, Linear: r.Label.InMoney(), Interval: interval.Options{Seed: r.Seed, Level: r.Level}}
	if len(r.Metrics) > 0 {
		o.Measures = r.Metrics
	}
	return o
}

// linkOf reads a link that was checked.
func linkOf(name string) evaluation.Link {
	switch name {
	case "identity":
		return evaluation.Identity
	case "logistic":
		return evaluation.Logistic
	}
	return evaluation.NoLink
}

// policies are the profiles in question and the baselines, with the profiles' names.
func (e *Evaluator) policies(ctx context.Context, d *tuning.Dataset, r *engine.EvaluationRequest) (policies []evaluation.Policy, refs []engine.ProfileRef, err error) {
	named := make(map[string]bool)
	add := func(p *scoring.Profile, name string) error {
		for n := 2; named[name]; n++ {
			name = fmt.Sprintf("%s, draft %d", p.Name, n)
		}
		named[name] = true
		policy, err := evaluation.OfProfile(name, d, p)
		if err != nil {
			return err
		}
		policy.Link = linkOf(r.Link)
		policies, refs = append(policies, policy), append(refs, engine.ProfileRef{Name: p.Name, Version: p.Version})
		return nil
	}
	for i := range r.Profiles {
		if err := add(&r.Profiles[i], NameOf(&r.Profiles[i])); err != nil {
			return nil, nil, err
		}
	}
	active, err := e.o.Profiles.ActiveProfile(ctx)
	if err == nil && !slices.Contains(refs, engine.ProfileRef{Name: active.Name, Version: active.Version}) {
		if err := add(&active, "active: "+NameOf(&active)); err != nil {
			return nil, nil, err
		}
	} else if err != nil && !errors.Is(err, engine.ErrNotFound) {
		return nil, nil, err
	}
	policies = append(policies, Baselines(d, r.Seed)...)
	for len(refs) < len(policies) {
		refs = append(refs, engine.ProfileRef{})
	}
	return policies, refs, nil
}

// NameOf names a profile for people.
func NameOf(p *scoring.Profile) string {
	switch {
	case p.Version > 0:
		return fmt.Sprintf("%s version %d", p.Name, p.Version)
	case p.Name == "":
		return "draft"
	}
	return p.Name + ", draft"
}

// Baselines are the simple ways to order, as far as the data has what they go by, the log's own order, and that by lot.
func Baselines(d *tuning.Dataset, seed uint64) (out []evaluation.Policy) {
	for _, known := range []struct{ name, feature string }{
		{"nearest first", "distance"}, {"most popular", "popularity"}, {"biggest saving", "saving"}, {"biggest discount", "relative_discount"},
	} {
		if p, ok := evaluation.Column(known.name, d, known.feature, true); ok {
			out = append(out, p)
		}
	}
	if p, ok := evaluation.Logged(d); ok {
		out = append(out, p)
	}
	return append(out, evaluation.Random(d, seed))
}

func linesOf(report *evaluation.Report, refs []engine.ProfileRef) []engine.EvaluatedPolicy {
	out := make([]engine.EvaluatedPolicy, len(report.Lines))
	for i, line := range report.Lines {
		p := engine.EvaluatedPolicy{Name: line.Policy, Profile: refs[i]}
		for _, m := range line.Measures {
			p.Measures = append(p.Measures, engine.PolicyMeasure{
				Name: m.Name, Over: m.Count, Estimate: estimateOf(m.Estimate), Difference: estimateOf(m.Difference), Missing: m.Missing,
			})
		}
		out[i] = p
	}
	return out
}

func estimateOf(e interval.Estimate) engine.Estimate {
	return engine.Estimate{Value: e.Value, Error: e.Error, Low: e.Interval.Low, High: e.Interval.High}
}

// noEstimate is one of nothing.
func noEstimate() engine.Estimate {
	nan := math.NaN()
	return engine.Estimate{Value: nan, Error: nan, Low: nan, High: nan}
}

// notesOf tell what the numbers do not say.
func notesOf(r *engine.EvaluationRequest, t *Tally) []string {
	notes := []string{
		"judged is the order of what was offered: what another profile would have offered instead is not on record, and told by off_policy and by simulations",
		"travellers look at the top of a list first, so that the log's own order, and what is like it, looks better than it is",
	}
	if t.OneIn > 1 {
		notes = append(notes, fmt.Sprintf("one in %d of the decisions was read, since all of them would not fit into memory", t.OneIn))
	}
	if t.Unconverted > 0 {
		notes = append(notes, fmt.Sprintf("%d redemptions are in a currency of which no rate to %s is known, and are left out", t.Unconverted, r.Currency))
	}
	if r.Seen == engine.SeenAnswers {
		notes = append(notes, "every offer that was answered is taken to have been seen")
	}
	return notes
}
