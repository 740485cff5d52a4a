package tuning

import (
	"fmt"
	"math"
)

// The bounds of a data set that is read.
const (
	MaxFeatures = 10_000 // columns, and as many of the context
	MaxRows     = 1_000_000_000
)

// Group is what a Builder is told of a group.
type Group struct {
	User, Query string // empty: not known
	Time        int64  // see Dataset.Times
}

// Row is what a Builder is told of a row besides its features. NewRow returns one of which nothing is known.
type Row struct {
	Item, Merchant            string  // empty: not known
	Label, Weight, Propensity float64 // NaN: not known; of a weight that is 1
	Score                     float64 // NaN: not known
	Position                  int32   // 0: not known
	Shown, ShownKnown         bool
}

// NewRow returns a row of which nothing is known.
func NewRow() Row {
	return Row{Label: math.NaN(), Weight: math.NaN(), Propensity: math.NaN(), Score: math.NaN()}
}

// Builder makes a Dataset group by group and row by row. Its columns may grow while it is filled. It checks nothing: what it is given is to be
// valid by the comments of Dataset.
type Builder struct {
	absent  float64   // of a feature that a row does not name
	blank   []float64 // a row of which nothing is named: stride values
	d       Dataset
	columns map[string]int
	stride  int // columns that a row of d.Values has room for
	rows    int

	labels, weights, propensities, scores later[float64]
	shown                                 later[bool]
	positions, items, merchants           later[int32]
	users                                 later[int32]
	times                                 later[int64]
	queries                               later[string]

	itemIndex, merchantIndex, userIndex map[string]int32
	contextIndex                        map[string]int
	context                             []later[float64]
	textIndex                           []map[string]int
}

// NewBuilder returns an empty builder. absent is the value of a feature that a row does not have: NaN, or 0 where the source says that it leaves out
// zeros.
func NewBuilder(absent float64) *Builder {
	nan := math.NaN()
	return &Builder{
		absent: absent, columns: map[string]int{}, d: Dataset{Offsets: []int{0}},
		labels: later[float64]{none: nan}, weights: later[float64]{none: 1}, propensities: later[float64]{none: nan}, scores: later[float64]{none: nan},
		items: later[int32]{none: -1}, merchants: later[int32]{none: -1}, users: later[int32]{none: -1}, times: later[int64]{none: MinTime},
		itemIndex: map[string]int32{}, merchantIndex: map[string]int32{}, userIndex: map[string]int32{}, contextIndex: map[string]int{},
	}
}

// later is a slice that begins only when something is known, and is filled up with none for all before.
type later[T any] struct {
	none   T
	values []T
}

// set makes element i, the last one, a value.
func (l *later[T]) set(i int, value T) {
	l.fill(i)
	l.values = append(l.values, value)
}

func (l *later[T]) fill(n int) {
	for len(l.values) < n {
		l.values = append(l.values, l.none)
	}
}

// done returns n elements, or nil where nothing was set.
func (l *later[T]) done(n int) []T {
	if l.values == nil {
		return nil
	}
	l.fill(n)
	return l.values
}

// Column returns the index of a feature, which is made where there is none of that name yet.
func (b *Builder) Column(name string) (int, error) { return b.column(name, b.absent) }

// Flag is Column for a feature that is 0 in each row that does not name it.
func (b *Builder) Flag(name string) (int, error) { return b.column(name, 0) }

func (b *Builder) column(name string, absent float64) (int, error) {
	if i, ok := b.columns[name]; ok {
		return i, nil
	}
	i := len(b.d.Features)
	if i == MaxFeatures {
		return 0, fmt.Errorf("more than %d features", MaxFeatures)
	}
	b.columns[name] = i
	b.d.Features = append(b.d.Features, name)
	if i == b.stride {
		b.widen(max(8, b.stride*3/2))
	}
	b.blank[i] = absent
	for r := range b.rows {
		b.d.Values[r*b.stride+i] = absent
	}
	return i, nil
}

// widen gives each row more room.
func (b *Builder) widen(stride int) {
	wide := make([]float64, b.rows*stride, max(1024, b.rows+b.rows/4)*stride)
	for r := range b.rows {
		copy(wide[r*stride:], b.d.Values[r*b.stride:(r+1)*b.stride])
	}
	b.d.Values, b.stride = wide, stride
	b.blank = append(b.blank, make([]float64, stride-len(b.blank))...)
}

// Begin begins a group.
func (b *Builder) Begin(g Group) {
	n := len(b.d.Offsets) - 1
	b.d.Offsets = append(b.d.Offsets, b.rows)
	if g.User != "" {
		b.users.set(n, intern(g.User, b.userIndex, &b.d.UserNames))
	}
	if g.Time != MinTime {
		b.times.set(n, g.Time)
	}
	if g.Query != "" {
		b.queries.set(n, g.Query)
	}
}

