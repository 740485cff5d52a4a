package offpolicy

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/sihai-network/sihai/scoring/interval"
)

// Options of an evaluation. The zero value is good.
type Options struct {
	Interval  interval.Options
	Limits    Limits
	Threshold float64 // of SwitchDR: where a weight is above it the model is believed; 0: the one of the least bound on the error, which is mostly none
}

// The names of the estimators.
const (
	IPS          = "ips"                  // inverse propensity scoring
	SNIPS        = "snips"                // self-normalised
	Direct       = "direct_method"        // right only where its model of rewards is
	DoublyRobust = "doubly_robust"        // the model's number, put right by weighting
	SwitchDR     = "switch_doubly_robust" // which believes the model where weights are large
)

// Result is what one estimator says.
type Result struct {
	Estimator string
	Estimate  interval.Estimate // of the mean reward of a decision; all NaN where it is refused
	Refused   []string          // what is missing; empty: the estimate stands
	Support   Support           // by this estimator's weights
	Bias      float64           // what the estimate may be off by at most besides, as far as is known; 0 but for SwitchDR
	Threshold float64           // of SwitchDR: weights above it are not used; infinite: all are
}

// Report is what a log says of a policy.
type Report struct {
	Decisions, Users, LeftOut int
	Logged                    interval.Estimate // mean reward of a decision in the log
	Results                   []Result          // in the order of the constants
}

// Evaluate gives every estimator's word on the mean reward of a decision. Without Actions there are IPS and SNIPS only. The error is ctx's, or that of a log without rounds.
func Evaluate(ctx context.Context, r *Rounds, o Options) (*Report, error) {
	o.Limits = o.Limits.withDefaults()
	if r.Len() == 0 {
		return nil, errors.New("no decision of the log tells what was shown, its propensity and what came of it")
	}
	w := r.weights()
	support := supportOf(r.Users, r.UserCount, r.Rewards, w, o.Interval)
	support.Unreached, support.Luck = r.Unreached, r.Luck
	report := &Report{Decisions: r.Len(), Users: support.Users, LeftOut: r.LeftOut}
	report.Logged, _ = r.mean(func(i int) float64 { return r.Rewards[i] }).Estimate(o.Interval) // without an interval where there is none
	report.Results = append(report.Results,
		o.result(IPS, support, r.ips(w)),
		o.result(SNIPS, support, r.snips(w)),
	)
	if r.Actions == nil {
		return report, nil
	}
	p, err := predict(ctx, r)
	if err != nil {
		return nil, err
	}
	direct, robust := r.direct(p), r.doublyRobust(w, p)
	report.Results = append(report.Results, o.result(Direct, support, direct), o.result(DoublyRobust, support, robust))
	report.Results[2].doubt(direct, robust)
	threshold, worst := o.Threshold, r.worst(w, o.Threshold)
	if threshold == 0 {
		threshold, worst = r.threshold(w, p)
	}
	last := o.result(SwitchDR, support, r.switched(w, p, threshold))
	last.Bias, last.Threshold = worst, threshold
	report.Results = append(report.Results, last)
	return report, ctx.Err()
}

// doubtLevel is that of the interval of what the model leaves over, by which the direct method is refused.
const doubtLevel = 0.99

// doubt refuses the direct method where weighting shows that its model is off in the mean over what the policy would show.
func (r *Result) doubt(direct, robust *interval.Ratios) {
	off, err := interval.Difference(direct, robust).Normal(interval.Options{Level: doubtLevel})
	if len(r.Refused) > 0 || err != nil || off.Interval.Holds(0) {
		return
	}
	r.Estimate = interval.None()
	r.Refused = append(r.Refused, fmt.Sprintf("the model of rewards is off: by weighting its mean is to be lowered by %.3g, with a 99 %% interval of %.3g to %.3g", off.Value, off.Interval.Low, off.Interval.High))
}

// result asks an estimator, where the support is enough.
func (o *Options) result(name string, s Support, r *interval.Ratios) Result {
	out := Result{Estimator: name, Support: s, Refused: s.refusals(name, o.Limits), Estimate: interval.None(), Threshold: math.Inf(1)}
	if len(out.Refused) > 0 {
		return out
	}
	estimate, err := r.Estimate(o.Interval)
	if err != nil {
		out.Refused = append(out.Refused, err.Error())
		return out
	}
	out.Estimate = estimate
	return out
}
