package command

import (
	"fmt"
	"strings"

	"github.com/sihai-network/sihai/engine/wire"
	"github.com/sihai-network/sihai/scoring/tuning/fit"
)

// printFit prints what a fit found and what it is worth.
func (r *runner) printFit(rep *fit.Report, saved *wire.ProfileRef) error {
	var samples [][]string
	for _, s := range []struct {
		name string
		fit.Sample
	}{{"fit to", rep.Training}, {"penalty chosen by", rep.Validation}, {"held out", rep.Holdout}} {
		samples = append(samples, []string{s.name, fmt.Sprint(s.Groups), fmt.Sprint(s.Rows), fmt.Sprint(s.Clicks)})
	}
	var weights [][]string
	for _, w := range rep.Weights {
		weights = append(weights, []string{w.Feature, fmt.Sprintf("%.4f", w.Weight)})
	}
	for _, t := range rep.Terms {
		weights = append(weights, []string{strings.Join(t.Features, " × "), fmt.Sprintf("%d buckets", len(t.Weights))})
	}
	if rep.Loss == fit.Logistic {
		weights = append(weights, []string{"bias", fmt.Sprintf("%.4f", rep.Bias)})
	}
	var measures [][]string
	for _, m := range rep.Measures {
		row := []string{m.Name, fmt.Sprintf("%.4f", m.NDCG), "", ""}
		if d := m.AboveBy; d != nil {
			row[2] = fmt.Sprintf("%+.4f", d.Mean)
			if row[3] = d.Why; d.Why == "" {
				row[3] = fmt.Sprintf("%+.4f to %+.4f", d.Low, d.High)
			}
		}
		measures = append(measures, row)
	}
	for _, t := range []struct {
		header []string
		rows   [][]string
	}{
		{[]string{"DECISIONS", "COUNT>", "ROWS>", "CLICKS>"}, samples},
		{[]string{"FEATURE", "WEIGHT>"}, weights},
		{[]string{"ON THE HELD OUT", fmt.Sprintf("NDCG@%d>", fit.MeasuredPlaces), "THE FIT IS HIGHER BY>", "95 %"}, measures},
	} {
		if err := r.printTable(t.header, t.rows); err != nil {
			return err
		}
		if err := r.print(""); err != nil {
			return err
		}
	}
	return r.printEnd(rep, saved)
}

// printEnd prints the lines under the tables.
func (r *runner) printEnd(rep *fit.Report, saved *wire.ProfileRef) error {
	if len(rep.Positions) > 0 {
		var chances []string
		for _, p := range rep.Positions {
			chances = append(chances, fmt.Sprintf("%.2f", p))
		}
		if err := r.print("positions are looked at, relative to the first: %s", strings.Join(chances, " ")); err != nil {
			return err
		}
	}
	if c := rep.Measures[0].Chances; c != nil {
		if err := r.print("chances: %.4f predicted, %.4f observed, calibration error %.4f, log-loss %.4f", c.Predicted, c.Observed, c.Error, c.LogLoss); err != nil {
			return err
		}
	}
	end := "converged"
	if !rep.Converged {
		end = "did not converge; more --iterations may help"
	}
	if err := r.print("L1 %g, L2 %g: %d iterations, %s", rep.Chosen.L1, rep.Chosen.L2, rep.Iterations, end); err != nil || saved == nil {
		return err
	}
	return r.print("saved as version %d of profile %s, which is not active", saved.Version, saved.Name)
}
