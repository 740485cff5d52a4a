package command

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

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
}

func (r *runner) evaluate() *cobra.Command {
	var f evaluateFlags
	cmd := &cobra.Command{
		Use:   "evaluate --logged FILE",
		Short: "Measure how well weights order what came of is known, beside baselines and with intervals",
		Long: "Measure how well a profile orders the candidates of a log, a ranking file or a table whose labels are known: NDCG, MAP, MRR, recall, hits, AUC, how true\n" +
			"its chances are, and how its exposure is spread. Each measure has an interval over users, and baselines their difference to the profile, paired by user.\n" +
			"Without a profile the default profile is measured. Of a log, which knows what came of what it showed, this judges the order of what was shown; what\n" +
			"showing something else would have earned is told by sihai ope.",
		Example: "  sihai evaluate --logged log.ndjson.gz --profile mine.json --last 0.3\n" +
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
	d, err := loggedFile{r, &f.logged}.Load(ctx)
	if err != nil {
		return err
	}
	policies, err := f.policies(d)
	if err != nil {
		return err
	}
	o := evaluation.Options{K: f.k, Interval: interval.Options{Level: f.level, Seed: f.seed}}
	if f.k == 0 {
		o.K = -1
	}
	step, done := r.steps(len(policies), "policies measured")
	defer done()
	o.Progress = step
	report, err := evaluation.Evaluate(ctx, d, policies, o)
	if err != nil {
		return err
	}
	done()
	if r.flags.output == "json" {
		return r.printJSON(evaluationOf(report))
	}
	return r.printEvaluation(report)
}

// policies are the one in question and its baselines.
func (f *evaluateFlags) policies(d *tuning.Dataset) ([]evaluation.Policy, error) {
	first, err := f.first(d)
	if err != nil {
		return nil, err
	}
	policies := []evaluation.Policy{first}
	for _, known := range []struct{ name, feature string }{{"nearest first", "distance"}, {"most popular", "popularity"}, {"biggest saving", "saving"}} {
		if p, ok := evaluation.Column(known.name, d, known.feature, true); ok {
			policies = append(policies, p)
		}
	}
	for _, pair := range f.baselines {
		name, feature, found := strings.Cut(pair, "=")
		if !found || name == "" || feature == "" {
			return nil, usagef("--baseline %q is not NAME=FEATURE", pair)
		}
		p, ok := evaluation.Column(name, d, feature, true)
		if lowest, minus := strings.CutPrefix(feature, "-"); !ok && minus {
			p, ok = evaluation.Column(name, d, lowest, false)
		}
		if !ok {
			return nil, fmt.Errorf("--baseline %s: the data has no feature %s", name, feature)
		}
		policies = append(policies, p)
	}
	if p, ok := evaluation.Logged(d); ok {
		policies = append(policies, p)
	}
	if p, err := defaultPolicy(d); err == nil && f.weights.given() {
		policies = append(policies, p)
	}
	return append(policies, evaluation.Random(d, f.seed)), nil
}

func (f *evaluateFlags) first(d *tuning.Dataset) (evaluation.Policy, error) {
	if f.weights.given() {
		return f.weights.policy(d)
	}
	p, err := defaultPolicy(d)
	if err != nil {
		return p, fmt.Errorf("say --weights or --profile: %w", err)
	}
	p.Link, err = f.weights.linkOf()
	return p, err
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
