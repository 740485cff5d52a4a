package analysis_test

import (
	"bytes"
	"os"
	"runtime/debug"
	"strconv"
	"testing"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/analysis"
	"github.com/sihai-network/sihai/scoring"
)

// benchDecisions is about how many decisions the logs of benchmarks hold: SIHAI_DECISIONS, or 20,000.
func benchDecisions(b *testing.B) float64 {
	n, err := strconv.Atoi(os.Getenv("SIHAI_DECISIONS"))
	if err != nil {
		n = 20_000
	}
	return float64(n)
}

// BenchmarkAnalysis reads two weeks of a town of 40 campaigns, six offers a decision: the log with what came of each offer, a forecast, and a report.
func BenchmarkAnalysis(b *testing.B) {
	w := newTown(b, 1, 40)
	w.forgets = true
	n := w.live(0, 14, benchDecisions(b)/14/2.97)
	c := w.campaign("x", "m-0")
	perSecond := func(b *testing.B) {
		b.ReportMetric(float64(n), "decisions")
		b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "decisions/s")
	}
	for name, parts := range map[string]engine.DecisionParts{"offers": engine.PartOffers, "features": engine.PartOffers | engine.PartFeatures} {
		for _, outcomes := range []bool{false, true} {
			b.Run("log/"+name+"/outcomes="+strconv.FormatBool(outcomes), func(b *testing.B) {
				q := analysis.Query{From: monday, Until: w.now, Parts: parts, Outcomes: outcomes}
				for b.Loop() {
					w.ok(w.log().Each(b.Context(), q, func(*analysis.Logged) error { return nil }))
				}
				perSecond(b)
			})
		}
	}
	b.Run("forecast", func(b *testing.B) {
		f := w.forecaster(1 << 62)
		for b.Loop() {
			if _, err := f.Forecast(b.Context(), engine.ForecastRequest{Campaign: &c}); err != nil {
				b.Fatal(err)
			}
		}
		perSecond(b)
	})
	b.Run("dataset", func(b *testing.B) {
		before := restingBytes(b)
		for b.Loop() {
			if _, err := analysis.NewDatasetSource(w.log(), analysis.DatasetOptions{From: monday, Until: w.now, MaxRows: 1 << 40}).Load(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
		perSecond(b)
		b.ReportMetric(float64(peakBytes(b)-before)/1e6, "peak-MB")
	})
	b.Run("evaluate", func(b *testing.B) {
		e := w.evaluator()
		before := restingBytes(b)
		for b.Loop() {
			q := engine.EvaluationRequest{Profiles: []scoring.Profile{profileOf("near", map[string]float64{"distance": 1})}, From: monday, Until: w.now, MaxRows: 1 << 40}
			if _, err := e.Evaluate(b.Context(), q); err != nil {
				b.Fatal(err)
			}
		}
		perSecond(b)
		b.ReportMetric(float64(peakBytes(b)-before)/1e6, "peak-MB")
	})
	b.Run("simulate 1000", func(b *testing.B) {
		e := w.evaluator()
		for b.Loop() {
			q := engine.SimulationRequest{Profile: profileOf("near", map[string]float64{"distance": 1}), Last: 1000, Until: w.now}
			if _, err := e.Simulate(b.Context(), q); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("report", func(b *testing.B) {
		q := engine.ReportRequest{MerchantID: "m-2", From: engine.DateOf(monday), Until: engine.DateOf(w.now)}
		for b.Loop() {
			if _, err := w.reporter().Report(b.Context(), q); err != nil {
				b.Fatal(err)
			}
		}
		perSecond(b)
	})
}

// restingBytes gives memory back and begins to watch the peak anew; it returns what the process holds. 0 where the system does not tell.
func restingBytes(b *testing.B) int64 {
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // or the peak so far is the peak
	return statusBytes(b, "VmRSS:")
}

// peakBytes is the most that the process held.
func peakBytes(b *testing.B) int64 { return statusBytes(b, "VmHWM:") }

func statusBytes(b *testing.B, name string) int64 {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(data) {
		if rest, found := bytes.CutPrefix(line, []byte(name)); found {
			n, err := strconv.ParseInt(string(bytes.Fields(rest)[0]), 10, 64)
			if err != nil {
				b.Fatal(err)
			}
			return n << 10
		}
	}
	return 0
}
