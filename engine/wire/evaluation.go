package wire

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/scoring"
)

// EvaluationRequest asks how good profiles are.
type EvaluationRequest struct {
	Profiles  []EvaluatedProfile `json:"profiles,omitempty" maxItems:"5" doc:"what is judged; the first is compared with the others. The active version when left out"`
	From      string             `json:"from,omitempty" format:"date-time" doc:"of the decisions; 28 days before the end when left out"`
	Until     string             `json:"until,omitempty" format:"date-time" doc:"exclusive; now when left out"`
	Label     string             `json:"label,omitempty" enum:"tap,redemption,discount,purchase" doc:"what is success: that an offer was tapped, or used, or what its uses took off or were worth; tap when left out"`
	Currency  string             `json:"currency,omitempty" doc:"of discount and purchase, which need it; ISO 4217"`
	Seen      string             `json:"seen,omitempty" enum:"impressions,answers" doc:"of which offers it is known what came of them: those with an impression, or all that were answered; impressions when left out"`
	K         int                `json:"k,omitempty" minimum:"1" maximum:"1000" doc:"how far down a list is looked at; 10 when left out"`
	Metrics   []string           `json:"metrics,omitempty" doc:"those that are told; all when left out"`
	Holdout   float64            `json:"holdout,omitempty" minimum:"0" maximum:"0.9" doc:"judge the last share of the decisions only: what a fit to the rest has not seen"`
	Link      string             `json:"link,omitempty" enum:"identity,logistic" doc:"what makes a chance of a score; when left out nothing does"`
	Seed      uint64             `json:"seed,omitempty" doc:"of intervals and of the order by lot; 1 when left out"`
	Level     float64            `json:"level,omitempty" minimum:"0.5" maximum:"0.999" doc:"chance that an interval holds the truth; 0.95 when left out"`
	OffPolicy bool               `json:"off_policy,omitempty" doc:"tell besides what each profile would have earned, by the last 20,000 decisions at most"`
}

// EvaluatedProfile names a version of a profile, or is one that is not stored.
type EvaluatedProfile struct {
	Name    string   `json:"name,omitempty" maxLength:"64"`
	Version uint64   `json:"version,omitempty" doc:"left out: the newest"`
	Draft   *Profile `json:"draft,omitempty" doc:"a profile that is not stored, instead of a name"`
}

// SimulationRequest asks what a profile would change.
type SimulationRequest struct {
	Profile  EvaluatedProfile `json:"profile"`
	Last     int              `json:"last,omitempty" minimum:"1" maximum:"20000" doc:"decisions that are made again, the last ones; 1000 when left out"`
	From     string           `json:"from,omitempty" format:"date-time" doc:"of the decisions; however far back when left out"`
	Until    string           `json:"until,omitempty" format:"date-time" doc:"exclusive; now when left out"`
	Merchant string           `json:"merchant_id,omitempty" maxLength:"64" doc:"name this merchant's campaigns only"`
}

var (
	evaluationPlan = planOf(reflect.TypeFor[EvaluationRequest]())
	simulationPlan = planOf(reflect.TypeFor[SimulationRequest]())
)

// AskedProfile is a profile that a request names, or holds.
type AskedProfile struct {
	Path  string // in the request
	Ref   engine.ProfileRef
	Draft *scoring.Profile // valid; nil: Ref names one
}

// DecodeEvaluation reads what is asked for. The faults are all there are. The profiles are to be found yet; none: the active one.
func DecodeEvaluation(data []byte, now time.Time) (engine.EvaluationRequest, []AskedProfile, engine.Faults) {
	var r EvaluationRequest
	var faults engine.Faults
	if len(data) > 0 {
		faults = bind(data, evaluationPlan, &r)
	}
	out := engine.EvaluationRequest{
		Label: engine.Label(r.Label), Currency: r.Currency, Seen: engine.Seen(r.Seen), K: r.K, Metrics: r.Metrics, Holdout: r.Holdout, Link: r.Link, Seed: r.Seed, Level: r.Level,
		OffPolicy: r.OffPolicy,
	}
	if out.Seed == 0 {
		out.Seed = 1
	}
	out.From, out.Until = span(r.From, r.Until, now, &faults)
	if out.From.IsZero() {
		out.From = out.Until.AddDate(0, 0, -28)
	}
	checkSpan(out.From, out.Until, &faults)
	checkMoneyLabel(out.Label, r.Currency, &faults)
	known := engine.EvaluationMetrics()
	for i, m := range r.Metrics {
		if !slices.Contains(known, m) {
			faults.Add(fmt.Sprintf("metrics[%d]", i), "invalid", "%q is none of %v", clip(m), known)
		}
	}
	asked := make([]AskedProfile, len(r.Profiles))
	for i := range r.Profiles {
		asked[i] = r.Profiles[i].read(fmt.Sprintf("profiles[%d]", i), &faults)
	}
	return out, asked, faults
}

