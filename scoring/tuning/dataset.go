package tuning

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// Dataset holds decisions, called groups, each with its candidates, called rows: a row is what was known of a candidate when it was decided,
// and what came of it. The rows of a group stand together, and groups stand in the order of their source.
//
// Values has Rows × Width numbers, row after row, so that a window of rows is a gonum matrix without a copy. A number that is not known is NaN; no
// number is infinite. All other slices have one element a row or one a group, or are nil where the source does not have them at all. A Dataset is
// read only once it is built, and then safe for concurrent use; it costs 8 bytes a value, and up to 53 a row and 28 a group.
type Dataset struct {
	Features []string  // names of the columns, each once
	Values   []float64 // rows × columns; NaN: missing
	Offsets  []int     // groups + 1, from 0 to the number of rows, never falling; the rows of group g are Offsets[g] up to Offsets[g+1]. A group may be empty

	// Of rows; nil: the source has none.
	Labels       []float64 // what came of it, finite and mostly 0 (nothing) to 1 (a click), or a grade from 0; NaN: not known
	Weights      []float64 // how much a row counts, at least 0 and finite; nil: all count 1
	Propensities []float64 // the chance, above 0 and at most 1, with which the logging policy put it where it was shown; NaN: not known
	Scores       []float64 // what the logging policy scored it, finite; NaN: not known
	Shown        []bool    // nil: not known of any row
	Positions    []int32   // where it was shown, from 1; 0: nowhere, or not known
	Items        []int32   // index in ItemNames of the candidate's ID; -1: not known. No item is twice in a group
	Merchants    []int32   // index in MerchantNames; -1: not known

	// Of groups; nil: the source has none.
	Users   []int32   // index in UserNames; -1: not known
	Times   []int64   // nanoseconds since 1970 in UTC; MinTime: not known
	Queries []string  // the source's own name of the group; empty: none
	Context []float64 // groups × len(ContextColumns), what was known of the request; NaN: missing

	ItemNames, MerchantNames, UserNames []string // each once, in the order in which they were first seen
	ContextColumns                      []ContextColumn
}

// MinTime is the time of a group of which none is known.
const MinTime = math.MinInt64

// ContextColumn is a column of Dataset.Context.
type ContextColumn struct {
	Name string
	// Texts are the values of a column of texts, of which Context holds the index; nil: the column holds numbers, with 0 and 1 for false and true.
	Texts []string
}

// Source is where a data set comes from: a file, or a log.
type Source interface {
	// Load reads the whole data set. It returns Faults where the source holds what a data set cannot be made of, and ctx's error when that ends first.
	Load(ctx context.Context) (*Dataset, error)
}

// Rows returns the number of rows.
func (d *Dataset) Rows() int {
	if len(d.Offsets) == 0 {
		return 0
	}
	return d.Offsets[len(d.Offsets)-1]
}

// Groups returns the number of groups.
func (d *Dataset) Groups() int { return max(len(d.Offsets)-1, 0) }

// Width returns the number of features.
func (d *Dataset) Width() int { return len(d.Features) }

// Group returns the rows of group g: from up to, and without, to.
func (d *Dataset) Group(g int) (from, to int) { return d.Offsets[g], d.Offsets[g+1] }

// Row returns the features of row i; they are the data set's own.
func (d *Dataset) Row(i int) []float64 {
	w := len(d.Features)
	return d.Values[i*w : (i+1)*w : (i+1)*w]
}

// Column returns the index of a feature; -1: there is none of that name.
func (d *Dataset) Column(name string) int { return slices.Index(d.Features, name) }

// Label returns the label of row i; NaN: not known.
func (d *Dataset) Label(i int) float64 {
	if d.Labels == nil {
		return math.NaN()
	}
	return d.Labels[i]
}

// Weight returns the weight of row i.
func (d *Dataset) Weight(i int) float64 {
	if d.Weights == nil {
		return 1
	}
	return d.Weights[i]
}

// Item returns the ID of the candidate in row i; empty: the source names none.
func (d *Dataset) Item(i int) string {
	if d.Items == nil || d.Items[i] < 0 {
		return ""
	}
	return d.ItemNames[d.Items[i]]
}

// Check returns an error when the slices do not fit together, as the fields' comments have it: for those who build a Dataset by hand. Cost: one pass.
func (d *Dataset) Check() error {
	if len(d.Offsets) > 0 && d.Offsets[0] != 0 || !slices.IsSorted(d.Offsets) {
		return fmt.Errorf("data set: offsets do not rise from 0")
	}
	rows, groups := d.Rows(), d.Groups()
	if len(d.Values) != rows*d.Width() {
		return fmt.Errorf("data set: %d values for %d rows of %d features", len(d.Values), rows, d.Width())
	}
	for _, c := range []struct {
		name       string
		have, want int
	}{
		{"labels", len(d.Labels), rows}, {"weights", len(d.Weights), rows}, {"propensities", len(d.Propensities), rows}, {"scores", len(d.Scores), rows}, {"shown", len(d.Shown), rows},
		{"positions", len(d.Positions), rows}, {"items", len(d.Items), rows}, {"merchants", len(d.Merchants), rows},
		{"users", len(d.Users), groups}, {"times", len(d.Times), groups}, {"queries", len(d.Queries), groups}, {"context", len(d.Context), groups * len(d.ContextColumns)},
	} {
		if c.have != 0 && c.have != c.want {
			return fmt.Errorf("data set: %d %s where %d are wanted", c.have, c.name, c.want)
		}
	}
	if err := inside("items", d.Items, -1, len(d.ItemNames)); err != nil {
		return err
	}
	if err := inside("merchants", d.Merchants, -1, len(d.MerchantNames)); err != nil {
		return err
	}
	if err := inside("users", d.Users, -1, len(d.UserNames)); err != nil {
		return err
	}
	return d.checkNumbers()
}

