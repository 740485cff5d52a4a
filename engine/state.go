package engine

import "time"

// State is where a campaign is in its life, as a reader sees it: its status and the clock together.
type State string

// The states. Exhausted is the ledger's to tell: see Campaign.State.
const (
	StateDraft     State = "draft"
	StateScheduled State = "scheduled" // enabled, and its flight has begun nowhere yet
	StateRunning   State = "running"
	StateExhausted State = "exhausted" // enabled, and a budget for all time is used up
	StateExpired   State = "expired"   // enabled, and its flight has ended everywhere
	StateDisabled  State = "disabled"
	StateArchived  State = "archived"
)

// The ends of the earth's calendar: the first and the last place to see a date.
var (
	easternmost = time.FixedZone("UTC+14", 14*60*60)
	westernmost = time.FixedZone("UTC-12", -12*60*60)
)

// State returns the state of c at a time. A flight bounded by dates begins when its first day begins anywhere on earth, and has
// ended when its last day is over everywhere: what holds at one venue is the decision's to say. It never returns StateExhausted.
func (c *Campaign) State(now time.Time) State {
	switch c.Status {
	case StatusEnabled:
	case StatusDisabled:
		return StateDisabled
	case StatusArchived:
		return StateArchived
	default:
		return StateDraft
	}
	start, end := c.Bounds()
	if now.Before(start) {
		return StateScheduled
	}
	if !end.IsZero() && !now.Before(end) {
		return StateExpired
	}
	return StateRunning
}

// Bounds returns when a flight begins anywhere on earth and when it has ended everywhere, see State; zero where it has no such bound.
func (c *Campaign) Bounds() (start, end time.Time) {
	return c.Flight.Start.In(easternmost), c.Flight.End.In(westernmost)
}