// DecodeSimulation reads what is asked for; the profile is to be found yet.
func DecodeSimulation(data []byte, now time.Time) (engine.SimulationRequest, AskedProfile, engine.Faults) {
	var r SimulationRequest
	faults := bind(data, simulationPlan, &r)
	out := engine.SimulationRequest{Last: r.Last, MerchantID: r.Merchant}
	if out.Last == 0 {
		out.Last = 1000
	}
	out.From, out.Until = span(r.From, r.Until, now, &faults)
	if !out.From.IsZero() {
		checkSpan(out.From, out.Until, &faults)
	}
	for _, f := range faults {
		if f.Path == "profile" || f.Code == "syntax" {
			return out, AskedProfile{}, faults
		}
	}
	return out, r.Profile.read("profile", &faults), faults
}

// DatasetSpan reads the parameters of a data set.
func DatasetSpan(from, until, label, currency, seen string, now time.Time) (engine.EvaluationRequest, engine.Faults) {
	var faults engine.Faults
	out := engine.EvaluationRequest{Label: engine.Label(label), Currency: currency, Seen: engine.Seen(seen)}
	out.From, out.Until = span(from, until, now, &faults)
	if out.From.IsZero() {
		out.From = out.Until.AddDate(0, 0, -28)
	}
	checkSpan(out.From, out.Until, &faults)
	if label != "" && !slices.Contains(engine.Labels(), out.Label) {
		faults.Add("label", "invalid", "%q is none of %v", clip(label), engine.Labels())
	}
	if seen != "" && out.Seen != engine.SeenImpressions && out.Seen != engine.SeenAnswers {
		faults.Add("seen", "invalid", "%q is neither impressions nor answers", clip(seen))
	}
	checkMoneyLabel(out.Label, currency, &faults)
	return out, faults
}

// checkMoneyLabel holds that a label in money, and no other, has a currency.
func checkMoneyLabel(l engine.Label, currency string, faults *engine.Faults) {
	switch {
	case l.InMoney() && currency == "":
		faults.Add("currency", "required", "a label in money needs a currency")
	case l.InMoney():
		checkCurrency("currency", currency, faults)
	case currency != "":
		faults.Add("currency", "invalid", "only discount and purchase are in a currency")
	}
}

// span reads the ends of a time; now where there is no end.
func span(from, until string, now time.Time, faults *engine.Faults) (first, end time.Time) {
	read := func(path, text string) (t time.Time) {
		if text == "" {
			return t
		}
		t, ok := parseTime(text)
		if !ok {
			faults.Add(path, "invalid", "%q is no time of RFC 3339", clip(text))
		}
		return t
	}
	first, end = read("from", from), read("until", until)
	if end.IsZero() {
		end = now.UTC()
	}
	return first, end
}

func checkSpan(from, until time.Time, faults *engine.Faults) {
	switch {
	case !from.Before(until):
		faults.Add("until", "out_of_range", "does not come after from")
	case until.Sub(from) > engine.MaxEvaluatedDays*24*time.Hour:
		faults.Add("from", "out_of_range", "is more than %d days before until", engine.MaxEvaluatedDays)
	}
}

// read checks a profile as far as it is told.
func (p *EvaluatedProfile) read(path string, faults *engine.Faults) AskedProfile {
	out := AskedProfile{Path: path, Ref: engine.ProfileRef{Name: p.Name, Version: p.Version}}
	switch {
	case p.Draft == nil && p.Name == "":
		faults.Add(path+".name", "required", "a name, or a draft")
		return out
	case p.Draft == nil:
		return out
	case p.Name != "" || p.Version != 0:
		faults.Add(path+".name", "invalid", "a draft goes without a name and a version beside it")
	}
	var own engine.Faults
	draft := p.Draft.read(&own)
	if draft.Name == "" {
		draft.Name = "draft"
	}
	if err := draft.Validate(); err != nil {
		own = own.Merge(scoringFaults(err))
	}
	*faults = faults.Merge(own.Under(path + ".draft"))
	out.Draft = &draft
	return out
}

// scoringFaults gives the faults of a profile as those of the engine.
func scoringFaults(err error) (faults engine.Faults) {
	found, ok := err.(scoring.Faults)
	if !ok {
		faults.Add("", "invalid", "%v", err)
	}
	for _, f := range found {
		faults.Add(f.Path, f.Code, "%s", f.Message)
	}
	return faults
}

// Estimate is a number with how sure it is; what is not known is left out.
type Estimate struct {
	Value *float64 `json:"value,omitempty"`
	Error *float64 `json:"standard_error,omitempty"`
	Low   *float64 `json:"low,omitempty"`
	High  *float64 `json:"high,omitempty"`
}

func estimateOf(e engine.Estimate) Estimate {
	return Estimate{known(e.Value), known(e.Error), known(e.Low), known(e.High)}
}

// known returns a number that JSON can hold; nil for every other one.
func known(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}

