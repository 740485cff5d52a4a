package trees

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestBelow holds the threshold for doubles against the rounding that it stands for.
func TestBelow(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	thresholds := []float32{0, 1, -1, 0.5, math.MaxFloat32, -math.MaxFloat32, math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32, 1 << 24}
	for range 200_000 {
		if f := math.Float32frombits(r.Uint32()); f == f {
			thresholds = append(thresholds, f)
		}
	}
	for _, f := range thresholds {
		cut := below(f)
		near := []float64{cut, math.Nextafter(cut, math.Inf(1)), math.Nextafter(cut, math.Inf(-1)), float64(f),
			math.Nextafter(float64(f), math.Inf(-1)), float64(math.Nextafter32(f, float32(math.Inf(-1)))), -float64(f), r.NormFloat64()}
		for _, x := range near {
			if got, want := x < cut, float32(x) < f; got != want {
				t.Fatalf("float32(%v) < %v is %v, and %v < %v is %v", x, f, want, x, cut, got)
			}
		}
	}
}
