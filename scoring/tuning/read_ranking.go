package tuning

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// ReadRanking reads a ranking file as LibSVM and LETOR have it, a row a line:
//
//	2 qid:10 1:0.31 2:1 5:0.08 # a remark
//
// The rows of a query stand together; features are named by their numbers, which rise in a line and are below MaxFeatures, and one that is left out is 0. Where there is no qid in the whole
// file each row is a group of its own, unless sizes, a file with the number of rows of each group a line as LightGBM has them (.query) and XGBoost
// (.group), says otherwise; sizes may be nil. The error is *Faults, ctx's or that of a source.
func ReadRanking(ctx context.Context, src, sizes io.Reader, o ReadOptions) (*Dataset, error) {
	o = o.withDefaults()
	r := &rankingReader{b: NewBuilder(0), first: -1, seen: map[string]bool{}}
	if sizes != nil {
		if err := r.readSizes(ctx, sizes, o); err != nil {
			return nil, fmt.Errorf("read sizes of groups: %w", err)
		}
		if err := r.faults.err(); err != nil {
			return nil, fmt.Errorf("sizes of groups: %w", err)
		}
		r.sized = true
	}
	if err := scan(ctx, src, o, &r.faults, r.b, r.line); err != nil {
		return nil, fmt.Errorf("read rows: %w", err)
	}
	if r.sized && (r.left > 0 || len(r.sizes) > 0) {
		r.faults.add(0, "", "invalid", "the sizes of groups sum to more than the %d rows", r.b.Rows())
	}
	if err := r.faults.err(); err != nil {
		return nil, err
	}
	return r.b.Dataset(), nil
}

// rankingReader reads rows.
type rankingReader struct {
	b       *Builder
	faults  faults
	sized   bool
	sizes   []int // of groups to come
	left    int   // rows of this group to come
	first   int   // line of the first row; -1: none yet
	queried bool  // rows name queries
	query   string
	seen    map[string]bool
	numbers []int // column of each feature by its number; -1: none
	columns []int
	values  []float64
}

func (r *rankingReader) readSizes(ctx context.Context, src io.Reader, o ReadOptions) error {
	total := 0
	return scan(ctx, src, o, &r.faults, r.b, func(n int, line []byte) {
		size, err := strconv.Atoi(string(bytes.TrimSpace(line)))
		if err != nil || size < 0 || size > o.MaxRows-total {
			r.faults.add(n, "", "invalid", "%q is no number of rows", clip(string(line)))
			return
		}
		total += size
		r.sizes = append(r.sizes, size)
	})
}

func (r *rankingReader) line(n int, line []byte) {
	if at := bytes.IndexByte(line, '#'); at >= 0 {
		line = line[:at]
	}
	fields := strings.Fields(string(line))
	if len(fields) == 0 {
		return // a remark
	}
	before := r.faults.total
	row := NewRow()
	label, ok := number(fields[0])
	if !ok {
		r.faults.add(n, "label", "invalid", "%q is no number", clip(fields[0]))
	}
	row.Label = label
	fields = fields[1:]
	query, queried := "", false
	if len(fields) > 0 {
		if query, queried = strings.CutPrefix(fields[0], "qid:"); queried {
			fields = fields[1:]
		}
	}
	r.features(n, fields)
	r.begin(n, query, queried)
	if r.faults.total == before {
		r.b.Add(row, r.columns, r.values)
	}
}

// begin begins a group where the row is the first of one.
func (r *rankingReader) begin(n int, query string, queried bool) {
	if r.first < 0 {
		r.first, r.queried = n, queried
	} else if queried != r.queried {
		r.faults.add(n, "qid", "invalid", "some rows have a qid and some have none, see line %d", r.first)
		return
	}
	switch {
	case r.sized:
		for r.left == 0 {
			if len(r.sizes) == 0 {
				r.faults.add(n, "", "invalid", "the sizes of groups sum to less than the rows")
				return
			}
			r.left, r.sizes = r.sizes[0], r.sizes[1:]
			r.b.Begin(Group{Time: MinTime})
		}
		r.left--
	case !queried:
		r.b.Begin(Group{Time: MinTime})
	case query == "":
		r.faults.add(n, "qid", "required", "is empty")
	case query != r.query:
		if r.seen[query] {
			r.faults.add(n, "qid", "duplicate", "the rows of query %s do not stand together", clip(query))
		}
		r.seen[query] = true
		r.query = query
		r.b.Begin(Group{Query: query, Time: MinTime})
	}
}

// features reads the features of a row.
func (r *rankingReader) features(n int, fields []string) {
	r.columns, r.values = r.columns[:0], r.values[:0]
	last := -1
	for _, field := range fields {
		name, text, found := strings.Cut(field, ":")
		i, err := strconv.Atoi(name)
		if !found || err != nil || i < 0 || i >= MaxFeatures || name[0] == '+' {
			r.faults.add(n, clip(name), "invalid", "%q is no feature such as 3:0.5, of a number below %d", clip(field), MaxFeatures)
			continue
		}
		if i <= last {
			r.faults.add(n, name, "invalid", "the numbers of features do not rise")
			continue
		}
		last = i
		value, ok := number(text)
		if !ok || text == "" {
			r.faults.add(n, name, "invalid", "%q is no number", clip(text))
			continue
		}
		r.columns, r.values = append(r.columns, r.column(i)), append(r.values, value)
	}
}

// column returns the column of a feature. All from 1 up to it are made, so that columns stand in the order of their numbers; 0 is made when it comes.
func (r *rankingReader) column(i int) int {
	for from := len(r.numbers); from <= i; from++ {
		column := -1
		if from > 0 {
			column, _ = r.b.Column(strconv.Itoa(from)) // below MaxFeatures
		}
		r.numbers = append(r.numbers, column)
	}
	if r.numbers[i] < 0 {
		r.numbers[i], _ = r.b.Column(strconv.Itoa(i))
	}
	return r.numbers[i]
}
