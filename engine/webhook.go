package engine

import (
	"context"
	"slices"
	"time"
)

// HookType is what a webhook is told of.
type HookType string

// The types of what a webhook is told.
const (
	HookCampaignStarted   HookType = "campaign.started"   // its flight has begun at the first of its venues, or it was enabled within it
	HookCampaignExhausted HookType = "campaign.exhausted" // a budget for all time is used up
	HookCampaignExpired   HookType = "campaign.expired"   // its flight has ended at the last of its venues
	HookBudget80          HookType = "budget.80_percent"  // a budget of the campaign has reached four fifths of its limit in its period
	HookImportFinished    HookType = "import.finished"    // an upload has ended, well or not
	HookConfirmed         HookType = "redemption.confirmed"
	HookRolledBack        HookType = "redemption.rolled_back"
	HookTest              HookType = "test" // asked for, and sent to one webhook alone
)

// HookTypes lists the types that a webhook may ask for, ascending.
func HookTypes() []HookType {
	return []HookType{HookBudget80, HookCampaignExhausted, HookCampaignExpired, HookCampaignStarted, HookImportFinished, HookConfirmed, HookRolledBack}
}

// MaxWebhooks is how many webhooks a merchant may have.
const MaxWebhooks = 16

// Webhook is an endpoint of a merchant that is told what happened.
type Webhook struct {
	ID         string
	MerchantID string
	URL        string
	Types      []HookType // ascending; empty: all but the test, which needs no asking
	Note       string
	Secrets    []HookSecret // newest first; at least one
	Disabled   bool
	Reason     string    // why it is disabled, for people; empty when its merchant did it
	Failing    time.Time // since when no delivery succeeded; zero: the last one did, or there was none
	Replay     HookReplay
	Meta       Meta // its version grows with what its merchant changes
}

// Wants reports whether a webhook asks for a type.
func (w *Webhook) Wants(t HookType) bool { return len(w.Types) == 0 || slices.Contains(w.Types, t) }

// HookSecret is a key that deliveries are signed with.
type HookSecret struct {
	Secret string    // whsec_ and base64
	Until  time.Time // exclusive; zero: in force until another one is made
}

// HookReplay is a part of the merchant's events that is to be delivered to a webhook again: From to before Until, by number; none when they are equal.
type HookReplay struct{ From, Until uint64 }

// HookEvent is what happened, as it is sent: kept for as long as it may be asked for again.
type HookEvent struct {
	Number  uint64 // dense from 1 within the merchant
	ID      string // the same in every delivery, so that a receiver can tell a second one
	Type    HookType
	Subject string // ID of the campaign, the import or the redemption
	Time    time.Time
	Body    []byte // a CloudEvent in JSON
}

// DeliveryState is where a delivery is in its life.
type DeliveryState string

// The states of a delivery.
const (
	DeliveryPending   DeliveryState = "pending"
	DeliveryDelivered DeliveryState = "delivered"
	DeliveryFailed    DeliveryState = "failed" // given up
)

// Delivery is an event on its way to a webhook.
type Delivery struct {
	WebhookID string
	Number    uint64 // of the event
	EventID   string
	Type      HookType
	Time      time.Time // of the event
	State     DeliveryState
	Next      time.Time // of the next attempt, while it is pending
	Tries     int       // since it was asked for, or asked for again
	Attempts  []HookAttempt
}

// MaxHookAttempts is how many attempts a delivery remembers, the newest.
const MaxHookAttempts = 20

// HookAttempt is one try of a delivery.
type HookAttempt struct {
	Time   time.Time
	Took   time.Duration
	Status int    // of HTTP; 0: there was no answer
	Error  string // empty: it was taken
}

// HookWatch is what a merchant was told of a campaign, and how far its account was read for that.
type HookWatch struct {
	State     State   // when it was looked at last
	Balance   Balance // of the campaign, by the movements that were read; Entry is the number of the last one
	Exhausted bool
	Near      []HookMark // budgets that have reached four fifths, as they were told, ascending
}

// HookMark names a budget in one of its periods.
type HookMark struct {
	Metric   Metric
	Currency string
	Period   Period
	First    Date // day of the period; zero of all time
}