func inside(name string, indexes []int32, low int32, n int) error {
	for i, x := range indexes {
		if x < low || int(x) >= n {
			return fmt.Errorf("data set: %s[%d] is %d, not an index of %d names", name, i, x, n)
		}
	}
	return nil
}

func (d *Dataset) checkNumbers() error {
	for i, x := range d.Values {
		if math.IsInf(x, 0) {
			return fmt.Errorf("data set: row %d holds an infinite %s", i/d.Width(), d.Features[i%d.Width()])
		}
	}
	for i, x := range d.Labels {
		if math.IsInf(x, 0) {
			return fmt.Errorf("data set: the label of row %d is infinite", i)
		}
	}
	for i, x := range d.Scores {
		if math.IsInf(x, 0) {
			return fmt.Errorf("data set: the score of row %d is infinite", i)
		}
	}
	for i, x := range d.Weights {
		if !(x >= 0) || math.IsInf(x, 0) {
			return fmt.Errorf("data set: the weight of row %d is %v", i, x)
		}
	}
	for i, x := range d.Propensities {
		if x <= 0 || x > 1 {
			return fmt.Errorf("data set: the propensity of row %d is %v, not above 0 and at most 1", i, x)
		}
	}
	return nil
}

// Clusters is the number of clusters, see Cluster: users, and groups of which the user is not known.
func (d *Dataset) Clusters() int { return len(d.UserNames) + d.Groups() }

// Cluster returns the number of group g's user, from 0, whose groups hang together; a group without one is a cluster of its own.
func (d *Dataset) Cluster(g int) int {
	if d.Users != nil && d.Users[g] >= 0 {
		return int(d.Users[g])
	}
	return len(d.UserNames) + g
}

// Select returns a data set of the groups given, in their order; a group may be given twice. Names are shared with d, the rest is copied.
func (d *Dataset) Select(groups []int) *Dataset {
	out := &Dataset{
		Features: d.Features, Offsets: make([]int, 1, len(groups)+1),
		ItemNames: d.ItemNames, MerchantNames: d.MerchantNames, UserNames: d.UserNames, ContextColumns: d.ContextColumns,
	}
	rows := 0
	for _, g := range groups {
		rows += d.Offsets[g+1] - d.Offsets[g]
		out.Offsets = append(out.Offsets, rows)
	}
	out.Values = pick(d, groups, d.Values, rows, d.Width())
	out.Labels = pick(d, groups, d.Labels, rows, 1)
	out.Weights = pick(d, groups, d.Weights, rows, 1)
	out.Propensities = pick(d, groups, d.Propensities, rows, 1)
	out.Scores = pick(d, groups, d.Scores, rows, 1)
	out.Shown = pick(d, groups, d.Shown, rows, 1)
	out.Positions = pick(d, groups, d.Positions, rows, 1)
	out.Items = pick(d, groups, d.Items, rows, 1)
	out.Merchants = pick(d, groups, d.Merchants, rows, 1)
	out.Users = pickGroups(groups, d.Users, 1)
	out.Times = pickGroups(groups, d.Times, 1)
	out.Queries = pickGroups(groups, d.Queries, 1)
	out.Context = pickGroups(groups, d.Context, len(d.ContextColumns))
	return out
}

// pick copies what belongs to the rows of groups.
func pick[T any](d *Dataset, groups []int, src []T, rows, width int) []T {
	if src == nil {
		return nil
	}
	out := make([]T, 0, rows*width)
	for _, g := range groups {
		from, to := d.Group(g)
		out = append(out, src[from*width:to*width]...)
	}
	return out
}

func pickGroups[T any](groups []int, src []T, width int) []T {
	if src == nil {
		return nil
	}
	out := make([]T, 0, len(groups)*width)
	for _, g := range groups {
		out = append(out, src[g*width:(g+1)*width]...)
	}
	return out
}

// Split returns the groups before an instant, and the rest: what a fit may see, and what it is judged by. A group without a time is with the first.
func (d *Dataset) Split(at int64) (before, rest *Dataset) {
	var early, late []int
	for g := range d.Groups() {
		if d.Times == nil || d.Times[g] < at {
			early = append(early, g)
		} else {
			late = append(late, g)
		}
	}
	return d.Select(early), d.Select(late)
}

// SplitTime returns the instant for Split that leaves at most a share of the groups, in (0, 1), to the rest: the last ones by time. Groups of one instant
// are never parted. It is MinTime where no group has a time. Cost: a sort.
func (d *Dataset) SplitTime(share float64) int64 {
	if d.Times == nil {
		return MinTime
	}
	times := slices.Clone(d.Times)
	slices.Sort(times)
	n := len(times)
	first := n - int(share*float64(n)) // of the rest
	if first >= n {
		return times[n-1] + 1
	}
	at := times[first]
	if first > 0 && times[first-1] == at {
		at++ // all of that instant stay before
	}
	return at
}
