package evaluation_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"sort"
	"strconv"
	"sync"
	"testing"

	"github.com/sihai-network/sihai/scoring"
	"github.com/sihai-network/sihai/scoring/interval"
	"github.com/sihai-network/sihai/scoring/tuning"
	"github.com/sihai-network/sihai/scoring/tuning/evaluation"
)

// world draws decisions of users whose candidates are liked the more, the higher their first feature is.
func world(users int, random *rand.Rand) *tuning.Dataset {
	b := tuning.NewBuilder(math.NaN())
	x, _ := b.Column("x")
	y, _ := b.Column("y")
	for u := range users {
		mood := 0.3 * random.Float64()
		for range 1 + random.IntN(4) {
			b.Begin(tuning.Group{User: "u" + strconv.Itoa(u), Time: tuning.MinTime})
			for c := range 6 {
				row := tuning.NewRow()
				item := random.IntN(5)*6 + c
				row.Item, row.Merchant = "i"+strconv.Itoa(item), "m"+strconv.Itoa(item%9)
				row.Label = 0
				value := float64(random.IntN(11)) / 10
				if random.Float64() < 0.1+mood+0.4*value {
					row.Label = 1
				}
				b.Add(row, []int{x, y}, []float64{value, random.Float64() + float64(item)/20})
			}
		}
	}
	return b.Dataset()
}

// spoil takes labels, scores, candidates and whole lists away, as real data has it.
func spoil(d *tuning.Dataset, random *rand.Rand) (*tuning.Dataset, []float64) {
	b := tuning.NewBuilder(math.NaN())
	var scores []float64
	for g := range d.Groups() {
		b.Begin(tuning.Group{User: d.UserNames[d.Users[g]], Time: tuning.MinTime})
		from, to := d.Group(g)
		for i := from; i < to && random.IntN(10) > 0; i++ {
			row := tuning.NewRow()
			row.Item, row.Label, row.Weight = d.Item(i), float64(random.IntN(4)), float64(random.IntN(3))
			if random.IntN(3) > 0 {
				row.Label = 0
			}
			if random.IntN(5) == 0 {
				row.Label = math.NaN()
			}
			if random.IntN(4) > 0 {
				row.Merchant = d.MerchantNames[d.Merchants[i]]
			}
			score := float64(random.IntN(4))
			if random.IntN(8) == 0 {
				score = math.NaN()
			}
			b.Add(row, nil, nil)
			scores = append(scores, score)
		}
	}
	return b.Dataset(), scores
}

// candidate is a row as a plain reading has it.
type candidate struct {
	id, merchant         string
	score, label, weight float64
}

// Measures are means of what each list gives by its definition, ties by ID, unknown labels left out, and lists of which a measure is not defined too.
func TestMeasuresEqualPlainMeans(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	d, scores := spoil(world(150, random), random)
	const k = 3
	report, err := evaluation.Evaluate(t.Context(), d, []evaluation.Policy{{Name: "p", Scores: scores}}, evaluation.Options{K: k})
	if err != nil {
		t.Fatal(err)
	}
	sums, counts := map[string]float64{}, map[string]int{}
	var won, pairs float64
	var all []candidate
	exposure := map[string]float64{}
	for g := range d.Groups() {
		from, to := d.Group(g)
		var list []candidate
		for i := from; i < to; i++ {
			c := candidate{id: d.Item(i), score: scores[i], label: d.Labels[i], weight: d.Weight(i)}
			if m := d.Merchants[i]; m >= 0 {
				c.merchant = d.MerchantNames[m]
				exposure[c.merchant] += 0
			}
			if math.IsNaN(c.score) {
				c.score = math.Inf(-1)
			}
			list = append(list, c)
		}
		sort.SliceStable(list, func(i, j int) bool {
			if list[i].score != list[j].score {
				return list[i].score > list[j].score
			}
			return list[i].id < list[j].id
		})
		for at, c := range list {
			if at < k && c.merchant != "" {
				exposure[c.merchant] += math.Ln2 / math.Log(float64(at+2))
			}
		}
		list = slices.DeleteFunc(list, func(c candidate) bool { return math.IsNaN(c.label) })
		all = append(all, list...)
		first, liked, among, precision := 0, 0, 0, 0.0
		for at, c := range list {
			if c.label > 0 {
				liked++
				precision += float64(liked) / float64(at+1)
				if first == 0 {
					first = at + 1
				}
				if at < k {
					among++
				}
			}
		}
		if liked == 0 {
			continue
		}
		counts["lists"]++
		sums[evaluation.MRR] += 1 / float64(first)
		sums[evaluation.MAP] += precision / float64(liked)
		sums[evaluation.Recall] += float64(among) / float64(liked)
		sums[evaluation.HitRate] += math.Min(1, float64(among))
	}
	for _, a := range all {
		for _, b := range all {
			if a.label > 0 && b.label == 0 {
				pairs += a.weight * b.weight
				switch {
				case a.score > b.score:
					won += a.weight * b.weight
				case a.score == b.score:
					won += a.weight * b.weight / 2
				}
			}
		}
	}
	var total, apart float64
	for _, a := range exposure {
		total += a
		for _, b := range exposure {
			apart += math.Abs(a - b)
		}
	}
	want := map[string]float64{evaluation.AUC: won / pairs, evaluation.Gini: apart / (2 * float64(len(exposure)) * total)}
	for _, name := range []string{evaluation.MRR, evaluation.MAP, evaluation.Recall, evaluation.HitRate} {
		want[name] = sums[name] / float64(counts["lists"])
	}
	for _, m := range report.Lines[0].Measures {
		w, ok := want[m.Name]
		if !ok {
			continue
		}
		if math.Abs(m.Estimate.Value-w) > 1e-6 || m.Name != evaluation.Gini && math.Abs(m.Estimate.Value-w) > 1e-9 { // exposures are kept in 32 bits
			t.Errorf("%s: %v, want %v", m.Name, m.Estimate.Value, w)
		}
		if m.Missing != "" || !(m.Estimate.Interval.Low < w && w < m.Estimate.Interval.High) {
			t.Errorf("%s: interval %+v of %v, %s", m.Name, m.Estimate.Interval, w, m.Missing)
		}
		if m.Name == evaluation.MRR && m.Count != counts["lists"] {
			t.Errorf("a mean over %d lists, want %d", m.Count, counts["lists"])
		}
	}
}

