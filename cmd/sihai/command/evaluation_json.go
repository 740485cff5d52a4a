package command

import (
	"math"

	"github.com/sihai-network/sihai/scoring/interval"
	"github.com/sihai-network/sihai/scoring/tuning/evaluation"
	"github.com/sihai-network/sihai/scoring/tuning/offpolicy"
)

// estimateJSON is a number with how sure it is; what is not known is left out.
type estimateJSON struct {
	Value *float64 `json:"value,omitempty"`
	Error *float64 `json:"standard_error,omitempty"`
	Low   *float64 `json:"low,omitempty"`
	High  *float64 `json:"high,omitempty"`
}

func estimateOf(e interval.Estimate) estimateJSON {
	return estimateJSON{known(e.Value), known(e.Error), known(e.Interval.Low), known(e.Interval.High)}
}

// known returns a number that JSON can hold; nil for every other one.
func known(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}

// evaluationJSON is what evaluate prints.
type evaluationJSON struct {
	Decisions  int          `json:"decisions"`
	Users      int          `json:"users"`
	Candidates int          `json:"candidates"`
	Labelled   int          `json:"labelled"`
	K          int          `json:"k"` // 0: to the end of a list
	Policies   []policyJSON `json:"policies"`
	Notes      []string     `json:"notes,omitempty"`
}

type policyJSON struct {
	Name     string        `json:"name"`
	Measures []measureJSON `json:"measures"`
}

type measureJSON struct {
	Name string `json:"name"`
	Over int    `json:"over"`
	estimateJSON
	Difference *estimateJSON `json:"difference,omitempty"` // the first policy's value less this one's
	Missing    string        `json:"missing,omitempty"`
}

func evaluationOf(report *evaluation.Report, notes []string) evaluationJSON {
	out := evaluationJSON{report.Groups, report.Users, report.Rows, report.Labelled, report.K, []policyJSON{}, notes}
	for i, line := range report.Lines {
		p := policyJSON{line.Policy, []measureJSON{}}
		for _, m := range line.Measures {
			row := measureJSON{Name: m.Name, Over: m.Count, estimateJSON: estimateOf(m.Estimate), Missing: m.Missing}
			if i > 0 && !math.IsNaN(m.Difference.Value) {
				d := estimateOf(m.Difference)
				row.Difference = &d
			}
			p.Measures = append(p.Measures, row)
		}
		out.Policies = append(out.Policies, p)
	}
	return out
}

// opeJSON is what ope prints.
type opeJSON struct {
	Decisions  int             `json:"decisions"`
	Users      int             `json:"users"`
	LeftOut    int             `json:"left_out"`
	Logged     estimateJSON    `json:"logged"`
	Estimators []estimatorJSON `json:"estimators"`
}

type estimatorJSON struct {
	Name string `json:"name"`
	estimateJSON
	Refused       []string     `json:"refused,omitempty"`
	EffectiveSize float64      `json:"effective_sample_size"`
	LargestWeight float64      `json:"largest_weight"`
	LargestShare  float64      `json:"largest_share"`
	Outcomes      int          `json:"outcomes"`
	Unreached     float64      `json:"unreached"`
	MeanWeight    estimateJSON `json:"mean_weight"`
	Threshold     *float64     `json:"threshold,omitempty"`
	Bias          float64      `json:"bias_at_most,omitempty"`
}

func opeOf(report *offpolicy.Report) opeJSON {
	out := opeJSON{report.Decisions, report.Users, report.LeftOut, estimateOf(report.Logged), []estimatorJSON{}}
	for _, e := range report.Results {
		s := e.Support
		out.Estimators = append(out.Estimators, estimatorJSON{
			Name: e.Estimator, estimateJSON: estimateOf(e.Estimate), Refused: e.Refused,
			EffectiveSize: s.EffectiveSize, LargestWeight: s.LargestWeight, LargestShare: s.LargestShare, Outcomes: s.Outcomes, Unreached: s.Unreached,
			MeanWeight: estimateOf(s.MeanWeight), Threshold: known(e.Threshold), Bias: e.Bias,
		})
	}
	return out
}
