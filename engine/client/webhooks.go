package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/sihai-network/sihai/engine/wire"
)

func webhookPath(id string) string { return "/v1/webhooks/" + url.PathEscape(id) }

// Webhooks lists a merchant's webhooks; an empty merchant is the key's own, as with every method below.
func (c *Client) Webhooks(ctx context.Context, merchant string, p Page) (l wire.List[wire.Webhook], err error) {
	err = c.send(ctx, http.MethodGet, "/v1/webhooks", p.query(merchant), nil, &l)
	return l, err
}

// CreateWebhook makes a webhook of w.MerchantID. Its answer alone has the secret.
func (c *Client) CreateWebhook(ctx context.Context, w wire.Webhook) (out wire.Webhook, err error) {
	err = c.send(ctx, http.MethodPost, "/v1/webhooks", Page{}.query(w.MerchantID), w, &out)
	return out, err
}

// Webhook returns a webhook without its secrets.
func (c *Client) Webhook(ctx context.Context, merchant, id string) (w wire.Webhook, err error) {
	err = c.send(ctx, http.MethodGet, webhookPath(id), Page{}.query(merchant), nil, &w)
	return w, err
}

// PutWebhook replaces URL, types, note and whether the webhook is disabled.
func (c *Client) PutWebhook(ctx context.Context, w wire.Webhook) (out wire.Webhook, err error) {
	said := wire.Webhook{URL: w.URL, Types: w.Types, Note: w.Note, Disabled: w.Disabled}
	err = c.send(ctx, http.MethodPut, webhookPath(w.ID), Page{}.query(w.MerchantID), said, &out)
	return out, err
}

// DeleteWebhook deletes a webhook.
func (c *Client) DeleteWebhook(ctx context.Context, merchant, id string) error {
	return c.send(ctx, http.MethodDelete, webhookPath(id), Page{}.query(merchant), nil, nil)
}

// RotateWebhook makes another secret; for so long deliveries are signed with the one of before too.
func (c *Client) RotateWebhook(ctx context.Context, merchant, id string, overlap time.Duration) (w wire.Webhook, err error) {
	seconds := int(overlap / time.Second)
	err = c.send(ctx, http.MethodPost, webhookPath(id)+"/rotate", Page{}.query(merchant), wire.Rotation{OverlapSeconds: &seconds}, &w)
	return w, err
}

// TestWebhook lets an event of type test be sent.
func (c *Client) TestWebhook(ctx context.Context, merchant, id string) (d wire.Delivery, err error) {
	err = c.send(ctx, http.MethodPost, webhookPath(id)+"/test", Page{}.query(merchant), nil, &d)
	return d, err
}

// Deliveries lists what a webhook was sent, newest event first.
func (c *Client) Deliveries(ctx context.Context, merchant, id string, p Page) (l wire.List[wire.Delivery], err error) {
	err = c.send(ctx, http.MethodGet, webhookPath(id)+"/deliveries", p.query(merchant), nil, &l)
	return l, err
}

// Delivery returns one of them.
func (c *Client) Delivery(ctx context.Context, merchant, id, delivery string) (d wire.Delivery, err error) {
	err = c.send(ctx, http.MethodGet, webhookPath(id)+"/deliveries/"+url.PathEscape(delivery), Page{}.query(merchant), nil, &d)
	return d, err
}

// ReplayDelivery lets one event be sent again.
func (c *Client) ReplayDelivery(ctx context.Context, merchant, id, delivery string) (d wire.Delivery, err error) {
	err = c.send(ctx, http.MethodPost, webhookPath(id)+"/deliveries/"+url.PathEscape(delivery)+"/replay", Page{}.query(merchant), nil, &d)
	return d, err
}

// ReplayWebhook lets every event since a time be sent again, and returns how many those are at most.
func (c *Client) ReplayWebhook(ctx context.Context, merchant, id string, since time.Time) (uint64, error) {
	var r wire.WebhookReplayed
	err := c.send(ctx, http.MethodPost, webhookPath(id)+"/replay", Page{}.query(merchant), wire.WebhookReplay{Since: since.Format(time.RFC3339Nano)}, &r)
	return r.Events, err
}

// timestamp reads the seconds of a webhook-timestamp.
func timestamp(text string) (time.Time, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != text {
		return time.Time{}, false
	}
	return time.Unix(n, 0), true
}
