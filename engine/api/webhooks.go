package api

import (
	"bytes"
	"context"
	"net/http"
	"strconv"

	"github.com/sihai-network/sihai/engine"
	"github.com/sihai-network/sihai/engine/wire"
)

// webhookRoutes are for merchants, each of its own.
func webhookRoutes() []route {
	merchants := []engine.Role{engine.RoleMerchant}
	whose := []param{merchantParam()}
	return []route{
		{method: http.MethodGet, path: "/v1/webhooks", id: "listWebhooks", owned: true, tag: "webhooks", summary: "A merchant's webhooks by ID",
			roles: merchants, params: pageParams(merchantParam()), answers: []answer{ok[wire.List[wire.Webhook]]("a page")}, handle: listWebhooks},
		{method: http.MethodPost, path: "/v1/webhooks", id: "createWebhook", owned: true, tag: "webhooks", summary: "A new webhook; its secret is told in this answer only",
			roles: merchants, params: whose, body: jsonBody[wire.Webhook](), answers: []answer{created[wire.Webhook]("made").tagged()}, handle: createWebhook},
		{method: http.MethodGet, path: "/v1/webhooks/{id}", id: "getWebhook", owned: true, tag: "webhooks", summary: "A webhook, without its secrets",
			roles: merchants, params: whose, answers: []answer{ok[wire.Webhook]("the webhook").tagged()}, handle: getWebhook},
		{method: http.MethodPut, path: "/v1/webhooks/{id}", id: "putWebhook", owned: true, tag: "webhooks", summary: "Replace URL, types and note, disable a webhook, or enable it again",
			roles: merchants, params: []param{merchantParam(), ifMatch()}, body: jsonBody[wire.Webhook](),
			answers: []answer{ok[wire.Webhook]("replaced").tagged()}, handle: putWebhook},
		{method: http.MethodDelete, path: "/v1/webhooks/{id}", id: "deleteWebhook", owned: true, tag: "webhooks", summary: "Delete a webhook; what is still on its way to it is not sent any more",
			roles: merchants, params: []param{merchantParam(), ifMatch()}, answers: []answer{none(http.StatusNoContent, "deleted")}, handle: deleteWebhook},
		{method: http.MethodPost, path: "/v1/webhooks/{id}/rotate", id: "rotateWebhookSecret", owned: true, tag: "webhooks",
			summary: "Another secret, told in this answer only; deliveries are signed with both for a while", roles: merchants, params: whose,
			body: &body{shape: jsonBody[wire.Rotation]().shape, optional: true}, answers: []answer{ok[wire.Webhook]("with its new secret").tagged()}, handle: rotateWebhook},
		{method: http.MethodPost, path: "/v1/webhooks/{id}/test", id: "testWebhook", owned: true, tag: "webhooks", summary: "Send an event of type test",
			roles: merchants, params: whose, answers: []answer{accepted[wire.Delivery]("on its way")}, handle: testWebhook},
		{method: http.MethodPost, path: "/v1/webhooks/{id}/replay", id: "replayWebhook", owned: true, tag: "webhooks", summary: "Send every event since a time again, as far as it is kept",
			roles: merchants, params: whose, body: jsonBody[wire.WebhookReplay](), answers: []answer{accepted[wire.WebhookReplayed]("on their way")}, handle: replayWebhook},
		{method: http.MethodGet, path: "/v1/webhooks/{id}/deliveries", id: "listDeliveries", owned: true, tag: "webhooks",
			summary:     "What a webhook was sent, with each attempt, newest event first",
			description: "Events are kept for thirty days. They arrive at least once, in no order.",
			roles:       merchants, params: pageParams(merchantParam()), answers: []answer{ok[wire.List[wire.Delivery]]("a page")}, handle: listDeliveries},
		{method: http.MethodGet, path: "/v1/webhooks/{id}/deliveries/{delivery}", id: "getDelivery", owned: true, tag: "webhooks", summary: "A delivery with its attempts",
			roles: merchants, params: whose, answers: []answer{ok[wire.Delivery]("the delivery")}, handle: getDelivery},
		{method: http.MethodPost, path: "/v1/webhooks/{id}/deliveries/{delivery}/replay", id: "replayDelivery", owned: true, tag: "webhooks", summary: "Send one event again",
			roles: merchants, params: whose, answers: []answer{accepted[wire.Delivery]("on its way")}, handle: replayDelivery},
	}
}

func (c *call) webhookOf(w *engine.Webhook) wire.Webhook { return wire.WebhookOf(w, false, c.now) }

// listWebhooks answers GET /v1/webhooks.
func listWebhooks(c *call) error {
	return listOwned(c, c.api.Webhooks.ListWebhooks, c.webhookOf)
}

// decodeWebhook reads a webhook of the merchant that the call is about.
func decodeWebhook(c *call) (engine.Webhook, error) {
	data, err := c.readBody()
	if err != nil {
		return engine.Webhook{}, err
	}
	c.fingerprint(data)
	w, faults := wire.DecodeWebhook(data)
	if w.MerchantID != "" && w.MerchantID != c.owner {
		faults.Add("merchant_id", "invalid", "%.64q is not %q, whose webhook this is", w.MerchantID, c.owner)
	}
	w.ID, w.MerchantID = c.Param("id"), c.owner
	return w, faults.Err()
}

