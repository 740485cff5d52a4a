package fit

import (
	"cmp"
	"math"
	"slices"

	"github.com/sihai-network/sihai/scoring/interval"
	"github.com/sihai-network/sihai/scoring/metrics"
)

// Measures say how good scores are on groups that the fit has not seen. Clicks count as the travellers they stand for, see Options.Positions.
type Measures struct {
	Name string `json:"name"`
	// NDCG is that of the first MeasuredPlaces, [0, 1]: the mean over groups with a click. Offers of equal scores stand in any order, and the mean of all is taken.
	NDCG      float64      `json:"ndcg"`
	AboveBy   *Difference  `json:"difference,omitempty"` // of the fit's NDCG to this one
	Chances   *Calibration `json:"calibration,omitempty"`
	perGroups []float64    // NDCG by group; NaN: no click
}

// Difference is how much higher the fit's NDCG is, with an interval of 95 % over users, or over groups where users are not known. Low and High are 0 where
// there is no interval, and Why says why.
type Difference struct {
	Mean float64 `json:"mean"`
	Low  float64 `json:"low"`
	High float64 `json:"high"`
	Why  string  `json:"why_no_interval,omitempty"`
}

// Calibration compares chances with what happened. It is there for the logistic loss.
type Calibration struct {
	LogLoss   float64 `json:"log_loss"`  // mean, in nats
	Predicted float64 `json:"predicted"` // mean chance of a click
	Observed  float64 `json:"observed"`  // share of clicks
	Error     float64 `json:"error"`     // expected calibration error over ten parts of equal counts: Naeini, Cooper, Hauskrecht, AAAI 2015
}

// MeasuredPlaces is how many places of a list NDCG looks at.
const MeasuredPlaces = 10

// measure judges scores, by row of the data set, on some groups.
func (f *objective) measure(name string, scores []float64) Measures {
	m := Measures{Name: name, perGroups: make([]float64, len(f.groups))}
	sum, n := 0.0, 0
	var w group
	for at, g := range f.groups {
		f.read(&w, g)
		m.perGroups[at] = w.ndcg(scores)
		if !math.IsNaN(m.perGroups[at]) {
			sum += m.perGroups[at]
			n++
		}
	}
	m.NDCG = sum / float64(max(n, 1))
	return m
}

// ndcg is metrics.TiedNDCG with gains that are linear in the clicks; NaN without any.
func (w *group) ndcg(scores []float64) float64 {
	n := len(w.rows)
	own, gains := make([]float64, n), make([]float64, n)
	for i, row := range w.rows {
		own[i], gains[i] = scores[row], w.gain(i)
	}
	ndcg, ok := metrics.TiedNDCG(own, gains, MeasuredPlaces)
	if !ok {
		return math.NaN()
	}
	return ndcg
}

// compare tells by how much the first is above the other.
func (f *objective) compare(a, b *Measures, seed uint64) *Difference {
	clusters := len(f.groups)
	if f.data.Users != nil {
		clusters = len(f.data.UserNames) + 1
	}
	first, other := interval.NewRatios(clusters, 1, 0), interval.NewRatios(clusters, 1, 0)
	n, sum := 0, 0.0
	for at, g := range f.groups {
		x, y := a.perGroups[at], b.perGroups[at]
		if math.IsNaN(x) || math.IsNaN(y) {
			continue
		}
		cluster := at
		if f.data.Users != nil {
			cluster = int(f.data.Users[g]) + 1
		}
		first.Add(cluster, 0, x, 1)
		other.Add(cluster, 0, y, 1)
		sum += x - y
		n++
	}
	d := &Difference{Mean: sum / float64(max(n, 1))}
	e, err := interval.Difference(first, other).Estimate(interval.Options{Seed: seed})
	if err != nil {
		d.Why = err.Error()
		return d
	}
	d.Low, d.High = e.Interval.Low, e.Interval.High
	return d
}

// calibration compares the chances of log-odds with clicks.
func (f *objective) calibration(scores []float64) *Calibration {
	type pair struct{ chance, click, weight float64 }
	var pairs []pair
	var w group
	c, total := &Calibration{}, 0.0
	for _, g := range f.groups {
		f.read(&w, g)
		for i, row := range w.rows {
			p := w.chances[i] / (1 + math.Exp(-scores[row]))
			y := min(w.labels[i], 1)
			pairs = append(pairs, pair{p, y, w.weights[i]})
			c.LogLoss -= w.weights[i] * (y*math.Log(max(p, tiny)) + (1-y)*math.Log(max(1-p, tiny)))
			c.Predicted += w.weights[i] * p
			c.Observed += w.weights[i] * y
			total += w.weights[i]
		}
	}
	if total == 0 {
		return c
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return cmp.Compare(a.chance, b.chance) })
	for part := range 10 {
		gap := 0.0
		for _, p := range pairs[part*len(pairs)/10 : (part+1)*len(pairs)/10] {
			gap += p.weight * (p.chance - p.click)
		}
		c.Error += math.Abs(gap) / total
	}
	c.LogLoss, c.Predicted, c.Observed = c.LogLoss/total, c.Predicted/total, c.Observed/total
	return c
}
