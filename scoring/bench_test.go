package scoring_test

import (
	"testing"

	"github.com/sihai-network/sihai/scoring"
)

// BenchmarkScorer scores 256 candidates by the default weights; the naive twin adds up one row after another.
func BenchmarkScorer(b *testing.B) {
	const rows = 256
	p := scoring.Default()
	var m scoring.Matrix
	for i := range rows {
		for j, row := 0, m.AppendRow(); j < len(row); j++ {
			row[j] = float64((i*7+j*13)%97) / 96
		}
	}
	s := scoring.NewScorer(p)
	weights, bias := s.Weights()
	var scores []float64
	each := func(b *testing.B) {
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/candidate")
	}
	b.Run("linear/candidates=256", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			scores = s.Score(scores, &m)
		}
		each(b)
	})
	b.Run("linear/candidates=256/naive", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for i := range rows {
				sum := bias
				for j, x := range m.Row(i) {
					sum += weights[j] * x
				}
				scores[i] = scoring.Round(sum)
			}
		}
		each(b)
	})
}
