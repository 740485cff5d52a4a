package engine

import (
	"context"
	"time"
)

// ExperimentReader tells what came of experiments so far.
type ExperimentReader interface {
	// ExperimentResults reads the logs from an experiment's start until its end, or until a time that is earlier. ErrNotFound where there is none. Cost: the logs of that time.
	ExperimentResults(ctx context.Context, id string, until time.Time) (ExperimentResults, error)
}

// ExperimentResults are what came of an experiment.
type ExperimentResults struct {
	Experiment  Experiment
	Until       time.Time // of decisions, exclusive; zero: it has not begun
	Arms        []ArmResult
	Comparisons []ArmComparison // of each arm but the first: the primary metric, then the guards
	Mismatch    SampleMismatch
	Crossed     int64 // users who were met in more than one arm, and are left out
	Unconverted int64 // amounts that no reference rate is known for, and are left out
}

// ArmResult is what the users of an arm did.
type ArmResult struct {
	Arm
	Users      int64 // met so far
	Decisions  int64
	Placements int64 // asked for
	Empty      int64 // of them without an offer
	Offers     int64
	Shown      int64
	Clicks     int64
	Saves      int64
	Dismissals int64
	Redeemed   int64
	Rates      []ArmRate // of the primary metric and the guards
}

// ArmRate is a metric of an arm.
type ArmRate struct {
	Measure
	Bounds
}

// Bounds are a number and how far it may be off. NaN where there is none.
type Bounds struct{ Value, Low, High float64 }

// ArmComparison is the difference between an arm and the first one.
type ArmComparison struct {
	Arm   string
	Guard bool // of a guard; otherwise of the primary metric
	Measure
	Harm       float64  // of a guard
	Difference Bounds   // the arm less the first one, in the metric's unit; the bounds hold at all looks at once
	Evidence   float64  // how much likelier what was seen is where there is some difference than where there is none, see experiment.Look; 0: not known
	Users      [2]int64 // of the first arm and of this one, who could have done something
	Verdict    Verdict
}

// Verdict is what a comparison means.
type Verdict string

// The verdicts: of any metric the first, of a primary one the next three, and of a guard the last three.
const (
	VerdictEarly     Verdict = "early" // too few users, or nothing happened yet
	VerdictOpen      Verdict = "open"
	VerdictBetter    Verdict = "better"
	VerdictWorse     Verdict = "worse"
	VerdictUndecided Verdict = "undecided"
	VerdictKept      Verdict = "kept"   // what is lost, if anything, is less than the harm
	VerdictBroken    Verdict = "broken" // more than the harm is lost
)

// SampleMismatch says whether the arms have the shares that they were meant to have: see experiment.Mismatch.
type SampleMismatch struct {
	Evidence float64 // how much likelier some other split is than the one that was meant
	Found    bool    // above MismatchLimit: no difference between the arms is to be believed
}

// MismatchLimit is the evidence of a mismatch that is told. Of experiments that are as meant, one in so many ever comes to it.
const MismatchLimit = 1000
