package wire

import (
	"math"
	"reflect"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// Experiment compares scoring profiles on live travellers.
type Experiment struct {
	ID      string        `json:"id" minLength:"1" maxLength:"64" example:"nearer-2026-12"`
	Name    string        `json:"name,omitempty" maxLength:"200"`
	Note    string        `json:"note,omitempty" maxLength:"1000"`
	Arms    []Arm         `json:"arms" minItems:"2" maxItems:"8" doc:"the first is what is there already: the others are compared with it"`
	Salt    string        `json:"salt,omitempty" maxLength:"64" doc:"another salt puts users into other arms"`
	Traffic *Traffic      `json:"traffic,omitempty" doc:"the part of all users that takes part; all of them when left out"`
	Start   string        `json:"start,omitempty" format:"date-time" doc:"from when on users are assigned; when it is started if that is later, or left out"`
	End     string        `json:"end,omitempty" format:"date-time" doc:"exclusive; when left out it runs until it is stopped"`
	Primary PrimaryMetric `json:"primary" doc:"what it is about"`
	Guards  []GuardMetric `json:"guards,omitempty" maxItems:"8" doc:"what must not suffer: an arm that certainly loses more than the harm ends the experiment"`
	Alpha   *float64      `json:"alpha,omitempty" maximum:"0.5" doc:"above 0; the chance that any interval of it, of all metrics and arms and at all looks, misses the truth; 0.05 when left out"`
	State   string        `json:"state,omitempty" readOnly:"true" enum:"draft,scheduled,running,stopped,finished"`
	Reason  string        `json:"reason,omitempty" readOnly:"true" doc:"why it was stopped"`
	EndedAt string        `json:"ended_at,omitempty" readOnly:"true" format:"date-time" doc:"when it was stopped or finished"`
	Author  string        `json:"author,omitempty" readOnly:"true" doc:"ID of the API key that made it"`
	Meta
}

// Arm is a scoring profile that is tried.
type Arm struct {
	Name    string     `json:"name" minLength:"1" maxLength:"64" example:"nearer"`
	Profile ArmProfile `json:"profile"`
	Share   float64    `json:"share" doc:"of the experiment's users, above 0; those of all arms sum to 1" example:"0.5"`
}

// ArmProfile names a version of a scoring profile.
type ArmProfile struct {
	Name    string `json:"name" minLength:"1" maxLength:"64"`
	Version uint64 `json:"version,omitempty" doc:"the newest when left out, which is then named"`
}

// Traffic is a part of all users, by a hash of their IDs that all experiments share: parts that do not overlap have no user in common.
type Traffic struct {
	From  float64 `json:"from" minimum:"0" maximum:"1"`
	Until float64 `json:"until" minimum:"0" maximum:"1" doc:"exclusive"`
}

// PrimaryMetric is what an experiment is about.
type PrimaryMetric struct {
	Metric   string  `json:"metric" enum:"tap_rate,save_rate,dismiss_rate,redemption_rate,redeemed_money,purchase_money,empty_rate" doc:"tap_rate, save_rate, dismiss_rate and redemption_rate are by offers shown; redeemed_money (discounts used) and purchase_money by decisions; empty_rate, placements without an offer, by placements. Of dismiss_rate and empty_rate less is better"`
	Currency string  `json:"currency,omitempty" maxLength:"3" doc:"ISO 4217, of the two that are money and of these only" example:"USD"`
	Effect   float64 `json:"effect" doc:"the size of a difference that would matter, above 0, in the metric's unit: money in minor units"`
}

// GuardMetric must not suffer.
type GuardMetric struct {
	Metric   string  `json:"metric" enum:"tap_rate,save_rate,dismiss_rate,redemption_rate,redeemed_money,purchase_money,empty_rate"`
	Currency string  `json:"currency,omitempty" maxLength:"3" doc:"ISO 4217, of the two that are money and of these only" example:"USD"`
	Harm     float64 `json:"harm" doc:"what an arm may lose at most, above 0, in the metric's unit: money in minor units"`
}

var experimentPlan = planOf(reflect.TypeFor[Experiment]())

// DecodeExperiment reads an experiment. The faults are all there are in its shape; the experiment holds what could be read.
func DecodeExperiment(data []byte) (engine.Experiment, engine.Faults) {
	var e Experiment
	faults := bind(data, experimentPlan, &e)
	out := engine.Experiment{
		ID: e.ID, Name: e.Name, Note: e.Note, Salt: e.Salt, Start: readInstant("start", e.Start, &faults), End: readInstant("end", e.End, &faults),
		Primary: engine.PrimaryMetric{Measure: measure(e.Primary.Metric, e.Primary.Currency), Effect: e.Primary.Effect},
	}
	for _, a := range e.Arms {
		out.Arms = append(out.Arms, engine.Arm{Name: a.Name, Profile: engine.ProfileRef{Name: a.Profile.Name, Version: a.Profile.Version}, Share: a.Share})
	}
	for _, g := range e.Guards {
		out.Guards = append(out.Guards, engine.GuardMetric{Measure: measure(g.Metric, g.Currency), Harm: g.Harm})
	}
	if e.Traffic != nil {
		out.Traffic = engine.Traffic{From: e.Traffic.From, Until: e.Traffic.Until}
		if !(e.Traffic.From < e.Traffic.Until) {
			faults.Add("traffic", "out_of_range", "the part from %v until %v is empty", e.Traffic.From, e.Traffic.Until)
		}
	}
	if e.Alpha != nil {
		if out.Alpha = *e.Alpha; *e.Alpha <= 0 {
			faults.Add("alpha", "out_of_range", "%v is not above 0", *e.Alpha)
		}
	}
	return out, faults
}

// readInstant reads a time that may be left out.
func readInstant(path, text string, faults *engine.Faults) time.Time {
	if text == "" {
		return time.Time{}
	}
	t, ok := parseTime(text)
	if !ok {
		faults.Add(path, "invalid", "%q is not a time such as 2026-11-24T09:00:00-05:00", clip(text))
	}
	return t
}

func measure(metric, currency string) engine.Measure {
	return engine.Measure{Metric: engine.ExperimentMetric(metric), Currency: currency}
}

// ExperimentOf returns e as it is sent at a time.
func ExperimentOf(e *engine.Experiment, now time.Time) Experiment {
	alpha := e.Alpha
	out := Experiment{
		ID: e.ID, Name: e.Name, Note: e.Note, Salt: e.Salt, Traffic: &Traffic{e.Traffic.From, e.Traffic.Until}, Start: timeText(e.Start), End: timeText(e.End),
		Primary: PrimaryMetric{string(e.Primary.Metric), e.Primary.Currency, e.Primary.Effect}, Alpha: &alpha,
		State: string(e.StateAt(now)), Reason: e.Reason, EndedAt: timeText(e.Ended), Author: e.Author, Meta: metaOf(e.Meta), Arms: []Arm{},
	}
	for _, a := range e.Arms {
		out.Arms = append(out.Arms, Arm{a.Name, ArmProfile{a.Profile.Name, a.Profile.Version}, a.Share})
	}
	for _, g := range e.Guards {
		out.Guards = append(out.Guards, GuardMetric{string(g.Metric), g.Currency, g.Harm})
	}
	return out
}

// ExperimentResults are what came of an experiment so far.
type ExperimentResults struct {
	Experiment  Experiment      `json:"experiment"`
	Until       string          `json:"until,omitempty" format:"date-time" doc:"decisions before it are counted; left out: it has not begun"`
	Arms        []ArmResult     `json:"arms" doc:"in the order of the experiment"`
	Comparisons []ArmComparison `json:"comparisons" doc:"each arm with the first one: by the primary metric, then by the guards"`
	Mismatch    SampleMismatch  `json:"sample_ratio"`
	Crossed     int64           `json:"crossed_users" doc:"met in more than one arm, and left out of comparisons"`
	Unconverted int64           `json:"unconverted_amounts" doc:"amounts that no reference rate is known for, and that are left out"`
	Method      ResultMethod    `json:"method"`
}

// ResultMethod cites what the numbers rest on.
type ResultMethod struct {
	Level       float64 `json:"level" doc:"chance that all intervals of differences hold the truth, of all metrics and arms (Bonferroni) and at all looks"`
	Differences string  `json:"differences"`
	Rates       string  `json:"rates"`
	SampleRatio string  `json:"sample_ratio"`
}

// ArmResult is what the users of an arm did.
type ArmResult struct {
	Name       string     `json:"name"`
	Profile    ProfileRef `json:"scoring_profile"`
	Share      float64    `json:"share" doc:"of the users, as it is meant to be"`
	Users      int64      `json:"users"`
	Decisions  int64      `json:"decisions"`
	Placements int64      `json:"placements"`
	Empty      int64      `json:"empty" doc:"placements without an offer"`
	Offered    int64      `json:"offered"`
	Shown      int64      `json:"shown"`
	Clicks     int64      `json:"clicks"`
	Saves      int64      `json:"saves"`
	Dismissals int64      `json:"dismissals"`
	Redeemed   int64      `json:"redeemed"`
	Rates      []ArmRate  `json:"rates" doc:"the primary metric, then the guards"`
}

// Bounds is a number with the bounds between which it lies. Each is left out where it is not known.
type Bounds struct {
	Value *float64 `json:"value,omitempty"`
	Low   *float64 `json:"low,omitempty"`
	High  *float64 `json:"high,omitempty"`
}

func boundsOf(e engine.Bounds) Bounds {
	return Bounds{known(e.Value), known(e.Low), known(e.High)}
}

// ArmRate is a metric of an arm.
type ArmRate struct {
	Metric   string `json:"metric"`
	Currency string `json:"currency,omitempty"`
	Bounds
}

// ArmComparison is the difference between an arm and the first one.
type ArmComparison struct {
	Arm        string   `json:"arm"`
	Metric     string   `json:"metric"`
	Currency   string   `json:"currency,omitempty"`
	Role       string   `json:"role" enum:"primary,guard"`
	Harm       float64  `json:"harm,omitempty" doc:"of a guard"`
	Difference Bounds   `json:"difference" doc:"the arm less the first one; the bounds hold at all looks at once"`
	Evidence   *float64 `json:"evidence,omitempty" doc:"how much likelier what was seen is where there is some difference than where there is none"`
	Control    int64    `json:"control_users" doc:"users of the first arm who could have done something"`
	Treated    int64    `json:"arm_users" doc:"users of this arm who could have done something"`
	Verdict    string   `json:"verdict" enum:"early,open,better,worse,undecided,kept,broken" doc:"early: too few users yet; of the primary metric open, better or worse; of a guard undecided, kept or broken"`
}

// SampleMismatch says whether the arms have the shares that they were meant to have.
type SampleMismatch struct {
	Evidence float64 `json:"evidence" doc:"how much likelier some other split is than the one that was meant"`
	Mismatch bool    `json:"mismatch" doc:"evidence above 1000: something is wrong with the assignment or the log, and no difference between the arms is to be believed"`
	Warning  string  `json:"warning,omitempty"`
}

// ExperimentResultsOf returns r as it is sent at a time.
func ExperimentResultsOf(r *engine.ExperimentResults, now time.Time) ExperimentResults {
	out := ExperimentResults{
		Experiment: ExperimentOf(&r.Experiment, now), Until: timeText(r.Until), Arms: []ArmResult{}, Comparisons: []ArmComparison{},
		Mismatch: SampleMismatch{Evidence: min(r.Mismatch.Evidence, math.MaxFloat64), Mismatch: r.Mismatch.Found}, Crossed: r.Crossed, Unconverted: r.Unconverted,
		Method: ResultMethod{
			Level: 1 - r.Experiment.Alpha,
			Differences: "always-valid confidence sequence: normal mixture (Robbins 1970) in its asymptotic form (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, Annals of Statistics 52(6), 2024); " +
				"standard errors by users (Deng, Knoblich and Lu, KDD 2018)",
			Rates:       "normal intervals of this look alone, standard errors by users (Deng, Knoblich and Lu, KDD 2018)",
			SampleRatio: "sequential multinomial test (Lindon and Malek, NeurIPS 2022)",
		},
	}
	if r.Mismatch.Found {
		out.Mismatch.Warning = "the arms have not the shares of users that they were meant to have: no difference between them is to be believed"
	}
	for i := range r.Arms {
		out.Arms = append(out.Arms, armResultOf(&r.Arms[i]))
	}
	for i := range r.Comparisons {
		out.Comparisons = append(out.Comparisons, armComparisonOf(&r.Comparisons[i]))
	}
	return out
}

func armResultOf(a *engine.ArmResult) ArmResult {
	out := ArmResult{
		Name: a.Name, Profile: ProfileRef{a.Profile.Name, a.Profile.Version}, Share: a.Share, Users: a.Users, Decisions: a.Decisions, Placements: a.Placements,
		Empty: a.Empty, Offered: a.Offers, Shown: a.Shown, Clicks: a.Clicks, Saves: a.Saves, Dismissals: a.Dismissals, Redeemed: a.Redeemed, Rates: []ArmRate{},
	}
	for _, r := range a.Rates {
		out.Rates = append(out.Rates, ArmRate{string(r.Metric), r.Currency, boundsOf(r.Bounds)})
	}
	return out
}

func armComparisonOf(c *engine.ArmComparison) ArmComparison {
	out := ArmComparison{
		Arm: c.Arm, Metric: string(c.Metric), Currency: c.Currency, Role: "primary", Harm: c.Harm, Difference: boundsOf(c.Difference),
		Control: c.Users[0], Treated: c.Users[1], Verdict: string(c.Verdict),
	}
	if c.Guard {
		out.Role = "guard"
	}
	if c.Evidence > 0 {
		evidence := min(c.Evidence, math.MaxFloat64)
		out.Evidence = &evidence
	}
	return out
}

// Stop ends an experiment.
type Stop struct {
	Reason string `json:"reason,omitempty" maxLength:"1000" doc:"why"`
}

var stopPlan = planOf(reflect.TypeFor[Stop]())

// DecodeStop reads why an experiment is stopped. An empty body gives no reason.
func DecodeStop(data []byte) (string, engine.Faults) {
	if len(data) == 0 {
		return "", nil
	}
	var s Stop
	faults := bind(data, stopPlan, &s)
	return s.Reason, faults
}
