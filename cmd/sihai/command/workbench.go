package command

import (
	"bytes"
	"context"
	_ "embed" // the page
	"fmt"
	page "html/template"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
	"github.com/sihai-network/sihai/scoring/interval"
	"github.com/sihai-network/sihai/scoring/tuning/evaluation"
	"github.com/sihai-network/sihai/scoring/tuning/fit"
)

//go:embed workbench.html
var workbenchPage string

// workbench is what a page of a profile is made of: numbers that were measured, and pictures of what they hide.
type workbench struct {
	data     *loggedData
	policies []evaluation.Policy // the first is the page's
	profile  *scoring.Profile    // of the first
	options  evaluation.Options
	measured *evaluation.Report
	fit      *fit.Report // nil: nothing was fitted
	made     time.Time
	last     int // lists that the ranges of weights are held to, the last ones
}

// addReport adds the flags of a page.
func addReport(flags *pflag.FlagSet, name *string, scenarios *int) {
	flags.StringVar(name, "report", "", "file that gets a page of HTML with pictures, by itself whole")
	flags.IntVar(scenarios, "scenarios", 100, "of the report: lists, the last ones, that stay as they are while a weight keeps to its range")
}

// benchPage is what the template tells.
type benchPage struct {
	Title, About string
	Notes        []string
	Parts        []benchPart
}

// benchPart is a picture with its table.
type benchPart struct {
	ID, Title, Text string
	Picture         page.HTML
	Header          []string
	Rows            [][]string
}

// write makes the page, and writes it once all of it is made.
func (w *workbench) write(ctx context.Context, name string) error {
	p, err := w.page(ctx)
	if err != nil {
		return err
	}
	t, err := page.New("page").Parse(workbenchPage)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, p); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return os.WriteFile(name, out.Bytes(), 0o644)
}

func (w *workbench) page(ctx context.Context) (*benchPage, error) {
	first := w.policies[0].Name
	r := w.measured
	p := &benchPage{
		Title: "Workbench: " + first,
		About: fmt.Sprintf("%s; %d lists of %d users, %d offers, %d of them with a label. Made %s.", w.data.about, r.Groups, r.Users, r.Rows, r.Labelled, w.made.UTC().Format(time.RFC3339)),
		Notes: append([]string{
			"An interval holds the truth in " + percent(w.level()) + " of such logs; what a user does hangs together, so that users are what is resampled.",
			"Judged is the order of what was shown. Travellers look at the top first, so that the log's own order, and what is like it, looks better than it is.",
		}, w.data.notes...),
	}
	p.Parts = append(p.Parts, w.measures(), w.reliability())
	if w.fit != nil {
		p.Parts = append(p.Parts, w.weights(), w.learning())
	}
	for _, s := range []struct{ column, title string }{{"place", "By place"}, {"hour", "By hour"}, {"language", "By language"}, {"segments", "By segment"}} {
		part, err := w.slices(ctx, s.column, s.title)
		if err != nil {
			return nil, err
		}
		if part != nil {
			p.Parts = append(p.Parts, *part)
		}
	}
	if len(w.policies) > 1 {
		p.Parts = append(p.Parts, w.moves())
	}
	if part := w.ranges(); part != nil {
		p.Parts = append(p.Parts, *part)
	}
	return p, nil
}

func (w *workbench) level() float64 {
	if w.options.Interval.Level == 0 {
		return 0.95
	}
	return w.options.Interval.Level
}

// measures draws the first measure, and tells all.
func (w *workbench) measures() benchPart {
	depth := ""
	if w.measured.K > 0 {
		depth = "@" + strconv.Itoa(w.measured.K)
	}
	out := benchPart{ID: "measures", Title: "How well each orders", Text: "NDCG" + depth + ", 1 is the best order there is; the table tells by how much " + w.policies[0].Name + " is better in each measure.",
		Header: []string{"Policy", "Measure", "Over", "Value", "Interval", "Better by", "Interval", "Note"}}
	var marks []marked
	for i, line := range w.measured.Lines {
		for j, m := range line.Measures {
			if j == 0 {
				marks = append(marks, marked{line.Policy, numberText(m.Estimate.Value), m.Estimate.Value, m.Estimate.Interval.Low, m.Estimate.Interval.High})
			}
			row := []string{line.Policy, strings.ReplaceAll(m.Name, "_", " "), strconv.Itoa(m.Count), numberText(m.Estimate.Value), intervalText(m.Estimate), "", "", m.Missing}
			if i > 0 {
				d := better(m)
				row[5], row[6] = numberText(d.Value), intervalText(d)
			}
			out.Rows = append(out.Rows, row)
		}
	}
	out.Picture = dots("NDCG of each policy with its interval", "NDCG"+depth, marks)
	return out
}

