package wire

import (
	"reflect"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// Events is a batch of what travellers did.
type Events struct {
	Events []Event `json:"events" minItems:"1" maxItems:"1000"`
}

// Event says what happened to one offer of one decision.
type Event struct {
	ID         string `json:"id,omitempty" maxLength:"64" doc:"the app's own: the same ID again counts once; made from the other members when left out"`
	Type       string `json:"type" enum:"impression,click,save,dismiss"`
	Time       string `json:"time,omitempty" format:"date-time" doc:"when it happened; when it arrives if left out"`
	DecisionID string `json:"decision_id" minLength:"1" maxLength:"64"`
	Placement  string `json:"placement,omitempty" maxLength:"64" doc:"ID of the placement; needed when the decision has several that hold the offer"`
	OfferID    string `json:"offer_id" minLength:"3" maxLength:"200"`
	Position   int    `json:"position,omitempty" minimum:"0" maximum:"100" doc:"at which it was shown, from 1; as decided when left out"`
	UserID     string `json:"user_id,omitempty" maxLength:"256" doc:"the decision's when left out"`
}

// Taken says how many events were taken.
type Taken struct {
	Accepted int `json:"accepted"`
}

var eventsPlan = planOf(reflect.TypeFor[Events]())

// DecodeEvents reads a batch received at a time. Its error is engine.Faults. MerchantID is empty where the offer's name has none.
func DecodeEvents(data []byte, received time.Time) ([]engine.Event, error) {
	var batch Events
	faults := bind(data, eventsPlan, &batch)
	events := make([]engine.Event, len(batch.Events))
	for i, e := range batch.Events {
		path := item("events", i)
		checkUserID(path+".user_id", e.UserID, &faults)
		out := engine.Event{
			ID: e.ID, Type: engine.EventType(e.Type), Time: received, Received: received,
			DecisionID: e.DecisionID, Placement: e.Placement, Position: e.Position, UserID: e.UserID,
		}
		if e.Time != "" {
			t, ok := parseTime(e.Time)
			if !ok {
				faults.Add(path+".time", "invalid", "%q is not a time such as 2026-11-24T09:00:00-05:00", clip(e.Time))
			}
			out.Time = t
		}
		var ok bool
		out.MerchantID, out.CampaignID, out.VenueID, ok = engine.ParseOfferID(e.OfferID)
		if !ok && len(e.OfferID) >= 3 {
			faults.Add(path+".offer_id", "invalid", "%q is not campaign@venue", clip(e.OfferID))
		}
		events[i] = out
	}
	if len(faults) > 0 {
		return nil, faults
	}
	return events, nil
}
