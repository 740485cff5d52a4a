package scoring_test

import (
	"errors"
	"fmt"

	"github.com/sihai-network/sihai/scoring"
)

func ExampleScorer() {
	var m scoring.Matrix
	near := m.AppendRow()
	near[scoring.Distance] = scoring.Decay(200, scoring.DistanceScale)
	near[scoring.InsideProbability] = 1
	near[scoring.Saving] = scoring.SavingValue(20)
	far := m.AppendRow()
	far[scoring.Distance] = scoring.Decay(1500, scoring.DistanceScale)
	far[scoring.InsideProbability] = 0.4
	far[scoring.Saving] = scoring.SavingValue(60)

	scorer := scoring.NewScorer(scoring.Default())
	for _, score := range scorer.Score(nil, &m) {
		fmt.Printf("%.4f\n", score)
	}
	// Output:
	// 0.3926
	// 0.1849
}

func ExampleScorer_Explain() {
	var m scoring.Matrix
	row := m.AppendRow()
	row[scoring.Distance] = 0.5
	row[scoring.LanguageMatch] = scoring.LanguageValue(2)

	scorer := scoring.NewScorer(scoring.Profile{Bias: 0.1, Weights: map[string]float64{"distance": 0.5, "language_match": -0.2}})
	explanation := scorer.Explain(row, scorer.Score(nil, &m)[0])
	fmt.Println(explanation.Value, explanation.Message)
	for _, part := range explanation.Children {
		fmt.Println(" ", part.Value, part.Message)
	}
	// Output:
	// 0.25 score
	//   0.1 bias
	//   0.25 distance 0.5 × weight 0.5
	//   -0.1 language_match 0.5 × weight -0.2
}

func ExampleSelect() {
	profile := scoring.Profile{MaxPerMerchant: 1, Floor: 0.2}
	offers := []scoring.Candidate{
		{Score: 0.7, ID: "lunch@v-1", Campaign: "m-1/lunch", Merchant: "m-1"},
		{Score: 0.6, ID: "dinner@v-1", Campaign: "m-1/dinner", Merchant: "m-1"},
		{Score: 0.6, ID: "coffee@v-2", Campaign: "m-2/coffee", Merchant: "m-2"},
		{Score: 0.1, ID: "gift@v-3", Campaign: "m-3/gift", Merchant: "m-3"},
	}
	chosen, outcomes := scoring.Select(offers, 2, &profile)
	for _, i := range chosen {
		fmt.Println(offers[i].ID)
	}
	fmt.Println(outcomes[1].Has(scoring.MerchantFull), outcomes[3].Has(scoring.BelowFloor), outcomes[3].Has(scoring.Outranked))
	// Output:
	// lunch@v-1
	// coffee@v-2
	// true true true
}

func ExampleProfile_Validate() {
	profile := scoring.Profile{Name: "summer", Weights: map[string]float64{"nearness": 1}, Bias: 500}
	var faults scoring.Faults
	if errors.As(profile.Validate(), &faults) {
		for _, fault := range faults {
			fmt.Println(fault.Path, fault.Code)
		}
	}
	// Output:
	// weights.nearness unknown_field
	// bias out_of_range
}

func ExampleBeta() {
	prior := scoring.PopularityPrior()
	fmt.Printf("%.3f %.3f\n", prior.Mean(0, 0), prior.Mean(30, 200))
	// Output:
	// 0.050 0.141
}
