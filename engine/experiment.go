package engine

import (
	"context"
	"time"

	"github.com/sihai-network/sihai/scoring"
)

// Experiment compares scoring profiles on live travellers. Each user of its traffic is in one arm, always the same, and is decided for by that arm's profile. Those without an ID are in none.
// Once it was started nothing of it changes but its state.
type Experiment struct {
	ID, Name, Note string
	Author         string // ID of the API key that made it
	Arms           []Arm  // two or more; the first is what is there already, which the others are compared with
	Salt           string // another salt puts users into other arms; may be empty
	Traffic        Traffic
	// Start and End are instants; the end is exclusive. Start is that of the start where none was asked for, and zero of a draft without; zero End: until it is stopped.
	Start, End time.Time
	Primary    PrimaryMetric
	Guards     []GuardMetric
	Alpha      float64 // chance that any of its intervals, of all metrics and arms and at all looks, misses the truth; in (0, 0.5]
	State      ExperimentState
	Reason     string    // why it was stopped
	Ended      time.Time // when it was stopped or finished; zero: it was not
	Meta       Meta
}

// Arm is a scoring profile that is tried.
type Arm struct {
	Name    string
	Profile ProfileRef
	Share   float64 // of the experiment's users, in (0, 1); those of all arms sum to 1
}

// Traffic is the part of all users that takes part: those who stand, by a hash of their ID that all experiments share, from From on and before Until, in [0, 1].
type Traffic struct{ From, Until float64 }

// Overlaps reports whether two parts have users in common.
func (t Traffic) Overlaps(o Traffic) bool { return t.From < o.Until && o.From < t.Until }

// ExperimentState is how far an experiment has come.
type ExperimentState string

// The states. A draft may become any other, and a running one one of the last two.
const (
	ExperimentDraft    ExperimentState = "draft"
	ExperimentRunning  ExperimentState = "running"  // started: users are assigned from Start until End
	ExperimentStopped  ExperimentState = "stopped"  // by somebody, or since an arm did harm
	ExperimentFinished ExperimentState = "finished" // its end came
)

// ExperimentScheduled is what is told of a running experiment whose start is still to come. None is stored so.
const ExperimentScheduled ExperimentState = "scheduled"

// StateAt returns the state as it is told at a time: a running experiment is scheduled before its start, and finished once its end has come.
func (e *Experiment) StateAt(now time.Time) ExperimentState {
	switch {
	case e.State != ExperimentRunning:
		return e.State
	case now.Before(e.Start):
		return ExperimentScheduled
	case !e.End.IsZero() && !now.Before(e.End):
		return ExperimentFinished
	}
	return ExperimentRunning
}

// Collides reports whether two experiments would have a user in common at some time at or after now.
func (e *Experiment) Collides(o *Experiment, now time.Time) bool {
	if !e.Traffic.Overlaps(o.Traffic) {
		return false
	}
	begins, ends := e.Start, e.End
	if o.Start.After(begins) {
		begins = o.Start
	}
	if now.After(begins) {
		begins = now
	}
	if ends.IsZero() || !o.End.IsZero() && o.End.Before(ends) {
		ends = o.End
	}
	return ends.IsZero() || begins.Before(ends)
}

// ExperimentMetric is a number of what an arm's users did: a sum over all of them by another one.
type ExperimentMetric string

// The metrics. Of those marked low, less is better.
const (
	TapRate        ExperimentMetric = "tap_rate"        // offers tapped, by offers shown
	SaveRate       ExperimentMetric = "save_rate"       // offers saved, by offers shown
	DismissRate    ExperimentMetric = "dismiss_rate"    // offers dismissed, by offers shown; low
	RedemptionRate ExperimentMetric = "redemption_rate" // offers used, by offers shown
	RedeemedMoney  ExperimentMetric = "redeemed_money"  // discounts given and not rolled back, in minor units of a currency, by decisions
	PurchaseMoney  ExperimentMetric = "purchase_money"  // purchases in which offers were used, in minor units of a currency, by decisions
	EmptyRate      ExperimentMetric = "empty_rate"      // placements without an offer, by placements; low
)

