package evaluation_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/sihai-network/sihai/scoring"
	"github.com/sihai-network/sihai/scoring/interval"
	"github.com/sihai-network/sihai/scoring/tuning"
	"github.com/sihai-network/sihai/scoring/tuning/evaluation"
)

// parted is a world in which what is known of a request says which of two features is liked.
func parted(t *testing.T) *tuning.Dataset {
	t.Helper()
	random := rand.New(rand.NewPCG(7, 8))
	b := tuning.NewBuilder(0)
	x, _ := b.Column("x")
	y, _ := b.Column("y")
	for n := range 1200 {
		b.Begin(tuning.Group{User: "u" + strconv.Itoa(n/2), Time: tuning.MinTime})
		segments := []string{"likes-x", "likes-y", "likes-x|odd"}[n%3]
		for _, err := range []error{b.Text("segments", segments), b.Number("hour", float64(n%24))} {
			if err != nil {
				t.Fatal(err)
			}
		}
		for c := range 5 {
			row := tuning.NewRow()
			row.Item, row.Label = "i"+strconv.Itoa(c), 0
			values := []float64{random.Float64(), random.Float64()}
			liked := values[0]
			if n%3 == 1 {
				liked = values[1]
			}
			if random.Float64() < 0.05+0.4*liked*liked {
				row.Label = 1
			}
			b.Add(row, []int{x, y}, values)
		}
	}
	return b.Dataset()
}

func TestSlicesTellPartsApart(t *testing.T) {
	d := parted(t)
	x, _ := evaluation.Column("x", d, "x", true)
	y, _ := evaluation.Column("y", d, "y", true)
	got, err := evaluation.Slices(t.Context(), d, []evaluation.Policy{x, y}, "segments", evaluation.Options{})
	if err != nil || len(got) != 3 {
		t.Fatalf("%+v, %v", got, err)
	}
	for i, want := range []struct {
		value  string
		groups int
		sign   float64
	}{{"likes-x", 800, 1}, {"likes-y", 400, -1}, {"odd", 400, 1}} {
		s := got[i]
		if s.Value != want.value || s.Groups != want.groups || s.Better.Interval.Holds(0) || s.Better.Value*want.sign < 0 {
			t.Errorf("%+v, want %+v", s, want)
		}
		part, err := evaluation.Evaluate(t.Context(), d.Select(groupsOf(d, s.Value)), []evaluation.Policy{pick(t, d, "x", s.Value)}, evaluation.Options{})
		if err != nil {
			t.Fatal(err)
		}
		near(t, s.Value+": ndcg", s.NDCG.Value, part.Lines[0].Measures[0].Estimate.Value)
		if !s.Rate.Interval.Holds(s.Rate.Value) || s.Rate.Value < 0.1 || s.Rate.Value > 0.3 {
			t.Errorf("rate %+v", s.Rate)
		}
	}
	hours, err := evaluation.Slices(t.Context(), d, []evaluation.Policy{x}, "hour", evaluation.Options{Interval: interval.Options{Resamples: 200}})
	if err != nil || len(hours) != 24 || hours[2].Value != "2" || hours[2].Groups != 50 || !math.IsNaN(hours[0].Better.Value) {
		t.Errorf("%+v, %v", hours, err)
	}
	if none, err := evaluation.Slices(t.Context(), d, []evaluation.Policy{x}, "weather", evaluation.Options{}); none != nil || err != nil {
		t.Errorf("%v, %v", none, err)
	}
}

// groupsOf are the groups of a segment, found without the code under test.
func groupsOf(d *tuning.Dataset, segment string) (groups []int) {
	for g := range d.Groups() {
		of := map[int][]string{0: {"likes-x"}, 1: {"likes-y"}, 2: {"likes-x", "odd"}}[g%3]
		for _, one := range of {
			if one == segment {
				groups = append(groups, g)
			}
		}
	}
	return groups
}

func pick(t *testing.T, d *tuning.Dataset, feature, segment string) evaluation.Policy {
	t.Helper()
	p, ok := evaluation.Column(feature, d.Select(groupsOf(d, segment)), feature, true)
	if !ok {
		t.Fatal("no such feature")
	}
	return p
}

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 1e-12 {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

func TestReliabilityShowsTrueChancesOnTheDiagonal(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 9))
	b := tuning.NewBuilder(0)
	x, _ := b.Column("x")
	for n := range 4000 {
		b.Begin(tuning.Group{User: "u" + strconv.Itoa(n), Time: tuning.MinTime})
		row, chance := tuning.NewRow(), random.Float64()
		row.Label = 0
		if random.Float64() < chance {
			row.Label = 1
		}
		b.Add(row, []int{x}, []float64{chance})
	}
	d := b.Dataset()
	p, _ := evaluation.Column("x", d, "x", true)
	p.Link = evaluation.Identity
	bins := evaluation.Reliability(d, p, 10, interval.Options{Level: 0.999})
	rows, last := 0, 0.0
	for _, bin := range bins {
		rows += bin.Rows
		if bin.Chance <= last || !bin.Observed.Interval.Holds(bin.Chance) || bin.Score != bin.Chance {
			t.Errorf("%+v after %v", bin, last)
		}
		last = bin.Chance
	}
	if len(bins) != 10 || rows != 4000 {
		t.Errorf("%d bins of %d rows", len(bins), rows)
	}
	p.Link = evaluation.NoLink
	if bins := evaluation.Reliability(d, p, 10, interval.Options{}); !math.IsNaN(bins[0].Chance) || math.IsNaN(bins[0].Score) {
		t.Errorf("%+v", bins[0])
	}
}

// TestProfilesScoreAsDecisionsDo compares with the scorer of the decision path, with a model and without.
func TestProfilesScoreAsDecisionsDo(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 9))
	b := tuning.NewBuilder(math.NaN())
	rows := new(scoring.Matrix)
	var columns []int
	for _, f := range scoring.Features() {
		c, _ := b.Column(f.Name)
		columns = append(columns, c)
	}
	for range 5000 {
		b.Begin(tuning.Group{Time: tuning.MinTime})
		copy(rows.AppendRow(), []float64{random.Float64(), random.Float64(), random.Float64()})
		b.Add(tuning.NewRow(), columns[:3], rows.Row(rows.Rows() - 1)[:3])
	}
	d := b.Dataset()
	profile := scoring.Default()
	model, err := scoring.NewModel("lightgbm", []byte(stump))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []*scoring.Model{nil, model} {
		if profile.Model = m; m != nil {
			profile.Kind = scoring.KindTrees
		}
		got, err := evaluation.OfProfile("p", d, &profile)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range scoring.NewScorer(profile).Score(nil, rows) {
			if math.Abs(got.Scores[i]-want) > 2e-9 {
				t.Fatalf("row %d: %v, want %v", i, got.Scores[i], want)
			}
		}
	}
	few := tuning.NewBuilder(0)
	_, _ = few.Column("distance")
	if _, err := evaluation.OfProfile("p", few.Dataset(), &profile); err == nil {
		t.Error("a model without its features scores")
	}
}

// stump is a tree of one cut, as LightGBM writes it.
const stump = `tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=0
objective=regression
feature_names=distance
feature_infos=[0:1]

Tree=0
num_leaves=2
num_cat=0
split_feature=0
split_gain=1
threshold=0.5
decision_type=2
left_child=-1
right_child=-2
leaf_value=0.25 -0.75
leaf_weight=1 1
leaf_count=1 1
internal_value=0
internal_weight=2
internal_count=2
is_linear=0
shrinkage=1


end of trees
`
