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

// writeFile writes a file for one test and returns its name.
func writeFile(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// decisionsLog is a log of users who like what is near: of each decision one candidate is shown by lot, or all are known.
func decisionsLog(n int, everything bool) string {
	random := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	for d := range n {
		fmt.Fprintf(&b, `{"user": "u%d", "time": "2026-11-%02dT10:00:00Z", "candidates": [`, d%(n/4+1), 1+d*28/n)
		shown := random.IntN(4)
		for c := range 4 {
			near, saving, label := random.Float64(), random.Float64(), 0
			if random.Float64() < 0.1+0.6*near {
				label = 1
			}
			if c > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, `{"id": "o%d", "merchant": "m%d", "features": {"distance": %.3f, "saving": %.3f}, "propensity": 0.25`, c, c%2, near, saving)
			if everything || c == shown {
				fmt.Fprintf(&b, `, "label": %d`, label)
			}
			fmt.Fprintf(&b, `, "shown": %v}`, c == shown)
		}
		b.WriteString("]}\n")
	}
	return b.String()
}

type evaluationResult struct {
	Decisions, Users, Labelled int
	Policies                   []struct {
		Name     string
		Measures []struct {
			Name       string
			Value      *float64
			Low, High  *float64
			Difference *struct{ Value, Low, High *float64 }
		}
	}
}

func TestEvaluateFindsTheBetterWeights(t *testing.T) {
	log := writeFile(t, "log.ndjson", decisionsLog(600, true))
	profile := writeFile(t, "near.json", `{"name": "near", "weights": {"distance": 1}}`)
	got := run(t, nil, "evaluate", "--logged", log, "--profile", profile, "--baseline", "dearest=-saving", "--k", "2", "--last", "0.5", "--output", "json")
	if got.code != 0 {
		t.Fatal(got.err)
	}
	var report evaluationResult
	if err := json.Unmarshal([]byte(got.out), &report); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range report.Policies {
		names = append(names, p.Name)
	}
	if strings.Join(names, ", ") != "near, nearest first, biggest saving, dearest, random" || report.Labelled != 4*report.Decisions || report.Decisions > 300 || report.Decisions < 280 {
		t.Fatalf("policies %v of %d decisions with %d labels", names, report.Decisions, report.Labelled)
	}
	for i, p := range report.Policies {
		m := p.Measures[0]
		switch {
		case m.Name != "ndcg" || m.Value == nil || m.Low == nil:
			t.Errorf("%s: %+v", p.Name, m)
		case i == 1 && (m.Difference == nil || *m.Difference.Value != 0):
			t.Errorf("%s: is not what the profile is: %+v", p.Name, m.Difference)
		case i > 1 && (m.Difference == nil || *m.Difference.Low <= 0):
			t.Errorf("%s: is not told to be worse: %+v", p.Name, m.Difference)
		}
	}
	again := run(t, nil, "evaluate", "--logged", log, "--profile", profile, "--baseline", "dearest=-saving", "--k", "2", "--last", "0.5", "--output", "json")
	if again.out != got.out {
		t.Error("the same input gave another output")
	}
	table := run(t, nil, "evaluate", "--logged", log, "--weights", "distance=1", "--link", "logistic")
	if table.code != 0 || !strings.Contains(table.out, "WEIGHTS IS BETTER BY") || !strings.Contains(table.out, "log loss") {
		t.Errorf("code %d, %s\n%s", table.code, table.err, table.out)
	}
}

func TestEvaluateTakesRankingFilesAndTables(t *testing.T) {
	ranking := writeFile(t, "test.txt", "2 qid:1 1:0.9 2:0.1\n0 qid:1 1:0.2 2:0.5\n0 qid:2 1:0.1\n1 qid:2 1:0.7\n")
	got := run(t, nil, "evaluate", "--logged", ranking, "--weights", "1=1", "--output", "json")
	var report evaluationResult
	if err := json.Unmarshal([]byte(got.out), &report); err != nil || got.code != 0 {
		t.Fatalf("%v, %s", err, got.err)
	}
	if m := report.Policies[0].Measures[0]; report.Decisions != 2 || m.Value == nil || *m.Value != 1 || m.Low != nil {
		t.Errorf("%+v", report)
	}
	rows := writeFile(t, "rows.txt", "1 1:0.9\n0 1:0.2\n1 1:0.5\n")
	sizes := writeFile(t, "rows.query", "2\n1\n")
	if got := run(t, nil, "evaluate", "--logged", rows, "--groups", sizes, "--weights", "1=1"); got.code != 0 || !strings.Contains(got.out, "2 decisions") {
		t.Errorf("%+v", got)
	}
	table := writeFile(t, "clicks.csv", "who,click,price,city\na,1,2,Miami\nb,0,3,Macau\n")
	got = run(t, nil, "evaluate", "--logged", table, "--label", "click", "--user", "who", "--texts", "city", "--weights", "price=-1,city=Miami=0.5")
	if got.code != 0 || !strings.Contains(got.out, "auc") {
		t.Errorf("%+v", got)
	}
}

