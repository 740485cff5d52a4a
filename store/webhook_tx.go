package store

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/store/kv"
)

// The first letters of the keys of a merchant's webhooks, and of the list of merchants.
const (
	hookMerchant  = 'm'
	hookKind      = 'h'
	hookEventKind = 'e'
	deliveryKind  = 'd'
	dueKind       = 'q'
	watchKind     = 's'
	newestKind    = 'n'
	endsToldKind  = 'j'
)

// hookReader reads the webhooks of a merchant.
type hookReader struct {
	kv.Reader
	merchant string
}

// hookTx writes them.
type hookTx struct {
	hookReader
	tx kv.Tx
}

var _ engine.HookTx = (*hookTx)(nil)

// there is value with engine.ErrNotFound for what is not there.
func there[T any](from kv.Reader, key []byte, read func(*T, *field)) (T, error) {
	v, found, err := value(from, key, read)
	if err == nil && !found {
		err = engine.ErrNotFound
	}
	return v, err
}

// Webhook implements engine.HookReader.
func (h *hookReader) Webhook(id string) (engine.Webhook, error) {
	if !validID(id) {
		return engine.Webhook{}, engine.ErrNotFound
	}
	w, err := there(h.Reader, key(hookKind, id), readWebhook)
	w.ID, w.MerchantID = id, h.merchant
	return w, err
}

// Webhooks implements engine.HookReader.
func (h *hookReader) Webhooks() ([]engine.Webhook, error) {
	prefix := under(hookKind)
	pairs, err := h.List(prefix, nil, maxPage)
	out := make([]engine.Webhook, len(pairs))
	for i, p := range pairs {
		if out[i], err = decode(p.Value, readWebhook); err != nil {
			return nil, fmt.Errorf("read webhook at %q: %w", p.Key, err)
		}
		out[i].ID, out[i].MerchantID = string(p.Key[len(prefix):]), h.merchant
	}
	return out, err
}

// Newest implements engine.HookReader.
func (h *hookReader) Newest() (uint64, error) {
	n, _, err := value(h.Reader, []byte{newestKind}, readVersion)
	return n, err
}

// Event implements engine.HookReader.
func (h *hookReader) Event(number uint64) (engine.HookEvent, error) {
	e, err := there(h.Reader, numbered(under(hookEventKind), number), readHookEvent)
	e.Number = number
	return e, err
}

// Delivery implements engine.HookReader.
func (h *hookReader) Delivery(webhook string, number uint64) (engine.Delivery, error) {
	d, err := there(h.Reader, deliveryKey(webhook, number), readDelivery)
	d.WebhookID, d.Number = webhook, number
	return d, err
}

func deliveryOf(webhook string, number uint64, bytes []byte) (engine.Delivery, error) {
	d, err := decode(bytes, readDelivery)
	if err != nil {
		return d, fmt.Errorf("read delivery of event %d: %w", number, err)
	}
	d.WebhookID, d.Number = webhook, number
	return d, nil
}

// Due implements engine.HookReader.
func (h *hookReader) Due(webhook string, limit int) ([]engine.DueDelivery, error) {
	prefix := under(dueKind, webhook)
	pairs, err := h.List(prefix, nil, limit)
	out := make([]engine.DueDelivery, 0, len(pairs))
	for _, p := range pairs {
		rest := p.Key[len(prefix):]
		if len(rest) != 16 {
			return nil, corrupt("%q is no key of a delivery", p.Key)
		}
		next := time.UnixMilli(int64(binary.BigEndian.Uint64(rest))).UTC()
		out = append(out, engine.DueDelivery{Next: next, Number: binary.BigEndian.Uint64(rest[8:])})
	}
	return out, err
}

// Watch implements engine.HookReader.
func (h *hookReader) Watch(campaign string) (engine.HookWatch, error) {
	w, _, err := value(h.Reader, key(watchKind, campaign), readWatch)
	w.Balance.Per = engine.PerCampaign
	return w, err
}

// EndsTold implements engine.HookReader.
func (h *hookReader) EndsTold() (uint64, error) {
	n, _, err := value(h.Reader, []byte{endsToldKind}, readVersion)
	return n, err
}

// PutWebhook implements engine.HookTx.
func (h *hookTx) PutWebhook(w *engine.Webhook) error {
	if err := checkID("id", w.ID); err != nil {
		return err
	}
	return putValue(h.tx, key(hookKind, w.ID), w, writeWebhook)
}

// DeleteWebhook implements engine.HookTx.
func (h *hookTx) DeleteWebhook(id string) error { return h.tx.Delete(key(hookKind, id)) }

// AddEvent implements engine.HookTx.
func (h *hookTx) AddEvent(e *engine.HookEvent) error {
	newest, err := h.Newest()
	if err != nil {
		return err
	}
	e.Number = newest + 1
	if err := putValue(h.tx, []byte{newestKind}, &e.Number, writeVersion); err != nil {
		return err
	}
	return putValue(h.tx, numbered(under(hookEventKind), e.Number), e, writeHookEvent)
}

// PutDelivery implements engine.HookTx.
func (h *hookTx) PutDelivery(d *engine.Delivery) error {
	at := deliveryKey(d.WebhookID, d.Number)
	was, found, err := value(h.Reader, at, readDelivery)
	if err != nil {
		return err
	}
	if found && was.State == engine.DeliveryPending {
		was.WebhookID, was.Number = d.WebhookID, d.Number
		if err := h.tx.Delete(dueKey(&was)); err != nil {
			return err
		}
	}
	if d.State == engine.DeliveryPending {
		if err := h.tx.Put(dueKey(d), []byte{valueVersion}); err != nil {
			return err
		}
	}
	return putValue(h.tx, at, d, writeDelivery)
}

// PutWatch implements engine.HookTx.
func (h *hookTx) PutWatch(campaign string, w *engine.HookWatch) error {
	return putValue(h.tx, key(watchKind, campaign), w, writeWatch)
}

// PutEndsTold implements engine.HookTx.
func (h *hookTx) PutEndsTold(seq uint64) error {
	return putValue(h.tx, []byte{endsToldKind}, &seq, writeVersion)
}

// Earlier implements engine.HookTx.
func (h *hookTx) Earlier(once *engine.Once, kind string) (string, error) {
	was, err := earlier(h.Reader, once, kind)
	if err != nil || was == nil {
		return "", err
	}
	return was.id, nil
}

// Remember implements engine.HookTx.
func (h *hookTx) Remember(once *engine.Once, kind, id string) error {
	return remember(h.tx, once, kind, id, 1)
}
