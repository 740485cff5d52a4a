package command

import (
	"context"
	"errors"
	"strings"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
	"github.com/sihai-network/sihai/scoring"
)

// askOwn asks a server, or a data folder, what a profile would have earned.
func (r *runner) askOwn(ctx context.Context, f *opeFlags) error {
	asked, err := f.weights.asked()
	if err != nil {
		return err
	}
	t, err := r.open(ctx)
	if err != nil {
		return err
	}
	o := &f.logged.own
	got, err := t.Evaluate(ctx, wire.EvaluationRequest{
		Profiles: []wire.EvaluatedProfile{asked}, From: o.from, Until: o.until, Label: f.logged.table.Label, Currency: o.currency, Seen: string(engine.SeenAnswers),
		Metrics: []string{"ndcg"}, Seed: f.seed, Level: f.level, OffPolicy: true,
	})
	if err = errors.Join(err, t.close()); err != nil {
		return err
	}
	report := got.OffPolicy[0]
	if r.flags.output == "json" {
		return r.printJSON(report)
	}
	if err := r.print("%d lists of %d users, of which the first %d offers are counted; %d lists left out, since they cannot be made again or a propensity is not known", report.Lists, report.Users, report.Positions, report.LeftOut); err != nil {
		return err
	}
	if err := r.print("the log itself earned %s a list (%s)\n", pointerText(report.Logged.Value), rangeText(report.Logged)); err != nil {
		return err
	}
	var rows [][]string
	for _, e := range report.Estimators {
		note := strings.Join(e.Refused, "; ")
		if note != "" {
			note = "no number: " + note
		}
		rows = append(rows, []string{strings.ReplaceAll(e.Name, "_", " "), pointerText(e.Value), rangeText(e.Estimate), numberText(e.EffectiveSize), numberText(e.LargestWeight), note})
	}
	return r.printTable([]string{"ESTIMATOR", "REWARD>", "INTERVAL", "EFFECTIVE SIZE>", "LARGEST WEIGHT>", "NOTE"}, rows)
}

// asked is the profile as the API is asked for it.
func (f *weightFlags) asked() (wire.EvaluatedProfile, error) {
	if f.stored != "" {
		ref, err := parseStored(f.stored)
		return wire.EvaluatedProfile{Name: ref.Name, Version: ref.Version}, err
	}
	profile := &scoring.Profile{Name: "weights", Bias: f.bias, Floor: -scoring.MaxFloor}
	var err error
	if f.profile != "" {
		profile, err = f.read()
	} else {
		profile.Weights, err = parseWeights(f.weights)
	}
	if err != nil {
		return wire.EvaluatedProfile{}, err
	}
	draft := wire.ProfileOf(profile, engine.ProfileRef{})
	return wire.EvaluatedProfile{Draft: &draft}, nil
}

func pointerText(x *float64) string {
	if x == nil {
		return ""
	}
	return numberText(*x)
}

func rangeText(e wire.Estimate) string {
	if e.Low == nil || e.High == nil {
		return ""
	}
	return numberText(*e.Low) + " to " + numberText(*e.High)
}