func TestEvaluateTellsWhatIsWrong(t *testing.T) {
	log := writeFile(t, "log.ndjson", `{"candidates": [{"id": "a", "features": {"x": 1}, "label": 1}]}`)
	bad := writeFile(t, "bad.ndjson", "{\"candidates\": [{\"id\": 1}]}\n{}")
	for name, c := range map[string]struct {
		args []string
		code int
		err  string
	}{
		"no log":      {[]string{"evaluate", "--data", t.TempDir()}, 1, "too little was logged"},
		"no file":     {[]string{"evaluate", "--logged", "nowhere.csv", "--label", "y"}, 1, "nowhere.csv"},
		"format":      {[]string{"evaluate", "--logged", "x.dat"}, 2, "--format is needed"},
		"no label":    {[]string{"evaluate", "--logged", "x.csv"}, 2, "--label is needed"},
		"no feature":  {[]string{"evaluate", "--logged", log, "--weights", "z=1"}, 1, "the data has no feature z"},
		"no profile":  {[]string{"evaluate", "--logged", log}, 1, "say --weights or --profile"},
		"weights":     {[]string{"evaluate", "--logged", log, "--weights", "x=heavy"}, 2, "no number"},
		"twice":       {[]string{"evaluate", "--logged", log, "--weights", "x=1,x=2"}, 2, "names x twice"},
		"faults":      {[]string{"evaluate", "--logged", bad, "--weights", "x=1"}, 1, "line 1: candidates[0].id: is a number and not a text"},
		"more faults": {[]string{"evaluate", "--logged", bad, "--weights", "x=1"}, 1, "line 2: candidates: a decision has candidates"},
		"no times":    {[]string{"evaluate", "--logged", log, "--weights", "x=1", "--last", "0.5"}, 1, "--last needs times"},
		"level":       {[]string{"evaluate", "--logged", log, "--weights", "x=1", "--level", "95"}, 2, "--level 95"},
	} {
		if got := run(t, nil, c.args...); got.code != c.code || !strings.Contains(got.err, c.err) {
			t.Errorf("%s: code %d, told %q; want %d and %q", name, got.code, got.err, c.code, c.err)
		}
	}
}

type opeResult struct {
	Decisions, Users int
	Logged           struct{ Value float64 }
	Estimators       []struct {
		Name      string
		Value     *float64
		Low, High *float64
		Refused   []string
	}
}

func TestOPEOfDecisions(t *testing.T) {
	log := writeFile(t, "log.ndjson", decisionsLog(3000, false))
	got := run(t, nil, "ope", "--logged", log, "--policy", "profile", "--weights", "distance=1", "--output", "json")
	var report opeResult
	if err := json.Unmarshal([]byte(got.out), &report); err != nil || got.code != 0 {
		t.Fatalf("%v, %s", err, got.err)
	}
	const truth = 0.1 + 0.6*0.8 // the nearest of four is at a mean of 0.8
	if len(report.Estimators) != 5 || report.Decisions != 3000 {
		t.Fatalf("%+v", report)
	}
	for _, e := range report.Estimators {
		if len(e.Refused) > 0 || e.Value == nil || math.Abs(*e.Value-truth) > 0.06 || *e.Low > *e.Value || *e.High < *e.Value {
			t.Errorf("%+v, want some %v", e, truth)
		}
	}
	table := run(t, nil, "ope", "--logged", log, "--policy", "uniform")
	if table.code != 0 || !strings.Contains(table.out, "the log itself earned") {
		t.Errorf("%+v", table)
	}
}

