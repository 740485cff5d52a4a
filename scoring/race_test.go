package scoring_test

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/sihai-network/sihai/scoring"
)

// course is a field of candidates by their index. Some may not be offered.
type course struct {
	t     *testing.T
	cands []scoring.Candidate
	out   []bool
	asked []bool
}

func (c *course) Score(ref int32) (float64, bool) {
	if c.asked[ref] {
		c.t.Errorf("asked twice for %d", ref)
	}
	c.asked[ref] = true
	return c.cands[ref].Score, !c.out[ref]
}

func (c *course) Before(a, b int32) bool {
	if !c.asked[a] || !c.asked[b] {
		c.t.Errorf("asked for the IDs of %d and %d before their scores", a, b)
	}
	return c.cands[a].ID < c.cands[b].ID
}

// entrantsOf numbers what a profile bounds and puts bounds of all degrees over the scores.
func entrantsOf(random *rand.Rand, cands []scoring.Candidate) []scoring.Entrant {
	numbers := map[string]uint32{"": 0}
	number := func(kind, name string) uint32 {
		if name == "" {
			return 0
		}
		key := kind + name
		if numbers[key] == 0 {
			numbers[key] = uint32(len(numbers))
		}
		return numbers[key]
	}
	entrants := make([]scoring.Entrant, len(cands))
	for i := range cands {
		c := &cands[i]
		entrants[i] = scoring.Entrant{
			Bound: c.Score + float64(random.IntN(3))*random.Float64(), Ref: int32(i),
			Campaign: number("c", c.Campaign), Merchant: number("m", c.Merchant), Category: number("g", c.Category),
		}
	}
	return entrants
}

// A race chooses what Top chooses among those that may be offered.
func TestRaceEqualsTop(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	var race scoring.Race
	for round := range 3_000 {
		cands := slices.DeleteFunc(randomCandidates(random, random.IntN(60)*(1+random.IntN(2)*random.IntN(6))), func(c scoring.Candidate) bool {
			return math.IsNaN(c.Score) || math.IsInf(c.Score, 0)
		})
		p := scoring.Profile{
			Floor:          float64(random.IntN(5)-1) / 4,
			MaxPerCampaign: random.IntN(4), MaxPerMerchant: random.IntN(5), MaxPerCategory: random.IntN(6),
		}
		k := random.IntN(15) - 1
		f := &course{t: t, cands: cands, out: make([]bool, len(cands)), asked: make([]bool, len(cands))}
		var offered []scoring.Candidate
		for i := range cands {
			if f.out[i] = random.IntN(4) == 0; !f.out[i] {
				offered = append(offered, cands[i])
			}
		}
		var want, got []string
		for _, i := range scoring.Top(offered, k, &p) {
			want = append(want, offered[i].ID)
		}
		for _, ref := range race.Top(entrantsOf(random, cands), k, &p, f) {
			got = append(got, cands[ref].ID)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("round %d, k %d, %+v: got %v, want %v of %+v", round, k, p, got, want, cands)
		}
	}
}

// With exact bounds a race asks for no score but those of the chosen and their equals.
func TestRaceAsksForFewScores(t *testing.T) {
	const n, k = 1000, 20
	cands, entrants := make([]scoring.Candidate, n), make([]scoring.Entrant, n)
	random := rand.New(rand.NewPCG(13, 14))
	for i := range cands {
		cands[i] = scoring.Candidate{Score: scoring.Round(random.Float64()), ID: "o"}
		entrants[i] = scoring.Entrant{Bound: cands[i].Score + 1e-6, Ref: int32(i)}
	}
	f := &course{t: t, cands: cands, out: make([]bool, n), asked: make([]bool, n)}
	chosen := new(scoring.Race).Top(entrants, k, &scoring.Profile{}, f)
	asked := 0
	for _, a := range f.asked {
		if a {
			asked++
		}
	}
	if len(chosen) != k || asked > k+2 {
		t.Errorf("chose %d and asked for %d scores", len(chosen), asked)
	}
	best := slices.MaxFunc(cands, func(a, b scoring.Candidate) int { return cmp.Compare(a.Score, b.Score) })
	if cands[chosen[0]].Score != best.Score {
		t.Errorf("first %v, the best is %v", cands[chosen[0]].Score, best.Score)
	}
}

// Scores that come row by row are those that come at once.
func TestExtendEqualsScore(t *testing.T) {
	random := rand.New(rand.NewPCG(15, 16))
	for range 200 {
		s := scoring.NewScorer(randomProfile(random))
		var all, grown scoring.Matrix
		rows := randomMatrix(random, &all, 1+random.IntN(30))
		want := s.Score(nil, &all)
		var got []float64
		for i, row := range rows {
			copy(grown.AppendRow(), row)
			if random.IntN(3) == 0 || i == len(rows)-1 {
				got = s.Extend(got, &grown)
			}
		}
		if !slices.Equal(got, want) || !slices.Equal(s.Extend(got, &grown), want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
}

// The naive twin of a race scores all.
func BenchmarkRace800(b *testing.B) {
	const n, k = 800, 20
	random := rand.New(rand.NewPCG(17, 18))
	cands, entrants := make([]scoring.Candidate, n), make([]scoring.Entrant, n)
	for i := range cands {
		cands[i] = scoring.Candidate{Score: scoring.Round(random.Float64()), ID: strings.Repeat("o", 1+i%9)}
		entrants[i] = scoring.Entrant{Bound: cands[i].Score + 1e-5, Ref: int32(i)}
	}
	p := &scoring.Profile{}
	b.Run("race", func(b *testing.B) {
		var race scoring.Race
		f := known(cands)
		b.ReportAllocs()
		for b.Loop() {
			race.Top(entrants, k, p, f)
		}
	})
	b.Run("all", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			scoring.Top(cands, k, p)
		}
	})
}

// known is a field whose scores cost nothing.
type known []scoring.Candidate

func (k known) Score(ref int32) (float64, bool) { return k[ref].Score, true }
func (k known) Before(a, b int32) bool          { return k[a].ID < k[b].ID }
