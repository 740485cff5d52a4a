package decision

import (
	"math"
	"testing"
)

// The fall is at most fallError above the exponential function and never below it but for single precision.
func TestFall(t *testing.T) {
	f := &newCurves().fall
	for _, x := range []float64{math.Inf(-1), -1, 0} {
		if got := f.at(float32(x)); got != 1 {
			t.Errorf("%v: %v, want 1", x, got)
		}
	}
	for x := 0.0; x < 30; x += 0.00037 {
		if got, want := float64(f.at(float32(x))), math.Exp(-float64(float32(x))); got > want+fallError || got < want-1e-7 {
			t.Fatalf("%v: %v, want %v", x, got, want)
		}
	}
	if got := f.at(float32(math.Inf(1))); got != 0 {
		t.Errorf("far away: %v", got)
	}
}

// The chance of a side is that of a normal distribution whose radius of 68 % is 1, to sideError.
func TestSide(t *testing.T) {
	s := &newCurves().side
	deviation := 1 / math.Sqrt(-2*math.Log(1-0.68)) // Rayleigh's distribution
	for x := -5.0; x < 5; x += 0.00037 {
		want := (1 + math.Erf(x/deviation/math.Sqrt2)) / 2
		if got := float64(s.at(float32(x))); math.Abs(got-want) > sideError {
			t.Fatalf("%v: %v, want %v", x, got, want)
		}
	}
	for _, x := range []float64{math.Inf(-1), -deep, deep, math.Inf(1)} {
		if got := s.at(float32(x)); got < 0 || got > 1 || x > 0 && got < 1-sideError {
			t.Errorf("%v: %v", x, got)
		}
	}
}
