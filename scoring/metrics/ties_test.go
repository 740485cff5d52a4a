package metrics_test

import (
	"math/rand/v2"
	"testing"

	"github.com/sihai-network/sihai/scoring/metrics"
)

// TestTiedScoresGiveTheMeanOverTheirOrders draws orders of equal scores by lot and compares their mean with what is told.
func TestTiedScoresGiveTheMeanOverTheirOrders(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 40 {
		n := 2 + random.IntN(6)
		scores, gains := make([]float64, n), make([]float64, n)
		for i := range scores {
			scores[i], gains[i] = float64(random.IntN(3)), float64(random.IntN(4))
		}
		gains[0]++
		want, orders := 0.0, 0
		permute(n, func(order []int) {
			list := make([]float64, n)
			for at, i := range order {
				if at > 0 && scores[order[at-1]] < scores[i] {
					return // not an order by score
				}
				list[at] = gains[i]
			}
			got, _ := metrics.GainNDCG(list, 3)
			want, orders = want+got, orders+1
		})
		got, ok := metrics.TiedNDCG(scores, gains, 3)
		near(t, "mean over orders", got, want/float64(orders))
		if !ok {
			t.Error("there is a gain")
		}
	}
}

// permute calls visit with each order of n things.
func permute(n int, visit func([]int)) {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	var from func(k int)
	from = func(k int) {
		if k == n {
			visit(order)
			return
		}
		for i := k; i < n; i++ {
			order[k], order[i] = order[i], order[k]
			from(k + 1)
			order[k], order[i] = order[i], order[k]
		}
	}
	from(0)
}

// TestLabelsOfClicksAreTheirOwnGains holds the two ways to say the same against each other.
func TestLabelsOfClicksAreTheirOwnGains(t *testing.T) {
	for _, labels := range [][]float64{{0, 1, 0, 1}, {1}, {0, 0}, {}} {
		a, ok := metrics.NDCG(labels, 3)
		b, ok2 := metrics.GainNDCG(labels, 3)
		if a != b || ok != ok2 {
			t.Errorf("%v: %v %v and %v %v", labels, a, ok, b, ok2)
		}
	}
}
