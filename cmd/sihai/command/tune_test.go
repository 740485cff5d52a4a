package command_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// logOf writes decisions in which travellers want what is near and speaks their language, and a saving only nearby.
func logOf(t *testing.T, decisions int) string {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	for d := range decisions {
		fmt.Fprintf(&b, `{"id":"d%d","user":"u%d","time":"2026-11-%02dT12:%02d:00Z","candidates":[`, d, r.IntN(80), 1+d*28/decisions, d%60)
		for i := range 6 {
			distance, saving, language := r.Float64(), r.Float64(), float64(r.IntN(2))
			want := 2*distance + language - 2.5
			if distance > 0.5 && saving > 0.5 {
				want += 2
			}
			label := 0
			if r.Float64() < 1/(1+math.Exp(-want)) {
				label = 1
			}
			if i > 0 {
				b.WriteByte(',')
			}
			fmt.Fprintf(&b, `{"id":"c%d","features":{"distance":%.4f,"saving":%.4f,"language_match":%v},"position":%d,"label":%d}`, i, distance, saving, language, i+1, label)
		}
		b.WriteString("]}\n")
	}
	name := filepath.Join(t.TempDir(), "log.ndjson")
	if err := os.WriteFile(name, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestTune(t *testing.T) {
	log, data, out := logOf(t, 1500), filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "tuned.json")
	args := []string{"tune", "--logged", log, "--loss", "logistic", "--cross", "distance:saving", "--penalty", "0:0.001", "--penalty", "0:0.0001"}
	first := run(t, nil, append(args, "--save", "tuned", "--data", data, "--out", out, "--output", "json")...)
	if first.code != 0 {
		t.Fatal(first.err)
	}
	var told struct {
		Report json.RawMessage
		Saved  struct {
			Name    string
			Version int
		}
	}
	var report struct {
		Measures []struct {
			Name       string
			NDCG       float64
			Difference *struct{ Low float64 }
		}
	}
	if err := json.Unmarshal([]byte(first.out), &told); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(told.Report, &report); err != nil {
		t.Fatal(err)
	}
	if told.Saved.Name != "tuned" || told.Saved.Version != 1 || len(report.Measures) < 3 {
		t.Errorf("%s", first.out)
	}
	for _, m := range report.Measures[1:] {
		if m.Difference == nil || !(m.Difference.Low > 0) {
			t.Errorf("the fit is not surely above %s: %+v", m.Name, m.Difference)
		}
	}
	kept, err := os.ReadFile(out)
	if err != nil || !strings.Contains(string(kept), `"kind": "trees"`) {
		t.Errorf("%.200s, %v", kept, err)
	}
	decided := run(t, nil, "decide", "--lat", "1", "--lon", "1", "--data", data, "--output", "json")
	if decided.code != 0 || !strings.Contains(decided.out, `"name": "default"`) {
		t.Errorf("the fit decides without having been activated: %s %s", decided.out, decided.err)
	}

	table := run(t, nil, args...)
	if table.code != 0 || !strings.Contains(table.out, "ON THE HELD OUT") || !strings.Contains(table.out, "distance × saving") {
		t.Errorf("%s %s", table.out, table.err)
	}
	again := run(t, nil, append(args, "--output", "json")...)
	var second struct{ Report json.RawMessage }
	if err := json.Unmarshal([]byte(again.out), &second); err != nil || string(second.Report) != string(told.Report) {
		t.Errorf("the same again is another report: %v", err)
	}
	for _, wrong := range [][]string{{"--bucket", "distance"}, {"--cross", "distance"}, {"--sign", "distance=1"}, {"--penalty", "1"}} {
		if got := run(t, nil, append([]string{"tune", "--logged", log}, wrong...)...); got.code != 2 || !strings.Contains(got.err, wrong[0]) {
			t.Errorf("%v: code %d, %s", wrong, got.code, got.err)
		}
	}
	if got := run(t, nil, "tune", "--logged", log, "--use", "weather"); got.code != 1 || !strings.Contains(got.err, `no feature "weather"`) {
		t.Errorf("an unknown feature: code %d, %s", got.code, got.err)
	}
}