// Evaluation is what was measured.
type Evaluation struct {
	From        string      `json:"from" format:"date-time"`
	Until       string      `json:"until" format:"date-time" doc:"exclusive"`
	Decisions   uint64      `json:"decisions" doc:"that were read"`
	OneIn       uint64      `json:"one_in" doc:"1: every decision of the span was read; n: a sample of one in n"`
	Lists       int         `json:"lists" doc:"placements with offers"`
	Users       int         `json:"users"`
	Offers      int         `json:"offers"`
	Labelled    int         `json:"labelled" doc:"offers of which it is known what came of them"`
	Unconverted int         `json:"unconverted,omitempty" doc:"redemptions left out, since no rate of their currency is known"`
	Bytes       int64       `json:"bytes" doc:"of memory that the offers took"`
	K           int         `json:"k" doc:"0: lists are looked at to their end"`
	Policies    []Policy    `json:"policies" doc:"the profiles, then the active one and simple ways to order"`
	OffPolicy   []OffPolicy `json:"off_policy,omitempty" doc:"by profile"`
	Notes       []string    `json:"notes" doc:"what the numbers do not say"`
}

// Policy is a profile or a baseline.
type Policy struct {
	Name           string      `json:"name"`
	ScoringProfile *ProfileRef `json:"scoring_profile,omitempty" doc:"of a profile; version 0 is a draft"`
	Measures       []Measure   `json:"measures"`
}

// Measure is what one metric says of one policy.
type Measure struct {
	Name string `json:"name"`
	Over int    `json:"over" doc:"lists, offers or merchants"`
	Estimate
	Difference *Estimate `json:"difference,omitempty" doc:"the first policy's value less this one's, paired by user"`
	Missing    string    `json:"missing,omitempty" doc:"why there is no value, or no interval"`
}

// OffPolicy is what a profile would have earned from the logged requests.
type OffPolicy struct {
	ScoringProfile ProfileRef  `json:"scoring_profile"`
	Lists          int         `json:"lists"`
	Positions      int         `json:"positions" doc:"that are counted, from the top"`
	Users          int         `json:"users"`
	LeftOut        int         `json:"left_out" doc:"lists whose decision cannot be made again, or of which a propensity is missing"`
	Logged         Estimate    `json:"logged" doc:"what a list of the log earned"`
	Estimators     []Estimator `json:"estimators"`
}

// Estimator is what one estimator says of the mean that a list earns.
type Estimator struct {
	Name string `json:"name"`
	Estimate
	Refused       []string `json:"refused,omitempty" doc:"what is missing for a number"`
	EffectiveSize float64  `json:"effective_sample_size"`
	LargestWeight float64  `json:"largest_weight"`
	LargestShare  float64  `json:"largest_share" doc:"of all weight, that one user holds"`
	Outcomes      int      `json:"outcomes" doc:"users with a reward where the profile agrees with the log"`
	Unreached     float64  `json:"unreached" doc:"share of what the profile would show that the log never shows there"`
	MeanWeight    Estimate `json:"mean_weight"`
}

// EvaluationOf returns e as it is sent.
func EvaluationOf(e *engine.Evaluation) Evaluation {
	out := Evaluation{
		From: timeText(e.From), Until: timeText(e.Until), Decisions: e.Decisions, OneIn: e.OneIn, Lists: e.Lists, Users: e.Users, Offers: e.Offers, Labelled: e.Labelled,
		Unconverted: e.Unconverted, Bytes: e.Bytes, K: e.K, Policies: make([]Policy, len(e.Policies)), Notes: append([]string{}, e.Notes...),
	}
	for i, p := range e.Policies {
		told := Policy{Name: p.Name, Measures: make([]Measure, len(p.Measures))}
		if p.Profile != (engine.ProfileRef{}) {
			told.ScoringProfile = &ProfileRef{p.Profile.Name, p.Profile.Version}
		}
		for j, m := range p.Measures {
			row := Measure{Name: m.Name, Over: m.Over, Estimate: estimateOf(m.Estimate), Missing: m.Missing}
			if i > 0 && !math.IsNaN(m.Difference.Value) {
				d := estimateOf(m.Difference)
				row.Difference = &d
			}
			told.Measures[j] = row
		}
		out.Policies[i] = told
	}
	for i := range e.OffPolicy {
		out.OffPolicy = append(out.OffPolicy, offPolicyOf(&e.OffPolicy[i]))
	}
	return out
}

func offPolicyOf(o *engine.OffPolicy) OffPolicy {
	out := OffPolicy{ScoringProfile: ProfileRef{o.Profile.Name, o.Profile.Version}, Lists: o.Decisions, Positions: o.Positions, Users: o.Users, LeftOut: o.LeftOut, Logged: estimateOf(o.Logged), Estimators: []Estimator{}}
	for _, x := range o.Estimators {
		out.Estimators = append(out.Estimators, Estimator{
			Name: x.Name, Estimate: estimateOf(x.Estimate), Refused: x.Refused, EffectiveSize: x.EffectiveSize, LargestWeight: x.LargestWeight, LargestShare: x.LargestShare,
			Outcomes: x.Outcomes, Unreached: x.Unreached, MeanWeight: estimateOf(x.MeanWeight),
		})
	}
	return out
}
