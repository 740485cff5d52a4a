package webhook

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/sihai-network/sihai/engine"
)

// Catalog is what is read of campaigns and of imports.
type Catalog interface {
	Campaign(ctx context.Context, merchant, id string) (engine.Campaign, error)
	ListCampaigns(ctx context.Context, merchant string, p engine.Page) ([]engine.Campaign, string, error)
	Import(ctx context.Context, id engine.ImportID) (engine.Import, error)
	Merchant(ctx context.Context, id string) (engine.Merchant, error)
	engine.ChangeFeed
}

// Movements reads the accounts of campaigns; an engine.Accounts is one.
type Movements interface {
	// Movements returns up to limit movements after a number, ascending.
	Movements(ctx context.Context, c engine.CampaignRef, after uint64, limit int) ([]engine.Movement, error)
}

// Zones tells by which clocks the flight of a campaign goes; a catalog.States does.
type Zones interface {
	// Zones returns those of the venues at which a campaign holds, each once.
	Zones(ctx context.Context, c *engine.Campaign) ([]*time.Location, error)
}

// Options says what a Service works with. Parts are required where nothing else is said.
type Options struct {
	Outbox    engine.Outbox
	Catalog   Catalog
	Movements Movements
	Zones     Zones
	// Impressions tells how often a campaign was shown so far. nil: budgets of impressions are not told of.
	Impressions func(engine.CampaignRef) int64
	IDs         engine.IDs   // its reader makes secrets and jitter too
	Now         engine.Clock // nil: time.Now
	Logger      *slog.Logger // nil: slog.Default()

	// AllowHTTP lets URLs begin with http://.
	AllowHTTP bool
	// Allowed are networks that requests may go to although they are not public.
	Allowed []netip.Prefix
	Timeout time.Duration // of a whole request; 0: 15 s
	Backoff Backoff       // zero: see there
	// DisableAfter is how long a webhook may take nothing until it is disabled; 0: five days.
	DisableAfter time.Duration
	// Keep is how long events can be sent again; 0: 30 days.
	Keep time.Duration
	// Every is how often Start looks for what is new; 0: a second. Moved looks sooner.
	Every    time.Duration
	Resolver *net.Resolver // nil: net.DefaultResolver
}

// Service keeps webhooks and tells them. It is safe for concurrent use.
type Service struct {
	outbox       engine.Outbox
	catalog      Catalog
	movements    Movements
	zones        Zones
	impressions  func(engine.CampaignRef) int64
	ids          engine.IDs
	now          engine.Clock
	logger       *slog.Logger
	allowHTTP    bool
	guard        guard
	sender       *sender
	backoff      Backoff
	disableAfter time.Duration
	keep         time.Duration
	every        time.Duration

	ctx     context.Context // ends with Close
	stop    context.CancelFunc
	owned   sync.WaitGroup // the watcher and the lanes
	wake    chan struct{}  // of capacity 1: something moved
	watcher watcher
	lanes   lanes
}

var _ engine.Webhooks = (*Service)(nil)

