package analysis_test

import (
	"os"
	"strconv"
	"testing"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/analysis"
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