// Add adds a row to the group that was begun last: the values of some columns. It returns the number of the row.
func (b *Builder) Add(r Row, columns []int, values []float64) int {
	n := b.rows
	if need := (n + 1) * b.stride; need > cap(b.d.Values) {
		grown := make([]float64, len(b.d.Values), max(need*5/4, 1024*b.stride))
		copy(grown, b.d.Values)
		b.d.Values = grown
	}
	row := b.d.Values[n*b.stride : (n+1)*b.stride]
	b.d.Values = b.d.Values[:(n+1)*b.stride]
	copy(row, b.blank)
	for i, c := range columns {
		row[c] = values[i]
	}
	b.rows++
	b.d.Offsets[len(b.d.Offsets)-1] = b.rows
	b.know(n, r)
	return n
}

func (b *Builder) know(n int, r Row) {
	if !math.IsNaN(r.Label) {
		b.labels.set(n, r.Label)
	}
	if !math.IsNaN(r.Weight) {
		b.weights.set(n, r.Weight)
	}
	if !math.IsNaN(r.Propensity) {
		b.propensities.set(n, r.Propensity)
	}
	if !math.IsNaN(r.Score) {
		b.scores.set(n, r.Score)
	}
	if r.ShownKnown {
		b.shown.set(n, r.Shown)
	}
	if r.Position > 0 {
		b.positions.set(n, r.Position)
	}
	if r.Item != "" {
		b.items.set(n, intern(r.Item, b.itemIndex, &b.d.ItemNames))
	}
	if r.Merchant != "" {
		b.merchants.set(n, intern(r.Merchant, b.merchantIndex, &b.d.MerchantNames))
	}
}

// intern returns the index of a name among those known.
func intern(name string, index map[string]int32, names *[]string) int32 {
	i, ok := index[name]
	if !ok {
		i = int32(len(*names))
		index[name] = i
		*names = append(*names, name)
	}
	return i
}

// Number tells a number of the context of the group that was begun last.
func (b *Builder) Number(name string, value float64) error {
	c, err := b.contextColumn(name, false)
	if err == nil {
		b.context[c].set(len(b.d.Offsets)-2, value)
	}
	return err
}

// Text tells a text of the context of the group that was begun last.
func (b *Builder) Text(name, value string) error {
	c, err := b.contextColumn(name, true)
	if err != nil {
		return err
	}
	i, ok := b.textIndex[c][value]
	if !ok {
		i = len(b.textIndex[c])
		b.textIndex[c][value] = i
		b.d.ContextColumns[c].Texts = append(b.d.ContextColumns[c].Texts, value)
	}
	b.context[c].set(len(b.d.Offsets)-2, float64(i))
	return nil
}

func (b *Builder) contextColumn(name string, text bool) (int, error) {
	c, ok := b.contextIndex[name]
	if !ok {
		if c = len(b.context); c == MaxFeatures {
			return 0, fmt.Errorf("more than %d members of a context", MaxFeatures)
		}
		b.contextIndex[name] = c
		column, index := ContextColumn{Name: name}, map[string]int(nil)
		if text {
			column.Texts, index = []string{}, map[string]int{}
		}
		b.d.ContextColumns = append(b.d.ContextColumns, column)
		b.textIndex = append(b.textIndex, index)
		b.context = append(b.context, later[float64]{none: math.NaN()})
	}
	if text != (b.textIndex[c] != nil) {
		return 0, fmt.Errorf("is a text in one decision and a number in another")
	}
	return c, nil
}

// Rows returns the number of rows so far.
func (b *Builder) Rows() int { return b.rows }

// Dataset returns what was built. The builder is not to be used any more.
func (b *Builder) Dataset() *Dataset {
	d, width, groups := &b.d, len(b.d.Features), b.d.Groups()
	if width < b.stride { // the rows move together, in their own memory
		for r := range b.rows {
			copy(d.Values[r*width:(r+1)*width], d.Values[r*b.stride:])
		}
	}
	d.Values = d.Values[:b.rows*width]
	d.Labels, d.Weights, d.Propensities = b.labels.done(b.rows), b.weights.done(b.rows), b.propensities.done(b.rows)
	d.Scores = b.scores.done(b.rows)
	d.Shown, d.Positions = b.shown.done(b.rows), b.positions.done(b.rows)
	d.Items, d.Merchants = b.items.done(b.rows), b.merchants.done(b.rows)
	d.Users, d.Times, d.Queries = b.users.done(groups), b.times.done(groups), b.queries.done(groups)
	if c := len(b.context); c > 0 {
		d.Context = make([]float64, groups*c)
		for k := range b.context {
			for g, x := range b.context[k].done(groups) {
				d.Context[g*c+k] = x
			}
		}
	}
	return d
}
