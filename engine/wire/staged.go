package wire

import (
	"reflect"

	"github.com/sihai-network/sihai/engine"
)

// Change is a change of a campaign that waits for its moment or for an approval, or that did. A request holds live_at, and campaign or status.
type Change struct {
	ID          string        `json:"id,omitempty" readOnly:"true"`
	MerchantID  string        `json:"merchant_id,omitempty" readOnly:"true"`
	CampaignID  string        `json:"campaign_id,omitempty" readOnly:"true"`
	LiveAt      string        `json:"live_at,omitempty" format:"date-time" doc:"when it is made, to the millisecond; left out in an answer: as soon as it is approved" example:"2026-12-01T00:00:00-05:00"`
	Campaign    *Campaign     `json:"campaign,omitempty" doc:"the campaign as it is to be"`
	Status      string        `json:"status,omitempty" enum:"enabled,disabled,archived" doc:"the status as it is to be, and nothing else"`
	State       string        `json:"state,omitempty" readOnly:"true" enum:"pending,scheduled,made,failed,rejected,cancelled" doc:"pending waits for an approval, scheduled for live_at; the others are for good"`
	BaseVersion uint64        `json:"base_version,omitempty" readOnly:"true" doc:"version that the campaign must have when it is made; any when left out"`
	CreatedAt   string        `json:"created_at,omitempty" readOnly:"true" format:"date-time"`
	CreatedBy   string        `json:"created_by,omitempty" readOnly:"true" doc:"ID of the API key that asked for it"`
	DecidedAt   string        `json:"decided_at,omitempty" readOnly:"true" format:"date-time"`
	DecidedBy   string        `json:"decided_by,omitempty" readOnly:"true" doc:"ID of the API key that approved, rejected or cancelled it"`
	Note        string        `json:"note,omitempty" readOnly:"true" doc:"of whoever decided"`
	MadeAt      string        `json:"made_at,omitempty" readOnly:"true" format:"date-time" doc:"when it was made, or could not be"`
	Version     uint64        `json:"version,omitempty" readOnly:"true" doc:"of the campaign that it made"`
	Errors      []Fault       `json:"errors,omitempty" readOnly:"true" doc:"why it could not be made"`
	Difference  []FieldChange `json:"difference,omitempty" readOnly:"true" doc:"of a change that waits: what it would change now, by path"`
}

var changePlan = planOf(reflect.TypeFor[Change]())

// DecodeChange reads what is asked for. The faults are all there are, those of a campaign under campaign.
func DecodeChange(data []byte) (engine.StagedChange, engine.Faults) {
	var c Change
	faults := bind(data, changePlan, &c)
	out := engine.StagedChange{Status: engine.Status(c.Status)}
	if c.LiveAt != "" {
		at, ok := parseTime(c.LiveAt)
		if !ok {
			faults.Add("live_at", "invalid", "%q is not a time such as 2026-12-01T00:00:00-05:00", clip(c.LiveAt))
		}
		out.LiveAt = at
	}
	if c.Campaign != nil {
		var own engine.Faults
		campaign := c.Campaign.engine(&own)
		out.Campaign = &campaign
		faults = append(faults, own.Under("campaign")...)
	}
	return out, faults
}

// ChangeOf returns c as it is sent; now is its campaign as it is, nil for none.
func ChangeOf(c *engine.StagedChange, now *engine.Campaign) Change {
	out := Change{
		ID: c.ID, MerchantID: c.MerchantID, CampaignID: c.CampaignID, LiveAt: timeText(c.LiveAt), Status: string(c.Status), State: string(c.State),
		BaseVersion: c.Base, CreatedAt: timeText(c.Created), CreatedBy: c.By, DecidedAt: timeText(c.Decided), DecidedBy: c.DecidedBy, Note: c.Note,
		MadeAt: timeText(c.Made), Version: c.Version,
	}
	if len(c.Faults) > 0 {
		out.Errors = FaultsOf(c.Faults)
	}
	waits := c.State == engine.StagedPending || c.State == engine.StagedScheduled
	next := c.Campaign
	if next != nil {
		sent := CampaignOf(next, c.Created)
		sent.State = ""
		out.Campaign = &sent
	} else if now != nil {
		own := *now
		own.Status = c.Status
		next = &own
	}
	if waits && next != nil {
		out.Difference = CampaignDifference(now, next)
	}
	return out
}

// Word is what somebody says who decides on a change.
type Word struct {
	Note string `json:"note,omitempty" maxLength:"200"`
}

var wordPlan = planOf(reflect.TypeFor[Word]())

// DecodeWord reads the note of a decision.
func DecodeWord(data []byte) (note string, faults engine.Faults) {
	var w Word
	faults = bind(data, wordPlan, &w)
	return w.Note, faults
}

// AuditEntry says who changed what, when and how.
type AuditEntry struct {
	Number      uint64 `json:"number" doc:"dense from 1 within the merchant's log; of the platform's own for an operator who names no merchant"`
	Time        string `json:"time" format:"date-time"`
	By          string `json:"by" doc:"ID of the API key; cli for a command on a data folder, schedule for a staged change, watch for an experiment that ended by itself"`
	Action      string `json:"action" doc:"created, changed, deleted, enabled, disabled, archived, restored, codes_added, activated, revoked, of an experiment started, stopped and finished; of a change that waits staged, approved, rejected, cancelled or failed"`
	Kind        string `json:"kind" doc:"of what was changed: merchant, venue, campaign, change, key, profile, experiment, rates …"`
	MerchantID  string `json:"merchant_id,omitempty"`
	ID          string `json:"id,omitempty" doc:"of what was changed"`
	VersionFrom uint64 `json:"version_from,omitempty" doc:"left out: there was none"`
	VersionTo   uint64 `json:"version_to,omitempty" doc:"left out: there is none"`
	ImportID    string `json:"import_id,omitempty" doc:"upload that it is part of"`
	Detail      string `json:"detail,omitempty"`
}

// AuditEntryOf returns e as it is sent.
func AuditEntryOf(e *engine.AuditEntry) AuditEntry {
	return AuditEntry{
		Number: e.Seq, Time: timeText(e.Time), By: e.By, Action: string(e.Action), Kind: string(e.Kind), MerchantID: e.MerchantID, ID: e.ID,
		VersionFrom: e.From, VersionTo: e.To, ImportID: e.ImportID, Detail: e.Detail,
	}
}
