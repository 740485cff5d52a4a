package evaluation

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/sihai-network/sihai/scoring/interval"
	"github.com/sihai-network/sihai/scoring/tuning"
)

// Options of an evaluation. The zero value is good.
type Options struct {
	K        int  // how far down a list is looked at; 0: 10, below 0: to its end
	Bins     int  // of the calibration error; 0: 15
	Linear   bool // gains of NDCG are the labels themselves and not 2^label − 1: for labels that are amounts
	Interval interval.Options
	Measures []string           // names of those that are told; nil: all
	Progress func(policies int) // called after each policy with how many are done; nil: nobody asks
}

// Measure is what one measure says of one policy.
type Measure struct {
	Name string
	// Count is how many lists the measure is a mean over; candidates for measures of scores, merchants or items for those of exposure.
	Count    int
	Estimate interval.Estimate
	// Difference is the first policy's less this one's, over the same users; none for the first.
	Difference interval.Estimate
	Missing    string // why there is no value, or no interval; empty: there are both
}

// Line is what was measured of one policy, in the order of the constants.
type Line struct {
	Policy   string
	Measures []Measure
}

// Report is what was measured.
type Report struct {
	Groups, Rows, Labelled, Users int // decisions; their candidates, and those with a label; users, and decisions without one
	K                             int // 0: to the end
	Lines                         []Line
}

// Evaluate measures policies, of which the first is compared with the others. Cost: for each, a sort of all candidates; memory: some 40 bytes a candidate.
func Evaluate(ctx context.Context, d *tuning.Dataset, policies []Policy, o Options) (*Report, error) {
	if d.Groups() == 0 || d.Rows() == 0 {
		return nil, errors.New("evaluate: there are no candidates")
	}
	o = o.withDefaults()
	report := &Report{Groups: d.Groups(), Rows: d.Rows(), K: o.K, Users: countUsers(d)}
	for i := range d.Rows() {
		if x := d.Label(i); x == x {
			report.Labelled++
		}
	}
	ids := ranksOf(d)
	var first *sheet
	for i := range policies {
		p := &policies[i]
		if len(p.Scores) != d.Rows() {
			return nil, fmt.Errorf("evaluate %s: %d scores for %d candidates", p.Name, len(p.Scores), d.Rows())
		}
		s := newSheet(d, p, ids, &o)
		for g := range d.Groups() {
			if g%4096 == 0 && ctx.Err() != nil {
				return nil, fmt.Errorf("evaluate %s: %w", p.Name, ctx.Err())
			}
			s.group(g)
		}
		s.pooled(o.Bins)
		s.concentration()
		s.exposed = nil
		report.Lines = append(report.Lines, s.line(first, &o))
		if first == nil {
			first = s
		}
		if o.Progress != nil {
			o.Progress(i + 1)
		}
	}
	return report, ctx.Err()
}

func (o Options) withDefaults() Options {
	if o.K == 0 {
		o.K = 10
	}
	o.K = max(o.K, 0)
	if o.Bins == 0 {
		o.Bins = 15
	}
	return o
}

func countUsers(d *tuning.Dataset) (n int) {
	seen := make([]bool, d.Clusters())
	for g := range d.Groups() {
		if c := d.Cluster(g); !seen[c] {
			seen[c] = true
			n++
		}
	}
	return n
}

// line makes the measures of a policy.
func (s *sheet) line(first *sheet, o *Options) Line {
	line := Line{Policy: s.p.Name}
	for _, name := range names() {
		if o.Measures != nil && !slices.Contains(o.Measures, name) {
			continue
		}
		m := Measure{Name: name, Count: s.lists[name], Estimate: interval.None(), Difference: interval.None()}
		r := s.ratios[name]
		count, counted := s.counts[name]
		switch {
		case counted:
			m.Estimate.Value = count
			m.Missing = "a count has no interval"
		case r == nil:
			m.Missing = s.missing(name)
		default:
			var err error
			if m.Estimate, err = r.Estimate(o.Interval); err != nil {
				m.Missing = err.Error()
			}
			if first != nil && first.ratios[name] != nil {
				m.Difference, _ = interval.Difference(first.ratios[name], r).Estimate(o.Interval) // without an interval where there is none
			}
		}
		line.Measures = append(line.Measures, m)
	}
	return line
}

// missing tells why a measure has no value.
func (s *sheet) missing(name string) string {
	switch name {
	case LogLoss, Brier, CalibrationError:
		if s.p.Link == NoLink {
			return "the scores are no chances"
		}
		return "no labels, or some beyond 0 to 1"
	case Variety, Gini, Entropy, Coverage:
		return "the candidates have neither merchants nor IDs"
	case AUC, ListAUC:
		return "the labels are not of both kinds, above 0 and not"
	}
	return "no label above 0"
}