// value returns an estimate of a report.
func value(t *testing.T, report *evaluation.Report, line int, name string) evaluation.Measure {
	t.Helper()
	for _, m := range report.Lines[line].Measures {
		if m.Name == name {
			return m
		}
	}
	t.Fatalf("no %s", name)
	return evaluation.Measure{}
}

// Intervals of measures, and of differences, hold what a thousand times as many users show.
func TestIntervalsOfMeasuresHold(t *testing.T) {
	trials, low, high := 80, 0.86, 1.0
	if os.Getenv("SIHAI_LONG") == "1" {
		trials, low, high = 1000, 0.93, 0.97
	}
	evaluate := func(d *tuning.Dataset, seed uint64, resamples int) *evaluation.Report {
		x, _ := evaluation.Column("x", d, "x", true)
		y, _ := evaluation.Column("y", d, "y", true)
		x.Link, y.Link = evaluation.Identity, evaluation.Identity
		report, err := evaluation.Evaluate(t.Context(), d, []evaluation.Policy{x, y}, evaluation.Options{K: 3, Interval: interval.Options{Seed: seed, Resamples: resamples}})
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	truth := evaluate(world(100_000, rand.New(rand.NewPCG(99, 99))), 1, 100)
	names := []string{evaluation.NDCG, evaluation.MAP, evaluation.MRR, evaluation.Recall, evaluation.HitRate, evaluation.ListAUC, evaluation.AUC, evaluation.LogLoss, evaluation.Brier, evaluation.CalibrationError, evaluation.Variety}
	held := make(map[string]int)
	var mu sync.Mutex
	var wg sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for trial := range next {
				report := evaluate(world(200, rand.New(rand.NewPCG(5, uint64(trial)))), uint64(trial), 0)
				mu.Lock()
				for _, name := range names {
					if value(t, report, 0, name).Estimate.Interval.Holds(value(t, truth, 0, name).Estimate.Value) {
						held[name]++
					}
					if value(t, report, 1, name).Difference.Interval.Holds(value(t, truth, 1, name).Difference.Value) {
						held[name+" difference"]++
					}
				}
				mu.Unlock()
			}
		})
	}
	for trial := range trials {
		next <- trial
	}
	close(next)
	wg.Wait()
	for _, name := range names {
		for _, what := range []string{name, name + " difference"} {
			share := float64(held[what]) / float64(trials)
			t.Logf("%-28s held %.3f", what, share)
			if share < low || share > high {
				t.Errorf("%s: held in %.3f of the intervals, not %.2f to %.2f", what, share, low, high)
			}
		}
	}
}

// The policy of a profile gives each row the score that decisions are made by.
func TestLinearScoresAsDecisionsDo(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 8))
	b := tuning.NewBuilder(math.NaN())
	var columns []int
	for _, f := range scoring.Features() {
		c, _ := b.Column(f.Name)
		columns = append(columns, c)
	}
	var m scoring.Matrix
	b.Begin(tuning.Group{Time: tuning.MinTime})
	for range 100 {
		row := m.AppendRow()
		for k := range row {
			row[k] = random.Float64()
		}
		b.Add(tuning.NewRow(), columns, row)
	}
	profile := scoring.Default()
	profile.Bias = 0.125
	p, err := evaluation.Linear("p", b.Dataset(), profile.Weights, profile.Bias)
	if err != nil {
		t.Fatal(err)
	}
	if want := scoring.NewScorer(profile).Score(nil, &m); !slices.Equal(p.Scores, want) {
		t.Errorf("scores %v, want %v", p.Scores, want)
	}
	_, err = evaluation.Linear("p", world(1, random), map[string]float64{"x": 1, "z": 1, "w": 2, "v": 0}, 0)
	if err == nil || err.Error() != "profile p: the data has no feature w, z" {
		t.Errorf("%v", err)
	}
}

func TestEvaluateStopsWhenAsked(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	d := world(5, rand.New(rand.NewPCG(1, 1)))
	if _, err := evaluation.Evaluate(ctx, d, []evaluation.Policy{evaluation.Random(d, 1)}, evaluation.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err := evaluation.Evaluate(t.Context(), &tuning.Dataset{}, nil, evaluation.Options{}); err == nil {
		t.Error("nothing was measured")
	}
}

// A million candidates, each policy measured in full.
func BenchmarkEvaluate100000Decisions(b *testing.B) {
	d := world(40_000, rand.New(rand.NewPCG(2, 2)))
	x, _ := evaluation.Column("x", d, "x", true)
	b.ReportAllocs()
	b.ReportMetric(float64(d.Groups()), "decisions")
	for b.Loop() {
		if _, err := evaluation.Evaluate(b.Context(), d, []evaluation.Policy{x}, evaluation.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