// ExperimentMetrics lists the metrics.
func ExperimentMetrics() []ExperimentMetric {
	return []ExperimentMetric{TapRate, SaveRate, DismissRate, RedemptionRate, RedeemedMoney, PurchaseMoney, EmptyRate}
}

// IsMoney reports whether a metric is told in a currency.
func (m ExperimentMetric) IsMoney() bool { return m == RedeemedMoney || m == PurchaseMoney }

// IsLow reports whether less of a metric is better.
func (m ExperimentMetric) IsLow() bool { return m == DismissRate || m == EmptyRate }

// Measure is a metric, and the currency of one that is money.
type Measure struct {
	Metric   ExperimentMetric
	Currency string // ISO 4217; empty: it is no money
}

// PrimaryMetric is what an experiment is about.
type PrimaryMetric struct {
	Measure
	Effect float64 // the size of a difference that would matter, above 0, in the metric's unit: see experiment.Watch
}

// GuardMetric must not suffer.
type GuardMetric struct {
	Measure
	Harm float64 // how much an arm may lose, above 0, in the metric's unit: once it is certain that it loses more, the experiment is stopped
}

// ArmRef names the arm by which a decision was made; the zero value is none.
type ArmRef struct{ Experiment, Arm string }

// Assigner says which users are in an experiment, and in which arms.
type Assigner interface {
	// Arm returns the index of a user's arm; below 0: the user does not take part. It makes no garbage.
	Arm(user string) int
}

// LiveExperiment is a started experiment as the decision path reads it.
type LiveExperiment struct {
	Experiment // as it is stored; nobody changes it
	Assigner   Assigner
	Profiles   []scoring.Profile // of each arm
}

// Takes reports whether users are assigned at a time.
func (l *LiveExperiment) Takes(at time.Time) bool {
	return !at.Before(l.Start) && (l.End.IsZero() || at.Before(l.End))
}

// Experiments keeps experiments, each version for ever.
type Experiments interface {
	// Experiment returns a version; version 0 is the newest.
	Experiment(ctx context.Context, id string, version uint64) (Experiment, error)
	// ListExperiments lists the newest version of each.
	ListExperiments(ctx context.Context, p Page) ([]Experiment, string, error)
	// ExperimentVersions lists the versions of one, newest first. Page.After is the version, in decimal.
	ExperimentVersions(ctx context.Context, id string, p Page) ([]Experiment, string, error)
	// PutExperiment stores e as a new version. ErrEnded where that which is there is no draft.
	PutExperiment(ctx context.Context, w Write, e Experiment) (Experiment, error)
	// UpdateExperiment stores what change makes of the newest version, given all that run, in one transaction with what others make of them. change may run more than once and touches nothing
	// else; an error of its own is returned as it is. Where the state is left as it was nothing is stored.
	UpdateExperiment(ctx context.Context, w Write, id string, change func(e *Experiment, running []Experiment) error) (Experiment, error)
}

// ExperimentDesk makes experiments, and starts and ends them.
type ExperimentDesk interface {
	// CheckExperiment tells what PutExperiment would refuse in the value itself and of the profiles that it names, and writes nothing.
	CheckExperiment(ctx context.Context, now time.Time, e *Experiment) (Faults, error)
	// PutExperiment makes a draft, or replaces one. Faults with all that is wrong with it; ErrEnded where the experiment was started.
	PutExperiment(ctx context.Context, w Write, e Experiment) (Experiment, error)
	// StartExperiment lets users in, from now on or from the start that it asks for. One that was started is returned as it is. ErrOverlap where another one has users in common; ErrEnded
	// where it was stopped or its end has come.
	StartExperiment(ctx context.Context, w Write, id string) (Experiment, error)
	// StopExperiment ends it at once, for a reason; a draft is called off. One that was stopped is returned as it is; ErrEnded where its end had come.
	StopExperiment(ctx context.Context, w Write, id, reason string) (Experiment, error)
	// FinishExperiment notes that the end has come; nothing is changed where it has not, or of one that does not run.
	FinishExperiment(ctx context.Context, w Write, id string) (Experiment, error)
}
