package catalog

import (
	"fmt"

	"github.com/sihai-network/sihai/engine"
)

// Memory tells how full the memory of the process is.
type Memory interface {
	// Used returns the bytes that are in use and not garbage, and the bytes that may be; limit 0: there is no bound.
	Used() (used, limit uint64)
}

// room is what may still come into the catalog. Its zero value is boundless. Safe for concurrent use.
type room struct{ memory Memory }

// fullAt is the share of the limit that the catalog may fill: the rest is for requests, for the store's own buffers and for what is garbage until the next collection.
const fullAt = 0.85

// admit returns engine.ErrNoRoom where some bytes more would be too much. what says what was to come in.
func (r room) admit(bytes uint64, what string) error {
	if r.memory == nil || bytes == 0 {
		return nil
	}
	used, limit := r.memory.Used()
	if limit == 0 || float64(used+bytes) <= fullAt*float64(limit) {
		return nil
	}
	return fmt.Errorf("%w: %s would need about %d MiB beside the %d MiB in use, and %d MiB may be filled of a limit of %d MiB (GOMEMLIMIT)",
		engine.ErrNoRoom, what, mebibytes(bytes), mebibytes(used), mebibytes(uint64(fullAt*float64(limit))), mebibytes(limit))
}

// bounded reports whether there is a limit.
func (r room) bounded() bool {
	if r.memory == nil {
		return false
	}
	_, limit := r.memory.Used()
	return limit > 0
}

func mebibytes(n uint64) uint64 { return (n + 1<<20 - 1) >> 20 }

// The bytes that a campaign and a venue take in memory on average, with their place in the index, and beyond that for each byte of a geofence as GeoJSON and
// for each cell: rounded up from what `sihai bench` tells.
const (
	campaignBytes = 2_048
	venueBytes    = 768
	geoJSONFactor = 1
	cellBytes     = 32
)

// footprint is about what a row takes in memory once it is published.
func footprint(row *engine.ImportRow) (bytes uint64) {
	if row.Campaign == nil {
		return venueBytes
	}
	return campaignFootprint(row.Campaign)
}

func campaignFootprint(c *engine.Campaign) uint64 {
	bytes := uint64(campaignBytes)
	for i := range c.Geofences {
		bytes += geoJSONFactor*uint64(len(c.Geofences[i].GeoJSON)) + cellBytes*uint64(len(c.Geofences[i].Cells))
	}
	return bytes
}