func TestOPERefusesWhatALogCannotSay(t *testing.T) {
	log := writeFile(t, "log.ndjson", decisionsLog(60, false))
	got := run(t, nil, "ope", "--logged", log, "--policy", "profile", "--weights", "distance=1")
	if got.code != 0 || strings.Count(got.out, "no number: ") != 5 || !strings.Contains(got.out, "are needed") {
		t.Errorf("%+v", got)
	}
}

// A table as the Open Bandit Pipeline has it is taken as it is.
func TestOPEOfATable(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 3))
	var b strings.Builder
	b.WriteString("timestamp,item_id,position,click,propensity_score,segment,affinity,wanted\n")
	for i := range 4000 {
		action, position := random.IntN(4), 1+random.IntN(2)
		click := 0
		if random.Float64() < 0.1*float64(1+action) {
			click = 1
		}
		fmt.Fprintf(&b, "2026-11-01T00:00:%02d,%d,%d,%d,0.25,%s,%.2f,%v\n", i%60, action, position, click, []string{"old", "new"}[i%2], random.Float64(), action/3)
	}
	log := writeFile(t, "bandit.csv", b.String())
	policy := writeFile(t, "policy.csv", "action,probability\n3,1\n0,0\n")
	unknown := writeFile(t, "unknown.csv", "action,probability\n3,0.5\n9,0.5\n")
	columns := []string{"ope", "--logged", log, "--item", "item_id", "--label", "click", "--propensity", "propensity_score", "--texts", "segment", "--output", "json"}
	for name, c := range map[string]struct {
		policy     string
		estimators int
		truth      float64
	}{"table": {policy, 5, 0.4}, "uniform": {"uniform", 5, 0.25}, "column": {"column:wanted", 2, 0.4}, "unknown": {unknown, 5, math.NaN()}} {
		ignore := "timestamp,wanted" // which tells what was shown, and not what was known before
		if name == "column" {
			ignore = "timestamp"
		}
		got := run(t, nil, append(columns, "--ignore", ignore, "--policy", c.policy)...)
		var report opeResult
		if err := json.Unmarshal([]byte(got.out), &report); err != nil || got.code != 0 {
			t.Fatalf("%s: %v, %s", name, err, got.err)
		}
		if len(report.Estimators) != c.estimators || report.Decisions != 4000 {
			t.Errorf("%s: %+v", name, report)
		}
		for _, e := range report.Estimators {
			if refused := len(e.Refused) > 0; refused != math.IsNaN(c.truth) || !refused && math.Abs(*e.Value-c.truth) > 0.04 {
				t.Errorf("%s: %+v, want some %v", name, e, c.truth)
			}
		}
	}
}

func TestOPEOfLists(t *testing.T) {
	var b strings.Builder
	random := rand.New(rand.NewPCG(5, 5))
	for d := range 3000 {
		list := random.Perm(3)[:2]
		fmt.Fprintf(&b, `{"user": "u%d", "candidates": [`, d%900)
		for c := range 3 {
			if c > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, `{"id": "o%d", "features": {"x": %d}`, c, c)
			for at, shown := range list {
				label := 0
				if random.Float64() < 0.2*float64(c)+0.1 {
					label = 1
				}
				if shown == c {
					fmt.Fprintf(&b, `, "position": %d, "propensity": %v, "label": %d`, at+1, 1/float64(3-at), label)
				}
			}
			b.WriteString("}")
		}
		b.WriteString("]}\n")
	}
	log := writeFile(t, "lists.ndjson", b.String())
	args := []string{"ope", "--logged", log, "--policy", "profile", "--weights", "x=1", "--output", "json"}
	if got := run(t, nil, args...); got.code != 2 || !strings.Contains(got.err, "--lists") {
		t.Errorf("%+v", got)
	}
	for lists, told := range map[string]int{"shuffled": 5, "sequential": 2} {
		got := run(t, nil, append(args, "--lists", lists)...)
		var report opeResult
		if err := json.Unmarshal([]byte(got.out), &report); err != nil || got.code != 0 {
			t.Fatalf("%s: %v, %s", lists, err, got.err)
		}
		n := 0
		for _, e := range report.Estimators {
			if len(e.Refused) == 0 {
				n++
				if math.Abs(*e.Value-0.8) > 0.1 { // 0.5 and 0.3
					t.Errorf("%s: %+v", lists, e)
				}
			}
		}
		if n != told {
			t.Errorf("%s: %d estimators gave a number, want %d: %+v", lists, n, told, report)
		}
	}
}
