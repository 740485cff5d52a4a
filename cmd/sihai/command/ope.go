package command

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sihai-network/sihai/scoring/interval"
	"github.com/sihai-network/sihai/scoring/tuning"
	"github.com/sihai-network/sihai/scoring/tuning/evaluation"
	"github.com/sihai-network/sihai/scoring/tuning/offpolicy"
)

// opeFlags are the flags of ope.
type opeFlags struct {
	logged      loggedFlags
	weights     weightFlags
	policy      string
	temperature float64
	lists       string
	level       float64
	seed        uint64
	limits      offpolicy.Limits
}

func (r *runner) ope() *cobra.Command {
	var f opeFlags
	cmd := &cobra.Command{
		Use:   "ope [--logged FILE] --policy POLICY",
		Short: "Tell what a policy would have earned from the log of another, or why the log cannot say",
		Long: "Tell what a policy would have earned from the log of another one (off-policy evaluation), by several estimators, each with an interval over users, the\n" +
			"effective sample size and the largest weight. Where the log holds too little for a number, none is given, and what is missing is told.\n\n" +
			"Without --logged it is the log of --data or --server, and the policy a profile: the last 20,000 decisions at most are made again under it, so that what it would have shown is known\n" +
			"to the offer.\n\n" +
			"A file is decisions in NDJSON, or a table of the columns action, position, reward and propensity with what was known of each round besides; --item, --label\n" +
			"and others take other names, and columns that were not known before the action was chosen are to be named by --ignore. Give --user where a user\n" +
			"comes more than once: what one user does hangs together.\n\n" +
			"The policy is `profile` (--profile or --weights order the candidates of NDJSON; --temperature makes chances of the scores), `uniform`,\n" +
			"`column:NAME` (a column of the table with the chance of the row's action), or a CSV file of the columns action, probability and, maybe, position.",
		Example: "  sihai ope --logged log.ndjson.gz --policy profile --profile mine.json --lists independent\n" +
			"  sihai ope --data shop --policy profile --stored tuned\n" +
			"  sihai ope --logged bandit.csv --policy uniform\n" +
			"  sihai ope --logged bandit.csv --policy better.csv --user user_id --texts segment --ignore timestamp",
		Args: cobra.NoArgs,
		RunE: r.do(func(cmd *cobra.Command, _ []string) error {
			return r.runOPE(cmd.Context(), &f)
		}),
	}
	f.logged.add(cmd, tuning.BanditTable())
	f.weights.add(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.policy, "policy", "", "profile, uniform, column:NAME or a CSV file")
	flags.Float64Var(&f.temperature, "temperature", 0, "of the chances that are made of scores; 0: the best is always shown")
	flags.StringVar(&f.lists, "lists", "", "how the log drew its lists: independent (each position by itself), sequential (from the top, of what is left) or shuffled")
	flags.Float64Var(&f.level, "level", 0.95, "chance that an interval holds the truth")
	flags.Uint64Var(&f.seed, "seed", 1, "of the intervals")
	flags.Float64Var(&f.limits.EffectiveSize, "least-effective", 0, "least effective sample size of a number (default 50)")
	flags.IntVar(&f.limits.Outcomes, "least-outcomes", 0, "least number of users with a reward where the policy agrees with the log (default 20)")
	_ = cmd.MarkFlagRequired("policy")
	_ = cmd.RegisterFlagCompletionFunc("lists", cobra.FixedCompletions([]string{"independent", "sequential", "shuffled"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (f *opeFlags) check() error {
	if f.logged.isOwn() && f.logged.table.Label == tuning.BanditTable().Label {
		f.logged.table.Label = "" // which is a column of a table
	}
	if err := f.logged.check(); err != nil {
		return err
	}
	if err := f.weights.check(); err != nil {
		return err
	}
	if _, err := f.design(); err != nil {
		return err
	}
	column := strings.HasPrefix(f.policy, "column:")
	switch own := f.logged.isOwn(); {
	case own && f.policy != "profile":
		return usagef("--policy %q is for files; of an own log it is profile", f.policy)
	case own && (f.temperature != 0 || f.lists != "" || f.logged.last != 0 || f.logged.own.maxRows != 0 || f.limits != offpolicy.Limits{}):
		return usagef("--temperature, --lists, --last, --max-rows, --least-effective and --least-outcomes are for files")
	case f.logged.format == "ranking":
		return usagef("a ranking file tells no propensities; ndjson and csv do")
	case f.policy == "profile" && !f.weights.given():
		return usagef("--policy profile needs --profile, --stored or --weights")
	case f.weights.stored != "" && !f.logged.isOwn():
		return usagef("--stored is with a log of --data or --server")
	case f.policy == "profile" && f.logged.format == "csv":
		return usagef("--policy profile needs all candidates of a decision, as ndjson tells them")
	case f.logged.format == "ndjson" && f.policy != "profile" && f.policy != "uniform":
		return usagef("--policy %q is for csv; for ndjson there are profile and uniform", f.policy)
	case column && len(f.policy) == len("column:"):
		return usagef("--policy column: which?")
	case f.temperature < 0 || math.IsNaN(f.temperature) || math.IsInf(f.temperature, 0):
		return usagef("--temperature %v is below 0", f.temperature)
	}
	return checkLevel(f.level)
}

func (f *opeFlags) design() (offpolicy.Design, error) {
	switch f.lists {
	case "", "independent":
		return offpolicy.Independent, nil
	case "sequential":
		return offpolicy.Sequential, nil
	case "shuffled":
		return offpolicy.Shuffled, nil
	}
	return 0, usagef("--lists %q is none of independent, sequential and shuffled", f.lists)
}

func (r *runner) runOPE(ctx context.Context, f *opeFlags) error {
	if err := f.check(); err != nil {
		return err
	}
	if f.logged.isOwn() {
		return r.askOwn(ctx, f)
	}
	if f.logged.format == "csv" {
		f.logged.table.AllShown = true
	}
	d, err := loggedFile{r, &f.logged}.Load(ctx)
	if err != nil {
		return err
	}
	report, err := r.asks(ctx, f, d)
	if err != nil {
		return err
	}
	if r.flags.output == "json" {
		return r.printJSON(opeOf(report))
	}
	return r.printOPE(report)
}

// asks evaluates the policy on the log.
func (r *runner) asks(ctx context.Context, f *opeFlags, d *tuning.Dataset) (*offpolicy.Report, error) {
	o := offpolicy.Options{Interval: interval.Options{Level: f.level, Seed: f.seed}, Limits: f.limits}
	if f.logged.format == "csv" {
		rounds, err := r.tableRounds(f, d)
		if err != nil {
			return nil, err
		}
		return offpolicy.Evaluate(ctx, rounds, o)
	}
	chances, ranks, err := f.choices(d)
	if err != nil {
		return nil, err
	}
	if f.lists == "" {
		rounds, err := offpolicy.RoundsOf(d, chances)
		if errors.Is(err, offpolicy.ErrLists) {
			return nil, usagef("%v: say with --lists how they were drawn", err)
		}
		if err != nil {
			return nil, err
		}
		return offpolicy.Evaluate(ctx, rounds, o)
	}
	if ranks == nil || f.temperature > 0 {
		return nil, usagef("--lists needs a policy that always shows the same list: --policy profile without a temperature")
	}
	design, err := f.design()
	if err != nil {
		return nil, err
	}
	lists, err := offpolicy.ListsOf(d, ranks, design)
	if err != nil {
		return nil, err
	}
	return offpolicy.EvaluateLists(ctx, lists, o)
}

// choices returns the chance with which the policy shows each row, and its list where there is one.
func (f *opeFlags) choices(d *tuning.Dataset) (chances []float64, ranks []int32, err error) {
	if f.policy == "uniform" {
		return offpolicy.Softmax(d, make([]float64, d.Rows()), 1), nil, nil
	}
	p, _, err := f.weights.policy(&loggedData{Dataset: d})
	if err != nil {
		return nil, nil, err
	}
	ranks = evaluation.Ranks(d, p)
	if f.temperature > 0 {
		return offpolicy.Softmax(d, p.Scores, f.temperature), ranks, nil
	}
	return offpolicy.Greedy(ranks), ranks, nil
}

// tableRounds makes rounds of a table.
func (r *runner) tableRounds(f *opeFlags, d *tuning.Dataset) (*offpolicy.Rounds, error) {
	if name, ok := strings.CutPrefix(f.policy, "column:"); ok {
		at := d.Column(name)
		if at < 0 {
			return nil, fmt.Errorf("--policy: the table has no column %s of numbers", name)
		}
		target := make([]float64, d.Rows())
		for i := range target {
			target[i] = d.Row(i)[at]
		}
		return offpolicy.ColumnRounds(d, target)
	}
	if f.policy == "uniform" {
		return offpolicy.ActionRounds(d, offpolicy.Uniform(d))
	}
	policy, err := r.readPolicy(f.policy)
	if err != nil {
		return nil, err
	}
	return offpolicy.ActionRounds(d, policy)
}

// readPolicy reads a policy from a table of action, probability and, maybe, position.
func (r *runner) readPolicy(name string) (offpolicy.ActionPolicy, error) {
	f, err := r.openFile(name)
	if err != nil {
		return nil, err
	}
	defer f.close()
	rows := csv.NewReader(f)
	header, err := rows.Read()
	if err != nil {
		return nil, fmt.Errorf("%s: read header: %w", name, err)
	}
	at := map[string]int{}
	for i, column := range header {
		at[strings.TrimPrefix(column, "\ufeff")] = i
	}
	action, ok := at["action"]
	probability, ok2 := at["probability"]
	position, positioned := at["position"]
	if !ok || !ok2 {
		return nil, fmt.Errorf("%s: read header: the columns action and probability are needed", name)
	}
	policy := offpolicy.ActionPolicy{}
	for {
		row, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return policy, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		line, _ := rows.FieldPos(0)
		slot := offpolicy.Slot{Action: row[action]}
		if positioned && row[position] != "" {
			n, err := strconv.ParseInt(row[position], 10, 32)
			if err != nil || n < 1 {
				return nil, fmt.Errorf("%s: line %d: position: %q is no position", name, line, row[position])
			}
			slot.Position = int32(n)
		}
		chance, err := strconv.ParseFloat(row[probability], 64)
		if err != nil || !(chance >= 0 && chance <= 1) {
			return nil, fmt.Errorf("%s: line %d: probability: %q is not 0 to 1", name, line, row[probability])
		}
		if _, twice := policy[slot]; twice {
			return nil, fmt.Errorf("%s: line %d: action %s comes twice", name, line, slot.Action)
		}
		policy[slot] = chance
	}
}

func (r *runner) printOPE(report *offpolicy.Report) error {
	if err := r.print("%d decisions of %d users; %d left out, since nothing was shown or what came of it or its propensity is not known", report.Decisions, report.Users, report.LeftOut); err != nil {
		return err
	}
	if err := r.print("the log itself earned %s a decision (%s)\n", numberText(report.Logged.Value), intervalText(report.Logged)); err != nil {
		return err
	}
	var rows [][]string
	for _, e := range report.Results {
		note := strings.Join(e.Refused, "; ")
		if note != "" {
			note = "no number: " + note
		} else if e.Bias > 0 {
			note = fmt.Sprintf("weights above %s are left to the model, which may add an error of %s at most", numberText(e.Threshold), numberText(e.Bias))
		} else if e.Estimator == offpolicy.Direct {
			note = "holds only where its model of rewards does"
		}
		rows = append(rows, []string{
			strings.ReplaceAll(e.Estimator, "_", " "), numberText(e.Estimate.Value), intervalText(e.Estimate),
			numberText(e.Support.EffectiveSize), numberText(e.Support.LargestWeight), note,
		})
	}
	return r.printTable([]string{"ESTIMATOR", "REWARD>", "INTERVAL", "EFFECTIVE SIZE>", "LARGEST WEIGHT>", "NOTE"}, rows)
}
