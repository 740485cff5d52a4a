package metrics

import (
	"math"
	"slices"
)

// Gini returns how unequal exposures are: 0 where all are equal, towards 1 where one has all; Σ (2i − m − 1) xᵢ / (m Σ xᵢ) for the m exposures in rising order
// (Gini 1912; Dorfman, Review of Economics and Statistics 61(1), 1979). Exposures are at least 0; one of 0 counts as one that could have had some. False where their sum is 0. Cost: a sort.
func Gini(exposures []float64) (float64, bool) {
	sorted := slices.Sorted(slices.Values(exposures))
	var sum, ranked float64
	m := float64(len(sorted))
	for i, x := range sorted {
		sum += x
		ranked += (2*float64(i+1) - m - 1) * x
	}
	if !(sum > 0) {
		return 0, false
	}
	return ranked / (m * sum), true
}

// GiniSlopes returns what a share more of each exposure adds to Gini, for its variance: the share of those below less that of those above.
func GiniSlopes(exposures []float64) []float64 {
	sorted := slices.Sorted(slices.Values(exposures))
	out := make([]float64, len(exposures))
	m := float64(len(sorted))
	for i, x := range exposures {
		below, _ := slices.BinarySearch(sorted, x)
		upTo, _ := slices.BinarySearchFunc(sorted, x, func(e, target float64) int {
			if e > target {
				return 1
			}
			return -1
		})
		out[i] = (float64(below+upTo) - m) / m
	}
	return out
}

// Entropy returns how even exposures are, −Σ p ln p / ln m with the shares p of m exposures: 1 where all are equal, 0 where one has all (Shannon 1948; Pielou's
// evenness, Journal of Theoretical Biology 13, 1966). False where there are fewer than two or their sum is 0.
func Entropy(exposures []float64) (float64, bool) {
	var sum, entropy float64
	for _, x := range exposures {
		sum += x
	}
	if !(sum > 0) || len(exposures) < 2 {
		return 0, false
	}
	for _, x := range exposures {
		if p := x / sum; p > 0 {
			entropy -= p * math.Log(p)
		}
	}
	return entropy / math.Log(float64(len(exposures))), true
}

// EntropySlopes returns what a share more of each exposure adds to Entropy; of an exposure of 0 it is 0, since nobody adds to it.
func EntropySlopes(exposures []float64) []float64 {
	var sum float64
	for _, x := range exposures {
		sum += x
	}
	out := make([]float64, len(exposures))
	for i, x := range exposures {
		if x > 0 {
			out[i] = -(math.Log(x/sum) + 1) / math.Log(float64(len(exposures)))
		}
	}
	return out
}

// Variety returns the share of the pairs of a list whose keys differ: 1 where all do (the dissimilarity of a list: Ziegler et al., WWW 2005). A key below 0 is unknown and
// its pairs do not count. False where no pair does.
func Variety(keys []int32) (float64, bool) {
	pairs, differ := 0, 0
	for i, a := range keys {
		for _, b := range keys[:i] {
			if a < 0 || b < 0 {
				continue
			}
			pairs++
			if a != b {
				differ++
			}
		}
	}
	if pairs == 0 {
		return 0, false
	}
	return float64(differ) / float64(pairs), true
}
