package command

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sihai-network/sihai/engine/analysis"
	"github.com/sihai-network/sihai/scoring"
	"github.com/sihai-network/sihai/scoring/interval"
	"github.com/sihai-network/sihai/scoring/tuning"
	"github.com/sihai-network/sihai/scoring/tuning/evaluation"
)

// evaluateFlags are the flags of evaluate.
type evaluateFlags struct {
	logged    loggedFlags
	weights   weightFlags
	baselines []string
	k         int
	level     float64
	seed      uint64
	report    string
	scenarios int
}

func (r *runner) evaluate() *cobra.Command {
	var f evaluateFlags
	cmd := &cobra.Command{
		Use:   "evaluate [--logged FILE]",
		Short: "Measure how well weights order what came of is known, beside baselines and with intervals",
		Long: "Measure how well a profile orders the candidates of the log of --data or --server, or of a log, a ranking file or a table in a file, whose labels are known: NDCG, MAP, MRR, recall, hits, AUC, how true\n" +
			"its chances are, and how its exposure is spread. Each measure has an interval over users, and baselines their difference to the profile, paired by user.\n" +
			"Without a profile the default profile is measured, and of an own log the active one, which is a baseline for any other. --report writes a page with pictures: what weights\n" +
			"are worth by hour, place and language, how true scores are, and how far each weight may go before a list changes. Of a log, which knows what came of what it showed, this judges the order of what was shown; what\n" +
			"showing something else would have earned is told by sihai ope.",
		Example: "  sihai evaluate --data shop --stored tuned --from 2026-11-01T00:00:00Z --report november.html\n" +
			"  sihai evaluate --logged log.ndjson.gz --profile mine.json --last 0.3\n" +
			"  sihai evaluate --logged test.txt --weights 110=1,130=0.2 --baseline bm25=110\n" +
			"  sihai evaluate --logged clicks.csv --label click --user user_id --weights price=-0.2,nearness=1 --link logistic",
		Args: cobra.NoArgs,
		RunE: r.do(func(cmd *cobra.Command, _ []string) error {
			return r.runEvaluate(cmd.Context(), &f)
		}),
	}
	f.logged.add(cmd, tuning.Table{})
	f.weights.add(cmd)
	flags := cmd.Flags()
	flags.StringSliceVar(&f.baselines, "baseline", nil, "NAME=FEATURE: order by a feature, the highest first; NAME=-FEATURE the lowest first\n(besides distance, popularity and saving where the data has them)")
	flags.IntVar(&f.k, "k", 10, "how far down a list is looked at; 0: to its end")
	flags.Float64Var(&f.level, "level", 0.95, "chance that an interval holds the truth")
	flags.Uint64Var(&f.seed, "seed", 1, "of the intervals and of the order by lot")
	addReport(flags, &f.report, &f.scenarios)
	return cmd
}

func (f *evaluateFlags) check() error {
	if err := f.logged.check(); err != nil {
		return err
	}
	if err := f.weights.check(); err != nil {
		return err
	}
	if f.k < 0 {
		return usagef("--k %d is below 0", f.k)
	}
	return checkLevel(f.level)
}

func checkLevel(level float64) error {
	if !(level >= 0.5 && level < 1) {
		return usagef("--level %v is not between 0.5 and 1", level)
	}
	return nil
}

func (r *runner) runEvaluate(ctx context.Context, f *evaluateFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	d, err := r.load(ctx, &f.logged, f.weights.stored)
	if err != nil {
		return err
	}
	policies, profile, err := f.policies(d)
	if err != nil {
		return err
	}
	o := evaluation.Options{K: f.k, Linear: d.linear, Interval: interval.Options{Level: f.level, Seed: f.seed}}
	if f.k == 0 {
		o.K = -1
	}
	step, done := r.steps(len(policies), "policies measured")
	defer done()
	o.Progress = step
	report, err := evaluation.Evaluate(ctx, d.Dataset, policies, o)
	if err != nil {
		return err
	}
	done()
	if f.report != "" {
		w := workbench{data: d, policies: policies, profile: profile, options: o, measured: report, made: r.Now(), last: f.scenarios}
		if err := w.write(ctx, f.report); err != nil {
			return err
		}
	}
	if r.flags.output == "json" {
		return r.printJSON(evaluationOf(report, d.notes))
	}
	for _, note := range d.notes {
		if err := r.print("%s", note); err != nil {
			return err
		}
	}
	return r.printEvaluation(report)
}

