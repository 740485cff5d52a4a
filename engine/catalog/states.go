package catalog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// States tells the states of campaigns. It is safe for concurrent use.
type States struct {
	venues     engine.Venues
	exhaustion engine.Exhaustion
	locations  *locations
}

var _ engine.States = (*States)(nil)

// NewStates returns the states of campaigns whose venues are kept in a store. A nil exhaustion is one that nothing has used up.
func NewStates(venues engine.Venues, exhaustion engine.Exhaustion) *States {
	return &States{venues, exhaustion, newLocations()}
}

// State implements engine.States.
func (s *States) State(ctx context.Context, c *engine.Campaign, now time.Time) (engine.State, error) {
	state := c.State(now)
	if c.HangsOnZones(now) {
		zones, err := s.Zones(ctx, c)
		if err != nil {
			return state, fmt.Errorf("state of campaign %s: %w", c.ID, err)
		}
		state = c.StateIn(now, zones)
	}
	if state == engine.StateRunning && s.exhaustion != nil && s.exhaustion.Exhausted(c, now) {
		return engine.StateExhausted, nil
	}
	return state, nil
}

// Zones returns the zones of the venues at which a campaign holds, each once. Cost: a read of those venues; of all of its merchant's where it names them by chain.
func (s *States) Zones(ctx context.Context, c *engine.Campaign) (zones []*time.Location, err error) {
	seen := make(map[string]bool)
	add := func(v *engine.Venue) {
		if zone, err := s.locations.load(v.TimeZone); err == nil && !seen[v.TimeZone] {
			seen[v.TimeZone] = true
			zones = append(zones, zone)
		}
	}
	if !c.Venues.All && c.Venues.Chain == "" {
		for _, id := range c.Venues.IDs {
			v, err := s.venues.Venue(ctx, c.MerchantID, id)
			if err != nil && !errors.Is(err, engine.ErrNotFound) {
				return nil, err
			}
			if err == nil {
				add(&v)
			}
		}
		return zones, nil
	}
	page := engine.Page{Limit: ImportBatch}
	for {
		venues, next, err := s.venues.ListVenues(ctx, c.MerchantID, page)
		if err != nil {
			return nil, err
		}
		for i := range venues {
			if c.Venues.Includes(&venues[i]) {
				add(&venues[i])
			}
		}
		if next == "" {
			return zones, nil
		}
		page.After = next
	}
}
