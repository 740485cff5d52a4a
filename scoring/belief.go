package scoring

import (
	"maps"
	"time"
)

// Reward is what a profile that learns takes for a success of an offer that was shown.
type Reward string

// The rewards.
const (
	RewardClick      Reward = "click"      // it was tapped
	RewardRedemption Reward = "redemption" // it was used, and not rolled back as a whole
)

// Learning says what a profile that explores learns of its weights, from the offers that were shown in its decisions and what came of them. Weights with a deviation are
// learnt, from their own value and deviation on: see bandit.Belief. The others stay. The zero value learns nothing.
type Learning struct {
	Reward Reward // empty: nothing is learnt
	// Every is how long the decisions of a batch are made, in [1 min, 31 days]; batches begin at its multiples since 1970. 0: DefaultEvery.
	Every time.Duration
	// Wait is how long after a batch what comes of it is waited for, up to 31 days. 0: DefaultWait.
	Wait time.Duration
}

// The bounds and defaults of Learning.
const (
	MinEvery     = time.Minute
	MaxEvery     = 31 * 24 * time.Hour
	DefaultEvery = time.Hour
	DefaultWait  = time.Hour
)

// IsOn reports whether anything is learnt.
func (l *Learning) IsOn() bool { return l.Reward != "" }

// WithDefaults returns l with what it leaves out.
func (l Learning) WithDefaults() Learning {
	if l.Every == 0 {
		l.Every = DefaultEvery
	}
	if l.Wait == 0 {
		l.Wait = DefaultWait
	}
	return l
}

func (l *Learning) validate(f *Faults) {
	if *l == (Learning{}) {
		return
	}
	if l.Reward != RewardClick && l.Reward != RewardRedemption {
		f.add("explore.learn.reward", "invalid", "%.64q is neither %s nor %s", l.Reward, RewardClick, RewardRedemption)
	}
	if l.Every != 0 && (l.Every < MinEvery || l.Every > MaxEvery) {
		f.add("explore.learn.every_seconds", "out_of_range", "%v is not between %v and %v", l.Every, MinEvery, MaxEvery)
	}
	if l.Wait < 0 || l.Wait > MaxEvery {
		f.add("explore.learn.wait_seconds", "out_of_range", "%v is not between 0 and %v", l.Wait, MaxEvery)
	}
}

// Belief is what is believed of the weights of a profile after some batches: a normal distribution for each that is learnt, and for the bias.
type Belief struct {
	Means, Deviations   map[string]float64 // by feature; the same features, deviations above 0
	Bias, BiasDeviation float64
	Examples            int // offers that were learnt from
}

// Believing returns the profile with the weights and deviations of a belief in place of its own, within the bounds of profiles. The bias stays: it is the same for all. Learnt
// weights have a scale of their own, so that a floor of 0, which profiles have that tell none, is none.
func (p Profile) Believing(b *Belief) Profile {
	p.Weights, p.Explore.Deviations = maps.Clone(p.Weights), maps.Clone(p.Explore.Deviations)
	if p.Weights == nil {
		p.Weights = make(map[string]float64)
	}
	for name, mean := range b.Means {
		p.Weights[name] = min(max(mean, -MaxWeight), MaxWeight)
		p.Explore.Deviations[name] = min(b.Deviations[name], MaxWeight)
	}
	if p.Floor == 0 {
		p.Floor = -MaxFloor
	}
	return p
}
