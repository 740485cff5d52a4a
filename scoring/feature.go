package scoring

// Feature is a named number about a candidate.
type Feature struct {
	Name     string
	Min, Max float64
	Doc      string
}

// The columns of a feature row, see Features.
const (
	Distance = iota
	InsideProbability
	Saving
	RelativeDiscount
	CategoryAffinity
	Popularity
	Freshness
	EndsSoon
	LanguageMatch
	Width // number of columns
)

// Features returns the features in the order of their columns. Each transform named in a doc is a function of this package.
func Features() []Feature {
	return []Feature{
		{"distance", 0, 1, "nearness of the venue: exp(-metres / 500); 0 when the location is unknown"},
		{"inside_probability", 0, 1, "chance that the traveller is in the fence, given the accuracy of the fix"},
		{"saving", 0, 1, "estimated saving s in euro as s / (s + 20); 0 when unknown"},
		{"relative_discount", 0, 1, "estimated saving as a share of the price before it; 0 when unknown"},
		{"category_affinity", 0, 1, "the user's affinity to the venue's category; 0.5 when unknown"},
		{"popularity", 0, 1, "clicks per impression, smoothed by the prior Beta(1, 19), see Beta and PopularityPrior"},
		{"freshness", 0, 1, "exp(-days since the flight began / 14); 0 without a beginning"},
		{"ends_soon", 0, 1, "exp(-days until the flight ends / 3); 0 without an end"},
		{"language_match", 0, 1, "1 for the user's first language, 1/2 for the second, 1/3 ..., 0 for a fallback"},
	}
}

// names returns the names of the features in the order of their columns.
func names() []string {
	features := Features()
	out := make([]string, len(features))
	for i, f := range features {
		out[i] = f.Name
	}
	return out
}
