package scoring

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
)

// Method is how a list that explores is chosen.
type Method string

// The methods of exploration.
const (
	// Thompson draws the weights from their distribution. Source: Chapelle, Li, "An Empirical Evaluation of Thompson Sampling", NIPS 2011, algorithm 3, whose
	// weights are independent and normal.
	Thompson Method = "thompson"
	// LinUCB takes each score at the upper end of what is believed of it. Source: Li, Chu, Langford, Schapire, "A Contextual-Bandit Approach to Personalized
	// News Article Recommendation", WWW 2010, algorithm 1, with a covariance that is diagonal.
	LinUCB Method = "linucb"
)

// Explore says how a profile explores: in a share of the decisions it offers what could be better than is known. The zero value does not.
type Explore struct {
	Method Method
	Share  float64 // of the decisions, in [0, 1]: the chance of each one, by its ID. 0: none
	// Breadth multiplies deviations, in [0, 10]: LinUCB's α. 0: 1.
	Breadth float64
	// Deviations are the standard deviations of what is believed of the weights, by feature, in [0, 100]; of a weight without one all is known.
	Deviations map[string]float64
	Learn      Learning
}

// The bounds of Explore, and what it works with.
const (
	MaxBreadth = 10.0
	// MaxExplored is how many candidates, the best by score, an exploring list is chosen from.
	MaxExplored = 64
	// Draws is by how many draws, besides that of the list itself, the chances of Thompson sampling are estimated.
	Draws = 99
)

func (e *Explore) validate(f *Faults) {
	if e.Method == "" && e.Share == 0 && e.Breadth == 0 && len(e.Deviations) == 0 && e.Learn == (Learning{}) {
		return
	}
	if e.Method != Thompson && e.Method != LinUCB {
		f.add("explore.method", "invalid", "%.64q is neither %s nor %s", e.Method, Thompson, LinUCB)
	}
	between(f, "explore.share", e.Share, 0, 1)
	between(f, "explore.breadth", e.Breadth, 0, MaxBreadth)
	e.Learn.validate(f)
	known := names()
	for _, name := range slices.Sorted(maps.Keys(e.Deviations)) {
		path := "explore.deviations." + name
		if !slices.Contains(known, name) {
			f.add(path, "unknown_field", "no such feature")
			continue
		}
		between(f, path, e.Deviations[name], 0, MaxWeight)
	}
}

// Explorer chooses lists that explore by a profile. It is immutable and safe for concurrent use.
type Explorer struct {
	method     Method
	share      float64
	deviations [Width]float64 // times the breadth
	popularity float64        // weight of the feature, times the breadth
	rules      Profile        // of the list, without a floor
}

// NewExplorer compiles the exploration of a valid profile; nil where it does not explore.
func NewExplorer(p *Profile) *Explorer {
	e := &p.Explore
	if !(e.Share > 0) {
		return nil
	}
	breadth := e.Breadth
	if breadth == 0 {
		breadth = 1
	}
	x := &Explorer{method: e.Method, share: e.Share, popularity: breadth * p.Weights[Features()[Popularity].Name], rules: *p}
	x.rules.Floor = math.Inf(-1)
	for j, f := range Features() {
		x.deviations[j] = breadth * e.Deviations[f.Name]
	}
	return x
}

// Explored is what came of an exploration.
type Explored struct {
	Scores []float64 // that the list was chosen by, by candidate: those given, unless it explores; NaN of one that cannot come into it
	Chosen []int     // the list
	// Chances are those of each offer of the list at its position, in (0, 1]. Under LinUCB they are exact. Under Thompson they are estimated by Draws draws and
	// that of the list: their standard error is at most share × 0.05, and they are too high by at most share / (Draws + 1).
	Chances []float64
}

// Choose chooses a list of up to k from candidates with their scores and rows. rates are the standard deviations of what is believed of their popularity, which is
// how one that was hardly ever shown gets its chance. chance, uniform in [0, 1), decides whether the list explores; random draws. What is under the floor is not
// offered, and only the MaxExplored best can change places.
func (x *Explorer) Choose(cands []Candidate, rows func(i int) []float64, rates []float64, k int, p *Profile, chance float64, random *rand.Rand) Explored {
	known := Top(cands, k, p)
	pool := x.pool(cands, p.Floor)
	r := trial{x: x, cands: slices.Clone(cands), pool: pool, rows: rows, rates: rates, k: k, given: cands}
	out := Explored{Chosen: known, Scores: scoresOf(cands)}
	other := r.list(random)
	if chance < x.share {
		out.Chosen, out.Scores = other, scoresOf(r.cands)
	}
	seen := make([]int, len(out.Chosen))
	r.count(seen, out.Chosen, other)
	draws := 1
	if x.method == Thompson {
		for range Draws {
			r.count(seen, out.Chosen, r.list(random))
		}
		draws += Draws
	}
	for n, i := range out.Chosen {
		c := x.share * float64(seen[n]) / float64(draws)
		if n < len(known) && known[n] == i {
			c += 1 - x.share
		}
		out.Chances = append(out.Chances, min(c, 1))
	}
	return out
}

// pool returns the candidates that may change places: the best of those that are not under the floor.
func (x *Explorer) pool(cands []Candidate, floor float64) []int {
	all := Profile{Floor: floor}
	return Top(cands, MaxExplored, &all)
}

// trial is lists that explore, one after another.
type trial struct {
	x     *Explorer
	given []Candidate
	cands []Candidate // with other scores
	pool  []int
	rows  func(i int) []float64
	rates []float64
	k     int
}

// list draws scores and chooses by them. What is not in the pool stands behind all that is.
func (r *trial) list(random *rand.Rand) []int {
	for i := range r.cands {
		r.cands[i].Score = math.NaN()
	}
	var weights [Width]float64
	if r.x.method == Thompson {
		for j, d := range r.x.deviations {
			weights[j] = d * random.NormFloat64()
		}
	}
	some := make([]Candidate, len(r.pool))
	for n, i := range r.pool {
		score, row, rate := r.given[i].Score, r.rows(i), r.x.popularity*r.rates[i]
		if r.x.method == Thompson {
			score += rate * random.NormFloat64()
			for j, w := range weights {
				score += w * row[j]
			}
		} else {
			variance := rate * rate
			for j, d := range r.x.deviations {
				variance += d * d * row[j] * row[j]
			}
			score += math.Sqrt(variance)
		}
		r.cands[i].Score = Round(score)
		some[n] = r.cands[i]
	}
	chosen := Top(some, r.k, &r.x.rules)
	for n, at := range chosen {
		chosen[n] = r.pool[at]
	}
	return chosen
}

func (r *trial) count(seen, list, other []int) {
	for n := range min(len(list), len(other)) {
		if list[n] == other[n] {
			seen[n]++
		}
	}
}

func scoresOf(cands []Candidate) []float64 {
	out := make([]float64, len(cands))
	for i := range cands {
		out[i] = cands[i].Score
	}
	return out
}

// Deviation returns the standard deviation of the posterior of a rate, see Mean.
func (b Beta) Deviation(clicks, impressions float64) float64 {
	mean := b.Mean(clicks, impressions)
	return math.Sqrt(mean * (1 - mean) / (max(impressions, 0) + b.Alpha + b.Beta + 1))
}
