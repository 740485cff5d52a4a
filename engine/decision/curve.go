package decision

import "math"

// curves are functions that bounds are made of, by steps that straight lines join. They are immutable.
type curves struct {
	fall fall
	side side
}

func newCurves() *curves {
	c := new(curves)
	for i := range c.fall {
		c.fall[i] = float32(math.Exp(-float64(i) / fallSteps))
	}
	for i := range c.side {
		c.side[i] = float32(math.Erfc((deep-float64(i)/sideSteps)*accuracyInSigmas) / 2)
	}
	return c
}

// fall is exp(-x) by steps, joined by straight lines: at most fallError above it, since it is convex, and never below.
type fall [fallReach*fallSteps + 2]float32

const (
	fallSteps = 128 // for each unit
	fallReach = 20  // beyond it is 0

	// fallError is that of a straight line over a step, 1/8 × (1/128)² (Burden and Faires, Numerical Analysis, 3.1), of single precision,
	// and of what is cut off.
	fallError = 8e-6
)

// at returns exp(-x), as scoring.Decay does.
func (f *fall) at(x float32) float32 {
	x *= fallSteps
	if !(x < fallReach*fallSteps) {
		return 0
	}
	if x <= 0 {
		return 1
	}
	i := uint32(int32(x))
	a, b := f[i], f[i+1]
	return a + (b-a)*(x-float32(int32(i)))
}

// side is the chance that a traveller is on one side of a line that is so many accuracies away, joined by straight lines: off by at most sideError.
type side [2*sideReach*sideSteps + 2]float32

const (
	sideSteps = 128 // for each accuracy
	sideReach = 4   // beyond deep it is 0 or 1

	// sideError is that of a straight line over a step, 1/8 × (1/128)² × the greatest second derivative, 0.56, of single precision, and of what is cut off.
	sideError = 5e-6
)

// accuracyInSigmas is 1.5096 / √2: from accuracies to the argument of the error function, see geo.Fence.InsideProbability.
const accuracyInSigmas = 1.5095921854516636 / math.Sqrt2

// at returns the chance to be on the side to which the line is so many accuracies away, not NaN; below 0: on the other side. Which of the three parts
// of the curve it is cannot be guessed, so there is no branch.
func (s *side) at(within float32) float32 {
	x := (min(max(within, -deep), deep) + deep) * sideSteps
	i := uint32(int32(x))
	a, b := s[i], s[i+1]
	return a + (b-a)*(x-float32(int32(i)))
}
