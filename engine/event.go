package engine

import "time"

// EventType is what a traveller did with an offer.
type EventType string

// The event types.
const (
	EventImpression EventType = "impression"
	EventClick      EventType = "click"
	EventSave       EventType = "save"
	EventDismiss    EventType = "dismiss"
)

// Event says what happened to one offer of one decision.
type Event struct {
	ID         string // the app's own, or one made from the rest; the same ID again counts once
	Type       EventType
	Time       time.Time // when it happened
	Received   time.Time // when the server took it
	DecisionID string
	Placement  string // ID of the placement; empty: the decision's only one
	Position   int    // from 1
	UserID     string // empty: taken from the decision
	MerchantID string
	CampaignID string
	VenueID    string
}