// reliability draws what came of offers over what their scores said.
func (w *workbench) reliability() benchPart {
	out := benchPart{ID: "reliability", Title: "What scores say, and what came", Text: "Ten parts of as many offers each. Where scores are chances, true ones lie on the dashed line; else the curve should rise.",
		Header: []string{"Score", "Chance", "Offers", "Observed", "Interval"}}
	var spots []reading
	chances := w.policies[0].Link != evaluation.NoLink && !w.data.linear
	for _, b := range evaluation.Reliability(w.data.Dataset, w.policies[0], 10, w.options.Interval) {
		x := b.Score
		if chances {
			x = b.Chance
		}
		spots = append(spots, reading{x, b.Observed.Value, b.Observed.Interval.Low, b.Observed.Interval.High})
		out.Rows = append(out.Rows, []string{numberText(b.Score), numberText(b.Chance), strconv.Itoa(b.Rows), numberText(b.Observed.Value), intervalText(b.Observed)})
	}
	across := "mean score"
	if chances {
		across = "mean chance"
	}
	if len(spots) > 0 {
		out.Picture = curve("Reliability: mean label over score", across, "mean label", spots, chances)
	}
	return out
}

// weights draws the fit.
func (w *workbench) weights() benchPart {
	out := benchPart{ID: "weights", Title: "Weights", Text: "Of the fit, with intervals of 95 % over users.", Header: []string{"Feature", "Weight", "Low", "High"}}
	if w.fit.NoIntervals != "" {
		out.Text = "Of the fit; there are no intervals: " + w.fit.NoIntervals + "."
	}
	var marks []marked
	for _, x := range w.fit.Weights {
		m := marked{x.Feature, fmt.Sprintf("%.4f", x.Weight), x.Weight, math.NaN(), math.NaN()}
		if x.Low != nil {
			m.low, m.high = *x.Low, *x.High
		}
		marks = append(marks, m)
		out.Rows = append(out.Rows, []string{x.Feature, numberText(x.Weight), numberText(m.low), numberText(m.high)})
	}
	out.Picture = dots("Weights of the fit with their intervals", "weight", marks)
	return out
}

// learning draws what more data was worth.
func (w *workbench) learning() benchPart {
	out := benchPart{ID: "learning", Title: "Learning curve", Text: fmt.Sprintf("NDCG@%d on %d lists that no fit has seen, by how many lists were fitted to. A curve that still rises asks for more data.", fit.MeasuredPlaces, w.fit.Holdout.Groups),
		Header: []string{"Share", "Lists", "NDCG", "Low", "High"}}
	var spots []reading
	for _, c := range w.fit.Curve {
		s := reading{float64(c.Groups), c.NDCG, math.NaN(), math.NaN()}
		if c.Low != nil {
			s.low, s.high = *c.Low, *c.High
		}
		spots = append(spots, s)
		out.Rows = append(out.Rows, []string{percent(c.Share), strconv.Itoa(c.Groups), numberText(c.NDCG), numberText(s.low), numberText(s.high)})
	}
	if len(spots) > 0 {
		out.Picture = curve("NDCG on the hold-out by lists fitted to", "lists fitted to", "NDCG", spots, false)
	}
	return out
}

// slices draws the parts of the data by what was known of the request; nil where it is not known.
func (w *workbench) slices(ctx context.Context, column, title string) (*benchPart, error) {
	compared := w.policies[:min(len(w.policies), 2)]
	found, err := evaluation.Slices(ctx, w.data.Dataset, compared, column, w.options)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	out := &benchPart{ID: column, Title: title, Text: "NDCG of " + w.policies[0].Name + ". Many parts are looked at: one in twenty differs by chance.", Header: []string{title, "Lists", "NDCG", "Interval", "Mean label", "Interval"}}
	if len(compared) > 1 {
		out.Header = append(out.Header, "Better than "+compared[1].Name+" by", "Interval")
	}
	var marks []marked
	for _, s := range found {
		marks = append(marks, marked{s.Value, strconv.Itoa(s.Groups) + " lists", s.NDCG.Value, s.NDCG.Interval.Low, s.NDCG.Interval.High})
		row := []string{s.Value, strconv.Itoa(s.Groups), numberText(s.NDCG.Value), intervalText(s.NDCG), numberText(s.Rate.Value), intervalText(s.Rate)}
		if len(compared) > 1 {
			row = append(row, numberText(s.Better.Value), intervalText(s.Better))
		}
		out.Rows = append(out.Rows, row)
	}
	out.Picture = dots(title+": NDCG with intervals", "NDCG", marks)
	return out, nil
}

// movesShown bounds the columns of rank changes on either side; what moves further is in the last.
const movesShown = 6

