package engine

import (
	"context"
	"time"
)

// State is where a campaign is in its life: its status, the clocks of its venues and its budgets together.
type State string

// The states of a campaign. An enabled one that has ended is expired also where its budget is used up.
const (
	StateDraft     State = "draft"
	StateScheduled State = "scheduled" // enabled, and its flight has begun at no venue yet
	StateRunning   State = "running"
	StateExhausted State = "exhausted" // enabled, and a budget of the campaign for all time is used up
	StateExpired   State = "expired"   // enabled, and its flight has ended at every venue
	StateDisabled  State = "disabled"
	StateArchived  State = "archived"
)

// States tells the states of campaigns.
type States interface {
	// State returns the state of c at a time. Cost: a few map reads, and those of its venues where a date of its flight has begun somewhere on earth and not
	// everywhere.
	State(ctx context.Context, c *Campaign, now time.Time) (State, error)
}

// Exhaustion tells what was used up.
type Exhaustion interface {
	// Exhausted reports whether a budget of the campaign itself and for all time is used up. Cost: a map read a budget.
	Exhausted(c *Campaign, at time.Time) bool
}

// The ends of the earth's calendar: the first and the last place to see a date.
var (
	easternmost = time.FixedZone("UTC+14", 14*60*60)
	westernmost = time.FixedZone("UTC-12", -12*60*60)
)

// State returns the state of c at a time as far as it is known without its venues and its budgets: a flight bounded by dates begins when its first day begins
// anywhere on earth, and has ended when its last day is over everywhere.
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
	return c.flightState(now, easternmost, westernmost)
}

// StateIn returns the state of c at a time by the zones of its venues, budgets aside; without any it is State's.
func (c *Campaign) StateIn(now time.Time, zones []*time.Location) State {
	state := c.State(now)
	if len(zones) == 0 || c.Status != StatusEnabled {
		return state
	}
	begun, over := false, true
	for _, zone := range zones {
		at := c.flightState(now, zone, zone)
		begun = begun || at != StateScheduled
		over = over && at == StateExpired
	}
	switch {
	case over:
		return StateExpired
	case !begun:
		return StateScheduled
	}
	return StateRunning
}

// HangsOnZones reports whether the state of an enabled campaign is another one at one end of the earth than at the other.
func (c *Campaign) HangsOnZones(now time.Time) bool {
	return c.Status == StatusEnabled && c.flightState(now, easternmost, easternmost) != c.flightState(now, westernmost, westernmost)
}

// flightState returns the state of a flight that begins by one zone and ends by another.
func (c *Campaign) flightState(now time.Time, begins, ends *time.Location) State {
	if end := c.Flight.End.In(ends); !end.IsZero() && !now.Before(end) {
		return StateExpired
	}
	if start := c.Flight.Start.In(begins); !start.IsZero() && now.Before(start) {
		return StateScheduled
	}
	return StateRunning
}

// BoundsIn returns when a flight begins at the first and has ended at the last of some zones, between which StateIn calls it running; without any, anywhere on
// earth and everywhere. Zero where it has no such bound.
func (c *Campaign) BoundsIn(zones []*time.Location) (start, end time.Time) {
	if len(zones) == 0 {
		return c.Flight.Start.In(easternmost), c.Flight.End.In(westernmost)
	}
	for i, zone := range zones {
		if s := c.Flight.Start.In(zone); i == 0 || s.Before(start) {
			start = s
		}
		if e := c.Flight.End.In(zone); i == 0 || e.After(end) {
			end = e
		}
	}
	return start, end
}

// Turns returns when the state of an enabled campaign may change by itself, zones aside that are not among those given: where its dates begin at the first and the last
// place on earth, and at its venues. Zero times are among them.
func (c *Campaign) Turns(zones []*time.Location) []time.Time {
	start, end := c.BoundsIn(zones)
	return []time.Time{c.Flight.Start.In(easternmost), start, c.Flight.End.In(easternmost), end, c.Flight.End.In(westernmost)}
}
