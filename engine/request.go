package engine

import (
	"time"

	"github.com/sihai-network/sihai/geo"
)

// Request asks for ranked offers for a traveller. It has been validated: see catalog-independent rules in wire.
type Request struct {
	Time       time.Time // the moment decided for; the server's own unless an analyst or an operator asks otherwise
	User       User
	Location   *Location  // nil: unknown, so no fence can hold it
	Currency   string     // ISO 4217, of estimated savings; empty: each offer's own
	Radius     geo.Meters // asks besides for offers whose venue is that near; 0: only fences count
	Purchase   Money      // what the traveller is about to pay, for estimates; zero: unknown
	Explain    Explain
	Partners   []string           // acquirers that the wallet works with; empty: every venue is taken to accept it
	Placements []PlacementRequest // at least one
}

// Explain says how much of its reasons a decision tells.
type Explain string

// The levels of Explain; the empty one is ExplainNone.
const (
	ExplainNone Explain = "none" // offers only
	ExplainFull Explain = "full" // rejections and explanations besides
)

// User is what the wallet knows of a traveller. Every field may be empty.
type User struct {
	ID                 string
	HomeCountry        string   // ISO 3166-1 alpha-2
	Languages          []string // BCP 47, most preferred first
	Segments           []string
	SpendTier          string
	Attributes         map[string]any     // for audience expressions: string, float64, bool
	CategoryAffinities map[string]float64 // merchant category code → [0, 1]
}

// Location is where a phone says it is.
type Location struct {
	Position geo.LatLng
	Accuracy geo.Meters // radius of 68 % confidence; 0: not given, see decision.Options for what is then taken
	Type     LocationType
	LastFix  time.Duration // age of the fix
}

// LocationType is the source of a position.
type LocationType string

// The sources of a position; the empty one is LocationGPS.
const (
	LocationGPS  LocationType = "gps"
	LocationIP   LocationType = "ip"
	LocationUser LocationType = "user"
)

// PlacementRequest is a slot on the app's screen that asks for offers.
type PlacementRequest struct {
	ID               string
	Count            int      // 1 to 100
	Categories       []string // only offers of these merchant category codes; empty: any
	ExcludeMerchants []string
}
