package evaluation

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/sihai-network/sihai/scoring/interval"
	"github.com/sihai-network/sihai/scoring/metrics"
	"github.com/sihai-network/sihai/scoring/tuning"
)

// Slice is the part of the groups whose requests have something in common.
type Slice struct {
	Column, Value string
	Groups        int
	Rate          interval.Estimate // mean label of the rows that have one, by weight
	NDCG          interval.Estimate // of the first policy
	Better        interval.Estimate // the first policy's NDCG less the second's, over the same users; none where there is but one
}

// MaxSlices is how many values of a column are told apart, those with the most groups.
const MaxSlices = 24

// Slices measures the groups by each value of a column of the context. A text with bars in it is a list, and its group belongs to each of its items. The slices come
// by number where the column holds numbers, and otherwise with the most groups first. Cost: as an evaluation, and some resamples for each slice.
func Slices(ctx context.Context, d *tuning.Dataset, policies []Policy, column string, o Options) ([]Slice, error) {
	at := slices.IndexFunc(d.ContextColumns, func(c tuning.ContextColumn) bool { return c.Name == column })
	if at < 0 || len(policies) == 0 {
		return nil, nil
	}
	o = o.withDefaults()
	groups, order := groupsBy(d, at)
	ids := ranksOf(d)
	out := make([]Slice, 0, len(order))
	for _, value := range order {
		s := Slice{Column: column, Value: value, Groups: len(groups[value]), Better: interval.None()}
		own, err := ndcgOf(ctx, d, &policies[0], groups[value], ids, &o)
		if err != nil {
			return nil, err
		}
		s.NDCG, _ = own.Estimate(o.Interval) // without an interval where there is none
		if len(policies) > 1 {
			other, err := ndcgOf(ctx, d, &policies[1], groups[value], ids, &o)
			if err != nil {
				return nil, err
			}
			s.Better, _ = interval.Difference(own, other).Estimate(o.Interval)
		}
		s.Rate, _ = rateOf(d, groups[value]).Estimate(o.Interval)
		out = append(out, s)
	}
	return out, nil
}

// groupsBy returns the groups of each value of a column, and the values in the order of a report.
func groupsBy(d *tuning.Dataset, column int) (groups map[string][]int, order []string) {
	groups = make(map[string][]int)
	c, width := d.ContextColumns[column], len(d.ContextColumns)
	for g := range d.Groups() {
		x := d.Context[g*width+column]
		if math.IsNaN(x) {
			continue
		}
		if c.Texts == nil {
			value := strconv.FormatFloat(x, 'g', -1, 64)
			groups[value] = append(groups[value], g)
			continue
		}
		for value := range strings.SplitSeq(c.Texts[int(x)], "|") {
			if have := groups[value]; len(have) == 0 || have[len(have)-1] != g {
				groups[value] = append(have, g)
			}
		}
	}
	for value := range groups {
		order = append(order, value)
	}
	slices.SortFunc(order, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(groups[b]), len(groups[a])), cmp.Compare(a, b))
	})
	order = order[:min(len(order), MaxSlices)]
	if c.Texts == nil {
		slices.SortFunc(order, func(a, b string) int {
			x, _ := strconv.ParseFloat(a, 64)
			y, _ := strconv.ParseFloat(b, 64)
			return cmp.Compare(x, y)
		})
	}
	return groups, order
}

// ndcgOf sums the NDCG of some groups under a policy.
func ndcgOf(ctx context.Context, d *tuning.Dataset, p *Policy, groups []int, ids []int32, o *Options) (*interval.Ratios, error) {
	s, r := newSheet(d, p, ids, o), interval.NewRatios(d.Clusters(), 1, 0)
	for n, g := range groups {
		if n%4096 == 0 && ctx.Err() != nil {
			return nil, fmt.Errorf("evaluate %s: %w", p.Name, ctx.Err())
		}
		s.list(g)
		if ndcg, ok := s.ndcg(s.labels, s.k); ok {
			r.Add(d.Cluster(g), 0, ndcg, 1)
		}
	}
	return r, nil
}

// rateOf sums the labels of some groups.
func rateOf(d *tuning.Dataset, groups []int) *interval.Ratios {
	r := interval.NewRatios(d.Clusters(), 1, 0)
	for _, g := range groups {
		from, to := d.Group(g)
		for i := from; i < to; i++ {
			if label := d.Label(i); !math.IsNaN(label) {
				r.Add(d.Cluster(g), 0, d.Weight(i)*label, d.Weight(i))
			}
		}
	}
	return r
}

// Bin is a part of the rows with a label, by their scores.
type Bin struct {
	Rows     int
	Score    float64           // mean
	Chance   float64           // mean chance by the policy's link; NaN without one
	Observed interval.Estimate // mean label
}

// Reliability tells, by bins that hold as many rows each, what came of rows beside what their scores said (a reliability diagram: DeGroot and Fienberg, The
// Statistician 32, 1983), the lowest scores first. Equal scores are in one bin, so that there may be fewer. Cost: a sort.
func Reliability(d *tuning.Dataset, p Policy, bins int, o interval.Options) []Bin {
	var rows, clusters []int
	var scores []float64
	for g := range d.Groups() {
		from, to := d.Group(g)
		for i := from; i < to; i++ {
			if score := p.Scores[i]; !math.IsNaN(d.Label(i)) && !math.IsNaN(score) && d.Weight(i) > 0 {
				rows, clusters, scores = append(rows, i), append(clusters, d.Cluster(g)), append(scores, score)
			}
		}
	}
	in := metrics.Bins(scores, bins)
	sums := make([]*interval.Ratios, bins)
	out := make([]Bin, bins)
	weights := make([]float64, bins)
	for n, i := range rows {
		b, w := in[n], d.Weight(i)
		if sums[b] == nil {
			sums[b] = interval.NewRatios(d.Clusters(), 1, 0)
		}
		sums[b].Add(clusters[n], 0, w*d.Label(i), w)
		out[b].Rows++
		out[b].Score += w * scores[n]
		out[b].Chance += w * p.Link.chance(scores[n])
		weights[b] += w
	}
	kept := out[:0]
	for b := range out {
		if sums[b] == nil {
			continue
		}
		x := out[b]
		x.Score, x.Chance = x.Score/weights[b], x.Chance/weights[b]
		if p.Link == NoLink {
			x.Chance = math.NaN()
		}
		x.Observed, _ = sums[b].Estimate(o) // without an interval where there is none
		kept = append(kept, x)
	}
	return kept
}
