package command_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// benchTold is what of a report these tests look at.
type benchTold struct {
	World struct{ Campaigns, Venues, Merchants, Cities int }
	Load  struct {
		Reused    bool
		Campaigns int
		Seconds   float64
		Disk      int64   `json:"disk_bytes"`
		Start     float64 `json:"start_seconds"`
		Resident  int64   `json:"resident_bytes"`
	}
	Run struct {
		Mode, Loop string
		Clients    int
		Logged     bool
		Seconds    float64
		Requests   int64
		PerSecond  float64 `json:"per_second"`
		Refused    int64
		Dropped    uint64     `json:"dropped_from_log"`
		Latency    benchTimes `json:"latency_us"`
	}
	Places []struct {
		Kind        string
		Fences      float64
		Requests    int64
		Offers      float64
		Allocations float64
		Latency     benchTimes `json:"latency_us"`
	}
	Publications *struct {
		Count, Refused int64
		Committed      benchTimes `json:"committed_us"`
		Visible        benchTimes `json:"visible_us"`
	}
	Memory struct {
		Heap uint64 `json:"heap_bytes"`
	}
	Histogram []struct {
		From                 float64 `json:"from_us"`
		To                   float64 `json:"to_us"`
		Hot, Typical, Sparse int64
	}
	Interrupted bool
}

type benchTimes struct {
	P50, P90, P99, Max float64
	P999               float64 `json:"p99_9"`
}

// benched runs bench for JSON.
func benched(t *testing.T, args ...string) (told benchTold) {
	t.Helper()
	got := run(t, nil, append([]string{"bench", "--output", "json", "--campaigns", "300", "--duration", "300ms"}, args...)...)
	if err := json.Unmarshal([]byte(got.out), &told); err != nil || got.code != 0 || got.err != "" {
		t.Fatalf("code %d, %v\n%s%s", got.code, err, got.out, got.err)
	}
	return told
}

// sane tells what no report may be without.
func (b *benchTold) sane(t *testing.T) {
	t.Helper()
	if b.World.Campaigns != 300 || b.World.Venues != 150 || b.World.Merchants == 0 || b.World.Cities < 290 {
		t.Errorf("world: %+v", b.World)
	}
	if (b.Load.Disk == 0) != b.Load.Reused || b.Load.Start <= 0 || b.Load.Resident <= 0 || b.Memory.Heap == 0 {
		t.Errorf("load: %+v, memory: %+v", b.Load, b.Memory)
	}
	if b.Run.Seconds < 0.3 || b.Run.Requests == 0 || b.Run.PerSecond == 0 || b.Run.Refused != 0 || b.Interrupted {
		t.Errorf("run: %+v", b.Run)
	}
	var sum, drawn int64
	var kinds []string
	for _, p := range b.Places {
		kinds = append(kinds, p.Kind)
		sum += p.Requests
		l := []float64{p.Latency.P50, p.Latency.P90, p.Latency.P99, p.Latency.P999, p.Latency.Max}
		if p.Requests > 0 && (!slices.IsSorted(l) || l[0] < 0) {
			t.Errorf("%s: quantiles %v", p.Kind, l)
		}
		if p.Allocations <= 0 || p.Offers > 20 {
			t.Errorf("%+v", p)
		}
	}
	for _, x := range b.Histogram {
		drawn += x.Hot + x.Typical + x.Sparse
	}
	if !slices.Equal(kinds, []string{"hot", "typical", "sparse"}) || sum != b.Run.Requests || drawn != sum {
		t.Errorf("%v: %d requests of %d, %d in the histogram", kinds, sum, b.Run.Requests, drawn)
	}
}

func TestBenchInProcess(t *testing.T) {
	// two cities, so that even a small world has hot places
	b := benched(t, "--cities", written(t, "cities.tsv", "name\tcountry\tpopulation\tlat\tlng\ttime_zone\n"+
		"Miami\tUS\t400000\t25.7742\t-80.1936\tAmerica/New_York\nLas Vegas\tUS\t600000\t36.175\t-115.1372\tAmerica/Los_Angeles\n"),
		"--profile", "hotspot", "--publications", "100", "--cpuprofile", filepath.Join(t.TempDir(), "cpu.prof"))
	if b.World.Cities != 2 {
		t.Errorf("%d cities", b.World.Cities)
	}
	b.World.Cities = 300
	b.sane(t)
	if b.Run.Mode != "in process" || b.Run.Loop != "closed" || b.Load.Campaigns != 300 || b.Load.Reused {
		t.Errorf("%+v %+v", b.Run, b.Load)
	}
	if hot := b.Places[0]; hot.Fences < 10 || hot.Offers < 3 {
		t.Errorf("hot places lie in %v fences and have %v offers: a fifth of 300 campaigns is at two malls", hot.Fences, hot.Offers)
	}
	if p := b.Publications; p == nil || p.Count == 0 || p.Refused != 0 || p.Committed.P50 <= 0 || p.Visible.Max <= 0 {
		t.Errorf("publications: %+v", p)
	}
}