// HookReader reads the webhooks of a merchant at one moment. What it returns belongs to the caller; ErrNotFound for what is not there.
type HookReader interface {
	Webhook(id string) (Webhook, error)
	// Webhooks lists all of them by ID: there are at most MaxWebhooks.
	Webhooks() ([]Webhook, error)
	// Newest returns the number of the newest event, 0 for none.
	Newest() (uint64, error)
	Event(number uint64) (HookEvent, error)
	Delivery(webhook string, number uint64) (Delivery, error)
	// Due lists up to limit pending deliveries of a webhook by the time of their next attempt.
	Due(webhook string, limit int) ([]DueDelivery, error)
	// Watch returns a zero one for a campaign that was never looked at.
	Watch(campaign string) (HookWatch, error)
	// EndsTold returns the position of the last ImportEnd that was taken in.
	EndsTold() (uint64, error)
}

// DueDelivery is when a delivery is to be tried next.
type DueDelivery struct {
	Next   time.Time
	Number uint64
}

// HookTx writes the webhooks of a merchant in one transaction. It reads what it has written.
type HookTx interface {
	HookReader
	PutWebhook(w *Webhook) error
	// DeleteWebhook forgets it; its deliveries go with their events.
	DeleteWebhook(id string) error
	// AddEvent keeps e as the newest event and sets its number.
	AddEvent(e *HookEvent) error
	PutDelivery(d *Delivery) error
	PutWatch(campaign string, w *HookWatch) error
	PutEndsTold(seq uint64) error
	// Earlier returns the ID that an idempotency key made: empty for none, ErrOnceConflict when it was used for something else.
	Earlier(once *Once, kind string) (string, error)
	Remember(once *Once, kind, id string) error
}

// ImportEnd says that an import has ended.
type ImportEnd struct {
	Seq uint64 // position in the log of ends, dense from 1
	ImportID
}

// Outbox keeps webhooks and what they are to be told: a partition a merchant.
type Outbox interface {
	UpdateHooks(ctx context.Context, merchant string, fn func(HookTx) error) error
	ViewHooks(ctx context.Context, merchant string, fn func(HookReader) error) error
	// EachHookMerchant calls fn for each merchant that may have webhooks, in order.
	EachHookMerchant(ctx context.Context, fn func(merchant string) error) error
	// ListDeliveries lists those of a webhook, newest event first. Page.After is the number of an event, in decimal.
	ListDeliveries(ctx context.Context, merchant, webhook string, p Page) ([]Delivery, string, error)
	// FirstHookEvent returns the number of the first event at or after a time, and one past the newest where there is none.
	FirstHookEvent(ctx context.Context, merchant string, since time.Time) (uint64, error)
	// TrimHooks forgets up to limit events that are older than a time with their deliveries, and returns how many.
	TrimHooks(ctx context.Context, merchant string, before time.Time, limit int) (int, error)
	// ImportEnds lists up to limit ends of imports after a position of their log, and ImportEndsRead how far they were taken in.
	ImportEnds(ctx context.Context, after uint64, limit int) ([]ImportEnd, error)
	ImportEndsRead(ctx context.Context) (uint64, error)
	SetImportEndsRead(ctx context.Context, seq uint64) error
}

// Webhooks is what an API asks of webhooks. Anything of another merchant is ErrNotFound.
type Webhooks interface {
	Webhook(ctx context.Context, merchant, id string) (Webhook, error)
	ListWebhooks(ctx context.Context, merchant string, p Page) ([]Webhook, string, error)
	// PutWebhook makes a webhook where ID is empty, with a secret that its answer alone tells, and replaces URL, types, note and whether it is disabled
	// otherwise. Faults with everything that is wrong.
	PutWebhook(ctx context.Context, w Write, h Webhook) (Webhook, error)
	DeleteWebhook(ctx context.Context, w Write, merchant, id string) error
	// RotateWebhook makes another secret; that of before is in force for a while besides.
	RotateWebhook(ctx context.Context, w Write, merchant, id string, both time.Duration) (Webhook, error)
	// TestWebhook sends an event of type test.
	TestWebhook(ctx context.Context, w Write, merchant, id string) (Delivery, error)
	Deliveries
}

// Deliveries shows and repeats what webhooks were told.
type Deliveries interface {
	Delivery(ctx context.Context, merchant, webhook string, number uint64) (Delivery, error)
	ListDeliveries(ctx context.Context, merchant, webhook string, p Page) ([]Delivery, string, error)
	// ReplayDelivery sends one event again.
	ReplayDelivery(ctx context.Context, w Write, merchant, webhook string, number uint64) (Delivery, error)
	// ReplaySince sends every event since a time again, and returns how many numbers that are, at most.
	ReplaySince(ctx context.Context, w Write, merchant, webhook string, since time.Time) (uint64, error)
}
