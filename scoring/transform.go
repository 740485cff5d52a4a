package scoring

import "math"

// The constants of the features' transforms. They are judgements, told in README.md, and not fitted to data.
const (
	DistanceScale   = 500.0 // metres at which nearness has fallen to 1/e: some six minutes on foot
	FreshnessScale  = 14.0  // days
	EndsSoonScale   = 3.0   // days
	SavingHalf      = 20.0  // euro at which SavingValue is 1/2
	UnknownAffinity = 0.5   // CategoryAffinity of a category that the wallet says nothing of
)

// Decay returns exp(-x/scale) in [0, 1]: 1 for x at or below 0, 0 for an x that is not a number. scale is above 0.
func Decay(x, scale float64) float64 {
	switch {
	case math.IsNaN(x):
		return 0
	case x <= 0:
		return 1
	}
	return math.Exp(-x / scale)
}

// SavingValue returns s/(s+SavingHalf) of a saving in euro, in [0, 1]: each further euro counts for less. Nothing, less
// than nothing and what is not a number give 0.
func SavingValue(euros float64) float64 {
	switch {
	case !(euros > 0):
		return 0
	case math.IsInf(euros, 1):
		return 1
	}
	return euros / (euros + SavingHalf)
}

// Share returns part/whole held in [0, 1], and 0 where whole is not above 0 or either is not a number.
func Share(part, whole float64) float64 {
	if !(whole > 0) || !(part > 0) {
		return 0
	}
	if part >= whole {
		return 1
	}
	return part / whole
}

// LanguageValue returns 1/rank for the rank, from 1, of the offered language among the user's own; 0 for rank 0, a fallback.
func LanguageValue(rank int) float64 {
	if rank <= 0 {
		return 0
	}
	return 1 / float64(rank)
}

// Clamp returns x held in [0, 1], and 0 for what is not a number.
func Clamp(x float64) float64 {
	if !(x > 0) {
		return 0
	}
	return min(x, 1)
}
