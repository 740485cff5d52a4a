package fit_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/sihai-network/sihai/scoring/tuning/fit"
)

// BenchmarkFit fits examples of 20 features in groups of ten, by one penalty; besides the time it tells the memory that the fit took and how far it came.
func BenchmarkFit(b *testing.B) {
	var names []string
	weights := make([]float64, 20)
	for j := range weights {
		names, weights[j] = append(names, fmt.Sprintf("f%02d", j)), float64(j%5)-2
	}
	for _, rows := range []int{100_000, 1_000_000} {
		for loss, choose := range map[fit.Loss]bool{fit.Logistic: false, fit.Listwise: true} {
			b.Run(fmt.Sprintf("loss=%s/rows=%d/features=20", loss, rows), func(b *testing.B) {
				c := plan{seed: 1, groups: rows / 10, each: 10, features: names, want: linear(-2, weights...), choose: choose}.build()
				var before, after runtime.MemStats
				runtime.GC()
				runtime.ReadMemStats(&before)
				b.ResetTimer()
				for range b.N {
					r, err := fit.Fit(context.Background(), c.Dataset, fit.Options{Loss: loss, Penalties: []fit.Penalty{{L2: 1e-4}}})
					if err != nil {
						b.Fatal(err)
					}
					b.ReportMetric(cosine(weightsOf(r), weights), "cosine")
				}
				runtime.ReadMemStats(&after)
				b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/float64(b.N)/(1<<20), "MiB/op")
			})
		}
	}
}
