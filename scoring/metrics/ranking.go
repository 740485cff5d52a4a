package metrics

import (
	"math"
	"slices"
)

// NDCG returns the discounted cumulative gain of the first k of a list by that of its best order, in [0, 1]: Σ (2^label − 1) / log₂(position + 1) (Järvelin and Kekäläinen, ACM TOIS 20(4), 2002,
// with the gain of Burges et al., ICML 2005). k below 1 is the whole list. A label below 0 counts as 0; false where no label is above 0. Cost: a sort.
func NDCG(labels []float64, k int) (float64, bool) {
	best := slices.Clone(labels)
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
	return dcg(labels, k) / ideal, true
}

func dcg(labels []float64, k int) (sum float64) {
	for i, label := range labels[:cut(labels, k)] {
		if label > 0 {
			sum += (math.Exp2(label) - 1) / math.Log2(float64(i)+2)
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