func TestBenchKeepsItsFolderAndAsksOverHTTP(t *testing.T) {
	dir := t.TempDir()
	first := benched(t, "--data", dir, "--unlogged")
	first.sane(t)
	if first.Load.Reused || first.Run.Logged {
		t.Errorf("first %+v %+v", first.Load, first.Run)
	}
	second := benched(t, "--data", dir, "--http", "--clients", "3", "--rate", "400")
	second.sane(t)
	if !second.Load.Reused || second.Load.Campaigns != 0 {
		t.Errorf("second %+v", second.Load)
	}
	if u := second.Run; u.Mode != "http" || u.Loop != "open" || u.Clients != 3 || !u.Logged || second.Publications != nil || float64(u.Requests) > 400*u.Seconds+2 {
		t.Errorf("over HTTP for 300 ms at 400 a second: %+v", u)
	}

	got := run(t, nil, "bench", "--campaigns", "300", "--seed", "2", "--data", dir)
	if got.code != 2 || !strings.Contains(got.err, "holds another world: 300 campaigns, clustered, seed 1") {
		t.Errorf("another world: %+v", got)
	}

	shop := t.TempDir()
	if got := run(t, nil, "merchants", "put", "sunny", "--name", "en=Sunny", "--data", shop); got.code != 0 {
		t.Fatal(got.err)
	}
	if got := run(t, nil, "bench", "--campaigns", "300", "--data", shop); got.code != 2 || !strings.Contains(got.err, "holds campaigns of a real store") {
		t.Errorf("a real store: %+v", got)
	}
}

// benchTables is what bench tells for people, when it is interrupted.
var benchTables = regexp.MustCompile(`(?s)^World +300 campaigns, 150 venues, 8 merchants, clustered round 300 cities, seed 1\nLoad +300 campaigns in .* a second\n` +
	`On disk .* bytes a campaign\nStart .*\nRun +http, \d+ clients, each asks again at once, .* decisions, \d+ a second\nServer +worked on a request for p50 .*\nLog .*\nPublished +\d+ campaigns.*\nMemory .*\n` +
	`Interrupted: this is what there is.\n\nPLACES +FENCES +REQUESTS +A SECOND +OFFERS +P50 +P90 +P99 +P99.9 +MAX +ALLOCS +BYTES\n.*\nhot .*\ntypical .*\nsparse .*\nall .*\n\n` +
	` +LATENCY +HOT +TYPICAL +SPARSE\n.*[█▏▎▍▌▋▊▉] .*%`)

func TestBenchIsInterrupted(t *testing.T) {
	t.Run("while it loads", func(t *testing.T) {
		temp := t.TempDir()
		t.Setenv("TMPDIR", temp)
		r := start(t, nil, nil, "bench", "--campaigns", "1000000")
		awaitFile(t, filepath.Join(temp, "sihai-bench-*", "*.mem"))
		got := r.stop(t)
		if got.code != 1 || !strings.Contains(got.err, "interrupted before anything was measured") || !strings.Contains(got.out, "World      1000000 campaigns") ||
			!strings.Contains(got.out, "Interrupted") {
			t.Errorf("%+v", got)
		}
		left, err := os.ReadDir(temp)
		if err != nil || len(left) > 0 {
			t.Errorf("left behind: %v %v", left, err)
		}
	})
	t.Run("while it measures", func(t *testing.T) {
		profile := filepath.Join(t.TempDir(), "cpu.prof") // is made when measuring begins
		r := start(t, nil, nil, "bench", "--campaigns", "300", "--duration", "3s", "--http", "--publications", "20", "--cpuprofile", profile)
		awaitFile(t, profile)
		time.Sleep(700 * time.Millisecond) // the first tenth is not counted
		if got := r.stop(t); got.code != 0 || got.err != "" || !benchTables.MatchString(got.out) {
			t.Errorf("code %d, %s\n%s", got.code, got.err, got.out)
		}
	})
	t.Run("and loaded to the end later", func(t *testing.T) {
		dir := t.TempDir()
		r := start(t, nil, nil, "bench", "--campaigns", "300", "--data", dir)
		awaitFile(t, filepath.Join(dir, "*.mem"))
		r.stop(t)
		b := benched(t, "--data", dir)
		b.sane(t)
	})
}

// awaitFile waits until there is a file of a pattern.
func awaitFile(t *testing.T, pattern string) {
	t.Helper()
	for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(5 * time.Millisecond) {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		if len(found) > 0 {
			return
		}
	}
	t.Fatalf("there is no file %s", pattern)
}

func TestBenchWrongUse(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		told string
	}{
		"places":       {[]string{"--places", "warm"}, `"warm" is none of hot, typical and sparse`},
		"server":       {[]string{"--server", "http://127.0.0.1:1"}, "on a store of its own"},
		"campaigns":    {[]string{"--campaigns", "0"}, "--campaigns 0 is not between"},
		"profile":      {[]string{"--profile", "flat"}, `--profile "flat" is none of`},
		"clients":      {[]string{"--clients", "5000"}, "--clients 5000"},
		"duration":     {[]string{"--duration", "0s"}, "--duration 0s"},
		"rate":         {[]string{"--rate", "NaN"}, "--rate NaN"},
		"publications": {[]string{"--publications", "-1"}, "--publications -1"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := run(t, nil, append([]string{"bench"}, c.args...)...); got.code != 2 || !strings.Contains(got.err, c.told) {
				t.Errorf("%+v", got)
			}
		})
	}
	missing := filepath.Join(t.TempDir(), "none.tsv")
	if got := run(t, nil, "bench", "--cities", missing); got.code != 1 || !strings.Contains(got.err, "none.tsv") {
		t.Errorf("a missing file: %+v", got)
	}
}