// policies are the one in question, with its profile, and its baselines. Of an own log, the active profile is one.
func (f *evaluateFlags) policies(d *loggedData) ([]evaluation.Policy, *scoring.Profile, error) {
	first, profile, err := f.first(d)
	if err != nil {
		return nil, nil, err
	}
	policies := []evaluation.Policy{first}
	if d.active != nil && !isSame(profile, d.active) {
		p, err := evaluation.OfProfile("active: "+analysis.NameOf(d.active), d.Dataset, d.active)
		if err != nil {
			return nil, nil, err
		}
		policies = append(policies, p)
	}
	simple := analysis.Baselines(d.Dataset, f.seed)
	own := 0 // of simple: those that go by a feature
	for own < len(simple) && simple[own].Name != "logged" && simple[own].Name != "random" {
		own++
	}
	policies = append(policies, simple[:own]...)
	for _, pair := range f.baselines {
		p, err := namedBaseline(d, pair)
		if err != nil {
			return nil, nil, err
		}
		policies = append(policies, p)
	}
	if p, err := defaultPolicy(d.Dataset); err == nil && d.active == nil && f.weights.given() {
		simple = slices.Insert(simple, len(simple)-1, p)
	}
	return append(policies, simple[own:]...), profile, nil
}

// namedBaseline reads NAME=FEATURE.
func namedBaseline(d *loggedData, pair string) (evaluation.Policy, error) {
	name, feature, found := strings.Cut(pair, "=")
	if !found || name == "" || feature == "" {
		return evaluation.Policy{}, usagef("--baseline %q is not NAME=FEATURE", pair)
	}
	p, ok := evaluation.Column(name, d.Dataset, feature, true)
	if lowest, minus := strings.CutPrefix(feature, "-"); !ok && minus {
		p, ok = evaluation.Column(name, d.Dataset, lowest, false)
	}
	if !ok {
		return p, fmt.Errorf("--baseline %s: the data has no feature %s", name, feature)
	}
	return p, nil
}

func (f *evaluateFlags) first(d *loggedData) (p evaluation.Policy, profile *scoring.Profile, err error) {
	switch {
	case f.weights.given():
		return f.weights.policy(d)
	case d.active != nil:
		profile = d.active
		p, err = evaluation.OfProfile("active: "+analysis.NameOf(profile), d.Dataset, profile)
	default:
		own := scoring.Default()
		profile = &own
		if p, err = defaultPolicy(d.Dataset); err != nil {
			err = fmt.Errorf("say --weights or --profile: %w", err)
		}
	}
	if err != nil {
		return p, nil, err
	}
	p.Link, err = f.weights.linkOf()
	return p, profile, err
}

// defaultPolicy is that of the default profile.
func defaultPolicy(d *tuning.Dataset) (evaluation.Policy, error) {
	profile := scoring.Default()
	return evaluation.Linear("default profile", d, profile.Weights, profile.Bias)
}

// printEvaluation writes a table of the first policy, and one for each of the others with the differences.
func (r *runner) printEvaluation(report *evaluation.Report) error {
	depth := "all of a list"
	if report.K > 0 {
		depth = "the first " + strconv.Itoa(report.K)
	}
	if err := r.print("%d decisions of %d users, %d candidates, %d of them with a label; lists are looked at down to %s", report.Groups, report.Users, report.Rows, report.Labelled, depth); err != nil {
		return err
	}
	for i, line := range report.Lines {
		if err := r.print("\n%s", line.Policy); err != nil {
			return err
		}
		header := []string{"MEASURE", "OVER>", "VALUE>", "INTERVAL", "NOTE"}
		if i > 0 {
			header = []string{"MEASURE", "OVER>", "VALUE>", "INTERVAL", strings.ToUpper(report.Lines[0].Policy) + " IS BETTER BY>", "INTERVAL", "NOTE"}
		}
		var rows [][]string
		for _, m := range line.Measures {
			row := []string{strings.ReplaceAll(m.Name, "_", " "), strconv.Itoa(m.Count), numberText(m.Estimate.Value), intervalText(m.Estimate)}
			if i > 0 {
				d := better(m)
				row = append(row, numberText(d.Value), intervalText(d))
			}
			rows = append(rows, append(row, m.Missing))
		}
		if err := r.printTable(header, rows); err != nil {
			return err
		}
	}
	return nil
}

// better turns a difference so that above 0 is better.
func better(m evaluation.Measure) interval.Estimate {
	d := m.Difference
	switch m.Name {
	case evaluation.LogLoss, evaluation.Brier, evaluation.CalibrationError, evaluation.Gini:
		d.Value = -d.Value
		d.Interval = interval.Interval{Low: -d.Interval.High, High: -d.Interval.Low}
	}
	return d
}

// numberText writes a number with five digits; nothing where there is none.
func numberText(x float64) string {
	if math.IsNaN(x) {
		return ""
	}
	return strconv.FormatFloat(x, 'g', 5, 64)
}

func intervalText(e interval.Estimate) string {
	if math.IsNaN(e.Interval.Low) || math.IsNaN(e.Interval.High) {
		return ""
	}
	return numberText(e.Interval.Low) + " to " + numberText(e.Interval.High)
}
