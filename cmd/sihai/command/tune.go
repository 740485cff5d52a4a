package command

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/analysis"
	"github.com/sihai-network/sihai/engine/wire"
	"github.com/sihai-network/sihai/scoring"
	"github.com/sihai-network/sihai/scoring/tuning"
	"github.com/sihai-network/sihai/scoring/tuning/evaluation"
	"github.com/sihai-network/sihai/scoring/tuning/fit"
)

// tuneFlags are the flags of tune.
type tuneFlags struct {
	logged    loggedFlags
	loss      string
	use       []string
	buckets   []string
	crosses   []string
	signs     []string
	penalties []string
	save, out string
	report    string
	scenarios int
	fit.Options
}

func (r *runner) tune() *cobra.Command {
	var f tuneFlags
	cmd := &cobra.Command{
		Use:   "tune [--logged FILE] [--save NAME]",
		Short: "Fit weights to what came of decisions, and say what they are worth on data that the fit has not seen",
		Long: "Fit weights to the log of --data or --server, or to a log, a ranking file or a table in a file. The last decisions by time are held out: the report is about them, beside the default profile and what orders\n" +
			"by one feature alone. How strongly large weights are held down is chosen by the decisions before those. Features can be divided into buckets and crossed,\n" +
			"which makes a profile of kind trees. The same data and flags give the same weights and the same report, to the last byte.\n" +
			"--save adds the fit to a scoring profile as its next version; it is never made the active one.",
		Example: "  sihai tune --data shop --debias --save tuned --report tuned.html\n" +
			"  sihai tune --logged log.ndjson.gz --debias --save tuned --data shop\n" +
			"  sihai tune --logged log.ndjson --loss logistic --bucket popularity=10 --cross distance:saving --sign saving=+ --out tuned.json",
		Args: cobra.NoArgs,
		RunE: r.do(func(cmd *cobra.Command, _ []string) error { return r.runTune(cmd.Context(), &f) }),
	}
	f.logged.add(cmd, tuning.Table{})
	flags := cmd.Flags()
	flags.StringVar(&f.loss, "loss", string(fit.Listwise), "logistic (scores are log-odds of a click), pairwise or listwise")
	flags.StringSliceVar(&f.use, "use", nil, "features that get a weight (default: all)")
	flags.StringSliceVar(&f.buckets, "bucket", nil, "FEATURE=N: a weight for each of N buckets of equal counts")
	flags.StringSliceVar(&f.crosses, "cross", nil, "FEATURE:FEATURE: a weight for each pair of their buckets")
	flags.StringSliceVar(&f.signs, "sign", nil, "FEATURE=+ or FEATURE=-: its weight must not be below, or above, 0")
	flags.StringSliceVar(&f.penalties, "penalty", nil, "L1:L2 to try (default: 0:0.01, 0:0.001, 0:0.0001, 0:0.000001)")
	flags.Float64Var(&f.Holdout, "holdout", 0.2, "share of the decisions, the last ones, that the report is about")
	flags.Float64Var(&f.Validation, "validation", 0.2, "share of the others, the last ones, by which the penalty is chosen")
	flags.BoolVar(&f.Positions, "debias", false, "correct clicks for the positions at which offers were shown")
	flags.IntVar(&f.Iterations, "iterations", 300, "at most, of one fit")
	flags.Uint64Var(&f.Seed, "seed", 1, "of the intervals")
	flags.StringVar(&f.save, "save", "", "scoring profile that gets the fit as its next version, not active")
	addReport(flags, &f.report, &f.scenarios)
	flags.StringVar(&f.out, "out", "", "file that gets the fit as a profile in JSON, as the API has it")
	_ = cmd.RegisterFlagCompletionFunc("loss", cobra.FixedCompletions([]string{"logistic", "pairwise", "listwise"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (r *runner) runTune(ctx context.Context, f *tuneFlags) error {
	if err := f.read(); err != nil {
		return err
	}
	d, err := r.load(ctx, &f.logged, "")
	if err != nil {
		return err
	}
	if f.report != "" {
		f.Uncertainty, f.Curve = true, fit.CurveShares()
	}
	step, done := r.steps(len(f.Penalties)+2, "steps of the fit")
	defer done()
	f.Progress = func(n, _ int) { step(n) }
	f.Baselines = tuneBaselines(d)
	result, err := fit.Fit(ctx, d.Dataset, f.Options)
	if err != nil {
		return err
	}
	done()
	saved, err := r.keepFit(ctx, f, result, d)
	if err != nil {
		return err
	}
	if f.report != "" {
		if err := r.reportFit(ctx, f, result, d); err != nil {
			return err
		}
	}
	if r.flags.output == "json" {
		return r.printJSON(struct {
			Report fit.Report       `json:"report"`
			Saved  *wire.ProfileRef `json:"saved,omitempty"`
		}{result.Report, saved})
	}
	return r.printFit(&result.Report, saved)
}

// keepFit writes the fit to where the flags say, and returns the version that was added; nil: none was.
func (r *runner) keepFit(ctx context.Context, f *tuneFlags, result *fit.Result, d *loggedData) (*wire.ProfileRef, error) {
	if f.save == "" && f.out == "" {
		return nil, nil
	}
	p, err := f.fitted(result, d)
	if err != nil {
		return nil, err
	}
	told := wire.ProfileOf(&p, engine.ProfileRef{})
	if f.out != "" {
		data, err := json.MarshalIndent(told, "", "  ")
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", f.out, err)
		}
		if err := os.WriteFile(f.out, append(data, '\n'), 0o644); err != nil {
			return nil, err
		}
	}
	if f.save == "" {
		return nil, nil
	}
	t, err := r.open(ctx)
	if err != nil {
		return nil, err
	}
	kept, err := t.AddProfile(ctx, told)
	if closing := t.close(); err == nil {
		err = closing
	}
	if err != nil {
		return nil, fmt.Errorf("save profile %s: %w", f.save, err)
	}
	return &wire.ProfileRef{Name: kept.Name, Version: kept.Version}, nil
}

// fitted is the profile of a fit: by the rules of the active one, where that is known.
func (f *tuneFlags) fitted(result *fit.Result, d *loggedData) (scoring.Profile, error) {
	name := f.save
	if name == "" {
		name = "tuned"
	}
	like := scoring.Default()
	if d.active != nil {
		like = *d.active
		like.Explore = scoring.Explore{} // its deviations are of other weights
	}
	return result.Profile(name, noteOf(&result.Report, d), like)
}

// noteOf is what a profile says of its fit.
func noteOf(rep *fit.Report, d *loggedData) string {
	note := fmt.Sprintf("%s fit to %d clicks of %d decisions, NDCG %.4f on %d later ones, seed %d",
		rep.Loss, rep.Training.Clicks+rep.Validation.Clicks, rep.Training.Groups+rep.Validation.Groups, rep.Measures[0].NDCG, rep.Holdout.Groups, rep.Seed)
	if d.active == nil {
		return note
	}
	for _, m := range rep.Measures[1:] {
		if m.Name != activeBaseline || m.AboveBy == nil {
			continue
		}
		note += fmt.Sprintf(", %+.4f beside %s", m.AboveBy.Mean, analysis.NameOf(d.active))
		if m.AboveBy.Why == "" {
			note += fmt.Sprintf(" (%+.4f to %+.4f)", m.AboveBy.Low, m.AboveBy.High)
		}
	}
	return note + "; " + d.about
}

// activeBaseline is how the active profile is called beside a fit.
const activeBaseline = "active profile"

// tuneBaselines are the default profile, where the data has all its features, and some features alone.
func tuneBaselines(d *loggedData) (out []fit.Baseline) {
	if d.active != nil {
		out = append(out, fit.Baseline{Name: activeBaseline, Score: func(data *tuning.Dataset) []float64 {
			p, err := evaluation.OfProfile(activeBaseline, data, d.active)
			if err != nil { // an own log has all features
				return make([]float64, data.Rows())
			}
			return p.Scores
		}})
	}
	weighted := func(name string, weights map[string]float64) {
		for feature := range weights {
			if d.Column(feature) < 0 {
				return
			}
		}
		out = append(out, fit.Baseline{Name: name, Score: func(d *tuning.Dataset) []float64 {
			scores := make([]float64, d.Rows())
			for _, feature := range d.Features { // in the order of the data: sums hang on it
				for i, w := 0, weights[feature]; w != 0 && i < len(scores); i++ {
					if x := d.Row(i)[d.Column(feature)]; x == x {
						scores[i] += w * x
					}
				}
			}
			return scores
		}})
	}
	weighted("default profile", scoring.Default().Weights)
	for _, feature := range []string{"distance", "popularity", "saving"} {
		weighted(feature+" alone", map[string]float64{feature: 1})
	}
	return out
}

// read makes options of the flags.
func (f *tuneFlags) read() (err error) {
	if err := f.logged.check(); err != nil {
		return err
	}
	f.Loss, f.Features = fit.Loss(f.loss), f.use
	f.Buckets, f.Signs = map[string]int{}, map[string]int{}
	for _, pair := range f.buckets {
		name, text, _ := cutLast(pair, '=')
		if f.Buckets[name], err = strconv.Atoi(text); err != nil {
			return usagef("--bucket %q is not FEATURE=N", pair)
		}
	}
	for _, pair := range f.crosses {
		a, b, found := cutLast(pair, ':')
		if !found {
			return usagef("--cross %q is not FEATURE:FEATURE", pair)
		}
		f.Crosses = append(f.Crosses, [2]string{a, b})
	}
	for _, pair := range f.signs {
		name, text, _ := cutLast(pair, '=')
		if text != "+" && text != "-" {
			return usagef("--sign %q is neither FEATURE=+ nor FEATURE=-", pair)
		}
		f.Signs[name] = 1
		if text == "-" {
			f.Signs[name] = -1
		}
	}
	for _, pair := range f.penalties {
		a, b, _ := strings.Cut(pair, ":")
		l1, err1 := strconv.ParseFloat(a, 64)
		l2, err2 := strconv.ParseFloat(b, 64)
		if err1 != nil || err2 != nil {
			return usagef("--penalty %q is not L1:L2", pair)
		}
		f.Penalties = append(f.Penalties, fit.Penalty{L1: l1, L2: l2})
	}
	if f.Penalties == nil {
		f.Penalties = fit.DefaultPenalties()
	}
	return nil
}

// cutLast cuts around the last separator: a feature of a text may have one in its name.
func cutLast(s string, separator byte) (before, after string, found bool) {
	at := strings.LastIndexByte(s, separator)
	if at < 0 {
		return s, "", false
	}
	return s[:at], s[at+1:], true
}
