package scoring

import (
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Profile is a versioned set of weights and the rules of a placement's list. A version is immutable.
type Profile struct {
	Name    string
	Version uint64 // from 1; 0 for one that was never stored
	Kind    Kind   // empty: KindLinear
	Model   *Model // of KindTrees; nil otherwise. In a list of profiles it is only told of
	// Weights multiply the features, by name; a feature without a weight counts nothing. Each is finite, in [-100, 100].
	Weights map[string]float64
	Bias    float64 // added to every score, in [-100, 100]
	// Floor is the least score that is offered, in [-1000, 1000]: no score of weights lies outside, and no score of trees.
	Floor float64
	// MaxPerCampaign, MaxPerMerchant and MaxPerCategory bound the offers of one placement; 0 is no bound.
	MaxPerCampaign, MaxPerMerchant, MaxPerCategory int
	// MinInsideProbability is the least chance of being in the fence that is offered, [0, 1].
	MinInsideProbability float64
	Explore              Explore
	Pricing              Pricing
	Note                 string
	Author               string // ID of the API key
	Created              time.Time
}

// The bounds of a profile. Features lie in [0, 1], so that MaxFloor bounds what weights and bias add to a score; what trees add to it is bound by it too.
const (
	MaxWeight  = 100.0
	MaxFloor   = (Width + 1) * MaxWeight
	MaxPerList = 1000 // of MaxPerCampaign, MaxPerMerchant and MaxPerCategory
	MaxName    = 64   // bytes of a name
	MaxNote    = 1000 // characters of a note
)

// DefaultName is the name of the profile that Default returns.
const DefaultName = "default"

// Default returns the profile of a new store, never stored and without author and time. Its weights are a judgement, not
// a fit: what is near and surely in reach leads, then what it saves, then taste and language; they add up to 1, so that a score
// is a share of the best there can be.
func Default() Profile {
	return Profile{
		Name: DefaultName,
		Weights: map[string]float64{
			"distance":           0.25,
			"inside_probability": 0.15,
			"saving":             0.15,
			"relative_discount":  0.10,
			"category_affinity":  0.10,
			"popularity":         0.10,
			"freshness":          0.03,
			"ends_soon":          0.02,
			"language_match":     0.10,
		},
		MaxPerCampaign:       2,
		MaxPerMerchant:       3,
		MaxPerCategory:       4,
		MinInsideProbability: 0.25,
		Note:                 "weights by judgement, before any data",
	}
}

// Validate returns nil, or Faults with everything that is wrong. Version, Author and Created are the store's and not looked at.
func (p Profile) Validate() error {
	var f Faults
	p.validateTexts(&f)
	p.validateModel(&f)
	names := names()
	for _, name := range slices.Sorted(maps.Keys(p.Weights)) {
		path := "weights." + name
		if !slices.Contains(names, name) {
			f.add(path, "unknown_field", "no such feature; the features are %s", strings.Join(names, ", "))
			continue
		}
		between(&f, path, p.Weights[name], -MaxWeight, MaxWeight)
	}
	between(&f, "bias", p.Bias, -MaxWeight, MaxWeight)
	between(&f, "floor", p.Floor, -MaxFloor, MaxFloor)
	for _, bound := range []struct {
		path string
		n    int
	}{{"max_per_campaign", p.MaxPerCampaign}, {"max_per_merchant", p.MaxPerMerchant}, {"max_per_category", p.MaxPerCategory}} {
		if bound.n < 0 || bound.n > MaxPerList {
			f.add(bound.path, "out_of_range", "%d is not between 0 (no bound) and %d", bound.n, MaxPerList)
		}
	}
	between(&f, "min_inside_probability", p.MinInsideProbability, 0, 1)
	p.Explore.validate(&f)
	p.Pricing.validate(&f)
	if len(f) == 0 {
		return nil
	}
	return f
}

func (p Profile) validateTexts(f *Faults) {
	switch {
	case p.Name == "":
		f.add("name", "required", "a profile needs a name")
	case len(p.Name) > MaxName:
		f.add("name", "too_long", "a name has at most %d characters", MaxName)
	case !isName(p.Name):
		f.add("name", "invalid", "a name begins with a letter or digit and holds letters, digits and . _ : - only")
	}
	if !utf8.ValidString(p.Note) {
		f.add("note", "invalid", "a note is text in UTF-8")
	} else if utf8.RuneCountInString(p.Note) > MaxNote {
		f.add("note", "too_long", "a note has at most %d characters", MaxNote)
	}
}

// between refuses NaN too.
func between(f *Faults, path string, x, low, high float64) {
	if !(x >= low && x <= high) {
		f.add(path, "out_of_range", "%v is not between %v and %v", x, low, high)
	}
}

func isName(s string) bool {
	for i, c := range []byte(s) {
		alnum := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !alnum && (i == 0 || strings.IndexByte("._:-", c) < 0) {
			return false
		}
	}
	return true
}
