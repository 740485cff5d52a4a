package wire

import (
	"encoding/json"
	"reflect"
	"strconv"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// Webhook is an endpoint that is told what happened.
type Webhook struct {
	ID             string          `json:"id,omitempty" readOnly:"true"`
	MerchantID     string          `json:"merchant_id,omitempty" maxLength:"64"`
	URL            string          `json:"url" minLength:"1" maxLength:"2048" doc:"https, of a public address" example:"https://shop.example/hooks"`
	Types          []string        `json:"types,omitempty" maxItems:"20" doc:"what it is told; everything when left out: budget.80_percent, campaign.exhausted, campaign.expired, campaign.started, import.finished, redemption.confirmed, redemption.rolled_back"`
	Note           string          `json:"note,omitempty" maxLength:"200"`
	Disabled       bool            `json:"disabled,omitempty" doc:"nothing is sent; true also where its deliveries failed for too long"`
	DisabledReason string          `json:"disabled_reason,omitempty" readOnly:"true" doc:"why the server disabled it"`
	FailingSince   string          `json:"failing_since,omitempty" readOnly:"true" format:"date-time" doc:"since when no delivery succeeded"`
	Secret         string          `json:"secret,omitempty" readOnly:"true" doc:"told once, by the answer that made it"`
	Secrets        []WebhookSecret `json:"secrets,omitempty" readOnly:"true" doc:"those in force, newest first, without themselves"`
	Meta
}

// WebhookSecret says how long a secret is in force.
type WebhookSecret struct {
	Until string `json:"until,omitempty" format:"date-time" doc:"exclusive; until another one is made when left out"`
}

var webhookPlan = planOf(reflect.TypeFor[Webhook]())

// DecodeWebhook reads what a merchant says of a webhook: URL, types, note and whether it is disabled.
func DecodeWebhook(data []byte) (engine.Webhook, engine.Faults) {
	var w Webhook
	faults := bind(data, webhookPlan, &w)
	out := engine.Webhook{ID: w.ID, MerchantID: w.MerchantID, URL: w.URL, Note: w.Note, Disabled: w.Disabled}
	for _, t := range w.Types {
		out.Types = append(out.Types, engine.HookType(t))
	}
	return out, faults
}

// WebhookOf returns w as it is sent at a time, with its newest secret where that is to be told.
func WebhookOf(w *engine.Webhook, secret bool, now time.Time) Webhook {
	out := Webhook{
		ID: w.ID, MerchantID: w.MerchantID, URL: w.URL, Note: w.Note, Disabled: w.Disabled, DisabledReason: w.Reason,
		FailingSince: timeText(w.Failing), Meta: metaOf(w.Meta),
	}
	for _, t := range w.Types {
		out.Types = append(out.Types, string(t))
	}
	for _, s := range w.Secrets {
		if s.Until.IsZero() || now.Before(s.Until) {
			out.Secrets = append(out.Secrets, WebhookSecret{timeText(s.Until)})
		}
	}
	if secret && len(w.Secrets) > 0 {
		out.Secret = w.Secrets[0].Secret
	}
	return out
}

// Rotation asks for another secret.
type Rotation struct {
	OverlapSeconds *int `json:"overlap_seconds,omitempty" minimum:"0" maximum:"604800" doc:"how long the secret of before is in force besides; a day when left out"`
}

var rotationPlan = planOf(reflect.TypeFor[Rotation]())

// DecodeRotation reads how long both secrets are in force. Its error is engine.Faults.
func DecodeRotation(data []byte) (time.Duration, error) {
	var r Rotation
	if faults := bind(data, rotationPlan, &r); len(faults) > 0 {
		return 0, faults
	}
	if r.OverlapSeconds == nil {
		return 24 * time.Hour, nil
	}
	return time.Duration(*r.OverlapSeconds) * time.Second, nil
}

// WebhookReplay asks for events again.
type WebhookReplay struct {
	Since string `json:"since" format:"date-time" doc:"from the first event on that is not older"`
}

var webhookReplayPlan = planOf(reflect.TypeFor[WebhookReplay]())

// DecodeWebhookReplay reads since when. Its error is engine.Faults.
func DecodeWebhookReplay(data []byte) (time.Time, error) {
	var r WebhookReplay
	faults := bind(data, webhookReplayPlan, &r)
	since, ok := parseTime(r.Since)
	if !ok && len(faults) == 0 {
		faults.Add("since", "invalid", "%q is not a time such as 2026-11-24T09:00:00-05:00", clip(r.Since))
	}
	return since, faults.Err()
}

// WebhookReplayed says how many events are sent again at most: of those the webhook gets what it asks for.
type WebhookReplayed struct {
	Events uint64 `json:"events"`
}

// Delivery is an event on its way to a webhook.
type Delivery struct {
	ID        string            `json:"id" doc:"of the delivery: ascending within the merchant"`
	WebhookID string            `json:"webhook_id"`
	EventID   string            `json:"event_id" doc:"webhook-id of each attempt: the same event is told apart by it"`
	Type      string            `json:"type"`
	Time      string            `json:"time" format:"date-time" doc:"of the event"`
	State     string            `json:"state" enum:"pending,delivered,failed" doc:"failed: given up"`
	NextAt    string            `json:"next_at,omitempty" format:"date-time" doc:"when it is tried next"`
	Attempts  []DeliveryAttempt `json:"attempts" doc:"the newest 20, oldest first"`
}

// DeliveryAttempt is one try.
type DeliveryAttempt struct {
	Time   string `json:"time" format:"date-time"`
	Millis int64  `json:"milliseconds" doc:"it took"`
	Status int    `json:"status,omitempty" doc:"of HTTP; left out when there was no answer"`
	Error  string `json:"error,omitempty" doc:"left out when it was taken"`
}

// DeliveryOf returns d as it is sent.
func DeliveryOf(d *engine.Delivery) Delivery {
	out := Delivery{
		ID: strconv.FormatUint(d.Number, 10), WebhookID: d.WebhookID, EventID: d.EventID, Type: string(d.Type), Time: timeText(d.Time), State: string(d.State),
		Attempts: make([]DeliveryAttempt, len(d.Attempts)),
	}
	if d.State == engine.DeliveryPending {
		out.NextAt = timeText(d.Next)
	}
	for i, a := range d.Attempts {
		out.Attempts[i] = DeliveryAttempt{Time: timeText(a.Time), Millis: a.Took.Milliseconds(), Status: a.Status, Error: a.Error}
	}
	return out
}

// CloudEvent is what a webhook is sent: CloudEvents 1.0 in its structured JSON form.
type CloudEvent struct {
	SpecVersion     string          `json:"specversion" enum:"1.0"`
	ID              string          `json:"id"`
	Source          string          `json:"source" doc:"/v1/merchants/ID"`
	Type            string          `json:"type"`
	Subject         string          `json:"subject,omitempty" doc:"ID of the campaign, the import or the redemption"`
	Time            string          `json:"time" format:"date-time"`
	DataContentType string          `json:"datacontenttype"`
	Data            json.RawMessage `json:"data"`
}

// HookCampaign is the data of campaign.started, campaign.expired and campaign.exhausted.
type HookCampaign struct {
	MerchantID string  `json:"merchant_id"`
	CampaignID string  `json:"campaign_id"`
	State      string  `json:"state"`
	Budget     *Budget `json:"budget,omitempty" doc:"of campaign.exhausted and budget.80_percent: which one"`
	Taken      int64   `json:"taken,omitempty" doc:"of the budget"`
	PeriodFrom string  `json:"period_from,omitempty" format:"date" doc:"of a budget that begins anew each day, week or month: the first day of the period"`
}

// HookRedemption is the data of redemption.confirmed and redemption.rolled_back. It names no traveller.
type HookRedemption struct {
	MerchantID   string `json:"merchant_id"`
	CampaignID   string `json:"campaign_id"`
	RedemptionID string `json:"redemption_id"`
	Status       string `json:"status"`
	Amount       Money  `json:"amount" doc:"of the discount that was taken, or given back"`
}

// HookImport is the data of import.finished.
type HookImport struct {
	MerchantID string     `json:"merchant_id"`
	ImportID   string     `json:"import_id"`
	Kind       string     `json:"kind"`
	State      string     `json:"state" enum:"done,failed,cancelled"`
	Rows       int        `json:"rows"`
	Accepted   int        `json:"accepted"`
	Rejected   int        `json:"rejected"`
	Difference Difference `json:"difference"`
}

// HookTest is the data of test.
type HookTest struct {
	MerchantID string `json:"merchant_id"`
	WebhookID  string `json:"webhook_id"`
}

// CloudEventOf writes an event of a merchant as it is sent.
func CloudEventOf(e *engine.HookEvent, merchant string, data any) ([]byte, error) {
	content, err := json.Marshal(data)
	if err != nil {
		return nil, err
	}
	return json.Marshal(CloudEvent{
		SpecVersion: "1.0", ID: e.ID, Source: "/v1/merchants/" + merchant, Type: string(e.Type), Subject: e.Subject, Time: timeText(e.Time.UTC()),
		DataContentType: "application/json", Data: content,
	})
}

// HookCampaignOf returns the data of an event of a campaign; a nil budget: it is not about one.
func HookCampaignOf(c *engine.Campaign, s engine.State, b *engine.Budget, taken int64, from engine.Date) HookCampaign {
	out := HookCampaign{MerchantID: c.MerchantID, CampaignID: c.ID, State: string(s), Taken: taken}
	if b != nil {
		out.Budget = &Budget{Metric: string(b.Metric), Limit: b.Limit, Currency: b.Currency, Period: string(b.Period), Per: string(b.Per)}
	}
	if !from.IsZero() {
		out.PeriodFrom = from.String()
	}
	return out
}

// HookRedemptionOf returns the data of an event of a redemption.
func HookRedemptionOf(c engine.CampaignRef, m *engine.Movement) HookRedemption {
	return HookRedemption{MerchantID: c.MerchantID, CampaignID: c.CampaignID, RedemptionID: m.RedemptionID, Status: string(m.Status), Amount: Money(m.Amount)}
}

// HookImportOf returns the data of the end of an import.
func HookImportOf(i *engine.Import) HookImport {
	return HookImport{
		MerchantID: i.MerchantID, ImportID: i.ID, Kind: string(i.Kind), State: string(i.State), Rows: i.Rows, Accepted: i.Accepted, Rejected: i.Rejected,
		Difference: Difference{i.Added, i.Changed, i.Same, i.Ended},
	}
}
