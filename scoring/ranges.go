package scoring

import "math"

// Scenario is a placement to be filled: what could be offered, and how many of it are asked for.
type Scenario struct {
	Rows       *Matrix     // a row for each candidate, in order
	Candidates []Candidate // their scores are not looked at
	K          int
}

// Range is the interval from Low to High. At an end that is not that of all weights two candidates meet, and which of them comes first goes by their IDs.
type Range struct{ Low, High float64 }

// Ranges returns for each feature, in the order of the columns, how far its weight can go while all else stays and the lists of all scenarios stay as they
// are: the same offers in the same order, see Select. A range holds the weight itself and lies within [-MaxWeight, MaxWeight]. It is computed and not sampled:
// scores are linear in a weight, so that each pair of candidates that could change a list meets at one value. Scores are taken as they are rounded, so
// that an end is true to 1e-9 over the difference of two features. Cost: a Select for each scenario, and a step for each candidate and feature.
func Ranges(p *Profile, scenarios []Scenario) [Width]Range {
	var out [Width]Range
	s := NewScorer(*p)
	for j := range out {
		out[j] = Range{-MaxWeight, MaxWeight}
	}
	for i := range scenarios {
		f := newFrontier(s, p, &scenarios[i])
		for j := range out {
			f.narrow(&out[j], j)
		}
	}
	for j := range out {
		out[j].Low, out[j].High = min(out[j].Low, s.weights[j]), max(out[j].High, s.weights[j])
	}
	return out
}

// frontier is what would change a list first.
type frontier struct {
	scorer *Scorer
	p      *Profile
	rows   *Matrix
	cands  []Candidate
	chosen []int
	gate   []int // of each candidate that is not chosen: the chosen one behind which it has to stay; -1: only the floor keeps it out
}

func newFrontier(s *Scorer, p *Profile, scenario *Scenario) *frontier {
	f := &frontier{scorer: s, p: p, rows: scenario.Rows, cands: make([]Candidate, len(scenario.Candidates))}
	copy(f.cands, scenario.Candidates)
	for i, score := range s.Score(nil, scenario.Rows) {
		f.cands[i].Score = score
	}
	f.chosen, _ = Select(f.cands, scenario.K, p)
	f.gate = make([]int, len(f.cands))
	for i := range f.gate {
		f.gate[i] = f.gateOf(i, scenario.K)
	}
	return f
}

// isChosen marks a candidate of the list.
const isChosen = -2

// gateOf goes down the list until a bound of candidate i is full, or the list is.
func (f *frontier) gateOf(i, k int) int {
	c := &f.cands[i]
	campaign, merchant, category := 0, 0, 0
	for n, at := range f.chosen {
		if at == i {
			return isChosen
		}
		o := &f.cands[at]
		campaign += count(o.Campaign == c.Campaign)
		merchant += count(o.Merchant == c.Merchant)
		category += count(c.Category != "" && o.Category == c.Category)
		full := func(n, most int) bool { return most > 0 && n >= most }
		if n+1 == k || full(campaign, f.p.MaxPerCampaign) || full(merchant, f.p.MaxPerMerchant) || full(category, f.p.MaxPerCategory) {
			// The list may hold i itself further down only if it stands before this one, and then the loop has met it.
			return at
		}
	}
	return -1
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// narrow takes from a range of weight j what would change the list.
func (f *frontier) narrow(r *Range, j int) {
	t := f.scorer.weights[j]
	for n, at := range f.chosen {
		x := f.rows.Row(at)[j]
		r.keep(t, f.cands[at].Score-f.p.Floor, x)
		if n > 0 {
			before := f.chosen[n-1]
			r.keep(t, f.cands[before].Score-f.cands[at].Score, f.rows.Row(before)[j]-x)
		}
	}
	for i, gate := range f.gate {
		if gate == isChosen {
			continue
		}
		x := f.rows.Row(i)[j]
		stay := Range{t, t} // as long as it stays under the floor or behind its gate
		widen(&stay, t, f.p.Floor-f.cands[i].Score, -x, true)
		if gate >= 0 {
			widen(&stay, t, f.cands[gate].Score-f.cands[i].Score, f.rows.Row(gate)[j]-x, false)
			if both := f.both(i, gate, j); stay.Low <= both && both <= stay.High {
				// It leaves one where the other already holds: go on from there.
				widen(&stay, both, f.p.Floor-f.cands[i].Score-x*(both-t), -x, true)
				widen(&stay, both, f.cands[gate].Score-f.cands[i].Score+(f.rows.Row(gate)[j]-x)*(both-t), f.rows.Row(gate)[j]-x, false)
			}
		}
		r.Low, r.High = max(r.Low, stay.Low), min(r.High, stay.High)
	}
}

// both returns a weight j at which a candidate is under the floor and behind its gate, the nearest to the weight; NaN: there is none.
func (f *frontier) both(i, gate, j int) float64 {
	t, x := f.scorer.weights[j], f.rows.Row(i)[j]
	under, behind := half(t, f.p.Floor-f.cands[i].Score, -x), half(t, f.cands[gate].Score-f.cands[i].Score, f.rows.Row(gate)[j]-x)
	low, high := max(under.Low, behind.Low), min(under.High, behind.High)
	if low > high {
		return math.NaN()
	}
	return min(max(t, low), high)
}

// half returns where d + slope × (w − t) is at least 0; an empty range where it never is.
func half(t, d, slope float64) Range {
	switch {
	case slope > 0:
		return Range{t - d/slope, math.Inf(1)}
	case slope < 0:
		return Range{math.Inf(-1), t - d/slope}
	case d >= 0:
		return Range{math.Inf(-1), math.Inf(1)}
	}
	return Range{math.Inf(1), math.Inf(-1)}
}

// keep takes from r where d + slope × (w − t) is below 0.
func (r *Range) keep(t, d, slope float64) {
	h := half(t, d, slope)
	r.Low, r.High = max(r.Low, h.Low), min(r.High, h.High)
}

// widen adds to r the half line on which something holds, where it holds at from; strictly: at 0 it does not.
func widen(r *Range, from, d, slope float64, strictly bool) {
	if d < 0 || d == 0 && (strictly && slope == 0) {
		return
	}
	h := half(from, d, slope)
	r.Low, r.High = min(r.Low, h.Low), max(r.High, h.High)
}
