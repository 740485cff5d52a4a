package metrics

import (
	"math"
	"slices"
)

// AUC returns the chance that something liked (a label above 0) has a higher score than something that is not, where a tie counts half (Mann and
// Whitney, Annals of Mathematical Statistics 18(1), 1947). weights may be nil: all 1. Scores and labels are numbers. False where one of both kinds has no weight. Cost: a sort.
func AUC(scores, labels, weights []float64) (float64, bool) {
	p := Placements(scores, labels, weights)
	if p == nil {
		return 0, false
	}
	var sum, all float64
	for i, label := range labels {
		if label > 0 {
			sum += weight(weights, i) * p[i]
			all += weight(weights, i)
		}
	}
	return sum / all, true
}

func weight(weights []float64, i int) float64 {
	if weights == nil {
		return 1
	}
	return weights[i]
}

// Placements returns, for each item, the share by weight of the other kind that it is on the right side of, where a tie counts half: of what is liked, the share of what is not
// that has a lower score, and of what is not, the share of what is liked that has a higher one. Either's mean is the AUC, and what users' means are apart by
// gives its variance (DeLong, DeLong and Clarke-Pearson, Biometrics 44(3), 1988; Obuchowski, Biometrics 53(2), 1997, for clusters). It is nil where one of
// both kinds has no weight.
func Placements(scores, labels, weights []float64) []float64 {
	order := make([]int32, len(scores))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		switch {
		case scores[a] < scores[b]:
			return -1
		case scores[a] > scores[b]:
			return 1
		}
		return 0
	})
	var all [2]float64
	for i, label := range labels {
		all[kind(label)] += weight(weights, i)
	}
	if !(all[0] > 0) || !(all[1] > 0) {
		return nil
	}
	out := make([]float64, len(scores))
	var below [2]float64
	for from := 0; from < len(order); {
		to := from
		var tied [2]float64
		for ; to < len(order) && scores[order[to]] == scores[order[from]]; to++ {
			tied[kind(labels[order[to]])] += weight(weights, int(order[to]))
		}
		for _, i := range order[from:to] {
			if kind(labels[i]) == 1 {
				out[i] = (below[0] + tied[0]/2) / all[0]
			} else {
				out[i] = max(all[1]-below[1]-tied[1]/2, 0) / all[1]
			}
		}
		below[0] += tied[0]
		below[1] += tied[1]
		from = max(to, from+1) // a score that is no number is tied with nothing
	}
	return out
}

// kind is 1 for what is liked.
func kind(label float64) int {
	if label > 0 {
		return 1
	}
	return 0
}

// LeastChance is what LogLoss takes a chance of 0 for, so that one mistake does not cost everything; one of 1 is so far from 1.
const LeastChance = 1e-15

// LogLoss returns what a chance p costs where the label in [0, 1] came, −(y ln p + (1 − y) ln(1 − p)), in nats.
func LogLoss(p, label float64) float64 {
	p = min(max(p, LeastChance), 1-LeastChance)
	return -(label*math.Log(p) + (1-label)*math.Log1p(-p))
}

// Brier returns the square of what a chance is off by (Brier, Monthly Weather Review 78(1), 1950).
func Brier(p, label float64) float64 { return (p - label) * (p - label) }

// Bins returns for each chance the number of its bin, from 0, of so many bins that hold as many chances each; equal chances are in one bin, so that there may be
// fewer. Cost: a sort.
func Bins(chances []float64, bins int) []int32 {
	order := make([]int32, len(chances))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		switch {
		case chances[a] < chances[b]:
			return -1
		case chances[a] > chances[b]:
			return 1
		}
		return 0
	})
	out := make([]int32, len(chances))
	last := int32(0)
	for rank, i := range order {
		bin := int32(rank * bins / len(order))
		if rank > 0 && chances[i] == chances[order[rank-1]] {
			bin = last
		}
		out[i], last = bin, bin
	}
	return out
}

// CalibrationError returns the expected calibration error over bins of equal mass: the mean over bins, by weight, of what the mean chance and the mean label are apart by
// (Naeini, Cooper and Hauskrecht, AAAI 2015; equal mass as in Nguyen and O'Connor, EMNLP 2015). weights may be nil. It is above 0 by chance even where the
// chances are true: by some 0.8 √(p(1−p)/n) in a bin of n. False without any weight.
func CalibrationError(chances, labels, weights []float64, bins int) (float64, bool) {
	apart := make([]float64, bins)
	var all float64
	for i, bin := range Bins(chances, bins) {
		w := weight(weights, i)
		apart[bin] += w * (chances[i] - labels[i])
		all += w
	}
	if !(all > 0) {
		return 0, false
	}
	var sum float64
	for _, x := range apart {
		sum += math.Abs(x)
	}
	return sum / all, true
}
