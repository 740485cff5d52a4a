package tuning_test

import (
	"bytes"
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/sihai-network/sihai/scoring/tuning"
)

func TestReadNDJSON(t *testing.T) {
	lines := []string{
		"\ufeff" + `{"id": "d-1", "user": "ü\u0031", "time": "2026-11-01T12:00:00+02:00", "context": {"hour": 12, "country": "CN", "new": true, "odd": null}, "candidates": [{"id": "a", "merchant": "m", "features": {"x": 0.5, "y": true}, "shown": true, "position": 2, "propensity": 0.25, "score": -0.5, "label": 1, "weight": 2}, {"id": "b", "features": {"y": -1e3, "z": null}, "position": 1}]}`,
		"",
		`{"candidates": []}`,
		`  {"context": {"country": "US"}, "candidates": [{"features": {"w": 7}, "id": "a", "shown": false, "label": false}]}`,
	}
	d, err := tuning.ReadNDJSON(t.Context(), strings.NewReader(strings.Join(lines, "\r\n")), tuning.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Check(); err != nil {
		t.Fatal(err)
	}
	if d.Groups() != 3 || d.Rows() != 3 || strings.Join(d.Features, " ") != "x y w" {
		t.Fatalf("%d groups, %d rows, features %v", d.Groups(), d.Rows(), d.Features)
	}
	nan := math.NaN()
	same(t, "values", d.Values, []float64{0.5, 1, nan, nan, -1000, nan, nan, nan, 7})
	same(t, "labels", d.Labels, []float64{1, nan, 0})
	same(t, "weights", d.Weights, []float64{2, 1, 1})
	same(t, "scores", d.Scores, []float64{-0.5, nan, nan})
	same(t, "propensities", d.Propensities, []float64{0.25, nan, nan})
	same(t, "context", d.Context, []float64{12, 0, 1, nan, nan, nan, nan, 1, nan})
	if d.UserNames[d.Users[0]] != "ü1" || d.Users[1] != -1 || d.Queries[0] != "d-1" || d.Times[0] != 1793527200e9 || d.Times[1] != tuning.MinTime {
		t.Errorf("users %v of %v, queries %v, times %v", d.Users, d.UserNames, d.Queries, d.Times)
	}
	if !d.Shown[0] || !d.Shown[1] || d.Shown[2] || d.Positions[0] != 2 || d.Positions[1] != 1 || d.Item(1) != "b" || d.MerchantNames[d.Merchants[0]] != "m" || d.Merchants[1] != -1 {
		t.Errorf("shown %v, positions %v, items %v, merchants %v", d.Shown, d.Positions, d.Items, d.Merchants)
	}
	if c := d.ContextColumns[1]; c.Name != "country" || strings.Join(c.Texts, " ") != "CN US" {
		t.Errorf("context %+v", d.ContextColumns)
	}
}

func same(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %v, want %v", what, got, want)
		return
	}
	for i := range got {
		if got[i] != want[i] && !(math.IsNaN(got[i]) && math.IsNaN(want[i])) {
			t.Errorf("%s: %v, want %v", what, got, want)
			return
		}
	}
}

