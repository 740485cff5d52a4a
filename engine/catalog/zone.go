package catalog

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/ringsaturn/tzf"

	"github.com/sihai-network/sihai/geo"
)

// ErrNoZone is returned for a place whose time zone is not known.
var ErrNoZone = errors.New("no time zone is known there")

// Zones knows the time zone of a place.
type Zones interface {
	// Zone returns the IANA name of the zone at a valid position, or an error that wraps ErrNoZone.
	Zone(p geo.LatLng) (string, error)
}

// NewZones returns the zones of the whole earth, oceans included. They are loaded when first asked for, once, which takes
// about two seconds and 75 MB; then a question costs microseconds. Within some hundred metres of a border between zones
// the answer may be the neighbour's. Safe for concurrent use.
func NewZones() Zones { return &earth{load: sync.OnceValues(tzf.NewDefaultFinder)} }

// earth answers from the shapes of timezone-boundary-builder that tzf carries.
type earth struct{ load func() (tzf.F, error) }

func (e *earth) Zone(p geo.LatLng) (string, error) {
	finder, err := e.load()
	if err != nil {
		return "", fmt.Errorf("load time zones: %w", err)
	}
	name := finder.GetTimezoneName(p.Lng, p.Lat)
	if name == "" {
		return "", fmt.Errorf("find time zone of %v, %v: %w", p.Lat, p.Lng, ErrNoZone)
	}
	return name, nil
}

// locations keeps the zones that were loaded, since time.LoadLocation reads a file each time. Safe for concurrent use.
type locations struct {
	mu    sync.RWMutex // guards known
	known map[string]*time.Location
}

func newLocations() *locations { return &locations{known: make(map[string]*time.Location)} }

// load returns the zone of an IANA name. Names that mean something else on another machine ("Local", "localtime",
// "posix/…") are refused.
func (l *locations) load(name string) (*time.Location, error) {
	l.mu.RLock()
	zone := l.known[name]
	l.mu.RUnlock()
	if zone != nil {
		return zone, nil
	}
	if name == "" || name[0] < 'A' || name[0] > 'Z' || name == "Local" || name == "Factory" {
		return nil, fmt.Errorf("load zone %q: not a name of the IANA database", name)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("load zone %q: %w", name, err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known[name] = zone
	return zone, nil
}
