package wire

import "github.com/sihai-network/sihai/engine"

// Belief is what is believed of the weights of a version of a profile that learns.
type Belief struct {
	ScoringProfile ProfileRef         `json:"scoring_profile"`
	Epoch          uint64             `json:"epoch" doc:"from 1; decisions name the one that they were made by"`
	From           string             `json:"from" format:"date-time" doc:"of the decisions of the batch that it was learnt from"`
	Until          string             `json:"until" format:"date-time" doc:"exclusive"`
	Means          map[string]float64 `json:"means" doc:"feature → mean of what is believed of its weight; of features that are learnt"`
	Deviations     map[string]float64 `json:"deviations" doc:"feature → standard deviation"`
	Bias           float64            `json:"bias" doc:"mean of the bias, which scores leave out: it is the same for all"`
	BiasDeviation  float64            `json:"bias_deviation"`
	Examples       int                `json:"examples" doc:"offers that were shown, of all batches so far"`
}

// BeliefOf returns b as it is sent.
func BeliefOf(b *engine.Belief) Belief {
	out := Belief{
		ScoringProfile: ProfileRef{Name: b.Profile.Name, Version: b.Profile.Version}, Epoch: b.Epoch, From: timeText(b.From), Until: timeText(b.Until),
		Means: b.Means, Deviations: b.Deviations, Bias: b.Bias, BiasDeviation: b.BiasDeviation, Examples: b.Examples,
	}
	if out.Means == nil {
		out.Means, out.Deviations = map[string]float64{}, map[string]float64{}
	}
	return out
}