// createWebhook answers POST /v1/webhooks.
func createWebhook(c *call) error {
	w, err := decodeWebhook(c)
	if err != nil {
		return err
	}
	if w, err = c.api.Webhooks.PutWebhook(c.ctx(), c.write(), w); err != nil {
		return err
	}
	c.Header("Location", "/v1/webhooks/"+w.ID)
	return c.versioned(http.StatusCreated, w.Meta.Version, wire.WebhookOf(&w, true, c.now))
}

// getWebhook answers GET /v1/webhooks/{id}.
func getWebhook(c *call) error {
	w, err := c.api.Webhooks.Webhook(c.ctx(), c.owner, c.Param("id"))
	if err != nil {
		return err
	}
	return c.versioned(http.StatusOK, w.Meta.Version, c.webhookOf(&w))
}

// putWebhook answers PUT /v1/webhooks/{id}.
func putWebhook(c *call) error {
	w, err := decodeWebhook(c)
	if err != nil {
		return err
	}
	write, err := c.conditional()
	if err != nil {
		return err
	}
	if w, err = c.api.Webhooks.PutWebhook(c.ctx(), write, w); err != nil {
		return err
	}
	return c.versioned(http.StatusOK, w.Meta.Version, c.webhookOf(&w))
}

// deleteWebhook answers DELETE /v1/webhooks/{id}.
func deleteWebhook(c *call) error {
	write, err := c.conditional()
	if err != nil {
		return err
	}
	if err := c.api.Webhooks.DeleteWebhook(c.ctx(), write, c.owner, c.Param("id")); err != nil {
		return err
	}
	c.Status(http.StatusNoContent)
	c.Writer.WriteHeaderNow()
	return nil
}

// rotateWebhook answers POST /v1/webhooks/{id}/rotate.
func rotateWebhook(c *call) error {
	data, err := c.readBody()
	if err != nil {
		return err
	}
	c.fingerprint(data)
	if len(bytes.TrimSpace(data)) == 0 {
		data = []byte("{}")
	}
	both, err := wire.DecodeRotation(data)
	if err != nil {
		return err
	}
	w, err := c.api.Webhooks.RotateWebhook(c.ctx(), c.write(), c.owner, c.Param("id"), both)
	if err != nil {
		return err
	}
	return c.versioned(http.StatusOK, w.Meta.Version, wire.WebhookOf(&w, true, c.now))
}

// testWebhook answers POST /v1/webhooks/{id}/test.
func testWebhook(c *call) error {
	if err := c.noBody(); err != nil {
		return err
	}
	d, err := c.api.Webhooks.TestWebhook(c.ctx(), c.write(), c.owner, c.Param("id"))
	if err != nil {
		return err
	}
	return c.answer(http.StatusAccepted, wire.DeliveryOf(&d))
}

// noBody reads a body in which there is nothing to say.
func (c *call) noBody() error {
	data, err := c.readBody()
	if err != nil {
		return err
	}
	if text := bytes.TrimSpace(data); len(text) > 0 && string(text) != "{}" {
		return engine.Faults{{Code: "unknown_field", Message: "there is nothing to say here: send no body, or {}"}}
	}
	c.fingerprint(data)
	return nil
}

// replayWebhook answers POST /v1/webhooks/{id}/replay.
func replayWebhook(c *call) error {
	data, err := c.readBody()
	if err != nil {
		return err
	}
	c.fingerprint(data)
	since, err := wire.DecodeWebhookReplay(data)
	if err != nil {
		return err
	}
	n, err := c.api.Webhooks.ReplaySince(c.ctx(), c.write(), c.owner, c.Param("id"), since)
	if err != nil {
		return err
	}
	return c.answer(http.StatusAccepted, wire.WebhookReplayed{Events: n})
}

// listDeliveries answers GET /v1/webhooks/{id}/deliveries.
func listDeliveries(c *call) error {
	return list(c, func(ctx context.Context, p engine.Page) ([]engine.Delivery, string, error) {
		return c.api.Webhooks.ListDeliveries(ctx, c.owner, c.Param("id"), p)
	}, wire.DeliveryOf)
}

// delivery returns the number of the delivery that a call is about; what is no number is not found.
func (c *call) delivery() (uint64, error) {
	n, err := strconv.ParseUint(c.Param("delivery"), 10, 64)
	if err != nil || n == 0 {
		return 0, engine.ErrNotFound
	}
	return n, nil
}

// getDelivery answers GET /v1/webhooks/{id}/deliveries/{delivery}.
func getDelivery(c *call) error {
	n, err := c.delivery()
	if err != nil {
		return err
	}
	d, err := c.api.Webhooks.Delivery(c.ctx(), c.owner, c.Param("id"), n)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, wire.DeliveryOf(&d))
}

// replayDelivery answers POST /v1/webhooks/{id}/deliveries/{delivery}/replay.
func replayDelivery(c *call) error {
	if err := c.noBody(); err != nil {
		return err
	}
	n, err := c.delivery()
	if err != nil {
		return err
	}
	d, err := c.api.Webhooks.ReplayDelivery(c.ctx(), c.write(), c.owner, c.Param("id"), n)
	if err != nil {
		return err
	}
	return c.answer(http.StatusAccepted, wire.DeliveryOf(&d))
}
