package engine

import (
	"time"

	"github.com/sihai-network/sihai/geo"
)

// Status is what a merchant last asked of a campaign. What becomes of it (scheduled, running, exhausted, expired) follows from it, the clock and the
// ledger: see State.
type Status string

// The stored statuses.
const (
	StatusDraft    Status = "draft"
	StatusEnabled  Status = "enabled"
	StatusDisabled Status = "disabled"
	StatusArchived Status = "archived"
)

// Campaign is the unit that a merchant uploads. Its ID is unique within its merchant.
type Campaign struct {
	ID          string
	MerchantID  string
	Title       Text
	Description Text
	Terms       Text
	ImageURL    string
	Discount    Discount
	Venues      VenueSet
	Categories  []string // merchant category codes; empty: those of its venues
	Geofences   []Geofence
	Flight      Flight
	Display     Display
	Audience    Audience
	Budgets     []Budget
	Caps        []FrequencyCap
	Pacing      Pacing
	Stacking    Stacking
	// CodeRequired says that it is used with one of its voucher codes only, also while it has none.
	CodeRequired bool
	Status       Status
	Meta         Meta
}

// Display says when a campaign is shown, where that is not while its flight lasts. Before the flight has started windows, blackouts and opening hours do not
// keep an offer from being shown: it is told ahead, and cannot be used yet.
type Display struct {
	Start Moment // inclusive; none: the start of the flight
	End   Moment // exclusive; none: the end of the flight, which it is never after
}

// IsZero reports whether d says nothing.
func (d Display) IsZero() bool { return d.Start.IsZero() && d.End.IsZero() }

// Shown returns when a campaign is shown at a venue of a zone: from inclusive, to exclusive; zero: no bound.
func (c *Campaign) Shown(zone *time.Location) (from, to time.Time) {
	return c.ShownFrom().In(zone), c.ShownUntil(zone).In(zone)
}

// ShownFrom returns the bound from which on a campaign is shown.
func (c *Campaign) ShownFrom() Moment {
	if c.Display.Start.IsZero() {
		return c.Flight.Start
	}
	return c.Display.Start
}

// ShownUntil returns the bound, exclusive, until which a campaign is shown at a venue of a zone: the earlier end of display and flight.
func (c *Campaign) ShownUntil(zone *time.Location) Moment {
	if c.Display.End.IsZero() {
		return c.Flight.End
	}
	if end := c.Flight.End.In(zone); !end.IsZero() && end.Before(c.Display.End.In(zone)) {
		return c.Flight.End
	}
	return c.Display.End
}

// Geofence is a fence as it was uploaded, with the shape to give back and the one to match. Exactly one of Circle,
// GeoJSON and Cells is set.
type Geofence struct {
	Circle  *Circle
	GeoJSON []byte   // the geometry as compact JSON: Polygon or MultiPolygon
	Cells   []string // H3 indexes in hexadecimal
	Fence   *geo.Fence
	// Covering is that of the fence, as geo.Covering writes it, made once when the geofence was taken in. nil: it is covered where it is needed. It follows from the
	// rest, and is ignored where it comes from outside.
	Covering []byte
}

// Circle is a disc on the ground.
type Circle struct {
	Center geo.LatLng
	Radius geo.Meters
}

// VenueSet says at which venues of its merchant a campaign holds: the union of what is set.
type VenueSet struct {
	IDs    []string
	Chain  string
	All    bool
	Radius geo.Meters // of the circle round each venue when the campaign has no geofence; 0: DefaultVenueRadius
}

// DefaultVenueRadius is the radius of the circle round each venue of a campaign that has neither a geofence nor a radius of its own.
const DefaultVenueRadius geo.Meters = 500

// Includes reports whether v, a venue of the campaign's merchant, is in the set.
func (s VenueSet) Includes(v *Venue) bool {
	if s.All || (s.Chain != "" && s.Chain == v.Chain) {
		return true
	}
	for _, id := range s.IDs {
		if id == v.ID {
			return true
		}
	}
	return false
}

// Audience says who may see a campaign: each part that is set must hold.
type Audience struct {
	HomeCountries []string // ISO 3166-1 alpha-2
	Languages     []string // BCP 47; matches when one of the user's languages has the same base language (and script, where given)
	Segments      []string // one of them
	SpendTiers    []string // one of them
	Expression    string   // CEL over user, venue, request and now; empty: always true
}

// Metric is what a budget counts.
type Metric string

// The metrics of a budget.
const (
	MetricSpend       Metric = "spend"
	MetricRedemptions Metric = "redemptions"
	MetricImpressions Metric = "impressions"
)

// Period is the span after which a budget starts afresh, by the venue's own calendar.
type Period string

// The periods of a budget.
const (
	PeriodTotal Period = "total"
	PeriodDay   Period = "day"
	PeriodWeek  Period = "week" // from Monday, ISO 8601
	PeriodMonth Period = "month"
)

// Scope is what has a budget of its own.
type Scope string

// The scopes of a budget.
const (
	PerCampaign Scope = "campaign"
	PerVenue    Scope = "venue"
	PerUser     Scope = "user"
)

// Budget is an amount or a count that a campaign may not pass in a period.
type Budget struct {
	Metric   Metric
	Limit    int64  // minor units of Currency for spend, a count otherwise; at least 1
	Currency string // for spend only
	Period   Period
	Per      Scope
}

// FrequencyCap allows at most Count showings to one user in any Window.
type FrequencyCap struct {
	Count  int
	Window time.Duration
}

// The bounds of a frequency cap: what has to be remembered of each user's showings.
const (
	MaxCapCount  = 1000
	MaxCapWindow = 90 * 24 * time.Hour
)

// Pacing says how a budget is spread over its period.
type Pacing string

// The pacings. The empty one is PacingASAP.
const (
	PacingASAP        Pacing = "asap"
	PacingEvenly      Pacing = "evenly"
	PacingFrontloaded Pacing = "frontloaded"
)

// Stacking says which offers may meet in one purchase.
type Stacking struct {
	Group    string
	Mode     StackingMode
	Priority int
}

// StackingMode is exclusive (alone in its group) or stackable.
type StackingMode string

// The stacking modes. The empty one is StackExclusive.
const (
	StackExclusive StackingMode = "exclusive"
	StackStackable StackingMode = "stackable"
)
