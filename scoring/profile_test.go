package scoring_test

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/sihai-network/sihai/scoring"
)

func TestDefaultProfile(t *testing.T) {
	p := scoring.Default()
	if err := p.Validate(); err != nil {
		t.Error(err)
	}
	sum := 0.0
	for _, f := range scoring.Features() {
		sum += p.Weights[f.Name]
	}
	if math.Abs(sum-1) > 1e-12 || len(p.Weights) != scoring.Width {
		t.Errorf("%d weights that add up to %v", len(p.Weights), sum)
	}
	p.Weights["distance"] = 77
	if scoring.Default().Weights["distance"] == 77 {
		t.Error("who changes one default profile changes the next")
	}
}

func TestProfileValidate(t *testing.T) {
	valid := func(change func(*scoring.Profile)) scoring.Profile {
		p := scoring.Default()
		change(&p)
		return p
	}
	long := strings.Repeat("x", scoring.MaxName)
	for _, c := range []struct {
		name    string
		profile scoring.Profile
		want    string // path code, in order
	}{
		{"zero", scoring.Profile{}, "name required"},
		{"no weights", scoring.Profile{Name: "p"}, ""},
		{"at the bounds", scoring.Profile{
			Name: long, Bias: -scoring.MaxWeight, Floor: scoring.MaxFloor, MaxPerCampaign: scoring.MaxPerList, MaxPerMerchant: scoring.MaxPerList, MaxPerCategory: scoring.MaxPerList,
			MinInsideProbability: 1, Note: strings.Repeat("好", scoring.MaxNote), Weights: map[string]float64{"distance": 100, "saving": -100},
		}, ""},
		{"name with all marks", scoring.Profile{Name: "A1.b_c:d-e"}, ""},
		{"name too long", scoring.Profile{Name: long + "x"}, "name too_long"},
		{"name that begins with a mark", scoring.Profile{Name: "-p"}, "name invalid"},
		{"name with a slash", scoring.Profile{Name: "a/b"}, "name invalid"},
		{"name in Chinese", scoring.Profile{Name: "默认"}, "name invalid"},
		{"note too long", valid(func(p *scoring.Profile) { p.Note = strings.Repeat("好", scoring.MaxNote+1) }), "note too_long"},
		{"note that is no text", valid(func(p *scoring.Profile) { p.Note = "\xff" }), "note invalid"},
		{"unknown feature", valid(func(p *scoring.Profile) { p.Weights["nearness"] = 1 }), "weights.nearness unknown_field"},
		{"weight too great", valid(func(p *scoring.Profile) { p.Weights["distance"] = 100.5 }), "weights.distance out_of_range"},
		{"weights of no number", valid(func(p *scoring.Profile) { p.Weights["saving"], p.Weights["distance"] = math.NaN(), math.Inf(-1) }), "weights.distance out_of_range|weights.saving out_of_range"},
		{"bias", valid(func(p *scoring.Profile) { p.Bias = -101 }), "bias out_of_range"},
		{"bias of no number", valid(func(p *scoring.Profile) { p.Bias = math.NaN() }), "bias out_of_range"},
		{"floor", valid(func(p *scoring.Profile) { p.Floor = scoring.MaxFloor + 1 }), "floor out_of_range"},
		{"bounds below nothing and too great", valid(func(p *scoring.Profile) { p.MaxPerCampaign, p.MaxPerMerchant, p.MaxPerCategory = -1, 1001, math.MinInt }),
			"max_per_campaign out_of_range|max_per_merchant out_of_range|max_per_category out_of_range"},
		{"chance", valid(func(p *scoring.Profile) { p.MinInsideProbability = 1.01 }), "min_inside_probability out_of_range"},
		{"everything", scoring.Profile{
			Name: "a b", Note: "\xff", Bias: 1e9, Floor: math.Inf(1), MaxPerCampaign: -1, MinInsideProbability: -1,
			Weights: map[string]float64{"zzz": 1, "aaa": 1, "saving": 1e9},
		}, "name invalid|note invalid|weights.aaa unknown_field|weights.saving out_of_range|weights.zzz unknown_field|bias out_of_range|floor out_of_range|max_per_campaign out_of_range|min_inside_probability out_of_range"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.profile.Validate()
			var faults scoring.Faults
			if err != nil && !errors.As(err, &faults) {
				t.Fatalf("%T is no Faults", err)
			}
			var got []string
			for _, f := range faults {
				got = append(got, f.Path+" "+f.Code)
				if !strings.Contains(err.Error(), f.Path+": "+f.Message) {
					t.Errorf("%q does not tell %s", err, f.Path)
				}
			}
			if strings.Join(got, "|") != c.want {
				t.Errorf("got  %s\nwant %s", strings.Join(got, "|"), c.want)
			}
		})
	}
}

// Whatever a profile holds, it is either refused with faults that have path and code, in one order, or gives scores within the bounds on which floors rest.
func FuzzProfileValidate(f *testing.F) {
	f.Add("default", "distance", 0.25, 0.0, 0.0, 3, 0.25, "note")
	f.Add("", "nearness", math.Inf(1), math.NaN(), 1e6, -1, -0.5, "\xff")
	f.Add("a/b", "saving", -100.0, 100.0, -1000.0, 1000, 1.0, "")
	f.Fuzz(func(t *testing.T, name, feature string, weight, bias, floor float64, most int, chance float64, note string) {
		p := scoring.Profile{
			Name: name, Weights: map[string]float64{feature: weight, "popularity": weight / 2}, Bias: bias, Floor: floor,
			MaxPerCampaign: most, MaxPerMerchant: -most, MaxPerCategory: most, MinInsideProbability: chance, Note: note,
		}
		err := p.Validate()
		if err == nil {
			var m scoring.Matrix
			row := m.AppendRow()
			for k := range row {
				row[k] = 1
			}
			scorer := scoring.NewScorer(p)
			score := scorer.Score(nil, &m)[0]
			if !(math.Abs(score) <= scoring.MaxFloor) || scorer.Explain(row, score).Check() != nil {
				t.Errorf("a score of %v by %+v", score, p)
			}
			return
		}
		var faults scoring.Faults
		if !errors.As(err, &faults) || len(faults) == 0 {
			t.Fatalf("%#v", err)
		}
		for _, fault := range faults {
			if fault.Path == "" || fault.Code == "" || fault.Message == "" {
				t.Errorf("%+v", fault)
			}
		}
		var again scoring.Faults
		if !errors.As(p.Validate(), &again) || !slices.Equal(faults, again) {
			t.Errorf("first %v, then %v", faults, again)
		}
	})
}
