package scoring_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/sihai-network/sihai/scoring"
)

// randomProfile is a valid one, some of its weights missing, zero or at a bound.
func randomProfile(random *rand.Rand) scoring.Profile {
	p := scoring.Profile{Name: "random", Weights: map[string]float64{}, Bias: 20*random.Float64() - 10}
	for _, f := range scoring.Features() {
		switch random.IntN(6) {
		case 0:
		case 1:
			p.Weights[f.Name] = 0
		case 2:
			p.Weights[f.Name] = math.Copysign(scoring.MaxWeight, random.Float64()-0.5)
		default:
			p.Weights[f.Name] = math.Pow(10, 4*random.Float64()-3) * math.Copysign(1, random.Float64()-0.3)
		}
	}
	if random.IntN(3) == 0 {
		p.Bias = 0
	}
	return p
}

// randomMatrix holds rows of features in their ranges, the bounds included, and the rows by themselves.
func randomMatrix(random *rand.Rand, m *scoring.Matrix, n int) [][]float64 {
	m.Reset()
	rows := make([][]float64, n)
	for i := range rows {
		row := m.AppendRow()
		for k := range row {
			switch random.IntN(5) {
			case 0:
			case 1:
				row[k] = 1
			default:
				row[k] = random.Float64()
			}
		}
		rows[i] = slices.Clone(row)
	}
	return rows
}

// naiveScore multiplies and adds one feature after another.
func naiveScore(p scoring.Profile, row []float64) float64 {
	score := p.Bias
	for i, f := range scoring.Features() {
		score += p.Weights[f.Name] * row[i]
	}
	return score
}

// Scores are the sums that a loop gives, to the rounding of 1e-9, for every number of rows, in a matrix and a destination that are used again and again.
func TestScoreEqualsLoop(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var m scoring.Matrix
	var scores []float64
	for n := range 140 {
		p := randomProfile(random)
		if err := p.Validate(); err != nil {
			t.Fatal(err)
		}
		rows := randomMatrix(random, &m, n)
		scores = scoring.NewScorer(p).Score(scores, &m)
		if len(scores) != n || m.Rows() != n {
			t.Fatalf("%d scores of %d rows, want %d", len(scores), m.Rows(), n)
		}
		for i, row := range rows {
			want := naiveScore(p, row)
			if math.Abs(scores[i]-want) > 1e-9 || scores[i] != scoring.Round(scores[i]) {
				t.Errorf("row %d of %d: %v, want %v rounded", i, n, scores[i], want)
			}
			if math.Abs(scores[i]) > scoring.MaxFloor {
				t.Errorf("row %d of %d: a score of %v, beyond %v", i, n, scores[i], scoring.MaxFloor)
			}
			if !slices.Equal(m.Row(i), row) {
				t.Errorf("row %d of %d was changed", i, n)
			}
		}
	}
}

// The same row has the same score to the last bit, wherever it stands among others.
func TestScoreDoesNotHangOnTheOthers(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 50 {
		scorer := scoring.NewScorer(randomProfile(random))
		var m, alone scoring.Matrix
		rows := randomMatrix(random, &m, 1+random.IntN(40))
		all := scorer.Score(nil, &m)
		for i, row := range rows {
			alone.Reset()
			copy(alone.AppendRow(), row)
			if single := scorer.Score(nil, &alone); single[0] != all[i] {
				t.Errorf("row %d of %d: %v, alone %v", i, len(rows), all[i], single[0])
			}
		}
	}
}

// A weight whose name is no feature counts nothing, and a profile without weights gives its bias.
func TestScoreOfUnknownWeights(t *testing.T) {
	var m scoring.Matrix
	randomMatrix(rand.New(rand.NewPCG(5, 6)), &m, 3)
	scores := scoring.NewScorer(scoring.Profile{Bias: 0.25, Weights: map[string]float64{"nearness": 7}}).Score(nil, &m)
	if !slices.Equal(scores, []float64{0.25, 0.25, 0.25}) {
		t.Errorf("got %v", scores)
	}
}

// A matrix keeps its memory, and gives rows of zeros that do not reach into the next.
func TestMatrix(t *testing.T) {
	var m scoring.Matrix
	for range 3 {
		for i := range 100 {
			row := m.AppendRow()
			if len(row) != scoring.Width || cap(row) != scoring.Width || slices.Max(row) != 0 || slices.Min(row) != 0 {
				t.Fatalf("row %d: %v with room for %d", i, row, cap(row))
			}
			for k := range row {
				row[k] = float64(i)
			}
		}
		for i := range 100 {
			if row := m.Row(i); slices.Min(row) != float64(i) || slices.Max(row) != float64(i) {
				t.Fatalf("row %d: %v", i, row)
			}
		}
		m.Reset()
		if m.Rows() != 0 {
			t.Fatalf("%d rows after a reset", m.Rows())
		}
	}
	scorer, dst := scoring.NewScorer(scoring.Default()), make([]float64, 0, 128)
	allocs := testing.AllocsPerRun(20, func() {
		m.Reset()
		for range 101 {
			m.AppendRow()
		}
		dst = scorer.Score(dst, &m)
	})
	if allocs != 0 {
		t.Errorf("%v allocations a request", allocs)
	}
}

func TestRound(t *testing.T) {
	for _, c := range []struct{ x, want float64 }{
		{0, 0}, {1, 1}, {0.1, 0.1}, {0.1 + 0.2, 0.3}, {1.00000000049, 1}, {1.0000000006, 1.000000001}, {-0.0000000005, -0.000000001}, {-999.9999999996, -1000},
	} {
		if got := scoring.Round(c.x); got != c.want {
			t.Errorf("%v: %v, want %v", c.x, got, c.want)
		}
	}
}

// The features are in the order of the columns, have different names, and lie in [0, 1], on which the bounds of a profile rest.
func TestFeatures(t *testing.T) {
	features := scoring.Features()
	if len(features) != scoring.Width {
		t.Fatalf("%d features for %d columns", len(features), scoring.Width)
	}
	columns := map[string]int{
		"distance": scoring.Distance, "inside_probability": scoring.InsideProbability, "saving": scoring.Saving,
		"relative_discount": scoring.RelativeDiscount, "category_affinity": scoring.CategoryAffinity, "popularity": scoring.Popularity,
		"freshness": scoring.Freshness, "ends_soon": scoring.EndsSoon, "language_match": scoring.LanguageMatch,
	}
	for i, f := range features {
		if column, ok := columns[f.Name]; !ok || column != i {
			t.Errorf("%s is column %d, want %d", f.Name, i, column)
		}
		if f.Min != 0 || f.Max != 1 || f.Doc == "" {
			t.Errorf("%s: [%v, %v] %q", f.Name, f.Min, f.Max, f.Doc)
		}
	}
	features[0].Name = "changed"
	if scoring.Features()[0].Name != "distance" {
		t.Error("who changes the list changes it for others")
	}
}
