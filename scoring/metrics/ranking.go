package metrics

import (
	"cmp"
	"math"
	"slices"
)

// NDCG returns the discounted cumulative gain of the first k of a list by that of its best order, in [0, 1]: Σ (2^label − 1) / log₂(position + 1) (Järvelin and Kekäläinen, ACM TOIS 20(4), 2002,
// with the gain of Burges et al., ICML 2005). k below 1 is the whole list. A label below 0 counts as 0; false where no label is above 0. Cost: a sort.
func NDCG(labels []float64, k int) (float64, bool) {
	gains := make([]float64, len(labels))
	for i, label := range labels {
		if label > 0 {
			gains[i] = math.Exp2(label) - 1
		}
	}
	return GainNDCG(gains, k)
}

// GainNDCG is NDCG of gains themselves, at least 0 each: for labels that are amounts, or counts. Of labels of 0 and 1 it is the same.
func GainNDCG(gains []float64, k int) (float64, bool) { return ndcg(gains, gains, k) }

// ndcg is that of a list of expected gains, of which the best order is one of gains as they are.
func ndcg(list, gains []float64, k int) (float64, bool) {
	best := slices.Clone(gains)
	slices.SortFunc(best, func(a, b float64) int {
		switch {
		case a > b:
			return -1
		case a < b:
			return 1
		}
		return 0
	})
	ideal := dcg(best, k)
	if ideal == 0 {
		return 0, false
	}
	return dcg(list, k) / ideal, true
}

// TiedNDCG is GainNDCG of the list that scores make of gains, the highest first. Equal scores stand in any order, and the mean over all their orders is told (McSherry and Najork,
// ECIR 2008). Cost: a sort.
func TiedNDCG(scores, gains []float64, k int) (float64, bool) {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	list := make([]float64, 0, len(order))
	for from := 0; from < len(order); {
		to, sum := from+1, gains[order[from]] // a score that is no number is tied with nothing
		for ; to < len(order) && scores[order[to]] == scores[order[from]]; to++ {
			sum += gains[order[to]]
		}
		for range to - from {
			list = append(list, sum/float64(to-from))
		}
		from = to
	}
	return ndcg(list, gains, k)
}

func dcg(gains []float64, k int) (sum float64) {
	for i, gain := range gains[:cut(gains, k)] {
		if gain > 0 {
			sum += gain / math.Log2(float64(i)+2)
		}
	}
	return sum
}

func cut(labels []float64, k int) int {
	if k < 1 {
		return len(labels)
	}
	return min(k, len(labels))
}

// liked counts the labels above 0.
func liked(labels []float64) (n int) {
	for _, label := range labels {
		if label > 0 {
			n++
		}
	}
	return n
}

// AveragePrecision returns the mean, over the liked items, of the share of liked ones among those down to it; false where none is. Its mean over lists is
// MAP (Manning, Raghavan and Schütze, Introduction to Information Retrieval, section 8.4).
func AveragePrecision(labels []float64) (float64, bool) {
	var sum float64
	n := 0
	for i, label := range labels {
		if label > 0 {
			n++
			sum += float64(n) / float64(i+1)
		}
	}
	if n == 0 {
		return 0, false
	}
	return sum / float64(n), true
}

// ReciprocalRank returns 1 by the position of the first liked item; false where none is.
func ReciprocalRank(labels []float64) (float64, bool) {
	for i, label := range labels {
		if label > 0 {
			return 1 / float64(i+1), true
		}
	}
	return 0, false
}

// Recall returns the share of the liked items that are among the first k; false where none is. k below 1 is the whole list.
func Recall(labels []float64, k int) (float64, bool) {
	all := liked(labels)
	if all == 0 {
		return 0, false
	}
	return float64(liked(labels[:cut(labels, k)])) / float64(all), true
}

// Hit returns 1 where one of the first k items is liked, and else 0; false where none of the list is. k below 1 is the whole list.
func Hit(labels []float64, k int) (float64, bool) {
	if liked(labels) == 0 {
		return 0, false
	}
	if liked(labels[:cut(labels, k)]) > 0 {
		return 1, true
	}
	return 0, true
}