// Open makes a service that keeps webhooks and sends nothing until Start. Close ends it. Cost: linear in the merchants that have webhooks.
func Open(ctx context.Context, o Options) (*Service, error) {
	if o.Outbox == nil || o.Catalog == nil || o.Movements == nil || o.Zones == nil || o.IDs.Random == nil {
		return nil, errors.New("open webhooks: a part is missing")
	}
	s := &Service{
		outbox: o.Outbox, catalog: o.Catalog, movements: o.Movements, zones: o.Zones, impressions: o.Impressions, ids: o.IDs, now: o.Now, logger: o.Logger,
		allowHTTP: o.AllowHTTP, guard: guard{o.Allowed}, backoff: o.Backoff.orDefault(),
		disableAfter: orDefault(o.DisableAfter, 5*24*time.Hour), keep: orDefault(o.Keep, 30*24*time.Hour), every: orDefault(o.Every, time.Second),
		wake: make(chan struct{}, 1),
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.logger == nil {
		s.logger = slog.Default()
	}
	s.sender = newSender(s.guard, o.Resolver, orDefault(o.Timeout, 15*time.Second), s.now)
	s.ctx, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	s.lanes.open()
	s.watcher.open()
	err := s.outbox.EachHookMerchant(ctx, func(merchant string) error {
		s.watcher.watch(merchant)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("open webhooks: %w", err)
	}
	return s, nil
}

func orDefault(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

// Start begins to look for what is to be told, and to tell it. It is called once.
func (s *Service) Start() {
	s.owned.Go(func() { s.run(s.ctx) })
}

// Close ends what is under way. A request that is cut off is made again after the next start.
func (s *Service) Close() error {
	s.stop()
	s.lanes.close()
	s.owned.Wait()
	s.sender.close()
	return nil
}

// Webhook implements engine.Webhooks.
func (s *Service) Webhook(ctx context.Context, merchant, id string) (w engine.Webhook, err error) {
	err = s.outbox.ViewHooks(ctx, merchant, func(r engine.HookReader) error {
		w, err = r.Webhook(id)
		return err
	})
	return w, err
}

// ListWebhooks implements engine.Webhooks. A page holds all of them, or what comes after p.After.
func (s *Service) ListWebhooks(ctx context.Context, merchant string, p engine.Page) (page []engine.Webhook, next string, err error) {
	err = s.outbox.ViewHooks(ctx, merchant, func(r engine.HookReader) error {
		all, err := r.Webhooks()
		page, next = nil, ""
		for _, w := range all {
			if w.ID <= p.After {
				continue
			}
			if len(page) == p.Limit {
				next = page[p.Limit-1].ID
				break
			}
			page = append(page, w)
		}
		return err
	})
	return page, next, err
}

// The kinds of receipts.
const (
	oncePut    = "webhook"
	onceRotate = "webhook secret"
	onceTest   = "webhook test"
	onceReplay = "webhook replay"
)

// PutWebhook implements engine.Webhooks.
func (s *Service) PutWebhook(ctx context.Context, w engine.Write, h engine.Webhook) (engine.Webhook, error) {
	if faults := s.check(&h); len(faults) > 0 {
		return engine.Webhook{}, faults
	}
	if _, err := s.catalog.Merchant(ctx, h.MerchantID); err != nil {
		return engine.Webhook{}, err
	}
	if h.ID == "" {
		return s.create(ctx, w, h)
	}
	out, err := s.change(ctx, w, h.MerchantID, h.ID, oncePut, func(was *engine.Webhook) error {
		if w.If.Version != 0 && w.If.Version != was.Meta.Version {
			return engine.ErrStale
		}
		was.URL, was.Types, was.Note = h.URL, h.Types, h.Note
		if was.Disabled != h.Disabled {
			was.Disabled, was.Reason, was.Failing = h.Disabled, "", time.Time{}
		}
		return nil
	})
	s.poke(h.MerchantID, h.ID)
	return out, err
}

func (s *Service) create(ctx context.Context, w engine.Write, h engine.Webhook) (engine.Webhook, error) {
	id, err := s.ids.New(w.At)
	if err != nil {
		return h, err
	}
	secret, err := newSecret(s.ids.Random)
	if err != nil {
		return h, err
	}
	var out engine.Webhook
	err = s.outbox.UpdateHooks(ctx, h.MerchantID, func(tx engine.HookTx) error {
		was, err := tx.Earlier(w.Once, oncePut)
		if err != nil {
			return err
		}
		if was != "" {
			out, err = tx.Webhook(was)
			out.Secrets = nil
			return err
		}
		all, err := tx.Webhooks()
		if err != nil {
			return err
		}
		if len(all) >= engine.MaxWebhooks {
			return engine.Faults{{Code: "too_many", Message: fmt.Sprintf("a merchant has at most %d webhooks", engine.MaxWebhooks)}}
		}
		out = h
		out.ID, out.Secrets = id, []engine.HookSecret{secret}
		out.Meta = engine.Meta{Version: 1, Created: w.At, Updated: w.At, By: w.By}
		return errors.Join(tx.PutWebhook(&out), tx.Remember(w.Once, oncePut, id))
	})
	if err != nil {
		return engine.Webhook{}, err
	}
	s.watcher.watch(h.MerchantID)
	return out, nil
}

// change does something to a webhook at most once by its idempotency key; done before, it returns the webhook without its secrets.
func (s *Service) change(ctx context.Context, w engine.Write, merchant, id, kind string, do func(*engine.Webhook) error) (out engine.Webhook, err error) {
	err = s.outbox.UpdateHooks(ctx, merchant, func(tx engine.HookTx) error {
		was, err := tx.Earlier(w.Once, kind)
		if err != nil {
			return err
		}
		if out, err = tx.Webhook(id); err != nil {
			return err
		}
		if was != "" {
			out.Secrets = nil
			return nil
		}
		if err := do(&out); err != nil {
			return err
		}
		out.Meta.Version++
		out.Meta.Updated, out.Meta.By = w.At, w.By
		return errors.Join(tx.PutWebhook(&out), tx.Remember(w.Once, kind, id))
	})
	return out, err
}

// DeleteWebhook implements engine.Webhooks. What it was sent is forgotten with the events.
func (s *Service) DeleteWebhook(ctx context.Context, w engine.Write, merchant, id string) error {
	return s.outbox.UpdateHooks(ctx, merchant, func(tx engine.HookTx) error {
		was, err := tx.Webhook(id)
		if err != nil {
			return err
		}
		if w.If.Version != 0 && w.If.Version != was.Meta.Version {
			return engine.ErrStale
		}
		return tx.DeleteWebhook(id)
	})
}

// RotateWebhook implements engine.Webhooks.
func (s *Service) RotateWebhook(ctx context.Context, w engine.Write, merchant, id string, both time.Duration) (engine.Webhook, error) {
	secret, err := newSecret(s.ids.Random)
	if err != nil {
		return engine.Webhook{}, err
	}
	return s.change(ctx, w, merchant, id, onceRotate, func(h *engine.Webhook) error {
		old := inForce(h.Secrets, w.At)
		if len(old) > 0 {
			old = old[:1] // two are in force at a time
			old[0].Until = w.At.Add(both)
		}
		h.Secrets = append([]engine.HookSecret{secret}, inForce(old, w.At)...)
		return nil
	})
}

// Delivery implements engine.Deliveries.
func (s *Service) Delivery(ctx context.Context, merchant, webhook string, number uint64) (d engine.Delivery, err error) {
	err = s.outbox.ViewHooks(ctx, merchant, func(r engine.HookReader) error {
		if _, err := r.Webhook(webhook); err != nil {
			return err
		}
		d, err = r.Delivery(webhook, number)
		return err
	})
	return d, err
}

// ListDeliveries implements engine.Deliveries.
func (s *Service) ListDeliveries(ctx context.Context, merchant, webhook string, p engine.Page) ([]engine.Delivery, string, error) {
	if _, err := s.Webhook(ctx, merchant, webhook); err != nil {
		return nil, "", err
	}
	return s.outbox.ListDeliveries(ctx, merchant, webhook, p)
}
