package metrics_test

import (
	"fmt"

	"github.com/sihai-network/sihai/scoring/metrics"
)

func ExampleNDCG() {
	list := []float64{0, 1, 0, 1} // what came of the offers of a list, from the top
	ndcg, _ := metrics.NDCG(list, 10)
	_, ok := metrics.NDCG([]float64{0, 0}, 10)
	fmt.Printf("%.3f %v\n", ndcg, ok)
	// Output: 0.651 false
}

func ExampleAUC() {
	auc, _ := metrics.AUC([]float64{0.9, 0.4, 0.4, 0.1}, []float64{1, 1, 0, 0}, nil)
	fmt.Println(auc) // of four pairs three are in order, and one is tied
	// Output: 0.875
}
