package scoring

import "time"

// Profile is a versioned set of weights and the rules of a placement's list. A version is immutable.
type Profile struct {
	Name    string
	Version uint64 // from 1; 0 for one that was never stored
	// Weights multiply the features, by name; a feature without a weight counts nothing. Each is finite, in [-100, 100].
	Weights map[string]float64
	Bias    float64 // added to every score
	// Floor is the least score that is offered.
	Floor float64
	// MaxPerCampaign, MaxPerMerchant and MaxPerCategory bound the offers of one placement; 0 is no bound.
	MaxPerCampaign, MaxPerMerchant, MaxPerCategory int
	// MinInsideProbability is the least chance of being in the fence that is offered, [0, 1].
	MinInsideProbability float64
	Note                 string
	Author               string // ID of the API key
	Created              time.Time
}
