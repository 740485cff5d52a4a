package wire_test

import (
	"strings"
	"testing"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
	"github.com/sihai-network/sihai/scoring"
	"github.com/sihai-network/sihai/scoring/tuning"
)

var evaluated = time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC)

func TestDecodeEvaluation(t *testing.T) {
	r, asked, faults := wire.DecodeEvaluation(nil, evaluated)
	if len(faults) > 0 || len(asked) != 0 || !r.Until.Equal(evaluated) || !r.From.Equal(evaluated.AddDate(0, 0, -28)) || r.Seed != 1 {
		t.Errorf("of nothing: %+v, %v", r, faults)
	}
	r, asked, faults = wire.DecodeEvaluation([]byte(`{"profiles":[{"name":"a","version":2},{"draft":{"weights":{"saving":1}}}],"label":"discount","currency":"EUR","k":3,"level":0.9,"off_policy":true}`), evaluated)
	if len(faults) > 0 || len(asked) != 2 || asked[0].Ref.Version != 2 || asked[1].Draft == nil || asked[1].Draft.Weights["saving"] != 1 || r.Label != engine.LabelDiscount || r.K != 3 || !r.OffPolicy {
		t.Errorf("%+v, %+v, %v", r, asked, faults)
	}
}

// TestDatasetLinesAreReadBack writes a list as an answer has it and reads it as a fit does.
func TestDatasetLinesAreReadBack(t *testing.T) {
	nan := 0.0
	nan /= nan
	row := make([]float64, scoring.Width)
	row[scoring.Saving] = 0.25
	g := engine.DatasetGroup{ID: "d/home", UserID: "u", Time: evaluated, Hour: 10, Language: "zh", Segments: "a|b", Rows: []engine.DatasetRow{
		{Offer: "m/c@v", MerchantID: "m", Features: row, Score: 0.5, Shown: true, Position: 2, Propensity: 0.25, Label: 1},
		{Offer: "m/c@w", MerchantID: "m", Score: -1, Propensity: nan, Label: nan},
	}}
	line, err := wire.AppendDataset(nil, &g)
	if err != nil {
		t.Fatal(err)
	}
	d, err := tuning.ReadNDJSON(t.Context(), strings.NewReader(string(line)), tuning.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	at := d.Column("saving")
	if d.Rows() != 2 || d.Row(0)[at] != 0.25 || d.Label(0) != 1 || d.Label(1) == d.Label(1) || d.Scores[1] != -1 || d.Shown[1] || d.Positions[0] != 2 || d.Propensities[0] != 0.25 || d.Times[0] != evaluated.UnixNano() || len(d.ContextColumns) != 3 {
		t.Errorf("%s: %+v", line, d)
	}
}

// FuzzDecodeEvaluation looks for requests that panic, or whose faults have no path to them and no message.
func FuzzDecodeEvaluation(f *testing.F) {
	f.Add([]byte(`{"profiles":[{"name":"a"},{"draft":{"weights":{"saving":1}}}],"from":"2026-11-01T00:00:00Z","label":"tap","metrics":["ndcg"],"holdout":0.2}`))
	f.Add([]byte(`{"profile":{"draft":{"weights":{}}},"last":5,"merchant_id":"m"}`))
	f.Add([]byte(`{"profile":{"name":""},"until":"x"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, asked, faults := wire.DecodeEvaluation(data, evaluated)
		if len(faults) == 0 && (!r.From.Before(r.Until) || r.Until.Sub(r.From) > engine.MaxEvaluatedDays*24*time.Hour || len(asked) > engine.MaxEvaluated) {
			t.Errorf("taken without a fault: %+v", r)
		}
		s, one, more := wire.DecodeSimulation(data, evaluated)
		if len(more) == 0 && (s.Last < 1 || s.Last > engine.MaxRedecided || one.Draft == nil && one.Ref.Name == "") {
			t.Errorf("taken without a fault: %+v, %+v", s, one)
		}
		for _, a := range append(asked, one) {
			if a.Draft != nil && len(faults) == 0 && len(more) == 0 && a.Draft.Validate() != nil {
				t.Errorf("a draft that is not valid was taken: %+v", a.Draft)
			}
		}
		for _, fault := range append(faults, more...) {
			if fault.Message == "" || fault.Code == "" {
				t.Errorf("%+v", fault)
			}
		}
	})
}
