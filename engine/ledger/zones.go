package ledger

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// VenueReader reads venues; an engine.Store is one.
type VenueReader interface {
	Venue(ctx context.Context, merchant, id string) (engine.Venue, error)
}

// VenueZones tells the zones of stored venues. It remembers what it read for some minutes, so a venue that is given another
// zone counts by it from then on. It is safe for concurrent use.
type VenueZones struct {
	venues VenueReader
	now    engine.Clock

	mu    sync.Mutex // guards the rest
	known map[venueKey]*time.Location
	until time.Time // when known is thrown away
}

var _ Zones = (*VenueZones)(nil)

type venueKey struct{ merchant, venue string }

// The bounds of what a VenueZones remembers.
const (
	zoneMemory = 10 * time.Minute
	maxZones   = 1 << 20
)

// NewVenueZones returns zones as the venues have them. now is time.Now in production.
func NewVenueZones(venues VenueReader, now engine.Clock) *VenueZones {
	return &VenueZones{venues: venues, now: now, known: make(map[venueKey]*time.Location)}
}

// Zone returns nil for a venue that is not there, cannot be read or has a zone that this machine does not know.
func (z *VenueZones) Zone(merchant, venue string) *time.Location {
	k := venueKey{merchant, venue}
	now := z.now()
	z.mu.Lock()
	if now.After(z.until) || len(z.known) >= maxZones {
		clear(z.known)
		z.until = now.Add(zoneMemory)
	}
	zone, found := z.known[k]
	z.mu.Unlock()
	if found {
		return zone
	}

	v, err := z.venues.Venue(context.Background(), merchant, venue)
	if err != nil && !errors.Is(err, engine.ErrNotFound) {
		return nil // not remembered: the next event asks again
	}
	if err == nil {
		if zone, err = time.LoadLocation(v.TimeZone); err != nil {
			zone = nil
		}
	}
	z.mu.Lock()
	z.known[k] = zone
	z.mu.Unlock()
	return zone
}
