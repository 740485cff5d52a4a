package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// check returns a batch with what follows from its decisions filled in, or Faults with everything that is wrong with it.
func (t *Taker) check(ctx context.Context, events []engine.Event, now time.Time) ([]engine.Event, error) {
	var faults engine.Faults
	switch {
	case len(events) == 0:
		faults.Add("events", "required", "at least one event is needed")
	case len(events) > MaxBatch:
		faults.Add("events", "too_many", "%d events, at most %d are allowed", len(events), MaxBatch)
		return nil, faults
	}
	known := make(map[string]*engine.Decision)
	filled := make([]engine.Event, len(events))
	for i, e := range events {
		d, found := known[e.DecisionID]
		if !found && e.DecisionID != "" {
			var err error
			d, err = t.decisions.Decision(ctx, e.DecisionID)
			if err != nil && !errors.Is(err, engine.ErrNotFound) {
				return nil, fmt.Errorf("take events: %w", err)
			}
			if err != nil {
				d = nil
			}
			known[e.DecisionID] = d
		}
		f := checkEvent(&e, d, now)
		faults = append(faults, f.Under(fmt.Sprintf("events[%d]", i))...)
		filled[i] = e
	}
	return filled, faults.Err()
}

// checkEvent fills an event in from its decision, nil for one that is not known.
func checkEvent(e *engine.Event, d *engine.Decision, now time.Time) (faults engine.Faults) {
	switch e.Type {
	case engine.EventImpression, engine.EventClick, engine.EventSave, engine.EventDismiss:
	case "":
		faults.Add("type", "required", "one of impression, click, save, dismiss is needed")
	default:
		faults.Add("type", "invalid", "%.40q is none of impression, click, save, dismiss", string(e.Type))
	}
	if len(e.ID) > MaxEventID {
		faults.Add("id", "too_long", "%d bytes, at most %d are allowed", len(e.ID), MaxEventID)
	}
	if e.Time.IsZero() {
		e.Time = now
	}
	if e.Time.After(now.Add(maxLead)) {
		faults.Add("time", "out_of_range", "%s lies more than %s in the future", e.Time.Format(time.RFC3339), window(maxLead))
	}
	if e.Time.Before(now.Add(-maxAge)) {
		faults.Add("time", "out_of_range", "%s is more than %d days ago", e.Time.Format(time.RFC3339), int(maxAge/(24*time.Hour)))
	}
	e.Received = now
	switch {
	case e.DecisionID == "":
		faults.Add("decision_id", "required", "the decision that made the offer is needed")
	case d == nil:
		faults.Add("decision_id", "unknown_decision", "there is no decision %.64q", e.DecisionID)
	default:
		faults = append(faults, fillEvent(e, d)...)
		e.ID = eventID(e, e.ID)
	}
	return faults
}

// fillEvent finds the offer of an event in its decision.
func fillEvent(e *engine.Event, d *engine.Decision) (faults engine.Faults) {
	if d.Request != nil {
		switch own := d.Request.User.ID; {
		case e.UserID == "":
			e.UserID = own
		case own != "" && e.UserID != own:
			faults.Add("user_id", "invalid", "the decision was made for another user")
		}
	}
	p := placementOf(e, d, &faults)
	if p == nil {
		return faults
	}
	if e.CampaignID == "" || e.VenueID == "" {
		faults.Add("offer_id", "required", "the offer is needed")
		return faults
	}
	var offer *engine.Offer
	for i := range p.Offers {
		o := &p.Offers[i]
		if o.CampaignID != e.CampaignID || o.Venue.ID != e.VenueID || e.MerchantID != "" && o.MerchantID != e.MerchantID {
			continue
		}
		if offer != nil {
			faults.Add("offer_id", "ambiguous_offer", "two merchants have an offer %s; put the merchant's ID and / before it", engine.OfferID(e.CampaignID, e.VenueID))
			return faults
		}
		offer = o
	}
	if offer == nil {
		faults.Add("offer_id", "unknown_offer", "offer %s is not in placement %q of the decision", engine.OfferID(e.CampaignID, e.VenueID), p.ID)
		return faults
	}
	if e.Position == 0 {
		e.Position = offer.Position
	}
	if e.Position != offer.Position {
		faults.Add("position", "invalid", "the offer is at position %d, not %d", offer.Position, e.Position)
	}
	e.MerchantID = offer.MerchantID
	return faults
}

// placementOf returns the placement of an event and sets its name; nil when there is none, with a fault.
func placementOf(e *engine.Event, d *engine.Decision, faults *engine.Faults) *engine.Placement {
	if e.Placement == "" {
		if len(d.Placements) != 1 {
			faults.Add("placement", "required", "the decision has %d placements: which one is needed", len(d.Placements))
			return nil
		}
		e.Placement = d.Placements[0].ID
	}
	for i := range d.Placements {
		if d.Placements[i].ID == e.Placement {
			return &d.Placements[i]
		}
	}
	faults.Add("placement", "unknown_placement", "the decision has no placement %.64q", e.Placement)
	return nil
}
