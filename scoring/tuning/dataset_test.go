package tuning_test

import (
	"math"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/sihai-network/sihai/scoring/tuning"
)

// What a builder was told stands in the data set, whatever came late: columns, labels, users, members of the context.
func TestBuilderKeepsEverything(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	type told struct {
		row    tuning.Row
		values map[string]float64
	}
	b := tuning.NewBuilder(math.NaN())
	var rows []told
	var users []string
	for g := range 200 {
		group := tuning.Group{Time: tuning.MinTime}
		if g > 20 && random.IntN(3) > 0 {
			group.User = "u" + strconv.Itoa(random.IntN(30))
		}
		users = append(users, group.User)
		b.Begin(group)
		for i := range random.IntN(6) {
			r := told{tuning.NewRow(), map[string]float64{}}
			if g > 50 && random.IntN(2) == 0 {
				r.row.Label, r.row.Weight = random.Float64(), random.Float64()
			}
			r.row.Item = "i" + strconv.Itoa(i)
			var columns []int
			var values []float64
			for range random.IntN(4) {
				name := "f" + strconv.Itoa(random.IntN(2+g/4))
				if _, ok := r.values[name]; ok {
					continue
				}
				c, err := b.Column(name)
				if err != nil {
					t.Fatal(err)
				}
				x := random.NormFloat64()
				r.values[name], columns, values = x, append(columns, c), append(values, x)
			}
			b.Add(r.row, columns, values)
			rows = append(rows, r)
		}
	}
	d := b.Dataset()
	if err := d.Check(); err != nil {
		t.Fatal(err)
	}
	if d.Rows() != len(rows) || d.Groups() != len(users) {
		t.Fatalf("%d rows in %d groups, want %d in %d", d.Rows(), d.Groups(), len(rows), len(users))
	}
	for i, r := range rows {
		for c, name := range d.Features {
			want, ok := r.values[name]
			if got := d.Row(i)[c]; ok && got != want || !ok && !math.IsNaN(got) {
				t.Fatalf("row %d, %s: %v, want %v (%v)", i, name, got, want, ok)
			}
		}
		if got, want := d.Label(i), r.row.Label; got != want && !(math.IsNaN(got) && math.IsNaN(want)) {
			t.Errorf("label %d: %v, want %v", i, got, want)
		}
		if got := d.Weight(i); got != r.row.Weight && !(math.IsNaN(r.row.Weight) && got == 1) {
			t.Errorf("weight %d: %v, want %v", i, got, r.row.Weight)
		}
		if d.Item(i) != r.row.Item {
			t.Errorf("item %d: %q, want %q", i, d.Item(i), r.row.Item)
		}
	}
	for g, user := range users {
		if u := d.Users[g]; u < 0 && user != "" || u >= 0 && d.UserNames[u] != user {
			t.Errorf("user %d: %d, want %q", g, u, user)
		}
	}
}

func TestSplitByTimePartsNoInstant(t *testing.T) {
	b := tuning.NewBuilder(0)
	c, err := b.Column("x")
	if err != nil {
		t.Fatal(err)
	}
	for g, at := range []int64{5, 1, 2, 5, 5, 9, 3, 4, 5, 10} {
		b.Begin(tuning.Group{Time: at})
		b.Add(tuning.NewRow(), []int{c}, []float64{float64(g)})
	}
	d := b.Dataset()
	for _, c := range []struct {
		share        float64
		early, later int
	}{{0.2, 8, 2}, {0.3, 8, 2}, {0.5, 8, 2}, {0.6, 4, 6}, {0.01, 10, 0}, {0.9, 1, 9}} {
		early, late := d.Split(d.SplitTime(c.share))
		if early.Groups() != c.early || late.Groups() != c.later {
			t.Errorf("share %v: %d and %d groups, want %d and %d", c.share, early.Groups(), late.Groups(), c.early, c.later)
		}
		for i := range late.Rows() {
			if g := int(late.Row(i)[0]); late.Times[i] != d.Times[g] {
				t.Errorf("share %v: row %d came with another time", c.share, i)
			}
		}
	}
}

func TestCheckFindsWhatDoesNotFit(t *testing.T) {
	good := func() *tuning.Dataset {
		return &tuning.Dataset{
			Features: []string{"a"}, Values: []float64{1, 2, 3}, Offsets: []int{0, 2, 3}, Labels: []float64{0, 1, 0},
			Users: []int32{0, -1}, UserNames: []string{"u"}, Items: []int32{0, 1, 0}, ItemNames: []string{"x", "y"},
		}
	}
	if err := good().Check(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(d *tuning.Dataset){
		"offsets":    func(d *tuning.Dataset) { d.Offsets = []int{0, 3, 2} },
		"start":      func(d *tuning.Dataset) { d.Offsets = []int{1, 2, 3} },
		"values":     func(d *tuning.Dataset) { d.Values = d.Values[:2] },
		"infinite":   func(d *tuning.Dataset) { d.Values[1] = math.Inf(1) },
		"labels":     func(d *tuning.Dataset) { d.Labels = d.Labels[:1] },
		"items":      func(d *tuning.Dataset) { d.Items[1] = 2 },
		"users":      func(d *tuning.Dataset) { d.Users[1] = -2 },
		"weights":    func(d *tuning.Dataset) { d.Weights = []float64{1, -1, 1} },
		"scores":     func(d *tuning.Dataset) { d.Scores = []float64{1, 0} },
		"score":      func(d *tuning.Dataset) { d.Scores = []float64{1, 0, math.Inf(-1)} },
		"propensity": func(d *tuning.Dataset) { d.Propensities = []float64{1, 0, 1} },
	} {
		d := good()
		if spoil(d); d.Check() == nil {
			t.Errorf("%s: nothing was found", name)
		}
	}
}