// Every fault is told, with its line and path, and not only the first.
func TestReadNDJSONTellsEveryFault(t *testing.T) {
	const text = `{"user": 7, "candidates": [{"id": "a", "propensity": 0, "extra": {"deep": [1]}}, {"features": {"x": "high", "y": 1e999}, "label": []}]}
{"user": "u"}
{"candidates": [{"id": "a"}, {"id": "a"}], "time": "yesterday"}
{"candidates": [{"id": "a", "position": 1}, {"id": "b", "position": 1}, {"id": "c", "shown": false, "position": 2}, {"id": "d", "position": 1.5, "weight": -1}]}
not json
{"candidates": [{"id": "a"}]} {}
{"candidates": [{"id": "a", "id": "b"}]}
{"candidates": {"id": "a"}, "context": [], "colour": "red"}
{"candidates": [`
	_, err := tuning.ReadNDJSON(t.Context(), strings.NewReader(text), tuning.ReadOptions{})
	var faults *tuning.Faults
	if !errors.As(err, &faults) {
		t.Fatalf("%v", err)
	}
	var got []string
	for _, f := range faults.List {
		got = append(got, strings.Join([]string{string(rune('0' + f.Line)), f.Path, f.Code}, " "))
	}
	want := []string{
		"1 user invalid", "1 candidates[0].propensity out_of_range", "1 candidates[0].extra unknown_field", "1 candidates[1].features.x invalid",
		"1 candidates[1].features.y out_of_range", "1 candidates[1].label invalid", "1 candidates[1] required",
		"2 candidates required",
		"3 candidates[1] duplicate", "3 time invalid",
		"4 candidates[1] duplicate", "4 candidates[2] invalid", "4 candidates[3].position out_of_range", "4 candidates[3].weight out_of_range",
		"5  syntax", "6  syntax", "7 candidates.0.id duplicate",
		"8 candidates invalid", "8 context invalid", "8 colour unknown_field",
		"9  syntax",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("faults\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestReadRanking(t *testing.T) {
	const text = `2 qid:10 1:0.5 3:-2 # a remark
0 qid:10 2:1
# nothing
1 qid:7 5:0.25
`
	d, err := tuning.ReadRanking(t.Context(), strings.NewReader(text), nil, tuning.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if d.Groups() != 2 || d.Rows() != 3 || strings.Join(d.Features, "") != "12345" || strings.Join(d.Queries, " ") != "10 7" {
		t.Fatalf("%d groups, %d rows, features %v, queries %v", d.Groups(), d.Rows(), d.Features, d.Queries)
	}
	same(t, "values", d.Values, []float64{0.5, 0, -2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0.25})
	same(t, "labels", d.Labels, []float64{2, 0, 1})

	d, err = tuning.ReadRanking(t.Context(), strings.NewReader("1 0:1\n0 0:2 1:3\n0 1:4\n"), strings.NewReader("0\n2\n0\n1\n"), tuning.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if want := []int{0, 0, 2, 2, 3}; len(d.Offsets) != 5 || d.Offsets[2] != want[2] || d.Offsets[4] != want[4] {
		t.Errorf("offsets %v, want %v", d.Offsets, want)
	}
	same(t, "values", d.Values, []float64{1, 0, 2, 3, 0, 4})
	for name, c := range map[string]struct{ rows, sizes, want string }{
		"not together": {"1 qid:1 1:1\n1 qid:2 1:1\n1 qid:1 1:1\n", "", "line 3: qid: the rows of query 1"},
		"mixed":        {"1 qid:1 1:1\n1 1:1\n", "", "line 2: qid: some rows"},
		"falling":      {"1 2:1 1:1\n", "", "line 1: 1: the numbers of features do not rise"},
		"no number":    {"1 2:x\nyes 3:1\n", "", "line 1: 2: \"x\" is no number\nline 2: label: \"yes\" is no number"},
		"infinite":     {"1 2:inf\n", "", "is no number"},
		"too few":      {"1 1:1\n1 1:1\n", "1\n", "sum to less"},
		"too many":     {"1 1:1\n", "2\n", "sum to more"},
		"no size":      {"1 1:1\n", "one\n", "is no number of rows"},
		"high":         {"1 10000:1\n", "", "below 10000"},
	} {
		var sizes *strings.Reader
		d, err := tuning.ReadRanking(t.Context(), strings.NewReader(c.rows), nil, tuning.ReadOptions{})
		if c.sizes != "" {
			sizes = strings.NewReader(c.sizes)
			d, err = tuning.ReadRanking(t.Context(), strings.NewReader(c.rows), sizes, tuning.ReadOptions{})
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, %v; want %q", name, d, err, c.want)
		}
	}
}

func TestReadCSV(t *testing.T) {
	const text = "\ufeffq,who,when,x,city,click,y,note\n1,u,2026-11-01T00:00:00Z,0.5,Miami,1,NaN,\"two\nlines\"\n1,u,,,,0,3,\n2,,1793491200.5,1,Macau,,4,n\n"
	d, err := tuning.ReadCSV(t.Context(), strings.NewReader(text), tuning.Table{
		Label: "click", Query: "q", User: "who", Time: "when", Texts: []string{"city"}, Ignore: []string{"note"},
	}, tuning.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	nan := math.NaN()
	if strings.Join(d.Features, " ") != "x y city=Miami city=Macau" || d.Groups() != 2 || d.Rows() != 3 {
		t.Fatalf("features %v, %d groups, %d rows", d.Features, d.Groups(), d.Rows())
	}
	same(t, "values", d.Values, []float64{0.5, nan, 1, 0, nan, 3, 0, 0, 1, 4, 0, 1})
	same(t, "labels", d.Labels, []float64{1, 0, nan})
	if d.Times[1] != 1793491200_500000000 || d.Users[1] != -1 {
		t.Errorf("times %v, users %v", d.Times, d.Users)
	}
	for name, c := range map[string]struct {
		text string
		t    tuning.Table
		want string
	}{
		"empty":       {"", tuning.Table{Label: "y"}, "empty"},
		"no label":    {"a,b\n", tuning.Table{Label: "y"}, "line 1: y: there is no such column"},
		"twice":       {"y,a,a\n", tuning.Table{Label: "y"}, "line 1: a: the column comes twice"},
		"cells":       {"y,a\n1,x\nz,1\n", tuning.Table{Label: "y"}, "line 2: a: \"x\" is no number\nline 3: y: \"z\" is no number"},
		"ragged":      {"y,a\n1\n", tuning.Table{Label: "y"}, "line 2: column 1: wrong number of fields"},
		"apart":       {"y,q\n1,1\n1,2\n1,1\n", tuning.Table{Label: "y", Query: "q"}, "line 4: q: the rows of query \"1\" do not stand together"},
		"same item":   {"y,q,i\n1,1,a\n1,1,a\n", tuning.Table{Label: "y", Query: "q", Item: "i"}, "line 3: i: \"a\" comes twice"},
		"propensity":  {"action,reward,propensity,position\na,1,1.5,1\n", tuning.BanditTable(), "line 2: propensity: 1.5 is not above 0"},
		"role twice ": {"y\n1\n", tuning.Table{}, "which column is the label"},
	} {
		if _, err := tuning.ReadCSV(t.Context(), strings.NewReader(c.text), c.t, tuning.ReadOptions{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func TestReadersStopWhenAsked(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := tuning.ReadNDJSON(ctx, strings.NewReader(`{"candidates": []}`), tuning.ReadOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err := tuning.ReadCSV(ctx, strings.NewReader("y\n1\n"), tuning.Table{Label: "y"}, tuning.ReadOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	if _, err := tuning.ReadRanking(ctx, strings.NewReader("1 1:1\n"), nil, tuning.ReadOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestReadersBoundWhatComesIn(t *testing.T) {
	long := `{"user": "` + strings.Repeat("u", 1<<20) + `", "candidates": []}` + "\n" + `{"candidates": [{"id": "a"}]}`
	_, err := tuning.ReadNDJSON(t.Context(), strings.NewReader(long), tuning.ReadOptions{MaxLineBytes: 1000})
	if err == nil || err.Error() != "line 1: the line has more than 1000 bytes" {
		t.Errorf("%v", err)
	}
	_, err = tuning.ReadNDJSON(t.Context(), strings.NewReader(strings.Repeat(`{"candidates": [{"id": "a"}]}`+"\n", 5)), tuning.ReadOptions{MaxRows: 3})
	if err == nil || err.Error() != "line 4: more than 3 candidates" {
		t.Errorf("%v", err)
	}
}

// Whatever comes in, a reader answers with a data set that fits together, or with faults.
func checkRead(t *testing.T, d *tuning.Dataset, err error) {
	t.Helper()
	var faults *tuning.Faults
	switch {
	case err == nil:
		if err := d.Check(); err != nil {
			t.Error(err)
		}
	case !errors.As(err, &faults) || len(faults.List) == 0:
		t.Errorf("neither data nor faults: %v", err)
	}
}

func FuzzReadNDJSON(f *testing.F) {
	f.Add([]byte(`{"id": "d", "user": "u", "time": "2026-11-01T12:00:00Z", "context": {"a": 1, "b": "x"}, "candidates": [{"id": "a", "features": {"x": 1}, "shown": true, "propensity": 0.5, "label": 1}]}`))
	f.Add([]byte("{\"candidates\": [{\"id\": \"a\", \"id\": 1}]}\n[]\n{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := tuning.ReadNDJSON(t.Context(), bytes.NewReader(data), tuning.ReadOptions{MaxLineBytes: 1 << 12, MaxRows: 100})
		checkRead(t, d, err)
	})
}

func FuzzReadRanking(f *testing.F) {
	f.Add([]byte("2 qid:10 1:0.5 3:-2 # a remark\n0 qid:10 2:1\n"), []byte("1\n1\n"))
	f.Add([]byte("1 0:1\n0 0:2 1:3\n"), []byte("2"))
	f.Add(bytes.Repeat([]byte{0x94}, 61), []byte{})
	f.Fuzz(func(t *testing.T, data, sizes []byte) {
		d, err := tuning.ReadRanking(t.Context(), bytes.NewReader(data), nil, tuning.ReadOptions{MaxRows: 100})
		checkRead(t, d, err)
		d, err = tuning.ReadRanking(t.Context(), bytes.NewReader(data), bytes.NewReader(sizes), tuning.ReadOptions{MaxRows: 100})
		checkRead(t, d, err)
	})
}

func FuzzReadCSV(f *testing.F) {
	f.Add("action,position,reward,propensity,x\n1,1,0,0.5,2\n")
	f.Add("action,position,reward,propensity\n\"a\nb\",,1,,\n")
	f.Fuzz(func(t *testing.T, data string) {
		table := tuning.BanditTable()
		table.Texts = nil
		d, err := tuning.ReadCSV(t.Context(), strings.NewReader(data), table, tuning.ReadOptions{MaxRows: 100})
		checkRead(t, d, err)
	})
}