// moves draws by how many places offers move from the second policy to the first.
func (w *workbench) moves() benchPart {
	before, after := evaluation.Ranks(w.data.Dataset, w.policies[1]), evaluation.Ranks(w.data.Dataset, w.policies[0])
	columns := make([]countBar, 2*movesShown+1)
	other, lists := 0, 0
	for g := range w.data.Groups() {
		from, to := w.data.Group(g)
		if from < to {
			lists++
		}
		for i := from; i < to; i++ {
			by := int(after[i] - before[i])
			columns[min(max(by, -movesShown), movesShown)+movesShown].count++
			if before[i] == 1 && by != 0 {
				other++
			}
		}
	}
	for n := range columns {
		columns[n].name = fmt.Sprintf("%+d", n-movesShown)
	}
	columns[movesShown].name = "0"
	columns[0].name, columns[2*movesShown].name = "≤ −"+strconv.Itoa(movesShown), "≥ +"+strconv.Itoa(movesShown)
	return benchPart{
		ID: "moves", Title: "Rank changes", Picture: bars("Offers by how many places they move", "places; below 0 is up", columns),
		Text: fmt.Sprintf("Among the offers of each list, from the order of %s to that of %s. %d of %d lists have another first offer.", w.policies[1].Name, w.policies[0].Name, other, lists),
	}
}

// ranges tells how far each weight may go before one of the last lists changes; nil where scores are not those of weights.
func (w *workbench) ranges() *benchPart {
	d := w.data
	if w.profile == nil || w.profile.Model != nil {
		return nil
	}
	columns := make([]int, 0, scoring.Width)
	for _, f := range scoring.Features() {
		columns = append(columns, d.Column(f.Name))
	}
	k := w.options.K
	if k < 1 {
		k = 10
	}
	var chosen []scoring.Scenario
	for g := max(d.Groups()-w.last, 0); g < d.Groups(); g++ {
		from, to := d.Group(g)
		s := scoring.Scenario{Rows: new(scoring.Matrix), K: k}
		for i := from; i < to; i++ {
			row := s.Rows.AppendRow()
			for j, c := range columns {
				if c >= 0 && !math.IsNaN(d.Row(i)[c]) {
					row[j] = d.Row(i)[c]
				}
			}
			merchant, campaign, _, _ := engine.ParseOfferID(d.Item(i))
			s.Candidates = append(s.Candidates, scoring.Candidate{ID: d.Item(i), Campaign: merchant + "/" + campaign, Merchant: merchant})
		}
		chosen = append(chosen, s)
	}
	limits := scoring.Ranges(w.profile, chosen)
	out := &benchPart{ID: "ranges", Title: "How far each weight may go", Header: []string{"Feature", "Weight", "From", "To"},
		Text: fmt.Sprintf("While a weight stays within its range, and all others as they are, the first %d offers of each of the last %d lists stay as they are, in the same order. The ends are computed and not sampled.", k, len(chosen))}
	var marks []marked
	for j, f := range scoring.Features() {
		weight := w.profile.Weights[f.Name]
		marks = append(marks, marked{f.Name, numberText(weight), weight, limits[j].Low, limits[j].High})
		out.Rows = append(out.Rows, []string{f.Name, numberText(weight), exact(limits[j].Low), exact(limits[j].High)})
	}
	out.Picture = dots("Ranges of weights in which the lists stay as they are", "weight", near(marks))
	return out
}

// near cuts ranges far beyond the weights, so that the others can be seen; the table has them whole.
func near(marks []marked) []marked {
	most := 0.1
	for _, m := range marks {
		most = max(most, 2*math.Abs(m.value))
	}
	for i := range marks {
		marks[i].low, marks[i].high = max(marks[i].low, -most), min(marks[i].high, most)
	}
	return marks
}

func exact(x float64) string { return strconv.FormatFloat(x, 'g', 10, 64) }

// reportFit writes the page of a fit: measured on the decisions that it has not seen.
func (r *runner) reportFit(ctx context.Context, f *tuneFlags, result *fit.Result, d *loggedData) error {
	profile, err := f.fitted(result, d)
	if err != nil {
		return err
	}
	held := *d
	held.Dataset = result.Holdout()
	p, err := evaluation.OfProfile("fit", held.Dataset, &profile)
	if err != nil {
		return err
	}
	if result.Report.Loss == fit.Logistic {
		p.Link = evaluation.Logistic
	}
	policies := []evaluation.Policy{p}
	for _, b := range f.Baselines {
		policies = append(policies, evaluation.Policy{Name: b.Name, Scores: b.Score(held.Dataset)})
	}
	o := evaluation.Options{Interval: interval.Options{Seed: f.Seed}, Linear: d.linear}
	measured, err := evaluation.Evaluate(ctx, held.Dataset, policies, o)
	if err != nil {
		return err
	}
	w := workbench{data: &held, policies: policies, profile: &profile, options: o, measured: measured, fit: &result.Report, made: r.Now(), last: f.scenarios}
	return w.write(ctx, f.report)
}
